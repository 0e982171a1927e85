//! The least and the most that members of a space cost.
//!
//! Costs are a sum of terms, each under a condition ([`Terms`]). Decisions with a value that is best
//! [whatever the others are](fix) take it. The rest are settled [one after another](eliminate) where
//! few hang together at a time, or [place by place](branch). Where that leaves something too
//! entangled, the sum is bounded from outside, and members are searched for that reach the bound:
//! one that is reached is exact.

mod branch;
mod eliminate;
mod fix;
mod reach;
mod search;
mod solve;
mod sum;
mod tables;
mod walk;

use super::Question;
use super::table::{CostTable, TableProblem};
use super::terms::{Cost, Terms, When};
use crate::ir::condition::{Cond, Conditions};
use crate::ir::decision::Decision;
use crate::ir::graph::DecisionGraph;
use solve::{Bound, Sense, Solver};
use sum::Sum;

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
    let terms = Terms::of(decisions, graph, question)?;
    let mut asked = Asked { decisions, graph, question, table: None };
    let params = asked.range(&terms, |cost| cost.params)?;
    let macs = asked.range(&terms, |cost| cost.macs)?;
    Ok(Bounds { params, macs })
}

/// The space that bounds are asked of.
struct Asked<'a> {
    decisions: &'a [Decision],
    graph: &'a DecisionGraph,
    question: Question,
    /// Its members' costs, once they are looked at one by one.
    table: Option<CostTable>,
}

impl Asked<'_> {
    fn range(&mut self, terms: &Terms, cost: fn(&Cost) -> u64) -> Result<Range, TableProblem> {
        if terms.overflowed() {
            return Err(TableProblem::Entangled);
        }
        let sum = sum::of(terms, cost).ok_or(TableProblem::Entangled)?;
        let least = self.end(terms.all.clone(), sum.clone(), cost, Sense::Least)?;
        let most = self.end(terms.all.clone(), sum, cost, Sense::Most)?;
        Ok(Range {
            min: least.value,
            max: most.value,
            min_attained: least.exact,
            max_attained: most.exact,
        })
    }

    /// One end: what is best whatever the rest is goes first, then whichever way finds the rest.
    fn end(
        &mut self,
        mut all: Conditions,
        sum: Sum,
        cost: fn(&Cost) -> u64,
        sense: Sense,
    ) -> Result<Bound, TableProblem> {
        let (decisions, graph) = (self.decisions, self.graph);
        let sum = fix::fixed(decisions, graph, &mut all, sum, sense);
        let found = eliminate::extreme(decisions, graph, &mut all, &sum, sense)
            .or_else(|| branch::extreme(decisions, graph, &mut all, &sum, sense));
        if let Some(value) = found {
            return Ok(Bound { value, exact: true });
        }
        let bound = outer(decisions, graph, all, &sum, sense)?;
        Ok(Bound { exact: bound.exact || self.reached(cost, sense, bound.value)?, ..bound })
    }

    /// Whether a member is found at a bound.
    fn reached(
        &mut self,
        cost: fn(&Cost) -> u64,
        sense: Sense,
        bound: u64,
    ) -> Result<bool, TableProblem> {
        let table = match self.table.take() {
            Some(table) => table,
            None => CostTable::of(self.decisions, self.graph, self.question)?,
        };
        let table = self.table.insert(table);
        Ok(reach::reached(self.decisions, table, cost, sense, bound))
    }
}

/// A bound from the outside, where the space cannot be gone through.
fn outer(
    decisions: &[Decision],
    graph: &DecisionGraph,
    mut all: Conditions,
    sum: &Sum,
    sense: Sense,
) -> Result<Bound, TableProblem> {
    let whole = |(when, cost): &(When, u64)| (when.whole(graph, &mut all), *cost);
    let weighted: Vec<(Cond, u64)> = sum.iter().map(whole).collect();
    if all.diagram.overflowed() {
        return Err(TableProblem::Entangled);
    }
    Ok(Solver::new(decisions, all).solve(weighted, sense))
}

#[cfg(test)]
mod tests;
