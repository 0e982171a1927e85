//! Counts against what enumeration finds.

use super::*;
use crate::ir::canon::canonical_key;
use crate::ir::decision::{Binding, Gate, Value};
use crate::ir::member::member;
use crate::ir::testing::{
    Draft, block_cell, block_design, conv, dense_cell, random_branches, random_space, trellis,
};
use num_traits::ToPrimitive;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;

fn number(n: u64) -> Count {
    Count::Exact(n.into())
}

/// By definition: what a binding says of the decisions that are asked for.
fn architecture(draft: &Draft, binding: &Binding) -> Vec<Option<Value>> {
    let on: Vec<bool> = draft.graph.leaf_weights(binding).iter().map(|w| *w > 0).collect();
    let mut wanted = vec![false; draft.graph.graph.node_count()];
    draft.graph.outputs.iter().for_each(|o| wanted[o.node.index()] = true);
    draft.graph.nodes().for_each(|(id, node)| wanted[id.index()] |= node.keep);
    let mut asked = vec![false; draft.decisions.len()];
    for (id, _) in draft.graph.nodes().rev().collect::<Vec<_>>() {
        if !wanted[id.index()] {
            continue;
        }
        for (src, edge) in draft.graph.inputs(id) {
            if let Some(leaf) = edge.leaf {
                asked[draft.graph.gate(leaf).decision().index()] = true;
            }
            wanted[src.index()] |= edge.leaf.is_none_or(|l| on[l.0 as usize]);
        }
    }
    binding.0.iter().zip(asked).map(|(v, asked)| asked.then(|| v.clone())).collect()
}

#[test]
fn counts_are_those_of_brute_force() {
    let mut rng = ChaCha8Rng::seed_from_u64(21);
    let (mut switched, mut merged) = (0, 0);
    for _ in 0..120 {
        let draft = random_space(&mut rng);
        let bindings = draft.bindings();
        if bindings.len() > 700 {
            continue;
        }
        let found = counts(&draft.decisions, &draft.graph).whole;
        let active: BTreeSet<_> = bindings.iter().map(|b| architecture(&draft, b)).collect();
        let distinct: BTreeSet<_> =
            bindings.iter().map(|b| canonical_key(&member(&draft.graph, b))).collect();
        assert_eq!(found.assignments, bindings.len().into());
        assert_eq!(found.active, number(active.len() as u64));
        assert_eq!(found.distinct, number(distinct.len() as u64));
        switched += usize::from(active.len() < bindings.len());
        merged += usize::from(distinct.len() < active.len());
    }
    assert!(switched > 20 && merged > 20, "{switched} {merged}");
}

#[test]
fn slots_that_are_alike_hide_no_network() {
    let mut rng = ChaCha8Rng::seed_from_u64(24);
    let mut halved = 0;
    for _ in 0..60 {
        let draft = random_branches(&mut rng);
        let bindings = draft.bindings();
        if bindings.len() > 900 {
            continue;
        }
        let counts = counts(&draft.decisions, &draft.graph).whole;
        let distinct: BTreeSet<_> =
            bindings.iter().map(|b| canonical_key(&member(&draft.graph, b))).collect();
        assert_eq!(counts.distinct, number(distinct.len() as u64));
        let fewer = distinct::unordered(&draft.decisions, &draft.graph);
        let fewer = fewer.map_or(counts.assignments.clone(), |fewer| assignments(&fewer));
        assert!(fewer >= distinct.len().into());
        halved += usize::from(fewer < counts.assignments);
    }
    assert!(halved > 15, "{halved}");
}

#[test]
fn bounds_hold_where_members_are_not_compared() {
    let mut rng = ChaCha8Rng::seed_from_u64(22);
    for _ in 0..60 {
        let draft = random_space(&mut rng);
        let bindings = draft.bindings();
        if bindings.len() > 500 || draft.decisions.is_empty() {
            continue;
        }
        let report = counts(&draft.decisions, &draft.graph);
        let decisions = distinct::unordered(&draft.decisions, &draft.graph);
        let decisions = decisions.unwrap_or(draft.decisions.clone());
        let space = Active::of(&decisions, &draft.graph).expect("small");
        let all: Vec<DecisionId> = (0..draft.decisions.len() as u32).map(DecisionId).collect();
        let bounds =
            distinct::count_part(&mut distinct::Laid::of(&draft.graph), &space, &space, &all);
        let truth = report.whole.distinct.exact().expect("small").clone();
        assert!(*bounds.least() <= truth && truth <= *bounds.most(), "{bounds:?} {truth}");
    }
}

#[test]
fn every_architecture_has_a_rank_of_its_own() {
    let mut rng = ChaCha8Rng::seed_from_u64(23);
    for _ in 0..60 {
        let draft = random_space(&mut rng);
        let space = Active::of(&draft.decisions, &draft.graph).expect("small");
        let n = space.count().to_u64().expect("small");
        let seen: BTreeSet<_> = (0..n)
            .map(|r| architecture(&draft, &space.unrank(&r.into()).expect("below the count")))
            .collect();
        assert_eq!(seen.len() as u64, n);
        assert_eq!(space.unrank(&n.into()), None);
    }
}

#[test]
fn a_dense_cell_of_four_nodes_and_five_operators() {
    let draft = dense_cell(5);
    let report = counts(&draft.decisions, &draft.graph);
    assert_eq!(report.whole.assignments, 15_625u32.into());
    assert_eq!(report.whole.active, number(15_625));
    let distinct = report.whole.distinct.exact().expect("few enough").to_u64();
    assert!(distinct.is_some_and(|n| n < 15_625 && n > 5_000), "{distinct:?}");
    assert_eq!(report.parts.len(), 1);
    assert_eq!(report.parts[0].name, "cell");
}

#[test]
fn cells_of_five_blocks_with_eight_operators() {
    let (mut draft, x) = Draft::new();
    let design = block_design(&mut draft, 5, 8);
    let (a, b) = (draft.node(conv(1), &[x]), draft.node(conv(3), &[x]));
    let out = block_cell(&mut draft, &design, [a, b], 8);
    draft.output(out);
    let whole = counts(&draft.decisions, &draft.graph).whole;
    assert_eq!(whole.assignments.to_string(), "556627761561600");
    assert_eq!(whole.active, number(556_627_761_561_600));
    // Two slots in either order, perhaps equal: 16*17/2 * 24*25/2 * ...
    let most: u64 = [16u64, 24, 32, 40, 48].iter().map(|n| n * (n + 1) / 2).product();
    assert_eq!(whole.distinct.most().to_u64(), Some(most));
    assert!(whole.distinct.least().to_u64() > Some(1_000));
}

#[test]
fn a_lattice_and_its_cells_are_two_parts() {
    let draft = trellis(5, 1, 3);
    let report = counts(&draft.decisions, &draft.graph);
    let names: Vec<&str> = report.parts.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["found", "path"]);
    let path = &report.parts[1].counts;
    let paths = crate::ir::testing::lattice(5, &[0]).count();
    assert_eq!(path.assignments, paths);
    assert_eq!(path.active, Count::Exact(paths.clone()));
    assert_eq!(path.distinct, Count::Exact(paths));
    assert_eq!(report.parts[0].counts.assignments, 36u32.into());
}

/// Exits of a lattice chosen two of three, an operator per node and a width per node but the
/// first, which count where one of the two paths passes.
fn branching(layers: u8) -> Draft {
    use crate::ir::decision::{Domain, Lattice, Moves, Normalise};
    use crate::ir::shape::Scale;
    let (mut draft, x) = Draft::new();
    let pair = draft.one("paths.exits", 3);
    let lattice = |exit| Lattice {
        layers,
        scales: [8, 16, 32].map(Scale::Down).to_vec(),
        first: vec![0],
        moves: Moves { up: false, stay: true, down: true },
        exits: vec![exit],
        weigh: Normalise::Target,
    };
    let paths = [0, 1, 2].map(|e| draft.decide("paths.path", Domain::Path(lattice(e))));
    let mut outs = vec![Vec::new(); 3];
    for layer in 0..layers {
        for at in 0..3u8 {
            let mut own = x;
            for (i, name) in ["op", "width"].iter().enumerate() {
                if i == 1 && layer == 0 {
                    continue;
                }
                let of = draft.one(&format!("paths.{name}"), 5);
                let terms: Vec<_> = (0..5)
                    .map(|alt| (Gate::Alt { of, alt }, draft.op(alt as usize + 2, own)))
                    .collect();
                own = draft.mix(&terms);
            }
            for (e, &of) in paths.iter().enumerate() {
                outs[e].push((Gate::Visit { of, layer, at }, own));
            }
        }
    }
    let exits: Vec<_> = outs.iter().map(|terms| draft.mix(terms)).collect();
    let pairs = [[0, 1], [0, 2], [1, 2]];
    let terms: Vec<_> = (0..3)
        .map(|p| {
            let both = pairs[p].map(|e| exits[e]);
            (Gate::Alt { of: pair, alt: p as u32 }, draft.node(crate::ir::Kernel::Add, &both))
        })
        .collect();
    let out = draft.mix(&terms);
    draft.output(out);
    draft
}

/// Chen et al., FasterSeg: sixteen layers, two exits of three. Sum over pairs of paths of
/// 5^(2|U|-1), U the places they pass.
#[test]
fn decisions_count_where_one_of_two_paths_passes() {
    let draft = branching(16);
    let space = Active::of(&draft.decisions, &draft.graph).expect("it can be gone through");
    assert_eq!(space.count().to_string(), "544336312075784398454125039279460906982421875");
}
