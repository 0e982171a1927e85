//! The extreme of a sum of weighted conditions over all bindings.

use super::picks::best_picks;
use crate::ir::condition::{Cond, Conditions};
use crate::ir::decision::{Decision, DecisionId, Domain, Gate, Pick};
use crate::maps::HashMap;
use std::collections::BTreeMap;

/// Which extreme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Sense {
    Least,
    Most,
}

impl Sense {
    /// Whether one value is further out than another.
    pub(super) fn better(self, a: u64, b: u64) -> bool {
        match self {
            Sense::Least => a < b,
            Sense::Most => a > b,
        }
    }

    /// The one further out.
    pub(super) fn best(self, a: u64, b: u64) -> u64 {
        if self.better(b, a) { b } else { a }
    }
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bound {
    /// Nothing lies beyond.
    pub(super) value: u64,
    /// Whether it is reached for certain.
    pub(super) exact: bool,
}

impl Bound {
    fn plus(self, other: Bound) -> Bound {
        Bound { value: self.value + other.value, exact: self.exact && other.exact }
    }
}

const NOTHING: Bound = Bound { value: 0, exact: true };

/// Weighted conditions.
type Sum = Vec<(Cond, u64)>;

/// Terms looked at in one sweep, and in all of them.
const SWEEP_WORK: u64 = 500_000;
const TOTAL_WORK: u64 = 4_000_000;
/// What it takes to free one condition of one choice, in terms looked at.
const FREEING: u64 = 16;

pub(super) struct Solver<'a> {
    decisions: &'a [Decision],
    all: Conditions,
    /// Sums that were solved.
    known: HashMap<(Sense, Sum), Bound>,
    /// By decision: its options, by the condition that each is picked.
    options: Vec<HashMap<Cond, Pick>>,
    work: u64,
}

impl<'a> Solver<'a> {
    pub(super) fn new(decisions: &'a [Decision], mut all: Conditions) -> Solver<'a> {
        let options = (decisions.iter().enumerate())
            .map(|(i, decision)| {
                let Domain::Picks(picks) = &decision.domain else { return HashMap::default() };
                let of = DecisionId(i as u32);
                let picked = |pick| (all.gate(Gate::Pick { of, pick }), pick);
                picks.options().into_iter().map(picked).collect()
            })
            .collect();
        Solver { decisions, all, known: HashMap::default(), options, work: 0 }
    }

    /// The extreme of a sum: decisions that no condition reads together are settled apart.
    pub(super) fn solve(&mut self, sum: Sum, sense: Sense) -> Bound {
        let (fixed, open) = self.gather(sum);
        let parts = self.parts(open);
        parts.into_iter().fold(Bound { value: fixed, ..NOTHING }, |acc, (members, part)| {
            let key = (sense, part);
            let part = match self.known.get(&key) {
                Some(known) => *known,
                None => {
                    let found = self.part(&members, key.1.clone(), sense);
                    self.known.insert(key, found);
                    found
                }
            };
            acc.plus(part)
        })
    }

    /// What is certain, and the rest by condition, each once.
    fn gather(&mut self, sum: Sum) -> (u64, Sum) {
        let mut fixed = 0;
        let mut open: BTreeMap<Cond, u64> = BTreeMap::new();
        for (cond, weight) in sum.into_iter().filter(|(_, weight)| *weight > 0) {
            match self.all.tidy(cond) {
                Cond::TRUE => fixed += weight,
                Cond::FALSE => {}
                cond => *open.entry(cond).or_default() += weight,
            }
        }
        (fixed, open.into_iter().collect())
    }

    /// Terms whose decisions hang together, with those.
    fn parts(&mut self, sum: Sum) -> Vec<(Vec<DecisionId>, Sum)> {
        let mut group: Vec<usize> = (0..self.decisions.len()).collect();
        let mut reads = Vec::with_capacity(sum.len());
        for (cond, _) in &sum {
            let read = self.all.choices.decisions_of(self.all.diagram.support(*cond));
            let old: Vec<usize> = read.iter().map(|d| group[d.index()]).collect();
            if let Some(&least) = old.iter().min()
                && old.iter().any(|g| *g != least)
            {
                group.iter_mut().filter(|g| old.contains(g)).for_each(|g| *g = least);
            }
            reads.push(read);
        }
        let mut parts: BTreeMap<usize, (Vec<DecisionId>, Sum)> = BTreeMap::new();
        for (term, read) in sum.into_iter().zip(reads) {
            let Some(first) = read.first() else { continue };
            let part = parts.entry(group[first.index()]).or_default();
            part.0.extend(read);
            part.1.push(term);
        }
        parts.values_mut().for_each(|(members, _)| {
            members.sort_unstable();
            members.dedup();
        });
        parts.into_values().collect()
    }

    /// The extreme of terms that hang together.
    fn part(&mut self, members: &[DecisionId], sum: Sum, sense: Sense) -> Bound {
        if let Some(value) = self.picked(members, &sum, sense) {
            return Bound { value, exact: true };
        }
        if let Some(value) = self.sweep(members, &sum, sense) {
            return Bound { value, exact: true };
        }
        let pivot = members.iter().find(|d| self.all.is_path(**d)).or(members.first());
        match pivot {
            Some(&pivot) if members.len() > 1 && self.can_take_apart(&sum) => {
                self.apart(pivot, sum, sense)
            }
            _ => Bound { value: outermost(&sum, sense), exact: false },
        }
    }

    /// Whether there is work left for [`Solver::apart`], which is taken off.
    fn can_take_apart(&mut self, sum: &Sum) -> bool {
        let reads = |(cond, _): &(Cond, u64)| self.all.diagram.support(*cond).len() as u64;
        let takes = FREEING * sum.iter().map(reads).sum::<u64>();
        let can = self.work + takes < TOTAL_WORK;
        self.work += if can { takes } else { 0 };
        can
    }

    /// One decision that picks, each option at a price: the cheapest or dearest options.
    fn picked(&self, members: &[DecisionId], sum: &Sum, sense: Sense) -> Option<u64> {
        let [of] = members else { return None };
        let Domain::Picks(picks) = &self.decisions[of.index()].domain else { return None };
        let options = &self.options[of.index()];
        let mut prices: HashMap<Pick, u64> = HashMap::default();
        for (cond, weight) in sum {
            *prices.entry(*options.get(cond)?).or_default() += weight;
        }
        let price = |pick: Pick| prices.get(&pick).copied().unwrap_or(0);
        let prices: Vec<u64> = picks.options().into_iter().map(price).collect();
        best_picks(picks, &prices, sense)
    }

    /// Choice by choice: what is left of the terms is all that matters of the choices made. Nothing
    /// where too much is left too often.
    fn sweep(&mut self, members: &[DecisionId], sum: &Sum, sense: Sense) -> Option<u64> {
        let choices = &self.all.choices;
        let mut levels: Vec<u32> =
            members.iter().flat_map(|d| choices.levels(*d).iter().copied()).collect();
        levels.sort_unstable();
        let rules = members.iter().map(|d| self.all.domain(*d)).filter(|r| *r != Cond::TRUE);
        let state = Left { rules: rules.collect(), sum: sum.clone() };
        let limit = (self.work + SWEEP_WORK).min(TOTAL_WORK);
        let mut seen = vec![HashMap::default(); levels.len()];
        self.descend(&levels, state, sense, limit, &mut seen)?
    }

    /// The extreme from here on: nothing inside where no value is left, nothing at all at the limit.
    fn descend(
        &mut self,
        levels: &[u32],
        state: Left,
        sense: Sense,
        limit: u64,
        seen: &mut [HashMap<Left, Option<u64>>],
    ) -> Option<Option<u64>> {
        let Some((&level, rest)) = levels.split_first() else { return Some(Some(0)) };
        let (here, below) = seen.split_first_mut()?;
        if let Some(known) = here.get(&state) {
            return Some(*known);
        }
        let mut best: Option<u64> = None;
        for value in 0..self.all.choices.sizes[level as usize] {
            self.work += state.sum.len() as u64 + 1;
            if self.work > limit {
                return None;
            }
            let Some((sure, left)) = self.given(&state, level, value) else { continue };
            let Some(more) = self.descend(rest, left, sense, limit, below)? else { continue };
            let total = sure + more;
            if best.is_none_or(|b| sense.better(total, b)) {
                best = Some(total);
            }
        }
        here.insert(state, best);
        Some(best)
    }

    /// What is certain, and what is left, when a choice takes a value.
    fn given(&mut self, state: &Left, level: u32, value: u32) -> Option<(u64, Left)> {
        let mut left = Left { rules: Vec::new(), sum: Vec::with_capacity(state.sum.len()) };
        for &rule in &state.rules {
            match self.all.diagram.given(rule, level, value) {
                Cond::FALSE => return None,
                Cond::TRUE => {}
                rule => left.rules.push(rule),
            }
        }
        let mut sure = 0;
        for &(cond, weight) in &state.sum {
            match self.all.diagram.given(cond, level, value) {
                Cond::TRUE => sure += weight,
                Cond::FALSE => {}
                cond => left.sum.push((cond, weight)),
            }
        }
        left.sum.sort_unstable();
        left.sum.dedup_by(|later, first| {
            let same = later.0 == first.0;
            first.1 += if same { later.1 } else { 0 };
            same
        });
        Some((sure, left))
    }

    /// A bound from outside: one decision is taken out of all conditions. Terms that it allows under
    /// the same condition form a sum over the others, whose extreme does not depend on the rest;
    /// then each such extreme is a term over that one decision.
    fn apart(&mut self, pivot: DecisionId, sum: Sum, sense: Sense) -> Bound {
        let mut groups: BTreeMap<Cond, Sum> = BTreeMap::new();
        for (cond, weight) in sum {
            let own = self.own(cond, pivot);
            let others = self.others(cond, own, pivot, sense);
            groups.entry(own).or_default().push((others, weight));
        }
        let outer = groups.into_iter().map(|(own, inner)| (own, self.solve(inner, sense).value));
        let outer: Sum = outer.collect();
        Bound { exact: false, ..self.solve(outer, sense) }
    }

    /// [`Solver::apart`] wherever more than one decision hangs together, for tests.
    #[cfg(test)]
    pub(super) fn relaxed(&mut self, sum: Sum, sense: Sense) -> Bound {
        let (fixed, open) = self.gather(sum);
        let parts = self.parts(open);
        parts.into_iter().fold(Bound { value: fixed, ..NOTHING }, |acc, (members, part)| {
            acc.plus(self.apart(members[0], part, sense))
        })
    }

    /// That some values of the others make it true.
    fn own(&mut self, cond: Cond, pivot: DecisionId) -> Cond {
        let others = self.all.choices.decisions_of(self.all.diagram.support(cond));
        let mut own = cond;
        for of in others.into_iter().filter(|d| *d != pivot) {
            own = self.any(own, of);
        }
        self.all.tidy(own)
    }

    /// What a condition says of the others: at most, where some value of the pivot makes it true;
    /// at least, where every value that `own` admits does.
    fn others(&mut self, cond: Cond, own: Cond, pivot: DecisionId, sense: Sense) -> Cond {
        match sense {
            Sense::Most => self.any(cond, pivot),
            Sense::Least => {
                let not = self.all.diagram.not(cond);
                let against = self.all.diagram.and(own, not);
                let some = self.any(against, pivot);
                self.all.diagram.not(some)
            }
        }
    }

    /// That it holds for some value of a decision.
    fn any(&mut self, cond: Cond, of: DecisionId) -> Cond {
        let domain = self.all.domain(of);
        let within = self.all.diagram.and(cond, domain);
        let own = self.all.choices.levels(of);
        let read = self.all.diagram.support(within).iter().copied();
        let kept: Vec<u32> = read.filter(|level| !own.contains(level)).collect();
        self.all.diagram.project(within, &kept)
    }
}

/// What is left of terms and rules.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Left {
    rules: Vec<Cond>,
    sum: Sum,
}

/// All terms or none.
fn outermost(sum: &Sum, sense: Sense) -> u64 {
    match sense {
        Sense::Least => 0,
        Sense::Most => sum.iter().map(|(_, weight)| weight).sum(),
    }
}
