//! What several tests need: judging a text, drawing what was found.

use segc::diag::{Diag, Severity, Sink, Style, render};
use segc::sema::{self, Program, Space};
use std::path::{Path, PathBuf};

/// The repository's folder.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A spec that was judged.
pub(crate) struct Judged {
    pub(crate) program: Program,
    pub(crate) space: Space,
    pub(crate) diags: Vec<Diag>,
}

impl Judged {
    /// Codes in the order of places.
    pub(crate) fn codes(&self) -> Vec<&'static str> {
        self.diags.iter().map(|d| d.code).collect()
    }

    /// Whether nothing but warnings was found.
    pub(crate) fn is_right(&self) -> bool {
        self.diags.iter().all(|d| d.severity() != Severity::Error)
    }

    /// Everything that was found, as people see it without colours.
    pub(crate) fn drawn(&self) -> String {
        let style = Style { colour: false, width: 80 };
        let drawn = render(&self.diags, &self.program.sources, style);
        drawn.replace(&root().display().to_string(), "[ROOT]")
    }
}

/// Judges a text as if it lay at a path.
pub(crate) fn judge(name: &str, path: Option<&Path>, text: &str) -> Judged {
    judge_with(name, path, text, &[])
}

/// The same with constants that are set.
pub(crate) fn judge_with(
    name: &str,
    path: Option<&Path>,
    text: &str,
    set: &[(&str, &str)],
) -> Judged {
    let mut diags = Sink::default();
    let set: Vec<_> = set.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
    let program = sema::load(name, path, text, &set, &mut diags);
    let space = sema::analyse(&program, &mut diags);
    Judged { program, space, diags: diags.finish() }
}

/// A shipped spec, with constants set.
pub(crate) fn shipped(path: &str, set: &[(&str, &str)]) -> Judged {
    let file = root().join(path);
    let text = std::fs::read_to_string(&file).expect("the file is shipped");
    let judged = judge_with(path, Some(&file), &text, set);
    assert!(judged.is_right(), "{}", judged.drawn());
    judged
}
