//! Trainings learn, and go on as if nothing had been.

use super::*;
use crate::exec::executor::Options;
use crate::exec::feed::config;
use crate::exec::{state, toy};
use segc::data::LoaderConfig;
use segc::data::loader::Cache;
use segc::ir::DecisionGraph;
use segc::ir::builder::Builder;
use segc::ir::kernel::{Interp, Kernel, Norm, Target};
use segc::search::plan::{DataSpec, Loss, Optimiser, Sgd};
use segc::search::{Curve, Schedule};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use tempfile::TempDir;

fn plan(length: Length) -> TrainPlan {
    let data = DataSpec {
        dataset: "drawn".into(),
        split: "train".into(),
        size: None,
        crop: None,
        zoom: Some([0.9, 1.1]),
        flip: true,
        batch: 2,
    };
    let data = DataSpec { crop: Some(segc::ir::Size { h: 16, w: 16 }), ..data };
    let rate = Schedule { from: 0.1, to: 0.0, curve: Curve::Poly { power: 0.9 } };
    let sgd = Sgd { rate, momentum: 0.9, decay: 1e-4, nesterov: true, clip: None };
    let (net, loss) = ("net".into(), Loss::default());
    TrainPlan { net, data, length, weights: Optimiser::Sgd(sgd), loss, seed: 3 }
}

/// Two convolutions, a head, and an auxiliary one at `/2`.
fn graph() -> DecisionGraph {
    let mut b = Builder::new();
    let x = b.input(3);
    let x = b.add(toy::conv(8, 3, 1), &[x]);
    let x = b.add(Kernel::Norm(Norm::DEFAULT), &[x]);
    let x = b.add(toy::RELU, &[x]);
    let aux = b.add(toy::conv(3, 1, 2), &[x]);
    let x = b.add(toy::conv(8, 3, 1), &[x]);
    let x = b.add(Kernel::Norm(Norm::DEFAULT), &[x]);
    let x = b.add(toy::RELU, &[x]);
    let x = b.add(toy::conv(3, 1, 1), &[x]);
    let to = Target::Scale(segc::ir::Scale::Down(1));
    let x = b.add(Kernel::Resize { to, interp: Interp::Bilinear }, &[x]);
    b.output("out", x);
    b.aux("aux", aux);
    b.finish()
}

/// Runs a plan in a folder on a fresh network, stopped after `most` steps; what came of it, and the
/// weights.
fn run(plan: &TrainPlan, dir: &Path, resume: bool, most: u64) -> (Trained, Vec<tch::Tensor>) {
    toy::calm();
    let graph = graph();
    let seed = if resume { 99 } else { 1 };
    let network = Executor::new(&graph, Options { seed, ..Options::default() }).expect("it is one");
    let settings = config(&plan.data, plan.seed, NonZeroUsize::MIN, Cache::Memory);
    let images = Loader::new(toy::pictures(10, 20), settings).expect("there are batches");
    let whole = LoaderConfig { batch: NonZeroUsize::MIN, ..LoaderConfig::default() };
    let judge = Loader::new(toy::pictures(3, 17), whole).expect("there are batches");
    let judge = Some(Judge { images: &judge, classes: 3, epochs: 2 });
    let job = TrainJob {
        network: &network,
        plan,
        images: &images,
        shares: &[],
        judge,
        dir,
        checkpoint_steps: 3,
        resume,
    };
    let mut left = most;
    let mut watch = |progress: &Progress| {
        assert!(progress.loss.is_finite() && progress.step <= progress.steps);
        left -= 1;
        if left > 0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let trained = train(&job, &mut watch).expect("it runs");
    (trained, state::named(&network).into_values().collect())
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a place for files")
}

#[test]
fn a_network_learns_bands_and_the_log_says_so() {
    let (plan, dir) = (plan(Length::Epochs(24)), folder());
    let (trained, _) = run(&plan, dir.path(), false, u64::MAX);
    assert!(trained.finished && trained.steps == 24 * 5);
    let miou = trained.scores.expect("it was judged").miou.expect("there are classes");
    assert!(miou > 0.9, "mIoU {miou}");
    let log = std::fs::read_to_string(dir.path().join(LOG)).expect("a log");
    let judged = log.lines().filter(|line| line.contains("\"miou\"")).count();
    assert_eq!((log.lines().count(), judged), (24 * 6, 12));
}

#[test]
fn a_training_that_was_stopped_ends_as_one_that_was_not() {
    let plan = plan(Length::Steps(12));
    let whole = folder();
    let (want, weights) = run(&plan, whole.path(), false, u64::MAX);
    let log = |dir: &TempDir| std::fs::read(dir.path().join(LOG)).expect("a log");
    for stop in [1, 4, 5, 11] {
        let parts = folder();
        assert!(!run(&plan, parts.path(), false, stop).0.finished);
        let (got, same) = run(&plan, parts.path(), true, u64::MAX);
        assert_eq!(got, want);
        assert!(same == weights && log(&parts) == log(&whole), "stopped after {stop}");
    }
}
