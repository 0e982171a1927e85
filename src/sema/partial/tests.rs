//! The quick look is right wherever it looks no further.

use super::{doubtful, found_lacking, lacking};
use crate::diag::{Diag, Sink};
use crate::ir::Kernel;
use crate::ir::graph::{DecisionGraph, NodeId};
use crate::sema::memo::Memory;
use crate::sema::testing::{elaborated, shipped};
use crate::sema::{analyse, load};

/// All concatenations of a network.
fn concatenations(graph: &DecisionGraph) -> Vec<NodeId> {
    let concat = |(id, node): (NodeId, crate::ir::graph::Node<'_>)| {
        (node.kernel == Kernel::Concat).then_some(id)
    };
    graph.nodes().filter_map(concat).collect()
}

#[test]
fn shipped_networks_lack_nothing_at_a_glance() {
    for (name, text) in shipped() {
        let space = elaborated(&name, &text, Memory::Kept, None);
        for (net, own) in &space.nets {
            let decisions = space.decisions();
            assert_eq!(doubtful(decisions, &own.graph), [], "{name}: {net}");
            let all = concatenations(&own.graph);
            assert!(found_lacking(decisions, &own.graph, all).is_empty(), "{name}: {net}");
        }
    }
}

/// A trellis along two paths of three or four layers, and something concatenated of what it yields.
fn walk(path: &str, body: &str, out: &str) -> String {
    format!(
        "
        op some(C: int) = choose {{ one = conv(1, C) > bn  three = conv(3, C) > bn > relu }}
        let wide = [choose one of [4, 8] for l in 1..=4]
        op fit = conv(1, 8) > resize(/4)
        let way = choose path {{ {path} }}
        let other = choose path {{ {path} }}
        trellis walk(route: path)(stem) along route {{
          at s {{ per arrow x -> {body} > resize(s) }}
        }}
        net n(image) {{
          node stem = image > conv(3, 8, stride = 4)
          let taken = walk(way)(stem)
          {out}
        }}"
    )
}

#[test]
fn what_is_lacking_at_a_glance_is_what_lacks() {
    let paths = [
        "layers 3  scales /4 /8",
        "layers 4  scales /4 /8  first /4  exits /8",
        "layers 4  scales /4 /8 /16  first /4  moves stay, down  exits /16",
        "layers 4  scales /4 /8 /16  first /4  exits /16",
        "layers 3  scales /4 /8 /16  first /8  moves up, down",
    ];
    let joined = "concat(x > conv(3, 8) > resize(s), stem > resize(s)) > conv(1, 8)";
    let bodies = [
        "x > conv(1, 8)",
        "x > some(8)",
        "x > conv(3, slice wide[layer - 1])",
        "match layer { 3 => absent, else => x > conv(3, 8) }",
        &format!(
            "match move {{ down => match layer {{ 3 => absent, else => {joined} }}, else => {joined} }}"
        ),
    ];
    let outs = [
        "out concat(taken.exit > fit, taken.last(/4) > fit) > conv(1, 8)",
        "out concat(taken.last(/8) > fit, stem)",
        "keep node kept = concat(taken.last(/8) > fit, stem)  out taken.exit > fit",
        "out concat(taken.last(/4), stem) > conv(1, 8)",
        "let b = choose one of [0, 1]
          node one = match b { 0 => taken.exit > fit, else => taken.last(/8) > fit }
          out concat(one, stem)",
        "let b = choose one of [0, 1]
          out match b { 0 => taken.exit > fit, else => concat(taken.last(/8) > fit, stem) } > conv(1, 8)",
        "let aside = walk(other)(stem)
          out concat(taken.last(/8) > resize(/4), aside.last(/8) > fit) > conv(1, 8)",
        "let next = walk(other)(taken.last(/8) > resize(/4))
          out concat(next.exit > fit, stem)",
        "out taken.exit > fit  aux out low = concat(taken.last(/8), stem > resize(/8)) > conv(1, 8)",
    ];
    let (mut lack, mut glances, mut wrong) = (0, 0, 0);
    let cases = paths.iter().flat_map(|path| bodies.map(|body| (path, body)));
    for ((path, body), out) in cases.flat_map(|case| outs.map(|out| (case, out))) {
        let text = walk(path, body, out);
        let mut diags = Sink::default();
        let space = analyse(&load("walk.seg", None, &text, &[], &mut diags), &mut diags);
        let said: Vec<Diag> = diags.finish();
        // Of a last layer that is absent nothing is left.
        if said.iter().any(|diag| !["E0409", "W0902"].contains(&diag.code)) {
            assert!(said.iter().all(|diag| diag.code != "E0201"), "{text}: {said:?}");
            wrong += 1;
            continue;
        }
        let own = &space.nets["n"].graph;
        let show = |diags: Vec<Diag>| format!("{diags:?}");
        let slow = found_lacking(space.decisions(), own, concatenations(own));
        lack += u32::from(!slow.is_empty());
        assert_eq!(show(lacking(space.decisions(), own)), show(slow), "{text}");
        glances += u32::from(doubtful(space.decisions(), own).is_empty());
    }
    assert!(
        lack > 50 && glances > 50 && wrong < 30,
        "{lack} lack, {glances} glances, {wrong} wrong"
    );
}
