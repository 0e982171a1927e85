//! Pages about mistakes of syntax: what they show as wrong is wrong, what they show as right is
//! right, and every mistake that has a fixture has a page.

use super::parsed;
use crate::diag::explain::{PAGES, explain};
use std::collections::BTreeSet;
use std::path::Path;

/// The blocks of a page that begin with a fence.
fn blocks<'a>(page: &'a str, fence: &str) -> Vec<&'a str> {
    let opening = format!("```{fence}\n");
    page.split(&opening).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn every_code_of_a_fixture_has_a_page() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/errors");
    let mut made = BTreeSet::new();
    for entry in std::fs::read_dir(root).expect("the fixtures are in the repository") {
        let name = entry.expect("it can be listed").file_name().to_string_lossy().into_owned();
        made.extend(name.starts_with("E01").then(|| name[..5].to_string()));
    }
    let without: Vec<_> = made.iter().filter(|code| explain(code).is_none()).collect();
    assert!(made.len() >= 9 && without.is_empty(), "no page for {without:?}");
}

#[test]
fn examples_on_pages_are_what_they_are_said_to_be() {
    for (code, page) in PAGES.iter().filter(|(code, _)| code.starts_with("E01")) {
        assert!(page.starts_with(&format!("# {code}: ")), "{code} has another title");
        let (right, wrong) = (blocks(page, "seg"), blocks(page, "seg wrong"));
        assert!(!right.is_empty() && !wrong.is_empty(), "{code} lacks an example");
        for text in right {
            assert!(parsed(text).1.is_empty(), "{code}: {:?}", parsed(text).1);
        }
        for text in wrong {
            let codes: Vec<_> = parsed(text).1.iter().map(|d| d.code).collect();
            assert!(codes.contains(code), "{code} is not among {codes:?}:\n{text}");
        }
    }
}
