//! The grammar, the tree and the printer against one another, over generated files.

mod choices;
mod generate;
mod generate_expr;
mod hostile;
mod pages;
mod places;
mod printing;
mod recovery;
mod round_trip;

use super::ast::File;
use super::parse;
use crate::diag::{Diag, Sink};
use crate::source::FileId;
use proptest::test_runner::Config as ProptestConfig;

/// `PROPTEST_CASES` asks for more. What fails is kept as a fixture, not as a seed.
fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

/// A text's tree and what was found wrong.
fn parsed(text: &str) -> (File, Vec<Diag>) {
    let mut diags = Sink::default();
    let file = parse(FileId(0), text, &mut diags);
    (file, diags.finish())
}

/// The tree of a text that has no mistakes.
fn well_formed(text: &str) -> File {
    let (file, diags) = parsed(text);
    assert!(diags.is_empty(), "{diags:#?}\n{text}");
    file
}

/// The specs and the standard library of this repository.
fn own_files() -> Vec<(String, String)> {
    let mut out = Vec::new();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("specs"), root.join("stdlib")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the folder is in the repository") {
            let path = entry.expect("it can be listed").path();
            match path.is_dir() {
                true => folders.push(path),
                false if path.extension().is_some_and(|e| e == "seg") => {
                    let text = std::fs::read_to_string(&path).expect("it is text");
                    out.push((path.display().to_string(), text));
                }
                false => {}
            }
        }
    }
    out.sort();
    assert!(!out.is_empty());
    out
}
