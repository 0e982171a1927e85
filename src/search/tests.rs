//! Relaxing and decoding together.

use super::{Boundary, Relaxation};
use crate::decode::tests::{decision, lattice, picks};
use crate::decode::{Rules, Score, ScoredArrow, decode};
use crate::ir::decision::{Lattice, Normalise, Pick, Value};
use crate::ir::{Binding, Decision, DecisionId, Domain, Gate};
use num_bigint::BigUint;
use num_traits::ToPrimitive;
use proptest::prelude::*;

/// A space with every kind of decision; the last two are read slot by slot.
fn space(weigh: Normalise) -> (Vec<Decision>, Vec<Gate>) {
    let domains = [
        Domain::One(["a", "b", "c"].map(str::to_owned).to_vec()),
        Domain::Picks(picks(2, false, false, &[2, 3, 4])),
        Domain::Picks(picks(2, true, false, &[3, 0, 2, 1])),
        Domain::Picks(picks(3, false, true, &[0, 0, 0])),
        Domain::Path(Lattice { weigh, exits: vec![1, 2], ..lattice(6, &[0, 1]) }),
        Domain::Picks(picks(2, true, true, &[2, 2])),
        Domain::Picks(picks(2, false, false, &[1, 2, 2])),
    ];
    let pick = Pick { candidate: 0, op: 0 };
    let leaves = [5, 6].map(|of| Gate::Slot { of: DecisionId(of), slot: 0, pick });
    (domains.into_iter().map(decision).collect(), leaves.to_vec())
}

/// The value with its picks in textual order: where no leaf tells slots apart, the relaxation
/// does not either.
fn sorted(mut value: Value) -> Value {
    if let Value::Picks(picks) = &mut value {
        picks.sort_unstable();
    }
    value
}

fn any_weigh() -> impl Strategy<Value = Normalise> {
    prop_oneof![Just(Normalise::Source), Just(Normalise::Target)]
}

proptest! {
    #[test]
    fn whatever_the_parameters_a_member_is_decoded(
        weigh in any_weigh(),
        scaled in any::<bool>(),
        sharp in prop::sample::select(vec![0.0, 1.0, 10.0, 1e4]),
        numbers in prop::collection::vec(-1.0..1.0_f64, 200),
        distinct in any::<bool>(),
        avoid in prop::sample::subsequence(vec!["a", "b", "c", "o0", "o1"], 0..=5),
    ) {
        let (decisions, leaves) = space(weigh);
        let boundary = if scaled { Boundary::Scaled } else { Boundary::Plain };
        let relaxation = Relaxation::new(&decisions, &leaves, boundary).expect("relaxes");
        let params: Vec<f64> = numbers.iter().map(|x| sharp * x).take(relaxation.len()).collect();
        let avoid = avoid.into_iter().map(str::to_owned).collect();
        let rules = Rules { inputs: None, distinct, avoid };
        let decoded = decode(&decisions, &relaxation.scores(&params), &rules).expect("decodes");
        for (decision, value) in decisions.iter().zip(&decoded.binding.0) {
            prop_assert!(decision.domain.rank(value).is_some(), "{value:?}");
        }
    }

    #[test]
    fn what_is_singled_out_is_decoded(
        weigh in any_weigh(),
        scaled in any::<bool>(),
        ranks in prop::collection::vec(any::<u32>(), 7),
    ) {
        let (decisions, leaves) = space(weigh);
        let value = |(decision, rank): (&Decision, u32)| -> Value {
            let rank = BigUint::from(rank) % decision.domain.count();
            decision.domain.unrank(&rank).expect("below the count")
        };
        let mut binding = Binding(decisions.iter().zip(ranks).map(value).collect());
        binding.0[2] = sorted(binding.0[2].clone());
        let boundary = if scaled { Boundary::Scaled } else { Boundary::Plain };
        let relaxation = Relaxation::new(&decisions, &leaves, boundary).expect("relaxes");
        let scores = relaxation.scores(&relaxation.one_hot(&binding, 30.0));
        let decoded = decode(&decisions, &scores, &Rules::default()).expect("decodes");
        prop_assert_eq!(decoded.binding, binding);
    }
}

/// Every value of a small space, not a sample.
#[test]
fn every_value_that_is_singled_out_is_decoded() {
    let (decisions, _) = space(Normalise::Source);
    for decision in &decisions[..5] {
        let one = std::slice::from_ref(decision);
        let relaxation = Relaxation::new(one, &[], Boundary::Plain).expect("relaxes");
        for rank in 0..decision.domain.count().to_u64().expect("small") {
            let value = decision.domain.unrank(&rank.into()).expect("below the count");
            let want = Binding(vec![sorted(value)]);
            let scores = relaxation.scores(&relaxation.one_hot(&want, 30.0));
            let got = decode(one, &scores, &Rules::default()).expect("decodes").binding;
            assert_eq!(got, want);
        }
    }
}

/// The worked example of decoding, from logits: `Scaled` is the public re-implementation's
/// normalisation, `Plain` the paper's.
#[test]
fn boundaries_decide_between_paths_as_in_the_worked_example() {
    let decisions = [decision(Domain::Path(lattice(12, &[0, 1])))];
    let path = |boundary| {
        let relaxation = Relaxation::new(&decisions, &[], boundary).expect("relaxes");
        let zeros = vec![0.0; relaxation.len()];
        let Score::Path(rows) = &relaxation.scores(&zeros)[0] else { unreachable!("a path") };
        let logit = |row: &ScoredArrow| {
            let (l, s) = (f64::from(row.arrow.layer), row.arrow.from.unwrap_or(0));
            let k = f64::from(row.arrow.to) + 1.0 - f64::from(s);
            (0.91 * (1.0 + 12.0 * l + 3.0 * f64::from(s) + k) + 0.7).sin()
        };
        let params: Vec<f64> = rows.iter().map(logit).collect();
        decode(&decisions, &relaxation.scores(&params), &Rules::default()).expect("decodes").binding
    };
    let want = |steps: [u8; 12]| Binding(vec![Value::Path(steps.to_vec())]);
    assert_eq!(path(Boundary::Scaled), want([0, 1, 1, 2, 2, 3, 3, 3, 2, 3, 3, 2]));
    assert_eq!(path(Boundary::Plain), want([0, 0, 1, 2, 2, 3, 3, 3, 2, 3, 3, 2]));
}

/// With equal logits every path ties where boundaries are scaled; otherwise the boundary wins.
#[test]
fn equal_logits_prefer_a_path_only_where_boundaries_are_plain() {
    let decisions = [decision(Domain::Path(lattice(12, &[0, 1])))];
    let verdict = |boundary| {
        let relaxation = Relaxation::new(&decisions, &[], boundary).expect("relaxes");
        let scores = relaxation.scores(&vec![0.0; relaxation.len()]);
        decode(&decisions, &scores, &Rules::default()).expect("decodes").verdicts[0]
    };
    let scaled = verdict(Boundary::Scaled);
    assert!((scaled.log_weight + 12.0 * 3.0_f64.ln()).abs() < 1e-12);
    assert!(scaled.margin.expect("rivals") < 1e-12);
    assert!((verdict(Boundary::Plain).log_weight + 12.0 * 2.0_f64.ln()).abs() < 1e-12);
}
