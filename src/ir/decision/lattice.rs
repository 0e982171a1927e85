//! A lattice of layers and scales, and the paths through it.

use crate::ir::shape::Scale;
use num_bigint::BigUint;
use num_traits::{One, ToPrimitive, Zero};

/// The moves that a path may make from one layer to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moves {
    /// To the next finer scale.
    pub up: bool,
    /// At the same scale.
    pub stay: bool,
    /// To the next coarser scale.
    pub down: bool,
}

/// Which arrows' weights sum to one when a strategy mixes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Normalise {
    /// Those that leave one node.
    Source,
    /// Those that enter one node.
    Target,
}

/// The domain of `choose path { … }`: a scale for every layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lattice {
    /// Number of layers, at least one.
    pub layers: u8,
    /// The scales, finest first.
    pub scales: Vec<Scale>,
    /// Indices of the scales that the first layer may have.
    pub first: Vec<u8>,
    /// The moves.
    pub moves: Moves,
    /// Indices of the scales that the last layer may have.
    pub exits: Vec<u8>,
    /// Which arrows compete.
    pub weigh: Normalise,
}

impl Lattice {
    /// Whether a path may go from one scale to another between neighbouring layers.
    pub fn allows(&self, from: u8, to: u8) -> bool {
        match i16::from(to) - i16::from(from) {
            -1 => self.moves.up,
            0 => self.moves.stay,
            1 => self.moves.down,
            _ => false,
        }
    }

    /// Scale indices that a path at `from` may have one layer later.
    pub fn next(&self, from: u8) -> impl Iterator<Item = u8> + '_ {
        (0..self.scales.len() as u8).filter(move |&to| self.allows(from, to))
    }

    /// `[layer][scale]`: how many ways a path that is there can be continued to the end.
    fn ways(&self) -> Vec<Vec<BigUint>> {
        let scales = self.scales.len();
        let mut ways = vec![vec![BigUint::zero(); scales]; self.layers as usize];
        if let Some(last) = ways.last_mut() {
            for &exit in &self.exits {
                last[exit as usize] = BigUint::one();
            }
        }
        for layer in (0..ways.len().saturating_sub(1)).rev() {
            for s in 0..scales {
                let sum = self.next(s as u8).map(|to| &ways[layer + 1][to as usize]).sum();
                ways[layer][s] = sum;
            }
        }
        ways
    }

    /// [`Lattice::ways`], where they fit.
    pub(super) fn ways_u128(&self) -> Option<Vec<Vec<u128>>> {
        let row = |row: &Vec<BigUint>| row.iter().map(ToPrimitive::to_u128).collect();
        self.ways().iter().map(row).collect()
    }

    /// `[layer][scale]`: whether some path passes there.
    pub fn passable(&self) -> Vec<Vec<bool>> {
        let ways = self.ways();
        let mut seen = vec![vec![false; self.scales.len()]; self.layers as usize];
        for layer in 0..seen.len() {
            for s in 0..self.scales.len() as u8 {
                let reached = match layer.checked_sub(1) {
                    None => self.first.contains(&s),
                    Some(before) => (0..self.scales.len() as u8)
                        .any(|from| seen[before][from as usize] && self.allows(from, s)),
                };
                seen[layer][s as usize] = reached && !ways[layer][s as usize].is_zero();
            }
        }
        seen
    }

    /// Whether a path that is at a scale at a layer can reach the end without returning to it.
    pub fn can_leave_for_good(&self, layer: usize, scale: u8) -> bool {
        let mut at: Vec<u8> = vec![scale];
        for _ in layer + 1..self.layers as usize {
            let next = |s: &u8| self.next(*s).filter(|t| *t != scale).collect::<Vec<_>>();
            at = at.iter().flat_map(next).collect();
            at.sort_unstable();
            at.dedup();
        }
        at.iter().any(|s| self.exits.contains(s))
    }

    /// Whether every path passes a scale.
    pub fn always_passes(&self, at: u8) -> bool {
        let elsewhere = |s: &u8| *s != at;
        let mut reached: Vec<u8> = self.first.iter().copied().filter(elsewhere).collect();
        for _ in 1..self.layers {
            let from = |to: &u8| reached.iter().any(|from| self.allows(*from, *to));
            reached = (0..self.scales.len() as u8).filter(elsewhere).filter(from).collect();
        }
        !reached.iter().any(|s| self.exits.contains(s))
    }

    /// How many paths there are.
    pub fn count(&self) -> BigUint {
        let ways = self.ways();
        let Some(first) = ways.first() else { return BigUint::zero() };
        self.first.iter().map(|&s| &first[s as usize]).sum()
    }

    /// The path of a rank below the count; nothing otherwise. Ranks follow the order of the
    /// first layer's scales, then of each next layer's, finest first.
    pub fn unrank(&self, rank: &BigUint) -> Option<Vec<u8>> {
        let ways = self.ways();
        let mut rank = rank.clone();
        let mut path: Vec<u8> = Vec::with_capacity(self.layers as usize);
        for layer in &ways {
            let options: Vec<u8> = match path.last() {
                None => self.first.clone(),
                Some(&from) => self.next(from).collect(),
            };
            let step = options.into_iter().find(|&s| {
                let here = &layer[s as usize];
                let found = rank < *here;
                if !found {
                    rank -= here;
                }
                found
            })?;
            path.push(step);
        }
        Some(path)
    }

    /// The rank of a path; nothing where it leaves the lattice.
    pub fn rank(&self, path: &[u8]) -> Option<BigUint> {
        let ways = self.ways();
        if path.len() != ways.len() || !self.exits.contains(path.last()?) {
            return None;
        }
        let mut rank = BigUint::zero();
        for (layer, &step) in path.iter().enumerate() {
            let options: Vec<u8> = match layer.checked_sub(1) {
                None => self.first.clone(),
                Some(before) => self.next(path[before]).collect(),
            };
            let at = options.iter().position(|&s| s == step)?;
            rank += options[..at].iter().map(|&s| &ways[layer][s as usize]).sum::<BigUint>();
        }
        Some(rank)
    }

    /// The path in words: `/4 /4 /8`.
    pub fn show(&self, path: &[u8]) -> String {
        let scale = |s: &u8| self.scales.get(*s as usize).map(Scale::to_string).unwrap_or_default();
        path.iter().map(scale).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lattice(layers: u8, first: &[u8]) -> Lattice {
        Lattice {
            layers,
            scales: [4, 8, 16, 32].map(Scale::Down).to_vec(),
            first: first.to_vec(),
            moves: Moves { up: true, stay: true, down: true },
            exits: vec![0, 1, 2, 3],
            weigh: Normalise::Source,
        }
    }

    #[test]
    fn twelve_layers_have_the_published_numbers_of_paths() {
        assert_eq!(lattice(12, &[0]).count().to_string(), "28657");
        assert_eq!(lattice(12, &[0, 1]).count().to_string(), "75025");
    }

    #[test]
    fn a_scale_is_always_passed_where_each_path_holds_it() {
        let moves = [(true, true), (false, true), (false, false)];
        let firsts: [&[u8]; 3] = [&[0], &[1], &[0, 1]];
        let shapes = [1, 2, 5].into_iter().flat_map(|n| firsts.map(|first| (n, first)));
        let (mut always, mut asked) = (0, 0);
        for (layers, first) in shapes {
            let ends = moves.into_iter().flat_map(|m| [0, 1, 3].map(|exit| (m, exit)));
            for ((up, stay), exit) in ends {
                let moves = Moves { up, stay, down: true };
                let domain = Lattice { moves, exits: vec![exit], ..lattice(layers, first) };
                let count = domain.count().to_u64().expect("small");
                let all = || (0..count).map(|r| domain.unrank(&r.into()).expect("below the count"));
                for at in 0..4 {
                    let passed = all().all(|path| path.contains(&at));
                    assert_eq!(domain.always_passes(at), passed, "{at} of {domain:?}");
                    always += u32::from(passed && count > 0);
                    asked += 1;
                }
            }
        }
        assert!(0 < always && always < asked / 2, "{always} of {asked}");
    }

    #[test]
    fn every_rank_is_a_path_of_its_own_and_back() {
        let domain = lattice(6, &[1, 0]);
        let count = domain.count().to_u64().expect("small");
        let all: std::collections::BTreeSet<_> = (0..count)
            .map(|r| {
                let path = domain.unrank(&r.into()).expect("below the count");
                assert_eq!(domain.rank(&path), Some(r.into()));
                path
            })
            .collect();
        assert_eq!(all.len() as u64, count);
        assert_eq!(domain.unrank(&count.into()), None);
    }
}
