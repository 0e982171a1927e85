//! Mistakes in specs: one file each in `tests/fixtures/errors`, its code in its name, what is
//! said of it in a snapshot.

use crate::support::{Judged, judge, root};
use std::path::PathBuf;

/// The fixtures of a folder, by name.
fn fixtures(folder: &str) -> Vec<(String, PathBuf)> {
    let folder = root().join(folder);
    let entries = std::fs::read_dir(folder).expect("fixtures are there");
    let mut all: Vec<(String, PathBuf)> = entries
        .map(|e| e.expect("a file").path())
        .filter(|p| p.extension().is_some_and(|e| e == "seg"))
        .map(|p| (p.file_stem().expect("a name").to_string_lossy().into_owned(), p))
        .collect();
    all.sort();
    all
}

const ONE_EACH: &str = "tests/fixtures/errors";
const SEVERAL: &str = "tests/fixtures/errors/several";

/// Holds a fixture to its snapshot: the text, and what is said of it.
fn assert_told(folder: &str, name: &str, text: &str, judged: &Judged) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(root().join(folder).join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let shown = format!("{text}\n----- says -----\n\n{}", judged.drawn());
    settings.bind(|| insta::assert_snapshot!(name, shown));
}

#[test]
fn every_mistake_is_told_as_in_its_snapshot() {
    let mut wrong = String::new();
    for (name, path) in fixtures(ONE_EACH) {
        let text = std::fs::read_to_string(&path).expect("a text");
        let judged = judge(&format!("{name}.seg"), Some(&path), &text);
        let code = name.split('_').next().expect("a code");
        if judged.codes() == [code] {
            assert_told(ONE_EACH, &name, &text, &judged);
        } else {
            wrong += &format!("{name}: {:?}\n{}\n", judged.codes(), judged.drawn());
        }
    }
    assert!(wrong.is_empty(), "each has one mistake, and that one:\n{wrong}");
}

#[test]
fn several_mistakes_are_told_at_once() {
    for (name, path) in fixtures(SEVERAL) {
        let text = std::fs::read_to_string(&path).expect("a text");
        let judged = judge(&format!("{name}.seg"), Some(&path), &text);
        assert_told(SEVERAL, &name, &text, &judged);
    }
}

#[test]
fn headlines_are_short_and_lowercase_and_have_no_full_stop() {
    for (name, path) in fixtures(ONE_EACH) {
        let text = std::fs::read_to_string(&path).expect("a text");
        for diag in judge(&name, Some(&path), &text).diags {
            let head = &diag.message;
            assert!(head.chars().count() <= 70, "{name}: {head}");
            assert!(!head.ends_with('.'), "{name}: {head}");
            assert!(!head.starts_with(char::is_uppercase), "{name}: {head}");
            assert!(!diag.labels.is_empty(), "{name} has a place");
            assert!(diag.labels.iter().all(|l| !l.text.is_empty()), "{name}: labels say something");
            // What was expected is remedy enough.
            assert!(diag.help.is_some() || diag.code == "E0301", "{name} has a remedy");
        }
    }
}

/// Codes whose mistake is not in a text: bytes, links, what only `--input` finds, what the machine
/// lacks.
const WITHOUT: &[&str] = &["E0108", "E0210", "E0405", "W0802", "W0803"];

#[test]
fn every_code_has_a_file_with_its_mistake() {
    let all = fixtures(ONE_EACH);
    for (code, _) in segc::diag::explain::PAGES {
        let found = all.iter().any(|(name, _)| name.starts_with(code));
        assert!(found || WITHOUT.contains(code), "no tests/fixtures/errors/{code}_….seg");
    }
}
