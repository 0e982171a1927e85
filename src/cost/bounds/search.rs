//! The extreme over all walks: branch and bound.
//!
//! What a way owes is bounded alone, as if the other decisions could be chosen anew for it; these
//! bounds add up along a walk. Where one choice is best everywhere, as it mostly is, they are met,
//! and the first walk that is looked at settles it; cases that owe no more than others are not even
//! bounded then.

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
    let mut left = cases.to_vec();
    let mut bounded: Vec<(u32, u64)> = Vec::new();
    while !left.is_empty() {
        let covered = |case: &(u32, Cond)| left.iter().any(|other| covers(sense, other.0, case.0));
        let (rest, outermost): (Vec<_>, Vec<_>) = left.iter().copied().partition(covered);
        left = rest;
        let mut layer: Vec<Case> = Vec::new();
        for (holds, rule) in outermost {
            // What covers a case may have ruled it out.
            let mut around = bounded.iter().filter(|(other, _)| covers(sense, *other, holds));
            if around.any(|(_, bound)| !search.may_be(*bound)) {
                continue;
            }
            let case = search.case(holds, rule)?;
            bounded.push((holds, case.bound));
            layer.push(case);
        }
        layer.sort_by_key(|case| case.bound);
        if sense == Sense::Most {
            layer.reverse();
        }
        for case in layer {
            if search.may_be(case.bound) {
                search.descend(walk.steps.len() - 1, &case, 0, &owing.nothing())?;
            }
        }
    }
    search.best
}

/// Whether a bound on the case in which some functions hold, as bits, is one on another case, too:
/// nothing costs less than nothing, so that more is owed where more holds.
fn covers(sense: Sense, holds: u32, other: u32) -> bool {
    let (most, least) = if sense == Sense::Most { (holds, other) } else { (other, holds) };
    holds != other && least & !most == 0
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
    /// A bound on all walks.
    bound: u64,
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

    /// The case in which some functions hold.
    fn case(&self, holds: u32, rule: Cond) -> Option<Case> {
        let held = |due: &&Due| (holds >> due.kind) & 1 == 1;
        let bound = |due: &Due| self.bounds[due.bill as usize];
        let dues = self.owing.dues.iter();
        let due: Vec<u64> = dues.map(|dues| dues.iter().filter(held).map(bound).sum()).collect();
        let mut ahead = vec![0; self.walk.steps.len()];
        for (at, step) in self.walk.steps.iter().enumerate().skip(1) {
            let bounds = step.ways.iter().map(|way| due[self.dues(way)] + ahead[way.next]);
            ahead[at] = bounds.reduce(|a, b| self.sense.best(a, b)).unwrap_or(0);
        }
        let bound = *ahead.last()?;
        Some(Case { holds, rule, due, ahead, bound })
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
