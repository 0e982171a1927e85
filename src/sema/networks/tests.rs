//! What a network comes to before its turn is what it comes to in it.

use super::{Early, Wanted};
use crate::diag::Sink;
use crate::ir::DecisionGraph;
use crate::ir::decision::Gate;
use crate::sema::memo::Memory;
use crate::sema::testing::{assert_same, elaborated, judged, shipped};
use crate::sema::{analyse_early, load};

/// The same space, whichever network is wanted first.
fn same_in_turn(name: &str, text: &str) {
    let whole = elaborated(name, text, Memory::Kept, None);
    for net in whole.nets.keys() {
        let apart = elaborated(name, text, Memory::Kept, Some(Some(net)));
        assert_same(&format!("{name}, {net} first"), &apart, &whole);
    }
}

#[test]
fn shipped_specs_are_the_same() {
    for (name, text) in shipped() {
        same_in_turn(&name, &text);
    }
}

/// Files of several networks that have something in common.
const SHARED: &[(&str, &str)] = &[
    (
        "decisions of the file, taken up in another order",
        "
        let a = choose one of [8, 16]
        let b = choose one of [1, 3]
        let c = choose one of [2, 4, 8]
        net n(x) { out x > conv(b, 8) > conv(3, 8) }
        net m(x) { let own = choose one of [1, 3]  out x > conv(own, slice a) > conv(b, c) > conv(1, 8) }
        net l(x) { out x > conv(3, slice a) > conv(1, 8) }",
    ),
    (
        "names that are told apart by numbers",
        "
        op block = choose { a = conv(1, 8)  b = conv(3, 8) }
        net n(x) { node y = x > block > block  out y }
        net m(x) { node y = x > block  node z = y > block > block  out z }",
    ),
    (
        "designs that are bound once",
        "
        opset O { one = conv(1)  three = conv(3)  same }
        cell c(x) {
          node h[1] = sum(choose 2 of [x via O, x via O])
          node h[2] = sum(choose ordered 2 of [x via O, h[..2] via O] with repeats)
          out concat(unread(h)) > conv(1, 8)
        }
        let d = c
        let way = choose path { layers 3  scales /1 /2  first /1  moves up, stay, down }
        trellis t(x) along way {
          at s { per arrow y -> y > conv(3, 8, stride = match move { down => 2, else => 1 }) > resize(s) }
        }
        net n(x) { node a = x > conv(1, 8) > d  out t(a).exit > resize(/1) > d > c }
        net m(x) { node a = t(x > conv(3, 8)).exit > resize(/1)  out a > d > d }
        bench m { input 1x3x64x64 }",
    ),
    (
        "one place, of which each network makes something else",
        "
        let p = choose one of [\"a\", \"b\"]
        let q = choose one of [\"a\", \"b\"]
        cell c(k)(x) {
          node a[0] = x > conv(1, 8)
          for i in 0..k {
            node a[i + 1] = match i + k { 2 => a[i] > relu, else => a[i] > conv(3, 8) }
          }
          node b = match k { 2 => a[k] > choose { one = conv(1)  two = conv(3) }
                             else => a[k] > choose { one = conv(1)  two = conv(5) } }
          let way = match k { 2 => p, else => q }
          out match way { \"a\" => b > conv(1), else => b > conv(3) }
        }
        let d = c
        net n(x) { out x > d(2) }
        net m(x) { out x > d(3) }",
    ),
    (
        "arms that depend on what is chosen",
        "
        let way = [choose one of [\"wide\", \"deep\"] for i in 0..3]
        cell c(i: int)(x) {
          out match way[i] { \"wide\" => x > conv(3, 8), else => x > conv(3, 8) > conv(1, 8) }
        }
        net n(x) { node a[0] = x > conv(1, 8)  for i in 0..2 { node a[i + 1] = a[i] > c(i) } out a[2] }
        net m(x) { node a[0] = x > conv(1, 8)  for i in 1..3 { node a[i] = a[i - 1] > c(i) } out a[2] }",
    ),
];

#[test]
fn networks_that_share_something_are_the_same() {
    for (name, text) in SHARED {
        same_in_turn(name, text);
    }
}

#[test]
fn what_is_wrong_with_several_is_told_as_in_turn() {
    let texts = [
        "
        op block = conv(3, C)
        net n(x) { out x > block }
        net m(x) { out x > block > relu }",
        "
        cell c(k)(x) { out x > conv(3, 8, rate = choose one of [i for i in 1..=k]) }
        let shared = c
        net n(x) { out x > shared(2) }
        net m(x) { out x > shared(3) }",
        "
        let one = choose one of [8]
        net n(x) { out x > conv(3, one) > conv(1, 8) }
        net m(x) { out x > conv(1, one) > conv(1, 8) }",
        "
        let two = choose one of [\"a\", \"b\"]
        net n(x) { node a = match two { \"a\" => x, else => absent }  out concat(a, x) }
        net m(x) { out x }",
        "
        let two = choose one of [\"a\", \"b\"]
        cell c(k)(x) { node a = match two { \"a\" => x > conv(1, k), else => absent }  out concat(a, x) }
        net n(x) { out x > c(8) }
        net m(x) { out x > c(16) }",
        "
        cell c(k)(x) { out x > conv(3, 8, rate = choose one of [i for i in 1..=k]) }
        let shared = c
        let two = choose one of [\"a\", \"b\"]
        net n(x) { out x > shared(2) }
        net m(x) {
          node a = match two { \"a\" => x, else => absent }
          node b = concat(a, x)
          out x > shared(3)
        }",
    ];
    for text in texts {
        let (whole, said) = judged("wrong", text, Memory::Kept, None);
        assert!(!said.is_empty(), "{text}");
        for first in [None, Some("n"), Some("m")] {
            let (apart, here) = judged("wrong", text, Memory::Kept, Some(first));
            assert_eq!(format!("{here:?}"), format!("{said:?}"), "{text}");
            assert_same(text, &apart, &whole);
        }
    }
}

/// The names of the decisions that a graph's leaves speak of, leaf by leaf.
fn named(graph: &DecisionGraph, decisions: &[crate::ir::decision::Decision]) -> Vec<String> {
    let name = |gate: &Gate| decisions[gate.decision().index()].name.clone();
    graph.leaves.iter().map(name).collect()
}

#[test]
fn the_network_that_is_asked_for_is_shown_first_and_once() {
    let (_, text) = SHARED[0];
    for (asked, shown) in [(None, "l"), (Some("n"), "n"), (Some("m"), "m"), (Some("k"), "l")] {
        let mut diags = Sink::default();
        let program = load("shown", None, text, &[], &mut diags);
        let mut early = Vec::new();
        let mut show = |net: Early<'_>| {
            early.push((net.name.to_owned(), named(net.graph, net.decisions)));
        };
        let wanted = Wanted { net: asked, show: &mut show };
        let space = analyse_early(&program, &mut diags, Some(wanted));
        let whole = named(&space.nets[shown].graph, space.decisions());
        assert_eq!(early, [(shown.to_owned(), whole)]);
    }
}
