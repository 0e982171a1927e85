//! Law 1: what is printed says what was read, comments included, and is printed again as it is.

use super::choices::Choices;
use super::generate::file;
use super::{own_files, well_formed};
use crate::syntax::parser::{Rule, SegParser};
use crate::syntax::scan::{Kind, tokens};
use crate::syntax::{print, same};
use pest::Parser;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use std::collections::BTreeSet;

/// Checks the law on a text, and returns it as printed.
fn check(text: &str) -> String {
    let read = well_formed(text);
    let printed = print(&read);
    let again = well_formed(&printed);
    assert!(same(&read, &again), "changed by printing:\n{text}\n----\n{printed}");
    let twice = print(&again);
    assert_eq!(printed, twice, "printed otherwise the second time, from:\n{text}");
    printed
}

/// Puts comments, empty lines and line ends where the grammar allows them.
fn disturbed(text: &str, bytes: &[u8]) -> String {
    let mut c = Choices::new(bytes);
    let (mut out, mut from, mut count) = (String::new(), 0, 0);
    let all: Vec<_> = tokens(text).collect();
    for pair in all.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        let apart = text[a.end..b.start].contains([' ', '\n']);
        let bracket = a.kind == Kind::Open || b.kind == Kind::Close;
        if a.kind == Kind::Comment || !(apart || bracket) || c.done() {
            continue;
        }
        count += 1;
        let add = match c.below(12) {
            1 => format!(" // after {count}\n"),
            2 => format!("\n// alone {count}\n"),
            3 => format!("\n\n// apart {count}\n\n// twice\n"),
            4 => format!(" // after {count}\n\n  // and alone\n"),
            5 => "\n\n\n".to_string(),
            6 => "\n".to_string(),
            _ => continue,
        };
        out.push_str(&text[from..a.end]);
        out.push_str(&add);
        from = a.end;
    }
    out.push_str(&text[from..]);
    out
}

#[test]
fn own_files_survive_and_are_printed_as_they_are() {
    for (path, text) in own_files() {
        let printed = check(&text);
        assert!(printed.lines().all(|l| l.chars().count() <= 100 || l.contains("//")), "{path}");
    }
}

proptest! {
    #![proptest_config(super::config())]

    #[test]
    fn trees_without_places_survive(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let tree = file(&bytes);
        let text = print(&tree);
        let read = well_formed(&text);
        prop_assert!(same(&tree, &read), "{:#?}\n{}", tree, text);
        prop_assert_eq!(&text, &print(&read));
    }

    #[test]
    fn comments_anywhere_survive(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        noise in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let text = disturbed(&print(&file(&bytes)), &noise);
        check(&text);
    }

    #[test]
    fn own_files_survive_comments(
        which in any::<prop::sample::Index>(),
        noise in prop::collection::vec(any::<u8>(), 0..4000),
    ) {
        let files = own_files();
        check(&disturbed(&files[which.index(files.len())].1, &noise));
    }
}

/// Rules that leave no trace in what is parsed.
const NEVER_SEEN: [Rule; 16] = [
    // For what is not well-formed.
    Rule::item_alone,
    Rule::broken,
    Rule::broken_char,
    // Seen in lookahead only.
    Rule::keyword,
    Rule::decl_word,
    // Silent, or parts of what is atomic.
    Rule::WHITESPACE,
    Rule::byte_order_mark,
    Rule::word,
    Rule::unit,
    Rule::number,
    Rule::exponent,
    Rule::operand,
    Rule::infix,
    Rule::prefix,
    Rule::primary,
    Rule::path_clause,
];

#[test]
fn generated_files_exercise_the_whole_grammar() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let bytes = prop::collection::vec(any::<u8>(), 0..400);
    let mut seen = BTreeSet::from(NEVER_SEEN);
    for _ in 0..300 {
        let tree = bytes.new_tree(&mut runner).expect("bytes can be drawn");
        let text = format!("{}// end\n", print(&file(&tree.current())));
        let pairs = SegParser::parse(Rule::file, &text).expect("it is well-formed");
        seen.extend(pairs.flatten().map(|p| p.as_rule()));
    }
    let missing: Vec<_> = Rule::all_rules().iter().filter(|r| !seen.contains(r)).collect();
    assert!(missing.is_empty(), "never generated: {missing:?}");
}
