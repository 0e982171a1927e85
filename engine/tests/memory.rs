//! What a step takes in memory against what was predicted, within 3 percent. In a process of its own:
//! live tensors are counted over all threads.

#![cfg(feature = "torch")]

#[path = "../src/exec/toy/cells.rs"]
mod cells;

use segc::cost::Sizes;
use segc::data::Batch;
use segc::ir::{Binding, DecisionGraph, Size, member};
use segc::search::plan::{Loss, Optimiser, Sgd};
use segc::search::{LeafState, Schedule};
use segc::supernet::memory::{StepKind as Kind, step_bytes};
use segc::supernet::{Mode, Switch, plan};
use segc_engine::exec::criterion::Criterion;
use segc_engine::exec::learn::Learner;
use segc_engine::exec::measure::{StepKind, measure_step};
use segc_engine::exec::{Executor, Options};
use segc_engine::torch::memory;

fn batch(n: usize, side: usize) -> Batch {
    let pixels = n * side * side;
    let images = (0..3 * pixels).map(|at| (at as f32 * 0.37).sin()).collect();
    let labels = (0..pixels).map(|at| (at / 97 % 5) as u8).collect();
    Batch { images, labels, n, h: side, w: side, names: vec![String::new(); n] }
}

fn sgd() -> Optimiser {
    let rate = Schedule::constant(0.01);
    Optimiser::Sgd(Sgd { rate, momentum: 0.9, decay: 3e-4, nesterov: false, clip: Some(5.0) })
}

/// Predicts and measures every kind of step of a network on `n` images of `side` x `side`.
fn compare(what: &str, graph: &DecisionGraph, n: usize, side: usize) {
    let network = Executor::new(graph, Options::default()).expect("names differ");
    let criterion = Criterion::of(&Loss::default(), &[], &[], &network).expect("there is memory");
    let mut learner = Learner::new(&network, &sgd(), criterion);
    let leaves = graph.leaves.len();
    let (states, marks) = (vec![LeafState::On(0.125); leaves], vec![true; leaves]);
    let batch = batch(n, side);
    let input = Size { h: side as u32, w: side as u32 };
    let sizes = Sizes::of(graph, &vec![true; graph.graph.node_count()], input).expect("it fits");
    let plan = plan(graph, &vec![Switch::Weighted; leaves], Mode::Train);
    let kinds = [
        (Kind::Weights, StepKind::Weights),
        (Kind::Arch, StepKind::Arch(&marks)),
        (Kind::Both, StepKind::Both(&marks)),
    ];
    // Without leaves there is one kind.
    for (kind, step) in kinds.into_iter().take(if leaves == 0 { 1 } else { 3 }) {
        let predicted = step_bytes(graph, &plan, &sizes, (input, n as u64), kind).peak();
        let measured = measure_step(&mut learner, &batch, &states, step).expect("it runs").peak();
        let ratio = predicted as f64 / measured as f64;
        println!("{what}, {n}x3x{side}x{side}, {kind:?}: {predicted} of {measured}: {ratio:.3}");
        assert!((ratio - 1.0).abs() < 0.03, "{what} {kind:?}: {ratio}");
    }
}

#[test]
fn steps_take_the_memory_that_was_predicted() {
    memory::count_cpu().expect("it can");
    tch::set_num_threads(1);
    for (cells, width, side, n) in [
        (1, 8, 65, 2),
        (2, 8, 64, 2),
        (1, 16, 64, 2),
        (1, 32, 128, 1),
        (1, 16, 96, 3),
        (3, 8, 96, 1),
        // Weights outweigh maps.
        (2, 128, 32, 2),
        (2, 256, 32, 1),
    ] {
        let (graph, decisions) = cells::cells(cells, width, 5);
        compare(&format!("{cells} cells of {width}"), &graph, n, side);
        // And one of its members.
        let value = |d: &segc::ir::Decision| d.domain.unrank(&1u32.into()).expect("of eight");
        let binding = Binding(decisions.iter().map(value).collect());
        compare("a member", &member(&graph, &binding), n, side);
    }
}
