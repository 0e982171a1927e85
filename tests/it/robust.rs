//! No text makes the compiler panic, hang or eat the machine.

use crate::support::{Judged, judge, judge_with, root};
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

fn judge_text(text: &str) -> Judged {
    judge("a.seg", None, text)
}

#[test]
fn a_file_without_text_is_a_space_without_networks() {
    for text in ["", " \n\t\n", "// nothing\n", "//! about nothing"] {
        let judged = judge_text(text);
        assert!(judged.is_right(), "{text:?}: {}", judged.drawn());
        assert!(judged.space.nets.is_empty());
    }
}

#[test]
fn what_is_no_spec_is_told_so() {
    for text in ["\u{0}\u{1}\u{2}\u{0}", "%PDF-1.7\n\u{fffd}\u{fffd}", "<html></html>", "}"] {
        assert!(!judge_text(text).diags.is_empty(), "{text:?}");
    }
}

#[test]
fn ten_megabytes_of_words_are_refused_in_time() {
    let text = "lorem ipsum dolor sit amet\n".repeat(400_000);
    assert!(!judge_text(&text).is_right());
}

#[test]
fn brackets_and_operators_may_nest_as_deep_as_they_like() {
    let deep = |open: &str, close: &str, n: usize| {
        format!("net n(x) {{ out x > conv({}1{}, 8) }}", open.repeat(n), close.repeat(n))
    };
    for text in [
        deep("(", ")", 100_000),
        deep("[", "]", 100_000),
        deep("-", "", 100_000),
        deep("not ", "", 100_000),
        deep("1 + ", "", 100_000),
        deep("match 1 { else => ", " }", 100_000),
        format!("net n(x) {{ out x {} }}", "> relu ".repeat(100_000)),
        format!("net n(x) {{ out x{} }}", ".a".repeat(100_000)),
        format!("net n(x) {{ out x{} }}", "[0]".repeat(100_000)),
        format!(
            "net n(x) {{ {} out x {} }}",
            "for i in [1] { ".repeat(100_000),
            "}".repeat(100_000)
        ),
        format!("net n(x) {{ out {}x }}", "tied ".repeat(100_000)),
    ] {
        judge_text(&text);
    }
}

/// Items that are right, used one by the next, and as many as one likes.
fn long(items: usize) -> String {
    let mut text = String::from("const C0 = 8\n");
    for i in 1..items {
        writeln!(text, "const C{i} = C{} + 1", i - 1).expect("memory");
    }
    text + "net n(x) { out x > conv(3, 8) }\n"
}

#[test]
fn a_hundred_thousand_items_are_judged() {
    let judged = judge_text(&long(100_000));
    assert!(judged.is_right());
}

#[test]
fn a_long_chain_of_constants_is_followed_to_its_end_or_refused() {
    let text = long(20_000).replace("conv(3, 8)", "conv(3, C19999)");
    let judged = judge_text(&text);
    assert!(judged.is_right() || judged.codes().contains(&"E0207"), "{}", judged.drawn());
}

#[test]
fn spaces_that_expand_without_end_are_refused() {
    for (text, code) in [
        (
            "net n(x) { for i in 0..99999 { for j in 0..99999 { node y = x > relu } } out x }",
            "E0317",
        ),
        ("net n(x) { out sum([[x > relu for i in 0..99999] for j in 0..99999]) }", "E0317"),
        ("op a = (relu * 1000) * 1000  net n(x) { out x > (a * 1000) * 1000 }", "E0317"),
        ("op a = relu > b  op b = a  net n(x) { out x > a }", "E0207"),
        ("const A = [i for i in 0..99999]  net n(x) { out sum(choose 1 of A) }", "E0309"),
        ("net n(x) { out x > conv(99999 * 99999 * 99999 * 99999, 8) }", "E0314"),
    ] {
        let judged = judge_text(text);
        assert!(judged.codes().contains(&code), "{text}: {}", judged.drawn());
    }
}

#[test]
fn numbers_at_the_edge_are_refused_or_computed() {
    const EDGES: &[&str] = &[
        "0",
        "-1",
        "1 / 2",
        "-(1 / 2)",
        "9223372036854775807",
        "-9223372036854775807 - 1",
        "1 / 9223372036854775807",
        "0.0",
        "1e308",
        "1e-308",
        "/1",
        "/65536",
        "/4294967295",
        "4294967296",
        "2147483648",
        "1x1",
        "0x0",
        "true",
        "same",
        "absent",
        "x",
        "it",
        "[]",
        "[1]",
        "\"a\"",
        "avg",
        "1ms",
        "relu",
        "0..0",
        "(0, 1)",
        "choose { a = 1  b = 2 }",
    ];
    const HOLES: &[&str] = &[
        "conv(_, 8)",
        "conv(3, _)",
        "conv(3, 8, stride = _)",
        "conv(3, 8, rate = _)",
        "conv(4, 8, groups = _)",
        "deconv(_, 8)",
        "deconv(4, 8, stride = _)",
        "bn(eps = _)",
        "bn(momentum = _)",
        "bn(affine = _)",
        "pool(_)",
        "pool(max, _)",
        "pool(avg, 3, stride = _)",
        "resize(_)",
        "resize(like = _)",
        "resize(by = _)",
        "resize(/4, mode = _)",
        "shift(_, 0)",
        "shuffle(_)",
        "channels(_, 3)",
        "channels(0, _)",
        "dropout(_)",
        "residual(_)",
        "conv(3, floor(_))",
        "conv(3, ceil(_))",
        "conv(3, min(_, 3))",
        "conv(3, len(_))",
        "conv(3, 8 / _)",
        "conv(3, _ * 8)",
        "conv(3, _ - 8)",
        "conv(3, 8 + _)",
        "conv(3, -_)",
        "(relu * _)",
        "conv(3, [1, 2][_])",
        "match _ { 1 => relu, else => bn }",
        "conv(3, len(0.._))",
        "conv(3, len(_..=9))",
        "conv(match 1 { .._ => 1, else => 2 }, 8)",
    ];
    for hole in HOLES {
        for edge in EDGES {
            let chain = hole.replace('_', &format!("({edge})"));
            let text = format!("net n(x) {{ out x > conv(1, 8) > {chain} }}");
            let judged = catch_unwind(AssertUnwindSafe(|| judge_text(&text)));
            assert!(judged.is_ok(), "{text}");
        }
    }
}

#[test]
fn lattices_at_the_edge_are_refused_or_searched() {
    let clauses = [
        "",
        "layers 0",
        "layers 1",
        "layers 200",
        "scales []",
        "scales [/4]",
        "scales /4 /4",
        "scales /8 /4",
        "scales [4, 8]",
        "scales 4",
        "first []",
        "first /4 /8",
        "first /64",
        "exits []",
        "exits /4",
        "moves up",
        "moves down",
        "moves stay",
        "weigh by target",
    ];
    for a in clauses {
        for b in clauses {
            let text = format!(
                "trellis t(stem) along choose path {{ layers 3 scales /4 /8 {a} {b} }} {{
                   at s {{ per arrow x -> x > resize(s) > conv(1, 8) }} }}
                 net n(x) {{ node y = t(x > conv(3, 8, stride = 4))
                   out y.exit > resize(/4)  out low = y.last(/8), gone = y.last(/128) }}"
            );
            let judged = catch_unwind(AssertUnwindSafe(|| judge_text(&text)));
            assert!(judged.is_ok(), "{text}");
        }
    }
}

#[test]
fn imports_through_a_link_out_of_the_folder_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let (inside, outside) = (folder.path().join("in"), folder.path().join("out"));
    std::fs::create_dir_all(&inside).expect("a folder");
    std::fs::create_dir_all(&outside).expect("a folder");
    std::fs::write(outside.join("secret.seg"), "op leak = relu\n").expect("a file");
    std::os::unix::fs::symlink(&outside, inside.join("lib")).expect("a link");
    let path = inside.join("a.seg");
    let text = "use lib.secret.leak\nnet n(x) { out x > leak }\n";
    let judged = judge("a.seg", Some(&path), text);
    assert_eq!(judged.codes(), ["E0210"], "{}", judged.drawn());
}

#[test]
fn what_cannot_be_set_is_told() {
    let text = "const A = 8\nnet n(x) { out x > conv(3, A) }\n";
    let codes = |set: &[(&str, &str)]| judge_with("a.seg", None, text, set).codes();
    assert_eq!(codes(&[("A", "16")]), [""; 0]);
    assert_eq!(codes(&[("B", "16")]), ["E0211"]);
    assert_eq!(codes(&[("A", "B")]), ["E0201"]);
    assert!(!codes(&[("A", "16 +")]).is_empty());
    assert!(!codes(&[("A = 1 const B", "1")]).is_empty());
    assert_eq!(codes(&[("A", "A")]), ["E0214"]);
}

/// What mutations are made of.
const PARTS: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ">",
    "+",
    "-",
    "*",
    "/",
    "..",
    "..=",
    "=",
    "=>",
    "->",
    ",",
    ".",
    "?",
    "0",
    "1",
    "-1",
    "9223372036854775807",
    "1 / 3",
    "2.5",
    "/4",
    "/0",
    "x",
    "it",
    "absent",
    "same",
    "choose",
    "of",
    "via",
    "for i in 0..3",
    "match",
    "else",
    "tied",
    "node",
    "out",
    "let",
    "cell",
    "net",
    "op",
    "use std.ops.*",
    "\"",
    "//",
    "\u{0}",
    "é",
    "🦀",
    "conv(3)",
    "sum",
    "concat",
    "with repeats",
    "ordered",
    "back(2)",
    "layer",
    "move",
    "width(x)",
    "H",
    "C",
    "s",
    "[..i]",
];

/// Pieces of a text: words, numbers, signs, blanks.
fn tokens(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let len = match word(first) {
            true => rest.find(|c| !word(c)).unwrap_or(rest.len()),
            false => first.len_utf8(),
        };
        let (token, tail) = rest.split_at(len);
        out.push(token);
        rest = tail;
    }
    out
}

/// A small generator, so that a failure can be repeated from its number.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        // SplitMix64 (Steele et al. 2014).
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }
}

fn mutated(text: &str, dice: &mut Dice) -> String {
    let mut all = tokens(text);
    for _ in 0..=dice.below(3) {
        let (i, j) = (dice.below(all.len()), dice.below(all.len()));
        match dice.below(5) {
            0 => drop(all.remove(i)),
            1 => all.insert(i, all[j]),
            2 => all.swap(i, j),
            3 => all[i] = PARTS[dice.below(PARTS.len())],
            _ => all.insert(i, PARTS[dice.below(PARTS.len())]),
        }
    }
    all.concat()
}

#[test]
fn mutated_specs_are_judged_without_a_panic() {
    // Small constants keep one case at a millisecond; the language is the same.
    let specs = ["quickstart.seg", "auto_deeplab.seg", "published/auto_deeplab.seg"];
    let texts = specs.map(|s| {
        let text = std::fs::read_to_string(root().join("specs").join(s)).expect("a spec");
        text.replace("const L = 12", "const L = 3").replace("const B = 5", "const B = 2")
    });
    // A case takes a millisecond where the compiler is optimised, and twenty where it is not.
    let usual = if cfg!(debug_assertions) { 300 } else { 2000 };
    let cases = std::env::var("SEGC_CASES").map_or(usual, |n| n.parse().expect("a number"));
    for case in 0..cases {
        let mut dice = Dice(case);
        let text = mutated(&texts[dice.below(texts.len())], &mut dice);
        let judged = catch_unwind(AssertUnwindSafe(|| {
            let judged = judge("a.seg", Some(Path::new("specs/a.seg")), &text);
            judged.drawn();
            for net in judged.space.nets.values() {
                let graph = &net.graph;
                let earlier = |id| graph.inputs(id).iter().all(|(from, _)| *from < id);
                assert!(graph.nodes().all(|(id, _)| earlier(id)), "inputs come first");
            }
        }));
        assert!(judged.is_ok(), "case {case}:\n{text}");
    }
}
