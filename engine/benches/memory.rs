//! What a step of a supernet takes in memory, predicted and measured, and how long it takes:
//! `cargo bench -p segc-engine --bench memory -- FILE [--set NAME=VALUE]… [--crop HxW] [--batch N]
//! [--net NAME] [--kind weights|arch|both]…`.
//!
//! Instead of a file, `cells:CELLS:WIDTH` is a network of cells. Live: bytes of tensors. Resident:
//! what the process takes beyond what it had before the network was built, its libraries having been
//! used once; that includes the steps before, so that kinds are best measured one at a time.

#[path = "../src/exec/toy/cells.rs"]
mod cells;

use segc::cli::read::{choose, judge};
use segc::cost::Sizes;
use segc::data::Batch;
use segc::ir::{DecisionGraph, Size};
use segc::search::plan::{Loss, Optimiser, Sgd};
use segc::search::{LeafState, Schedule};
use segc::supernet::memory::{StepKind as Kind, step_bytes};
use segc::supernet::{Mode, Switch, plan};
use segc_engine::exec::criterion::Criterion;
use segc_engine::exec::learn::Learner;
use segc_engine::exec::measure::{StepKind, measure_step};
use segc_engine::exec::{Executor, Options};
use segc_engine::torch;
use std::path::Path;
use std::time::Instant;

const CLASSES: u32 = 19;

/// What is asked for.
struct Asked {
    file: String,
    set: Vec<(String, String)>,
    crop: [usize; 2],
    batch: usize,
    net: Option<String>,
    kinds: Vec<Kind>,
}

fn asked() -> Asked {
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    let mut asked = Asked {
        file: "cells:2:16".into(),
        set: vec![],
        crop: [64, 64],
        batch: 2,
        net: None,
        kinds: vec![],
    };
    while let Some(arg) = args.next() {
        let mut value = || args.next().unwrap_or_else(|| panic!("{arg} lacks its value"));
        match arg.as_str() {
            "--set" => {
                let text = value();
                let (name, to) = text.split_once('=').expect("--set NAME=VALUE");
                asked.set.push((name.into(), to.into()));
            }
            "--crop" => {
                let text = value();
                let (h, w) = text.split_once('x').expect("--crop HxW");
                asked.crop = [h, w].map(|side| side.parse().expect("--crop HxW"));
            }
            "--batch" => asked.batch = value().parse().expect("--batch N"),
            "--net" => asked.net = Some(value()),
            "--kind" => asked.kinds.push(match value().as_str() {
                "weights" => Kind::Weights,
                "arch" => Kind::Arch,
                "both" => Kind::Both,
                other => panic!("--kind {other}"),
            }),
            _ => asked.file = arg,
        }
    }
    if asked.kinds.is_empty() {
        asked.kinds = vec![Kind::Weights, Kind::Arch];
    }
    asked
}

fn main() {
    torch::start().expect("the process can be prepared");
    let asked = asked();
    let graph = match asked.file.strip_prefix("cells:") {
        Some(numbers) => {
            let numbers: Vec<u32> = numbers.split(':').filter_map(|n| n.parse().ok()).collect();
            assert_eq!(numbers.len(), 2, "cells:CELLS:WIDTH");
            cells::cells(numbers[0], numbers[1], CLASSES).0
        }
        None => {
            // Cargo runs this in the package's folder; what was typed is meant from the workspace's.
            let file = Path::new(&asked.file);
            let from = if file.exists() { file.into() } else { Path::new("..").join(file) };
            let judged = judge(&from, &asked.set).expect("it can be read");
            let chosen = choose(&judged, asked.net.as_deref()).expect("it has networks");
            (*chosen.net.graph).clone()
        }
    };
    measure(&graph, &asked);
}

fn measure(graph: &DecisionGraph, asked: &Asked) {
    let ([h, w], n) = (asked.crop, asked.batch);
    let input = Size { h: h as u32, w: w as u32 };
    let sizes = Sizes::of(graph, &vec![true; graph.graph.node_count()], input).expect("it fits");
    let leaves = graph.leaves.len();
    let plan = plan(graph, &vec![Switch::Weighted; leaves], Mode::Train);
    let (states, marks) = (vec![LeafState::On(0.125); leaves], vec![true; leaves]);
    let batch = batch(n, h, w);
    warm_up();
    let before = resident("VmRSS");
    let network = Executor::new(graph, Options::default()).expect("names differ");
    let criterion = Criterion::of(&Loss::default(), &[], &[], &network).expect("there is memory");
    let mut learner = Learner::new(&network, &sgd(), criterion);
    println!("{} {:?}, {n}x3x{h}x{w}, {leaves} leaves", asked.file, asked.set);
    for kind in &asked.kinds {
        let predicted = step_bytes(graph, &plan, &sizes, (input, n as u64), *kind);
        println!("  {kind:?}: {predicted:?}");
        let step = match kind {
            Kind::Weights => StepKind::Weights,
            Kind::Arch => StepKind::Arch(&marks),
            Kind::Both => StepKind::Both(&marks),
        };
        let begun = Instant::now();
        // So that the optimiser's memory is there whatever is measured.
        learner.weights(&batch, &states, 0.0).expect("it runs");
        let live = measure_step(&mut learner, &batch, &states, step).expect("it runs");
        let took = begun.elapsed().as_secs_f64() / 2.0;
        let resident = resident("VmHWM") - before;
        let ratio = |measured: u64| predicted.peak() as f64 / measured as f64;
        println!(
            "    live: predicted {}, measured {}, ratio {:.3}; resident: predicted {}, measured \
             {resident}, ratio {:.3}; {took:.1} s a step",
            predicted.peak(),
            live.peak(),
            ratio(live.peak()),
            predicted.resident(),
            predicted.resident() as f64 / resident as f64,
        );
    }
}

/// Steps of a small network: libtorch's code is read in, and its threads are there.
fn warm_up() {
    let (graph, _) = cells::cells(1, 4, CLASSES);
    let network = Executor::new(&graph, Options::default()).expect("names differ");
    let criterion = Criterion::of(&Loss::default(), &[], &[], &network).expect("there is memory");
    let mut learner = Learner::new(&network, &sgd(), criterion);
    let states = vec![LeafState::On(0.125); graph.leaves.len()];
    let marks = vec![true; states.len()];
    learner.both(&batch(2, 32, 32), &states, &marks, 0.0).expect("it runs");
}

/// A line of what the kernel knows of this process, in bytes.
fn resident(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found = status.lines().find_map(|l| l.strip_prefix(line)?.strip_prefix(':'));
    let kib = found.and_then(|l| l.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or(0) << 10
}

fn sgd() -> Optimiser {
    let rate = Schedule::constant(0.01);
    Optimiser::Sgd(Sgd { rate, momentum: 0.9, decay: 3e-4, nesterov: false, clip: Some(5.0) })
}

fn batch(n: usize, h: usize, w: usize) -> Batch {
    let pixels = n * h * w;
    let images = (0..3 * pixels).map(|at| (at as f32 * 0.37).sin()).collect();
    let labels = (0..pixels).map(|at| (at / 97 % CLASSES as usize) as u8).collect();
    Batch { images, labels, n, h, w, names: vec![String::new(); n] }
}
