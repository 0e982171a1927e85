//! `segc count`: how many members spaces have, whole and per part.

use super::alike::told_as_one;
use super::args::{Format, Settings};
use super::failure::Failure;
use super::json::{self, Decimal};
use super::number;
use super::read::{self, Judged};
use super::term::{Rows, Term};
use crate::diag::{self, Style};
use crate::ir::count::{self, Count, Counts};
use crate::ir::{Decision, Domain};
use crate::threads;
use rayon::prelude::*;
use serde::{Serialize, Serializer};
use std::path::{Path, PathBuf};

/// Arguments of `segc count`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The specs; `-` reads one from standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    set: Settings,
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
    #[serde(flatten)]
    whole: Numbers,
    parts: Vec<Part>,
}

#[derive(Serialize)]
struct Part {
    name: String,
    kind: &'static str,
    #[serde(flatten)]
    counts: Numbers,
    decisions: Vec<String>,
}

/// The three counts.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Numbers {
    pub(super) assignments: Decimal,
    /// A decimal string; `{lower, upper, why}` where only bounds are known.
    #[serde(serialize_with = "plain")]
    pub(super) active: Count,
    /// `{exact}` or `{lower, upper, why}`.
    #[serde(serialize_with = "tagged")]
    pub(super) distinct: Count,
}

impl From<&Counts> for Numbers {
    fn from(counts: &Counts) -> Numbers {
        Numbers {
            assignments: Decimal(counts.assignments.clone()),
            active: counts.active.clone(),
            distinct: counts.distinct.clone(),
        }
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum Shape<'a> {
    Exact { exact: String },
    Between { lower: String, upper: String, why: &'a str },
}

fn shape(count: &Count) -> Shape<'_> {
    match count {
        Count::Exact(n) => Shape::Exact { exact: n.to_string() },
        Count::Between { least, most, why } => {
            Shape::Between { lower: least.to_string(), upper: most.to_string(), why }
        }
    }
}

fn tagged<S: Serializer>(count: &Count, to: S) -> Result<S::Ok, S::Error> {
    shape(count).serialize(to)
}

fn plain<S: Serializer>(count: &Count, to: S) -> Result<S::Ok, S::Error> {
    match count.exact() {
        Some(n) => to.collect_str(n),
        None => shape(count).serialize(to),
    }
}

/// What came of one file.
struct Counted {
    /// Its diagnostics, drawn.
    diags: String,
    /// Its counts, and why they are of this network.
    report: Result<(Report, &'static str), Failure>,
}

/// Counts all files at once, and prints what came of them in their order.
pub(super) fn run(args: &Args, term: &mut Term) -> Result<(), Failure> {
    let style = term.diag_style();
    let one = |file: &PathBuf| count_file(file, args, style);
    let all: Vec<Counted> = match &args.files[..] {
        [file] => vec![one(file)],
        files => {
            let pool = rayon::ThreadPoolBuilder::new().stack_size(threads::STACK_BYTES).build();
            let pool = pool.map_err(|e| Failure::machine(format!("cannot start threads: {e}")))?;
            pool.install(|| files.par_iter().map(one).collect())
        }
    };
    let (several, mut printed, mut failed) = (all.len() > 1, false, None);
    for Counted { diags, report } in all {
        eprint!("{diags}");
        match (report, args.format) {
            (Ok((report, _)), Format::Json) => json::print("segc.count/1", &report, term)?,
            (Ok((report, why)), Format::Human) => {
                if std::mem::replace(&mut printed, true) {
                    term.line("")?;
                }
                if several {
                    term.line(&report.file)?;
                }
                print(&report, why, term)?;
            }
            // The other files are counted all the same.
            (Err(failure), _) => {
                if let Some(earlier) = failed.replace(failure) {
                    earlier.report(term);
                }
            }
        }
    }
    failed.map_or(Ok(()), Err)
}

fn count_file(file: &Path, args: &Args, style: Style) -> Counted {
    let judged = match read::judge(file, &args.set.pairs()) {
        Ok(judged) => judged,
        Err(failure) => return Counted { diags: String::new(), report: Err(failure) },
    };
    let diags = match judged.diags.is_empty() {
        true => String::new(),
        false => diag::render(&judged.diags, &judged.program.sources, style),
    };
    let report = if judged.is_right() { count(&judged, args) } else { Err(Failure::Spec) };
    Counted { diags, report }
}

fn count(judged: &Judged, args: &Args) -> Result<(Report, &'static str), Failure> {
    let chosen = read::choose(judged, args.net.as_deref())?;
    let decisions = judged.space.decisions();
    let counts = count::counts(decisions, &chosen.net.graph);
    let report = Report {
        file: judged.name.clone(),
        net: chosen.name.to_owned(),
        whole: Numbers::from(&counts.whole),
        parts: counts.parts.iter().map(|p| part(p, decisions)).collect(),
    };
    Ok((report, chosen.why))
}

fn part(part: &count::Part, decisions: &[Decision]) -> Part {
    let own = || part.decisions.iter().map(|id| &decisions[id.index()]);
    let mut kinds: Vec<&str> = own().map(|d| kind(&d.domain)).collect();
    kinds.dedup();
    Part {
        name: part.name.clone(),
        kind: if let [only] = kinds[..] { only } else { "mixed" },
        counts: Numbers::from(&part.counts),
        decisions: own().map(|d| d.name.clone()).collect(),
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

/// A count for people; bounds where it is not known.
pub(super) fn show(count: &Count) -> String {
    match count {
        Count::Exact(n) => number::count(n),
        Count::Between { least, most, .. } => {
            format!("{} to {}", number::short(least), number::short(most))
        }
    }
}

fn print(report: &Report, why: &str, term: &mut Term) -> Result<(), Failure> {
    let bold = term.paint.bold(&report.net);
    term.line(format_args!("{bold}  {}\n", term.paint.dim(why)))?;
    let mut rows = Rows::plain("lr");
    rows.push(["assignments".into(), number::count(&report.whole.assignments.0)]);
    rows.push(["active".into(), show(&report.whole.active)]);
    rows.push(["distinct".into(), show(&report.whole.distinct)]);
    term.table(&rows)?;
    for count in [&report.whole.active, &report.whole.distinct] {
        if let Count::Between { why, .. } = count {
            term.line(term.paint.dim(format_args!("  bounds: {why}")))?;
        }
    }
    if report.parts.is_empty() {
        return Ok(());
    }
    term.line("")?;
    let head = &["part", "decisions", "assignments", "active", "distinct"];
    let mut rows = Rows::headed("lrrrr", head);
    let row = |part: &Part| {
        [
            part.name.clone(),
            part.decisions.len().to_string(),
            number::short(&part.counts.assignments.0),
            show_short(&part.counts.active),
            show_short(&part.counts.distinct),
        ]
    };
    for row in told_as_one(report.parts.iter().map(row).collect()) {
        rows.push(row);
    }
    term.table(&rows)
}

fn show_short(count: &Count) -> String {
    match count {
        Count::Exact(n) => number::short(n),
        Count::Between { .. } => show(count),
    }
}
