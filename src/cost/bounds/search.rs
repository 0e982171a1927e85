//! The extreme over all walks: branch and bound.
//!
//! What a way owes is bounded alone, as if the other decisions could be chosen anew for it; these
//! bounds add up along a walk. Where one choice is best everywhere, as it mostly is, they are met,
//! and the first walk that is looked at settles it.

use super::solve::Sense;
use super::walk::{END, Walk};
use crate::ir::condition::Cond;
use std::collections::HashMap;

/// Ways tried.
const WORK: usize = 300_000;

/// A price for each place: what it costs in any case, and what leaves add there.
#[derive(Clone, Debug, Default)]
pub(super) struct Price {
    pub(super) base: u64,
    pub(super) leaves: Vec<(u32, u64)>,
}

impl Price {
    /// Adds what a leaf costs.
    pub(super) fn add(&mut self, leaf: u32, more: u64) {
        match self.leaves.iter_mut().find(|(known, _)| *known == leaf) {
            Some((_, own)) => *own += more,
            None => self.leaves.push((leaf, more)),
        }
    }
}

/// What is owed: by column, and last what is owed whatever leaves are on.
pub(super) type Bill = Vec<u64>;

/// Leaves that cost the same at every place are one column.
struct Columns {
    of: Vec<usize>,
    count: usize,
    /// By place: what each column adds there.
    places: Vec<Vec<(usize, u64)>>,
}

impl Columns {
    fn of(prices: &[Price], leaves: usize) -> Columns {
        let mut rows: Vec<Vec<(u32, u64)>> = vec![Vec::new(); leaves];
        for (place, price) in (0..).zip(prices) {
            price.leaves.iter().for_each(|(leaf, own)| rows[*leaf as usize].push((place, *own)));
        }
        let mut known: HashMap<Vec<(u32, u64)>, usize> = HashMap::new();
        let mut column = |row| {
            let next = known.len();
            *known.entry(row).or_insert(next)
        };
        let of: Vec<usize> = rows.into_iter().map(&mut column).collect();
        let place = |price: &Price| {
            let own = price.leaves.iter().map(|(leaf, own)| (of[*leaf as usize], *own));
            let mut own: Vec<(usize, u64)> = own.collect();
            own.sort_unstable();
            own.dedup();
            own
        };
        Columns { places: prices.iter().map(place).collect(), count: known.len(), of }
    }

    /// What every leaf costs, and last what is owed whatever leaves are on.
    fn spread(&self, bill: &Bill) -> Vec<u64> {
        let leaves = self.of.iter().map(|column| bill[*column]);
        leaves.chain(bill.last().copied()).collect()
    }
}

/// What a way owes where a function holds, and a bound on what that comes to.
struct Due {
    kind: u32,
    bill: Bill,
    bound: u64,
}

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
    cases: &[(u32, Cond)],
    prices: &[Price],
    leaves: usize,
    sense: Sense,
    settle: &mut impl Settle,
) -> Option<u64> {
    let columns = Columns::of(prices, leaves);
    let dues = dues(walk, prices, &columns, sense, settle)?;
    let mut search = Search {
        walk,
        columns,
        dues,
        sense,
        settle,
        left: WORK,
        best: None,
        known: HashMap::new(),
    };
    let mut order: Vec<(u64, usize, Vec<u64>)> = Vec::new();
    for (i, (holds, _)) in cases.iter().enumerate() {
        let ahead = search.ahead(*holds);
        order.push((*ahead.last()?, i, ahead));
    }
    order.sort_unstable();
    if sense == Sense::Most {
        order.reverse();
    }
    for (bound, i, ahead) in order {
        if search.may_be(bound) {
            let bill = vec![0; search.columns.count + 1];
            search.descend(walk.steps.len() - 1, cases[i], &ahead, 0, &bill)?;
        }
    }
    search.best
}

/// By step and way: what is due, each function once.
fn dues(
    walk: &Walk,
    prices: &[Price],
    columns: &Columns,
    sense: Sense,
    settle: &mut impl Settle,
) -> Option<Vec<Vec<Vec<Due>>>> {
    let mut known: HashMap<Bill, u64> = HashMap::new();
    let mut due = |owed: &[(u32, u32)]| {
        let mut dues: Vec<Due> = Vec::new();
        for &(kind, place) in owed {
            let at = dues.iter().position(|due| due.kind == kind).unwrap_or_else(|| {
                dues.push(Due { kind, bill: vec![0; columns.count + 1], bound: 0 });
                dues.len() - 1
            });
            let bill = &mut dues[at].bill;
            bill[columns.count] += prices[place as usize].base;
            columns.places[place as usize].iter().for_each(|(column, own)| bill[*column] += own);
        }
        for due in &mut dues {
            due.bound = match known.get(&due.bill) {
                Some(known) => *known,
                None => {
                    let bound = settle.bound(&columns.spread(&due.bill), sense)?;
                    known.insert(due.bill.clone(), bound);
                    bound
                }
            };
        }
        Some(dues)
    };
    let steps = walk.steps.iter();
    steps.map(|step| step.ways.iter().map(|way| due(&way.owed)).collect()).collect()
}

struct Search<'a, S> {
    walk: &'a Walk,
    columns: Columns,
    dues: Vec<Vec<Vec<Due>>>,
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

    /// By step: a bound on what is owed from there on in a case.
    fn ahead(&self, holds: u32) -> Vec<u64> {
        let mut ahead = vec![0; self.walk.steps.len()];
        for (at, step) in self.walk.steps.iter().enumerate().skip(1) {
            let ways = step.ways.iter().zip(&self.dues[at]);
            let bounds = ways.map(|(way, dues)| bound(dues, holds) + ahead[way.next]);
            ahead[at] = bounds.reduce(|a, b| self.sense.best(a, b)).unwrap_or(0);
        }
        ahead
    }

    /// All walks from a step on that may be better than the best one, most promising first.
    fn descend(
        &mut self,
        at: usize,
        case: (u32, Cond),
        ahead: &[u64],
        paid: u64,
        bill: &Bill,
    ) -> Option<()> {
        if at == END {
            return self.arrive(bill, case.1);
        }
        let mut order: Vec<(u64, usize)> = (self.walk.steps[at].ways.iter().zip(&self.dues[at]))
            .enumerate()
            .map(|(i, (way, dues))| (paid + bound(dues, case.0) + ahead[way.next], i))
            .collect();
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
            for due in self.dues[at][i].iter().filter(|due| (case.0 >> due.kind) & 1 == 1) {
                bill.iter_mut().zip(&due.bill).for_each(|(sum, more)| *sum += more);
            }
            let next = self.walk.steps[at].ways[i].next;
            self.descend(next, case, ahead, total - ahead[next], &bill)?;
        }
        Some(())
    }

    /// The end of a walk: what it comes to.
    fn arrive(&mut self, bill: &Bill, rule: Cond) -> Option<()> {
        let key = (bill.clone(), rule);
        if !self.known.contains_key(&key) {
            let exact = self.settle.exact(&self.columns.spread(bill), rule, self.sense)?;
            self.best = exact.into_iter().chain(self.best).reduce(|a, b| self.sense.best(a, b));
            self.known.insert(key, exact);
        }
        Some(())
    }
}

/// A bound on what a way owes in a case.
fn bound(dues: &[Due], holds: u32) -> u64 {
    let held = dues.iter().filter(|due| (holds >> due.kind) & 1 == 1);
    held.map(|due| due.bound).sum()
}
