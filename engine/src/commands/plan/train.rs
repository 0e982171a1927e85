//! The plan of a training.

use super::super::images::{judging_batch, palette};
use super::super::teachers::Teachers;
use super::super::train::{self, CHECKPOINT_STEPS, JUDGED, begun, courses};
use super::super::{failed, need, spec};
use super::measure::{Clock, EPOCH, Measuring, Paces, Spent, Stamp};
use super::written::{Log, bytes_below};
use super::{Job, measuring, sources};
use crate::exec::executor::Executor;
use crate::exec::judge::evaluate;
use crate::exec::run::Watch;
use crate::exec::search::LOG;
use crate::exec::state;
use crate::exec::train::{Course, TrainJob, length, train as run_train};
use segc::cli::failure::Failure;
use segc::cli::term::Term;
use segc::forecast::need::Feed;
use segc::forecast::plan::{Disk, Kind, Moved, RunPlan, Stage};
use segc::forecast::time::{Estimate, Stretch};
use segc::ir::DecisionGraph;
use segc::ir::graph::WeightId;
use segc::search::parts::Owner;
use segc::search::plan::{Length, Phase, TrainPlan};
use std::collections::BTreeMap;
use std::time::Duration;

pub(super) fn plan(job: &Job<'_>, term: &Term) -> Result<Option<RunPlan>, Failure> {
    let (judged, images, args) = (job.judged, job.images, job.args);
    let (name, net) = spec::finished(judged, args.net.as_deref())?;
    let plan = train::plan(judged, name, (args.seed, args.epochs, args.batch))?;
    let teachers = Teachers::read(&plan, term)?;
    let teachers = teachers.beside(judged);
    let init = args.init.as_deref();
    let sources = sources::of_training(judged, &plan, images, init, &teachers)?;
    need::for_training(&net.graph, &plan, images, &teachers, &args.machine)?;
    let need = need::of_training(&net.graph, &plan, images, &teachers, &args.machine)?;
    let network = begun(net, &plan, job.device, init)?;
    let tried = courses(&plan, images, &teachers, job.device, Some(EPOCH))?;
    let feeds = plan.phases.iter().map(|phase| images.feed(&phase.data, None));
    let feeds = feeds.collect::<Result<Vec<Feed>, Failure>>()?;
    let stretches = plan.phases.iter().zip(&feeds).map(stretch);
    let stretches = stretches.collect::<Result<Vec<Stretch>, Failure>>()?;
    let start = job.start();

    let trial = Trial { job, plan: &plan, network: &network, tried: &tried };
    let Some(found) = trial.run(&stretches)? else { return Ok(None) };
    let read = |(course, feed): (&Course<'_>, &Feed)| {
        Feed { images: course.images.samples() as u64, ..*feed }.kept_bytes()
    };
    let read: u64 = tried.iter().zip(&feeds).map(read).sum();
    let memory = job.memory(need.clone(), need.images_bytes.saturating_sub(read));
    let time = found.estimate(&plan, &stretches, start);
    let stages = (plan.phases.iter().zip(&feeds).zip(&stretches).enumerate())
        .map(|(at, ((phase, feed), stretch))| stage(&net.graph, (at, phase), feed, stretch))
        .collect();
    let steps: u64 = stretches.iter().map(|stretch| stretch.steps).sum();
    let epochs: u64 = stretches.iter().map(Stretch::epochs).sum();
    let (segc, libtorch) = job.versions();
    Ok(Some(RunPlan {
        segc,
        libtorch,
        orders: job.orders(Kind::Train, name, None, plan.seed),
        sources,
        space: None,
        costs: job.costs(name, net),
        stages,
        memory,
        time,
        disk: Disk {
            checkpoint_bytes: found.checkpoint_bytes,
            log_bytes: found.step_bytes * steps + found.epoch_bytes * epochs,
            // The last weights, and those that were judged best.
            results_bytes: 2 * found.weights_bytes,
        },
    }))
}

/// How long a phase takes.
fn stretch((phase, feed): (&Phase, &Feed)) -> Result<Stretch, Failure> {
    let batches = feed.images / u64::from(feed.batch.max(1));
    let (per_epoch, steps) = length(phase, batches).map_err(failed)?;
    let due = (1..=steps / CHECKPOINT_STEPS).map(|n| n * CHECKPOINT_STEPS);
    let within = due.filter(|step| !step.is_multiple_of(per_epoch) && *step != steps);
    Ok(Stretch { steps, per_epoch, checkpoints: within.count() as u64 })
}

/// What is tried of a training.
struct Trial<'t, 'g> {
    job: &'t Job<'t>,
    plan: &'t TrainPlan,
    network: &'t Executor<'g>,
    tried: &'t [Course<'t>],
}

/// What came of it.
struct Found {
    /// Of each phase.
    paces: Vec<Paces>,
    /// A judgement.
    judging: Spent,
    /// The weights, written at the end.
    saving: Spent,
    /// How long it took in seconds, and what share of the processors others took.
    measured: (f64, Option<f64>),
    checkpoint_bytes: u64,
    weights_bytes: u64,
    step_bytes: u64,
    epoch_bytes: u64,
}

impl Trial<'_, '_> {
    /// Steps of each phase, and a judgement of part of the images; nothing where the user wants no
    /// more.
    fn run(&self, stretches: &[Stretch]) -> Result<Option<Found>, Failure> {
        let (job, dir) = (self.job, self.job.aside.path());
        let mut measuring = measuring(job);
        let share = job.share(self.plan.phases.len() + 1);
        let (mut paces, mut checkpoint_bytes, mut log) = (Vec::new(), 0, Log::default());
        for (at, stretch) in stretches.iter().enumerate() {
            paces.push(self.phase(at, stretch, share, &mut measuring)?);
            if measuring.stopped {
                return Ok(None);
            }
            log = Log::read(&dir.join(LOG));
            checkpoint_bytes = checkpoint_bytes.max(bytes_below(dir).saturating_sub(log.bytes));
        }
        let judging = self.judging(share)?;
        let (begun, file) = (Stamp::now(), dir.join(train::WEIGHTS));
        state::save(self.network, &file, &BTreeMap::new()).map_err(failed)?;
        Ok(Some(Found {
            paces,
            judging,
            saving: begun.since(),
            measured: measuring.done(),
            checkpoint_bytes,
            weights_bytes: file.metadata().map_or(0, |meta| meta.len()),
            step_bytes: log.mean("step"),
            epoch_bytes: log.mean("epoch"),
        }))
    }

    /// Steps of one phase, as if it were all of the training.
    fn phase(
        &self,
        at: usize,
        stretch: &Stretch,
        time: Duration,
        measuring: &mut Measuring,
    ) -> Result<Paces, Failure> {
        let (Some(phase), Some(course)) = (self.plan.phases.get(at), self.tried.get(at)) else {
            return Ok(Paces::default());
        };
        let phase = Phase { length: Length::Steps(TRIED), ..phase.clone() };
        let plan = TrainPlan { phases: vec![phase.clone()], ..self.plan.clone() };
        let epoch = (course.images.batches() as u64 / u64::from(phase.accumulate.max(1))).max(1);
        let job = TrainJob {
            network: self.network,
            plan: &plan,
            courses: std::slice::from_ref(course),
            judge: None,
            dir: self.job.aside.path(),
            checkpoint_steps: 0,
            resume: false,
        };
        let run = |watch: Watch<'_>| run_train(&job, watch).map(drop).map_err(train::began_badly);
        measuring.both(time, (epoch, stretch.steps), &run)
    }

    /// How long a judgement of all images takes, from one of the first of them.
    fn judging(&self, time: Duration) -> Result<Spent, Failure> {
        let (images, data) = (self.job.images, &self.plan.last().data);
        let (val, classes) = (images.open(data, "val")?, palette(data)?.len());
        let batch = judging_batch(data);
        let seen = |batches: u32| -> Result<(usize, Spent), Failure> {
            let most = Some((batches * batch) as usize);
            let loader = images.judging_by(val.clone(), data, batch, most)?;
            let begun = Stamp::now();
            evaluate(self.network, &loader, classes, &[]).map_err(failed)?;
            Ok((loader.samples(), begun.since()))
        };
        // Kernels are chosen and memory is touched by the first.
        let (_, first) = seen(1)?;
        let again = (time.as_secs_f64() / first.passed_s.max(1e-3)).clamp(1.0, 64.0) as u32;
        let (read, took) = seen(again)?;
        let all = val.len() as f64 / read.max(1) as f64;
        Ok(Spent { passed_s: took.passed_s * all, processor_s: took.processor_s * all })
    }
}

/// Steps of what is tried: more than anyone waits for, and than any warm-up.
const TRIED: u64 = 1 << 40;

impl Found {
    fn estimate(&self, plan: &TrainPlan, stretches: &[Stretch], start: Spent) -> Estimate {
        let by = |clock| self.estimate_by(clock, plan, stretches, start);
        Estimate { processor_s: by(Clock::Processor).total_s, ..by(Clock::Passed) }
    }

    fn estimate_by(
        &self,
        clock: Clock,
        plan: &TrainPlan,
        stretches: &[Stretch],
        start: Spent,
    ) -> Estimate {
        let mut all = Estimate::default();
        all.add("start", start.by(clock), 1);
        let named = plan.phases.iter().enumerate();
        for (((at, phase), stretch), paces) in named.zip(stretches).zip(&self.paces) {
            let what = match plan.phases.len() {
                1 => "steps".to_owned(),
                _ => format!("steps of {}", name(at, phase)),
            };
            let pace = paces.by(clock);
            all.steps(&what, *stretch, &pace, true);
            all.measured_steps += pace.steps;
        }
        let judged = stretches.iter().map(judgements).sum();
        let (judging, saving) = (self.judging.by(clock), self.saving.by(clock));
        all.add("judging, with the best weights written", judging + saving, judged);
        all.add("writing the weights", saving, 1);
        (all.measured_s, all.others) = self.measured;
        all
    }
}

/// Times that a phase is judged: every so many epochs, and at its end.
fn judgements(stretch: &Stretch) -> u64 {
    stretch.epochs().div_ceil(JUDGED)
}

/// What a phase is called.
fn name(at: usize, phase: &Phase) -> String {
    phase.name.clone().unwrap_or_else(|| format!("phase {}", at + 1))
}

fn stage(
    graph: &DecisionGraph,
    (at, phase): (usize, &Phase),
    feed: &Feed,
    stretch: &Stretch,
) -> Stage {
    let (mut moved, mut frozen) = (vec![0; phase.weights.len()], 0);
    for (id, set) in (0..).map(WeightId).zip(&graph.weights) {
        let params = graph.shape(set).params();
        match phase.owner(&graph.weight_name(id)) {
            Owner::Mover(mover) => moved.iter_mut().skip(mover).take(1).for_each(|n| *n += params),
            Owner::Frozen | Owner::Nobody | Owner::Both(..) => frozen += params,
        }
    }
    let movers = phase.weights.iter().zip(moved);
    Stage {
        name: name(at, phase),
        epochs: stretch.epochs(),
        steps: stretch.steps,
        images: feed.images,
        split: phase.data.split.clone(),
        batch: feed.batch,
        accumulate: phase.accumulate,
        input: feed.input,
        movers: movers.map(|(m, params)| Moved::of_mover(m, params, stretch.steps)).collect(),
        frozen_params: frozen,
        judgements: judgements(stretch),
    }
}
