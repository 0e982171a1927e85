//! `segc enumerate` and `segc sample`: members of a space, by rank and by chance, listed or written
//! as specs of their own.
//!
//! A member's rank is that of its assignment, so that what one command lists another can name.

use super::args::{Format, Spec};
use super::failure::Failure;
use super::files::Pattern;
use super::json::{self, Decimal};
use super::number;
use super::read::{self, Chosen, Judged};
use super::term::Term;
use super::write;
use crate::ir::count::Active;
use crate::ir::decision::Binding;
use crate::ir::sample::{Distinct, Sampler};
use crate::maps::IndexMap;
use clap::ValueEnum;
use num_bigint::BigUint;
use num_traits::Zero;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use std::path::PathBuf;

/// What the two commands have in common.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Common {
    #[command(flatten)]
    spec: Spec,
    /// The network [default: the one that the search block names and emits, else the last]
    #[arg(long, value_name = "NAME")]
    net: Option<String>,
    /// Write each member as a spec into this folder
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How to name the files: `{d}` stands for what decision `d` takes, `{rank}` for the rank, `{net}`
    /// for the network [default: the network and a number]
    #[arg(long, value_name = "PATTERN", requires = "out")]
    name: Option<String>,
    /// How to list
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Arguments of `segc enumerate`.
#[derive(Clone, Debug, clap::Args)]
pub struct Enumerate {
    #[command(flatten)]
    common: Common,
    /// The rank to begin at
    #[arg(long, value_name = "RANK", default_value = "0")]
    from: BigUint,
    /// How many at most [default: all]
    #[arg(short, value_name = "N")]
    n: Option<usize>,
    /// Of members that are the same network only the first
    #[arg(long)]
    distinct: bool,
}

/// What a sample is uniform over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Over {
    /// Every combination of all decisions
    Assignments,
    /// Combinations of the decisions that are asked for
    #[default]
    Active,
    /// Networks that differ
    Distinct,
}

/// Arguments of `segc sample`.
#[derive(Clone, Debug, clap::Args)]
pub struct Sample {
    #[command(flatten)]
    common: Common,
    /// How many; one can be drawn again
    #[arg(short, value_name = "N", default_value_t = 1)]
    n: usize,
    /// Where chance starts
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// What is equally likely
    #[arg(long, value_enum, default_value_t)]
    over: Over,
}

/// A member in a list.
#[derive(Serialize)]
struct Member<'a> {
    rank: Decimal,
    decisions: IndexMap<&'a str, String>,
    binding: &'a Binding,
}

/// Where members go: to a list, or each to a file.
struct Sink<'a> {
    judged: &'a Judged,
    chosen: Chosen<'a>,
    common: &'a Common,
    ranks: Sampler,
    term: &'a mut Term,
    names: Names,
    pattern: Option<Pattern>,
    written: usize,
}

/// What files are named after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    /// The member's rank: each has its own.
    Rank,
    /// How many were drawn before: a member can be drawn again.
    Draw,
}

pub(super) fn enumerate(args: &Enumerate, term: &mut Term) -> Result<(), Failure> {
    let judged = read::right(&args.common.spec, term)?;
    let mut sink = Sink::new(&judged, &args.common, Names::Rank, term)?;
    let most = args.n.unwrap_or(usize::MAX);
    let (decisions, graph) = (judged.space.decisions(), &sink.chosen.net.graph);
    if args.distinct {
        let all = Distinct::of(decisions, graph).ok_or_else(too_many)?;
        let ranks = Sampler::of(decisions);
        let late = |b: &&Binding| ranks.rank(b).is_some_and(|rank| rank >= args.from);
        for binding in all.members().iter().filter(late).take(most) {
            sink.take(binding)?;
        }
    } else {
        let ranks = Sampler::of(decisions);
        if args.from >= *ranks.count() && !args.from.is_zero() {
            let all = number::grouped(ranks.count());
            let message = format!("there is no rank {}", number::grouped(&args.from));
            return Err(Failure::with_help(message, format!("there are {all} members, from 0")));
        }
        for binding in ranks.enumerate(&args.from).take(most) {
            sink.take(&binding)?;
        }
    }
    sink.end()
}

pub(super) fn sample(args: &Sample, term: &mut Term) -> Result<(), Failure> {
    let judged = read::right(&args.common.spec, term)?;
    let mut sink = Sink::new(&judged, &args.common, Names::Draw, term)?;
    let mut draw = drawer(args, &judged, sink.chosen)?;
    let mut rng = ChaCha8Rng::seed_from_u64(args.seed);
    for _ in 0..args.n {
        let binding = draw(&mut rng).ok_or_else(|| Failure::machine("the space is empty"))?;
        sink.take(&binding)?;
    }
    sink.end()
}

type Draw<'a> = Box<dyn FnMut(&mut ChaCha8Rng) -> Option<Binding> + 'a>;

/// What draws members, each as likely as any other of those that `--over` names.
fn drawer<'a>(args: &Sample, judged: &'a Judged, chosen: Chosen<'a>) -> Result<Draw<'a>, Failure> {
    let (decisions, graph) = (judged.space.decisions(), &chosen.net.graph);
    Ok(match args.over {
        Over::Assignments => {
            let all = Sampler::of(decisions);
            Box::new(move |rng| all.sample(rng))
        }
        Over::Active => {
            let message = "what switches decisions off is too entangled to be gone through";
            let all = Active::of(decisions, graph)
                .ok_or_else(|| Failure::with_help(message, "use `--over assignments`"))?;
            Box::new(move |rng| all.sample(rng))
        }
        Over::Distinct => {
            let all = Distinct::of(decisions, graph).ok_or_else(too_many)?;
            Box::new(move |rng| all.sample(rng).cloned())
        }
    })
}

fn too_many() -> Failure {
    let message = "there are too many members to compare all of them";
    Failure::with_help(message, "leave out `distinct`, or make the space smaller with `--set`")
}

/// Digits of a draw's number in a file's name.
const DRAW_DIGITS: usize = 5;

impl<'a> Sink<'a> {
    fn new(
        judged: &'a Judged,
        common: &'a Common,
        names: Names,
        term: &'a mut Term,
    ) -> Result<Sink<'a>, Failure> {
        let chosen = read::choose(judged, common.net.as_deref())?;
        if let Some(dir) = &common.out {
            std::fs::create_dir_all(dir).map_err(|e| Failure::file("make the folder", dir, &e))?;
        }
        let decisions = judged.space.decisions();
        let pattern =
            common.name.as_deref().map(|text| Pattern::of(text, decisions)).transpose()?;
        let ranks = Sampler::of(decisions);
        Ok(Sink { judged, chosen, common, ranks, term, names, pattern, written: 0 })
    }

    fn take(&mut self, binding: &Binding) -> Result<(), Failure> {
        let rank = self.ranks.rank(binding).expect("it is a member of the space");
        self.written += 1;
        match &self.common.out {
            Some(dir) => {
                let set = self.common.spec.set.pairs();
                let text = super::spec::text(self.judged, &set, self.emitted(), binding)?;
                let name = self.file_name(&rank, binding)?;
                write::whole(&dir.join(name), text.as_bytes())
            }
            None => self.list(binding, rank),
        }
    }

    /// Numbers are padded, so that names sort as members do.
    fn file_name(&mut self, rank: &BigUint, binding: &Binding) -> Result<String, Failure> {
        if let Some(pattern) = &mut self.pattern {
            return pattern.file(self.judged.space.decisions(), binding, rank, self.chosen.name);
        }
        let (number, width) = match self.names {
            Names::Rank => (rank.to_string(), self.ranks.count().to_string().len()),
            Names::Draw => ((self.written - 1).to_string(), DRAW_DIGITS),
        };
        Ok(format!("{}_{number:0>width$}.seg", self.chosen.name))
    }

    fn list(&mut self, binding: &Binding, rank: BigUint) -> Result<(), Failure> {
        let decisions = self.judged.space.decisions();
        let shown = decisions.iter().zip(&binding.0);
        let shown = shown.map(|(d, value)| (d.name.as_str(), d.domain.show(value)));
        match self.common.format {
            Format::Json => {
                let rank = Decimal(rank);
                let member = Member { rank, decisions: shown.collect(), binding };
                json::print_line("segc.member/1", &member, self.term)
            }
            Format::Human => {
                let text: Vec<String> =
                    shown.map(|(name, value)| format!("{name} = {value}")).collect();
                let rank = self.term.paint.bold(number::grouped(rank));
                self.term.line(format_args!("{rank}  {}", text.join("; ")))
            }
        }
    }

    /// The network that is written: the form that the search emits, unless one is asked for.
    fn emitted(&self) -> &str {
        let plan = self.judged.space.plans.search.get(self.chosen.name);
        let emitted = plan.filter(|_| self.common.net.is_none()).map(|(plan, _)| &plan.emit[..]);
        emitted.unwrap_or(self.chosen.name)
    }

    fn end(self) -> Result<(), Failure> {
        if let Some(dir) = &self.common.out {
            let specs = number::plural(self.written, "spec");
            self.term.line(format_args!("{specs} in `{}`", dir.display()))?;
        }
        Ok(())
    }
}
