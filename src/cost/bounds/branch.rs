//! Exact ends for spaces of places: some decisions are walked through, the rest is settled per bill.
//!
//! A term's condition is that of its *place* (a cell on an arrow, say) and of one leaf there. Once
//! the decisions that say which places there are have their values, what is left of the places'
//! conditions are few functions of the other decisions (that some block reads the first input).
//! Each way in which these can turn out is a case; in one case all prices are fixed, and decisions
//! add up but for the case's own condition, which is carried from decision to decision.

use super::owing::{Owing, Prices};
use super::picks::{best_picks, best_slots};
use super::search::{self, Settle};
use super::solve::Sense;
use super::sum::Sum;
use super::walk::Walk;
use crate::cost::terms::{Leaves, When};
use crate::ir::condition::{Choices, Cond, Conditions, Parts};
use crate::ir::decision::{Decision, DecisionId, Domain, Gate, Pick, Picks, Table, Value};
use crate::ir::graph::{DecisionGraph, LeafId};
use crate::maps::{HashMap, HashSet, IndexMap, IndexSet};
use smallvec::{SmallVec, smallvec};
use std::cell::OnceCell;

/// Functions that places may come down to.
const KINDS: usize = 24;
/// Cases per bill, and values of one decision.
const CASES: usize = 64;
const VALUES: u128 = 6_000;
/// Values of an elementary choice that is walked through.
const BRANCHES: u32 = 16;

/// What a decision's values leave of a rule, and which values.
type Kinds = Vec<(Cond, Vec<u32>)>;

/// A decision that is settled per bill.
struct Other<'a> {
    of: DecisionId,
    decision: &'a Decision,
    /// Its leaves that cost something: as bills number them, and what they say.
    leaves: Vec<(u32, Gate)>,
    values: OnceCell<Option<Vec<OneValue>>>,
    tags: OnceCell<Option<Tags>>,
}

/// Which of a decision's leaves are on with a value, and the value of each level.
type OneValue = (SmallVec<[u8; 4]>, SmallVec<[u32; 4]>);

/// The extremes of a sum over all members; nothing where limits are met.
pub(super) fn extremes(
    decisions: &[Decision],
    graph: &DecisionGraph,
    all: &mut Conditions,
    sum: &Sum,
    senses: &[Sense],
) -> Option<Vec<u64>> {
    let mut read = all.read(sum.iter().map(|(when, _)| when.place));
    let small = |of: &DecisionId| {
        let mut levels = all.choices.levels(*of).iter();
        all.is_path(*of) || levels.all(|level| all.choices.sizes[*level as usize] <= BRANCHES)
    };
    read.retain(small);
    let paths: Vec<DecisionId> = read.iter().copied().filter(|of| all.is_path(*of)).collect();
    let attempts = if paths == read { vec![paths] } else { vec![paths, read] };
    attempts.into_iter().find_map(|walked| through(decisions, graph, all, sum, senses, &walked))
}

/// The extremes by a walk through some decisions.
fn through(
    decisions: &[Decision],
    graph: &DecisionGraph,
    all: &mut Conditions,
    sum: &Sum,
    senses: &[Sense],
    walked: &[DecisionId],
) -> Option<Vec<u64>> {
    let mut levels: Vec<u32> =
        walked.iter().flat_map(|of| all.choices.levels(*of)).copied().collect();
    levels.sort_unstable();
    let walks = |level: u32| levels.binary_search(&level).is_ok();
    let mut apart: HashMap<Cond, Parts> = HashMap::default();
    let mut priced: IndexSet<LeafId> = IndexSet::default();
    let mut kinds: IndexSet<Cond> = IndexSet::default();
    let mut places: IndexMap<Cond, Prices> = IndexMap::default();
    // What comes of a place, and the last one: many terms that follow each other have the same.
    let mut known: (Cond, SmallVec<[(usize, u32); 4]>) = (Cond::FALSE, SmallVec::new());
    for (when, cost) in sum {
        // What a walk decides belongs to the place, and so do leaves around another.
        let own = |leaf: &LeafId| !walked.contains(&graph.gate(*leaf).decision());
        let priced_here = when.leaves.iter().copied().find(own);
        let of_place: Leaves =
            when.leaves.iter().copied().filter(|leaf| Some(*leaf) != priced_here).collect();
        let place = When { place: when.place, leaves: of_place }.whole(graph, all);
        let leaf = priced_here.map(|leaf| priced.insert_full(leaf).0 as u32);
        if place != known.0 {
            let mut parts = SmallVec::new();
            for (own, kind) in all.diagram.apart(place, &walks, &mut apart) {
                let entry = places.entry(own);
                parts.push((entry.index(), kinds.insert_full(kind).0 as u32));
                entry.or_default();
            }
            if kinds.len() > KINDS {
                return None;
            }
            known = (place, parts);
        }
        for &(at, kind) in &known.1 {
            places[at].add(kind, leaf, *cost);
        }
    }
    let rules = walked.iter().map(|of| all.domain(*of)).collect();
    let walk = Walk::of(all, &levels, rules, places.keys().copied())?;
    let mut branch = Branch {
        others: others(decisions, graph, all, &priced, &kinds),
        all,
        width: priced.len() + 1,
        fewer: HashMap::default(),
        kinds: HashMap::default(),
    };
    let cases = branch.cases(&kinds)?;
    let prices: Vec<Prices> = places.into_values().collect();
    let owing = Owing::of(&walk, &prices, branch.width - 1);
    let extreme = |sense: &Sense| search::extreme(&walk, &owing, &cases, *sense, &mut branch);
    let found: Option<Vec<u64>> = senses.iter().map(extreme).collect();
    found.filter(|_| !branch.all.diagram.overflowed())
}

/// The decisions whose leaves cost something, or that functions of places depend on.
fn others<'a>(
    decisions: &'a [Decision],
    graph: &DecisionGraph,
    all: &Conditions,
    priced: &IndexSet<LeafId>,
    kinds: &IndexSet<Cond>,
) -> Vec<Other<'a>> {
    let mut others: IndexMap<DecisionId, Vec<(u32, Gate)>> = IndexMap::default();
    for (at, leaf) in (0..).zip(priced) {
        let gate = *graph.gate(*leaf);
        others.entry(gate.decision()).or_default().push((at, gate));
    }
    for cond in kinds {
        for of in all.choices.decisions_of(all.diagram.support(*cond)) {
            others.entry(of).or_default();
        }
    }
    others.sort_unstable_keys();
    let other = |(of, leaves): (DecisionId, _)| Other {
        of,
        decision: &decisions[of.index()],
        leaves,
        values: OnceCell::new(),
        tags: OnceCell::new(),
    };
    others.into_iter().map(other).collect()
}

impl Other<'_> {
    /// Its values; nothing where there are too many.
    fn values(&self, all: &Conditions) -> Option<&[OneValue]> {
        self.values.get_or_init(|| self.list(all)).as_deref()
    }

    fn list(&self, all: &Conditions) -> Option<Vec<OneValue>> {
        let table = Table::of(&self.decision.domain);
        let count = table.small_count().filter(|n| *n <= VALUES)?;
        // Which leaves cost the same is written in bytes.
        let count = if self.leaves.len() <= 256 { count } else { return None };
        let options = self.options();
        let mut scratch = vec![0; all.choices.sizes.len()];
        let values = (0..count).filter_map(|rank| {
            let value = table.unrank_small(rank)?;
            let on = match (&options, &value) {
                (Some(options), Value::Picks(picks)) => options.on(picks),
                _ => {
                    let on = (0..=u8::MAX).zip(&self.leaves);
                    let on = on.filter(|(_, (_, gate))| gate.weight(&value) > 0);
                    on.map(|(leaf, _)| leaf).collect()
                }
            };
            all.choices.encode_one(self.of, &value, &mut scratch);
            let levels = all.choices.levels(self.of).iter().map(|l| scratch[*l as usize]);
            Some((on, levels.collect()))
        });
        Some(values.collect())
    }

    /// Its leaves by what they say is picked; nothing where they say something else.
    fn options(&self) -> Option<Options> {
        let mut options = Options::default();
        for (at, (_, gate)) in (0..=u8::MAX).zip(&self.leaves) {
            match *gate {
                Gate::Pick { pick, .. } => options.anywhere.insert(pick, at),
                Gate::Slot { slot, pick, .. } => options.by_slot.insert((slot, pick), at),
                _ => return None,
            };
        }
        Some(options)
    }

    /// Its extreme where it is free, each option at its price: nothing where its leaves are not
    /// options, or what is best cannot be told option by option.
    fn free(&self, choices: &Choices, prices: &[u64], sense: Sense) -> Option<u64> {
        let Domain::Picks(picks) = &self.decision.domain else { return None };
        let Some(tags) = self.tags.get_or_init(|| self.tags(choices, picks)) else { return None };
        let mut own: SmallVec<[u64; 64]> = smallvec![0; tags.count];
        for (at, leaf) in &tags.of {
            own[*at as usize] += prices[*leaf as usize];
        }
        if tags.slots { best_slots(picks, &own, sense) } else { best_picks(picks, &own, sense) }
    }

    /// What its leaves price; nothing where it is not options, of all slots or of each.
    fn tags(&self, choices: &Choices, picks: &Picks) -> Option<Tags> {
        let options = picks.options().len();
        let slots = matches!(self.leaves.first(), Some((_, Gate::Slot { .. })));
        let tag = |(leaf, gate): &(u32, Gate)| {
            let (slot, pick) = match *gate {
                Gate::Pick { pick, .. } if !slots => (0, pick),
                Gate::Slot { slot, pick, .. } if slots => (slot, pick),
                _ => return None,
            };
            // What cannot be picked never costs anything.
            let at = choices.option(self.of, pick).map(|at| slot * options as u32 + at);
            Some((at, *leaf))
        };
        let of: Option<Vec<(Option<u32>, u32)>> = self.leaves.iter().map(tag).collect();
        let of = of?.into_iter().filter_map(|(at, leaf)| Some((at?, leaf))).collect();
        let count = options * if slots { picks.k as usize } else { 1 };
        Some(Tags { slots, count, of })
    }
}

/// The leaves that price the options of picks.
struct Tags {
    /// Whether an option has a price of its own in each slot.
    slots: bool,
    /// Options, of each slot where they have their own.
    count: usize,
    /// One of those, and a leaf as bills number it.
    of: Vec<(u32, u32)>,
}

/// Leaves by what they say is picked, in some slot or in one.
#[derive(Default)]
struct Options {
    anywhere: HashMap<Pick, u8>,
    by_slot: HashMap<(u32, Pick), u8>,
}

impl Options {
    /// The leaves that are on with some picks, each once, in order.
    fn on(&self, picks: &[Pick]) -> SmallVec<[u8; 4]> {
        let mut on = SmallVec::new();
        for (slot, pick) in (0..).zip(picks) {
            on.extend(self.anywhere.get(pick).copied());
            on.extend(self.by_slot.get(&(slot, *pick)).copied());
        }
        on.sort_unstable();
        on.dedup();
        on
    }
}

impl Settle for Branch<'_> {
    fn bound(&mut self, prices: &[u64], sense: Sense) -> Option<u64> {
        let mut sum = prices[self.width - 1];
        for i in 0..self.others.len() {
            let own = self.own(i, Cond::TRUE, prices, sense)?;
            sum += own.into_iter().map(|(_, own)| own).reduce(|a, b| sense.best(a, b))?;
        }
        Some(sum)
    }

    /// The rule is carried from decision to decision.
    fn exact(&mut self, prices: &[u64], rule: Cond, sense: Sense) -> Option<Option<u64>> {
        let mut states: Vec<(Cond, u64)> = vec![(rule, prices[self.width - 1])];
        for i in 0..self.others.len() {
            let mut next: Vec<(Cond, u64)> = Vec::new();
            for (rule, sum) in states {
                for (left, own) in self.own(i, rule, prices, sense)? {
                    let total = sum + own;
                    match next.iter_mut().find(|(known, _)| *known == left) {
                        Some((_, sum)) => *sum = sense.best(*sum, total),
                        None => next.push((left, total)),
                    }
                }
            }
            states = next;
        }
        Some(states.into_iter().map(|(_, sum)| sum).reduce(|a, b| sense.best(a, b)))
    }
}

struct Branch<'a> {
    others: Vec<Other<'a>>,
    all: &'a mut Conditions,
    /// Leaves with a price, and one more.
    width: usize,
    /// By a decision and a condition: what each value leaves of it.
    kinds: HashMap<(usize, Cond), Kinds>,
    /// The same with one value of those that cost the same, by which leaves do.
    fewer: HashMap<(usize, Cond, Vec<u8>), Kinds>,
}

impl Branch<'_> {
    /// How the functions that places come down to can turn out together, as bits, and when.
    fn cases(&mut self, kinds: &IndexSet<Cond>) -> Option<Vec<(u32, Cond)>> {
        let mut domain = Cond::TRUE;
        for other in &self.others {
            let own = self.all.domain(other.of);
            domain = self.all.diagram.and(domain, own);
        }
        let mut cases = vec![(0u32, domain)];
        for (bit, &cond) in kinds.iter().enumerate() {
            let not = self.all.diagram.not(cond);
            let mut next = Vec::new();
            for (holds, when) in cases {
                let (yes, no) = (self.all.diagram.and(when, cond), self.all.diagram.and(when, not));
                next.extend([(holds | 1 << bit, yes), (holds, no)]);
            }
            next.retain(|(_, when)| *when != Cond::FALSE);
            if next.len() > CASES {
                return None;
            }
            cases = next;
        }
        Some(cases)
    }

    /// One decision's extremes, by what its values leave of the rule.
    fn own(
        &mut self,
        i: usize,
        rule: Cond,
        prices: &[u64],
        sense: Sense,
    ) -> Option<Vec<(Cond, u64)>> {
        let levels = self.all.choices.levels(self.others[i].of);
        let free = !self.all.diagram.support(rule).iter().any(|l| levels.contains(l));
        if free && let Some(best) = self.others[i].free(&self.all.choices, prices, sense) {
            return Some(vec![(rule, best)]);
        }
        let leaves = self.others[i].leaves.iter();
        let own: Vec<u64> = leaves.map(|(leaf, _)| prices[*leaf as usize]).collect();
        let alike = |price: &u64| own.iter().position(|p| p == price).unwrap_or(0) as u8;
        let key = (i, rule, own.iter().map(alike).collect());
        if !self.fewer.contains_key(&key) {
            let kinds = self.fewer(i, rule, &key.2)?;
            self.fewer.insert(key.clone(), kinds);
        }
        let values = self.others[i].values(self.all)?;
        let price = |value: &u32| values[*value as usize].0.iter().map(|l| own[*l as usize]).sum();
        let best = |(left, values): &(Cond, Vec<u32>)| {
            let best = values.iter().map(price).reduce(|a, b| sense.best(a, b))?;
            Some((*left, best))
        };
        Some(self.fewer[&key].iter().filter_map(best).collect())
    }

    /// A decision's values by what they leave of a rule: of those whose leaves cost the same, one.
    fn fewer(&mut self, i: usize, rule: Cond, classes: &[u8]) -> Option<Kinds> {
        if !self.kinds.contains_key(&(i, rule)) {
            let kinds = self.sort_values(i, rule)?;
            self.kinds.insert((i, rule), kinds);
        }
        let mut fewer = self.kinds[&(i, rule)].clone();
        let all = self.others[i].values(self.all)?;
        for (_, values) in &mut fewer {
            let mut seen: HashSet<SmallVec<[u8; 8]>> = HashSet::default();
            values.retain(|value| {
                let on = &all[*value as usize].0;
                let mut on: SmallVec<[u8; 8]> =
                    on.iter().map(|leaf| classes[*leaf as usize]).collect();
                on.sort_unstable();
                seen.insert(on)
            });
        }
        Some(fewer)
    }

    /// A decision's values by what they leave of a rule; those that break it left out.
    fn sort_values(&mut self, i: usize, rule: Cond) -> Option<Kinds> {
        let levels = self.all.choices.levels(self.others[i].of).to_vec();
        let mut kinds: IndexMap<Cond, Vec<u32>> = IndexMap::default();
        for (n, (_, value)) in (0..).zip(self.others[i].values(self.all)?) {
            let left = levels
                .iter()
                .zip(value)
                .fold(rule, |left, (level, v)| self.all.diagram.given(left, *level, *v));
            if left != Cond::FALSE {
                kinds.entry(left).or_default().push(n);
            }
        }
        Some(kinds.into_iter().collect())
    }
}
