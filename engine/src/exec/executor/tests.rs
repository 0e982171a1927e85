//! Runs against the definition, and gradients against differences.

use super::*;
use crate::exec::toy::{self, Toy};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use segc::ir::builder::Builder;
use segc::ir::{DecisionId, Gate};

const DOUBLE: Options = Options {
    device: Device::Cpu,
    kind: Kind::Double,
    seed: 5,
    init: Init::KaimingUniform,
    deconv_init: Init::Uniform,
    layout: Layout::ChannelsLast,
};

/// A drawn space whose dropouts drop nothing, so that runs can be compared.
pub(super) fn space(seed: u64) -> Toy {
    let mut toy = toy::random_space(&mut ChaCha8Rng::seed_from_u64(seed), 25);
    for id in toy.graph.graph.node_indices() {
        toy.graph.alter(id, |form| {
            if let Kernel::Dropout { rate_e9 } = &mut form.kernel {
                *rate_e9 = 0;
            }
        });
    }
    toy
}

/// An executor whose norms have seen something, the same for the same names.
pub(super) fn executor<'g>(graph: &'g DecisionGraph, options: Options) -> Executor<'g> {
    toy::calm();
    let executor = Executor::new(graph, options).expect("names differ");
    for param in executor.params().iter().filter(|param| !param.role.trainable()) {
        let spread = |at: usize| ((at + param.name.len()) as f64 * 0.7).sin() * 0.4;
        let shift = if param.role == Role::RunningVar { 1.0 } else { 0.0 };
        let values: Vec<f64> = (0..param.tensor.numel()).map(|at| shift + spread(at)).collect();
        param.tensor.shallow_clone().copy_(&Tensor::from_slice(&values));
    }
    executor
}

pub(super) fn image(seed: u64) -> Tensor {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let values: Vec<f64> = (0..2 * 3 * 13 * 18).map(|_| rng.random_range(-1.0..1.0)).collect();
    Tensor::from_slice(&values).reshape([2, 3, 13, 18])
}

/// States by chance: off, whole, or weighed.
fn states(graph: &DecisionGraph, seed: u64) -> Vec<LeafState> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut state = || match rng.random_range(0..5) {
        0 => LeafState::Off,
        1 => LeafState::On(1.0),
        _ => LeafState::On(rng.random_range(0.1..1.5)),
    };
    graph.leaves.iter().map(|_| state()).collect()
}

/// The outputs by definition: node by node, nothing shared, nothing written over.
fn reference(executor: &Executor<'_>, x: &Tensor, states: &[LeafState], mode: Mode) -> Vec<Tensor> {
    let graph = executor.graph;
    let options = (executor.options.kind, executor.options.device);
    let site = site(executor.graph, &[x.shallow_clone()], options, mode).expect("an image");
    let mut values: Vec<Option<Tensor>> = Vec::new();
    for (id, node) in graph.nodes() {
        let mut inputs = Vec::new();
        let mut lacking = false;
        for (source, edge) in graph.inputs(id) {
            let weight = match edge.leaf.map(|leaf| states[leaf.0 as usize]) {
                None => Some(1.0),
                Some(LeafState::Off) => None,
                Some(LeafState::On(weight)) => Some(weight),
            };
            match (&values[source.index()], weight) {
                (Some(value), Some(weight)) if weight != 1.0 => inputs.push(value * weight),
                (Some(value), Some(_)) => inputs.push(value.shallow_clone()),
                _ => lacking = true,
            }
        }
        let absent = match node.kernel {
            Kernel::Add => false,
            Kernel::Mix => inputs.is_empty(),
            _ => lacking,
        };
        values.push((!absent).then(|| match node.kernel {
            Kernel::Input(_) => x.shallow_clone(),
            _ => {
                let inputs: Vec<&Tensor> = inputs.iter().collect();
                let weights = node.weights.map_or(&[] as &[Tensor], |id| executor.weight_set(id));
                let site = Site { ty: node.ty, ..site };
                kernels::forward(&node.kernel, weights, &inputs, &site).expect("it fits")
            }
        }));
    }
    let of_mode = |aux: bool| mode == Mode::Train || !aux;
    let outputs = graph.outputs.iter().filter(|output| of_mode(output.aux));
    outputs.filter_map(|output| values[output.node.index()].take()).collect()
}

fn assert_equal(got: &[Output], want: &[Tensor], within: f64, what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (got, want) in got.iter().zip(want) {
        let scale = want.abs().max().double_value(&[]).max(1e-9);
        let worst = (&got.value - want).abs().max().double_value(&[]) / scale;
        assert!(worst < within, "{what}: `{}` is off by {worst}", got.name);
    }
}

#[test]
fn runs_agree_with_the_definition() {
    for seed in 0..12 {
        let toy = space(seed);
        let (x, states) = (image(seed), states(&toy.graph, seed));
        for mode in [Mode::Train, Mode::Eval] {
            for layout in [Layout::ChannelsLast, Layout::Contiguous] {
                let options = Options { layout, ..DOUBLE };
                let want = reference(&executor(&toy.graph, options), &x, &states, mode);
                let all = vec![true; states.len()];
                for wanted in [Wanted::Nothing, Wanted::Weights, Wanted::Leaves(&all)] {
                    let fresh = executor(&toy.graph, options);
                    let got = fresh.forward(&[x.shallow_clone()], &states, mode, wanted);
                    let got = got.expect("it runs").outputs;
                    assert_equal(&got, &want, 1e-12, &format!("{seed} {mode:?} {wanted:?}"));
                }
            }
        }
    }
}

#[test]
fn every_kernel_is_drawn() {
    let drawn = |seed| {
        let toy = space(seed);
        let known = |gate: &Gate| gate.decision().index() < toy.decisions.len();
        assert!(toy.graph.leaves.iter().all(known));
        toy.graph
    };
    let names: BTreeSet<&str> = (0..12)
        .flat_map(|seed| drawn(seed).nodes().map(|(_, n)| n.kernel.name()).collect::<Vec<_>>())
        .collect();
    for name in [
        "input",
        "conv",
        "deconv",
        "bn",
        "relu",
        "relu6",
        "sigmoid",
        "silu",
        "hardswish",
        "max_pool",
        "avg_pool",
        "pool",
        "resize",
        "add",
        "mul",
        "concat",
        "zero",
        "shuffle",
        "shift",
        "slice",
        "dropout",
        "mix",
    ] {
        assert!(names.contains(name), "{name}");
    }
}

/// A number that depends on every value of every output.
fn loss(outputs: &[Output]) -> Tensor {
    let one = |output: &Output| (output.value.square() + output.value.sin()).mean(Kind::Double);
    outputs.iter().map(one).reduce(|acc, term| acc + term).expect("there are outputs")
}

#[test]
fn gradients_of_leaves_agree_with_differences() {
    const STEP: f64 = 1e-6;
    let mut compared = 0;
    for seed in [1, 4, 7] {
        let toy = space(seed);
        let (x, mut states) = (image(seed), states(&toy.graph, seed));
        let executor = executor(&toy.graph, DOUBLE);
        let all = vec![true; states.len()];
        let run = |states: &[LeafState], wanted: Wanted<'_>| {
            executor.forward(&[x.shallow_clone()], states, Mode::Train, wanted).expect("it runs")
        };
        let pass = run(&states, Wanted::Leaves(&all));
        let value = loss(&pass.outputs);
        let gradient = pass.backward(&value).expect("it has one").leaves;
        for leaf in 0..states.len() {
            let LeafState::On(weight) = states[leaf] else {
                assert_eq!(gradient[leaf], 0.0);
                continue;
            };
            let mut at = |moved: f64| {
                states[leaf] = LeafState::On(weight + moved);
                let value = loss(&run(&states, Wanted::Nothing).outputs).double_value(&[]);
                states[leaf] = LeafState::On(weight);
                value
            };
            let want = (at(STEP) - at(-STEP)) / (2.0 * STEP);
            let off = (gradient[leaf] - want).abs();
            assert!(off < 1e-5 * (1.0 + want.abs()), "{leaf}: {} and not {want}", gradient[leaf]);
            compared += usize::from(want.abs() > 1e-4);
        }
    }
    assert!(compared > 20, "{compared} leaves matter");
}

#[test]
fn what_is_wanted_changes_no_gradient() {
    let toy = space(3);
    let (x, states) = (image(3), states(&toy.graph, 3));
    let all = vec![true; states.len()];
    let of = |wanted: Wanted<'_>| {
        let executor = executor(&toy.graph, DOUBLE);
        let pass = executor.forward(&[x.shallow_clone()], &states, Mode::Train, wanted);
        let pass = pass.expect("it runs");
        let value = loss(&pass.outputs);
        pass.backward(&value).expect("it has one")
    };
    let (both, leaves, weights) =
        (of(Wanted::Both(&all)), of(Wanted::Leaves(&all)), of(Wanted::Weights));
    assert!(leaves.weights.is_empty() && weights.leaves.iter().all(|g| *g == 0.0));
    for (a, b) in both.leaves.iter().zip(&leaves.leaves) {
        assert!((a - b).abs() < 1e-12);
    }
    assert_eq!(both.weights.len(), weights.weights.len());
    for ((at, a), (same, b)) in both.weights.iter().zip(&weights.weights) {
        assert_eq!(at, same);
        let off = (a - b).abs().max().double_value(&[]);
        assert!(off <= 1e-10 * (1.0 + a.abs().max().double_value(&[])), "{at}: off by {off}");
    }
    // A leaf that nobody asks about is a plain factor.
    let one: Vec<bool> = (0..states.len()).map(|leaf| leaf == 2).collect();
    let some = of(Wanted::Leaves(&one)).leaves;
    assert!((some[2] - both.leaves[2]).abs() < 1e-12);
    assert!(some.iter().enumerate().all(|(leaf, g)| leaf == 2 || *g == 0.0));
}

#[test]
fn a_leaf_at_zero_runs_and_has_a_gradient() {
    let mut b = Builder::new();
    let x = b.input(3);
    let y = b.add(toy::conv(3, 1, 1), &[x]);
    let of = DecisionId(0);
    let mix = b.mix(&[(x, Gate::Alt { of, alt: 0 }), (y, Gate::Alt { of, alt: 1 })]);
    b.output("out", mix);
    let graph = b.finish();
    let executor = executor(&graph, DOUBLE);
    let states = [LeafState::On(1.0), LeafState::On(0.0)];
    let wanted = Wanted::Both(&[false, true]);
    let pass = executor.forward(&[image(1)], &states, Mode::Train, wanted).expect("it runs");
    assert_eq!(pass.output("out").expect("there is one"), &image(1));
    let value = pass.outputs[0].value.sum(Kind::Double);
    let gradients = pass.backward(&value).expect("it has one");
    assert!(gradients.leaves[1].abs() > 1e-3 && gradients.leaves[0] == 0.0);
    // Its weight is zero, so that its kernel learns nothing from this run.
    assert_eq!(gradients.weights[0].1.abs().max().double_value(&[]), 0.0);
}

#[test]
fn what_cannot_be_run_is_an_error() {
    let toy = space(0);
    let executor = executor(&toy.graph, DOUBLE);
    let run = |images: &[Tensor]| {
        let result = executor.forward(images, &[], Mode::Eval, Wanted::Nothing);
        result.expect_err("these are no images").to_string()
    };
    let grey = Tensor::zeros([1, 1, 8, 8], (Kind::Float, Device::Cpu));
    assert_eq!(run(&[grey]), "input 0 needs a batch of maps with 3 channels, and is [1, 1, 8, 8]");
    assert!(run(&[]).ends_with("and is []"));

    let mut b = Builder::new();
    let x = b.input(3);
    let mix = b.mix(&[(x, Gate::Alt { of: DecisionId(0), alt: 0 })]);
    b.output("seg", mix);
    let graph = b.finish();
    let executor = Executor::new(&graph, DOUBLE).expect("no weights");
    let error = executor.forward(&[image(0)], &[LeafState::Off], Mode::Eval, Wanted::Nothing);
    assert!(
        error.expect_err("all is off").to_string().starts_with("nothing is left of output `seg`")
    );
}
