//! A comparison for people: short, the costs last.

use super::report::{Pair, Report, Spec};
use crate::cli::cost::Bounds;
use crate::cli::failure::Failure;
use crate::cli::number::{bytes, grouped, plural, with_prefix};
use crate::cli::term::{Rows, Term};
use crate::ir::diff::{Change, Part};

pub(super) fn print(report: &Report, verbose: bool, term: &mut Term) -> Result<(), Failure> {
    print_specs(report, term)?;
    let verdict = match (report.same, &report.decisions) {
        (true, _) if report.a.open => "no difference was found",
        (true, Some(rows)) if !rows.is_empty() => "the same network, by other decisions",
        (true, _) => "the same network",
        (false, _) => "",
    };
    if !verdict.is_empty() {
        term.line(format_args!("\n  {}", term.paint.green(verdict)))?;
    }
    if let Some(why) = &report.why {
        term.line(format_args!("\n  {}", term.paint.dim(why)))?;
    }
    print_decisions(report, term)?;
    if !report.same && (report.space.is_none() || report.is_unexplained()) {
        print_parts(report, verbose, term)?;
    }
    print_costs(report, term)
}

impl Report {
    /// Whether the networks differ although all decisions are the same.
    fn is_unexplained(&self) -> bool {
        self.decisions.as_ref().is_some_and(Vec::is_empty)
    }
}

fn print_specs(report: &Report, term: &mut Term) -> Result<(), Failure> {
    let mut rows = Rows::plain("lll");
    for (letter, spec) in [("A", &report.a), ("B", &report.b)] {
        rows.push([letter.to_owned(), spec.file.clone(), about(spec, report)]);
    }
    term.table(&rows)
}

/// `quick, member 90 of specs/quickstart.seg`.
fn about(spec: &Spec, report: &Report) -> String {
    match (&spec.rank, &report.space) {
        (Some(rank), Some(space)) => {
            format!("{}, member {} of {space}", spec.net, grouped(&rank.0))
        }
        _ if spec.open => format!("{}, a space", spec.net),
        _ => spec.net.clone(),
    }
}

fn print_decisions(report: &Report, term: &mut Term) -> Result<(), Failure> {
    let Some(decisions) = report.decisions.as_ref().filter(|rows| !rows.is_empty()) else {
        return Ok(());
    };
    let mut rows = Rows::headed("lll", &["decision", "A", "B"]);
    let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    for row in decisions {
        rows.push([row.name.clone(), shown(&row.a), shown(&row.b)]);
    }
    term.line("")?;
    term.table(&rows)
}

/// Changes that are listed; `--verbose` lists all.
const LISTED: usize = 12;

fn print_parts(report: &Report, verbose: bool, term: &mut Term) -> Result<(), Failure> {
    let Some(changes) = &report.parts else { return Ok(()) };
    term.line("")?;
    if changes.is_empty() {
        return term
            .line("  kernels of the same names, which are wired or share weights otherwise");
    }
    // A kernel whose input has another width or scale has another type itself: a consequence.
    let (causes, consequences): (Vec<&Change>, Vec<&Change>) =
        changes.iter().partition(|change| verbose || !is_of_type_only(change));
    let listed = if verbose { causes.len() } else { LISTED.min(causes.len()) };
    let mut rows = Rows::plain("lll");
    causes.iter().take(listed).for_each(|change| rows.push(row(change)));
    term.table(&rows)?;
    let mut notes = Vec::new();
    if causes.len() > listed {
        notes.push(format!("{} more changes", grouped(causes.len() - listed)));
    }
    if !consequences.is_empty() {
        notes.push(format!("another type of {}", plural(consequences.len(), "kernel")));
    }
    match notes.is_empty() {
        true => Ok(()),
        false => {
            let note = format!("  and {}: `--verbose` lists all", notes.join(", "));
            term.line(term.paint.dim(note))
        }
    }
}

fn is_of_type_only(change: &Change) -> bool {
    matches!(change, Change::Changed { a, b, .. } if a.kernel == b.kernel)
}

fn row(change: &Change) -> [String; 3] {
    match change {
        Change::Removed(part) => ["-".into(), part.name.clone(), of_part(part)],
        Change::Added(part) => ["+".into(), part.name.clone(), of_part(part)],
        Change::Changed { name, a, b } if a.kernel == b.kernel => {
            ["~".into(), name.clone(), format!("{}: {} -> {}", a.kernel, a.ty, b.ty)]
        }
        Change::Changed { name, a, b } => {
            ["~".into(), name.clone(), format!("{} -> {}", a.kernel, b.kernel)]
        }
        Change::Rewired { name, a, b } => ["~".into(), name.clone(), reads(a, b)],
    }
}

/// `reads x, y instead of z`.
fn reads(a: &[String], b: &[String]) -> String {
    let (lost, gained) = (without(a, b), without(b, a));
    match (&lost[..], &gained[..]) {
        ([], []) => "reads them in another order".to_owned(),
        (lost, []) => format!("no longer reads {}", lost.join(", ")),
        ([], gained) => format!("also reads {}", gained.join(", ")),
        (lost, gained) => format!("reads {} instead of {}", gained.join(", "), lost.join(", ")),
    }
}

/// What is left of a list when another is taken away, each as often as it stands there.
fn without(all: &[String], other: &[String]) -> Vec<String> {
    let mut left = all.to_vec();
    for name in other {
        if let Some(at) = left.iter().position(|n| n == name) {
            left.remove(at);
        }
    }
    left
}

fn of_part(part: &Part) -> String {
    let kernels = match &part.kernel {
        Some(text) => format!("{}: {}", text.kernel, text.ty),
        None => plural(part.kernels, "kernel"),
    };
    match part.params {
        0 => kernels,
        params => format!("{kernels}, {} params", grouped(params)),
    }
}

fn print_costs(report: &Report, term: &mut Term) -> Result<(), Failure> {
    let why = term.paint.dim(report.input_why);
    term.line(format_args!("\n  at {}  {why}", report.input))?;
    let mut rows = Rows::headed("lrrrr", &["", "A", "B", "difference", ""]);
    let mut row = |name: &str, pair: Pair, short: fn(u64) -> String| {
        rows.push([
            name.to_owned(),
            bounds(pair.a, short),
            bounds(pair.b, short),
            pair.difference.map(signed).unwrap_or_default(),
            pair.percent.map(percent).unwrap_or_default(),
        ]);
    };
    row("params", report.costs.params, with_prefix);
    row("MACs", report.costs.macs, with_prefix);
    if let Some(peak) = report.costs.infer_peak_bytes {
        row("inference peak", peak, bytes);
    }
    term.table(&rows)
}

/// One number in full; the bounds of a space rounded, as two long ones are not read.
fn bounds(bounds: Option<Bounds>, short: fn(u64) -> String) -> String {
    match bounds {
        None => "-".to_owned(),
        Some(b) if b.min == b.max => grouped(b.min),
        Some(b) => format!("{} to {}", short(b.min).trim(), short(b.max).trim()),
    }
}

fn signed(n: i128) -> String {
    let sign = match n {
        0 => "",
        n if n < 0 => "-",
        _ => "+",
    };
    format!("{sign}{}", grouped(n.unsigned_abs()))
}

/// Two decimals, so that a small difference is not none.
fn percent(p: f64) -> String {
    if p == 0.0 { String::new() } else { format!("{p:+.2} %") }
}
