//! Decoding against brute force, and against a public decoder's worked example.

use super::*;
use crate::ir::decision::{Candidate, Lattice, Moves, Normalise, Pick, Picks};
use crate::ir::shape::Scale;
use crate::source::Span;
use num_bigint::BigUint;
use num_traits::ToPrimitive;
use proptest::prelude::*;

/// Four scales, every move, every exit.
pub(crate) fn lattice(layers: u8, first: &[u8]) -> Lattice {
    Lattice {
        layers,
        scales: [4, 8, 16, 32].map(Scale::Down).to_vec(),
        first: first.to_vec(),
        moves: Moves { up: true, stay: true, down: true },
        exits: vec![0, 1, 2, 3],
        weigh: Normalise::Source,
    }
}

/// `k` of candidates with so many operators each: `o0`, `o1`, ….
pub(crate) fn picks(k: u32, ordered: bool, repeats: bool, ops: &[usize]) -> Picks {
    let candidate = |(i, &n): (usize, &usize)| Candidate {
        label: format!("x{i}"),
        ops: (0..n).map(|j| format!("o{j}")).collect(),
    };
    Picks { k, ordered, repeats, candidates: ops.iter().enumerate().map(candidate).collect() }
}

pub(crate) fn decision(domain: Domain) -> Decision {
    Decision { name: "d".to_owned(), domain, at: Span::default() }
}

fn rules(distinct: bool, avoid: &[&str]) -> Rules {
    let avoid = avoid.iter().map(|&label| label.to_owned()).collect();
    Rules { inputs: None, distinct, avoid }
}

fn value(domain: &Domain, score: Score, rules: &Rules) -> Value {
    let mut decoded = decode(&[decision(domain.clone())], &[score], rules).expect("decodes");
    decoded.binding.0.remove(0)
}

fn path_of(lattice: &Lattice, weigh: impl Fn(Arrow) -> f64) -> (Vec<u8>, Verdict) {
    let row = |arrow| ScoredArrow { arrow, weight: weigh(arrow) };
    let rows: Vec<_> = arrows(lattice).into_iter().map(row).collect();
    path::best(lattice, &rows).expect("the lattice has a path")
}

/// The example of NoamRosenberg/autodeeplab: `betas[l][s][k]` weighs the arrow from scale `s`
/// into layer `l` (both from 0), finer, same or coarser for k = 0, 1, 2; the stem counts as
/// scale 0 before layer 0. A row is a softmax over the arrows that exist, at both boundary
/// scales times `boundary`.
fn worked_example(boundary: f64) -> Vec<u8> {
    let beta = |arrow: Arrow| {
        let (l, s) = (f64::from(arrow.layer), arrow.from.unwrap_or(0));
        let logit = |k: f64| (0.91 * (1.0 + 12.0 * l + 3.0 * f64::from(s) + k) + 0.7).sin();
        let live = (0..3_u8).filter(|k| (1..=4).contains(&(s + k)));
        let total: f64 = live.clone().map(|k| logit(f64::from(k)).exp()).sum();
        let scale = if live.count() == 2 { boundary } else { 1.0 };
        scale * logit(f64::from(arrow.to + 1 - s)).exp() / total
    };
    path_of(&lattice(12, &[0, 1]), beta).0
}

#[test]
fn the_worked_example_is_decoded_as_by_the_public_decoder() {
    assert_eq!(worked_example(2.0 / 3.0), [0, 1, 1, 2, 2, 3, 3, 3, 2, 3, 3, 2]);
    assert_eq!(worked_example(1.0), [0, 0, 1, 2, 2, 3, 3, 3, 2, 3, 3, 2]);
}

#[test]
fn of_paths_that_tie_the_finest_wins_where_they_first_part() {
    let all = lattice(12, &[1, 0]);
    let (path, verdict) = path_of(&all, |_| 1.0 / 3.0);
    assert_eq!(path, [0; 12]);
    assert_eq!(verdict.margin, Some(0.0));
    // The same three factors in another order differ by rounding alone.
    let factors = [0.1, 0.3, 0.7];
    let weigh = |a: Arrow| factors[(a.layer as usize + a.to as usize) % 3];
    let two =
        Lattice { moves: Moves { up: false, stay: true, down: false }, ..lattice(3, &[0, 2]) };
    assert_eq!(path_of(&two, weigh).0, [0; 3]);
}

#[test]
fn where_every_path_weighs_nothing_the_first_is_taken() {
    let (path, verdict) = path_of(&lattice(4, &[1]), |_| 0.0);
    assert_eq!(path, [1, 0, 0, 0]);
    assert_eq!((verdict.log_weight, verdict.margin), (f64::NEG_INFINITY, Some(0.0)));
}

/// Every path with its log weight, in order of rank.
fn all_paths(lattice: &Lattice, weigh: impl Fn(Arrow) -> f64) -> Vec<(Vec<u8>, f64)> {
    let count = lattice.count().to_u64().expect("small");
    let mut all: Vec<_> = (0..count)
        .map(|rank| {
            let path = lattice.unrank(&BigUint::from(rank)).expect("below the count");
            let log = path.iter().enumerate().map(|(layer, &to)| {
                let from = layer.checked_sub(1).map(|before| path[before]);
                weigh(Arrow { layer: layer as u8, from, to }).ln()
            });
            let log = log.sum();
            (path, log)
        })
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

prop_compose! {
    fn any_lattice()(
        layers in 1..7_u8,
        first in prop::sample::subsequence(vec![0, 1, 2, 3], 1..4),
        exits in prop::sample::subsequence(vec![0, 1, 2, 3], 1..=4),
        (up, stay, down) in any::<(bool, bool, bool)>(),
    ) -> Lattice {
        Lattice { exits, moves: Moves { up, stay, down }, ..lattice(layers, &first) }
    }
}

proptest! {
    /// A few coarse weights make many ties and many zeros.
    #[test]
    fn the_best_path_is_that_of_brute_force(
        lattice in any_lattice().prop_filter("has paths", |l| l.count() > BigUint::ZERO),
        table in prop::collection::vec(prop::sample::select(vec![0.0, 0.1, 0.2, 0.5, 1.0]), 7 * 20),
        smooth in any::<bool>(),
    ) {
        let weigh = |a: Arrow| {
            let at = a.layer as usize * 20 + a.from.map_or(0, |s| s as usize + 1) * 4 + a.to as usize;
            if smooth { table[at] + (at as f64).sin().abs() } else { table[at] }
        };
        let all = all_paths(&lattice, weigh);
        let top = all.iter().map(|(_, log)| *log).fold(f64::NEG_INFINITY, f64::max);
        let (want, _) = all.iter().find(|(_, log)| *log >= top - 1e-9).expect("some path");
        let (path, verdict) = path_of(&lattice, weigh);
        prop_assert_eq!(&path, want);
        prop_assert!(verdict.log_weight == top || (verdict.log_weight - top).abs() < 1e-9);
        let second = all.iter().filter(|(p, _)| p != want).map(|(_, log)| *log).reduce(f64::max);
        match (gap(top, second), verdict.margin) {
            (Some(want), Some(got)) => prop_assert!((want - got).abs() < 1e-8),
            (want, got) => prop_assert_eq!(want, got),
        }
    }

    #[test]
    fn whatever_the_tables_say_a_member_comes_out(
        (k, ordered, repeats) in (0..4_u32, any::<bool>(), any::<bool>()),
        ops in prop::collection::vec(0..4_usize, 3..6),
        table in prop::collection::vec(prop::sample::select(vec![0.0, 0.3, 1.0, f64::NAN]), 60),
        distinct in any::<bool>(),
        avoid in prop::sample::subsequence(vec!["o0", "o1", "o2"], 0..=3),
        by_slot in any::<bool>(),
    ) {
        let domain = picks(k, ordered, repeats, &ops);
        let options = domain.options().len();
        let score = if by_slot {
            Score::Slots(table.chunks(options).take(k as usize).map(<[f64]>::to_vec).collect())
        } else {
            let row = |(i, n): (usize, &usize)| table[4 * i..][..(*n).max(1)].to_vec();
            Score::Candidates(ops.iter().enumerate().map(row).collect())
        };
        let domain = Domain::Picks(domain);
        let value = value(&domain, score, &rules(distinct, &avoid));
        prop_assert!(domain.rank(&value).is_some(), "{:?}", value);
    }
}

fn pick(candidate: u16, op: u16) -> Pick {
    Pick { candidate, op }
}

#[test]
fn the_strongest_inputs_are_judged_by_what_is_not_avoided() {
    let domain = Domain::Picks(picks(2, true, true, &[3, 3, 3]));
    let score =
        Score::Candidates(vec![vec![0.9, 0.06, 0.04], vec![0.1, 0.3, 0.6], vec![0.35, 0.45, 0.2]]);
    let kept = value(&domain, score.clone(), &rules(true, &["o0"]));
    assert_eq!(kept, Value::Picks(vec![pick(1, 2), pick(2, 1)]));
    let kept = value(&domain, score, &rules(true, &[]));
    assert_eq!(kept, Value::Picks(vec![pick(0, 0), pick(1, 2)]));
}

#[test]
fn equal_inputs_are_taken_in_textual_order() {
    let domain = Domain::Picks(picks(2, false, false, &[2, 2, 2, 2]));
    let score = Score::Candidates(vec![vec![0.5, 0.5]; 4]);
    let kept = value(&domain, score, &rules(true, &[]));
    assert_eq!(kept, Value::Picks(vec![pick(0, 0), pick(1, 0)]));
}

#[test]
fn an_avoided_label_is_taken_where_nothing_else_is_left() {
    let domain = Domain::Picks(picks(2, false, false, &[1, 1, 2]));
    let score = Score::Candidates(vec![vec![0.2], vec![0.8], vec![0.9, 0.1]]);
    let kept = value(&domain, score, &rules(true, &["o0"]));
    assert_eq!(kept, Value::Picks(vec![pick(1, 0), pick(2, 1)]));
    let one = Domain::One(vec!["none".to_owned(), "conv".to_owned()]);
    let avoid = rules(false, &["none"]);
    assert_eq!(value(&one, Score::One(vec![0.9, 0.1]), &avoid), Value::One(1));
}

#[test]
fn a_candidate_is_repeated_where_that_is_most_probable() {
    let domain = Domain::Picks(picks(3, false, true, &[0, 0]));
    let twice = value(&domain, Score::Candidates(vec![vec![1.8], vec![1.2]]), &rules(false, &[]));
    assert_eq!(twice, Value::Picks(vec![pick(0, 0), pick(0, 0), pick(1, 0)]));
    let thrice = value(&domain, Score::Candidates(vec![vec![2.7], vec![0.3]]), &rules(false, &[]));
    assert_eq!(thrice, Value::Picks(vec![pick(0, 0); 3]));
}

#[test]
fn every_slot_takes_its_own_best_and_leaves_it_to_none() {
    let score = Score::Slots(vec![vec![0.1, 0.2, 0.7], vec![0.2, 0.3, 0.5]]);
    let ordered = |repeats| Domain::Picks(picks(2, true, repeats, &[0, 0, 0]));
    let of = |domain: &Domain| value(domain, score.clone(), &rules(false, &[]));
    assert_eq!(of(&ordered(true)), Value::Picks(vec![pick(2, 0), pick(2, 0)]));
    assert_eq!(of(&ordered(false)), Value::Picks(vec![pick(2, 0), pick(1, 0)]));
}

#[test]
fn margins_compare_with_what_could_have_come_instead() {
    let domain = decision(Domain::Picks(picks(2, false, false, &[2, 2, 2])));
    let score = Score::Candidates(vec![vec![0.9, 0.1], vec![0.2, 0.8], vec![0.4, 0.6]]);
    let decoded = decode(&[domain], &[score], &Rules::default()).expect("decodes");
    let verdict = decoded.verdicts[0];
    assert!((verdict.log_weight - (0.9_f64 * 0.8).ln()).abs() < 1e-12);
    assert!((verdict.margin.expect("has a rival") - (0.8_f64 / 0.6).ln()).abs() < 1e-12);
    let lone = decode(
        &[decision(Domain::One(vec!["a".into()]))],
        &[Score::One(vec![1.0])],
        &Rules::default(),
    )
    .expect("decodes");
    assert_eq!(lone.verdicts[0], Verdict { log_weight: 0.0, margin: None });
}

#[test]
fn rules_and_scores_that_do_not_suit_are_refused() {
    let domain = decision(Domain::Picks(picks(3, false, false, &[2, 2, 2])));
    let asked = Rules { inputs: Some(2), ..Rules::default() };
    let refusal = check(std::slice::from_ref(&domain), &asked).expect_err("2 is not 3");
    assert_eq!(refusal.to_string(), "decoding keeps 2 inputs, but `d` picks 3");
    let refusal = decode(&[domain], &[Score::One(vec![1.0])], &Rules::default());
    assert_eq!(refusal, Err(DecodeError::Shape { decision: "d".to_owned() }));
}
