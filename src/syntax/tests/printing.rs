//! What printed text looks like.

use super::well_formed;
use crate::syntax::ast::{File, Lines};
use crate::syntax::{print, print_expr};

fn printed(text: &str) -> String {
    print(&well_formed(text))
}

#[test]
fn trees_without_places_look_as_if_written_by_hand() {
    let tree = well_formed(include_str!("sample.seg"));
    let tree = File { lines: Lines::default(), comments: Vec::new(), ..tree };
    insta::assert_snapshot!(print(&tree));
}

#[test]
fn parentheses_stand_where_precedence_asks_for_them() {
    let kept = [
        "(a + b) * c",
        "a - (b - c)",
        "(a > b) * (r - 1)",
        "not (a and b)",
        "(choose xs)[1]",
        "(choose 2 of xs) via S",
        "choose (one)",
        "(-a).b",
        "tied f(x)",
        "(0.1 -> 0.2 cosine) * 2",
    ];
    for text in kept {
        assert_eq!(printed(&format!("const x = {text}\n")), format!("const x = {text}\n"));
    }
    let dropped =
        [("(a * b) + c", "a * b + c"), ("((f))(x)", "f(x)"), ("a + (not b)", "a + (not b)")];
    for (text, short) in dropped {
        assert_eq!(printed(&format!("const x = {text}\n")), format!("const x = {short}\n"));
    }
}

#[test]
fn what_is_too_long_is_broken_where_it_reads_well() {
    let text = "cell c(x) {
  node a = x > cbr(3, CHANNELS, rate = first_rate) > cbr(3, CHANNELS, rate = second_rate) > cbr(1, OTHERS)
  node b = combine([x > cbr(3, CHANNELS, rate = first_rate), x > cbr(3, CHANNELS, rate = second_rate), x])
  node c = match choice { first => cbr(3, CHANNELS, rate = first_rate), second => cbr(3, CHANNELS, rate = 2) }
  out choose { first = cbr(3, CHANNELS, rate = first_rate), second_one = cbr(3, CHANNELS, rate = 2), third }
}
";
    insta::assert_snapshot!(printed(text));
}

#[test]
fn comments_stay_where_they_stand() {
    let text = "// licence

//! What it is.

use a.{b, // of b
  c}
const F = 8 // eight
const LONG = 16 // sixteen

// section

cell c(x) { // opens
  // leads
  node a = f(x, // the map
    // the width
    C
    // nothing more
  )


  out a // trails
  // closes
}
// ends
";
    insta::assert_snapshot!(printed(text));
}

#[test]
fn expressions_print_alone() {
    let tree = well_formed("const x = a > f(1) // why\n");
    let crate::syntax::ast::ItemKind::Const(of) = &tree.items[0].kind else { panic!("a const") };
    assert_eq!(print_expr(&of.value), "a > f(1)");
}

/// What begins an arm takes no comments itself where it is `..` or `else`.
#[test]
fn comments_before_arms_stay_before_them() {
    for pattern in ["..x", "..=x", "x", "else"] {
        let text = format!("const a = match f[1 // why\n] {{ {pattern} => x }}\n");
        let once = printed(&text);
        assert_eq!(once, printed(&once));
        assert!(once.contains("// why\n") && once.contains(&format!("{pattern} => x")), "{once}");
    }
}
