//! `segc plan`: what a search or a training will do, and what it takes, after a few real steps of
//! each kind. Nothing of them stays.

mod measure;
mod search;
pub(super) mod sources;
mod train;
mod written;

use super::images::Images;
use super::{Ended, machine, spec};
use crate::torch::process;
use measure::{Measuring, Spent, Stamp};
use segc::cli::args::{Format, Input};
use segc::cli::compute::{Machine, Plan};
use segc::cli::failure::Failure;
use segc::cli::memory::Rooms;
use segc::cli::read::{self, Judged};
use segc::cli::term::Term;
use segc::cli::{json, version, write};
use segc::cost::{self, Question, Range};
use segc::forecast::machine::most_resident;
use segc::forecast::need::Need;
use segc::forecast::plan::{Costs, Kind, Memory, Orders, SCHEMA};
use segc::sema::Net;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

pub(super) fn run(args: &Plan, term: &mut Term) -> Result<Ended, Failure> {
    if read::is_stdin(&args.file) {
        let help = "save the spec to a file: a plan remembers what it was made from by its name";
        return Err(Failure::with_help("a plan cannot be made of standard input", help));
    }
    let judged = spec::read(&args.file, &args.set, term)?;
    let kind = kind(&judged, args.net.as_deref())?;
    let device = machine(&args.machine)?;
    let aside = aside(args.out.as_deref())?;
    let drawing = Stamp::now();
    let images =
        Images::find(args.data.as_deref(), &judged.space.plans.data, args.machine.threads())?;
    let drawn = drawing.since();
    let job = Job { args, judged: &judged, images: &images, device, aside, drawn };
    let made = match kind {
        Kind::Search => search::plan(&job),
        Kind::Train => train::plan(&job, term),
    };
    let Some(plan) = made? else { return Ok(Ended::Stopped) };
    let text = json::pretty(SCHEMA, &plan);
    if let Some(out) = &args.out {
        write::whole(out, format!("{text}\n").as_bytes())?;
    }
    match args.format {
        Format::Json => term.line(text)?,
        Format::Human => segc::cli::plan::print(&plan, args.out.as_deref(), term)?,
    }
    Ok(Ended::Done)
}

/// What is planned, and where it is tried.
struct Job<'j> {
    args: &'j Plan,
    judged: &'j Judged,
    images: &'j Images,
    device: tch::Device,
    /// A folder for the files of what is tried.
    aside: TempDir,
    /// What was spent on scenes that are there by now.
    drawn: Spent,
}

/// Whether the network that is meant is to be searched or trained: its decisions say.
fn kind(judged: &Judged, asked: Option<&str>) -> Result<Kind, Failure> {
    let plans = &judged.space.plans;
    let planned = plans.search.keys().next().or_else(|| plans.train.keys().next());
    if planned.is_none() {
        return Err(Failure::with_help(
            format!("`{}` has neither a `search` nor a `train` block", judged.name),
            "say what to do: `search NET { … }` or `train NET { … }`",
        ));
    }
    let chosen = read::choose(judged, asked.or(planned.map(String::as_str)))?;
    match chosen.net.graph.leaves.is_empty() {
        true => Ok(Kind::Train),
        false => Ok(Kind::Search),
    }
}

/// A folder on the disk that the plan is written to, or of temporary files.
fn aside(out: Option<&Path>) -> Result<TempDir, Failure> {
    let parent = |path: &Path| match path.parent() {
        Some(parent) if parent != Path::new("") => parent.to_path_buf(),
        _ => Path::new(".").to_path_buf(),
    };
    let folder = out.map_or_else(std::env::temp_dir, parent);
    let made = tempfile::Builder::new().prefix(".segc-plan-").tempdir_in(&folder);
    made.map_err(|e| Failure::file("write into", &folder, &e))
}

impl Job<'_> {
    /// What is written beside the stages of a plan.
    fn orders(&self, kind: Kind, net: &str, emit: Option<String>, seed: u64) -> Orders {
        let args = self.args;
        let Machine { device, .. } = args.machine;
        let path = |path: &Option<std::path::PathBuf>| {
            path.as_ref().map(|path| path.display().to_string())
        };
        Orders {
            kind,
            spec: args.file.display().to_string(),
            set: args.set.pairs(),
            net: net.to_owned(),
            emit,
            seed,
            data: path(&args.data),
            epochs: args.epochs,
            batch: args.batch,
            init: path(&args.init),
            device: device.unwrap_or_default().to_string(),
            threads: u32::try_from(args.machine.threads().get()).unwrap_or(u32::MAX),
        }
    }

    /// What was spent until now on what a run does, too, before its first step.
    fn start(&self) -> Spent {
        let all = Stamp::of_process().since();
        Spent {
            passed_s: (all.passed_s - self.drawn.passed_s).max(0.0),
            processor_s: (all.processor_s - self.drawn.processor_s).max(0.0),
        }
    }

    /// The versions, for a plan.
    fn versions(&self) -> (String, String) {
        (version::VERSION.to_owned(), process::version())
    }

    /// Time for each of so many kinds of steps.
    fn share(&self, kinds: usize) -> Duration {
        Duration::from_secs_f64(self.args.seconds / kinds.max(1) as f64)
    }

    /// Memory as predicted, and as held so far with `unread` bytes of images that are still to come.
    fn memory(&self, need: Need, unread: u64) -> Memory {
        let held = most_resident();
        Memory {
            predicted_bytes: need.resident(),
            measured_bytes: (held > 0).then_some(held + unread),
            room_bytes: Rooms::of(&self.args.machine).bytes(),
            need,
        }
    }

    /// What a network, or the members of a space, cost where the spec's plans speak of inference.
    fn costs(&self, name: &str, net: &Net) -> Option<Costs> {
        let input: Input = read::planned_input(&self.judged.space.plans, name).0;
        let question = Question { input: input.size, batch: input.batch, train: false };
        let whole = cost::cost(&net.graph, question).ok()?;
        let pair = |range: Range| [range.min, range.max];
        let (params, macs, supernet_params) = match net.graph.leaves.is_empty() {
            true => ([whole.params; 2], [whole.macs; 2], None),
            false => {
                let all = cost::bounds(self.judged.space.decisions(), &net.graph, question);
                let bounds = all.map_or(([0, whole.params], [0, whole.macs]), |found| {
                    (pair(found.params), pair(found.macs))
                });
                (bounds.0, bounds.1, Some(whole.params))
            }
        };
        Some(Costs { input: input.to_string(), params, macs, supernet_params })
    }
}

/// A bar for so many seconds of measuring.
fn measuring(job: &Job<'_>) -> Measuring {
    Measuring::new(Duration::from_secs_f64(job.args.seconds))
}
