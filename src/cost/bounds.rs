//! The least and the most that members of a space cost.
//!
//! Costs are a sum of terms, each under a condition ([`Terms`]). Decisions that no condition reads
//! together are settled apart, others [one after another](eliminate) where few hang together at a
//! time, or [place by place](branch). Where that leaves something too entangled, the sum is bounded
//! from outside, and members are searched for that reach the bound: one that is reached is exact.

mod branch;
mod eliminate;
mod reach;
mod search;
mod solve;
mod tables;
mod walk;

use super::table::{CostTable, TableProblem};
use super::terms::{Cost, Term, Terms};
use super::{Question, SizeProblem};
use crate::ir::condition::{Cond, Factor};
use crate::ir::decision::Decision;
use crate::ir::graph::DecisionGraph;
use solve::{Sense, Solver};

/// A cost's least and most.
type Ends = [u64; 2];

/// One cost's bounds: no member lies outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// No member costs less.
    pub min: u64,
    /// No member costs more.
    pub max: u64,
    /// Whether some member costs exactly `min`.
    pub min_attained: bool,
    /// Whether some member costs exactly `max`.
    pub max_attained: bool,
}

/// The bounds of a space's costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Trainable parameters of what the outputs read.
    pub params: Range,
    /// Multiply-adds of one inference of the whole batch.
    pub macs: Range,
}

/// The bounds over all members of a space; of a closed graph, its costs.
pub fn bounds(
    decisions: &[Decision],
    graph: &DecisionGraph,
    question: Question,
) -> Result<Bounds, TableProblem> {
    let mut terms = terms(decisions, graph, question)?;
    let ends = eliminate::ends(decisions, graph, &mut terms.all, &terms.of)
        .or_else(|| branch::ends(decisions, graph, &mut terms.all, &terms.of));
    match ends {
        Some(ends) => Ok(whole(ends)),
        None => outer(decisions, graph, question, terms),
    }
}

/// Bounds that are attained.
fn whole(ends: [Ends; 2]) -> Bounds {
    let range = |[min, max]: Ends| Range { min, max, min_attained: true, max_attained: true };
    let [params, macs] = ends.map(range);
    Bounds { params, macs }
}

/// Bounds from the outside in, where the space cannot be gone through.
fn outer(
    decisions: &[Decision],
    graph: &DecisionGraph,
    question: Question,
    terms: Terms,
) -> Result<Bounds, TableProblem> {
    let table = CostTable::of(decisions, graph, question)?;
    let Terms { mut all, of, .. } = terms;
    let whole = |(factor, term): (Factor, Term)| (all.whole(graph, factor), term.cost);
    let costs: Vec<(Cond, Cost)> = of.into_iter().map(whole).collect();
    if all.diagram.overflowed() {
        return Err(TableProblem::Entangled);
    }
    let mut solver = Solver::new(decisions, all);
    let mut range = |cost: fn(&Cost) -> u64| {
        let weighted: Vec<(Cond, u64)> =
            costs.iter().map(|(cond, own)| (*cond, cost(own))).collect();
        let [min, max] =
            [Sense::Least, Sense::Most].map(|sense| solver.solve(weighted.clone(), sense));
        let reached = |bound: solve::Bound, sense| {
            bound.exact || reach::reached(decisions, &table, cost, sense, bound.value)
        };
        Range {
            min: min.value,
            max: max.value,
            min_attained: reached(min, Sense::Least),
            max_attained: reached(max, Sense::Most),
        }
    };
    Ok(Bounds { params: range(|cost| cost.params), macs: range(|cost| cost.macs) })
}

fn terms(
    decisions: &[Decision],
    graph: &DecisionGraph,
    question: Question,
) -> Result<Terms, TableProblem> {
    let terms = Terms::of(decisions, graph, question).map_err(|p: SizeProblem| p)?;
    if terms.overflowed() { Err(TableProblem::Entangled) } else { Ok(terms) }
}

#[cfg(test)]
mod tests;
