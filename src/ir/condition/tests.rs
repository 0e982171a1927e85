//! Conditions against every binding.

use super::*;
use crate::ir::decision::Value;
use crate::ir::kernel::Kernel;
use crate::ir::member::liveness;
use crate::ir::testing::{Draft, conv, random_space, trellis};
use crate::ir::{Binding, DecisionGraph};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const LIMIT: usize = 1 << 20;

/// By definition: backwards from the outputs along edges that are on.
fn asked(graph: &DecisionGraph, on: &[bool]) -> Vec<bool> {
    let mut asked = vec![false; graph.graph.node_count()];
    graph.outputs.iter().for_each(|o| asked[o.node.index()] = true);
    graph.nodes().for_each(|(id, node)| asked[id.index()] |= node.keep);
    for (id, _) in graph.nodes().rev() {
        for (src, edge) in graph.inputs(id) {
            asked[src.index()] |= asked[id.index()] && edge.leaf.is_none_or(|l| on[l.0 as usize]);
        }
    }
    asked
}

#[test]
fn conditions_say_of_every_binding_what_liveness_says() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    for _ in 0..60 {
        let draft = random_space(&mut rng);
        let mut all = Conditions::new(&draft.decisions, LIMIT);
        let places = Places::of(&draft.graph, &mut all, true);
        let asked_for = Places::asked_for(&draft.graph, &mut all);
        let [live, asked_for] = [places.live, asked_for]
            .map(|of| of.into_iter().map(|f| all.whole(&draft.graph, f)).collect::<Vec<_>>());
        let mut values = Vec::new();
        for binding in draft.bindings().iter().step_by(5) {
            let on: Vec<bool> = draft.graph.leaf_weights(binding).iter().map(|w| *w > 0).collect();
            let facts = liveness(&draft.graph, &on, true);
            all.choices.encode(binding, &mut values);
            let eval = |conds: &[Cond]| -> Vec<bool> {
                conds.iter().map(|c| all.diagram.eval(*c, &values)).collect()
            };
            assert_eq!(eval(&places.present), facts.present);
            assert_eq!(eval(&live), facts.live);
            assert_eq!(eval(&asked_for), asked(&draft.graph, &on));
        }
    }
}

#[test]
fn what_is_only_given_beside_a_map_is_not_read() {
    let (mut draft, x) = Draft::new();
    let [read, beside] = [1, 3].map(|side| draft.node(conv(side), &[x]));
    let given = draft.node(Kernel::Given, &[read, beside]);
    let last = draft.node(conv(1), &[given]);
    draft.output(last);
    let mut all = Conditions::new(&draft.decisions, LIMIT);
    let live = Places::of(&draft.graph, &mut all, true).live;
    let [read, beside] = [read, beside].map(|node| live[node.index()]);
    assert_eq!([read, beside], [(Cond::TRUE, None), (Cond::FALSE, None)]);
}

#[test]
fn choices_decode_what_they_encode() {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    for _ in 0..20 {
        let draft = random_space(&mut rng);
        let choices = Choices::of(&draft.decisions);
        let mut values = Vec::new();
        for binding in draft.bindings().iter().step_by(3) {
            choices.encode(binding, &mut values);
            let back: Vec<Value> = (draft.decisions.iter().enumerate())
                .map(|(i, d)| choices.decode(DecisionId(i as u32), &d.domain, &values))
                .collect();
            assert_eq!(*binding, Binding(back));
        }
    }
}

/// What a node depends on far away goes where the domain makes up for it.
#[test]
fn conditions_in_a_trellis_stay_small() {
    let draft = trellis(8, 1, 3);
    let mut all = Conditions::new(&draft.decisions, LIMIT);
    let present = Places::present(&draft.graph, &mut all);
    let of = DecisionId(1);
    let last = draft.graph.leaves.iter().filter(|g| matches!(g, Gate::Exit { .. })).count();
    assert_eq!(last, 4);
    // That the path passes a place is one choice, however many ways lead there.
    let visits: Vec<Cond> = (0..8)
        .flat_map(|layer| (0..4).map(move |at| Gate::Visit { of, layer, at }))
        .map(|g| all.gate(g))
        .collect();
    let mixes = draft.graph.nodes().filter(|(id, n)| {
        n.kernel == crate::ir::Kernel::Mix && visits.contains(&present[id.index()])
    });
    assert!(mixes.count() > 20);
    assert!(!all.diagram.overflowed());
}
