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
mod owing;
mod picks;
mod reach;
mod search;
mod solve;
mod sum;
mod tables;
mod walk;

use super::Question;
use super::table::{CostTable, TableProblem};
use super::terms::{Cost, Live, Terms, When};
use crate::ir::condition::{Cond, Conditions};
use crate::ir::decision::Decision;
use crate::ir::graph::DecisionGraph;
use crate::threads;
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
    /// What all alternatives together cost: the supernet.
    pub whole: Cost,
}

/// The bounds over all members of a space; of a closed graph, its costs.
pub fn bounds(
    decisions: &[Decision],
    graph: &DecisionGraph,
    question: Question,
) -> Result<Bounds, TableProblem> {
    let (live, all) = Live::of(decisions, graph, question)?;
    let asked = Asked { decisions, graph, question };
    let (other, live) = (all.clone(), &live);
    let params = || {
        let mut terms = Terms::new(other);
        terms.add_params(live);
        asked.range(terms, |cost| cost.params)
    };
    let macs = || {
        let mut terms = Terms::new(all);
        terms.add_macs(live);
        asked.range(terms, |cost| cost.macs)
    };
    let (params, macs) = threads::both(params, macs);
    Ok(Bounds { params: params?, macs: macs?, whole: live.whole() })
}

/// The space that bounds are asked of.
struct Asked<'a> {
    decisions: &'a [Decision],
    graph: &'a DecisionGraph,
    question: Question,
}

impl Asked<'_> {
    /// What is best whatever the rest is goes first, then whichever way finds the rest.
    fn range(&self, terms: Terms, cost: fn(&Cost) -> u64) -> Result<Range, TableProblem> {
        if terms.overflowed() {
            return Err(TableProblem::Entangled);
        }
        let sum = sum::of(&terms, cost).ok_or(TableProblem::Entangled)?;
        let (decisions, graph, mut all) = (self.decisions, self.graph, terms.all);
        let [least, most] = [Sense::Least, Sense::Most]
            .map(|sense| fix::fixed(decisions, graph, &mut all, &sum, sense));
        let [min, max] = match (&least, &most) {
            // Both ends in one go.
            (None, None) => {
                let ends = self.ends(&mut all, &sum, cost, &[Sense::Least, Sense::Most])?;
                [ends[0], ends[1]]
            }
            (least, most) => {
                let [least, most] = [least, most].map(|fixed| fixed.as_ref().unwrap_or(&sum));
                [
                    self.ends(&mut all, least, cost, &[Sense::Least])?[0],
                    self.ends(&mut all, most, cost, &[Sense::Most])?[0],
                ]
            }
        };
        Ok(Range {
            min: min.value,
            max: max.value,
            min_attained: min.exact,
            max_attained: max.exact,
        })
    }

    /// Some ends of one sum.
    fn ends(
        &self,
        all: &mut Conditions,
        sum: &Sum,
        cost: fn(&Cost) -> u64,
        senses: &[Sense],
    ) -> Result<Vec<Bound>, TableProblem> {
        let (decisions, graph) = (self.decisions, self.graph);
        let found = eliminate::extremes(decisions, graph, all, sum, senses)
            .or_else(|| branch::extremes(decisions, graph, all, sum, senses));
        if let Some(values) = found {
            return Ok(values.into_iter().map(|value| Bound { value, exact: true }).collect());
        }
        let table = CostTable::of(decisions, graph, self.question)?;
        let end = |sense: &Sense| {
            let bound = outer(decisions, graph, all.clone(), sum, *sense)?;
            let reached = || reach::reached(decisions, &table, cost, *sense, bound.value);
            Ok(Bound { exact: bound.exact || reached(), ..bound })
        };
        senses.iter().map(end).collect()
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
