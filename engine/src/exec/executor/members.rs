//! The law of the same function: a supernet forced to a member computes what the member computes
//! that was taken out of it, given the same weights by name.

use super::tests::{executor, image, space};
use super::*;
use crate::exec::state;
use crate::exec::toy::Toy;
use num_bigint::BigUint;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use segc::ir::{Binding, member};
use segc::search::leaf::of_member;

const SPACES: u64 = 12;
const MEMBERS: u64 = 4;

/// A member by chance: a value for every decision.
fn binding(toy: &Toy, seed: u64) -> Binding {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let value = |decision: &segc::ir::Decision| {
        let rank = BigUint::from(rng.random::<u64>()) % decision.domain.count();
        decision.domain.unrank(&rank).expect("below the count")
    };
    Binding(toy.decisions.iter().map(value).collect())
}

/// By how much outputs differ, relative to the largest value.
fn difference(a: &Pass, b: &Pass) -> f64 {
    let names = |pass: &Pass| pass.outputs.iter().map(|o| o.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(a), names(b));
    let one = |(a, b): (&Output, &Output)| {
        let scale = b.value.abs().max().double_value(&[]).max(1e-6);
        (&a.value - &b.value).abs().max().double_value(&[]) / scale
    };
    a.outputs.iter().zip(&b.outputs).map(one).fold(0.0, f64::max)
}

#[test]
fn a_supernet_forced_to_a_member_computes_what_the_member_computes() {
    let mut ran = 0;
    for seed in 0..SPACES {
        let toy = space(seed);
        for draw in 0..MEMBERS {
            let binding = binding(&toy, 100 * seed + draw);
            let states = of_member(&toy.graph.leaves, &binding);
            let closed = member(&toy.graph, &binding);
            assert!(closed.leaves.is_empty());
            for mode in [Mode::Train, Mode::Eval] {
                for layout in [Layout::ChannelsLast, Layout::Contiguous] {
                    let options = Options { seed, layout, ..Options::default() };
                    let supernet = executor(&toy.graph, options);
                    let child = executor(&closed, Options { seed: seed + 1, ..options });
                    // Every tensor of the member is one of the supernet's.
                    let inherited = state::named(&supernet);
                    assert_eq!(state::compare(&child, &inherited).missing, [""; 0]);
                    state::copy(&child, &inherited).expect("shapes agree");
                    let x = [image(seed)];
                    let wanted = if draw % 2 == 0 { Wanted::Nothing } else { Wanted::Weights };
                    let want = supernet.forward(&x, &states, mode, wanted).expect("it runs");
                    let got = child.forward(&x, &[], mode, wanted).expect("it runs");
                    let off = difference(&got, &want);
                    assert!(off < 1e-5, "space {seed}, member {draw}, {mode:?}: {off}");
                    ran += child.graph().graph.node_count();
                    assert_statistics(&supernet, &child);
                }
            }
        }
    }
    assert!(ran > 5_000, "{ran} kernels were compared");
}

/// Training has moved the running statistics alike.
fn assert_statistics(supernet: &Executor<'_>, child: &Executor<'_>) {
    let moved = state::named(supernet);
    for param in child.params().iter().filter(|param| !param.role.trainable()) {
        let off = (&moved[&param.name] - param.tensor).abs().max().double_value(&[]);
        let scale = param.tensor.abs().max().double_value(&[]);
        assert!(off <= 1e-4 * (1.0 + scale), "{}: {off}", param.name);
    }
}
