//! Graphs with and without copying are the same, node by node.

use super::Memory;
use crate::sema::Space;
use crate::sema::testing::{assert_same, elaborated, shipped};

fn space(name: &str, text: &str, memory: Memory) -> Space {
    elaborated(name, text, memory, None)
}

fn same_without_memory(name: &str, text: &str) {
    assert_same(name, &space(name, text, Memory::Kept), &space(name, text, Memory::Off));
}

/// Small spaces, each with something that copying could get wrong.
const TRICKY: &[(&str, &str)] = &[
    (
        "a mix lives where its first term does",
        "
        op flip = choose { skip = same  pool = pool(max, 3) }
        net n(x) { node a = x > conv(3, 8)  node b = a > flip  node c = b > flip  out c }",
    ),
    (
        "one design under several types",
        "
        cell c(x) { node y = x > choose { a = conv(1, 8)  b = conv(3, 8) }  out y }
        let d = c
        net n(x) { node a = x > d  node b = a > d  node e = b > d  out e > d }",
    ),
    (
        "tied weights, twice of one type and once of another",
        "
        op block = conv(3) > bn > conv(1) > bn
        cell two(x) { node y = x > block > block  out y > relu }
        net n(x) {
          let t = tied two
          node a = x > conv(1, 8)
          node b = a > two > t
          out b > t > two > t
        }",
    ),
    (
        "tied kernels and chains",
        "
            op block = conv(3) > bn
            net n(x) {
              let one = tied conv(3, 8)
              let two = tied (block > relu > block)
              node a = x > conv(1, 8)
              out (a > one > two) + (a > two > one)
            }",
    ),
    (
        "what is kept is kept once",
        "
        op block = conv(3) > bn
        cell c(x) { keep node dead = x > block  out x > block }
        net n(x) { keep node a = x > block  node b = x > block  out b > c > c }",
    ),
    (
        "outputs of training come from every application",
        "
        cell c(x) { node y = x > conv(3)  aux out y = y  out y }
        net n(x) { node a = x > c  out a > c }",
    ),
    (
        "one map read twice, then two",
        "
        cell join(x, y) { out (x > conv(3)) + (y > conv(5)) }
        net n(x) { node a = join(x, x)  node b = join(x, a)  out join(a, b) }",
    ),
    (
        "named results, taps and absent inputs",
        "
        encoder e(x, y?) { tap low = x > conv(3)  out sum(x > conv(1), y) }
        net n(x) {
          node a = e(x, absent)  node b = e(a.out, absent)  node c = e(b.out, b.low)
          out concat(e(c.out, c.low).out, c.low)
        }",
    ),
    (
        "types that depend on a choice",
        "
        op widen = choose { eight = conv(1, 8)  six = conv(1, 16) }
        cell c(x) { node y = x > widen > conv(3)  out y > conv(1, 4) }
        let d = c
        net n(x) { node a = x > d  node b = a > d  out x > c > d > c }",
    ),
    (
        "widths that others choose",
        "
        op block(C: width) = conv(3, C) > bn > relu
        let a = choose one of [4, 8]
        let b = choose one of [4, 8]
        let c = choose one of [8, 4]
        net n(x) {
          node h[1] = x > conv(3, slice a) > block(slice b)
          node h[2] = h[1] > block(slice a) > block(slice b) > block(slice b)
          node h[3] = h[2] > block(slice c) > block(slice a) > block(2 * slice b)
          out h[3] > block(slice b) > block(slice b) > conv(1, 8)
        }",
    ),
    (
        "widths that are chosen, and others that the file chooses",
        "
        let a = choose one of [4, 8]
        let b = choose one of [4, 8]
        let both = [slice a, slice b]
        op own(C: width) = conv(3, C) > bn > conv(1, both[0]) > bn
        op inner(C: width) = conv(3, C) > own(C) > bn
        cell outer(C: width)(x) { out wide = x > inner(C)  out other = x > conv(1, C) > bn > own(C) }
        net n(x) {
          node y = x > conv(3, slice b) > own(slice b) > own(slice a) > own(slice a) > own(slice b)
          node z = (x > conv(3, slice a) > inner(slice a)) + (x > conv(3, slice b) > inner(slice b))
          let one = sum(z, y) > outer(slice a)
          let two = one.wide > outer(slice b)
          let three = two.other > outer(slice b)
          out three.wide > inner(slice a) > inner(slice b) > conv(1, 8)
        }",
    ),
    (
        "widths within one set of weights",
        "
        op block(C: width) = conv(3, C) > bn > relu
        cell two(C: width)(x, y) { out p = concat(x, y) > block(C)  tap q = x > block(C) > block(same) }
        let a = choose one of [4, 8]
        let b = choose one of [4, 8]
        let all = [[a, b], [b, a], [a, a]]
        net n(x) {
          let cells = [tied two(C = slice all[i][1]) for i in 0..=2]
          node z = x > conv(1, 8)
          node h[0] = x > conv(1, slice b)
          for i in 0..=2 {
            let first = cells[i](h[i], z)
            node h[i + 1] = cells[i](first.p, z).q
          }
          out h[3] > conv(1, 8)
        }",
    ),
    (
        "weights that are widened once they were copied",
        "
        op block(C: width) = conv(3, C) > bn > relu
        cell twice(C: width)(x) { let t = tied block(C)  out x > t > t }
        let a = choose one of [4, 16]
        let b = choose one of [4, 16]
        net n(x) {
          node i = x > conv(1, 8)
          let t = tied block(slice 8)
          node y = (i > t) + (x > conv(1, 16) > t)
          node p = i > twice(slice a) > conv(1, 8)
          node q = i > block(slice b) > conv(1, 8)
          node r = i > twice(slice b) > conv(1, 8)
          out y + p + q + r + (i > block(slice 8)) + (i > block(slice a) > conv(1, 8))
        }",
    ),
    (
        "picks with operators, applied again",
        "
        opset O { a = conv(3)  same  z = conv(1) > bn }
        cell c(x, y) {
          node h[1] = sum(choose 2 of [x, y] with repeats via O)
          node h[2] = sum(choose ordered 2 of [x via O, h[..2] via O] with repeats)
          out concat(h) > conv(1, 8)
        }
        let d = c
        net n(x) {
          node a = x > conv(1, 8)  node b = d(a, a)  node e = d(a, b)
          out d(d(b, e), c(b, e))
        }",
    ),
];

#[test]
fn tricky_spaces_have_the_same_graphs_without_memory() {
    for (name, text) in TRICKY {
        same_without_memory(name, text);
    }
}

#[test]
fn shipped_specs_have_the_same_graphs_without_memory() {
    for (name, text) in shipped() {
        same_without_memory(&name, &text);
    }
}

#[test]
fn what_is_tied_has_one_set_of_weights() {
    let text = "
        op block = conv(3) > bn
        net n(x) {
          let one = tied conv(3, 8)
          let two = tied (block > relu > block)
          node a = x > conv(1, 8)
          out (a > one > two) + (a > two > one)
        }";
    let graph = &space("tied", text, Memory::Kept).nets["n"].graph;
    // One for `a`, one for `one`, two convolutions and two norms for `two`.
    assert_eq!(graph.weights.len(), 6);
    let reads = graph.nodes().filter(|(_, n)| n.weights.is_some()).count();
    assert_eq!(reads, 11);
}
