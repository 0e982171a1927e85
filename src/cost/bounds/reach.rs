//! Whether some member reaches a bound.

use super::solve::Sense;
use crate::cost::table::{CostTable, Scratch};
use crate::cost::terms::Cost;
use crate::ir::decision::{Binding, Decision, Table};
use crate::ir::sample::Sampler;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Walks begun; members looked at in all of them, and terms of these.
const STARTS: usize = 6;
const MEMBERS: u64 = 30_000;
const TERMS: u64 = 10_000_000;
/// Values of one decision looked at in one step.
const VALUES: u128 = 2_048;

/// Whether a walk from member to better member, one decision at a time, gets to the bound. Ties are
/// taken, so that plateaus are crossed.
pub(super) fn reached(
    decisions: &[Decision],
    table: &CostTable,
    cost: fn(&Cost) -> u64,
    sense: Sense,
    bound: u64,
) -> bool {
    let sampler = Sampler::of(decisions);
    let tables: Vec<Table> = decisions.iter().map(|d| Table::of(&d.domain)).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(bound);
    let left = MEMBERS.min(TERMS / (table.terms() as u64 + 1));
    let mut walk = Walk { table, cost, sense, scratch: Scratch::default(), left };
    for _ in 0..STARTS {
        let Some(mut at) = sampler.sample(&mut rng) else { return false };
        let mut best = walk.cost(&at);
        loop {
            let before = best;
            for (i, values) in tables.iter().enumerate() {
                best = walk.step(&mut at, i, values, best, &mut rng);
            }
            if best == bound {
                return true;
            }
            if best == before || walk.left == 0 {
                break;
            }
        }
    }
    false
}

struct Walk<'a> {
    table: &'a CostTable,
    cost: fn(&Cost) -> u64,
    sense: Sense,
    scratch: Scratch,
    left: u64,
}

impl Walk<'_> {
    fn cost(&mut self, at: &Binding) -> u64 {
        self.left = self.left.saturating_sub(1);
        (self.cost)(&self.table.eval_with(at, &mut self.scratch))
    }

    /// Gives one decision its best value, or one as good as the present one.
    fn step(
        &mut self,
        at: &mut Binding,
        i: usize,
        values: &Table,
        mut best: u64,
        rng: &mut ChaCha8Rng,
    ) -> u64 {
        let Some(count) = values.small_count().filter(|n| *n > 0) else { return best };
        let offset = rng.random_range(0..count);
        let stride = (count / VALUES).max(1);
        let mut chosen = at.0[i].clone();
        for n in (0..count).step_by(stride as usize) {
            if self.left == 0 {
                break;
            }
            let Some(value) = values.unrank_small((offset + n) % count) else { continue };
            at.0[i] = value.clone();
            let here = self.cost(at);
            if here == best || self.sense.better(here, best) {
                (best, chosen) = (here, value);
            }
        }
        at.0[i] = chosen;
        best
    }
}
