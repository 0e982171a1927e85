//! One cost of all members, as a sum.

use crate::cost::terms::{Cost, When};
use crate::maps::IndexMap;

/// What counts, and when; each condition once.
pub(super) type Sum = Vec<(When, u64)>;

/// All costs together stay below this.
const MOST: u64 = 1 << 59;

/// The sum of one cost; nothing where it does not fit.
pub(super) fn of(terms: IndexMap<When, Cost>, cost: fn(&Cost) -> u64) -> Option<Sum> {
    let own = terms.into_iter().map(|(when, own)| (when, cost(&own)));
    let sum: Sum = own.filter(|(_, cost)| *cost > 0).collect();
    let whole = sum.iter().fold(0, |all: u64, (_, cost)| all.saturating_add(*cost));
    (whole < MOST).then_some(sum)
}
