//! Bounds against brute force over every member.

use super::*;
use crate::cost::exact;
use crate::ir::member;
use crate::ir::shape::Size;
use crate::ir::testing::{Draft, dense_cell, random_space, trellis};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const ASKED: Question = Question { input: Size { h: 32, w: 32 }, batch: 1, train: false };

/// Whether the ends that are said to be attained are those of brute force, and the others outside.
fn check(draft: &Draft) -> bool {
    let terms = terms(&draft.decisions, &draft.graph, ASKED).expect("it runs");
    let outer = outer(&draft.decisions, &draft.graph, ASKED, terms).expect("it runs");
    let found = bounds(&draft.decisions, &draft.graph, ASKED).expect("it runs");
    agrees(draft, outer) && agrees(draft, found)
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
    let params = check(found.params, ends(|c| c.params));
    check(found.macs, ends(|c| c.macs)) && params
}

#[test]
fn bounds_are_those_of_brute_force() {
    let mut rng = ChaCha8Rng::seed_from_u64(51);
    for _ in 0..60 {
        assert!(check(&random_space(&mut rng)));
    }
    assert!(check(&trellis(4, 1, 3)));
}

#[test]
fn taking_out_variables_gives_the_ends_of_brute_force() {
    let mut rng = ChaCha8Rng::seed_from_u64(53);
    let (mut found, mut drafts): (_, Vec<Draft>) = (0, vec![trellis(4, 1, 3)]);
    drafts.extend((0..60).map(|_| random_space(&mut rng)));
    for draft in &drafts {
        let mut terms = terms(&draft.decisions, &draft.graph, ASKED).expect("it runs");
        let ends =
            eliminate::ends(&draft.decisions, &draft.graph, &mut terms.all, &terms.of).map(whole);
        assert!(ends.is_none_or(|ends| agrees(draft, ends)));
        found += usize::from(ends.is_some());
    }
    assert!(found > 50, "{found}");
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
        let mut terms = terms(&draft.decisions, &draft.graph, ASKED).expect("it runs");
        let whole = |(f, t): (&Factor, &Term)| (terms.all.whole(&draft.graph, *f), t.cost.macs);
        let sum: Vec<(Cond, u64)> = terms.of.iter().map(whole).collect();
        let mut solver = Solver::new(&draft.decisions, terms.all);
        for sense in [Sense::Least, Sense::Most] {
            let truth = solver.solve(sum.clone(), sense);
            let outside = solver.relaxed(sum.clone(), sense);
            assert!(truth.exact);
            assert!(!sense.better(truth.value, outside.value));
        }
    }
}
