//! `segc cost`: what a network costs, or between which bounds the members of a space do.

mod pieces;

use super::args::{Format, Input, Spec};
use super::failure::Failure;
use super::number::{bytes, grouped, with_prefix};
use super::read::{self, Chosen, Judged};
use super::term::{Rows, Term};
use super::{json, sizes};
use crate::cost::{self, Cost, Costs, Field, Question, SizeProblem};
use crate::ir::DecisionGraph;
use crate::sema::plan::Plans;
use crate::sema::{Early, Wanted};
use crate::supernet::memory::training_peak;
use crate::threads::Spare;
use pieces::Begun;
use serde::Serialize;

/// Arguments of `segc cost`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    spec: Spec,
    /// Images x channels x rows x columns, or rows x columns [default: the spec's plans say]
    #[arg(long, value_name = "1x3xHxW")]
    input: Option<Input>,
    /// Count what exists in training only
    #[arg(long)]
    train: bool,
    /// The network [default: the one that the search block names, else the last]
    #[arg(long, value_name = "NAME")]
    net: Option<String>,
    /// How to report
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Between which bounds a cost lies over the members; one number for a finished network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Bounds {
    pub(super) min: u64,
    pub(super) max: u64,
    /// Whether members reach both ends; else they are only known not to lie outside.
    attained: bool,
}

impl Bounds {
    fn one(n: u64) -> Bounds {
        Bounds { min: n, max: n, attained: true }
    }
}

impl From<cost::Range> for Bounds {
    fn from(range: cost::Range) -> Bounds {
        let attained = range.min_attained && range.max_attained;
        Bounds { min: range.min, max: range.max, attained }
    }
}

/// The costs of a network or of a space's members.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Report {
    pub(super) file: String,
    pub(super) net: String,
    pub(super) input: String,
    train: bool,
    pub(super) params: Bounds,
    pub(super) macs: Bounds,
    /// The rest is known of finished networks only.
    pub(super) params_built: Option<Bounds>,
    pub(super) macs_built: Option<Bounds>,
    weights_bytes: Option<Bounds>,
    pub(super) infer_peak_bytes: Option<Bounds>,
    train_peak_bytes: Option<Bounds>,
    /// Side of the square that one output cell sees; nothing where it is the whole image.
    receptive_field: Option<Bounds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) supernet: Option<Supernet>,
}

/// What a space's supernet needs.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Supernet {
    pub(super) params: u64,
    pub(super) macs: u64,
    /// The images of a step: the plan's crops and batch, unless others were asked for.
    pub(super) train_input: Shown,
    pub(super) train_peak_bytes: u64,
}

/// An input, written as people write it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown(pub(super) Input);

impl Serialize for Shown {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

/// What costs are asked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At {
    /// Images of an inference.
    pub(super) input: Input,
    /// Images of a training step of a supernet.
    pub(super) training: Input,
}

impl At {
    /// At an input that was asked for; else as the plans of a network say.
    pub(super) fn of(plans: &Plans, net: &str, asked: Option<Input>) -> At {
        let input = asked.unwrap_or_else(|| read::planned_input(plans, net).0);
        let training = asked.or_else(|| read::planned_batch(plans, net)).unwrap_or(input);
        At { input, training }
    }

    fn question(self, train: bool) -> Question {
        Question { input: self.input.size, batch: self.input.batch, train }
    }

    /// The memory that training takes: a finished network's at the input of an inference.
    fn training_peak(self, graph: &DecisionGraph) -> Result<u64, SizeProblem> {
        let at = if graph.leaves.is_empty() { self.input } else { self.training };
        training_peak(graph, at.size, at.batch)
    }
}

pub(super) fn run(args: &Args, term: &mut Term) -> Result<(), Failure> {
    let (mut begun, mut spare) = (None, Spare::new().ok());
    let mut show = |early: Early<'_>| begun = Some(ahead(spare.take(), &early, args));
    let wanted = Wanted { net: args.net.as_deref(), show: &mut show };
    let judged = read::right_early(&args.spec, term, Some(wanted))?;
    let chosen = read::choose(&judged, args.net.as_deref())?;
    let plans = &judged.space.plans;
    let planned = || read::planned_input(plans, chosen.name).1;
    let why = args.input.map_or_else(planned, |_| "as asked");
    let at = At::of(plans, chosen.name, args.input);
    let input = at.input;
    let begun = begun.filter(|(net, begun)| net == chosen.name && begun.at() == at);
    let begun = begun.map(|(_, begun)| begun);
    let costs = begun.unwrap_or_else(|| begin(&judged, chosen, at, args.train)).done();
    let report = costs.map(|report| report.named(&judged, chosen)).map_err(|problem| {
        let mistake = sizes::mistake(&chosen.net.graph, &problem, input);
        read::print_diags(&[mistake], &judged.program.sources, term);
        Failure::Spec
    })?;
    match args.format {
        Format::Json => json::print("segc.cost/1", &report, term),
        Format::Human => print(&report, chosen.why, why, term),
    }
}

/// The costs of a network at an input.
pub(super) fn measure(
    judged: &Judged,
    chosen: Chosen,
    at: At,
    train: bool,
) -> Result<Report, SizeProblem> {
    Ok(begin(judged, chosen, at, train).done()?.named(judged, chosen))
}

fn begin(judged: &Judged, chosen: Chosen, at: At, train: bool) -> Begun {
    Begun::with(Spare::new().ok(), judged.space.decisions(), &chosen.net.graph, at, train)
}

/// Begins with a network that is there early. Where a mistake is found after that, nobody waits.
fn ahead(spare: Option<Spare>, early: &Early<'_>, args: &Args) -> (String, Begun) {
    let at = At::of(&(early.plans)(), early.name, args.input);
    let begun = Begun::with(spare, early.decisions, early.graph, at, args.train);
    (early.name.to_owned(), begun)
}

impl Report {
    /// What a finished network costs.
    fn finished(whole: &Costs, at: At, train: bool, peak: u64) -> Report {
        let one = |n| Some(Bounds::one(n));
        Report {
            input: at.input.to_string(),
            train,
            params: Bounds::one(whole.params),
            macs: Bounds::one(whole.macs),
            params_built: one(whole.params_built),
            macs_built: one(whole.macs_built),
            weights_bytes: one(whole.memory.weights_bytes),
            infer_peak_bytes: one(whole.memory.infer_peak_bytes),
            train_peak_bytes: one(peak),
            receptive_field: match whole.field {
                Field::Cells(n) => one(n),
                Field::Whole => None,
            },
            ..Report::default()
        }
    }

    /// Between which bounds the members of a space cost params and MACs, and what its supernet needs.
    fn open(
        (params, macs): (Bounds, Bounds),
        whole: Cost,
        at: At,
        train: bool,
        peak: u64,
    ) -> Report {
        let supernet = Some(Supernet::of(whole, at.training, peak));
        Report { input: at.input.to_string(), train, params, macs, supernet, ..Report::default() }
    }

    /// With the names of a network and of its file.
    fn named(self, judged: &Judged, chosen: Chosen) -> Report {
        Report { file: judged.name.clone(), net: chosen.name.to_owned(), ..self }
    }
}

/// What a space's supernet needs; nothing where nothing is open, or the input does not fit.
pub(super) fn supernet(chosen: Chosen, at: At, train: bool) -> Option<Supernet> {
    let graph = Some(&chosen.net.graph).filter(|g| !g.leaves.is_empty())?;
    let peak = at.training_peak(graph).ok()?;
    Some(Supernet::of(cost::cost(graph, at.question(train)).ok()?, at.training, peak))
}

impl Supernet {
    fn of(Cost { params, macs }: Cost, training: Input, train_peak_bytes: u64) -> Supernet {
        Supernet { params, macs, train_input: Shown(training), train_peak_bytes }
    }
}

fn print(report: &Report, net_why: &str, input_why: &str, term: &mut Term) -> Result<(), Failure> {
    let bold = term.paint.bold(&report.net);
    term.line(format_args!("{bold}  {}", term.paint.dim(net_why)))?;
    term.line(format_args!("at {}  {}\n", report.input, term.paint.dim(input_why)))?;
    let mut rows = Rows::plain("lrl");
    let mut row = |name: &str, b: Option<Bounds>, short: fn(u64) -> String| {
        let Some(b) = b else { return };
        let pair = |f: &dyn Fn(u64) -> String| match b.min == b.max {
            true => f(b.min),
            false => format!("{} to {}", f(b.min), f(b.max)),
        };
        rows.push([name.to_owned(), pair(&|n| grouped(n)), pair(&|n| short(n).trim().to_owned())]);
    };
    row("params", Some(report.params), with_prefix);
    if report.params_built.is_some_and(|b| b.max != report.params.max) {
        row("params built", report.params_built, with_prefix);
    }
    row("MACs", Some(report.macs), with_prefix);
    if report.macs_built.is_some_and(|b| b.max != report.macs.max) {
        row("MACs built", report.macs_built, with_prefix);
    }
    row("weights", report.weights_bytes, bytes);
    row("inference peak", report.infer_peak_bytes, bytes);
    row("training peak", report.train_peak_bytes, bytes);
    match report.receptive_field {
        Some(field) => row("receptive field", Some(field), |_| "cells a side".to_owned()),
        None if report.supernet.is_some() => {}
        None => rows.push(["receptive field".into(), "whole image".into(), String::new()]),
    }
    term.table(&rows)?;
    if !(report.params.attained && report.macs.attained) {
        let note = "  no member lies outside; whether one reaches each end is not known";
        term.line(term.paint.dim(note))?;
    }
    let Some(supernet) = report.supernet else { return Ok(()) };
    term.line("\nsupernet")?;
    let mut rows = Rows::plain("lrl");
    let mut row = |name: &str, n: u64, short: String| {
        rows.push([name.to_owned(), grouped(n), short.trim().to_owned()]);
    };
    row("params", supernet.params, with_prefix(supernet.params));
    row("MACs", supernet.macs, with_prefix(supernet.macs));
    let peak = supernet.train_peak_bytes;
    let at = format!("{}  at {}", bytes(peak).trim(), supernet.train_input.0);
    row("training peak", peak, at);
    term.table(&rows)
}
