//! Decisions with one value that is best whatever the others are.
//!
//! The narrowest width is the cheapest everywhere, and an operator that is dearer than another in
//! every place is never worth a second look. A value is no dearer than another if, place by place,
//! the terms that it switches on cost no more, and if places hold with it only where they do with
//! the other.

use super::solve::Sense;
use super::sum::Sum;
use crate::cost::terms::{Leaves, When};
use crate::ir::condition::{Cond, Conditions};
use crate::ir::decision::{Decision, DecisionId, Domain, Gate, Table, Value};
use crate::ir::graph::{DecisionGraph, LeafId};
use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};
use std::collections::BTreeMap;

/// Values of one decision that are compared.
const VALUES: u128 = 128;
/// Terms that have no equal, of two values that are compared.
const UNMATCHED: usize = 256;
/// Rounds: what is settled may settle others.
const ROUNDS: usize = 4;
/// Functions of decisions other than paths that places come down to.
const KINDS: usize = 256;

/// A sum in which every decision that has a best value has it.
pub(super) fn fixed(
    decisions: &[Decision],
    graph: &DecisionGraph,
    all: &mut Conditions,
    mut sum: Sum,
    sense: Sense,
) -> Sum {
    for _ in 0..ROUNDS {
        let Some(kinds) = kinds(all, &sum) else { break };
        let mut fixing = Fixing { graph, all, sum: &sum, sense, kinds, values: BTreeMap::new() };
        for (of, named) in fixing.named() {
            if let Some(value) = fixing.best(of, &decisions[of.index()].domain, &named) {
                fixing.values.insert(of, value);
            }
        }
        let values = fixing.values;
        if values.is_empty() {
            break;
        }
        sum = Given::of(graph, all, &values).sum(all, &sum);
    }
    sum
}

/// What places come down to below paths, which come first in the order of choices; nothing where
/// that is too much.
fn kinds(all: &Conditions, sum: &Sum) -> Option<Vec<Cond>> {
    let mut kinds = Vec::new();
    let mut seen: HashSet<Cond> = HashSet::default();
    let mut ahead: Vec<Cond> = sum.iter().map(|(when, _)| when.place).collect();
    while let Some(cond) = ahead.pop() {
        if cond.is_constant() || !seen.insert(cond) {
            continue;
        }
        let level = all.diagram.level(cond);
        if all.is_path(all.choices.owner(level)) {
            let values = 0..all.choices.sizes[level as usize];
            ahead.extend(values.map(|value| all.diagram.child(cond, value)));
        } else if kinds.len() < KINDS {
            kinds.push(cond);
        } else {
            return None;
        }
    }
    Some(kinds)
}

/// What some decisions' values say of leaves and of choices.
struct Given {
    /// By leaf: whether it is on; nothing where its decision is open.
    leaves: Vec<Option<bool>>,
    /// Choices, in order, and their values.
    levels: Vec<(u32, u32)>,
}

impl Given {
    fn of(graph: &DecisionGraph, all: &Conditions, values: &BTreeMap<DecisionId, Value>) -> Given {
        let on = |gate: &Gate| Some(gate.weight(values.get(&gate.decision())?) > 0);
        let leaves = graph.leaves.iter().map(on).collect();
        let mut levels: Vec<(u32, u32)> =
            values.iter().flat_map(|(of, value)| levels_of(all, *of, value)).collect();
        levels.sort_unstable();
        Given { leaves, levels }
    }

    /// What is left of a sum.
    fn sum(&self, all: &mut Conditions, sum: &Sum) -> Sum {
        let mut left: HashMap<When, u64> = HashMap::default();
        let mut places: HashMap<Cond, Cond> = HashMap::default();
        let on = |leaf: &LeafId| self.leaves[leaf.0 as usize];
        for (when, cost) in sum {
            if when.leaves.iter().any(|leaf| on(leaf) == Some(false)) {
                continue;
            }
            let place =
                *places.entry(when.place).or_insert_with(|| given(all, when.place, &self.levels));
            if place != Cond::FALSE {
                let leaves = when.leaves.iter().copied().filter(|l| on(l).is_none()).collect();
                *left.entry(When { place, leaves }).or_default() += cost;
            }
        }
        let mut left: Sum = left.into_iter().collect();
        left.sort_unstable_by(|a, b| (a.0.place, &a.0.leaves).cmp(&(b.0.place, &b.0.leaves)));
        left
    }
}

/// A decision's choices with a value, in order.
fn levels_of(all: &Conditions, of: DecisionId, value: &Value) -> Vec<(u32, u32)> {
    let mut scratch = vec![0; all.choices.sizes.len()];
    all.choices.encode_one(of, value, &mut scratch);
    all.choices.levels(of).iter().map(|level| (*level, scratch[*level as usize])).collect()
}

/// What is left of a condition when choices, in order, take values.
fn given(all: &mut Conditions, cond: Cond, levels: &[(u32, u32)]) -> Cond {
    let read: Vec<u32> = all.diagram.support(cond).to_vec();
    read.into_iter().fold(cond, |left, level| {
        match levels.binary_search_by_key(&level, |(level, _)| *level) {
            Ok(at) => all.diagram.given(left, level, levels[at].1),
            Err(_) => left,
        }
    })
}

struct Fixing<'a> {
    graph: &'a DecisionGraph,
    all: &'a mut Conditions,
    sum: &'a Sum,
    sense: Sense,
    kinds: Vec<Cond>,
    /// What has been found.
    values: BTreeMap<DecisionId, Value>,
}

/// What a value switches on, by when it counts otherwise.
type Own = HashMap<When, u64>;

impl Fixing<'_> {
    /// The decisions but paths, each with the terms that have leaves of it.
    fn named(&self) -> BTreeMap<DecisionId, Vec<u32>> {
        let mut named: BTreeMap<DecisionId, Vec<u32>> = BTreeMap::new();
        for of in self.kinds.iter().flat_map(|kind| self.decisions_of(*kind)) {
            named.entry(of).or_default();
        }
        for (at, (when, _)) in (0..).zip(self.sum) {
            for leaf in &when.leaves {
                let terms = named.entry(self.graph.gate(*leaf).decision()).or_default();
                if terms.last() != Some(&at) {
                    terms.push(at);
                }
            }
        }
        named.retain(|of, _| !self.all.is_path(*of));
        named
    }

    fn decisions_of(&self, cond: Cond) -> Vec<DecisionId> {
        self.all.choices.decisions_of(self.all.diagram.support(cond))
    }

    /// A decision's best value, if it has one.
    fn best(&mut self, of: DecisionId, domain: &Domain, named: &[u32]) -> Option<Value> {
        let open: Vec<u32> = named.iter().copied().filter(|at| self.is_open(*at)).collect();
        let table = Table::of(domain);
        let count = table.small_count().filter(|n| *n <= VALUES)?;
        let values: Vec<Value> = (0..count).filter_map(|rank| table.unrank_small(rank)).collect();
        let own: Vec<Own> = values.iter().map(|value| self.own(of, value, &open)).collect();
        let totals: Vec<u64> = own.iter().map(|own| own.values().sum()).collect();
        let levels: Vec<_> = values.iter().map(|value| levels_of(self.all, of, value)).collect();
        let end = totals.iter().copied().reduce(|a, b| self.sense.best(a, b))?;
        let best = (0..values.len()).filter(|i| totals[*i] == end).find(|&best| {
            (0..values.len()).filter(|other| *other != best).all(|other| {
                let (lower, higher) = self.ordered(best, other);
                self.covers(&own[higher], &own[lower])
                    && self.holds_less(&levels[lower], &levels[higher])
            })
        })?;
        Some(values[best].clone())
    }

    /// The one that is to cost less first, where the first is to be best.
    fn ordered<T>(&self, best: T, other: T) -> (T, T) {
        match self.sense {
            Sense::Least => (best, other),
            Sense::Most => (other, best),
        }
    }

    /// Whether a term can still count, with what has been found.
    fn is_open(&self, at: u32) -> bool {
        self.sum[at as usize].0.leaves.iter().all(|leaf| {
            let gate = self.graph.gate(*leaf);
            self.values.get(&gate.decision()).is_none_or(|value| gate.weight(value) > 0)
        })
    }

    /// What a value switches on.
    fn own(&self, of: DecisionId, value: &Value, named: &[u32]) -> Own {
        let mut own = Own::default();
        for &at in named {
            let (when, cost) = &self.sum[at as usize];
            let (here, leaves): (Leaves, Leaves) = when
                .leaves
                .iter()
                .copied()
                .partition(|leaf| self.graph.gate(*leaf).decision() == of);
            if here.iter().all(|leaf| self.graph.gate(*leaf).weight(value) > 0) {
                *own.entry(When { place: when.place, leaves }).or_default() += cost;
            }
        }
        own
    }

    /// Whether places hold with some values of choices only where they do with others.
    fn holds_less(&mut self, lower: &[(u32, u32)], higher: &[(u32, u32)]) -> bool {
        let kinds = std::mem::take(&mut self.kinds);
        let less = kinds.iter().all(|&kind| {
            let less = given(self.all, kind, lower);
            let more = given(self.all, kind, higher);
            less == more || {
                // Of values only: a domain forbids some combinations.
                let values = self.domains(kind);
                let values = given(self.all, values, lower);
                let less = self.all.diagram.and(less, values);
                self.all.diagram.and(less, more) == less
            }
        });
        self.kinds = kinds;
        less
    }

    /// What the domains of the decisions that a condition reads allow.
    fn domains(&mut self, cond: Cond) -> Cond {
        self.decisions_of(cond).into_iter().fold(Cond::TRUE, |all, of| {
            let own = self.all.domain(of);
            self.all.diagram.and(all, own)
        })
    }

    /// Whether one sum is never less than another: what it has less of is made up for by what it has
    /// more of that counts wherever that does.
    fn covers(&mut self, higher: &Own, lower: &Own) -> bool {
        let more = |a: &Own, b: &Own| {
            let rest = |(when, cost): (&When, &u64)| {
                let known = b.get(when).copied().unwrap_or(0);
                (*cost > known).then(|| (when.clone(), cost - known))
            };
            let mut more: Vec<(When, u64)> = a.iter().filter_map(rest).collect();
            more.sort_unstable_by(|(a, _), (b, _)| (a.place, &a.leaves).cmp(&(b.place, &b.leaves)));
            more
        };
        let below = more(lower, higher);
        if below.is_empty() {
            return true;
        }
        let mut above = more(higher, lower);
        if above.len() > UNMATCHED || below.len() > UNMATCHED {
            return false;
        }
        below.into_iter().all(|(when, mut cost)| {
            for (over, room) in above.iter_mut().filter(|(over, _)| over.leaves == when.leaves) {
                if *room > 0 && cost > 0 && self.implies(when.place, over.place) {
                    let paid = cost.min(*room);
                    cost -= paid;
                    *room -= paid;
                }
            }
            cost == 0
        })
    }

    /// Whether one condition holds only where another does.
    fn implies(&mut self, cond: Cond, other: Cond) -> bool {
        let (own, wider) = (self.all.diagram.support(cond), self.all.diagram.support(other));
        let read = wider.iter().all(|level| own.binary_search(level).is_ok());
        read && self.all.diagram.and(cond, other) == cond
    }
}
