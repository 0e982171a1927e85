//! Any text at all: an answer, soon, and never a panic.

use super::{own_files, parsed};
use crate::syntax::print;
use proptest::prelude::*;
use std::time::{Duration, Instant};

/// Parses; what is well-formed is printed too.
fn survive(text: &str) {
    let (tree, diags) = parsed(text);
    if diags.is_empty() {
        print(&tree);
    }
}

/// Fails if a text takes longer than it may. Debug builds are given more.
fn soon(what: &str, text: &str, limit: Duration) {
    let limit = if cfg!(debug_assertions) { limit * 20 } else { limit };
    let begun = Instant::now();
    survive(text);
    let taken = begun.elapsed();
    assert!(taken < limit, "{what:?} took {taken:?}");
}

/// How many are many: enough for a quadratic algorithm to be noticed.
const MANY: usize = if cfg!(debug_assertions) { 2_000 } else { 30_000 };

/// Fragments that mean something to the grammar.
const WORDS: &[&str] = &[
    "cell",
    "f",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "=",
    "=>",
    "->",
    ">",
    "..",
    "..=",
    ",",
    ":",
    "?",
    ".",
    "*",
    "/",
    "/8",
    "-",
    "+",
    "\"",
    "\"a\"",
    "//",
    "///",
    "//!",
    "\n",
    " ",
    "8",
    "8.3ms",
    "1x2",
    "99999999999999999999",
    "choose",
    "match",
    "path",
    "one",
    "of",
    "ordered",
    "with",
    "repeats",
    "via",
    "node",
    "out",
    "aux",
    "keep",
    "tap",
    "for",
    "in",
    "let",
    "const",
    "use",
    "opset",
    "op",
    "trellis",
    "along",
    "at",
    "per",
    "arrow",
    "on",
    "mix",
    "search",
    "else",
    "é",
    "\u{feff}",
    "\0",
    "not",
    "tied",
    "slice",
    "is",
];

proptest! {
    #![proptest_config(super::config())]

    #[test]
    fn any_text_is_survived(text in any::<String>()) {
        survive(&text);
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let text = String::from_utf8_lossy(&bytes);
        survive(&text);
    }

    #[test]
    fn any_words_are_survived(words in prop::collection::vec(prop::sample::select(WORDS), 0..80)) {
        survive(&words.join(" "));
        survive(&words.concat());
    }

    #[test]
    fn mutated_specs_are_survived(
        which in any::<prop::sample::Index>(),
        edits in prop::collection::vec(
            (any::<prop::sample::Index>(), 0..12usize, prop::sample::select(WORDS)),
            1..8,
        ),
    ) {
        let files = own_files();
        let mut chars: Vec<char> = files[which.index(files.len())].1.chars().collect();
        for (at, removed, word) in edits {
            let at = at.index(chars.len());
            let end = (at + removed).min(chars.len());
            chars.splice(at..end, word.chars());
        }
        survive(&chars.into_iter().collect::<String>());
    }
}

#[test]
fn nesting_takes_no_exponential_time() {
    let nested = [
        ("choose (", ")"),
        ("choose 2 of (", ")"),
        ("choose one of (", ")"),
        ("choose ordered (", ")"),
        ("choose ordered 2 of (", ") with repeats via x"),
        ("choose { a = ", " }"),
        ("choose path { layers (", ") }"),
        ("match (", ") { a => b }"),
        ("match x { else => ", " }"),
        ("match x { (", ").. => 1 }"),
        ("x[", "]"),
        ("x[..", "]"),
        ("x[1 + ", "..]"),
        ("[", "]"),
        ("[1, ", "]"),
        ("[1 for x in ", "]"),
        ("(", ")"),
        ("(1, ", ")"),
        ("f(", ")"),
        ("f(a = ", ")"),
        ("f(1, ", ")(2)[3].x"),
        ("-(", ")"),
        ("not (", ")"),
        ("tied (", ")"),
        ("slice (", ")"),
        ("0.1 + (", " -> 0.2 cosine)"),
    ];
    let limit = Duration::from_millis(100);
    for (open, close) in nested {
        let places = ["const x = {}\n", "cell f(x) { out {} }\n", "cell f(x) { out y[{}] = 1 }\n"];
        for place in places {
            for (depth, shut) in [(90, true), (90, false)] {
                let close = if shut { close.repeat(depth) } else { String::new() };
                let inner = format!("{}1{close}", open.repeat(depth));
                soon(&format!("{depth} x {open:?} {shut}"), &place.replace("{}", &inner), limit);
                let wrong = format!("{}1 ={close}", open.repeat(depth));
                soon(&format!("{depth} x {open:?} ="), &place.replace("{}", &wrong), limit);
            }
        }
    }
}

#[test]
fn chains_and_prefixes_overflow_no_stack() {
    let parts = [
        " > x",
        " .. x",
        " ..= x",
        " via x",
        ".x",
        "[1]",
        "(1)",
        " - 1",
        " or x",
        " -> 1 x",
        " choose x",
        " of x",
        " for x in x",
    ];
    for part in parts {
        soon(part, &format!("const x = x{}\n", part.repeat(MANY)), Duration::from_millis(500));
    }
    for part in ["-", "not ", "tied ", "choose ", "match ", "choose 1 of ", "choose one of ", "("] {
        soon(part, &format!("const x = {}x\n", part.repeat(MANY)), Duration::from_millis(500));
    }
}

#[test]
fn broken_files_take_linear_time() {
    let lines = [
        "/// a\n",
        "/// a\n// b\n",
        "junk\n",
        "}\n",
        "{\n",
        "cell\n",
        "cell f(x) {\n",
        "\"\n",
        "é\n",
        "const x = (\n",
        "  junk\n",
        "//! a\n",
        "opset O { a = = 1 }\n",
        "const a = 1 2\n",
        "= ",
    ];
    for line in lines {
        let text = line.repeat(MANY);
        soon(line, &text, Duration::from_secs(2));
    }
}
