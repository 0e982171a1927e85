//! `segc diff`: what differs between two specs: decisions where both stem from one space, else
//! parts and kernels; and what that does to the costs.

mod kin;
mod print;
mod report;

use super::args::{Format, Input};
use super::cost::{self, At};
use super::failure::Failure;
use super::json;
use super::read::{self, Chosen, Judged};
use super::sizes;
use super::term::Term;
use crate::ir::decision::Binding;
use crate::ir::{DecisionGraph, diff, isomorphic, member};
use crate::run::origin::{self, Stated};
use report::Report;
use std::path::{Path, PathBuf};

/// Arguments of `segc diff`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// A spec; `-` reads one from standard input
    #[arg(value_name = "A")]
    a: PathBuf,
    /// The spec to compare it with
    #[arg(value_name = "B")]
    b: PathBuf,
    /// The space that both are members of [default: the one that their headers name]
    #[arg(long, value_name = "FILE")]
    space: Option<PathBuf>,
    /// Images x channels x rows x columns, or rows x columns [default: the plans of A say]
    #[arg(long, value_name = "1x3xHxW")]
    input: Option<Input>,
    /// The network of each spec [default: the one that the search block names, else the last]
    #[arg(long, value_name = "NAME")]
    net: Option<String>,
    /// Exit with 1 where they differ
    #[arg(long)]
    exit_code: bool,
    /// How to report
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// One of the two specs.
struct Side {
    judged: Judged,
    path: PathBuf,
    /// The network that is compared.
    net: String,
    /// Where its header says that it comes from.
    stated: Option<Stated>,
}

impl Side {
    fn of(judged: Judged, path: &Path, net: Option<&str>) -> Result<Side, Failure> {
        let net = read::choose(&judged, net)?.name.to_owned();
        let docs = judged.program.modules.first().map(|m| m.ast.docs.as_slice());
        let stated = docs.and_then(origin::stated);
        Ok(Side { judged, path: path.to_owned(), net, stated })
    }

    /// Reads a spec. It has to be right; warnings are not of interest here.
    fn read(path: &Path, net: Option<&str>, term: &Term) -> Result<Side, Failure> {
        let judged = read::judge(path, &[])?;
        if judged.is_right() {
            return Side::of(judged, path, net);
        }
        read::print_diags(&judged.diags, &judged.program.sources, term);
        Err(Failure::Spec)
    }

    fn chosen(&self) -> Result<Chosen<'_>, Failure> {
        read::choose(&self.judged, Some(&self.net))
    }

    fn graph(&self) -> Option<&DecisionGraph> {
        self.judged.space.nets.get(&self.net).map(|net| &*net.graph)
    }

    /// What runs of a finished network; nothing of a space.
    fn closed(&self) -> Option<DecisionGraph> {
        let graph = self.graph().filter(|graph| graph.leaves.is_empty())?;
        Some(member(graph, &Binding(Vec::new())))
    }
}

pub(super) fn run(args: &Args, verbose: bool, term: &mut Term) -> Result<(), Failure> {
    if read::is_stdin(&args.a) && read::is_stdin(&args.b) {
        let help = "write one of them to a file";
        return Err(Failure::with_help("standard input can be read only once", help));
    }
    let net = args.net.as_deref();
    let [mut a, mut b] = [Side::read(&args.a, net, term)?, Side::read(&args.b, net, term)?];
    kin::take_as_the_member_says(&mut a, &b, net)?;
    kin::take_as_the_member_says(&mut b, &a, net)?;
    let report = compare(&a, &b, args, term)?;
    match args.format {
        Format::Json => json::print("segc.diff/1", &report, term)?,
        Format::Human => print::print(&report, verbose, term)?,
    }
    // The code that `git diff` has for this; nothing is wrong with either spec.
    match args.exit_code && !report.same {
        true => Err(Failure::Spec),
        false => Ok(()),
    }
}

fn compare(a: &Side, b: &Side, args: &Args, term: &Term) -> Result<Report, Failure> {
    let kin = kin::of(a, b, args.space.as_deref())?;
    let (same, parts) = match (a.closed(), b.closed()) {
        (Some(x), Some(y)) => (isomorphic(&x, &y), Some(diff::diff(&x, &y))),
        (None, None) => {
            let parts = a.graph().zip(b.graph()).map(|(x, y)| diff::diff(x, y));
            let alike = parts.as_ref().is_some_and(Vec::is_empty) && kin.is_same();
            (alike, parts)
        }
        _ => (false, None),
    };
    let planned = || read::planned_input(&a.judged.space.plans, &a.net);
    let (input, why) = args.input.map_or_else(planned, |input| (input, "as asked"));
    let costs = [measured(a, input, term)?, measured(b, input, term)?];
    Ok(Report::new([a, b], kin, same, parts, (input, why), costs))
}

/// What a side costs. An input that does not fit it is a mistake of that spec.
fn measured(side: &Side, input: Input, term: &Term) -> Result<cost::Report, Failure> {
    let chosen = side.chosen()?;
    let at = At { input, training: input };
    cost::measure(&side.judged, chosen, at, false).map_err(|problem| {
        let mistake = sizes::mistake(&chosen.net.graph, &problem, input);
        read::print_diags(&[mistake], &side.judged.program.sources, term);
        Failure::Spec
    })
}
