//! The extreme total of picks whose options have prices.

use super::solve::Sense;
use crate::ir::decision::Picks;
use smallvec::SmallVec;

/// Where each option, in textual order, has a price once, however often it is picked; nothing where
/// there are too few to be picked.
pub(super) fn best_picks(picks: &Picks, prices: &[u64], sense: Sense) -> Option<u64> {
    let k = picks.k as usize;
    if picks.repeats {
        // The cheapest may be picked every time; of the dearest, others add more.
        let take = if sense == Sense::Least { k.min(1) } else { k };
        let any = k == 0 || !prices.is_empty();
        return any.then(|| best_of(prices.iter().copied().collect(), take, sense));
    }
    let mut rest = prices;
    let of_candidate = |count: usize| {
        let (own, others) = rest.split_at(count);
        rest = others;
        own.iter().copied().reduce(|a, b| sense.best(a, b))
    };
    let best: SmallVec<[u64; 16]> =
        picks.candidates.iter().map(|c| c.options()).filter_map(of_candidate).collect();
    (best.len() >= k).then(|| best_of(best, k, sense))
}

/// The best so many prices together.
fn best_of(mut prices: SmallVec<[u64; 16]>, take: usize, sense: Sense) -> u64 {
    prices.sort_unstable();
    match sense {
        Sense::Least => prices.iter().take(take).sum(),
        Sense::Most => prices.iter().rev().take(take).sum(),
    }
}

/// Where each option, in textual order, has a price of its own in each slot, slot by slot; nothing
/// where slots do not take what they like.
pub(super) fn best_slots(picks: &Picks, prices: &[u64], sense: Sense) -> Option<u64> {
    if !picks.ordered || !picks.repeats {
        return None;
    }
    let options = prices.len() / (picks.k as usize).max(1);
    let best = |slot: usize| {
        let own = prices.get(slot * options..(slot + 1) * options)?;
        own.iter().copied().reduce(|a, b| sense.best(a, b))
    };
    (0..picks.k as usize).map(best).sum()
}
