//! Decisions with one value that is best whatever the others are.
//!
//! The narrowest width is the cheapest everywhere, and an operator that is dearer than another in
//! every place is never worth a second look. For each value of a decision, what is left of the sum
//! once it is taken is written down; a value is best where its sum is covered by every other's,
//! term by term: by the same terms, or by terms that hold wherever its own do.

use super::solve::Sense;
use super::sum::Sum;
use crate::cost::terms::{Leaves, When};
use crate::ir::condition::{Cond, Conditions};
use crate::ir::decision::{Decision, DecisionId, Domain, Gate, Pick, Picks, Table, Value};
use crate::ir::graph::{DecisionGraph, LeafId};
use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};
use std::collections::BTreeMap;

/// Values of one decision that are compared.
const VALUES: u128 = 128;
/// Terms that have no equal, of two values that are compared.
const UNMATCHED: usize = 64;
/// Rounds: what is settled may settle others.
const ROUNDS: usize = 4;

/// A sum in which every decision that has a best value has it.
pub(super) fn fixed(
    decisions: &[Decision],
    graph: &DecisionGraph,
    all: &mut Conditions,
    mut sum: Sum,
    sense: Sense,
) -> Sum {
    for _ in 0..ROUNDS {
        let mut fixing =
            Fixing { decisions, graph, all, sum: &sum, sense, values: BTreeMap::new() };
        for (of, reading) in fixing.reading() {
            if let Some(value) = fixing.best(of, &reading) {
                fixing.values.insert(of, value);
            }
        }
        let values = fixing.values;
        if values.is_empty() {
            break;
        }
        let given = Given::of(graph, all, &values);
        let mut left: HashMap<When, u64> = HashMap::default();
        for (when, cost) in &sum {
            if let Some(when) = given.left(all, when) {
                *left.entry(when).or_default() += cost;
            }
        }
        sum = left.into_iter().collect();
        sum.sort_unstable_by(|a, b| (a.0.place, &a.0.leaves).cmp(&(b.0.place, &b.0.leaves)));
    }
    sum
}

/// What some decisions' values say of leaves and of choices.
struct Given {
    /// By leaf: whether it is on; nothing where its decision is open.
    leaves: Vec<Option<bool>>,
    /// Choices, and their values.
    levels: Vec<(u32, u32)>,
}

impl Given {
    fn of(graph: &DecisionGraph, all: &Conditions, values: &BTreeMap<DecisionId, Value>) -> Given {
        let on = |gate: &Gate| Some(gate.weight(values.get(&gate.decision())?) > 0);
        let leaves = graph.leaves.iter().map(on).collect();
        let mut scratch = vec![0; all.choices.sizes.len()];
        let mut levels = Vec::new();
        for (of, value) in values {
            all.choices.encode_one(*of, value, &mut scratch);
            levels.extend(all.choices.levels(*of).iter().map(|l| (*l, scratch[*l as usize])));
        }
        levels.sort_unstable();
        Given { leaves, levels }
    }

    /// What is left to hold; nothing where it does not.
    fn left(&self, all: &mut Conditions, when: &When) -> Option<When> {
        let on = |leaf: &LeafId| self.leaves[leaf.0 as usize];
        if when.leaves.iter().any(|leaf| on(leaf) == Some(false)) {
            return None;
        }
        let leaves: Leaves = when.leaves.iter().copied().filter(|l| on(l).is_none()).collect();
        let place = given(all, when.place, &self.levels);
        (place != Cond::FALSE).then_some(When { place, leaves })
    }
}

/// What is left of a condition when choices, in order, take values.
fn given(all: &mut Conditions, mut cond: Cond, levels: &[(u32, u32)]) -> Cond {
    if levels.is_empty() || cond.is_constant() {
        return cond;
    }
    let reads: Vec<u32> = all.diagram.support(cond).to_vec();
    for level in reads {
        if let Ok(at) = levels.binary_search_by_key(&level, |(level, _)| *level) {
            cond = all.diagram.given(cond, level, levels[at].1);
        }
    }
    cond
}

struct Fixing<'a> {
    decisions: &'a [Decision],
    graph: &'a DecisionGraph,
    all: &'a mut Conditions,
    sum: &'a Sum,
    sense: Sense,
    values: BTreeMap<DecisionId, Value>,
}

/// What is left of a sum with one value, by when it counts.
type Left = HashMap<When, u64>;

impl Fixing<'_> {
    /// The terms that read each decision, but for paths.
    fn reading(&self) -> BTreeMap<DecisionId, Vec<u32>> {
        let mut reading: BTreeMap<DecisionId, Vec<u32>> = BTreeMap::new();
        let mut owners: HashMap<Cond, Vec<DecisionId>> = HashMap::default();
        for (at, (when, _)) in (0..).zip(self.sum) {
            let read = owners.entry(when.place).or_insert_with(|| {
                self.all.choices.decisions_of(self.all.diagram.support(when.place))
            });
            let leaves = when.leaves.iter().map(|leaf| self.graph.gate(*leaf).decision());
            let leaves = leaves.filter(|of| !read.contains(of));
            for of in read.iter().copied().chain(leaves) {
                if !self.all.is_path(of) {
                    reading.entry(of).or_default().push(at);
                }
            }
        }
        reading.values_mut().for_each(|terms| terms.dedup());
        reading
    }

    /// A decision's best value, if it has one.
    fn best(&mut self, of: DecisionId, reading: &[u32]) -> Option<Value> {
        let alive: Vec<u32> = reading.iter().copied().filter(|at| self.is_open(*at)).collect();
        let values = self.candidates(of, &alive)?;
        let lefts: Vec<Left> =
            values.iter().map(|value| self.left_of_all(of, value, &alive)).collect();
        let totals = lefts.iter().map(|left| left.values().sum::<u64>());
        let (best, _) = totals.enumerate().reduce(|a, b| match self.sense.better(b.1, a.1) {
            true => b,
            false => a,
        })?;
        let others = (0..lefts.len()).filter(|other| *other != best);
        others
            .into_iter()
            .all(|other| match self.sense {
                Sense::Least => self.covers(&lefts[other], &lefts[best]),
                Sense::Most => self.covers(&lefts[best], &lefts[other]),
            })
            .then(|| values[best].clone())
    }

    /// Whether a term can still count, with the values that are fixed.
    fn is_open(&self, at: u32) -> bool {
        self.sum[at as usize].0.leaves.iter().all(|leaf| {
            let gate = self.graph.gate(*leaf);
            self.values.get(&gate.decision()).is_none_or(|value| gate.weight(value) > 0)
        })
    }

    /// The values that may be best; nothing where they are too many.
    fn candidates(&mut self, of: DecisionId, reading: &[u32]) -> Option<Vec<Value>> {
        let domain = &self.decisions[of.index()].domain;
        let table = Table::of(domain);
        if let Some(count) = table.small_count().filter(|n| *n <= VALUES) {
            return Some((0..count).filter_map(|rank| table.unrank_small(rank)).collect());
        }
        match domain {
            Domain::Picks(picks) if !picks.repeats => {
                let best = self.best_options(of, picks, reading)?;
                combinations(picks, &best)
            }
            _ => None,
        }
    }

    /// For each candidate, the operator that is best in whichever slot it is picked.
    fn best_options(
        &mut self,
        of: DecisionId,
        picks: &Picks,
        reading: &[u32],
    ) -> Option<Vec<Pick>> {
        let levels = self.all.choices.levels(of).to_vec();
        let mut by_pick: HashMap<Pick, Vec<u32>> = HashMap::default();
        let mut places: Vec<u32> = Vec::new();
        for &at in reading {
            let (when, _) = &self.sum[at as usize];
            let mut picked = false;
            for leaf in &when.leaves {
                match *self.graph.gate(*leaf) {
                    Gate::Pick { of: own, pick } if own == of => {
                        by_pick.entry(pick).or_default().push(at);
                        picked = true;
                    }
                    gate if gate.decision() == of => return None,
                    _ => {}
                }
            }
            // What is left of such a term when another is picked would have to be looked at, too.
            let reads = self.all.diagram.support(when.place).iter().any(|l| levels.contains(l));
            if reads && picked {
                return None;
            }
            if reads {
                places.push(at);
            }
        }
        let options = picks.options();
        let mut best = Vec::new();
        for candidate in 0..picks.candidates.len() as u16 {
            let own: Vec<Pick> =
                options.iter().copied().filter(|pick| pick.candidate == candidate).collect();
            let lefts: HashMap<Pick, Left> =
                own.iter().map(|pick| (*pick, self.left_of_pick(of, by_pick.get(pick)))).collect();
            let total = |pick: &Pick| lefts[pick].values().sum::<u64>();
            let ends = own.iter().map(total).reduce(|a, b| self.sense.best(a, b))?;
            let mut alike = own.iter().copied().filter(|pick| total(pick) == ends);
            best.push(alike.find(|chosen| {
                own.iter().filter(|other| *other != chosen).all(|other| {
                    let (lower, higher) = match self.sense {
                        Sense::Least => (*chosen, *other),
                        Sense::Most => (*other, *chosen),
                    };
                    self.covers(&lefts[&higher], &lefts[&lower])
                        && self.is_within(of, &levels, &places, lower, higher)
                })
            })?);
        }
        Some(best)
    }

    /// Whether terms that read a decision's slots hold with one pick only where they do with
    /// another.
    fn is_within(
        &mut self,
        of: DecisionId,
        levels: &[u32],
        places: &[u32],
        lower: Pick,
        higher: Pick,
    ) -> bool {
        let [Some(lower), Some(higher)] = [lower, higher].map(|p| self.all.choices.option(of, p))
        else {
            return false;
        };
        let conds: HashSet<Cond> = places.iter().map(|at| self.sum[*at as usize].0.place).collect();
        conds.into_iter().all(|cond| {
            levels.iter().all(|&level| {
                let less = self.all.diagram.given(cond, level, lower);
                let more = self.all.diagram.given(cond, level, higher);
                less == more || self.all.diagram.and(less, more) == less
            })
        })
    }

    /// What terms of one pick are once it is picked.
    fn left_of_pick(&self, of: DecisionId, terms: Option<&Vec<u32>>) -> Left {
        let mut left = Left::default();
        for &at in terms.into_iter().flatten() {
            let (when, cost) = &self.sum[at as usize];
            let other = |leaf: &LeafId| self.graph.gate(*leaf).decision() != of;
            let leaves = when.leaves.iter().copied().filter(other).collect();
            *left.entry(When { place: when.place, leaves }).or_default() += cost;
        }
        left
    }

    /// What is left of the terms that read a decision once it has a value.
    fn left_of_all(&mut self, of: DecisionId, value: &Value, reading: &[u32]) -> Left {
        let mut scratch = vec![0; self.all.choices.sizes.len()];
        self.all.choices.encode_one(of, value, &mut scratch);
        let levels = self.all.choices.levels(of).iter();
        let levels: Vec<(u32, u32)> = levels.map(|l| (*l, scratch[*l as usize])).collect();
        let mut left = Left::default();
        for &at in reading {
            let (when, cost) = &self.sum[at as usize];
            let own = |leaf: &&LeafId| self.graph.gate(**leaf).decision() == of;
            if when.leaves.iter().filter(own).any(|leaf| self.graph.gate(*leaf).weight(value) == 0)
            {
                continue;
            }
            let place = given(self.all, when.place, &levels);
            if place != Cond::FALSE {
                let leaves = when.leaves.iter().filter(|leaf| !own(leaf)).copied().collect();
                *left.entry(When { place, leaves }).or_default() += cost;
            }
        }
        left
    }

    /// Whether one sum is never less than another.
    fn covers(&mut self, higher: &Left, lower: &Left) -> bool {
        let more = |a: &Left, b: &Left| {
            let rest = |(when, cost): (&When, &u64)| {
                let known = b.get(when).copied().unwrap_or(0);
                (*cost > known).then(|| (when.clone(), cost - known))
            };
            a.iter().filter_map(rest).collect::<Vec<(When, u64)>>()
        };
        let (mut above, mut below) = (more(higher, lower), more(lower, higher));
        if below.is_empty() {
            return true;
        }
        if above.len() > UNMATCHED || below.len() > UNMATCHED {
            return false;
        }
        let order = |a: &(When, u64), b: &(When, u64)| {
            (a.0.place, &a.0.leaves, a.1).cmp(&(b.0.place, &b.0.leaves, b.1))
        };
        above.sort_unstable_by(order);
        below.sort_unstable_by(order);
        below.into_iter().all(|(when, mut cost)| {
            for (over, room) in above.iter_mut().filter(|(_, room)| *room > 0) {
                let wider = over.leaves.iter().all(|leaf| when.leaves.contains(leaf))
                    && self.all.diagram.and(when.place, over.place) == when.place;
                if wider {
                    let paid = cost.min(*room);
                    cost -= paid;
                    *room -= paid;
                }
            }
            cost == 0
        })
    }
}

/// The ways to pick, each candidate through the one option that is left of it.
fn combinations(picks: &Picks, best: &[Pick]) -> Option<Vec<Value>> {
    let mut few = picks.clone();
    few.candidates.iter_mut().for_each(|candidate| candidate.ops.clear());
    let few = Table::of(&Domain::Picks(few));
    let count = few.small_count().filter(|n| *n <= VALUES)?;
    let through = |value| match value {
        Value::Picks(all) => {
            let all = all.into_iter().map(|pick: Pick| best[pick.candidate as usize]);
            Some(Value::Picks(all.collect()))
        }
        _ => None,
    };
    Some((0..count).filter_map(|rank| few.unrank_small(rank).and_then(through)).collect())
}
