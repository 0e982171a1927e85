//! What walks owe: prices of the places that they settle, as bills.

use super::walk::Walk;
use crate::maps::{HashMap, IndexSet};
use smallvec::SmallVec;

/// What is owed where a function of the other decisions holds: in any case, and what leaves add.
#[derive(Clone, Debug)]
struct Price {
    kind: u32,
    base: u64,
    leaves: HashMap<u32, u64>,
}

/// By place: what is owed where it is settled, each function once.
#[derive(Clone, Debug, Default)]
pub(super) struct Prices(Vec<Price>);

impl Prices {
    /// Adds what is owed where a function holds, and a leaf, if it is one's, is on.
    pub(super) fn add(&mut self, kind: u32, leaf: Option<u32>, more: u64) {
        let known = self.0.iter().position(|price| price.kind == kind);
        let at = known.unwrap_or_else(|| {
            self.0.push(Price { kind, base: 0, leaves: HashMap::default() });
            self.0.len() - 1
        });
        let price = &mut self.0[at];
        *leaf.map_or(&mut price.base, |leaf| price.leaves.entry(leaf).or_default()) += more;
    }
}

/// What is owed: by column, and last what is owed whatever leaves are on.
pub(super) type Bill = Vec<u64>;

/// A function of the other decisions, and the bill that is due where it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Due {
    pub(super) kind: u32,
    pub(super) bill: u32,
}

/// Some of an [`Owing`]'s bills.
type Bills = SmallVec<[u32; 4]>;

/// What the ways of a walk owe.
pub(super) struct Owing {
    /// Leaves that cost the same at every place are one column: by leaf.
    columns: Vec<usize>,
    pub(super) bills: IndexSet<Bill>,
    /// What is due together, each function once.
    pub(super) dues: IndexSet<Vec<Due>>,
    /// By what a way settles: one of `dues`.
    pub(super) of: Vec<u32>,
}

impl Owing {
    /// What is owed at places with prices for so many leaves.
    pub(super) fn of(walk: &Walk, places: &[Prices], leaves: usize) -> Owing {
        let columns = columns(places, leaves);
        let mut owing = Owing {
            columns,
            bills: IndexSet::default(),
            dues: IndexSet::default(),
            of: Vec::with_capacity(walk.settled.len()),
        };
        let places: Vec<Vec<Due>> = places.iter().map(|prices| owing.price(prices)).collect();
        let kinds = places.iter().flatten().map(|due| due.kind + 1).max().unwrap_or(0);
        // By kind: the bills of the places that are settled.
        let mut bills: Vec<Bills> = vec![Bills::new(); kinds as usize];
        let mut sums: HashMap<Bills, u32> = HashMap::default();
        for settled in &walk.settled {
            for due in settled.iter().flat_map(|place| &places[*place as usize]) {
                bills[due.kind as usize].push(due.bill);
            }
            let due = |(kind, bills): (u32, &mut Bills)| {
                let bill = owing.together(std::mem::take(bills), &mut sums)?;
                Some(Due { kind, bill })
            };
            let dues: Vec<Due> = (0..).zip(&mut bills).filter_map(due).collect();
            owing.of.push(owing.dues.insert_full(dues).0 as u32);
        }
        owing
    }

    /// The bill of some together; nothing of none.
    fn together(&mut self, mut bills: Bills, sums: &mut HashMap<Bills, u32>) -> Option<u32> {
        if bills.len() < 2 {
            return bills.first().copied();
        }
        bills.sort_unstable();
        let known = sums.get(&bills).copied();
        let bill = known.unwrap_or_else(|| self.sum(&bills));
        sums.insert(bills, bill);
        Some(bill)
    }

    /// A bill on which nothing stands.
    pub(super) fn nothing(&self) -> Bill {
        vec![0; self.columns.iter().max().map_or(1, |most| most + 2)]
    }

    /// What every leaf costs, and last what is owed whatever leaves are on.
    pub(super) fn spread(&self, bill: &Bill) -> Vec<u64> {
        let leaves = self.columns.iter().map(|column| bill[*column]);
        leaves.chain(bill.last().copied()).collect()
    }

    fn price(&mut self, prices: &Prices) -> Vec<Due> {
        let mut due = |price: &Price| {
            let mut bill = self.nothing();
            price.leaves.iter().for_each(|(leaf, own)| bill[self.columns[*leaf as usize]] = *own);
            bill.last_mut().into_iter().for_each(|last| *last = price.base);
            Due { kind: price.kind, bill: self.bills.insert_full(bill).0 as u32 }
        };
        prices.0.iter().map(&mut due).collect()
    }

    fn sum(&mut self, bills: &[u32]) -> u32 {
        let mut sum = self.nothing();
        bills.iter().for_each(|bill| add(&mut sum, &self.bills[*bill as usize]));
        self.bills.insert_full(sum).0 as u32
    }
}

/// Adds one bill to another.
pub(super) fn add(sum: &mut Bill, more: &Bill) {
    sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
}

/// By leaf: its column.
fn columns(places: &[Prices], leaves: usize) -> Vec<usize> {
    let mut rows: Vec<Vec<(u32, u64)>> = vec![Vec::new(); leaves];
    for (at, price) in (0..).zip(places.iter().flat_map(|prices| &prices.0)) {
        price.leaves.iter().for_each(|(leaf, own)| rows[*leaf as usize].push((at, *own)));
    }
    let mut known: IndexSet<Vec<(u32, u64)>> = IndexSet::default();
    rows.into_iter().map(|row| known.insert_full(row).0).collect()
}
