//! Prepared networks compute what the plain executor computes.

use super::*;
use crate::exec::executor::{Options, Wanted};
use crate::exec::toy;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use segc::ir::builder::Builder;
use segc::ir::kernel::{Norm, Role};

fn image(seed: u64) -> Tensor {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let values: Vec<f32> = (0..2 * 3 * 13 * 18).map(|_| rng.random_range(-1.0..1.0)).collect();
    Tensor::from_slice(&values).reshape([2, 3, 13, 18])
}

/// A network whose norms have seen something.
fn network(graph: &DecisionGraph) -> Executor<'_> {
    toy::calm();
    let network = Executor::new(graph, Options::default()).expect("names differ");
    for (at, param) in network.params().iter().enumerate() {
        let spread: Vec<f32> =
            (0..param.tensor.numel()).map(|i| ((i + at) as f32 * 0.7).sin() * 0.3).collect();
        let spread = Tensor::from_slice(&spread);
        let around = match param.role {
            Role::RunningVar | Role::NormScale => 1.0,
            Role::RunningMean | Role::NormShift | Role::Bias => 0.0,
            Role::Weight => continue,
        };
        tch::no_grad(|| param.tensor.shallow_clone().copy_(&(spread + around)));
    }
    network
}

fn assert_same(network: &Executor<'_>, states: &[LeafState], seed: u64, choice: Choice) {
    let x = image(seed);
    let want = network.forward(&[x.shallow_clone()], states, Mode::Eval, Wanted::Nothing);
    let want = want.expect("it runs").outputs;
    let prepared = Prepared::new(network, states, &x, choice).expect("it runs");
    // Twice: nothing may be spoilt by the first run. And on another image.
    for _ in 0..2 {
        let got = prepared.forward(&x).expect("it runs");
        assert_eq!(got.len(), want.len());
        for (got, want) in got.iter().zip(&want) {
            let scale = want.value.abs().max().double_value(&[]).max(1e-6);
            let off = (&got.value - &want.value).abs().max().double_value(&[]) / scale;
            assert!(off < 1e-4, "{seed} {choice:?}: {off}");
        }
    }
    let odd = x.narrow(2, 0, 11).narrow(3, 0, 9);
    let want = network.forward(&[odd.shallow_clone()], states, Mode::Eval, Wanted::Nothing);
    let off = &prepared.forward(&odd).expect("it runs")[0].value
        - &want.expect("it runs").outputs[0].value;
    assert!(off.abs().max().double_value(&[]) < 1e-2);
}

#[test]
fn drawn_networks_compute_the_same_when_prepared() {
    for seed in 0..8 {
        let toy = toy::random_space(&mut ChaCha8Rng::seed_from_u64(seed), 25);
        let network = network(&toy.graph);
        let state = |at: usize| match (at + seed as usize) % 3 {
            0 => LeafState::Off,
            1 => LeafState::On(1.0),
            _ => LeafState::On(0.7),
        };
        let states: Vec<LeafState> = (0..toy.graph.leaves.len()).map(state).collect();
        for choice in [Choice::Measured, Choice::Plain, Choice::Packed] {
            assert_same(&network, &states, seed, choice);
        }
    }
}

/// conv, norm, relu; conv, norm, added to a skip, relu: what residual networks are made of.
fn residual(kernels: u32) -> DecisionGraph {
    let mut b = Builder::new();
    let x = b.input(3);
    let norm = Kernel::Norm(Norm::DEFAULT);
    let chain = |b: &mut Builder, x, all: &[Kernel]| all.iter().fold(x, |x, k| b.add(*k, &[x]));
    let mut x = chain(&mut b, x, &[toy::conv(8, 3, 2), norm, toy::RELU]);
    for _ in 0..kernels {
        let y = chain(&mut b, x, &[toy::conv(8, 3, 1), norm, toy::RELU, toy::conv(8, 3, 1), norm]);
        let sum = b.add(Kernel::Add, &[x, y]);
        x = b.add(toy::RELU, &[sum]);
    }
    b.output("out", x);
    b.finish()
}

#[test]
fn norms_sums_and_activations_disappear_into_convolutions() {
    let graph = residual(3);
    let network = network(&graph);
    let prepared = Prepared::new(&network, &[], &image(1), Choice::Packed).expect("it runs");
    // The input, the first convolution, and two for each block.
    let summary = prepared.summary();
    assert_eq!(summary, Summary { steps: 8, convs: 7, packed: 7 });
    let in_place = prepared.steps.iter().filter(|step| step.in_place).count();
    assert_eq!(in_place, 3, "sums are written over what is added");
    for choice in [Choice::Measured, Choice::Plain, Choice::Packed] {
        assert_same(&network, &[], 1, choice);
    }
}

#[test]
fn what_others_read_stays() {
    let mut b = Builder::new();
    let x = b.input(3);
    let x = b.add(toy::conv(4, 3, 1), &[x]);
    let y = b.add(Kernel::Norm(Norm::DEFAULT), &[x]);
    let z = b.add(toy::RELU, &[y]);
    let sum = b.add(Kernel::Add, &[x, z]);
    b.output("out", sum);
    b.output("norm", y);
    let graph = b.finish();
    let network = network(&graph);
    let prepared = Prepared::new(&network, &[], &image(1), Choice::Packed).expect("it runs");
    assert_eq!(prepared.summary().steps, 5);
    assert_same(&network, &[], 1, Choice::Packed);
}
