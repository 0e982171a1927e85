//! Sums over the paths of a lattice: the probability of a set of paths, and its gradient.
//!
//! Where the arrows that leave a node sum to one, they are the transition probabilities of a
//! Markov chain from the stem to the last layer. The probability that the chain stays within a
//! set of nodes is a sum over paths of products of arrows, had in one sweep per direction (the
//! forward-backward recursions of hidden Markov models; Rabiner, Proc. IEEE 77(2), 1989, Eq.
//! 18-27). It is linear in each arrow, so that its derivative is what comes before times what
//! comes after.

use crate::decode::Arrow;
use std::collections::BTreeMap;

/// The paths whose last visit of scale `at` is at layer `layer`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LastVisit {
    /// The layer.
    pub(super) layer: u8,
    /// Scale index.
    pub(super) at: u8,
}

impl LastVisit {
    /// Whether such a path may take an arrow: it enters `at` at `layer`, and never later.
    fn allows(self, arrow: Arrow) -> bool {
        arrow.layer < self.layer || (arrow.layer == self.layer) == (arrow.to == self.at)
    }

    /// The probability of these paths.
    pub(super) fn probability(self, arrows: &[Arrow], probs: &[f64]) -> f64 {
        let last = arrows.last().map(|arrow| arrow.layer);
        let before = self.before(arrows, probs);
        before.iter().filter(|((layer, _), _)| *layer == last).map(|(_, mass)| mass).sum()
    }

    /// The derivative of the probability with respect to every arrow.
    pub(super) fn gradient(self, arrows: &[Arrow], probs: &[f64]) -> Vec<f64> {
        let before = self.before(arrows, probs);
        let after = self.after(arrows, probs);
        let slope = |arrow: &Arrow| {
            if !self.allows(*arrow) {
                return 0.0;
            }
            let come = before.get(&tail(*arrow)).copied().unwrap_or(0.0);
            come * after.get(&head(*arrow)).copied().unwrap_or(0.0)
        };
        arrows.iter().map(slope).collect()
    }

    /// Per node: the sum over the ways there.
    fn before(self, arrows: &[Arrow], probs: &[f64]) -> BTreeMap<Node, f64> {
        let mut mass = BTreeMap::from([((None, None), 1.0)]);
        for (&arrow, &prob) in arrows.iter().zip(probs) {
            if self.allows(arrow) {
                let come = mass.get(&tail(arrow)).copied().unwrap_or(0.0);
                *mass.entry(head(arrow)).or_insert(0.0) += come * prob;
            }
        }
        mass
    }

    /// Per node: the sum over the ways on from there.
    fn after(self, arrows: &[Arrow], probs: &[f64]) -> BTreeMap<Node, f64> {
        let last = arrows.last().map(|arrow| arrow.layer);
        let mut mass = BTreeMap::new();
        for (&arrow, &prob) in arrows.iter().zip(probs).rev() {
            let end = if Some(arrow.layer) == last { 1.0 } else { 0.0 };
            let go = *mass.entry(head(arrow)).or_insert(end);
            if self.allows(arrow) {
                *mass.entry(tail(arrow)).or_insert(0.0) += go * prob;
            }
        }
        mass
    }
}

/// A node of the lattice, layer and scale; the stem has neither.
type Node = (Option<u8>, Option<u8>);

fn head(arrow: Arrow) -> Node {
    (Some(arrow.layer), Some(arrow.to))
}

fn tail(arrow: Arrow) -> Node {
    (arrow.layer.checked_sub(1), arrow.from)
}
