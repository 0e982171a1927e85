//! The extreme over all walks: branch and bound.
//!
//! What a way owes is bounded alone, as if the other decisions could be chosen anew for it; these
//! bounds add up along a walk. Where one choice is best everywhere, as it mostly is, they are met,
//! and the first walk that is looked at settles it.

use super::owing::{self, Bill, Due, Owing};
use super::solve::Sense;
use super::walk::{END, Walk, Way};
use crate::ir::condition::Cond;
use crate::maps::HashMap;

/// Ways tried.
const WORK: usize = 300_000;

/// What is asked of the other decisions, prices being fixed by leaf, and last in any case.
pub(super) trait Settle {
    /// No choice of them comes to more (less, for the least).
    fn bound(&mut self, prices: &[u64], sense: Sense) -> Option<u64>;
    /// What the best choice under a rule comes to; nothing inside where there is none.
    fn exact(&mut self, prices: &[u64], rule: Cond, sense: Sense) -> Option<Option<u64>>;
}

/// The extreme of all walks in all cases; nothing where limits are met or there is no member.
pub(super) fn extreme(
    walk: &Walk,
    owing: &Owing,
    cases: &[(u32, Cond)],
    sense: Sense,
    settle: &mut impl Settle,
) -> Option<u64> {
    let bound = |bill| settle.bound(&owing.spread(bill), sense);
    let bounds: Option<Vec<u64>> = owing.bills.iter().map(bound).collect();
    let mut search = Search {
        walk,
        owing,
        bounds: bounds?,
        sense,
        settle,
        left: WORK,
        best: None,
        known: HashMap::default(),
    };
    let mut order: Vec<(u64, usize)> = Vec::new();
    for (i, (holds, _)) in cases.iter().enumerate() {
        order.push((*search.ahead(*holds).1.last()?, i));
    }
    order.sort_unstable();
    if sense == Sense::Most {
        order.reverse();
    }
    for (bound, i) in order {
        if search.may_be(bound) {
            let (due, ahead) = search.ahead(cases[i].0);
            let case = Case { holds: cases[i].0, rule: cases[i].1, due, ahead };
            search.descend(walk.steps.len() - 1, &case, 0, &owing.nothing())?;
        }
    }
    search.best
}

/// One way in which the functions that places come down to turn out.
struct Case {
    /// Which of them hold, as bits, and when.
    holds: u32,
    rule: Cond,
    /// By what is due together: a bound on it.
    due: Vec<u64>,
    /// By step: a bound on what is owed from there on.
    ahead: Vec<u64>,
}

struct Search<'a, S> {
    walk: &'a Walk,
    owing: &'a Owing,
    /// By bill: what it comes to at best, whatever else is owed.
    bounds: Vec<u64>,
    sense: Sense,
    settle: &'a mut S,
    left: usize,
    best: Option<u64>,
    /// Bills that were settled, by what rule.
    known: HashMap<(Bill, Cond), Option<u64>>,
}

impl<S: Settle> Search<'_, S> {
    /// Whether a bound leaves room for something better.
    fn may_be(&self, bound: u64) -> bool {
        self.best.is_none_or(|best| self.sense.better(bound, best))
    }

    /// Bounds where some functions hold: by what is due together, and by step.
    fn ahead(&self, holds: u32) -> (Vec<u64>, Vec<u64>) {
        let held = |due: &&Due| (holds >> due.kind) & 1 == 1;
        let bound = |due: &Due| self.bounds[due.bill as usize];
        let dues = self.owing.dues.iter();
        let due: Vec<u64> = dues.map(|dues| dues.iter().filter(held).map(bound).sum()).collect();
        let mut ahead = vec![0; self.walk.steps.len()];
        for (at, step) in self.walk.steps.iter().enumerate().skip(1) {
            let bounds = step.ways.iter().map(|way| due[self.dues(way)] + ahead[way.next]);
            ahead[at] = bounds.reduce(|a, b| self.sense.best(a, b)).unwrap_or(0);
        }
        (due, ahead)
    }

    /// What is due on a way.
    fn dues(&self, way: &Way) -> usize {
        self.owing.of[way.settled as usize] as usize
    }

    /// All walks from a step on that may be better than the best one, most promising first.
    fn descend(&mut self, at: usize, case: &Case, paid: u64, bill: &Bill) -> Option<()> {
        if at == END {
            return self.arrive(bill, case.rule);
        }
        let ways = &self.walk.steps[at].ways;
        let total =
            |(i, way): (usize, &Way)| (paid + case.due[self.dues(way)] + case.ahead[way.next], i);
        let mut order: Vec<(u64, usize)> = ways.iter().enumerate().map(total).collect();
        order.sort_unstable();
        if self.sense == Sense::Most {
            order.reverse();
        }
        for (total, i) in order {
            if !self.may_be(total) {
                break;
            }
            self.left = self.left.checked_sub(1)?;
            let mut bill = bill.clone();
            for due in &self.owing.dues[self.dues(&ways[i])] {
                if (case.holds >> due.kind) & 1 == 1 {
                    owing::add(&mut bill, &self.owing.bills[due.bill as usize]);
                }
            }
            let next = ways[i].next;
            self.descend(next, case, total - case.ahead[next], &bill)?;
        }
        Some(())
    }

    /// The end of a walk: what it comes to.
    fn arrive(&mut self, bill: &Bill, rule: Cond) -> Option<()> {
        let key = (bill.clone(), rule);
        if !self.known.contains_key(&key) {
            let exact = self.settle.exact(&self.owing.spread(bill), rule, self.sense)?;
            self.best = exact.into_iter().chain(self.best).reduce(|a, b| self.sense.best(a, b));
            self.known.insert(key, exact);
        }
        Some(())
    }
}
