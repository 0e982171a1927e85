//! The plan of a search.

use super::super::search::{self, Batches, CHECKPOINT_STEPS, conclude, ended, manifest};
use super::super::{failed, need};
use super::measure::{Clock, EPOCH, Paces, Spent, Stamp};
use super::written::{Log, bytes_below};
use super::{Job, measuring, sources};
use crate::exec::executor::{Executor, Options};
use crate::exec::run::Watch;
use crate::exec::search::{LOG, SearchJob, search as run_search};
use segc::cli::failure::Failure;
use segc::cli::plan::described;
use segc::forecast::need::Feed;
use segc::forecast::plan::{self, Disk, Kind, Moved, RunPlan, Space, Stage};
use segc::forecast::time::{Estimate, Stretch};
use segc::ir::count::assignments;
use segc::search::Relaxation;
use segc::search::plan::{Optimiser, SearchPlan};
use std::path::Path;

/// What the two kinds of steps are called.
const ALONE: &str = "weights";
const TURNS: &str = "weights and architecture";

pub(super) fn plan(job: &Job<'_>) -> Result<Option<RunPlan>, Failure> {
    let (judged, images, args) = (job.judged, job.images, job.args);
    if args.epochs.is_some() || args.init.is_some() {
        return Err(Failure::with_help(
            "`--epochs` and `--init` are for trainings, and this is a search",
            "say how long it takes in the `search` block",
        ));
    }
    let plan = search::plan(judged, args.net.as_deref(), args.seed, args.batch)?;
    let sources = sources::of_search(judged, &plan, images)?;
    let net = judged.space.nets.get(&plan.net).ok_or(Failure::Spec)?;
    need::for_search(&net.graph, &plan, images, &args.machine)?;
    let need = need::of_search(&net.graph, &plan, images, &args.machine)?;
    let feed = images.feed(&plan.data, None)?;
    let options = Options { device: job.device, seed: plan.seed, ..Options::default() };
    let network = Executor::new(&net.graph, options).map_err(failed)?;
    let relaxation = Relaxation::new(judged.space.decisions(), &net.graph.leaves, plan.boundary)
        .map_err(failed)?;
    let most = (EPOCH * u64::from(plan.data.batch)) as usize;
    let tried = Batches::of(&plan, images, Some(most))?;
    let per_epoch = learning(&plan, &feed) / u64::from(feed.batch.max(1));
    let start = job.start();

    let trial =
        Trial { job, plan: &plan, network: &network, relaxation: &relaxation, tried: &tried };
    let Some(found) = trial.run(per_epoch)? else { return Ok(None) };
    let read = (tried.weights.samples() + tried.arch.samples()) as u64;
    let unread = need.images_bytes.saturating_sub(Feed { images: read, ..feed }.kept_bytes());
    let memory = job.memory(need, unread);

    let stages = stages(&plan, &feed, per_epoch, network_params(&network), relaxation.len());
    let epochs = plan.epochs;
    let disk = Disk {
        checkpoint_bytes: found.checkpoint_bytes,
        log_bytes: found.step_bytes * epochs * per_epoch + found.epoch_bytes * epochs,
        results_bytes: found.results_bytes,
    };
    let time = found.estimate(&plan, per_epoch, start);
    let (segc, libtorch) = job.versions();
    let decisions = judged.space.decisions();
    Ok(Some(RunPlan {
        segc,
        libtorch,
        orders: job.orders(Kind::Search, &plan.net, Some(plan.emit.clone()), plan.seed),
        sources,
        space: Some(Space {
            assignments: assignments(decisions).to_string(),
            decisions: decisions.iter().map(described).collect(),
        }),
        costs: job.costs(&plan.net, net),
        stages,
        memory,
        time,
        disk,
    }))
}

/// Images that move the weights.
fn learning(plan: &SearchPlan, feed: &Feed) -> u64 {
    if plan.halves { feed.images.div_ceil(2) } else { feed.images }
}

fn network_params(network: &Executor<'_>) -> u64 {
    let trained = network.params().into_iter().filter(|param| param.role.trainable());
    trained.map(|param| param.tensor.numel() as u64).sum()
}

/// What is tried of a search.
struct Trial<'t, 'g> {
    job: &'t Job<'t>,
    plan: &'t SearchPlan,
    network: &'t Executor<'g>,
    relaxation: &'t Relaxation,
    tried: &'t Batches,
}

/// What came of it.
struct Found {
    /// Of the weights alone, where the plan has such steps.
    alone: Option<Paces>,
    /// Of the weights and the architecture.
    turns: Option<Paces>,
    /// How long the end took.
    end: Spent,
    /// How long it took in seconds, and what share of the processors others took.
    measured: (f64, Option<f64>),
    checkpoint_bytes: u64,
    step_bytes: u64,
    epoch_bytes: u64,
    results_bytes: u64,
}

impl Trial<'_, '_> {
    /// Steps of each kind that the plan has, and its end; nothing where the user wants no more.
    fn run(&self, per_epoch: u64) -> Result<Option<Found>, Failure> {
        let (plan, job) = (self.plan, self.job);
        let alone = plan.arch_from.min(plan.epochs) * per_epoch;
        let turns = plan.epochs * per_epoch - alone;
        let kinds = usize::from(alone > 0) + usize::from(turns > 0);
        let mut measuring = measuring(job);
        let mut paces = [None, None];
        for (pace, (steps, from)) in paces.iter_mut().zip([(alone, TRIED), (turns, 0)]) {
            if steps == 0 {
                continue;
            }
            let tried = SearchPlan { epochs: TRIED, arch_from: from, ..plan.clone() };
            let epoch = self.tried.weights.batches() as u64;
            let run = |watch: Watch<'_>| {
                run_search(&self.search(&tried), watch)
                    .map(drop)
                    .map_err(|error| ended(error, job.aside.path()))
            };
            let paces: Paces = measuring.both(job.share(kinds), (epoch, steps), &run)?;
            if measuring.stopped {
                return Ok(None);
            }
            *pace = Some(paces);
        }
        let dir = job.aside.path();
        let log = Log::read(&dir.join(LOG));
        let checkpoint_bytes = bytes_below(dir);
        let results = dir.join("results");
        std::fs::create_dir(&results).map_err(|e| Failure::file("create", &results, &e))?;
        let (begun, [alone, turns]) = (Stamp::now(), paces);
        self.end(&results)?;
        Ok(Some(Found {
            alone,
            turns,
            end: begun.since(),
            measured: measuring.done(),
            checkpoint_bytes: checkpoint_bytes.saturating_sub(log.bytes),
            step_bytes: log.mean("step"),
            epoch_bytes: log.mean("epoch"),
            results_bytes: bytes_below(&results),
        }))
    }

    fn search<'s>(&'s self, plan: &'s SearchPlan) -> SearchJob<'s, 's> {
        SearchJob {
            network: self.network,
            relaxation: self.relaxation,
            plan,
            weights: &self.tried.weights,
            arch: &self.tried.arch,
            shares: &self.tried.shares,
            dir: self.job.aside.path(),
            checkpoint_steps: 0,
            resume: false,
        }
    }

    /// What a search does in the end, with parameters as they are in the beginning.
    fn end(&self, dir: &Path) -> Result<(), Failure> {
        let Job { judged, args, images, .. } = self.job;
        let (set, file) = (args.set.pairs(), &args.file);
        let manifest = manifest(judged, self.plan, images, (&set, file), args.machine.device());
        let params = self.relaxation.init(self.plan.seed);
        conclude(judged, (self.plan, &manifest), self.network, &params, dir).map(drop)
    }
}

/// Epochs of what is tried: more than anyone waits for.
const TRIED: u64 = 1 << 20;

impl Found {
    fn estimate(&self, plan: &SearchPlan, per_epoch: u64, start: Spent) -> Estimate {
        let by = |clock| self.estimate_by(clock, plan, per_epoch, start);
        Estimate { processor_s: by(Clock::Processor).total_s, ..by(Clock::Passed) }
    }

    fn estimate_by(
        &self,
        clock: Clock,
        plan: &SearchPlan,
        per_epoch: u64,
        start: Spent,
    ) -> Estimate {
        let within = per_epoch.saturating_sub(1) / CHECKPOINT_STEPS;
        let stretch = |epochs: u64| Stretch {
            steps: epochs * per_epoch,
            per_epoch,
            checkpoints: epochs * within,
        };
        let mut all = Estimate::default();
        all.add("start", start.by(clock), 1);
        let from = plan.arch_from.min(plan.epochs);
        if let Some(paces) = &self.alone {
            all.steps("steps of the weights", stretch(from), &paces.by(clock), true);
        }
        if let Some(paces) = &self.turns {
            let what = "steps of weights and architecture";
            all.steps(what, stretch(plan.epochs - from), &paces.by(clock), true);
        }
        all.add("decoding, writing the network", self.end.by(clock), 1);
        let steps = |paces: &Option<Paces>| paces.map_or(0, |paces| paces.passed.steps);
        all.measured_steps = steps(&self.alone) + steps(&self.turns);
        (all.measured_s, all.others) = self.measured;
        all
    }
}

/// The epochs before the architecture moves, and those in which it does.
fn stages(
    plan: &SearchPlan,
    feed: &Feed,
    per_epoch: u64,
    params: u64,
    arch_params: usize,
) -> Vec<Stage> {
    let from = plan.arch_from.min(plan.epochs);
    let stage = |name: &str, epochs: u64, movers: Vec<Moved>| Stage {
        name: name.to_owned(),
        epochs,
        steps: epochs * per_epoch,
        images: learning(plan, feed),
        split: plan.data.split.clone(),
        batch: feed.batch,
        accumulate: 1,
        input: feed.input,
        movers,
        frozen_params: 0,
        judgements: 0,
    };
    let weights = |first: u64, past: u64| {
        let share = |step: u64| step as f64 / (plan.epochs * per_epoch).max(1) as f64;
        let (first, last) = (first * per_epoch, (past * per_epoch).saturating_sub(1));
        let rates = plan::rates(plan.weights.schedule(), share(first), share(last));
        Moved::of("weights".to_owned(), params, &plan.weights, rates)
    };
    let mut all = Vec::new();
    if from > 0 {
        all.push(stage(ALONE, from, vec![weights(0, from)]));
    }
    if plan.epochs > from {
        let rate = |epoch: u64, step: u64| plan.arch_rate(epoch, step, per_epoch).unwrap_or(0.0);
        let rates = [rate(from, 0), rate(plan.epochs - 1, per_epoch.saturating_sub(1))];
        let rule = Optimiser::Adam(plan.arch.clone());
        let arch = Moved::of("architecture".to_owned(), arch_params as u64, &rule, rates);
        all.push(stage(TURNS, plan.epochs - from, vec![weights(from, plan.epochs), arch]));
    }
    all
}
