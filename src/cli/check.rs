//! `segc check`: every mistake of every spec at once, and a summary of what is right.

mod summary;

use super::args::{self, Input, Settings};
use super::compute::Machine;
use super::failure::Failure;
use super::memory::Rooms;
use super::read::{self, Judged};
use super::term::Term;
use super::{json, number, sizes};
use crate::diag::{self, Diag, Severity, sarif};
use crate::forecast::need::PROGRAM;
use crate::supernet::memory::training_peak;
use clap::ValueEnum;
use serde::Serialize;
use std::path::{Path, PathBuf};
use summary::Summary;
pub(super) use summary::describe;

/// Arguments of `segc check`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The specs; `-` reads one from standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    set: Settings,
    /// Also verify the true sizes of all maps at this input
    #[arg(long, value_name = "1x3xHxW")]
    input: Option<Input>,
    /// How much memory there is, such as 24GiB [default: what is free]
    #[arg(long, value_name = "SIZE", value_parser = args::bytes)]
    memory: Option<u64>,
    /// Say nothing of specs that are right
    #[arg(short, long)]
    quiet: bool,
    /// How to report
    #[arg(long, value_enum, default_value_t)]
    format: Form,
}

/// How diagnostics are reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people
    #[default]
    Human,
    /// For programs; `docs/json.md` describes it
    Json,
    /// SARIF 2.1.0, for code scanning and editors
    Sarif,
    /// Workflow commands, for annotations on GitHub
    Github,
}

/// What is reported of all files at once.
struct Whole {
    report: Report,
    log: sarif::Log,
}

#[derive(Serialize)]
struct Report {
    ok: bool,
    files: Vec<FileReport>,
    diagnostics: Vec<serde_json::Value>,
}

#[derive(Serialize)]
struct FileReport {
    file: String,
    ok: bool,
    #[serde(flatten)]
    summary: Option<Summary>,
}

pub(super) fn run(args: &Args, term: &mut Term) -> Result<(), Failure> {
    let report = Report { ok: true, files: Vec::new(), diagnostics: Vec::new() };
    let mut all = Whole { report, log: sarif::Log::default() };
    let mut unread = None;
    for file in &args.files {
        match read::judge(file, &args.set.pairs()) {
            Ok(judged) => one(args, judged, &mut all, term)?,
            // The other files are judged all the same.
            Err(failure) => {
                if let Some(earlier) = unread.replace(failure) {
                    earlier.report(term);
                }
            }
        }
    }
    let Whole { report, log } = all;
    match args.format {
        Form::Json => json::print("segc.check/1", &report, term)?,
        Form::Sarif => term.line(format_args!("{:#}", log.finish()))?,
        // What these say was said file by file.
        Form::Human | Form::Github => {}
    }
    match unread {
        Some(failure) => Err(failure),
        None if report.ok => Ok(()),
        None => Err(Failure::Spec),
    }
}

fn one(args: &Args, mut judged: Judged, all: &mut Whole, term: &mut Term) -> Result<(), Failure> {
    verify_sizes(args, &mut judged);
    look_for_images(&mut judged);
    let summary = summary(args, &judged);
    if let Some(summary) = &summary {
        look_for_memory(args, &mut judged, summary);
    }
    all.report.ok &= judged.is_right();
    let (name, diags, sources) = (&judged.name, &judged.diags, &judged.program.sources);
    match args.format {
        Form::Human => human(&judged, summary, term),
        Form::Json => {
            let (report, ok) = (&mut all.report, judged.is_right());
            let found = diag::render_json(diags, sources);
            report.diagnostics.extend(found.as_array().cloned().unwrap_or_default());
            report.files.push(FileReport { file: name.clone(), ok, summary });
            Ok(())
        }
        Form::Sarif => {
            all.log.add(name, diags, sources);
            Ok(())
        }
        Form::Github => term.text(&diag::render_github(name, diags, sources)),
    }
}

/// What is said of a spec that is right, by those forms that say it.
fn summary(args: &Args, judged: &Judged) -> Option<Summary> {
    let wanted = match args.format {
        Form::Human => !args.quiet,
        Form::Json => true,
        Form::Sarif | Form::Github => false,
    };
    (wanted && judged.is_right()).then(|| Summary::of(judged, args.input))
}

fn human(judged: &Judged, summary: Option<Summary>, term: &mut Term) -> Result<(), Failure> {
    read::print_diags(&judged.diags, &judged.program.sources, term);
    match summary {
        Some(summary) => summary.print(&judged.name, term),
        None if judged.is_right() => Ok(()),
        None => {
            eprintln!("{}", verdict(judged, term));
            Ok(())
        }
    }
}

/// Adds what is wrong with running the networks at the input that is asked about.
fn verify_sizes(args: &Args, judged: &mut Judged) {
    let Some(input) = args.input.filter(|_| judged.is_right()) else { return };
    for net in judged.space.nets.values() {
        let question = crate::cost::Question { input: input.size, batch: input.batch, train: true };
        if let Err(problem) = crate::cost::exact(&net.graph, question) {
            judged.diags.push(sizes::mistake(&net.graph, &problem, input));
        }
    }
}

/// Warns where the images that plans read are not there: whoever only judges a spec needs none.
fn look_for_images(judged: &mut Judged) {
    let plans = &judged.space.plans;
    let searched = plans.search.values().map(|(plan, _)| &plan.data);
    let trained = plans.train.values().flat_map(|(plan, _)| plan.phases.iter().map(|p| &p.data));
    let (Some(root), Some(at), None) = (&plans.data.root, plans.data_at, &plans.data.synth) else {
        return;
    };
    let missing = searched.chain(trained).find_map(|spec| {
        let format = crate::data::format::named(&spec.dataset)?;
        (format.open)(Path::new(root), &spec.split).err().map(|why| (spec.dataset.clone(), why))
    });
    if let Some((dataset, why)) = missing {
        let warning = Diag::new("W0802", format!("dataset `{dataset}` not found in `{root}`"))
            .label(at, why.to_string())
            .help("put it there, or say where it is when it is needed: `--data DIR`");
        judged.diags.push(warning);
    }
}

/// Warns where a training step of the network that is searched, or trained, takes more memory than
/// there is.
fn look_for_memory(args: &Args, judged: &mut Judged, summary: &Summary) {
    let Ok(chosen) = read::choose(judged, None) else { return };
    let plans = &judged.space.plans;
    let searched = plans.search.get(chosen.name).map(|(_, at)| *at);
    let Some(at) = searched.or_else(|| plans.train.get(chosen.name).map(|(_, at)| *at)) else {
        return;
    };
    let of_net = || {
        let input = read::planned_batch(&judged.space.plans, chosen.name)?;
        let peak = training_peak(&chosen.net.graph, input.size, input.batch).ok()?;
        Some((input, peak))
    };
    let Some((input, peak)) = summary.training().or_else(of_net) else { return };
    let machine = Machine { device: None, threads: None, memory: args.memory };
    let Some(room) = Rooms::of(&machine).bytes().filter(|room| PROGRAM + peak > *room) else {
        return;
    };
    let (peak, room) = (number::bytes(PROGRAM + peak), number::bytes(room));
    let warning =
        Diag::new("W0803", format!("a step of training takes {peak}, and there are {room}"))
            .label(at, format!("batches of {input}"))
            .help("take smaller crops or batches, or another machine; `segc plan` says more");
    judged.diags.push(warning);
}

fn verdict(judged: &Judged, term: &Term) -> String {
    let errors = judged.diags.iter().filter(|d| d.severity() == Severity::Error).count();
    let found = number::plural(errors, "error");
    format!("{} {found}", term.err.bold(format_args!("{}:", judged.name)))
}
