//! `segc doc`: what a file declares, in its author's words.

use crate::cli::{outcome, segc};
use insta::assert_snapshot;
use std::fs;

const SPEC: &str = "tests/fixtures/cli/documented.seg";

fn doc(args: &[&str]) -> String {
    outcome(&mut segc(&[&["doc"], args].concat()))
}

#[test]
fn a_spec_as_markdown() {
    assert_snapshot!(doc(&[SPEC]));
}

#[test]
fn a_spec_as_json() {
    assert_snapshot!(doc(&[SPEC, "--format", "json"]));
}

#[test]
fn a_module_of_the_library() {
    let page = doc(&["std.stems"]);
    assert!(page.starts_with("----- stdout\n# std.stems\n"), "{page}");
    assert!(page.contains("\nIn the examples `image` is "), "{page}");
}

#[test]
fn a_module_that_is_not_there() {
    assert_snapshot!(doc(&["std.opps"]));
}

#[test]
fn a_spec_that_does_not_parse() {
    assert_snapshot!(doc(&["tests/fixtures/errors/E0103_unknown_declaration.seg"]));
}

#[test]
fn a_file_may_be_called_as_the_library_is() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("std"), "//! Mine.\n").expect("written");
    let output = segc(&["doc", "std"]).current_dir(folder.path()).output().expect("it runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "# std\n\nMine.\n");
}
