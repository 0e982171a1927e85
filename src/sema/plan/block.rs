//! The clauses of one block by name: each known, each once, none missing.

use crate::diag::{Diag, did_you_mean, listed};
use crate::maps::IndexMap;
use crate::sema::eval::{Eval, Evaluator, Reported};
use crate::source::Span;
use crate::syntax::ast::{Block, Clause, Name};

/// A block's clauses.
pub(super) struct Clauses<'b> {
    by_name: IndexMap<&'b str, &'b Clause>,
    /// The word that the block starts with.
    pub(super) at: Span,
    /// Whether a clause was not known, or given twice; told already.
    pub(super) judged: Eval<()>,
}

impl<'b> Clauses<'b> {
    pub(super) fn get(&self, name: &str) -> Option<&'b Clause> {
        self.by_name.get(name).copied()
    }

    /// Takes what is not given here from the clauses around; of those that say the same thing in
    /// two ways, `either`, one is enough.
    pub(super) fn or_from(&mut self, around: &Clauses<'b>, either: &[&str]) {
        let said = either.iter().any(|name| self.get(name).is_some());
        for (name, clause) in &around.by_name {
            if !(said && either.contains(name)) {
                self.by_name.entry(name).or_insert(clause);
            }
        }
        if self.judged.is_ok() {
            self.judged = around.judged;
        }
    }
}

impl Evaluator<'_> {
    /// The clauses of a block that has no phases.
    pub(super) fn clauses<'b>(&mut self, block: &'b Block, known: &[&str]) -> Clauses<'b> {
        let mut out = self.clauses_of(&block.kind, &block.clauses, known);
        if let Some(phase) = block.phases.first() {
            let kind = &block.kind.value;
            out.judged = self.fail(
                Diag::new("E0606", format!("`{kind}` has no phases"))
                    .label(phase.word.span, "not known here")
                    .help("only `train` is done in phases"),
            );
        }
        out
    }

    /// Clauses behind a word.
    pub(super) fn clauses_of<'b>(
        &mut self,
        word: &Name,
        clauses: &'b [Clause],
        known: &[&str],
    ) -> Clauses<'b> {
        let mut out = Clauses { by_name: IndexMap::default(), at: word.span, judged: Ok(()) };
        for clause in clauses {
            let name = clause.name.value.as_str();
            if !known.contains(&name) {
                out.judged = self.no_clause(&word.value, clause, known);
            } else if let Some(first) = out.by_name.get(name) {
                out.judged = self.fail(
                    Diag::new("E0203", format!("`{name}` is given twice"))
                        .label(clause.name.span, "again here")
                        .label(first.name.span, "first here")
                        .help("remove one of them"),
                );
            } else {
                out.by_name.insert(name, clause);
            }
        }
        out
    }

    fn no_clause(&mut self, kind: &str, clause: &Clause, known: &[&str]) -> Eval<()> {
        let name = &clause.name.value;
        let help = match did_you_mean(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it knows {}", listed(known)),
        };
        self.fail(
            Diag::new("E0606", format!("`{kind}` has no clause `{name}`"))
                .label(clause.name.span, "not known")
                .help(help),
        )
    }

    /// Reads a clause that has to be there.
    pub(super) fn needed<T>(
        &mut self,
        all: &Clauses<'_>,
        name: &str,
        read: impl FnOnce(&mut Self, &Clause) -> Eval<T>,
    ) -> Eval<T> {
        match all.get(name) {
            Some(clause) => read(self, clause),
            // One that is not known may be it, misspelt.
            None if all.judged.is_err() => Err(Reported),
            None => self.fail(
                Diag::new("E0607", format!("this block needs a clause `{name}`"))
                    .label(all.at, "missing in here")
                    .help(format!("add `{}`", example(name))),
            ),
        }
    }
}

/// A clause as it could be written.
fn example(name: &str) -> &'static str {
    match name {
        "data" => "data cityscapes(split = \"train\", crop = 321x321, batch = 2)",
        "epochs" => "epochs 40",
        "weights" => "weights sgd(momentum = 0.9, rate = 0.025 -> 0.001 cosine)",
        "arch" => "arch adam(rate = 3e-3)",
        "input" => "input 1x3x512x1024",
        "cells" => "cells lstm(layers = 2, hidden = 100)",
        _ => "…",
    }
}
