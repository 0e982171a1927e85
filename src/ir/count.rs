//! How many members a space has, under three named equivalences, whole and per part.
//!
//! - *assignments*: every combination of all decisions;
//! - *active*: combinations of the decisions that are asked for; what others switch off does not
//!   count;
//! - *distinct*: networks that differ as labelled graphs ([`canon`](super::canon)).

mod active;
mod distinct;
mod fingerprint;
mod parts;
mod symmetry;

pub use active::Active;
pub use distinct::DISTINCT_LIMIT;
pub(crate) use distinct::{Laid, unordered};

use super::decision::{Decision, DecisionId};
use super::graph::DecisionGraph;
use num_bigint::BigUint;

/// A number of members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Count {
    /// This many.
    Exact(BigUint),
    /// At least and at most so many.
    Between {
        /// No fewer.
        least: BigUint,
        /// No more.
        most: BigUint,
        /// Why it is not known exactly.
        why: &'static str,
    },
}

impl Count {
    /// Bounds; exact where they meet.
    pub fn between(least: BigUint, most: BigUint, why: &'static str) -> Count {
        if least == most { Count::Exact(least) } else { Count::Between { least, most, why } }
    }

    /// The same, known to be no fewer than something.
    fn at_least(self, floor: Option<BigUint>) -> Count {
        match (self, floor) {
            (Count::Between { least, most, why }, Some(floor)) if floor > least => {
                Count::between(floor, most, why)
            }
            (same, _) => same,
        }
    }

    /// No fewer than this.
    pub fn least(&self) -> &BigUint {
        match self {
            Count::Exact(n) | Count::Between { least: n, .. } => n,
        }
    }

    /// No more than this.
    pub fn most(&self) -> &BigUint {
        match self {
            Count::Exact(n) | Count::Between { most: n, .. } => n,
        }
    }

    /// The number, where it is known.
    pub fn exact(&self) -> Option<&BigUint> {
        match self {
            Count::Exact(n) => Some(n),
            Count::Between { .. } => None,
        }
    }
}

/// The three counts of a space or of a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Every combination of all decisions.
    pub assignments: BigUint,
    /// Combinations of what is asked for.
    pub active: Count,
    /// Networks that differ.
    pub distinct: Count,
}

/// The counts of a space and of its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The whole space.
    pub whole: Counts,
    /// Each part, in the order of its first decision.
    pub parts: Vec<Part>,
}

/// The counts of a part of a space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What its decisions' names begin with, up to the first dot.
    pub name: String,
    /// Its decisions.
    pub decisions: Vec<DecisionId>,
    /// What they count on their own: a decision is *active* where some setting of the other parts
    /// has it asked for, and values are *distinct* where some setting tells the networks apart.
    pub counts: Counts,
}

/// The counts of a space: its decisions and the network that reads them.
pub fn counts(decisions: &[Decision], graph: &DecisionGraph) -> Report {
    parts::report(decisions, graph)
}

/// The product of all domains.
pub fn assignments(decisions: &[Decision]) -> BigUint {
    decisions.iter().map(|d| d.domain.count()).product()
}

#[cfg(test)]
mod tests;
