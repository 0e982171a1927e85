//! `segc count`: how many members a space has, whole and per part.

use super::args::{Format, Spec};
use super::failure::Failure;
use super::json::{self, Decimal};
use super::number;
use super::read;
use super::term::{Rows, Term};
use crate::ir::{Decision, Domain};
use num_bigint::BigUint;
use serde::Serialize;

/// Arguments of `segc count`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    spec: Spec,
    /// The network [default: the one that the search block names, else the last]
    #[arg(long, value_name = "NAME")]
    net: Option<String>,
    /// How to report
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Serialize)]
struct Report {
    file: String,
    net: String,
    assignments: Decimal,
    parts: Vec<Part>,
}

#[derive(Serialize)]
struct Part {
    name: String,
    kind: &'static str,
    assignments: Decimal,
}

pub(super) fn run(args: &Args, term: &mut Term) -> Result<(), Failure> {
    let judged = read::right(&args.spec, term)?;
    let chosen = read::choose(&judged, args.net.as_deref())?;
    let decisions = judged.space.decisions();
    let report = Report {
        file: judged.name.clone(),
        net: chosen.name.to_owned(),
        assignments: Decimal(assignments(decisions)),
        parts: decisions.iter().map(part).collect(),
    };
    match args.format {
        Format::Json => json::print("segc.count/1", &report, term),
        Format::Human => print(&report, chosen.why, term),
    }
}

/// The product of all domains.
pub(super) fn assignments(decisions: &[Decision]) -> BigUint {
    decisions.iter().map(|d| d.domain.count()).product()
}

fn part(decision: &Decision) -> Part {
    Part {
        name: decision.name.clone(),
        kind: kind(&decision.domain),
        assignments: Decimal(decision.domain.count()),
    }
}

/// The word for a decision's kind.
pub(super) fn kind(domain: &Domain) -> &'static str {
    match domain {
        Domain::One(_) => "one",
        Domain::Picks(_) => "picks",
        Domain::Path(_) => "path",
    }
}

fn print(report: &Report, why: &str, term: &mut Term) -> Result<(), Failure> {
    let bold = term.paint.bold(&report.net);
    term.line(format_args!("{bold}  {}\n", term.paint.dim(why)))?;
    let mut rows = Rows::plain("lr");
    rows.push(["assignments".into(), number::count(&report.assignments.0)]);
    term.table(&rows)?;
    if report.parts.is_empty() {
        return Ok(());
    }
    term.line("")?;
    let mut rows = Rows::headed("llr", &["part", "kind", "assignments"]);
    for part in &report.parts {
        rows.push([part.name.clone(), part.kind.into(), number::count(&part.assignments.0)]);
    }
    term.table(&rows)
}
