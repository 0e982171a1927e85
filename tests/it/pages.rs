//! The pages of `segc explain`: one for each code, and their examples do what they say.

use crate::support::{judge, root};
use segc::diag::explain::{PAGES, explain};
use std::collections::BTreeSet;
use std::path::Path;

/// The texts of code blocks that are marked so.
fn blocks<'p>(page: &'p str, mark: &str) -> Vec<&'p str> {
    let open = format!("\n```{mark}\n");
    page.split(&open[..]).skip(1).map(|rest| rest.split("```").next().expect("a part")).collect()
}

#[test]
fn wrong_examples_have_their_mistake_and_right_ones_have_none() {
    let mut failed = String::new();
    // Text that does not parse is the parser's, which looks at its own pages.
    for (code, page) in PAGES.iter().filter(|(code, _)| !code.starts_with("E01")) {
        assert!(page.starts_with(&format!("# {code}: ")), "{code} has another title");
        let (right, wrong) = (blocks(page, "seg"), blocks(page, "seg wrong"));
        let mut hold = |text: &str, codes: &[&str]| {
            let judged = judge("page.seg", None, text);
            if judged.codes() != codes {
                failed += &format!("{code} {:?}\n{text}{}\n", judged.codes(), judged.drawn());
            }
        };
        wrong.iter().for_each(|text| hold(text, &[*code]));
        right.iter().for_each(|text| hold(text, &[]));
        let without = ["E0206", "E0210", "E0405", "W0802", "W0803"];
        assert_eq!(wrong.is_empty(), without.contains(code), "{code} has an example");
        assert!(right.len() >= wrong.len(), "{code} says what is right");
    }
    assert!(failed.is_empty(), "{failed}");
}

/// Every `"E0123"` in the sources of a folder.
fn codes_in(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("sources are there") {
        let path = entry.expect("a file").path();
        if path.is_dir() {
            codes_in(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = std::fs::read_to_string(&path).expect("a text");
            found.extend(text.split('"').filter(|part| is_code(part)).map(str::to_owned));
        }
    }
}

fn is_code(part: &str) -> bool {
    part.len() == 5 && part.starts_with(['E', 'W']) && part[1..].bytes().all(|b| b.is_ascii_digit())
}

#[test]
fn every_code_that_is_used_is_explained_and_every_page_is_of_one() {
    let mut used = BTreeSet::new();
    codes_in(&root().join("src"), &mut used);
    let explained: BTreeSet<String> = PAGES.iter().map(|(code, _)| (*code).to_owned()).collect();
    let without: Vec<_> = used.difference(&explained).collect();
    assert!(without.is_empty(), "no page in src/diag/explain for {without:?}");
    assert!(PAGES.is_sorted_by_key(|(code, _)| *code));
    assert!(PAGES.iter().all(|(code, page)| explain(code) == Some(page)));
}
