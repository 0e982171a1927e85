//! The whole space and its parts: groups of decisions that a name has in common.

use super::active::{self, Active};
use super::distinct::Laid;
use super::{Count, Counts, Part, Report, assignments, distinct};
use crate::ir::condition::{Cond, Conditions};
use crate::ir::decision::{Decision, DecisionId};
use crate::ir::graph::DecisionGraph;
use num_bigint::BigUint;
use num_traits::One;

const ENTANGLED: &str = "what switches decisions off is too entangled to be gone through";

/// Decisions with the conditions under which they are asked for.
struct Asked<'a> {
    decisions: &'a [Decision],
    all: Conditions,
    asked: Vec<Cond>,
}

impl<'a> Asked<'a> {
    fn of(decisions: &'a [Decision], graph: &DecisionGraph) -> Asked<'a> {
        let mut all = Conditions::new(decisions, active::DIAGRAM_LIMIT);
        let asked = active::asked(decisions, graph, &mut all);
        // Each part takes a copy of what is kept; an overflow stays one.
        if !all.diagram.overflowed() {
            let (all, asked) = all.only(decisions, &asked);
            return Asked { decisions, all, asked };
        }
        Asked { decisions, all, asked }
    }

    /// The same space with narrower domains.
    fn narrowed<'b>(&self, decisions: &'b [Decision]) -> Asked<'b> {
        let mut all = self.all.clone();
        for (i, (new, old)) in decisions.iter().zip(self.decisions).enumerate() {
            if new.domain != old.domain {
                all.narrow(DecisionId(i as u32), &new.domain);
            }
        }
        Asked { decisions, all, asked: self.asked.clone() }
    }

    fn whole(&self) -> Option<Active> {
        Active::over(self.decisions, self.all.clone(), &self.asked)
    }

    /// The architectures of some decisions, where the others may be set to anything.
    fn part(&self, members: &[DecisionId]) -> Option<Active> {
        let mut all = self.all.clone();
        let mut asked = vec![Cond::FALSE; self.asked.len()];
        for of in members {
            asked[of.index()] = free(&mut all, self.asked[of.index()], members);
        }
        Active::over(self.decisions, all, &asked)
    }
}

/// That a condition holds for some value of every decision that is not among `members`.
fn free(all: &mut Conditions, cond: Cond, members: &[DecisionId]) -> Cond {
    let mut free = cond;
    let mut kept = Vec::new();
    for of in all.choices.decisions_of(all.diagram.support(cond)) {
        if members.contains(&of) {
            kept.extend_from_slice(all.choices.levels(of));
        } else {
            free = all.diagram.and(free, all.domain(of));
        }
    }
    free = all.diagram.project(free, &kept);
    all.tidy(free)
}

/// The counts of a space and of its parts.
pub(super) fn report(decisions: &[Decision], graph: &DecisionGraph) -> Report {
    let asked = Asked::of(decisions, graph);
    let unordered = distinct::unordered(decisions, graph);
    let fewer = unordered.as_ref().map(|fewer| asked.narrowed(fewer));
    let fewer = fewer.as_ref().unwrap_or(&asked);
    let whole = fewer.whole();
    let mut laid = Laid::of(graph);
    let parts: Vec<(String, Vec<DecisionId>)> = groups(decisions);
    let single = parts.len() == 1;
    let counts = Counts {
        assignments: assignments(decisions),
        active: active(decisions, asked.whole()),
        distinct: match &whole {
            Some(whole) => distinct::count(&mut laid, whole, single),
            None => unknown(fewer.decisions),
        },
    };
    let part = |(name, members): (String, Vec<DecisionId>)| {
        let counts = match &whole {
            _ if single => counts.clone(),
            whole => count_part(&mut laid, &asked, fewer, whole.as_ref(), &members),
        };
        Part { name, decisions: members, counts }
    };
    let parts: Vec<Part> = parts.into_iter().map(part).collect();
    // Values of a part that are told apart are networks that differ.
    let least = parts.iter().map(|part| part.counts.distinct.least()).max().cloned();
    let counts = Counts { distinct: counts.distinct.clone().at_least(least), ..counts };
    Report { whole: counts, parts }
}

fn count_part(
    laid: &mut Laid<'_>,
    asked: &Asked<'_>,
    fewer: &Asked<'_>,
    whole: Option<&Active>,
    members: &[DecisionId],
) -> Counts {
    let own: Vec<Decision> = members.iter().map(|d| asked.decisions[d.index()].clone()).collect();
    let distinct = match (whole, fewer.part(members)) {
        (Some(whole), Some(part)) => distinct::count_part(laid, whole, &part, members),
        _ => unknown(&own),
    };
    let assignments = assignments(&own);
    Counts { assignments, active: active(&own, asked.part(members)), distinct }
}

fn active(decisions: &[Decision], space: Option<Active>) -> Count {
    match space {
        Some(space) => Count::Exact(space.count().clone()),
        None => unknown(decisions),
    }
}

fn unknown(decisions: &[Decision]) -> Count {
    Count::between(BigUint::one(), assignments(decisions), ENTANGLED)
}

/// Decisions by what their names begin with, in the order of the first of each.
fn groups(decisions: &[Decision]) -> Vec<(String, Vec<DecisionId>)> {
    let mut groups: Vec<(String, Vec<DecisionId>)> = Vec::new();
    for (i, decision) in decisions.iter().enumerate() {
        let name = decision.name.split('.').next().unwrap_or_default();
        let of = DecisionId(i as u32);
        match groups.iter_mut().find(|(known, _)| known == name) {
            Some((_, members)) => members.push(of),
            None => groups.push((name.to_owned(), vec![of])),
        }
    }
    groups
}
