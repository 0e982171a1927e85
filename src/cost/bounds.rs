//! The least and the most that members of a space cost.
//!
//! Costs are a sum of terms, each under a condition ([`Terms`]). Decisions that no condition reads
//! together are settled apart; where that leaves something too entangled, the sum is bounded from
//! outside, and members are searched for that reach the bound. A bound that one reaches is exact.

mod branch;
mod reach;
mod search;
mod solve;
mod walk;

use super::table::{CostTable, TableProblem};
use super::terms::{Cost, Term, Terms};
use super::{Question, SizeProblem};
use crate::ir::condition::{Cond, Factor};
use crate::ir::decision::Decision;
use crate::ir::graph::DecisionGraph;
use solve::{Sense, Solver};

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
    if let Some(ends) = branch::ends(decisions, graph, &mut terms.all, &terms.of) {
        let range =
            |[min, max]: [u64; 2]| Range { min, max, min_attained: true, max_attained: true };
        let [params, macs] = ends.map(range);
        return Ok(Bounds { params, macs });
    }
    outer(decisions, graph, question, terms)
}

/// Bounds from the outside in, where the space cannot be gone through.
fn outer(
    decisions: &[Decision],
    graph: &DecisionGraph,
    question: Question,
    terms: Terms,
) -> Result<Bounds, TableProblem> {
    let table = CostTable::of(decisions, graph, question)?;
    let Terms { mut all, of } = terms;
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
