//! Members of small graphs, by hand and by chance.

use super::*;
use crate::ir::decision::{Gate, Pick, Value};
use crate::ir::testing::{Draft, conv, dense_cell, random_space};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn kernels(graph: &DecisionGraph) -> Vec<&'static str> {
    graph.nodes().map(|(_, n)| n.kernel.name()).collect()
}

fn alts(alts: &[u32]) -> Binding {
    Binding(alts.iter().map(|a| Value::One(*a)).collect())
}

#[test]
fn a_mix_of_one_term_is_that_term() {
    let (mut draft, x) = Draft::new();
    let of = draft.one("op", 3);
    let terms: Vec<_> =
        (0..3).map(|a| (Gate::Alt { of, alt: a }, draft.op(a as usize, x))).collect();
    let mix = draft.mix(&terms);
    draft.output(mix);
    assert_eq!(kernels(&member(&draft.graph, &alts(&[0]))), ["input"]);
    assert_eq!(kernels(&member(&draft.graph, &alts(&[1]))), ["input", "zero"]);
    let last = member(&draft.graph, &alts(&[2]));
    assert_eq!(kernels(&last), ["input", "conv"]);
    assert_eq!(last.weights.len(), 1);
    assert_eq!(last.weight_name(WeightId(0)), "w0");
}

#[test]
fn a_repeated_pick_stands_twice() {
    let (mut draft, x) = Draft::new();
    let of = draft.picks("h", 2, (true, true), &[3, 3]);
    let y = draft.node(conv(5), &[x]);
    let out = draft.read(of, &[x, y], 3);
    draft.output(out);
    let pick = |candidate, op| Pick { candidate, op };
    let twice = Binding(vec![Value::Picks(vec![pick(1, 2), pick(1, 2)])]);
    let closed = member(&draft.graph, &twice);
    assert_eq!(kernels(&closed), ["input", "conv", "conv", "add"]);
    assert_eq!(closed.inputs(NodeId::new(3)).len(), 2);
}

#[test]
fn a_sum_of_nothing_is_absent_unless_it_fills() {
    let (mut draft, x) = Draft::new();
    let of = draft.one("maybe", 2);
    let some = draft.mix(&[(Gate::Alt { of, alt: 1 }, x)]);
    let after = draft.node(conv(3), &[some]);
    let sum = draft.node(Kernel::Add, &[after]);
    draft.output(sum);
    draft.output(after);
    let without = member(&draft.graph, &alts(&[0]));
    assert_eq!((kernels(&without).len(), without.outputs.len()), (0, 0));
    let with = member(&draft.graph, &alts(&[1]));
    assert_eq!(kernels(&with), ["input", "conv"]);
    assert_eq!(with.outputs[0].node, with.outputs[1].node);
    // A sum of picks has its type whatever is picked, if only some candidate is there.
    let picks = draft.picks("h", 1, (true, true), &[1, 1]);
    let other = draft.node(conv(5), &[x]);
    let picked = draft.read(picks, &[after, other], 1);
    draft.graph.outputs.clear();
    draft.output(picked);
    let binding = |alt, candidate| {
        Binding(vec![Value::One(alt), Value::Picks(vec![Pick { candidate, op: 0 }])])
    };
    assert_eq!(kernels(&member(&draft.graph, &binding(0, 0))), ["add"]);
    assert_eq!(kernels(&member(&draft.graph, &binding(1, 0))), ["input", "conv"]);
    assert_eq!(kernels(&member(&draft.graph, &binding(0, 1))), ["input", "conv"]);
}

#[test]
fn sums_read_once_by_a_sum_are_merged() {
    let draft = dense_cell(3);
    // Edges 01, 02, 12, 03, 13, 23; node 2 feeds node 3 alone through a skip.
    let closed = member(&draft.graph, &alts(&[2, 2, 2, 2, 2, 0]));
    let adds: Vec<usize> = closed
        .nodes()
        .filter(|(_, n)| n.kernel == Kernel::Add)
        .map(|(id, _)| closed.inputs(id).len())
        .collect();
    assert_eq!(adds, [4]);
}

#[test]
fn kept_nodes_stay_with_what_they_read_and_idle_weights_stay() {
    let (mut draft, x) = Draft::new();
    let of = draft.one("op", 2);
    let a = draft.node(conv(3), &[x]);
    let kept = draft.node(conv(1), &[a]);
    draft.graph.alter(kept, |form| form.keep = true);
    let mix = draft.mix(&[(Gate::Alt { of, alt: 0 }, x), (Gate::Alt { of, alt: 1 }, a)]);
    draft.output(mix);
    draft.graph.weights.push(draft.graph.weights[0]);
    let closed = member(&draft.graph, &alts(&[0]));
    assert_eq!(kernels(&closed), ["input", "conv", "conv"]);
    assert_eq!(closed.weights.len(), 3);
    assert_eq!(liveness(&closed, &[], true).live, [true, false, false]);
}

#[test]
fn members_are_closed_and_closing_them_again_changes_nothing() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for _ in 0..100 {
        let draft = random_space(&mut rng);
        for binding in draft.bindings().iter().step_by(7) {
            let closed = member(&draft.graph, binding);
            assert!(closed.leaves.is_empty());
            let again = member(&closed, &Binding(Vec::new()));
            assert_eq!(kernels(&closed), kernels(&again));
            let facts = liveness(&closed, &[], true);
            assert!(facts.present.iter().all(|p| *p));
            let kept = closed.nodes().any(|(_, n)| n.keep);
            assert!(kept || facts.live.iter().all(|l| *l));
            assert!(closed.graph.raw_edges().iter().all(|e| e.source() < e.target()));
        }
    }
}
