//! One mistake hides no other.

use super::parsed;

/// The lines on which mistakes are reported, with their codes.
fn mistakes(text: &str) -> Vec<(usize, &'static str)> {
    let (_, diags) = parsed(text);
    let line = |at: u32| text[..at as usize].matches('\n').count() + 1;
    diags.iter().map(|d| (line(d.labels[0].span.start), d.code)).collect()
}

#[test]
fn mistakes_in_several_declarations_are_all_reported() {
    let text = "const A 1
const B = 2
cel c(x) { out x }

nett n(image) { out image }
op f = conv(3
op g = relu
const S = \"open
head h(x) { out x }
";
    let expected = [(1, "E0101"), (3, "E0103"), (5, "E0103"), (6, "E0102"), (8, "E0105")];
    assert_eq!(mistakes(text), expected);
    let (tree, _) = parsed(text);
    let lost: Vec<_> = tree.lost.iter().map(|n| &n.value[..]).collect();
    assert_eq!((tree.items.len(), &lost[..]), (3, &["A", "c", "n", "f", "S"][..]));
}

#[test]
fn mistakes_in_several_statements_are_all_reported() {
    let text = "cell c(x) {
  node a =
  node b = x > > relu
  node fine = x > relu
  for i in 1..3 {
    node H[i] = relu(x y)
    tap out = x
  }
  sapce d = x
  let 3 = 4
  out b c
}
";
    let expected =
        [(3, "E0101"), (3, "E0101"), (6, "E0101"), (7, "E0106"), (9, "E0101"), (10, "E0101")];
    let found = mistakes(text);
    assert_eq!(&found[..6], &expected, "{found:?}");
}

#[test]
fn mistakes_in_entries_arms_and_clauses_are_all_reported() {
    let text = "opset O {
  a = conv(3
  b = = relu
  c = relu
}

opset P {
  a = relu relu2 = = 4
  out = relu
}

search n {
  emit = net
  limit = 3
  epochs 40
}
";
    let expected = [(2, "E0102"), (8, "E0101"), (9, "E0106"), (13, "E0101"), (14, "E0101")];
    assert_eq!(mistakes(text), expected);
}

#[test]
fn what_follows_an_open_brace_is_read() {
    let text = "cell c(x) {
  node a = relu(x y)
  out a

net n(image) {
  out image >
}
const F = 8
";
    assert_eq!(mistakes(text), [(1, "E0102"), (2, "E0101"), (7, "E0101")]);
    assert_eq!(parsed(text).0.items.len(), 1);
}

#[test]
fn declarations_that_nest_too_deep_hide_no_other() {
    let deep = format!("const a = {}1{}\n", "[".repeat(200), "]".repeat(200));
    let chained = format!("op b = x{}\n", " > x".repeat(600));
    let text = format!("{deep}const c = 1\n{chained}const d 4\n");
    assert_eq!(mistakes(&text), [(1, "E0107"), (3, "E0107"), (4, "E0101")]);
    assert_eq!(parsed(&text).0.items.len(), 1);
}

#[test]
fn empty_files_and_files_of_comments_declare_nothing() {
    for text in ["", "\n\n", "// nothing\n", "//! only this\n", "\u{feff}", "\u{feff}// x\n"] {
        let (tree, diags) = parsed(text);
        assert!(tree.items.is_empty() && diags.is_empty(), "{text:?}: {diags:?}");
    }
}
