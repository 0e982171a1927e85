//! One member of every class of equal networks.

use crate::ir::count::{Active, DISTINCT_LIMIT, Laid, unordered};
use crate::ir::decision::{Binding, Decision};
use crate::ir::graph::DecisionGraph;
use crate::ir::sample::Sampler;
use num_bigint::BigUint;
use num_traits::ToPrimitive;
use rand::{Rng, RngExt};

/// The networks of a space that differ: of each class the member of least rank, by rank.
#[derive(Clone, Debug)]
pub struct Distinct {
    firsts: Vec<Binding>,
}

impl Distinct {
    /// Compares all architectures; nothing where there are more than [`DISTINCT_LIMIT`].
    pub fn of(decisions: &[Decision], graph: &DecisionGraph) -> Option<Distinct> {
        // The architectures of these decisions are least in rank among the bindings they stand
        // for: idle decisions have their first value, unordered picks stand sorted.
        let fewer = unordered(decisions, graph).unwrap_or_else(|| decisions.to_vec());
        let space = Active::of(&fewer, graph)?;
        let n = space.count().to_u64().filter(|n| *n <= DISTINCT_LIMIT)?;
        let sampler = Sampler::of(decisions);
        let all = (0..n).filter_map(|rank| space.unrank(&rank.into()));
        let mut all: Vec<(BigUint, Binding)> =
            all.filter_map(|binding| Some((sampler.rank(&binding)?, binding))).collect();
        all.sort_unstable();
        let members = all.into_iter().map(|(_, binding)| binding);
        Some(Distinct { firsts: Laid::of(graph).classes(members) })
    }

    /// The first member of every class.
    pub fn members(&self) -> &[Binding] {
        &self.firsts
    }

    /// A network, each class as likely as any other.
    pub fn sample(&self, rng: &mut impl Rng) -> Option<&Binding> {
        if self.firsts.is_empty() {
            return None;
        }
        self.firsts.get(rng.random_range(0..self.firsts.len()))
    }
}
