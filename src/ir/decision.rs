//! Decisions: what a space leaves open, the values each may take, and their ranks.
//!
//! A [`Domain`] counts its values exactly, and maps every rank below that count to a value and
//! back. That is all that counting assignments, enumerating and uniform sampling need.

mod lattice;
mod picks;
mod table;

pub use lattice::{Lattice, Moves, Normalise};
pub use picks::{Candidate, Pick, Picks};
pub use table::Table;

use crate::source::Span;
use num_bigint::BigUint;
use num_traits::ToPrimitive;
use serde::{Deserialize, Serialize};

/// Index of a decision in its space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DecisionId(pub u32);

impl DecisionId {
    /// As an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One open decision.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Where it lives, as the author named it: `found.H[2]`, `path`.
    pub name: String,
    /// The values it may take.
    pub domain: Domain,
    /// The `choose` or `via` that made it.
    pub at: Span,
}

/// The values that a decision may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Domain {
    /// One of several labelled alternatives.
    One(Vec<String>),
    /// Several of a list of candidates, each perhaps through one of its operators.
    Picks(Picks),
    /// A path through a lattice of layers and scales.
    Path(Lattice),
}

/// A value of a domain.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// The alternative's index.
    One(u32),
    /// The picks; sorted where the order does not count.
    Picks(Vec<Pick>),
    /// Index of the scale at each layer, the first searched layer first.
    Path(Vec<u8>),
}

impl Domain {
    /// How many values there are.
    pub fn count(&self) -> BigUint {
        match self {
            Domain::One(labels) => BigUint::from(labels.len()),
            Domain::Picks(picks) => picks.count(),
            Domain::Path(lattice) => lattice.count(),
        }
    }

    /// The value of a rank below [`Domain::count`]; nothing otherwise.
    pub fn unrank(&self, rank: &BigUint) -> Option<Value> {
        match self {
            Domain::One(labels) => {
                let alt = rank.to_u32()?;
                ((alt as usize) < labels.len()).then_some(Value::One(alt))
            }
            Domain::Picks(picks) => picks.unrank(rank).map(Value::Picks),
            Domain::Path(lattice) => lattice.unrank(rank).map(Value::Path),
        }
    }

    /// The rank of a value; nothing where it is not of this domain.
    pub fn rank(&self, value: &Value) -> Option<BigUint> {
        match (self, value) {
            (Domain::One(labels), Value::One(alt)) => {
                ((*alt as usize) < labels.len()).then(|| BigUint::from(*alt))
            }
            (Domain::Picks(picks), Value::Picks(chosen)) => picks.rank(chosen),
            (Domain::Path(lattice), Value::Path(steps)) => lattice.rank(steps),
            _ => None,
        }
    }

    /// The value in words: labels, `input via operator` pairs, scales.
    pub fn show(&self, value: &Value) -> String {
        match (self, value) {
            (Domain::One(labels), Value::One(alt)) => {
                labels.get(*alt as usize).cloned().unwrap_or_default()
            }
            (Domain::Picks(picks), Value::Picks(chosen)) => picks.show(chosen),
            (Domain::Path(lattice), Value::Path(steps)) => lattice.show(steps),
            _ => String::new(),
        }
    }
}

/// A value for every decision of a space, by [`DecisionId`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Binding(pub Vec<Value>);

impl Binding {
    /// The value of one decision.
    pub fn get(&self, id: DecisionId) -> Option<&Value> {
        self.0.get(id.index())
    }
}

/// What switches an edge of a mix: a fact about decisions. In a member its weight is how often
/// the fact holds (0, 1, or more where a pick is repeated).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Gate {
    /// The decision takes this alternative.
    Alt {
        /// A [`Domain::One`].
        of: DecisionId,
        /// The alternative.
        alt: u32,
    },
    /// How many picks are this candidate through this operator, whatever their order.
    Pick {
        /// A [`Domain::Picks`].
        of: DecisionId,
        /// The candidate and its operator.
        pick: Pick,
    },
    /// The `slot`-th pick is this candidate through this operator.
    Slot {
        /// A [`Domain::Picks`].
        of: DecisionId,
        /// Which pick.
        slot: u32,
        /// The candidate and its operator.
        pick: Pick,
    },
    /// Some pick is this candidate, through whatever operator.
    Taken {
        /// A [`Domain::Picks`].
        of: DecisionId,
        /// The candidate.
        candidate: u16,
    },
    /// No pick is this candidate.
    Spared {
        /// A [`Domain::Picks`].
        of: DecisionId,
        /// The candidate.
        candidate: u16,
    },
    /// The path enters layer `layer` (0 is the first searched one) at scale `to`, coming from
    /// scale `from`; `None` where it comes from the stem.
    Arrow {
        /// A [`Domain::Path`].
        of: DecisionId,
        /// The layer that is entered.
        layer: u8,
        /// Scale index before.
        from: Option<u8>,
        /// Scale index after.
        to: u8,
    },
    /// The path passes layer `layer` at scale `at`.
    Visit {
        /// A [`Domain::Path`].
        of: DecisionId,
        /// The layer.
        layer: u8,
        /// Scale index.
        at: u8,
    },
    /// The path ends at scale `at`.
    Exit {
        /// A [`Domain::Path`].
        of: DecisionId,
        /// Scale index.
        at: u8,
    },
    /// The last visit of scale `at` is at layer `layer`.
    Last {
        /// A [`Domain::Path`].
        of: DecisionId,
        /// The layer.
        layer: u8,
        /// Scale index.
        at: u8,
    },
}

impl Gate {
    /// The decision it speaks of.
    pub fn decision(mut self) -> DecisionId {
        *self.of()
    }

    /// The same fact about another decision.
    pub fn about(mut self, decision: DecisionId) -> Gate {
        *self.of() = decision;
        self
    }

    fn of(&mut self) -> &mut DecisionId {
        match self {
            Gate::Alt { of, .. }
            | Gate::Pick { of, .. }
            | Gate::Slot { of, .. }
            | Gate::Taken { of, .. }
            | Gate::Spared { of, .. }
            | Gate::Arrow { of, .. }
            | Gate::Visit { of, .. }
            | Gate::Exit { of, .. }
            | Gate::Last { of, .. } => of,
        }
    }

    /// How often the fact holds for a value of its decision.
    pub fn weight(&self, value: &Value) -> u32 {
        match (*self, value) {
            (Gate::Alt { alt, .. }, Value::One(v)) => u32::from(alt == *v),
            (Gate::Pick { pick, .. }, Value::Picks(all)) => {
                all.iter().filter(|p| **p == pick).count() as u32
            }
            (Gate::Slot { slot, pick, .. }, Value::Picks(all)) => {
                u32::from(all.get(slot as usize) == Some(&pick))
            }
            (Gate::Taken { candidate, .. }, Value::Picks(all)) => {
                u32::from(all.iter().any(|p| p.candidate == candidate))
            }
            (Gate::Spared { candidate, .. }, Value::Picks(all)) => {
                u32::from(all.iter().all(|p| p.candidate != candidate))
            }
            (Gate::Arrow { layer, from, to, .. }, Value::Path(steps)) => {
                let before = layer.checked_sub(1).and_then(|l| steps.get(l as usize).copied());
                u32::from(steps.get(layer as usize) == Some(&to) && before == from)
            }
            (Gate::Visit { layer, at, .. }, Value::Path(steps)) => {
                u32::from(steps.get(layer as usize) == Some(&at))
            }
            (Gate::Exit { at, .. }, Value::Path(steps)) => u32::from(steps.last() == Some(&at)),
            (Gate::Last { layer, at, .. }, Value::Path(steps)) => {
                u32::from(steps.iter().rposition(|s| *s == at) == Some(layer as usize))
            }
            _ => 0,
        }
    }
}
