//! A supernet's step against the same in plain tch calls, in one run, in turn:
//! `cargo bench -p segc-engine --bench step -- [CELLS [WIDTH [SIDE [ROUNDS]]]]`.
//!
//! Plain: columns innermost, every node by itself, every weight of a leaf a tensor with a gradient,
//! all gradients in every step. Both keep freed memory.

#[path = "../src/exec/toy/cells.rs"]
mod cells;

use segc::data::Batch;
use segc::ir::{DecisionGraph, Kernel, MapType, Scale, Size};
use segc::search::LeafState;
use segc::search::loss::{Grid, Pixels};
use segc::search::plan::{Loss, Optimiser, Sgd};
use segc::search::schedule::Schedule;
use segc_engine::exec::criterion::Criterion;
use segc_engine::exec::kernels::{self, Site};
use segc_engine::exec::learn::{Learner, tensors};
use segc_engine::exec::loss::pixel_loss;
use segc_engine::exec::{Executor, Layout, Mode, Options};
use segc_engine::torch;
use std::cell::RefCell;
use std::time::Instant;
use tch::{Device, Kind, Tensor};

const CLASSES: u32 = 19;
const IMAGES: usize = 2;

fn main() {
    torch::start().expect("the process can be prepared");
    // What cargo adds for harnesses is no number.
    let numbers: Vec<u32> = std::env::args().skip(1).filter_map(|arg| arg.parse().ok()).collect();
    let number = |at: usize, or: u32| numbers.get(at).copied().unwrap_or(or);
    let (cells, width, side, rounds) = (number(0, 2), number(1, 32), number(2, 256), number(3, 5));
    let (graph, decisions) = cells::cells(cells, width, CLASSES);
    println!(
        "{cells} cells of {width} channels, {} choices, {} leaves, images {IMAGES}x3x{side}x{side}, \
         {} threads",
        decisions.len(),
        graph.leaves.len(),
        torch::process::threads()
    );
    let batch = batch(side as usize);
    let states = vec![LeafState::On(0.125); graph.leaves.len()];
    let marks = vec![true; states.len()];
    let one: Vec<LeafState> = (0..states.len())
        .map(|leaf| if leaf % 8 == 0 { LeafState::On(1.0) } else { LeafState::Off })
        .collect();

    let ours = Executor::new(&graph, Options::default()).expect("names differ");
    let plain = Options { layout: Layout::Contiguous, ..Options::default() };
    let plain = Executor::new(&graph, plain).expect("names differ");
    let rule = sgd();
    let criterion = Criterion::of(&Loss::default(), &[], &[], &ours).expect("there is memory");
    let learner = RefCell::new(Learner::new(&ours, &rule, criterion));
    let step = |which: &dyn Fn(&mut Learner<'_, '_>) -> f64| which(&mut learner.borrow_mut());
    let mut rows: Vec<Row<'_>> = vec![
        row("plain, all gradients", || plain_step(&plain, &graph, &states, &batch)),
        row("step of the weights", || {
            step(&|learner| learner.weights(&batch, &states, 0.01).expect("it runs"))
        }),
        row("step of the architecture", || {
            step(&|learner| learner.leaves(&batch, &states, &marks).expect("it runs").0)
        }),
        row("both by one run", || {
            step(&|learner| learner.both(&batch, &states, &marks, 0.01).expect("it runs").0)
        }),
        row("weights, one operator per choice", || {
            step(&|learner| learner.weights(&batch, &one, 0.01).expect("it runs"))
        }),
    ];
    report(&mut rows, rounds);
}

/// What is measured: its name, and one step.
type Row<'r> = (&'static str, Box<dyn Fn() -> f64 + 'r>);

fn row<'r>(name: &'static str, step: impl Fn() -> f64 + 'r) -> Row<'r> {
    (name, Box::new(step))
}

/// Runs all rows in turn and prints their medians.
fn report(rows: &mut [Row<'_>], rounds: u32) {
    let mut took: Vec<Vec<f64>> = vec![vec![]; rows.len()];
    for round in 0..=rounds {
        for ((_, row), took) in rows.iter_mut().zip(&mut took) {
            let begun = Instant::now();
            std::hint::black_box(row());
            if round > 0 {
                took.push(begun.elapsed().as_secs_f64() * 1e3);
            }
        }
    }
    let mut first = None;
    for ((name, _), took) in rows.iter().zip(&mut took) {
        took.sort_by(f64::total_cmp);
        let at = |place: usize| took.get(place).copied().unwrap_or(f64::NAN);
        let (median, least) = (at(took.len() / 2), at(0));
        let p95 = at((0.95 * took.len().saturating_sub(1) as f64).ceil() as usize);
        let plain = *first.get_or_insert((median, least));
        println!(
            "{name:34} median {median:9.1} ms {:6.2}x   p95 {p95:9.1} ms   min {least:9.1} ms {:6.2}x",
            plain.0 / median,
            plain.1 / least
        );
    }
}

fn sgd() -> Optimiser {
    let rate = Schedule::constant(0.01);
    Optimiser::Sgd(Sgd { rate, momentum: 0.9, decay: 3e-4, nesterov: false, clip: Some(5.0) })
}

fn batch(side: usize) -> Batch {
    let pixels = side * side;
    let images = (0..IMAGES * 3 * pixels).map(|at| (at as f32 * 0.37).sin()).collect();
    let labels = (0..IMAGES * pixels).map(|at| (at / 97 % CLASSES as usize) as u8).collect();
    let names = (0..IMAGES).map(|at| at.to_string()).collect();
    Batch { images, labels, n: IMAGES, h: side, w: side, names }
}

/// Forward, backward and a step of SGD, call by call.
fn plain_step(
    network: &Executor<'_>,
    graph: &DecisionGraph,
    states: &[LeafState],
    batch: &Batch,
) -> f64 {
    let (images, labels) = tensors(batch, network).expect("there is memory");
    let leaf = |state: &LeafState| Tensor::from(state.weight() as f32).set_requires_grad(true);
    let leaves: Vec<Tensor> = states.iter().map(leaf).collect();
    let logits = plain_forward(network, graph, &images, &leaves);
    let loss = pixel_loss(&logits, &labels, &Pixels::default(), None, Grid::Labels);
    let loss = loss.expect("shapes fit");
    loss.backward();
    for param in network.tensors().into_iter().filter(|param| param.requires_grad()) {
        let mut grad = param.grad();
        if grad.defined() {
            tch::no_grad(|| {
                let _moved = param.shallow_clone().f_sub_(&(&grad * 0.01)).expect("shapes fit");
                let _zero = grad.zero_();
            });
        }
    }
    leaves.iter().map(|leaf| leaf.grad().double_value(&[])).sum::<f64>() + loss.double_value(&[])
}

fn plain_forward(
    network: &Executor<'_>,
    graph: &DecisionGraph,
    images: &Tensor,
    leaves: &[Tensor],
) -> Tensor {
    let side = |dim: usize| images.size()[dim] as u32;
    let site = Site {
        ty: MapType::new(3, Scale::Down(1)),
        whole: Size { h: side(2), w: side(3) },
        batch: images.size()[0],
        options: (Kind::Float, Device::Cpu),
        mode: Mode::Train,
    };
    let mut values: Vec<Tensor> = vec![];
    for (id, node) in graph.nodes() {
        let inputs = graph.inputs(id);
        let value = match node.kernel {
            Kernel::Input(_) => images.shallow_clone(),
            Kernel::Mix => inputs
                .iter()
                .map(|(source, edge)| {
                    let leaf = edge.leaf.expect("terms of a mix have leaves").0 as usize;
                    &values[source.index()] * &leaves[leaf]
                })
                .reduce(|sum, term| sum + term)
                .expect("there are terms"),
            _ => {
                let inputs: Vec<&Tensor> =
                    inputs.iter().map(|(source, _)| &values[source.index()]).collect();
                let weights = node.weights.map_or(&[] as &[Tensor], |id| network.weight_set(id));
                let site = Site { ty: node.ty, ..site };
                kernels::forward(&node.kernel, weights, &inputs, &site).expect("it fits")
            }
        };
        values.push(value);
    }
    values.swap_remove(graph.outputs[0].node.index())
}
