//! Bounds against brute force over every member.

use super::*;
use crate::cost::{cost, exact};
use crate::ir::member;
use crate::ir::shape::Size;
use crate::ir::testing::{Draft, dense_cell, random_space, trellis};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const ASKED: Question = Question { input: Size { h: 32, w: 32 }, batch: 1, train: false };

/// A way to find the extreme of a sum.
type Way = fn(&[Decision], &DecisionGraph, &mut Conditions, &Sum, &[Sense]) -> Option<Vec<u64>>;

/// Whether the ends that are said to be attained are those of brute force, and the others outside.
fn check(draft: &Draft) -> bool {
    agrees(draft, bounds(&draft.decisions, &draft.graph, ASKED).expect("it runs"))
}

/// Both ends of both costs, as one way finds them.
fn ends(draft: &Draft, way: Way) -> Option<Bounds> {
    let terms = Terms::of(&draft.decisions, &draft.graph, ASKED).expect("it runs");
    let end = |cost, sense| {
        let sum = sum::of(terms.of.clone(), cost).expect("it fits");
        let all = &mut terms.all.clone();
        way(&draft.decisions, &draft.graph, all, &sum, &[sense]).map(|ends| ends[0])
    };
    let range = |cost| {
        let (min, max) = (end(cost, Sense::Least)?, end(cost, Sense::Most)?);
        Some(Range { min, max, min_attained: true, max_attained: true })
    };
    let whole = cost(&draft.graph, ASKED).expect("it runs");
    Some(Bounds { params: range(|cost| cost.params)?, macs: range(|cost| cost.macs)?, whole })
}

/// Spaces drawn by chance, and a trellis; of every other one all kernels of a shape are tied.
fn drafts(seed: u64) -> Vec<Draft> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut drafts = vec![trellis(4, 1, 3)];
    drafts.extend((0..60).map(|_| random_space(&mut rng)));
    drafts.iter_mut().step_by(2).for_each(Draft::tie);
    drafts
}

fn agrees(draft: &Draft, found: Bounds) -> bool {
    let costs: Vec<_> = draft
        .bindings()
        .iter()
        .map(|b| exact(&member(&draft.graph, b), ASKED).expect("it runs"))
        .collect();
    let ends = |f: fn(&crate::cost::Costs) -> u64| {
        (costs.iter().map(f).min().unwrap_or(0), costs.iter().map(f).max().unwrap_or(0))
    };
    let check = |range: Range, (min, max): (u64, u64)| {
        assert!(range.min <= min && range.max >= max, "{range:?} {min} {max}");
        assert!(!range.min_attained || range.min == min, "{range:?} {min}");
        assert!(!range.max_attained || range.max == max, "{range:?} {max}");
        range.min_attained && range.max_attained
    };
    assert_eq!(found.whole, cost(&draft.graph, ASKED).expect("it runs"));
    let params = check(found.params, ends(|c| c.params));
    check(found.macs, ends(|c| c.macs)) && params
}

#[test]
fn bounds_are_those_of_brute_force() {
    for draft in drafts(51) {
        assert!(check(&draft));
    }
}

#[test]
fn every_way_gives_the_ends_of_brute_force() {
    let outside: Way = |decisions, graph, all, sum, senses| {
        let bound = outer(decisions, graph, all.clone(), sum, senses[0]).expect("it runs");
        bound.exact.then_some(vec![bound.value])
    };
    for way in [eliminate::extremes, branch::extremes, outside] {
        let mut found = 0;
        for draft in drafts(53) {
            let ends = ends(&draft, way);
            assert!(ends.is_none_or(|ends| agrees(&draft, ends)));
            found += usize::from(ends.is_some());
        }
        assert!(found > 40, "{found}");
    }
}

/// Values that are best whatever the rest is are: what is left has the same extreme.
#[test]
fn what_is_fixed_is_best() {
    let mut fewer = 0;
    for draft in drafts(54) {
        let way: Way = |decisions, graph, all, sum, senses| {
            let open = fix::Open::of(graph, all, sum).expect("few hang together");
            let fixed = fix::fixed(decisions, graph, all, (sum, &open), senses[0]);
            eliminate::extremes(decisions, graph, all, fixed.as_ref().unwrap_or(sum), senses)
        };
        assert!(ends(&draft, way).is_none_or(|ends| agrees(&draft, ends)));
        let terms = Terms::of(&draft.decisions, &draft.graph, ASKED).expect("it runs");
        let sum = sum::of(terms.of.clone(), |cost| cost.macs).expect("it fits");
        for sense in [Sense::Least, Sense::Most] {
            let mut all = terms.all.clone();
            let open = fix::Open::of(&draft.graph, &all, &sum).expect("few hang together");
            let fixed = fix::fixed(&draft.decisions, &draft.graph, &mut all, (&sum, &open), sense);
            fewer += usize::from(fixed.is_some_and(|fixed| fixed.len() < sum.len()));
        }
    }
    assert!(fewer > 50, "{fewer}");
}

#[test]
fn costs_that_add_up_are_attained_however_large_the_space() {
    let draft = dense_cell(7);
    let found = bounds(&draft.decisions, &draft.graph, ASKED).expect("it runs");
    // Skips cost nothing; the dearest of these operators is a 3x3 convolution, 144 parameters.
    assert_eq!((found.params.min, found.params.max), (0, 6 * 144));
    assert!(found.params.min_attained && found.params.max_attained);
    assert_eq!(found.macs.max, 6 * 144 * 32 * 32);
}

#[test]
fn bounds_from_outside_hold() {
    let mut rng = ChaCha8Rng::seed_from_u64(52);
    for _ in 0..60 {
        let draft = random_space(&mut rng);
        let mut terms = Terms::of(&draft.decisions, &draft.graph, ASKED).expect("it runs");
        let macs = sum::of(terms.of.clone(), |cost| cost.macs).expect("it fits");
        let whole = |(when, cost): &(When, u64)| (when.whole(&draft.graph, &mut terms.all), *cost);
        let sum: Vec<(Cond, u64)> = macs.iter().map(whole).collect();
        let mut solver = Solver::new(&draft.decisions, terms.all);
        for sense in [Sense::Least, Sense::Most] {
            let truth = solver.solve(sum.clone(), sense);
            let outside = solver.relaxed(sum.clone(), sense);
            assert!(truth.exact);
            assert!(!sense.better(truth.value, outside.value));
        }
    }
}
