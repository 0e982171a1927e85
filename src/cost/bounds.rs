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
use super::sizes::SizeProblem;
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
    let ground = Ground::of(decisions, graph, question)?;
    let (params, macs) =
        threads::both(|| ground.params(decisions, graph), || ground.macs(decisions, graph));
    Ok(Bounds { params: params?, macs: macs?, whole: ground.whole(graph) })
}

/// What the bounds of all costs are worked out from. It is asked about the space that it was made of.
pub struct Ground {
    question: Question,
    live: Live,
    all: Conditions,
}

impl Ground {
    /// The same for a space; a problem where maps do not fit one another.
    ///
    /// # Errors
    /// Where the network does not fit the input.
    pub fn of(
        decisions: &[Decision],
        graph: &DecisionGraph,
        question: Question,
    ) -> Result<Ground, SizeProblem> {
        let (live, all) = Live::of(decisions, graph, question)?;
        Ok(Ground { question, live, all })
    }

    /// The bounds of trainable parameters.
    ///
    /// # Errors
    /// Where what is live depends on too much.
    pub fn params(
        &self,
        decisions: &[Decision],
        graph: &DecisionGraph,
    ) -> Result<Range, TableProblem> {
        let asked = Asked { decisions, graph, question: self.question };
        asked.range(self.terms(graph, Terms::add_params), |cost| cost.params)
    }

    /// The bounds of multiply-adds.
    ///
    /// # Errors
    /// Where what is live depends on too much.
    pub fn macs(
        &self,
        decisions: &[Decision],
        graph: &DecisionGraph,
    ) -> Result<Range, TableProblem> {
        let asked = Asked { decisions, graph, question: self.question };
        asked.range(self.terms(graph, Terms::add_macs), |cost| cost.macs)
    }

    fn terms(&self, graph: &DecisionGraph, add: fn(&mut Terms, &DecisionGraph, &Live)) -> Terms {
        let mut terms = Terms::new(self.all.clone());
        add(&mut terms, graph, &self.live);
        terms
    }

    /// What all alternatives together cost.
    pub fn whole(&self, graph: &DecisionGraph) -> Cost {
        self.live.whole(graph)
    }
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
        let (decisions, graph, mut all) = (self.decisions, self.graph, terms.all);
        let sum = sum::of(terms.of, cost).ok_or(TableProblem::Entangled)?;
        let open = fix::Open::of(graph, &all, &sum);
        let [least, most] = [Sense::Least, Sense::Most].map(|sense| {
            let open = open.as_ref()?;
            fix::fixed(decisions, graph, &mut all, (&sum, open), sense)
        });
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
