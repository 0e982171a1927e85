//! `segc train`: trains a finished network by its spec's train block.

use super::clock::Clock;
use super::images::{Images, palette};
use super::plan::sources;
use super::progress::Bar;
use super::seen::{EXAMPLES, VAL};
use super::teachers::{Beside, Teachers};
use super::{Ended, failed, machine, need, run_ended, spec, unloaded};
use crate::exec::checkpoint;
use crate::exec::executor::{Executor, Options};
use crate::exec::run::RunError;
use crate::exec::state;
use crate::exec::train::{Course, Judge, TrainJob, Trained, train};
use crate::torch::process;
use segc::cli::compute::{Machine, Train};
use segc::cli::failure::Failure;
use segc::cli::plan::planned;
use segc::cli::read::Judged;
use segc::cli::term::Term;
use segc::ir::DecisionGraph;
use segc::run::hold::{Hold, hold};
use segc::run::{self, Manifest};
use segc::search::plan::{Length, Phase, TrainPlan};
use segc::sema::{Net, Program};
use std::collections::BTreeMap;
use std::path::Path;
use tch::Device;

/// The file of trained weights in a run's folder.
pub(super) const WEIGHTS: &str = "weights.safetensors";
/// Steps between checkpoints within an epoch.
pub(super) const CHECKPOINT_STEPS: u64 = 200;
/// Epochs from one judgement to the next.
pub(super) const JUDGED: u64 = 10;

pub(super) fn run(args: &Train, term: &mut Term) -> Result<Ended, Failure> {
    let planned = planned(&args.file)?;
    let args = &match &planned {
        Some(planned) => segc::cli::plan::train(planned, args)?,
        None => args.clone(),
    };
    let judged = spec::planned(&args.file, &args.set, planned.as_ref(), term)?;
    let (name, net) = spec::finished(&judged, args.net.as_deref())?;
    let plan = plan(&judged, name, (args.seed, args.epochs, args.batch))?;
    let device = machine(&args.machine)?;
    let images =
        Images::find(args.data.as_deref(), &judged.space.plans.data, args.machine.threads())?;
    let teachers = Teachers::read(&plan, term)?;
    let teachers = teachers.beside(&judged);
    if let Some(planned) = &planned {
        let init = args.init.as_deref();
        let now = sources::of_training(&judged, &plan, &images, init, &teachers)?;
        planned.holds(&now, &process::version())?;
    }
    need::for_training(&net.graph, &plan, &images, &teachers, &args.machine)?;
    let _held = begin(&args.out, args.resume)?;
    let network = begun(net, &plan, device, args.init.as_deref())?;
    let place = Place {
        dir: &args.out,
        resume: args.resume,
        name: "train",
        machine: &args.machine,
        begun: Some((&manifest(&judged, &plan, &images, args), &judged.program)),
    };
    let trained = train_in(&network, &plan, &images, &teachers, &place)?;
    if !trained.finished {
        eprintln!("stopped; go on with `--resume`");
        return Ok(Ended::Stopped);
    }
    let weights = args.out.join(WEIGHTS);
    let miou = trained.scores.and_then(|s| s.miou);
    let miou = miou.map_or("-".to_string(), |m| format!("{:.1} %", 100.0 * m));
    term.line(format!(
        "{} {name}: mIoU {miou} on val, weights in {}",
        term.paint.green("trained"),
        weights.display()
    ))?;
    if planned.is_none() {
        next_commands(args, term)?;
    }
    Ok(Ended::Done)
}

fn next_commands(args: &Train, term: &mut Term) -> Result<(), Failure> {
    let spec = match args.file.to_str() {
        Some("-") | None => return Ok(()),
        Some(file) => file,
    };
    // The same network on the same images.
    let mut asked: String =
        args.set.pairs().iter().map(|(name, value)| format!(" --set {name}={value}")).collect();
    if let Some(net) = &args.net {
        asked += &format!(" --net {net}");
    }
    if let Some(data) = &args.data {
        asked += &format!(" --data {}", data.display());
    }
    let (out, weights) = (args.out.display(), args.out.join(WEIGHTS));
    term.line("")?;
    term.line("next:")?;
    term.line(format!("  segc eval {spec}{asked} --weights {}", weights.display()))?;
    term.line(format!("  segc report {out}"))
}

/// A network as its training begins: with weights by chance, or those of a file as far as they fit.
pub(super) fn begun<'g>(
    net: &'g Net,
    plan: &TrainPlan,
    device: Device,
    init: Option<&Path>,
) -> Result<Executor<'g>, Failure> {
    let network = fresh(&net.graph, device, plan.seed)?;
    if let Some(init) = init {
        inherit(&network, init)?;
    }
    Ok(network)
}

/// The training that the spec asks for, changed by the command line: its seed, epochs and batch.
pub(super) fn plan(
    judged: &Judged,
    net: &str,
    (seed, epochs, batch): (Option<u64>, Option<u32>, Option<u32>),
) -> Result<TrainPlan, Failure> {
    let Some((plan, _)) = judged.space.plans.train.get(net) else {
        return Err(Failure::with_help(
            format!("`{}` has no `train` block for `{net}`", judged.name),
            "say what to do: `train NET { data … epochs … weights … }`",
        ));
    };
    let mut plan = plan.clone();
    plan.seed = seed.unwrap_or(plan.seed);
    if let Some(epochs) = epochs {
        one_phase(&mut plan, net)?.length = Length::Epochs(u64::from(epochs));
    }
    for phase in &mut plan.phases {
        phase.data.batch = batch.unwrap_or(phase.data.batch);
    }
    Ok(plan)
}

/// The phase of a plan that has one, whose length the command line may change.
fn one_phase<'p>(plan: &'p mut TrainPlan, net: &str) -> Result<&'p mut Phase, Failure> {
    match plan.phases.as_mut_slice() {
        [only] => Ok(only),
        all => Err(Failure::with_help(
            format!("`--epochs` cannot say how long each of {} phases takes", all.len()),
            format!("change `epochs` in the phases of `train {net}`"),
        )),
    }
}

/// What the run is begun with.
fn manifest(judged: &Judged, plan: &TrainPlan, images: &Images, args: &Train) -> Manifest {
    let set = args.set.pairs();
    let name = args.file.file_name().map(|n| n.to_string_lossy().into_owned());
    Manifest {
        schema: run::SCHEMA.to_string(),
        segc: env!("CARGO_PKG_VERSION").to_string(),
        machine: format!("libtorch {}, {}", process::version(), args.machine.device()),
        spec: name.filter(|n| n != "-").unwrap_or_else(|| "stdin.seg".to_string()),
        fingerprint: run::fingerprint(&judged.program, &set),
        set,
        net: plan.net.clone(),
        emit: plan.net.clone(),
        strategy: "train".to_string(),
        seed: plan.seed,
        data: images.root().display().to_string(),
        init: args.init.as_ref().map(|file| file.display().to_string()),
        plan: Some(run::Plan::Train(plan.clone())),
    }
}

/// The folder of a training: there, this process's alone, and free unless it is gone on with.
fn begin(dir: &Path, resume: bool) -> Result<Hold, Failure> {
    let held = hold(dir)?;
    if !resume && dir.join(run::CHECKPOINT).exists() {
        return Err(run::RunError::Taken(dir.to_path_buf()).into());
    }
    Ok(held)
}

/// Takes the weights that fit, and says which do not. A checkpoint's other tensors are no weights.
fn inherit(network: &Executor<'_>, file: &Path) -> Result<(), Failure> {
    let mut matched = state::load_matching(network, file).map_err(unloaded)?;
    matched.unknown.retain(|name| !checkpoint::is_memory(name));
    if matched.loaded == 0 {
        return Err(Failure::with_help(
            format!("nothing in `{}` is a weight of this network: {matched}", file.display()),
            "weights go over by name and shape; `segc diff` tells how two specs differ",
        ));
    }
    for (what, names) in matched.unmatched() {
        eprintln!("{what}:");
        names.iter().for_each(|name| eprintln!("  {name}"));
    }
    Ok(())
}

/// Where a training leaves its files, and what it is called while it is at work.
pub(super) struct Place<'p> {
    pub(super) dir: &'p Path,
    pub(super) resume: bool,
    pub(super) name: &'p str,
    pub(super) machine: &'p Machine,
    /// What is noted of a run of its own.
    pub(super) begun: Option<(&'p Manifest, &'p Program)>,
}

/// Trains a network in a folder, judged on the split `val`; its weights are kept there.
pub(super) fn train_in(
    network: &Executor<'_>,
    plan: &TrainPlan,
    images: &Images,
    teachers: &Beside<'_>,
    place: &Place<'_>,
) -> Result<Trained, Failure> {
    let Place { dir, resume, name, machine, begun } = *place;
    let courses = courses(plan, images, teachers, network.options().device, None)?;
    let data = &plan.last().data;
    let val = images.judging(data, VAL)?;
    // Judged at the end of each phase, and some times on the way.
    let palette = palette(data)?;
    let (palette, examples, epochs) = (&palette, EXAMPLES, JUDGED);
    let judge = Judge { images: &val, split: VAL, palette, examples, epochs };
    let job = TrainJob {
        network,
        plan,
        courses: &courses,
        judge: Some(judge),
        dir,
        checkpoint_steps: CHECKPOINT_STEPS,
        resume,
    };
    // Only now: where something is wrong with images or teachers, nothing is left in the folder. What
    // is gone on with has been noted, and its checkpoint tells whether it is this.
    if let Some((manifest, program)) = begun
        && !(dir.join(run::MANIFEST).exists() && dir.join(run::CHECKPOINT).exists())
    {
        run::note(dir, manifest, program)?;
    }
    let (bar, mut clock) = (Bar::new(name), Clock::start(dir, machine));
    let trained = train(&job, &mut |at| {
        clock.show(at);
        bar.show(at)
    });
    bar.done();
    clock.end(trained.as_ref().is_ok_and(|trained| trained.finished));
    let trained = trained.map_err(|error| ended(error, dir))?;
    if trained.finished {
        state::save(network, &dir.join(WEIGHTS), &BTreeMap::new()).map_err(failed)?;
    }
    Ok(trained)
}

/// Why the first steps of a training ended before their time.
pub(super) fn began_badly(error: RunError) -> Failure {
    match error.is_divergence() {
        true => Failure::with_help(
            error.to_string(),
            format!("the first steps go astray already: plan again with {MILDER}"),
        ),
        false => run_ended(error),
    }
}

/// What keeps steps short.
const MILDER: &str = "a lower `rate`, a `warm_up` or a `clip`";

/// Why a training ended; if by steps that were too long, how to go on.
fn ended(error: RunError, dir: &Path) -> Failure {
    if !error.is_divergence() {
        return run_ended(error);
    }
    let help = match checkpoint::newest(dir) {
        Some(file) => format!(
            "begin another run from the last good weights, with {MILDER}: `--init {}`",
            file.display()
        ),
        None => format!("begin again with {MILDER}"),
    };
    Failure::with_help(error.to_string(), help)
}

/// What each phase learns from: all images, or no more than those of so many steps.
pub(super) fn courses<'t>(
    plan: &TrainPlan,
    images: &Images,
    teachers: &Beside<'t>,
    device: Device,
    most: Option<u64>,
) -> Result<Vec<Course<'t>>, Failure> {
    let course = |(at, phase): (u64, &Phase)| {
        let shares = images.shares(&phase.data, &phase.loss)?;
        let step = u64::from(phase.data.batch) * u64::from(phase.accumulate.max(1));
        let some = most.map(|steps| (steps * step) as usize);
        let samples = match some {
            Some(most) => {
                let all = images.open(&phase.data, &phase.data.split)?.len();
                Some((0..all.min(most)).collect())
            }
            None => None,
        };
        let images = images.training(&phase.data, plan.seed.wrapping_add(at), samples)?;
        Ok(Course { images, shares, teachers: teachers.of(&phase.loss, device)? })
    };
    (0..).zip(&plan.phases).map(course).collect()
}

/// A fresh executor of a closed network.
pub(super) fn fresh<'g>(
    graph: &'g DecisionGraph,
    device: Device,
    seed: u64,
) -> Result<Executor<'g>, Failure> {
    Executor::new(graph, Options { device, seed, ..Options::default() }).map_err(failed)
}
