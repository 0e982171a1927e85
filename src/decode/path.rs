//! The best path through a lattice: Viterbi in log space, with a stated rule for ties.
//!
//! The weight of a path is the product of its arrows' weights (Auto-DeepLab, Sec. 3.3: "the
//! maximum probability path from start to end", found with "the classic Viterbi algorithm"). The
//! start is the stem, whose arrows count like any other; the end is free among the exits.
//!
//! **Ties.** Paths whose products agree to one part in 10^9 tie, and of those the one that is at
//! the finer scale where they first part wins. So rounding does not decide, and neither does the
//! order in which arrows are listed.

use super::Verdict;
use super::score::{Arrow, ScoredArrow};
use crate::ir::decision::Lattice;
use std::collections::BTreeMap;

/// Log weights closer than this are equal.
const TIE: f64 = 1e-9;

/// A value per layer and scale.
type Grid = Vec<Vec<f64>>;

/// The logarithms of the arrows' weights over the nodes that some path passes.
struct Trellis<'a> {
    lattice: &'a Lattice,
    passable: Vec<Vec<bool>>,
    logs: BTreeMap<Arrow, f64>,
}

/// The path with the largest product of weights, and how clearly it won. An arrow that is not
/// listed has weight zero. Nothing where the lattice has no path.
pub fn best(lattice: &Lattice, weights: &[ScoredArrow]) -> Option<(Vec<u8>, Verdict)> {
    let logs = weights.iter().map(|row| (row.arrow, log(row.weight))).collect();
    let trellis = Trellis { lattice, passable: lattice.passable(), logs };
    let rest = trellis.rest();
    let path = trellis.follow(&rest)?;
    let log_weight = trellis.along(&path);
    let second = trellis.second(&path, &rest);
    Some((path, Verdict { log_weight, margin: super::gap(log_weight, second) }))
}

/// The logarithm of a weight; what is no positive number counts as zero.
fn log(weight: f64) -> f64 {
    if weight > 0.0 { weight.min(f64::MAX).ln() } else { f64::NEG_INFINITY }
}

impl Trellis<'_> {
    /// The log weight of an arrow.
    fn log(&self, layer: usize, from: Option<u8>, to: u8) -> f64 {
        let arrow = Arrow { layer: layer as u8, from, to };
        self.logs.get(&arrow).copied().unwrap_or(f64::NEG_INFINITY)
    }

    /// Scales that a path may have at `layer` when it comes from `from`, finer ones first.
    fn next(&self, layer: usize, from: Option<u8>) -> impl Iterator<Item = u8> + '_ {
        let open = self.passable.get(layer);
        (0..self.lattice.scales.len() as u8).filter(move |&to| {
            open.is_some_and(|nodes| nodes[to as usize])
                && from.is_none_or(|from| self.lattice.allows(from, to))
        })
    }

    fn grid(&self) -> Grid {
        vec![vec![f64::NEG_INFINITY; self.lattice.scales.len()]; self.passable.len()]
    }

    /// `[layer][scale]`: the largest log weight of what follows.
    fn rest(&self) -> Grid {
        let mut rest = self.grid();
        for layer in (0..rest.len()).rev() {
            for s in 0..self.lattice.scales.len() as u8 {
                rest[layer][s as usize] = if layer + 1 == rest.len() {
                    0.0
                } else {
                    let ahead =
                        |to| self.log(layer + 1, Some(s), to) + rest[layer + 1][to as usize];
                    self.next(layer + 1, Some(s)).map(ahead).fold(f64::NEG_INFINITY, f64::max)
                };
            }
        }
        rest
    }

    /// `[layer][scale]`: the largest log weight of a way there.
    fn reach(&self) -> Grid {
        let mut reach = self.grid();
        for to in self.next(0, None) {
            reach[0][to as usize] = self.log(0, None, to);
        }
        for layer in 1..reach.len() {
            for from in self.next(layer - 1, None) {
                for to in self.next(layer, Some(from)) {
                    let way = reach[layer - 1][from as usize] + self.log(layer, Some(from), to);
                    reach[layer][to as usize] = reach[layer][to as usize].max(way);
                }
            }
        }
        reach
    }

    /// The first path, in the order of scales, whose log weight is the largest up to [`TIE`].
    fn follow(&self, rest: &Grid) -> Option<Vec<u8>> {
        let (mut path, mut done) = (Vec::<u8>::new(), 0.0);
        let mut best = None;
        for (layer, ahead) in rest.iter().enumerate() {
            let from = path.last().copied();
            let through = |to: u8| done + self.log(layer, from, to) + ahead[to as usize];
            let top = self.next(layer, from).map(through).fold(f64::NEG_INFINITY, f64::max);
            let least = *best.get_or_insert(top) - TIE;
            // What is left is at least as good as it was one layer ago, up to rounding.
            let step = self.next(layer, from).find(|&to| through(to) >= least.min(top))?;
            done += self.log(layer, from, step);
            path.push(step);
        }
        Some(path)
    }

    /// The log weight of a path.
    fn along(&self, path: &[u8]) -> f64 {
        let from = |layer: usize| layer.checked_sub(1).map(|before| path[before]);
        path.iter().enumerate().map(|(layer, &to)| self.log(layer, from(layer), to)).sum()
    }

    /// The largest log weight of any other path: it takes some arrow that `path` does not, and
    /// is the best of those that take it.
    fn second(&self, path: &[u8], rest: &Grid) -> Option<f64> {
        let reach = self.reach();
        let mut found = None::<f64>;
        for (layer, &taken) in path.iter().enumerate() {
            let sources: Vec<Option<u8>> = match layer.checked_sub(1) {
                None => vec![None],
                Some(before) => self.next(before, None).map(Some).collect(),
            };
            for from in sources {
                let way = from.map_or(0.0, |from| reach[layer - 1][from as usize]);
                let on_path = from == layer.checked_sub(1).map(|before| path[before]);
                for to in self.next(layer, from).filter(|&to| !(on_path && to == taken)) {
                    let whole = way + self.log(layer, from, to) + rest[layer][to as usize];
                    found = Some(found.map_or(whole, |best| best.max(whole)));
                }
            }
        }
        found
    }
}
