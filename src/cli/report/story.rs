//! All that the files of a run tell.

use crate::cli::args::{Setting, Settings, Spec};
use crate::cli::failure::Failure;
use crate::cli::number::plural;
use crate::cli::read::{self, Judged};
use crate::cli::term::Term;
use crate::ir::Binding;
use crate::run::log::{self, Against, Examples, Lines, Machine, SearchLine, TimeLine, TrainLine};
use crate::run::{self, Manifest, Plan, winner};
use crate::search::Relaxation;
use crate::search::plan::{Length, SearchPlan, TrainPlan};
use std::path::{Path, PathBuf};

/// A run, read.
pub(super) struct Story {
    pub(super) dir: PathBuf,
    pub(super) manifest: Manifest,
    /// The spec of the run, as it was.
    pub(super) judged: Judged,
    pub(super) log: Log,
    /// Whether the log ends within a line.
    pub(super) cut: bool,
    pub(super) stretches: Vec<Stretch>,
    pub(super) examples: Option<Examples>,
    pub(super) against: Option<Against>,
    /// What the decisions have come to, if any are open.
    pub(super) found: Option<Found>,
    pub(super) state: State,
}

/// What was measured, and what was planned.
pub(super) enum Log {
    Search { plan: Box<SearchPlan>, lines: Vec<SearchLine> },
    Train { plan: Box<TrainPlan>, lines: Vec<TrainLine> },
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// All is done.
    Finished,
    /// It was asked to stop, and saved its state.
    Stopped,
    /// It is at work, or was killed: its files cannot tell.
    Open,
}

/// A stretch of time in which a run was at work.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stretch {
    /// Seconds since 1970.
    pub(super) at: u64,
    pub(super) machine: Machine,
    /// How long, as far as is known.
    pub(super) seconds: f64,
    pub(super) peak_bytes: Option<u64>,
    /// Whether it ended by itself, and all was done then.
    pub(super) ended: Option<bool>,
}

/// What a search has come to.
pub(super) struct Found {
    /// A value for every decision.
    pub(super) binding: Binding,
    /// By how much, in the logarithm, each beat its next best.
    pub(super) margins: Vec<Option<f64>>,
    /// The entropy of every softmax of every decision where nothing is preferred, in nats.
    pub(super) ceilings: Vec<f64>,
    /// The spec of the architecture.
    pub(super) text: String,
    /// Whether it is the one that the search ended with.
    pub(super) last: bool,
}

impl Story {
    /// Reads a run's folder.
    pub(super) fn read(dir: &Path, term: &Term) -> Result<Story, Failure> {
        let manifest = run::open(dir)?;
        let Some(plan) = manifest.plan.clone() else {
            return Err(Failure::with_help(
                format!("the run in `{}` does not say what it does", dir.display()),
                "it is of an older version of segc: begin it anew",
            ));
        };
        let set = manifest.set.iter();
        let set = set.map(|(n, v)| Setting { name: n.clone(), value: v.clone() }).collect();
        let file = dir.join(run::SPEC).join(&manifest.spec);
        let judged = read::right(&Spec { file, set: Settings { set } }, term)?;
        let (log, cut) = match plan {
            Plan::Search(plan) => {
                let Lines { lines, cut } = log::metrics(dir)?;
                (Log::Search { plan, lines }, cut)
            }
            Plan::Train(plan) => {
                let Lines { lines, cut } = log::metrics(dir)?;
                (Log::Train { plan: Box::new(plan), lines }, cut)
            }
        };
        let stretches = stretches(log::times(dir)?.lines);
        let found = match &log {
            Log::Search { plan, .. } => found(dir, &manifest, &judged, plan)?,
            Log::Train { .. } => None,
        };
        let state = match stretches.last().and_then(|stretch| stretch.ended) {
            _ if found.as_ref().is_some_and(|found| found.last) => State::Finished,
            Some(true) => State::Finished,
            Some(false) => State::Stopped,
            None => State::Open,
        };
        Ok(Story {
            dir: dir.to_path_buf(),
            judged,
            log,
            cut,
            stretches,
            examples: log::examples(dir)?,
            against: log::against(dir)?,
            found,
            state,
            manifest,
        })
    }

    /// What is done: `search`, `training`.
    pub(super) fn doing(&self) -> &'static str {
        match self.log {
            Log::Search { .. } => "search",
            Log::Train { .. } => "training",
        }
    }

    /// The run in a few words.
    pub(super) fn headline(&self) -> String {
        let (net, doing) = (&self.manifest.net, self.doing());
        format!("{doing} of {net}, {}", self.standing())
    }

    /// How far it is, in words.
    pub(super) fn standing(&self) -> String {
        let far = match &self.log {
            Log::Search { plan, .. } => format!("{} of {} epochs", self.epochs(), plan.epochs),
            Log::Train { plan, .. } => {
                let done = self.epochs();
                match plan.phases.iter().map(|phase| phase.length).try_fold(0, |sum, l| match l {
                    Length::Epochs(n) => Some(sum + n),
                    Length::Steps(_) => None,
                }) {
                    Some(all) => format!("{done} of {all} epochs"),
                    None => plural(done as usize, "epoch"),
                }
            }
        };
        match self.state {
            State::Finished => {
                format!("finished after {}", plural(self.epochs() as usize, "epoch"))
            }
            State::Stopped => format!("stopped after {far}"),
            State::Open => format!("not finished: {far}"),
        }
    }

    /// Finished epochs, of all phases.
    pub(super) fn epochs(&self) -> u64 {
        let count = match &self.log {
            Log::Search { lines, .. } => {
                lines.iter().filter(|l| matches!(l, SearchLine::Epoch { .. })).count()
            }
            Log::Train { lines, .. } => {
                lines.iter().filter(|l| matches!(l, TrainLine::Epoch { .. })).count()
            }
        };
        count as u64
    }

    /// How long it was at work, in seconds; nothing where that was not noted.
    pub(super) fn seconds(&self) -> Option<f64> {
        (!self.stretches.is_empty()).then(|| self.stretches.iter().map(|s| s.seconds).sum())
    }
}

/// The times of a run by stretch.
fn stretches(lines: Vec<TimeLine>) -> Vec<Stretch> {
    let mut all: Vec<Stretch> = Vec::new();
    for line in lines {
        match (line, all.last_mut()) {
            (TimeLine::Begun { at, machine }, _) => {
                all.push(Stretch { at, machine, seconds: 0.0, peak_bytes: None, ended: None });
            }
            (TimeLine::Passed { seconds, .. }, Some(last)) => last.seconds = seconds,
            (TimeLine::Ended { seconds, finished, peak_bytes }, Some(last)) => {
                (last.seconds, last.peak_bytes, last.ended) = (seconds, peak_bytes, Some(finished));
            }
            (TimeLine::Passed { .. } | TimeLine::Ended { .. }, None) => {}
        }
    }
    all
}

/// What the decisions of a search have come to; nothing before its first checkpoint.
fn found(
    dir: &Path,
    manifest: &Manifest,
    judged: &Judged,
    plan: &SearchPlan,
) -> Result<Option<Found>, Failure> {
    let Some(net) = judged.space.nets.get(&plan.net) else {
        return Err(Failure::machine(format!("the run's spec has no network `{}`", plan.net)));
    };
    if !dir.join(run::CHECKPOINT).exists() {
        return Ok(None);
    }
    let (params, epochs) = run::parameters(dir, None)?;
    let decisions = judged.space.decisions();
    let relaxation = Relaxation::new(decisions, &net.graph.leaves, plan.boundary)
        .map_err(|error| Failure::machine(error.to_string()))?;
    let decoded = winner::winner(&judged.space, net, plan, &params).map_err(|error| {
        Failure::with_help(
            error.to_string(),
            "the standard library has changed since: read the run with the segc that wrote it",
        )
    })?;
    let even = relaxation.opinions(&vec![0.0; relaxation.len()]);
    let arch = dir.join(run::ARCH);
    let last = arch.exists();
    let text = match last {
        true => std::fs::read_to_string(&arch).map_err(|e| Failure::file("read", &arch, &e))?,
        false => {
            let origin = winner::Origin {
                spec: &manifest.spec,
                fingerprint: &manifest.fingerprint,
                set: &manifest.set,
                found: Some(format!("{}, seed {}, {epochs} epochs", manifest.strategy, plan.seed)),
            };
            let (program, space) = (&judged.program, &judged.space);
            winner::spec_of(program, space, &plan.emit, &decoded.binding, &origin, Some(&decoded))?
        }
    };
    Ok(Some(Found {
        margins: decoded.verdicts.iter().map(|verdict| verdict.margin).collect(),
        binding: decoded.binding,
        ceilings: even.iter().map(|opinion| opinion.entropy.iter().sum()).collect(),
        text,
        last,
    }))
}
