//! Every place in a tree is a stretch of its text.

use super::generate::file;
use super::{own_files, parsed};
use crate::syntax::print;
use proptest::prelude::*;

/// Every span of a tree, found in how it is shown.
fn spans(shown: &str) -> Vec<(usize, usize)> {
    let number = |text: &str| text.split([',', ' ']).next().and_then(|n| n.parse().ok());
    let parts = shown.split("start: ").skip(1);
    let span = |part: &str| Some((number(part)?, number(part.split_once("end: ")?.1)?));
    parts.filter_map(span).collect()
}

fn check(text: &str) {
    let (tree, diags) = parsed(text);
    let all = spans(&format!("{tree:?} {diags:?}"));
    for (start, end) in all {
        assert!(text.get(start..end).is_some(), "{start}..{end} is no place in\n{text}");
    }
}

#[test]
fn places_in_own_files_and_in_their_parts_are_on_character_boundaries() {
    for (_, text) in own_files() {
        check(&text);
        let ends = text.char_indices().map(|(at, _)| at).step_by(41);
        ends.for_each(|at| check(&text[..at]));
    }
}

#[test]
fn an_expression_ends_with_its_last_word() {
    let text = "const a = f(x) // why\n\nconst b = (choose 2 of xs  ) \n";
    let (tree, _) = parsed(text);
    let ends: Vec<_> = tree.items.iter().map(|i| &text[..i.span.end as usize]).collect();
    assert!(ends[0].ends_with("f(x)") && ends[1].ends_with("xs  )"), "{ends:?}");
}

proptest! {
    #![proptest_config(super::config())]

    #[test]
    fn places_in_generated_files_are_on_character_boundaries(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        check(&print(&file(&bytes)));
    }
}
