//! Gradients against finite differences, and weights against what they stand for.

use super::*;
use crate::decode::tests::{decision, lattice, picks};
use crate::ir::DecisionId;
use crate::ir::decision::{Lattice, Moves, Pick};
use num_bigint::BigUint;
use num_traits::ToPrimitive;
use proptest::prelude::*;

const OF: DecisionId = DecisionId(0);

fn labels(n: usize) -> Vec<String> {
    (0..n).map(|i| format!("a{i}")).collect()
}

/// Every fact about a path decision.
fn path_gates(of: DecisionId, lattice: &Lattice) -> Vec<Gate> {
    let scales = lattice.scales.len() as u8;
    let mut gates: Vec<Gate> = (0..scales).map(|at| Gate::Exit { of, at }).collect();
    for layer in 0..lattice.layers {
        for at in 0..scales {
            gates.push(Gate::Visit { of, layer, at });
            if lattice.weigh == Normalise::Source {
                gates.push(Gate::Last { of, layer, at });
            }
            let before = if layer == 0 { vec![None] } else { (0..scales).map(Some).collect() };
            gates.extend(before.into_iter().map(|from| Gate::Arrow { of, layer, from, to: at }));
        }
    }
    gates
}

/// Every fact about a decision; of picks those about slots, or those about the whole.
fn gates(of: DecisionId, domain: &Domain, by_slot: bool) -> Vec<Gate> {
    match domain {
        Domain::One(labels) => (0..labels.len() as u32).map(|alt| Gate::Alt { of, alt }).collect(),
        Domain::Picks(picks) => {
            let options = picks.options();
            let mut gates: Vec<Gate> =
                options.iter().map(|&pick| Gate::Pick { of, pick }).collect();
            for slot in 0..if by_slot { picks.k } else { 0 } {
                gates.extend(options.iter().map(|&pick| Gate::Slot { of, slot, pick }));
            }
            for candidate in 0..if by_slot { picks.candidates.len() as u16 } else { 0 } {
                gates.extend([Gate::Taken { of, candidate }, Gate::Spared { of, candidate }]);
            }
            gates
        }
        Domain::Path(lattice) => path_gates(of, lattice),
    }
}

prop_compose! {
    fn any_path()(
        layers in 1..5_u8,
        first in prop::sample::subsequence(vec![0, 1, 2], 1..=3),
        exits in prop::sample::subsequence(vec![0, 1, 2, 3], 1..=4),
        (up, down, by_target) in any::<(bool, bool, bool)>(),
    ) -> Domain {
        let weigh = if by_target { Normalise::Target } else { Normalise::Source };
        let moves = Moves { up, stay: true, down };
        Domain::Path(Lattice { exits, moves, weigh, ..lattice(layers, &first) })
    }
}

fn any_domain() -> impl Strategy<Value = Domain> {
    let ops = prop::collection::vec(0..4_usize, 3..5);
    prop_oneof![
        (1..5_usize).prop_map(|n| Domain::One(labels(n))),
        (1..4_u32, any::<bool>(), any::<bool>(), ops)
            .prop_map(|(k, ordered, repeats, ops)| Domain::Picks(picks(k, ordered, repeats, &ops))),
        any_path().prop_filter("has paths", |domain| domain.count() > BigUint::ZERO),
    ]
}

/// The derivative of a function of one parameter by Richardson's extrapolation of central
/// differences, whose error is of the fourth order in the step.
fn slope(params: &[f64], i: usize, loss: impl Fn(&[f64]) -> f64) -> f64 {
    let central = |h: f64| {
        let moved = |by: f64| {
            let mut params = params.to_vec();
            params[i] += by;
            loss(&params)
        };
        (moved(h) - moved(-h)) / (2.0 * h)
    };
    (4.0 * central(5e-4) - central(1e-3)) / 3.0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// The loss is a quadratic function of all weights, so that its slopes depend on them.
    #[test]
    fn gradients_are_those_of_finite_differences(
        domains in prop::collection::vec((any_domain(), any::<bool>()), 1..4),
        scaled in any::<bool>(),
        numbers in prop::collection::vec(-2.0..2.0_f64, 400),
    ) {
        let decisions: Vec<_> = domains.iter().map(|(d, _)| decision(d.clone())).collect();
        let leaves: Vec<Gate> = domains
            .iter()
            .enumerate()
            .flat_map(|(i, (d, by_slot))| gates(DecisionId(i as u32), d, *by_slot))
            // A fact may be read twice; some are not read at all.
            .enumerate()
            .flat_map(|(i, gate)| vec![gate; i % 3])
            .collect();
        let boundary = if scaled { Boundary::Scaled } else { Boundary::Plain };
        let relaxation = Relaxation::new(&decisions, &leaves, boundary).expect("relaxes");
        let params: Vec<f64> = numbers.iter().copied().cycle().take(relaxation.len()).collect();
        let a = |i: usize| numbers[(7 * i + 3) % 400];
        let loss = |params: &[f64]| -> f64 {
            let weights = relaxation.weights(params).into_iter().map(LeafState::weight);
            weights.enumerate().map(|(i, w)| a(i) * w + a(i + 1) * w * w).sum()
        };
        let by_weight: Vec<f64> = relaxation
            .weights(&params)
            .iter()
            .enumerate()
            .map(|(i, state)| match state {
                LeafState::On(w) => a(i) + 2.0 * a(i + 1) * w,
                LeafState::Off => f64::NAN,
            })
            .collect();
        let got = relaxation.backward(&params, &by_weight);
        let size = got.iter().map(|g| g.abs()).fold(1e-3, f64::max);
        for (i, got) in got.iter().enumerate() {
            let want = slope(&params, i, loss);
            prop_assert!((got - want).abs() < 1e-6 * size, "{}: {} is not {}", i, got, want);
        }
    }

    /// Summed over all paths, each weighing the product of its arrows; the boundary's factors
    /// do not enter.
    #[test]
    fn last_visits_have_the_probability_of_their_paths(
        domain in any_path().prop_filter("by source", |d| {
            matches!(d, Domain::Path(l) if l.weigh == Normalise::Source) && d.count() > BigUint::ZERO
        }),
        seed in any::<u64>(),
    ) {
        let Domain::Path(lattice) = &domain else { unreachable!("filtered") };
        let leaves = path_gates(OF, lattice);
        let relaxation =
            Relaxation::new(&[decision(domain.clone())], &leaves, Boundary::Scaled).expect("relaxes");
        let params: Vec<f64> = relaxation.init(seed).iter().map(|x| 1e3 * x).collect();
        let plain = Relaxation::new(&[decision(domain.clone())], &leaves, Boundary::Plain);
        let weights = plain.expect("relaxes").weights(&params);
        let arrow = |gate: &Gate, value: &Value| match gate {
            Gate::Arrow { .. } => gate.weight(value) == 1,
            _ => false,
        };
        let mut want = vec![0.0; leaves.len()];
        for rank in 0..domain.count().to_u64().expect("small") {
            let value = domain.unrank(&rank.into()).expect("below the count");
            let on = leaves.iter().zip(&weights).filter(|(gate, _)| arrow(gate, &value));
            let probability: f64 = on.map(|(_, state)| state.weight()).product();
            for (want, gate) in want.iter_mut().zip(&leaves) {
                *want += probability * f64::from(gate.weight(&value));
            }
        }
        let states = relaxation.weights(&params);
        for ((gate, state), want) in leaves.iter().zip(states).zip(want) {
            if matches!(gate, Gate::Last { .. }) {
                prop_assert!((state.weight() - want).abs() < 1e-12, "{:?}", gate);
            }
        }
    }

    /// What no member takes is off, and what some member takes is on.
    #[test]
    fn a_leaf_is_off_where_no_member_takes_it(domain in any_domain()) {
        let count = domain.count();
        prop_assume!(count <= BigUint::from(3000_u32));
        let leaves = gates(OF, &domain, true);
        let decisions = [decision(domain.clone())];
        let relaxation = Relaxation::new(&decisions, &leaves, Boundary::Plain).expect("relaxes");
        let states = relaxation.weights(&relaxation.init(0));
        let members: Vec<Value> = (0..count.to_u64().expect("small"))
            .filter_map(|rank| domain.unrank(&rank.into()))
            .collect();
        for (gate, state) in leaves.iter().zip(states) {
            // In a set, which is sorted, not every option can be in every slot; such a slot is
            // still relaxed as any other.
            if !matches!(gate, Gate::Slot { .. }) {
                let taken = members.iter().any(|value| gate.weight(value) > 0);
                prop_assert_eq!(state.is_on(), taken, "{:?}", gate);
            }
        }
    }
}

fn weigh(domain: Domain, leaves: &[Gate], boundary: Boundary, params: &[f64]) -> Vec<f64> {
    let relaxation = Relaxation::new(&[decision(domain)], leaves, boundary).expect("relaxes");
    relaxation.weights(params).into_iter().map(LeafState::weight).collect()
}

fn near(got: &[f64], want: &[f64]) -> bool {
    got.len() == want.len() && got.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-12)
}

#[test]
fn candidates_are_kept_and_mix_their_operators() {
    let domain = Domain::Picks(picks(1, false, false, &[2, 3]));
    let leaves = gates(OF, &domain, false);
    let logits = [0.0, 3.0_f64.ln(), 0.0, 0.0, 2.0_f64.ln()];
    let weights = weigh(domain, &leaves, Boundary::Plain, &logits);
    assert!(near(&weights, &[0.25, 0.75, 0.25, 0.25, 0.5]), "{weights:?}");
}

#[test]
fn options_beside_bare_candidates_share_the_number_of_picks() {
    let domain = Domain::Picks(picks(2, false, false, &[0, 0, 1]));
    let leaves = gates(OF, &domain, false);
    let weights = weigh(domain, &leaves, Boundary::Plain, &[0.0, 0.0, 2.0_f64.ln()]);
    assert!(near(&weights, &[0.5, 0.5, 1.0]), "{weights:?}");
}

#[test]
fn a_pick_weighs_the_sum_of_its_slots() {
    let domain = Domain::Picks(picks(2, true, true, &[0, 0]));
    let pick = Pick { candidate: 1, op: 0 };
    let slot = |slot| Gate::Slot { of: OF, slot, pick };
    let leaves = [Gate::Pick { of: OF, pick }, slot(0), slot(1)];
    let weights = weigh(domain, &leaves, Boundary::Plain, &[0.0, 0.0, 0.0, 3.0_f64.ln()]);
    assert!(near(&weights, &[1.25, 0.5, 0.75]), "{weights:?}");
}

#[test]
fn arrows_that_leave_a_node_sum_to_one_or_to_their_share_of_the_moves() {
    let domain = Domain::Path(lattice(2, &[0, 1]));
    let arrow = |layer, from, to| Gate::Arrow { of: OF, layer, from, to };
    let leaves = [arrow(0, None, 0), arrow(1, Some(0), 1), arrow(1, Some(1), 1), arrow(1, None, 0)];
    let zeros = [0.0; 7];
    let plain = weigh(domain.clone(), &leaves, Boundary::Plain, &zeros);
    assert!(near(&plain, &[0.5, 0.5, 1.0 / 3.0, 0.0]), "{plain:?}");
    let scaled = weigh(domain, &leaves, Boundary::Scaled, &zeros);
    assert!(near(&scaled, &[1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0, 0.0]), "{scaled:?}");
}

#[test]
fn arrows_that_enter_a_node_sum_to_one() {
    let domain = Domain::Path(Lattice { weigh: Normalise::Target, ..lattice(2, &[0, 1]) });
    let arrow = |layer, from, to| Gate::Arrow { of: OF, layer, from, to };
    let leaves = [arrow(0, None, 0), arrow(1, Some(0), 1), arrow(1, Some(1), 2)];
    let weights = weigh(domain, &leaves, Boundary::Plain, &[0.0; 7]);
    assert!(near(&weights, &[1.0, 0.5, 1.0]), "{weights:?}");
}

#[test]
fn what_has_no_rival_counts_fully_and_asks_for_no_gradient() {
    let domain = Domain::Path(lattice(2, &[0]));
    let arrow = |layer, from, to| Gate::Arrow { of: OF, layer, from, to };
    let visit = Gate::Visit { of: OF, layer: 1, at: 1 };
    let leaves = [arrow(0, None, 0), arrow(0, None, 1), arrow(1, Some(0), 1), visit];
    let relaxation = Relaxation::new(&[decision(domain)], &leaves, Boundary::Scaled);
    let relaxation = relaxation.expect("relaxes");
    let switches = [Switch::Whole, Switch::Off, Switch::Weighted, Switch::Whole];
    assert_eq!(relaxation.switches(), switches);
    assert_eq!(relaxation.weights(&[0.0; 3])[0], LeafState::On(1.0));
}

/// The 20 inputs of five blocks through 8 operators each, and the arrows of the trellis.
#[test]
fn the_published_space_has_its_number_of_parameters() {
    let mut decisions: Vec<Decision> =
        (2..=6).map(|n| decision(Domain::Picks(picks(2, true, true, &vec![8; n])))).collect();
    decisions.push(decision(Domain::Path(lattice(12, &[0, 1]))));
    let relaxation = Relaxation::new(&decisions, &[], Boundary::Plain).expect("relaxes");
    assert_eq!(relaxation.len(), 20 * 8 + 105);
}

#[test]
fn a_last_visit_is_refused_where_arrows_into_a_node_compete() {
    let domain = Domain::Path(Lattice { weigh: Normalise::Target, ..lattice(2, &[0]) });
    let last = Gate::Last { of: OF, layer: 0, at: 0 };
    let refusal = Relaxation::new(&[decision(domain)], &[last], Boundary::Plain);
    assert_eq!(refusal, Err(Refusal::LastByTarget { decision: "d".to_owned() }));
}

#[test]
fn initial_parameters_are_small_normal_and_depend_on_the_seed() {
    let decisions = [decision(Domain::One(labels(20_000)))];
    let relaxation = Relaxation::new(&decisions, &[], Boundary::Plain).expect("relaxes");
    let params = relaxation.init(1);
    assert_eq!(params, relaxation.init(1));
    assert_ne!(params, relaxation.init(2));
    let mean = params.iter().sum::<f64>() / 2e4;
    let deviation = (params.iter().map(|x| x * x).sum::<f64>() / 2e4).sqrt();
    assert!(mean.abs() < 3e-5 && (deviation - 1e-3).abs() < 3e-5, "{mean} {deviation}");
    let within = params.iter().filter(|x| x.abs() < 1e-3).count() as f64 / 2e4;
    assert!((within - 0.6827).abs() < 0.01, "{within}");
}

#[test]
fn entropy_is_that_of_each_softmax() {
    let decisions = [decision(Domain::Picks(picks(1, false, false, &[2, 4])))];
    let relaxation = Relaxation::new(&decisions, &[], Boundary::Plain).expect("relaxes");
    let opinions = relaxation.opinions(&[0.0; 6]);
    assert!(near(&opinions[0].entropy, &[2.0_f64.ln(), 4.0_f64.ln()]));
    let sharp = relaxation.opinions(&[800.0, 0.0, 0.0, 0.0, 0.0, f64::NEG_INFINITY]);
    assert!(near(&sharp[0].entropy, &[0.0, 3.0_f64.ln()]));
}
