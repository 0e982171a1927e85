//! Exact ends for spaces of places: paths are gone through, the rest is settled per path.
//!
//! A term's condition is that of its *place* (a cell on an arrow, say) and of one leaf there. Along
//! one path, what is left of the places' conditions are few functions of the other decisions (that
//! some block reads the first input). Each way in which these can turn out is a case; in one case
//! all prices are fixed, and decisions add up but for the case's own condition, which is carried
//! from decision to decision.

use super::solve::{Sense, best_picks};
use crate::cost::terms::{Cost, Term};
use crate::ir::condition::{Cond, Conditions, Factor};
use crate::ir::decision::{Decision, DecisionId, Domain, Gate, Pick, Table};
use crate::ir::graph::{DecisionGraph, LeafId};
use indexmap::{IndexMap, IndexSet};
use std::collections::{HashMap, HashSet};

/// Paths gone through, cases per path, and values of one decision.
const PATHS: u64 = 120_000;
const CASES: usize = 64;
const VALUES: u128 = 6_000;

/// Least and most of parameters and of multiply-adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ends {
    pub(super) params: [u64; 2],
    pub(super) macs: [u64; 2],
}

impl Ends {
    /// Of no member at all.
    const NONE: Ends = Ends { params: [u64::MAX, 0], macs: [u64::MAX, 0] };

    fn of(cost: Cost) -> Ends {
        Ends { params: [cost.params; 2], macs: [cost.macs; 2] }
    }

    /// Of members of either kind.
    fn or(self, other: Ends) -> Ends {
        let either = |a: [u64; 2], b: [u64; 2]| [a[0].min(b[0]), a[1].max(b[1])];
        Ends { params: either(self.params, other.params), macs: either(self.macs, other.macs) }
    }

    /// Of sums of one of each.
    fn plus(self, other: Ends) -> Ends {
        let both = |a: [u64; 2], b: [u64; 2]| [a[0] + b[0], a[1] + b[1]];
        Ends { params: both(self.params, other.params), macs: both(self.macs, other.macs) }
    }
}

/// A place: what it costs, and what each leaf adds there.
struct Place {
    base: Cost,
    leaves: Vec<(u32, Cost)>,
}

/// What one function of the other decisions costs where it holds: all places that came down to it.
type Bill = (Cond, Vec<Cost>);

/// What a decision's values leave of a rule, and which values.
type Kinds = Vec<(Cond, Vec<u32>)>;

struct Branch<'a> {
    decisions: &'a [Decision],
    all: Conditions,
    places: Vec<Place>,
    /// Decisions beside paths whose leaves cost something, or that places depend on.
    others: Vec<Other>,
    leaves: usize,
    /// By what is to be paid along a path: many paths differ in the order of their places only.
    settled: HashMap<Vec<Bill>, Ends>,
    /// By the functions left along a path: how they can turn out, and the condition of that.
    cases: HashMap<Vec<Cond>, Option<Vec<(u32, Cond)>>>,
    /// By a decision and a condition: what each value leaves of it.
    kinds: HashMap<(usize, Cond), Kinds>,
    /// The same with one value of those that cost the same, by which leaves do.
    fewer: HashMap<(usize, Cond, Vec<u8>), Kinds>,
}

/// A decision that is settled per path.
struct Other {
    of: DecisionId,
    /// Its leaves.
    leaves: Vec<u32>,
    /// By value: which of its leaves are on, and the value of each level.
    values: Vec<(Vec<u8>, Vec<u32>)>,
    /// By option, where every leaf is one: its leaf.
    options: Option<HashMap<Pick, u32>>,
}

/// The ends over all members; nothing where limits are met.
pub(super) fn ends(
    decisions: &[Decision],
    graph: &DecisionGraph,
    all: Conditions,
    terms: &IndexMap<Factor, Term>,
) -> Option<Ends> {
    let mut places: IndexMap<Cond, Place> = IndexMap::new();
    for (&(cond, leaf), &Term { cost, .. }) in terms {
        let place =
            places.entry(cond).or_insert(Place { base: Cost::default(), leaves: Vec::new() });
        match leaf {
            Some(leaf) => place.leaves.push((leaf.0, cost)),
            None => place.base += cost,
        }
    }
    let (conds, places): (Vec<Cond>, Vec<Place>) = places.into_iter().unzip();
    let mut read: Vec<DecisionId> =
        conds.iter().flat_map(|c| all.choices.decisions_of(all.diagram.support(*c))).collect();
    let used = places.iter().flat_map(|p| &p.leaves).map(|(leaf, _)| graph.gate(LeafId(*leaf)));
    read.extend(used.map(Gate::decision));
    read.sort_unstable();
    read.dedup();
    let (paths, others): (Vec<_>, Vec<_>) = read.into_iter().partition(|d| all.is_path(*d));
    let mut walks = paths.iter().map(|d| u64::try_from(decisions[d.index()].domain.count()).ok());
    walks.try_fold(1u64, |acc, n| acc.checked_mul(n?)).filter(|n| *n <= PATHS)?;
    let mut places = places;
    let priced = renumber(&mut places);
    let others = others.into_iter().map(|of| other(decisions, graph, &all, &priced, of));
    let mut branch = Branch {
        decisions,
        places,
        others: others.collect::<Option<Vec<_>>>()?,
        leaves: priced.len(),
        settled: HashMap::new(),
        cases: HashMap::new(),
        kinds: HashMap::new(),
        fewer: HashMap::new(),
        all,
    };
    let mut levels: Vec<u32> =
        paths.iter().flat_map(|d| branch.all.choices.levels(*d).to_vec()).collect();
    levels.sort_unstable();
    let rules = paths.iter().map(|d| branch.all.domain(*d)).collect();
    branch.walk(&levels, conds, rules)
}

/// Numbers the leaves that cost something from 0 on; which they are comes back.
fn renumber(places: &mut [Place]) -> IndexSet<u32> {
    let mut priced = IndexSet::new();
    for (leaf, _) in places.iter_mut().flat_map(|place| &mut place.leaves) {
        *leaf = priced.insert_full(*leaf).0 as u32;
    }
    priced
}

fn other(
    decisions: &[Decision],
    graph: &DecisionGraph,
    all: &Conditions,
    priced: &IndexSet<u32>,
    of: DecisionId,
) -> Option<Other> {
    let decision = &decisions[of.index()];
    let table = Table::of(&decision.domain);
    let count = table.small_count().filter(|n| *n <= VALUES)?;
    let gates = (0..).zip(priced).map(|(at, leaf)| (at, graph.gate(LeafId(*leaf))));
    let own: Vec<(u32, &Gate)> = gates.filter(|(_, gate)| gate.decision() == of).collect();
    let leaves: Vec<u32> = own.iter().map(|(leaf, _)| *leaf).collect();
    let mut scratch = vec![0; all.choices.sizes.len()];
    // Which leaves cost the same is written in bytes.
    let count = if leaves.len() <= 256 { count } else { return None };
    let values = (0..count).filter_map(|rank| {
        let value = table.unrank_small(rank)?;
        let on = (0..=u8::MAX).zip(&own).filter(|(_, (_, gate))| gate.weight(&value) > 0);
        let on = on.map(|(leaf, _)| leaf).collect();
        all.choices.encode_one(of, &value, &mut scratch);
        let levels = all.choices.levels(of).iter().map(|l| scratch[*l as usize]).collect();
        Some((on, levels))
    });
    let values = values.collect();
    let option = |(leaf, gate): &(u32, &Gate)| match gate {
        Gate::Pick { pick, .. } => Some((*pick, *leaf)),
        _ => None,
    };
    let options = own.iter().map(option).collect();
    Some(Other { of, leaves, values, options })
}

impl Branch<'_> {
    /// All paths from here on, choice by choice.
    fn walk(&mut self, levels: &[u32], conds: Vec<Cond>, rules: Vec<Cond>) -> Option<Ends> {
        let Some((&level, rest)) = levels.split_first() else { return self.settle(&conds) };
        let mut ends = Ends::NONE;
        for value in 0..self.all.choices.sizes[level as usize] {
            let next = |c: &Cond, all: &mut Conditions| all.diagram.given(*c, level, value);
            let rules: Vec<Cond> = rules.iter().map(|r| next(r, &mut self.all)).collect();
            if rules.contains(&Cond::FALSE) {
                continue;
            }
            let conds = conds.iter().map(|c| next(c, &mut self.all)).collect();
            ends = ends.or(self.walk(rest, conds, rules)?);
        }
        Some(ends)
    }

    /// The ends along one path: what is left of the places' conditions is known.
    fn settle(&mut self, conds: &[Cond]) -> Option<Ends> {
        let bills = self.bills(conds);
        if let Some(known) = self.settled.get(&bills) {
            return Some(*known);
        }
        let open: Vec<Cond> =
            bills.iter().map(|(cond, _)| *cond).filter(|c| !c.is_constant()).collect();
        let cases = self.cases(&open)?;
        let mut ends = Ends::NONE;
        for (holds, rule) in cases {
            let mut prices = vec![Cost::default(); self.leaves + 1];
            let mut at = 0;
            for (cond, bill) in &bills {
                let here = *cond == Cond::TRUE || (holds >> at) & 1 == 1;
                at += u32::from(!cond.is_constant());
                if here {
                    prices.iter_mut().zip(bill).for_each(|(price, more)| *price += *more);
                }
            }
            ends = ends.or(self.add_up(&prices, rule));
        }
        self.settled.insert(bills, ends);
        Some(ends)
    }

    /// What each function that is left costs: by leaf, and last what costs in any case.
    fn bills(&self, conds: &[Cond]) -> Vec<Bill> {
        let mut bills: Vec<Bill> = Vec::new();
        for (cond, place) in conds.iter().zip(&self.places) {
            if *cond == Cond::FALSE {
                continue;
            }
            let at = bills.iter().position(|(known, _)| known == cond).unwrap_or_else(|| {
                bills.push((*cond, vec![Cost::default(); self.leaves + 1]));
                bills.len() - 1
            });
            let bill = &mut bills[at].1;
            bill[self.leaves] += place.base;
            place.leaves.iter().for_each(|(leaf, cost)| bill[*leaf as usize] += *cost);
        }
        bills.sort_unstable_by_key(|(cond, _)| *cond);
        bills
    }

    /// How some functions can turn out together, as bits, and when.
    fn cases(&mut self, open: &[Cond]) -> Option<Vec<(u32, Cond)>> {
        if let Some(known) = self.cases.get(open) {
            return known.clone();
        }
        let mut domain = Cond::TRUE;
        for other in &self.others {
            let own = self.all.domain(other.of);
            domain = self.all.diagram.and(domain, own);
        }
        let mut cases = vec![(0u32, domain)];
        for (bit, &cond) in open.iter().enumerate() {
            let not = self.all.diagram.not(cond);
            let mut next = Vec::new();
            for (holds, when) in cases {
                let (yes, no) = (self.all.diagram.and(when, cond), self.all.diagram.and(when, not));
                next.extend([(holds | 1 << bit, yes), (holds, no)]);
            }
            next.retain(|(_, when)| *when != Cond::FALSE);
            if next.len() > CASES || bit >= 31 {
                self.cases.insert(open.to_vec(), None);
                return None;
            }
            cases = next;
        }
        self.cases.insert(open.to_vec(), Some(cases.clone()));
        Some(cases)
    }

    /// The ends at fixed prices under a rule, which is carried from decision to decision.
    fn add_up(&mut self, prices: &[Cost], rule: Cond) -> Ends {
        let base = Ends::of(prices[self.leaves]);
        let mut states: Vec<(Cond, Ends)> = vec![(rule, base)];
        for i in 0..self.others.len() {
            let mut next: Vec<(Cond, Ends)> = Vec::new();
            for (rule, ends) in states {
                for (left, own) in self.own(i, rule, prices) {
                    let total = ends.plus(own);
                    match next.iter_mut().find(|(known, _)| *known == left) {
                        Some((_, ends)) => *ends = ends.or(total),
                        None => next.push((left, total)),
                    }
                }
            }
            states = next;
        }
        states.into_iter().fold(Ends::NONE, |acc, (_, ends)| acc.or(ends))
    }

    /// One decision's ends, by what its values leave of the rule.
    fn own(&mut self, i: usize, rule: Cond, prices: &[Cost]) -> Vec<(Cond, Ends)> {
        let of = self.others[i].of;
        let free = {
            let levels = self.all.choices.levels(of);
            !self.all.diagram.support(rule).iter().any(|l| levels.contains(l))
        };
        if free && let Some(ends) = self.own_picks(i, prices) {
            return vec![(rule, ends)];
        }
        let own: Vec<Cost> = self.others[i].leaves.iter().map(|l| prices[*l as usize]).collect();
        let alike = |price: &Cost| own.iter().position(|p| p == price).unwrap_or(0) as u8;
        let classes: Vec<u8> = own.iter().map(alike).collect();
        let key = (i, rule, classes);
        if !self.fewer.contains_key(&key) {
            let kinds = self.fewer(i, rule, &key.2);
            self.fewer.insert(key.clone(), kinds);
        }
        let price = |value: &u32| {
            let on = &self.others[i].values[*value as usize].0;
            on.iter().fold(Cost::default(), |acc, leaf| acc + own[*leaf as usize])
        };
        let ends = |values: &Vec<u32>| {
            values.iter().fold(Ends::NONE, |acc, value| acc.or(Ends::of(price(value))))
        };
        self.fewer[&key].iter().map(|(left, values)| (*left, ends(values))).collect()
    }

    /// A decision's values by what they leave of a rule: of those whose leaves cost the same, one.
    fn fewer(&mut self, i: usize, rule: Cond, classes: &[u8]) -> Kinds {
        if !self.kinds.contains_key(&(i, rule)) {
            let kinds = self.sort_values(i, rule);
            self.kinds.insert((i, rule), kinds);
        }
        let mut fewer = self.kinds[&(i, rule)].clone();
        for (_, values) in &mut fewer {
            let mut seen = HashSet::new();
            values.retain(|value| {
                let on = &self.others[i].values[*value as usize].0;
                let mut on: Vec<u8> = on.iter().map(|leaf| classes[*leaf as usize]).collect();
                on.sort_unstable();
                seen.insert(on)
            });
        }
        fewer
    }

    /// The ends of a decision that picks freely, each option at its price.
    fn own_picks(&self, i: usize, prices: &[Cost]) -> Option<Ends> {
        let Other { of, options: Some(options), .. } = &self.others[i] else { return None };
        let Domain::Picks(picks) = &self.decisions[of.index()].domain else { return None };
        let end = |cost: fn(Cost) -> u64, sense| {
            let price = |pick: Pick| options.get(&pick).map_or(0, |l| cost(prices[*l as usize]));
            best_picks(picks, price, sense)
        };
        let both = |cost| Some([end(cost, Sense::Least)?, end(cost, Sense::Most)?]);
        Some(Ends { params: both(|c| c.params)?, macs: both(|c| c.macs)? })
    }

    /// A decision's values by what they leave of a rule; those that break it left out.
    fn sort_values(&mut self, i: usize, rule: Cond) -> Kinds {
        let levels = self.all.choices.levels(self.others[i].of).to_vec();
        let mut kinds: IndexMap<Cond, Vec<u32>> = IndexMap::new();
        for (n, (_, value)) in self.others[i].values.iter().enumerate() {
            let left = levels
                .iter()
                .zip(value)
                .fold(rule, |left, (level, v)| self.all.diagram.given(left, *level, *v));
            if left != Cond::FALSE {
                kinds.entry(left).or_default().push(n as u32);
            }
        }
        kinds.into_iter().collect()
    }
}
