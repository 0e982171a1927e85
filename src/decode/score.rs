//! What a strategy says about a decision: the mixing weight of everything that can be chosen.
//! Strategies write these tables; decoding, reports and checkpoints read them.

use crate::ir::Domain;
use crate::ir::decision::Lattice;
use serde::{Deserialize, Serialize};

/// A step of a path: into `layer` at scale `to`, from scale `from` or, without it, from the stem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Arrow {
    /// The layer that is entered.
    pub layer: u8,
    /// Scale index before; `None` is the stem.
    pub from: Option<u8>,
    /// Scale index after.
    pub to: u8,
}

/// An arrow and its mixing weight.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScoredArrow {
    /// The arrow.
    #[serde(flatten)]
    pub arrow: Arrow,
    /// Its weight.
    pub weight: f64,
}

/// The mixing weights of one decision. Higher is better; none is negative.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Score {
    /// `[alternative]`.
    One(Vec<f64>),
    /// `[candidate][operator]`, whatever the place of the pick; one entry without operators.
    Candidates(Vec<Vec<f64>>),
    /// `[slot][option]`, the options in the order of [`Picks::options`].
    ///
    /// [`Picks::options`]: crate::ir::decision::Picks::options
    Slots(Vec<Vec<f64>>),
    /// Every arrow that some path takes.
    Path(Vec<ScoredArrow>),
}

impl Score {
    /// Whether the table has an entry for everything that a domain offers.
    pub fn fits(&self, domain: &Domain) -> bool {
        match (self, domain) {
            (Score::One(row), Domain::One(labels)) => row.len() == labels.len(),
            (Score::Candidates(rows), Domain::Picks(picks)) => {
                let sizes = picks.candidates.iter().map(|c| c.ops.len().max(1));
                sizes.eq(rows.iter().map(Vec::len))
            }
            (Score::Slots(rows), Domain::Picks(picks)) => {
                let options = picks.options().len();
                rows.len() == picks.k as usize && rows.iter().all(|row| row.len() == options)
            }
            (Score::Path(rows), Domain::Path(lattice)) => {
                let mut have: Vec<Arrow> = rows.iter().map(|row| row.arrow).collect();
                have.sort_unstable();
                have == arrows(lattice)
            }
            _ => false,
        }
    }
}

/// Every arrow that some path takes, sorted by layer, then source, then target.
pub fn arrows(lattice: &Lattice) -> Vec<Arrow> {
    let passable = lattice.passable();
    let mut all = Vec::new();
    for (layer, nodes) in (0..lattice.layers).zip(&passable) {
        let open = |to: &u8| nodes.get(*to as usize).copied().unwrap_or(false);
        let Some(before) = layer.checked_sub(1) else {
            let stem = (0..lattice.scales.len() as u8).filter(open);
            all.extend(stem.map(|to| Arrow { layer, from: None, to }));
            continue;
        };
        for from in 0..lattice.scales.len() as u8 {
            if passable[before as usize][from as usize] {
                let next = lattice.next(from).filter(open);
                all.extend(next.map(|to| Arrow { layer, from: Some(from), to }));
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::tests::lattice;

    /// Auto-DeepLab's trellis has 2 + 5 + 8 + 9 * 10 = 105 arrows over its 45 nodes.
    #[test]
    fn twelve_layers_have_a_hundred_and_five_arrows() {
        assert_eq!(arrows(&lattice(12, &[0, 1])).len(), 105);
    }

    #[test]
    fn arrows_to_where_no_path_ends_are_left_out() {
        let mut narrow = lattice(3, &[0]);
        narrow.exits = vec![0];
        let last: Vec<_> = arrows(&narrow).into_iter().filter(|a| a.layer == 2).collect();
        assert_eq!(
            last.iter().map(|a| (a.from, a.to)).collect::<Vec<_>>(),
            [(Some(0), 0), (Some(1), 0)]
        );
    }
}
