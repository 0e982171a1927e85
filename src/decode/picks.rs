//! The strongest picks.
//!
//! DARTS (Liu et al., ICLR 2019, Sec. 2.4) and Auto-DeepLab (Sec. 3.3) keep, of the candidates
//! that a node reads, the `k` strongest, the strength of a candidate being the largest weight of
//! any of its operators but `zero`, and read each through that operator. Taking the best option
//! (candidate and operator) again and again, each candidate once, is the same.
//!
//! Where a candidate may come twice and picks share one table of weights, the next pick is the
//! option whose weight, divided by one more than its picks so far, is largest: that builds the
//! most probable multiset of `k` independent draws (the mode of the multinomial distribution).
//! Where every slot has a table of its own, each slot in turn takes the best that is left to it.
//!
//! Ties go to the lower candidate, then to the lower operator.

use super::{Rules, Verdict};
use crate::ir::decision::{Pick, Picks};

/// What speaks against an option: the less, the better. An avoided label is worse than a
/// candidate that was to be picked only once.
type Reluctance = (bool, bool);

/// The options of a domain, and what the rules say of them.
struct Choice<'a> {
    picks: &'a Picks,
    /// Every option, in textual order.
    options: Vec<Pick>,
    /// Which of them have a label that is to be avoided.
    avoided: Vec<bool>,
    /// Whether candidates should differ.
    distinct: bool,
}

impl<'a> Choice<'a> {
    fn new(picks: &'a Picks, rules: &Rules) -> Self {
        let options = picks.options();
        let avoided = options.iter().map(|pick| is_avoided(picks, *pick, rules)).collect();
        Choice { picks, options, avoided, distinct: rules.distinct || !picks.repeats }
    }

    /// What speaks against an option after other picks; nothing where it cannot be picked.
    fn reluctance(&self, option: usize, others: &[usize]) -> Option<Reluctance> {
        let candidate = self.options[option].candidate;
        let used = others.iter().any(|&o| self.options[o].candidate == candidate);
        (self.picks.repeats || !used).then_some((self.avoided[option], self.distinct && used))
    }

    /// The best option after other picks.
    fn best(&self, others: &[usize], weight: impl Fn(usize) -> f64) -> Option<usize> {
        let open = |option| Some((self.reluctance(option, others)?, weight(option), option));
        let better = |a: (Reluctance, f64, usize), b: (Reluctance, f64, usize)| {
            let wins = b.0.cmp(&a.0).then(a.1.total_cmp(&b.1)).is_ge();
            if wins { a } else { b }
        };
        (0..self.options.len()).filter_map(open).reduce(better).map(|(.., option)| option)
    }

    /// How clearly the picks won: the least log ratio of a pick's weight and that of an option
    /// which could have stood in its place.
    fn verdict(&self, picks: &[usize], weight: impl Fn(usize, usize) -> f64) -> Verdict {
        let log = |slot, option| weight(slot, option).ln();
        let log_weight = picks.iter().enumerate().map(|(slot, &pick)| log(slot, pick)).sum();
        let mut margin = None::<f64>;
        for (slot, &pick) in picks.iter().enumerate() {
            let others: Vec<usize> =
                picks.iter().enumerate().filter(|(s, _)| *s != slot).map(|(_, &o)| o).collect();
            let rivals = (0..self.options.len()).filter(|option| {
                !picks.contains(option)
                    && self.reluctance(*option, &others) == self.reluctance(pick, &others)
            });
            for rival in rivals {
                let gap = super::gap(log(slot, pick), Some(log(slot, rival)));
                margin = [margin, gap].into_iter().flatten().reduce(f64::min);
            }
        }
        Verdict { log_weight, margin }
    }
}

fn is_avoided(picks: &Picks, pick: Pick, rules: &Rules) -> bool {
    let ops = picks.candidates.get(pick.candidate as usize).map(|c| &c.ops);
    ops.and_then(|ops| ops.get(pick.op as usize)).is_some_and(|label| rules.avoid.contains(label))
}

/// The best picks where all places share one table: `[candidate][operator]`.
pub(super) fn shared(
    picks: &Picks,
    table: &[Vec<f64>],
    rules: &Rules,
) -> Option<(Vec<Pick>, Verdict)> {
    let choice = Choice::new(picks, rules);
    let weights: Vec<f64> = table.iter().flatten().copied().collect();
    let mut taken: Vec<usize> = Vec::with_capacity(picks.k as usize);
    for _ in 0..picks.k {
        let times = |option| taken.iter().filter(|&&o| o == option).count();
        let share = |option: usize| weights[option] / (times(option) + 1) as f64;
        taken.push(choice.best(&taken, share)?);
    }
    taken.sort_unstable();
    let verdict = choice.verdict(&taken, |_, option| weights[option]);
    Some((taken.into_iter().map(|o| choice.options[o]).collect(), verdict))
}

/// The best picks where every slot has a table of its own: `[slot][option]`.
pub(super) fn slots(
    picks: &Picks,
    table: &[Vec<f64>],
    rules: &Rules,
) -> Option<(Vec<Pick>, Verdict)> {
    let choice = Choice::new(picks, rules);
    let mut taken: Vec<usize> = Vec::with_capacity(picks.k as usize);
    for row in table {
        taken.push(choice.best(&taken, |option| row[option])?);
    }
    let verdict = choice.verdict(&taken, |slot, option| table[slot][option]);
    if !picks.ordered {
        taken.sort_unstable();
    }
    Some((taken.into_iter().map(|o| choice.options[o]).collect(), verdict))
}
