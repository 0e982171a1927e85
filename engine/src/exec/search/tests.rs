//! Searches move what they should, and go on as if nothing had been.

use super::*;
use crate::exec::executor::Options;
use crate::exec::feed::config;
use crate::exec::{archive, toy};
use segc::data::loader::Cache;
use segc::decode::Rules;
use segc::ir::{Decision, DecisionGraph};
use segc::run::log::SearchLine;
use segc::search::optim::AdamRule;
use segc::search::plan::{AdamPlan, DataSpec, Loss, Optimiser, Sgd};
use segc::search::{Boundary, Curve, Schedule};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use tempfile::TempDir;

fn plan(halves: bool, epochs: u64, arch_from: u64) -> SearchPlan {
    let data = DataSpec {
        dataset: "drawn".into(),
        split: "train".into(),
        size: None,
        crop: None,
        zoom: None,
        flip: true,
        colour: None,
        batch: 2,
    };
    let rate = Schedule { from: 0.05, to: 0.001, curve: Curve::Cosine };
    SearchPlan {
        net: "net".into(),
        emit: "net".into(),
        data,
        halves,
        epochs,
        arch_from,
        weights: Optimiser::Sgd(Sgd {
            rate,
            momentum: 0.9,
            decay: 3e-4,
            nesterov: false,
            clip: Some(5.0),
        }),
        arch: AdamPlan {
            rate: Schedule::constant(0.05),
            rule: AdamRule { decay: 1e-3, ..AdamRule::default() },
            clip: None,
        },
        order: Order::First,
        boundary: Boundary::Plain,
        loss: Loss::default(),
        decode: Rules::default(),
        seed: 3,
    }
}

/// Runs a plan in a folder on a fresh network of one cell, stopped after `most` steps.
fn run(plan: &SearchPlan, dir: &Path, resume: bool, most: usize) -> Result<Searched, RunError> {
    toy::calm();
    let (graph, decisions): (DecisionGraph, Vec<Decision>) = toy::cells(1, 4, 3);
    // Other initial weights than those of the run that is resumed: the checkpoint has them all.
    let seed = if resume { 99 } else { 1 };
    let network = Executor::new(&graph, Options { seed, ..Options::default() })?;
    let relaxation = Relaxation::new(&decisions, &graph.leaves, plan.boundary).expect("it relaxes");
    let settings = config(&plan.data, plan.seed, NonZeroUsize::MIN, Cache::Off);
    let pictures = toy::pictures(12, 16);
    let half = |which: usize| {
        let indices = (0..12).filter(|at| at % 2 == which).collect();
        Loader::over(pictures.clone(), indices, settings.clone()).expect("there are batches")
    };
    let (first, second) = (half(0), half(1));
    let job = SearchJob {
        network: &network,
        relaxation: &relaxation,
        plan,
        weights: &first,
        arch: &second,
        shares: &[],
        dir,
        checkpoint_steps: 2,
        resume,
    };
    let mut steps = 0;
    let mut watch = |_: &Progress| {
        steps += 1;
        if steps < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    search(&job, &mut watch)
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a place for files")
}

/// The bytes of the newest checkpoint's tensors and of the log.
fn left_behind(dir: &Path) -> (Vec<u8>, String) {
    let names = std::fs::read_dir(dir).expect("a folder").map(|e| e.expect("a file").path());
    let tensors: Vec<_> =
        names.filter(|path| path.extension().is_some_and(|e| e == "safetensors")).collect();
    assert_eq!(tensors.len(), 1, "older checkpoints are forgotten");
    let bytes = std::fs::read(&tensors[0]).expect("a file");
    (bytes, std::fs::read_to_string(dir.join(LOG)).expect("a log"))
}

#[test]
fn a_search_that_was_stopped_ends_as_one_that_was_not() {
    for halves in [true, false] {
        let plan = plan(halves, 3, 1);
        let whole = folder();
        let want = run(&plan, whole.path(), false, usize::MAX).expect("it runs");
        assert!(want.finished);
        // Stopped at the first step, within an epoch and at its end; then stopped again.
        for stops in [[1, 1], [4, 2], [3, 4]] {
            let parts = folder();
            assert!(!run(&plan, parts.path(), false, stops[0]).expect("it runs").finished);
            assert!(!run(&plan, parts.path(), true, stops[1]).expect("it goes on").finished);
            let got = run(&plan, parts.path(), true, usize::MAX).expect("it goes on");
            assert_eq!(got, want);
            assert!(left_behind(parts.path()) == left_behind(whole.path()), "{stops:?}");
        }
    }
}

#[test]
fn what_came_after_the_last_checkpoint_is_done_again() {
    let (plan, whole, killed) = (plan(true, 2, 0), folder(), folder());
    let want = run(&plan, whole.path(), false, usize::MAX).expect("it runs");
    run(&plan, killed.path(), false, 4).expect("it runs");
    // As a run leaves it that is killed while it writes: a torn line, tensors nobody names.
    let log = killed.path().join(LOG);
    let text = std::fs::read_to_string(&log).expect("a log") + "{\"kind\":\"st";
    std::fs::write(&log, text).expect("room");
    std::fs::write(killed.path().join("checkpoint-9.safetensors"), b"torn").expect("room");
    assert_eq!(run(&plan, killed.path(), true, usize::MAX).expect("it goes on"), want);
    assert!(left_behind(killed.path()) == left_behind(whole.path()));
}

#[test]
fn the_architecture_rests_until_its_time_and_the_loss_falls() {
    let (plan, dir) = (plan(true, 12, 8), folder());
    let (_, decisions) = toy::cells(1, 4, 3);
    let (graph, _) = toy::cells(1, 4, 3);
    let relaxation = Relaxation::new(&decisions, &graph.leaves, plan.boundary).expect("it relaxes");
    let before = run(&plan, dir.path(), false, 8 * 3 - 1).expect("it runs");
    assert_eq!(before.state.params, relaxation.init(plan.seed));
    let after = run(&plan, dir.path(), true, usize::MAX).expect("it goes on");
    assert_ne!(after.state.params, before.state.params);
    let log = std::fs::read_to_string(dir.path().join(LOG)).expect("a log");
    let lines: Vec<serde_json::Value> =
        log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let epochs: Vec<&serde_json::Value> =
        lines.iter().filter(|line| line["kind"] == "epoch").collect();
    assert_eq!((epochs.len(), lines.len()), (12, 12 * 4));
    let loss = |epoch: usize| epochs[epoch]["loss"].as_f64().expect("a number");
    assert!(loss(11) < 0.9 * loss(0), "{} and then {}", loss(0), loss(11));
    assert!(epochs[7]["arch_loss"].is_null() && epochs[8]["arch_loss"].is_number());
    assert_eq!(epochs[0]["opinions"].as_array().map(Vec::len), Some(decisions.len()));
    // As reports read it.
    let read = segc::run::log::metrics::<SearchLine>(dir.path()).expect("it is whole");
    let last = read.lines.last().expect("an epoch ended");
    assert!(matches!(last, SearchLine::Epoch { opinions, .. } if *opinions == after.opinions));
}

#[test]
fn a_checkpoint_of_another_plan_is_refused() {
    let (mut plan, dir) = (plan(true, 2, 0), folder());
    run(&plan, dir.path(), false, 1).expect("it runs");
    plan.seed += 1;
    let error = run(&plan, dir.path(), true, 1).expect_err("it is stale");
    assert!(matches!(error, RunError::Stale { .. }), "{error}");
    // Begun anew it may be.
    run(&plan, dir.path(), false, 1).expect("it runs");
}

#[test]
fn a_loss_that_is_no_number_ends_the_search_before_it_spoils_the_weights() {
    let (mut plan, dir) = (plan(true, 2, 0), folder());
    if let Optimiser::Sgd(sgd) = &mut plan.weights {
        sgd.rate = Schedule::constant(1e30);
        sgd.clip = None;
    }
    let error = run(&plan, dir.path(), false, usize::MAX).expect_err("it leaps away");
    assert!(matches!(error, RunError::NotFinite { .. }), "{error}");
    assert!(archive::read(&dir.path().join("none")).is_err());
}
