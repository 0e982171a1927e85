//! What a run is made from, as hashes: texts, weights, images. Two lists of them tell what has changed.

use crate::data::{DataError, Dataset};
use crate::sema::Program;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Datasets up to this size are hashed byte by byte; of larger ones, names and sizes of files.
pub const WHOLE: u64 = 1 << 30;

/// Something that a run is made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// What it is.
    pub what: What,
    /// What it is called: a file, a split of a folder.
    pub name: String,
    /// Of its bytes; of a large dataset, of the names and sizes of its files.
    pub sha256: String,
    /// Files, of a dataset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<u64>,
    /// Bytes of all files, of a dataset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

/// Kinds of what a run is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The spec's text.
    Spec,
    /// The text of a module that it imports.
    Import,
    /// The standard library, as far as it is used.
    Library,
    /// What segc makes of the spec: the search or the training with all its numbers.
    Orders,
    /// A split of a dataset.
    Data,
    /// Weights to start from.
    Weights,
    /// A teacher's spec.
    Teacher,
    /// A teacher's weights.
    TeacherWeights,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            What::Spec => "the spec",
            What::Import => "the import",
            What::Library => "the standard library",
            What::Orders => "what segc makes of the spec for",
            What::Data => "the images of",
            What::Weights => "the weights",
            What::Teacher => "the teacher's spec",
            What::TeacherWeights => "the teacher's weights",
        })
    }
}

impl What {
    /// `is` and `has`, as the word for it wants them.
    fn verbs(self) -> (&'static str, &'static str) {
        match self {
            What::Data | What::Weights | What::TeacherWeights => ("are", "have"),
            What::Spec | What::Import | What::Library | What::Orders | What::Teacher => {
                ("is", "has")
            }
        }
    }
}

impl Source {
    fn of(what: What, name: impl Into<String>, hash: Sha256) -> Source {
        let sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Source { what, name: name.into(), sha256, files: None, bytes: None }
    }

    /// Of a text.
    pub fn of_text(what: What, name: impl Into<String>, text: &[u8]) -> Source {
        Source::of(what, name, Sha256::new_with_prefix(text))
    }

    /// Of a file's bytes.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn of_file(what: What, path: &Path) -> io::Result<Source> {
        Ok(Source::of(what, path.display().to_string(), file_hash(path)?))
    }
}

/// A spec and what it imports: one of each module, one of all that is used of the standard library.
pub fn of_program(program: &Program, what: What, name: &str) -> Vec<Source> {
    let (mut all, mut library) = (Vec::new(), Sha256::new());
    for module in &program.modules {
        let text = program.sources.get(module.file).map(|f| f.text.clone()).unwrap_or_default();
        if module.path.starts_with("std.") {
            library.update(format!("{} {}\0", module.path, text.len()));
            library.update(text.as_bytes());
        } else if module.path.is_empty() {
            all.push(Source::of_text(what, name, text.as_bytes()));
        } else {
            let of = if what == What::Spec { What::Import } else { what };
            all.push(Source::of_text(of, module.path.clone(), text.as_bytes()));
        }
    }
    if what == What::Spec {
        all.push(Source::of(What::Library, "std", library));
    }
    // A module that is imported with several settings is one text.
    let mut seen = BTreeSet::new();
    all.retain(|source| seen.insert(source.name.clone()));
    all
}

/// A split of a dataset below `root`.
///
/// # Errors
/// Where a file of it cannot be read.
pub fn of_split(root: &Path, split: &str, data: &dyn Dataset) -> Result<Source, DataError> {
    let files = data.files();
    let size = |path: &PathBuf| {
        let meta = path.metadata().map_err(|e| DataError::io("read", path, e))?;
        Ok::<u64, DataError>(meta.len())
    };
    let sizes = files.iter().map(size).collect::<Result<Vec<_>, _>>()?;
    let bytes = sizes.iter().sum();
    let hashes: Vec<Option<String>> = match bytes <= WHOLE {
        true => files.par_iter().map(|path| content(path).map(Some)).collect::<Result<_, _>>()?,
        false => vec![None; files.len()],
    };
    let mut hash = Sha256::new();
    for ((path, size), content) in files.iter().zip(sizes).zip(hashes) {
        let name = path.strip_prefix(root).unwrap_or(path).display();
        hash.update(format!("{name} {size} {}\n", content.unwrap_or_default()));
    }
    let name = format!("{} ({split})", root.display());
    let source = Source::of(What::Data, name, hash);
    Ok(Source { files: Some(files.len() as u64), bytes: Some(bytes), ..source })
}

fn content(path: &PathBuf) -> Result<String, DataError> {
    let hash = file_hash(path).map_err(|e| DataError::io("read", path, e))?;
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn file_hash(path: &Path) -> io::Result<Sha256> {
    let (mut file, mut hash) = (std::fs::File::open(path)?, Sha256::new());
    let mut block = vec![0; 1 << 20];
    loop {
        match file.read(&mut block)? {
            0 => return Ok(hash),
            read => hash.update(block.get(..read).unwrap_or_default()),
        }
    }
}

/// What has changed from `then` to `now`, in words, one line for each.
pub fn changes(then: &[Source], now: &[Source]) -> Vec<String> {
    let same = |a: &Source, b: &Source| a.what == b.what && a.name == b.name;
    let mut all = Vec::new();
    for old in then {
        let called = format!("{} `{}`", old.what, old.name);
        let (is, has) = old.what.verbs();
        match now.iter().find(|new| same(old, new)) {
            None => all.push(format!("{called} {is} not used any more")),
            Some(new) if new.sha256 == old.sha256 => {}
            Some(new) => all.push(match (old.files, new.files) {
                (Some(a), Some(b)) if a != b => {
                    format!("{called} {has} changed: {a} files then, {b} now")
                }
                _ => format!("{called} {has} changed"),
            }),
        }
    }
    // What segc makes of a text that has changed changes with it.
    let texts = |s: &Source| !matches!(s.what, What::Orders);
    let told = |old: &Source| now.iter().any(|new| same(old, new) && new.sha256 != old.sha256);
    if then.iter().any(|old| texts(old) && old.what != What::Data && told(old)) {
        all.retain(|line| !line.starts_with(&What::Orders.to_string()));
    }
    for new in now.iter().filter(|new| !then.iter().any(|old| same(old, new))) {
        let (is, _) = new.what.verbs();
        all.push(format!("{} `{}` {is} new", new.what, new.name));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(what: What, name: &str, text: &str) -> Source {
        Source::of_text(what, name, text.as_bytes())
    }

    #[test]
    fn each_change_is_named_and_what_follows_from_one_is_not() {
        let data = |hash: &str, files| Source {
            files: Some(files),
            ..text(What::Data, "data/street (train)", hash)
        };
        let then = [
            text(What::Spec, "a.seg", "net a"),
            text(What::Import, "parts", "cell p"),
            text(What::Orders, "a", "1"),
            data("x", 160),
        ];
        assert_eq!(changes(&then, &then), Vec::<String>::new());
        let now = [
            text(What::Spec, "a.seg", "net b"),
            text(What::Orders, "a", "2"),
            data("y", 161),
            text(What::Weights, "w.safetensors", ""),
        ];
        assert_eq!(
            changes(&then, &now),
            [
                "the spec `a.seg` has changed",
                "the import `parts` is not used any more",
                "the images of `data/street (train)` have changed: 160 files then, 161 now",
                "the weights `w.safetensors` are new",
            ]
        );
        let read = [text(What::Orders, "a", "2")];
        let other = changes(&then[2..3], &read);
        assert_eq!(other, ["what segc makes of the spec for `a` has changed"]);
    }

    #[test]
    fn files_are_hashed_as_everyone_hashes_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("abc");
        std::fs::write(&path, "abc").expect("written");
        // FIPS 180-2, appendix B.1.
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Source::of_file(What::Weights, &path).expect("there").sha256, known);
        assert_eq!(text(What::Spec, "a", "abc").sha256, known);
    }
}
