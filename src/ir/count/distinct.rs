//! Networks that differ.
//!
//! Few architectures are built one by one and compared by canonical form. Of many there are
//! bounds. *Above*: two bindings that differ only in the order of picks that no mix reads by slot
//! are one network, so the architectures of the space with those picks unordered are enough.
//! *Below*: members with different fingerprints differ, so that counting fingerprints over any part
//! of the space counts some of its networks once each.

use super::Count;
use super::active::Active;
use super::fingerprint::Prints;
use crate::ir::canon::Keys;
use crate::ir::decision::{Binding, Decision, DecisionId, Domain, Gate};
use crate::ir::graph::DecisionGraph;
use num_bigint::BigUint;
use num_traits::{One, ToPrimitive};
use std::collections::HashMap;
use std::collections::HashSet;

/// Up to so many architectures are compared one by one.
pub const DISTINCT_LIMIT: u64 = 30_000;

/// Edges looked at while members are compared: a second at most.
const BUILD_WORK: u64 = 40_000_000;
/// Edges looked at while fingerprints are taken: tenths of a second. The bound that they give is
/// far off whatever is spent, where a space is large.
const PRINT_WORK: u64 = 5_000_000;

/// Why a count is not exact.
const MANY: &str =
    "too many to compare one by one: fingerprints from below, unordered picks from above";

/// The count of a whole space; `space` has picks unordered where nothing reads their order.
pub(super) fn count(graph: &DecisionGraph, space: &Active) -> Count {
    let total = space.count();
    let buildable = (BUILD_WORK / (graph.graph.edge_count() as u64 + 1)).clamp(64, DISTINCT_LIMIT);
    match total.to_u64().filter(|n| *n <= buildable) {
        Some(n) => {
            let all = (0..n).filter_map(|rank| space.unrank(&rank.into()));
            Count::Exact(Classes::of(graph, all).len().into())
        }
        None => Count::between(below(graph, space), total.clone(), MANY),
    }
}

/// Different fingerprints of members spread evenly over the ranks.
fn below(graph: &DecisionGraph, space: &Active) -> BigUint {
    let mut prints = Prints::of(graph);
    let mut seen = HashSet::new();
    let step = (space.count() / DISTINCT_LIMIT).max(BigUint::one());
    let ranks = (0..DISTINCT_LIMIT).map(|i| &step * i);
    for binding in ranks.map_while(|rank| space.unrank(&rank)) {
        seen.insert(prints.print(&binding));
        if prints.work > PRINT_WORK {
            break;
        }
    }
    seen.len().into()
}

/// How many values of a part some setting of the rest tells apart: fingerprints in a few settings
/// from below, the part's architectures from above. `whole` and `part` have picks unordered where
/// nothing reads their order.
pub(super) fn count_part(
    graph: &DecisionGraph,
    whole: &Active,
    part: &Active,
    members: &[DecisionId],
) -> Count {
    let total = part.count();
    let mut prints = Prints::of(graph);
    let values = total.to_u64().unwrap_or(u64::MAX).min(4 * DISTINCT_LIMIT);
    let mut seen: Vec<Vec<u64>> = vec![Vec::new(); values as usize];
    let mut told_apart = 1;
    for setting in 1..=SETTINGS {
        let rank = whole.count() * setting / (SETTINGS + 1);
        let Some(mut binding) = whole.unrank(&rank) else { break };
        for (value, seen) in seen.iter_mut().enumerate() {
            let Some(own) = part.unrank(&value.into()) else { break };
            members.iter().for_each(|d| binding.0[d.index()].clone_from(&own.0[d.index()]));
            seen.push(prints.print(&binding));
            if prints.work > PRINT_WORK {
                break;
            }
        }
        // Values that were not looked at in every setting are left out of the comparison.
        let full = seen.iter().filter(|s| s.len() == setting as usize);
        told_apart = told_apart.max(full.collect::<HashSet<_>>().len());
        if told_apart as u64 == values || prints.work > PRINT_WORK {
            break;
        }
    }
    Count::between(told_apart.into(), total.clone(), MANY)
}

/// In how many settings of the rest a part's values are compared.
const SETTINGS: u32 = 4;

/// Decisions in which the order of picks counts only where something reads it; nothing where that
/// is already so.
pub(crate) fn unordered(decisions: &[Decision], graph: &DecisionGraph) -> Option<Vec<Decision>> {
    let read_by_slot = |of: u32| {
        let slot = |g: &Gate| matches!(g, Gate::Slot { .. }) && g.decision() == DecisionId(of);
        graph.leaves.iter().any(slot)
    };
    let mut out = decisions.to_vec();
    let mut changed = false;
    for (i, decision) in out.iter_mut().enumerate() {
        if let Domain::Picks(picks) = &mut decision.domain {
            let idle = picks.ordered && picks.k > 1 && !read_by_slot(i as u32);
            picks.ordered &= !idle;
            changed |= idle;
        }
    }
    changed.then_some(out)
}

/// A class by the index of its first member, and its key once there was a second one to compare.
type Class = (usize, Option<[u8; 32]>);

/// Classes of equal networks, by their first members.
pub(crate) struct Classes {
    firsts: Vec<Binding>,
}

impl Classes {
    /// The classes of some members, in the order of their first ones.
    pub(crate) fn of(graph: &DecisionGraph, members: impl Iterator<Item = Binding>) -> Classes {
        let (mut prints, mut keys) = (Prints::of(graph), None);
        let mut classes = Classes { firsts: Vec::new() };
        let mut by_print: HashMap<u64, Vec<Class>> = HashMap::new();
        for binding in members {
            let print = prints.print(&binding);
            let like = by_print.entry(print).or_default();
            let mut key = None;
            if !like.is_empty() {
                let own = keys.get_or_insert_with(|| Keys::of(graph)).key(&binding);
                let known = like.iter_mut().any(|(first, key)| {
                    let keys = keys.get_or_insert_with(|| Keys::of(graph));
                    *key.get_or_insert_with(|| keys.key(&classes.firsts[*first])) == own
                });
                if known {
                    continue;
                }
                key = Some(own);
            }
            like.push((classes.firsts.len(), key));
            classes.firsts.push(binding);
        }
        classes
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.firsts.len()
    }

    /// The first member of each, in order.
    pub(crate) fn into_firsts(self) -> Vec<Binding> {
        self.firsts
    }
}
