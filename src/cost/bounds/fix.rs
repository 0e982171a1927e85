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
use crate::ir::decision::{Decision, DecisionId, Domain, Table, Value};
use crate::ir::graph::{DecisionGraph, LeafId};
use crate::maps::{HashMap, HashSet, IndexMap, IndexSet};
use smallvec::SmallVec;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::iter::successors;

/// Values of one decision that are compared.
const VALUES: u128 = 128;
/// Terms that have no equal, of two values that are compared.
const UNMATCHED: usize = 256;
/// Rounds: what is settled may settle others.
const ROUNDS: usize = 4;
/// Functions of decisions other than paths that places come down to.
const KINDS: usize = 1 << 10;

/// What there is to settle in a sum.
pub(super) struct Open {
    kinds: Kinds,
    /// The decisions but paths, each with the terms that have leaves of it.
    named: Vec<(DecisionId, Vec<u32>)>,
}

impl Open {
    /// What there is; nothing where that is too much.
    pub(super) fn of(graph: &DecisionGraph, all: &Conditions, sum: &Sum) -> Option<Open> {
        let kinds = kinds(all, sum)?;
        let mut named: Vec<Vec<u32>> = vec![Vec::new(); all.choices.decisions()];
        for (at, (when, _)) in (0..).zip(sum) {
            for leaf in &when.leaves {
                let terms = &mut named[graph.gate(*leaf).decision().index()];
                if terms.last() != Some(&at) {
                    terms.push(at);
                }
            }
        }
        let there = |(of, named): &(DecisionId, Vec<u32>)| {
            !all.is_path(*of) && (!named.is_empty() || kinds.contains_key(of))
        };
        let named = (0..).map(DecisionId).zip(named).filter(there).collect();
        Some(Open { kinds, named })
    }
}

/// A sum in which every decision that has a best value has it; nothing where none has one. `open` is
/// what there is to settle in it.
pub(super) fn fixed(
    decisions: &[Decision],
    graph: &DecisionGraph,
    all: &mut Conditions,
    (sum, open): (&Sum, &Open),
    sense: Sense,
) -> Option<Sum> {
    let mut fixed: Option<(Sum, Open)> = None;
    for _ in 0..ROUNDS {
        let (sum, open) = fixed.as_ref().map_or((sum, open), |(sum, open)| (sum, open));
        let owners = graph.leaves.iter().map(|gate| gate.decision()).collect();
        let on = vec![None; graph.leaves.len()];
        let kinds = &open.kinds;
        let (values, switched) = (BTreeMap::new(), Switched::default());
        let mut fixing = Fixing { graph, all, sum, sense, kinds, values, owners, on, switched };
        for (of, named) in &open.named {
            if let Some(value) = fixing.best(*of, &decisions[of.index()].domain, named) {
                fixing.take(*of, value);
            }
        }
        let Fixing { values, on, .. } = fixing;
        if values.is_empty() {
            break;
        }
        let left = Given::of(all, &values, on).sum(all, sum);
        match Open::of(graph, all, &left) {
            Some(open) => fixed = Some((left, open)),
            None => return Some(left),
        }
    }
    fixed.map(|(sum, _)| sum)
}

/// What places come down to below paths, which come first in the order of choices: by decision, the
/// functions that read it. Nothing where that is too much.
fn kinds(all: &Conditions, sum: &Sum) -> Option<Kinds> {
    let (mut kinds, mut count) = (Kinds::new(), 0);
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
            continue;
        }
        for of in all.choices.decisions_of(all.diagram.support(cond)) {
            kinds.entry(of).or_default().push(cond);
        }
        count += 1;
        if count > KINDS {
            return None;
        }
    }
    Some(kinds)
}

type Kinds = BTreeMap<DecisionId, Vec<Cond>>;

/// What some decisions' values say of leaves and of choices.
struct Given {
    /// By leaf: whether it is on; nothing where its decision is open.
    leaves: Vec<Option<bool>>,
    /// Choices, in order, and their values.
    levels: Vec<(u32, u32)>,
}

impl Given {
    fn of(
        all: &Conditions,
        values: &BTreeMap<DecisionId, Value>,
        leaves: Vec<Option<bool>>,
    ) -> Given {
        let mut levels: Vec<(u32, u32)> =
            values.iter().flat_map(|(of, value)| levels_of(all, *of, value)).collect();
        levels.sort_unstable();
        Given { leaves, levels }
    }

    /// What is left of a sum.
    fn sum(&self, all: &mut Conditions, sum: &Sum) -> Sum {
        let mut left: IndexMap<When, u64> = IndexMap::default();
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
        left.into_iter().collect()
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
    let read = all.diagram.support(cond);
    let both: SmallVec<[(u32, u32); 8]> = match levels.len() < read.len() {
        true => {
            levels.iter().copied().filter(|(level, _)| read.binary_search(level).is_ok()).collect()
        }
        false => {
            let value = |level| levels.binary_search_by_key(&level, |(level, _)| *level);
            read.iter().filter_map(|level| Some(levels[value(*level).ok()?])).collect()
        }
    };
    both.into_iter().fold(cond, |left, (level, value)| all.diagram.given(left, level, value))
}

struct Fixing<'a> {
    graph: &'a DecisionGraph,
    all: &'a mut Conditions,
    sum: &'a Sum,
    sense: Sense,
    kinds: &'a Kinds,
    /// What has been found.
    values: BTreeMap<DecisionId, Value>,
    /// By leaf: its decision, and whether it is on; nothing where that decision is open.
    owners: Vec<DecisionId>,
    on: Vec<Option<bool>>,
    /// What was switched last: its room is used again.
    switched: Switched,
}

/// Terms by leaves of one decision, and by what else they need.
#[derive(Default)]
struct Switched {
    rests: IndexSet<When>,
    /// By leaves that are on together: their last term.
    last: IndexMap<Leaves, u32>,
    terms: Vec<Term>,
}

/// What something costs where one of some `rests` holds.
struct Term {
    rest: u32,
    cost: u64,
    /// The term before it with the same leaves.
    before: Option<u32>,
}

/// What a value switches on, by what else it needs.
type Own = Vec<u64>;

impl Switched {
    /// The terms that a value switches on.
    fn on<'s>(
        &'s self,
        graph: &'s DecisionGraph,
        value: &'s Value,
    ) -> impl Iterator<Item = &'s Term> {
        let on = |leaf: &LeafId| graph.gate(*leaf).weight(value) > 0;
        let last = self.last.iter().filter(move |(leaves, _)| leaves.iter().all(on));
        last.flat_map(|(_, last)| {
            let before = |term: &&'s Term| term.before.map(|at| &self.terms[at as usize]);
            successors(Some(&self.terms[*last as usize]), before)
        })
    }

    fn own(&self, graph: &DecisionGraph, value: &Value) -> Own {
        let mut own = vec![0; self.rests.len()];
        self.on(graph, value).for_each(|term| own[term.rest as usize] += term.cost);
        own
    }

    fn clear(&mut self) {
        self.rests.clear();
        self.last.clear();
        self.terms.clear();
    }
}

impl Fixing<'_> {
    /// Takes a value for a decision.
    fn take(&mut self, of: DecisionId, value: Value) {
        for ((owner, gate), on) in self.owners.iter().zip(&self.graph.leaves).zip(&mut self.on) {
            if *owner == of {
                *on = Some(gate.weight(&value) > 0);
            }
        }
        self.values.insert(of, value);
    }

    /// A decision's best value, if it has one.
    fn best(&mut self, of: DecisionId, domain: &Domain, named: &[u32]) -> Option<Value> {
        let table = Table::of(domain);
        let count = table.small_count().filter(|n| *n <= VALUES)?;
        let values: Vec<Value> = (0..count).filter_map(|rank| table.unrank_small(rank)).collect();
        let mut switched = std::mem::take(&mut self.switched);
        self.switch(of, named, &mut switched);
        let best = self.best_of(of, &values, &switched);
        self.switched = switched;
        best.map(|best| values[best].clone())
    }

    /// The best of a decision's values, if one is.
    fn best_of(&mut self, of: DecisionId, values: &[Value], switched: &Switched) -> Option<usize> {
        let graph = self.graph;
        let total = |value| switched.on(graph, value).map(|term| term.cost).sum();
        let totals: Vec<u64> = values.iter().map(total).collect();
        // Most values are never compared: one that is no better ends the search.
        let known: Vec<OnceCell<Own>> = vec![OnceCell::new(); values.len()];
        let own = |at: usize| known[at].get_or_init(|| switched.own(graph, &values[at]));
        let end = totals.iter().copied().reduce(|a, b| self.sense.best(a, b))?;
        (0..values.len()).filter(|i| totals[*i] == end).find(|&best| {
            let mut others = (0..values.len()).filter(|other| *other != best);
            let pays = others.all(|other| {
                let (lower, higher) = match self.sense {
                    Sense::Least => (best, other),
                    Sense::Most => (other, best),
                };
                self.covers(&switched.rests, own(higher), own(lower))
            });
            pays && self.holds_best(of, &values[best])
        })
    }

    /// Whether a term can still count, with what has been found.
    fn is_open(&self, at: u32) -> bool {
        let leaves = &self.sum[at as usize].0.leaves;
        leaves.iter().all(|leaf| self.on[leaf.0 as usize] != Some(false))
    }

    /// What leaves of a decision switch on, of some terms.
    fn switch(&self, of: DecisionId, named: &[u32], switched: &mut Switched) {
        switched.clear();
        for &at in named.iter().filter(|at| self.is_open(**at)) {
            let (when, cost) = &self.sum[at as usize];
            let (mut here, mut leaves) = (Leaves::new(), Leaves::new());
            for leaf in &when.leaves {
                let mine = self.owners[leaf.0 as usize] == of;
                if mine { here.push(*leaf) } else { leaves.push(*leaf) }
            }
            let rest = switched.rests.insert_full(When { place: when.place, leaves }).0 as u32;
            let before = switched.last.insert(here, switched.terms.len() as u32);
            switched.terms.push(Term { rest, cost: *cost, before });
        }
    }

    /// Whether places hold with a value only where they do with every other one, where it is to cost
    /// less; else the other way round.
    fn holds_best(&mut self, of: DecisionId, value: &Value) -> bool {
        let kinds = self.kinds.get(&of).map_or(&[][..], |kinds| kinds);
        let levels = levels_of(self.all, of, value);
        let domain = self.all.domain(of);
        kinds.iter().all(|&kind| {
            let own = given(self.all, kind, &levels);
            // With any value: what is left of the kind with this one reads no choice of these.
            let (less, more) = match self.sense {
                Sense::Least => (own, kind),
                Sense::Most => (kind, own),
            };
            let less = self.all.diagram.and(less, domain);
            self.all.diagram.and(less, more) == less
        })
    }

    /// Whether one sum is never less than another: what it has less of is made up for by what it has
    /// more of that counts wherever that does.
    fn covers(&mut self, rests: &IndexSet<When>, higher: &Own, lower: &Own) -> bool {
        let more = |a: &Own, b: &Own| {
            let both = rests.iter().zip(a.iter().zip(b));
            let more = both.filter(|(_, (a, b))| a > b).map(|(when, (a, b))| (when.clone(), a - b));
            more.collect::<Vec<(When, u64)>>()
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
