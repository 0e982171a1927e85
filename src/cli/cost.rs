//! `segc cost`: what a network costs, or between which bounds the members of a space do.

use super::args::{Format, Input, Spec};
use super::failure::Failure;
use super::number::{bytes, grouped, with_prefix};
use super::read::{self, Chosen, Judged};
use super::term::{Rows, Term};
use super::{json, sizes};
use crate::cost::{self, Costs, Field, Question, SizeProblem};
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
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Bounds {
    pub(super) min: u64,
    pub(super) max: u64,
}

/// The costs of a network or of a space's members.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Report {
    pub(super) file: String,
    pub(super) net: String,
    pub(super) input: String,
    train: bool,
    pub(super) params: Option<Bounds>,
    params_built: Option<Bounds>,
    pub(super) macs: Option<Bounds>,
    weights_bytes: Option<Bounds>,
    infer_peak_bytes: Option<Bounds>,
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
    pub(super) train_peak_bytes: u64,
}

pub(super) fn run(args: &Args, term: &mut Term) -> Result<(), Failure> {
    let judged = read::right(&args.spec, term)?;
    let chosen = read::choose(&judged, args.net.as_deref())?;
    let planned = read::planned_input(&judged, chosen.name);
    let (input, why) = args.input.map_or(planned, |input| (input, "as asked"));
    let report = measure(&judged, chosen, input, args.train).map_err(|problem| {
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
    input: Input,
    train: bool,
) -> Result<Report, SizeProblem> {
    let graph = &chosen.net.graph;
    let question = Question { input: input.size, batch: input.batch, train };
    let whole = cost::exact(graph, question)?;
    // Bounds over an open space are still to come; a supernet's own costs are none.
    let closed = graph.leaves.is_empty();
    let one =
        |pick: fn(&Costs) -> u64| closed.then(|| Bounds { min: pick(&whole), max: pick(&whole) });
    let field = match whole.field {
        Field::Cells(n) if closed => Some(Bounds { min: n, max: n }),
        Field::Cells(_) | Field::Whole => None,
    };
    let supernet = Supernet {
        params: whole.params,
        macs: whole.macs,
        train_peak_bytes: whole.memory.train_peak_bytes,
    };
    Ok(Report {
        file: judged.name.clone(),
        net: chosen.name.to_owned(),
        input: input.to_string(),
        train,
        params: one(|c| c.params),
        params_built: one(|c| c.params_built),
        macs: one(|c| c.macs),
        weights_bytes: one(|c| c.memory.weights_bytes),
        infer_peak_bytes: one(|c| c.memory.infer_peak_bytes),
        train_peak_bytes: one(|c| c.memory.train_peak_bytes),
        receptive_field: field,
        supernet: (!closed).then_some(supernet),
    })
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
    row("params", report.params, with_prefix);
    if report.params_built.map(|b| b.max) != report.params.map(|b| b.max) {
        row("params built", report.params_built, with_prefix);
    }
    row("MACs", report.macs, with_prefix);
    row("weights", report.weights_bytes, bytes);
    row("inference peak", report.infer_peak_bytes, bytes);
    row("training peak", report.train_peak_bytes, bytes);
    match report.receptive_field {
        Some(field) => row("receptive field", Some(field), |_| "cells a side".to_owned()),
        None => rows.push(["receptive field".into(), "whole image".into(), String::new()]),
    }
    term.table(&rows)?;
    let Some(supernet) = report.supernet else { return Ok(()) };
    term.line("\nsupernet")?;
    let mut rows = Rows::plain("lrl");
    let mut row = |name: &str, n: u64, short: String| {
        rows.push([name.to_owned(), grouped(n), short.trim().to_owned()]);
    };
    row("params", supernet.params, with_prefix(supernet.params));
    row("MACs", supernet.macs, with_prefix(supernet.macs));
    row("training peak", supernet.train_peak_bytes, bytes(supernet.train_peak_bytes));
    term.table(&rows)
}
