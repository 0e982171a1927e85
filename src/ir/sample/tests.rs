//! Ranks and samples against one another.

use super::*;
use crate::ir::canon::canonical_key;
use crate::ir::member::member;
use crate::ir::testing::{Draft, dense_cell, random_space};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;

/// Pearson's statistic against equal likelihood, in standard deviations above its mean.
fn excess(seen: &BTreeMap<Vec<u8>, u64>, cells: u64) -> f64 {
    let draws: u64 = seen.values().sum();
    let expected = draws as f64 / cells as f64;
    let empty = (cells - seen.len() as u64) as f64 * expected;
    let stat: f64 = seen.values().map(|n| (*n as f64 - expected).powi(2) / expected).sum();
    let freedom = cells as f64 - 1.0;
    (stat + empty - freedom) / (2.0 * freedom).sqrt()
}

fn spell(binding: &Binding) -> Vec<u8> {
    format!("{binding:?}").into_bytes()
}

/// Nested choices, a path, unordered picks: independent draws would not be uniform.
fn mixed() -> Draft {
    let (mut draft, x) = Draft::new();
    let outer = draft.one("outer", 2);
    let path = draft.path("path", 3, &[0]);
    let inner = draft.picks("inner", 2, (false, false), &[2, 1, 1]);
    let read = draft.read(inner, &[x, x, x], 2);
    let visit = |at| crate::ir::Gate::Visit { of: path, layer: 2, at };
    let terms = [0, 1, 2].map(|at| (visit(at), draft.op(at as usize + 2, x)));
    let along = draft.mix(&terms);
    let alt = |alt| crate::ir::Gate::Alt { of: outer, alt };
    let out = draft.mix(&[(alt(0), read), (alt(1), along)]);
    draft.output(out);
    draft
}

#[test]
fn draws_are_uniform_over_what_is_counted() {
    let draft = mixed();
    let sampler = Sampler::of(&draft.decisions);
    let active = Active::of(&draft.decisions, &draft.graph).expect("small");
    let distinct = Distinct::of(&draft.decisions, &draft.graph).expect("small");
    let mut rng = ChaCha8Rng::seed_from_u64(31);
    let cells = [sampler.count(), active.count(), &distinct.members().len().into()]
        .map(|n| n.to_u64().expect("small"));
    assert_eq!(cells[0], 2 * 5 * 5);
    assert_eq!(cells[1], 5 + 5);
    let mut seen = [BTreeMap::new(), BTreeMap::new(), BTreeMap::new()];
    for _ in 0..4_000 {
        let draws = [
            sampler.sample(&mut rng).expect("not empty"),
            active.sample(&mut rng).expect("not empty"),
            distinct.sample(&mut rng).expect("not empty").clone(),
        ];
        for (seen, draw) in seen.iter_mut().zip(&draws) {
            *seen.entry(spell(draw)).or_insert(0) += 1;
        }
    }
    for (seen, cells) in seen.iter().zip(cells) {
        let sigmas = excess(seen, cells);
        assert!(sigmas.abs() < 4.0, "{sigmas}");
    }
}

#[test]
fn numbers_below_a_bound_are_uniform() {
    let mut rng = ChaCha8Rng::seed_from_u64(32);
    for n in [1u32, 2, 7, 255, 256, 257] {
        let mut seen = BTreeMap::new();
        for _ in 0..20 * n {
            *seen.entry(below(&n.into(), &mut rng).to_bytes_le()).or_insert(0) += 1;
        }
        assert!(n == 1 || excess(&seen, n.into()) < 4.0);
    }
}

#[test]
fn enumeration_goes_through_every_rank_from_any_start() {
    let mut rng = ChaCha8Rng::seed_from_u64(33);
    for _ in 0..30 {
        let draft = random_space(&mut rng);
        let sampler = Sampler::of(&draft.decisions);
        let all: Vec<Binding> = sampler.enumerate(&BigUint::zero()).collect();
        assert_eq!(*sampler.count(), all.len().into());
        assert_eq!(all, draft.bindings());
        let start = all.len() / 3;
        assert!(sampler.enumerate(&start.into()).eq(all[start..].iter().cloned()));
        for (rank, binding) in all.iter().enumerate().step_by(11) {
            assert_eq!(sampler.rank(binding), Some(rank.into()));
            assert_eq!(sampler.unrank(&rank.into()).as_ref(), Some(binding));
        }
        assert_eq!(sampler.enumerate(sampler.count()).next(), None);
    }
}

#[test]
fn distinct_members_are_the_first_of_their_classes() {
    let mut rng = ChaCha8Rng::seed_from_u64(34);
    for _ in 0..40 {
        let draft = random_space(&mut rng);
        let bindings = draft.bindings();
        if bindings.len() > 500 {
            continue;
        }
        let mut firsts = BTreeMap::new();
        for (rank, binding) in bindings.iter().enumerate() {
            firsts.entry(canonical_key(&member(&draft.graph, binding))).or_insert(rank);
        }
        let mut expected: Vec<usize> = firsts.into_values().collect();
        expected.sort_unstable();
        let found = Distinct::of(&draft.decisions, &draft.graph).expect("small");
        let expected: Vec<Binding> = expected.into_iter().map(|r| bindings[r].clone()).collect();
        assert_eq!(found.members(), expected);
    }
}

#[test]
fn a_six_edge_cell_is_gone_through_at_once() {
    let draft = dense_cell(5);
    let sampler = Sampler::of(&draft.decisions);
    assert_eq!(sampler.enumerate(&BigUint::zero()).count(), 15_625);
}

#[test]
fn what_does_not_fit_machine_words_is_ranked_and_drawn_all_the_same() {
    let (mut draft, _) = Draft::new();
    draft.picks("huge", 40, (true, true), &[16; 3]);
    draft.one("small", 3);
    let sampler = Sampler::of(&draft.decisions);
    let mut rng = ChaCha8Rng::seed_from_u64(35);
    for _ in 0..20 {
        let binding = sampler.sample(&mut rng).expect("not empty");
        let rank = sampler.rank(&binding).expect("of this space");
        assert_eq!(sampler.unrank(&rank), Some(binding));
        let two: Vec<Binding> = sampler.enumerate(&rank).take(2).collect();
        assert_eq!(two.get(1).and_then(|b| sampler.rank(b)), Some(rank + 1u32));
    }
}
