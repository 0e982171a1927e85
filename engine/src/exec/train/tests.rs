//! Trainings learn, and go on as if nothing had been.

use super::*;
use crate::exec::checkpoint;
use crate::exec::executor::Options;
use crate::exec::feed::config;
use crate::exec::run::Progress;
use crate::exec::search::LOG;
use crate::exec::{state, toy};
use segc::data::LoaderConfig;
use segc::data::classes::Palette;
use segc::data::loader::Cache;
use segc::ir::DecisionGraph;
use segc::ir::builder::Builder;
use segc::ir::kernel::{Interp, Kernel, Norm, Target};
use segc::run::log::{self, TrainLine};
use segc::search::loss::{ClassWeights, Hard, Keep, Pixels};
use segc::search::optim::AdamRule;
use segc::search::parts::Frozen;
use segc::search::paths::DropPath;
use segc::search::plan::{AdamPlan, Average, DataSpec, Length, Loss, Mover, Optimiser, Phase, Sgd};
use segc::search::{Curve, Schedule};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use tch::Tensor;
use tempfile::TempDir;

fn plan(length: Length) -> TrainPlan {
    let data = DataSpec {
        dataset: "drawn".into(),
        split: "train".into(),
        size: None,
        crop: None,
        zoom: Some([0.9, 1.1]),
        flip: true,
        colour: Some(0.2),
        batch: 2,
    };
    let data = DataSpec { crop: Some(segc::ir::Size { h: 16, w: 16 }), ..data };
    let rate = Schedule { from: 0.1, to: 0.0, curve: Curve::Poly { power: 0.9 } };
    let sgd = Sgd { rate, momentum: 0.9, decay: 1e-4, nesterov: true, clip: None };
    let phase = Phase {
        name: None,
        data,
        length,
        weights: vec![Mover::whole(Optimiser::Sgd(sgd))],
        frozen: Frozen::default(),
        accumulate: 1,
        loss: Loss::default(),
        average: None,
        drop_path: None,
    };
    TrainPlan { net: "net".into(), phases: vec![phase], seed: 3 }
}

/// Two convolutions, a head, and an auxiliary one at `/2`.
fn graph() -> DecisionGraph {
    let mut b = Builder::new();
    let x = b.input(3);
    let x = b.part("stem", |b| {
        let x = b.add(toy::conv(8, 3, 1), &[x]);
        let x = b.add(Kernel::Norm(Norm::DEFAULT), &[x]);
        b.add(toy::RELU, &[x])
    });
    let aux = b.add(toy::conv(3, 1, 2), &[x]);
    let x = b.part("cell", |b| {
        let y = b.add(toy::conv(8, 3, 1), &[x]);
        let y = b.add(Kernel::Norm(Norm::DEFAULT), &[y]);
        let y = b.add(toy::RELU, &[y]);
        b.add(Kernel::Add, &[x, y])
    });
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
    let course = |phase: &Phase| {
        let settings = config(&phase.data, plan.seed, NonZeroUsize::MIN, Cache::Memory);
        let images = Loader::new(toy::pictures(10, 20), settings).expect("there are batches");
        Course { images, shares: vec![0.5, 0.3, 0.2], teachers: vec![] }
    };
    let courses: Vec<Course> = plan.phases.iter().map(course).collect();
    let whole = LoaderConfig { batch: NonZeroUsize::MIN, ..LoaderConfig::default() };
    let judge = Loader::new(toy::pictures(3, 17), whole).expect("there are batches");
    let palette = Palette::numbered(3).expect("three classes");
    let judge =
        Some(Judge { images: &judge, split: "val", palette: &palette, examples: 2, epochs: 2 });
    let job = TrainJob {
        network: &network,
        plan,
        courses: &courses,
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
    let miou = trained.scores.as_ref().expect("it was judged").miou.expect("there are classes");
    assert!(miou > 0.9, "mIoU {miou}");
    let log = std::fs::read_to_string(dir.path().join(LOG)).expect("a log");
    let judged = log.lines().filter(|line| line.contains("\"miou\"")).count();
    assert_eq!((log.lines().count(), judged), (24 * 6, 12));
    // As reports read it.
    let read = log::metrics::<TrainLine>(dir.path()).expect("it is whole");
    let last = read.lines.iter().rev().find_map(|line| match line {
        TrainLine::Epoch { scores, .. } => scores.clone(),
        TrainLine::Step { .. } => None,
    });
    assert_eq!((read.lines.len(), last), (24 * 6, trained.scores));
}

#[test]
fn examples_are_pictures_of_what_was_predicted() {
    let (plan, dir) = (plan(Length::Epochs(24)), folder());
    run(&plan, dir.path(), false, u64::MAX);
    let examples = log::examples(dir.path()).expect("it is whole").expect("it was judged");
    assert_eq!((examples.step, examples.images.len()), (24 * 5, 2));
    for example in &examples.images {
        let open = |name: &String| {
            let path = dir.path().join(segc::run::EXAMPLES).join(name);
            image::open(path).expect("a picture").into_rgb8()
        };
        let (truth, predicted) = (open(&example.truth), open(&example.predicted));
        assert_eq!(open(&example.image).dimensions(), truth.dimensions());
        let pairs = truth.pixels().zip(predicted.pixels());
        let right = pairs.filter(|(a, b)| a == b).count() as f64;
        let all = f64::from(truth.width() * truth.height());
        assert!(right / all > 0.9 && example.miou.is_some_and(|miou| miou > 0.7), "{example:?}");
    }
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

/// A plan with everything that a run has to remember: three phases, an optimiser for each part, a
/// frozen part, several batches in a step, averages, counted classes and hard pixels. What draws
/// random numbers on the way is tested in a process of its own, `tests/dropout.rs`.
fn everything() -> TrainPlan {
    let mut plan = plan(Length::Steps(5));
    let first = plan.phases.remove(0);
    let Optimiser::Sgd(sgd) = first.weights[0].rule.clone() else { unreachable!("it is SGD") };
    let adam = AdamPlan { rate: sgd.rate, rule: AdamRule::default(), clip: Some(0.5) };
    let stem = Mover { on: vec!["stem".into()], ..Mover::whole(Optimiser::Sgd(sgd)) };
    let rest = Mover { warm_up: 2, ..Mover::whole(Optimiser::Adam(adam)) };
    let mean = Average { decay: 0.8, norms: true, adopt: false };
    let hard = Hard { threshold: 0.6, keep: Keep::Share(0.25) };
    let pixels = Pixels { classes: ClassWeights::InverseLog(1.02), ..Pixels::default() };
    let loss = Loss::of(Pixels { hard: Some(hard), ..pixels });
    let frozen = Frozen { parts: vec!["stem".into()], norms: false };
    plan.phases = vec![
        Phase { weights: vec![stem, rest.clone()], average: Some(mean), loss, ..first.clone() },
        Phase {
            length: Length::Epochs(2),
            weights: vec![rest],
            frozen,
            accumulate: 2,
            average: Some(Average { adopt: true, norms: false, ..mean }),
            ..first.clone()
        },
        Phase { frozen: Frozen { parts: vec![], norms: true }, ..first },
    ];
    plan
}

#[test]
fn a_training_with_everything_that_was_stopped_anywhere_ends_as_one_that_was_not() {
    let plan = everything();
    let whole = folder();
    let (want, weights) = run(&plan, whole.path(), false, u64::MAX);
    // 5 steps, 2 epochs of 2 steps of 2 batches, 5 steps.
    assert!(want.finished && want.steps == 14);
    let file = |dir: &TempDir, name| std::fs::read(dir.path().join(name)).expect("a file");
    for stop in 1..14 {
        let parts = folder();
        assert!(!run(&plan, parts.path(), false, stop).0.finished);
        let (got, same) = run(&plan, parts.path(), true, u64::MAX);
        assert_eq!(got, want);
        assert!(same == weights, "stopped after {stop}: other weights");
        for name in [LOG, BEST] {
            assert!(file(&parts, name) == file(&whole, name), "stopped after {stop}: {name}");
        }
    }
}

/// The weights of a fresh network after one phase, by name.
fn after(change: impl FnOnce(&mut Phase)) -> BTreeMap<String, Tensor> {
    let mut plan = plan(Length::Steps(4));
    change(&mut plan.phases[0]);
    let (dir, graph) = (folder(), graph());
    let names = Executor::new(&graph, Options::default()).expect("it is one");
    let names = state::named(&names).into_keys();
    names.zip(run(&plan, dir.path(), false, u64::MAX).1).collect()
}

/// The weights that trainings begin with, by name.
fn fresh() -> BTreeMap<String, Tensor> {
    let graph = graph();
    state::named(&Executor::new(&graph, Options { seed: 1, ..Options::default() }).expect("one"))
}

#[test]
fn what_is_frozen_stays_and_the_rest_moves() {
    let start = fresh();
    let stem = after(|phase| phase.frozen.parts = vec!["stem".into()]);
    for (name, tensor) in &stem {
        assert_eq!(*tensor == start[name], name.starts_with("stem."), "{name}");
    }
    let norms = after(|phase| phase.frozen.norms = true);
    let statistic = |name: &str| name.contains("running");
    for (name, tensor) in &norms {
        let fresh = if name.contains("var") { 1.0 } else { 0.0 };
        let still = *tensor == Tensor::full_like(tensor, fresh);
        assert_eq!(still, statistic(name), "{name}");
    }
}

#[test]
fn each_part_moves_by_its_own_optimiser() {
    let rated = |rate: f64| {
        let sgd = Sgd {
            rate: Schedule::constant(rate),
            momentum: 0.0,
            decay: 0.0,
            nesterov: false,
            clip: None,
        };
        Mover::whole(Optimiser::Sgd(sgd))
    };
    let one = |on: &str, rate| Mover { on: vec![on.into()], ..rated(rate) };
    let slow = |phase: &mut Phase| phase.length = Length::Steps(1);
    let of = |movers: Vec<Mover>| {
        after(|phase| {
            slow(phase);
            phase.weights = movers;
        })
    };
    let (start, both) = (fresh(), of(vec![rated(0.2)]));
    let parted = of(vec![one("stem", 0.05), rated(0.2)]);
    for (name, tensor) in &parted {
        let share = if name.starts_with("stem.") { 0.25 } else { 1.0 };
        let want = &start[name] + (&both[name] - &start[name]) * share;
        let off = (tensor - want).abs().max().double_value(&[]);
        assert!(off < 1e-6 || name.contains("running"), "{name}: {off}");
    }
}

#[test]
fn a_phase_ends_with_the_means_of_its_weights() {
    let start = fresh();
    let one = after(|phase| phase.length = Length::Steps(1));
    let mean = |norms| {
        after(|phase| {
            phase.length = Length::Steps(1);
            phase.average = Some(Average { decay: 0.9, norms, adopt: false });
        })
    };
    let (means, all) = (mean(false), mean(true));
    for (name, start) in &start {
        let want = start * 0.9 + &one[name] * 0.1;
        let near = |got: &Tensor, want: &Tensor| {
            let off = (got - want).abs().max().double_value(&[]);
            assert!(off < 1e-6, "{name}: {off}");
        };
        near(&all[name], &want);
        near(&means[name], if name.contains("running") { &one[name] } else { &want });
    }
}

#[test]
fn batches_that_are_put_together_make_the_step_of_their_mean() {
    // Without a norm's statistics over the batch, and without chance in what is cut out.
    let whole = |batch: u32, accumulate: u32| {
        after(|phase| {
            phase.length = Length::Steps(2);
            phase.data = DataSpec { batch, zoom: None, crop: None, ..phase.data.clone() };
            phase.accumulate = accumulate;
            phase.frozen.norms = true;
        })
    };
    let (one, other) = (whole(4, 1), whole(2, 2));
    for (name, tensor) in &one {
        let off = (tensor - &other[name]).abs().max().double_value(&[]);
        assert!(off < 1e-5, "{name}: {off}");
    }
}

#[test]
fn a_plan_that_cannot_take_a_step_says_so() {
    let fails = |change: fn(&mut Phase)| {
        let mut plan = plan(Length::Epochs(1));
        change(&mut plan.phases[0]);
        let course = |phase: &Phase| {
            let settings = config(&phase.data, 0, NonZeroUsize::MIN, Cache::Off);
            let images = Loader::new(toy::pictures(10, 20), settings).expect("there are batches");
            Course { images, shares: vec![], teachers: vec![] }
        };
        let courses: Vec<Course> = plan.phases.iter().map(course).collect();
        phase::stretches(&plan, &courses).expect_err("it cannot").to_string()
    };
    assert_eq!(
        fails(|phase| phase.accumulate = 6),
        "a step takes 6 batches and an epoch has 5: accumulate less, or take smaller batches"
    );
    assert_eq!(
        fails(|phase| phase.weights[0].warm_up = 5),
        "the warm-up of 5 steps is as long as the training, which has 5"
    );
}

#[test]
fn a_training_that_diverges_leaves_the_last_good_weights() {
    // Good for two steps, then far too fast.
    let mut plan = plan(Length::Steps(2));
    let mut wild = plan.phases[0].clone();
    wild.length = Length::Steps(6);
    if let Optimiser::Sgd(sgd) = &mut wild.weights[0].rule {
        sgd.rate = Schedule::constant(1e30);
    }
    plan.phases.push(wild);
    let dir = folder();
    let (graph, settings) =
        (graph(), |phase: &Phase| config(&phase.data, plan.seed, NonZeroUsize::MIN, Cache::Memory));
    let network = Executor::new(&graph, Options::default()).expect("it is one");
    let course = |phase: &Phase| {
        let images = Loader::new(toy::pictures(10, 20), settings(phase)).expect("batches");
        Course { images, shares: vec![], teachers: vec![] }
    };
    let courses: Vec<Course> = plan.phases.iter().map(course).collect();
    let job = TrainJob {
        network: &network,
        plan: &plan,
        courses: &courses,
        judge: None,
        dir: dir.path(),
        checkpoint_steps: 1,
        resume: false,
    };
    let error = train(&job, &mut |_| ControlFlow::Continue(())).expect_err("it diverges");
    assert!(error.is_divergence(), "{error}");
    let left = checkpoint::newest(dir.path()).expect("a checkpoint");
    let other = Executor::new(&graph, Options::default()).expect("it is one");
    let matched = state::load_matching(&other, &left).expect("it is whole");
    assert!(matched.missing.is_empty() && matched.reshaped.is_empty());
    assert!(matched.unknown.iter().all(|name| checkpoint::is_memory(name)));
    assert_eq!(state::not_finite(&other).expect("numbers"), None);
}

#[test]
fn what_leads_over_a_dropped_path_does_not_move() {
    let drop = |rate| {
        let (rate, on) = (Schedule::constant(rate), vec!["cell".into()]);
        after(|phase| {
            phase.length = Length::Steps(1);
            phase.drop_path = Some(DropPath { rate, on, deeper: false });
        })
    };
    // All but certain: no image of the batch keeps it. Only decay moves the weights of the branch.
    let (start, none, all) = (fresh(), drop(0.0), drop(1.0 - 1e-12));
    let moved = |to: &BTreeMap<String, Tensor>, name: &str| {
        (&to[name] - &start[name]).abs().max().double_value(&[])
    };
    for name in start.keys().filter(|name| name.contains("conv") && name.starts_with("cell.")) {
        assert!(moved(&none, name) > 100.0 * moved(&all, name), "{name}");
    }
    assert!(moved(&all, "stem.conv0.weight") > 1e-4);
}
