//! Search by trial over ranks: which members to try next, and which was best.
//!
//! A rank is a number below the size of the space; what it stands for is the space's business.
//! The evaluator asks for a rank, tries that member, and tells its score. No rank is asked twice.

use super::state::RngPosition;
use num_bigint::BigUint;
use num_traits::Zero;
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::num::NonZeroU64;

/// Which rank comes next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// One after another: shard `shard` of `of` tries every `of`-th rank, starting at `shard`.
    Exhaustive {
        /// Which shard, from 0.
        shard: u64,
        /// How many there are.
        of: NonZeroU64,
    },
    /// Uniformly among those not yet asked.
    Random(RngPosition),
}

/// What was asked and told so far; between any two calls it can be written and read again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trials {
    #[serde(with = "decimal")]
    size: BigUint,
    order: Order,
    /// Ranks that were asked, in order; with their scores once these were told.
    asked: Vec<(Rank, Option<f64>)>,
    /// Where each is in that list.
    #[serde(skip)]
    places: BTreeMap<BigUint, usize>,
}

/// A rank that is written as a decimal string.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct Rank(#[serde(with = "decimal")] BigUint);

impl Trials {
    /// Trials over the ranks below `size`.
    pub fn new(size: BigUint, order: Order) -> Self {
        Trials { size, order, asked: Vec::new(), places: BTreeMap::new() }
    }

    /// The next rank to try; nothing when none is left.
    pub fn ask(&mut self) -> Option<BigUint> {
        self.index();
        let done = BigUint::from(self.asked.len());
        let rank = match &mut self.order {
            Order::Exhaustive { shard, of } => done * of.get() + *shard,
            Order::Random(_) if done >= self.size => return None,
            Order::Random(place) => {
                let mut rng = place.generator();
                let mut rank = below(&self.size, &mut rng);
                while self.places.contains_key(&rank) {
                    rank = below(&self.size, &mut rng);
                }
                *place = place.after(&rng);
                rank
            }
        };
        if rank >= self.size {
            return None;
        }
        self.places.insert(rank.clone(), self.asked.len());
        self.asked.push((Rank(rank.clone()), None));
        Some(rank)
    }

    /// Takes the score of a rank that was asked; higher is better. Others are not taken.
    pub fn tell(&mut self, rank: &BigUint, score: f64) -> bool {
        self.index();
        let place = self.places.get(rank).and_then(|&place| self.asked.get_mut(place));
        place.map(|(_, slot)| *slot = Some(score)).is_some()
    }

    /// Ranks that were asked but not told, which a resumed search tries again.
    pub fn open(&self) -> impl Iterator<Item = &BigUint> {
        self.asked.iter().filter(|(_, score)| score.is_none()).map(|(rank, _)| &rank.0)
    }

    /// The best rank and its score; the first asked of equals. Scores that are no number do not
    /// count.
    pub fn best(&self) -> Option<(&BigUint, f64)> {
        let told = self.asked.iter().filter_map(|(rank, score)| Some((&rank.0, (*score)?)));
        told.filter(|(_, score)| !score.is_nan()).reduce(|a, b| if b.1 > a.1 { b } else { a })
    }

    /// Finds the places again after reading.
    fn index(&mut self) {
        if self.places.len() != self.asked.len() {
            let place = |(i, (rank, _)): (usize, &(Rank, _))| (rank.0.clone(), i);
            self.places = self.asked.iter().enumerate().map(place).collect();
        }
    }
}

/// A number below `size`, each as likely: as many random bits as it has, again if too large.
pub fn below(size: &BigUint, rng: &mut impl Rng) -> BigUint {
    assert!(!size.is_zero(), "there is no number below zero");
    let bits = size.bits();
    loop {
        let mut words: Vec<u32> = (0..bits.div_ceil(32)).map(|_| rng.random()).collect();
        if let (Some(top), spare @ 1..) = (words.last_mut(), words_spare(bits)) {
            *top >>= spare;
        }
        let number = BigUint::new(words);
        if number < *size {
            return number;
        }
    }
}

/// Bits of the last 32-bit word that a number of so many bits does not need.
fn words_spare(bits: u64) -> u64 {
    bits.div_ceil(32) * 32 - bits
}

/// Big numbers as decimal strings, which every JSON reader keeps exact.
mod decimal {
    use num_bigint::BigUint;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(n: &BigUint, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&n.to_string())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<BigUint, D::Error> {
        let text = String::deserialize(d)?;
        text.parse().map_err(|_| D::Error::custom(format!("`{text}` is not a whole number")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn random(seed: u64) -> Order {
        Order::Random(RngPosition { seed, word: 0 })
    }

    fn shards(n: u64) -> NonZeroU64 {
        NonZeroU64::new(n).expect("some shard")
    }

    fn all(mut trials: Trials) -> Vec<BigUint> {
        std::iter::from_fn(move || trials.ask()).collect()
    }

    #[test]
    fn shards_share_out_the_space() {
        let shard = |shard| Trials::new(10_u32.into(), Order::Exhaustive { shard, of: shards(3) });
        let ranks: Vec<_> = (0..3).flat_map(|s| all(shard(s))).collect();
        assert_eq!(ranks.len(), 10);
        assert_eq!(ranks.into_iter().collect::<BTreeSet<_>>().len(), 10);
    }

    #[test]
    fn random_trials_come_to_every_rank_once() {
        let ranks = all(Trials::new(37_u32.into(), random(5)));
        assert_eq!(ranks.len(), 37);
        assert_eq!(ranks.iter().collect::<BTreeSet<_>>().len(), 37);
        assert_ne!(ranks, all(Trials::new(37_u32.into(), random(6))));
    }

    /// Chi squared over 12 cells and 12000 draws: 11 degrees of freedom, 31.3 at 0.1 %.
    #[test]
    fn numbers_below_a_bound_are_equally_likely() {
        let (mut rng, mut seen) = (RngPosition { seed: 1, word: 0 }.generator(), [0_u32; 12]);
        for _ in 0..12_000 {
            let number = below(&12_u32.into(), &mut rng);
            seen[usize::try_from(number).expect("small")] += 1;
        }
        let chi: f64 = seen.iter().map(|&n| (f64::from(n) - 1000.0).powi(2) / 1000.0).sum();
        assert!(chi < 31.3, "{seen:?}");
        let large = BigUint::from(1_u32) << 200_u32;
        assert!(below(&large, &mut rng) < large);
    }

    #[test]
    fn the_best_is_the_first_of_equals_and_strangers_are_not_taken() {
        let mut trials = Trials::new(5_u32.into(), Order::Exhaustive { shard: 0, of: shards(1) });
        assert_eq!(trials.best(), None);
        for score in [0.1, f64::NAN, 0.7, 0.7] {
            let rank = trials.ask().expect("five ranks");
            assert!(trials.tell(&rank, score));
        }
        assert_eq!(trials.best(), Some((&2_u32.into(), 0.7)));
        assert!(!trials.tell(&4_u32.into(), 1.0));
    }

    #[test]
    fn trials_that_were_written_and_read_go_on_alike() {
        let mut trials = Trials::new(BigUint::from(10_u32).pow(30), random(3));
        let first = trials.ask().expect("many ranks");
        let second = trials.ask().expect("many ranks");
        assert!(trials.tell(&first, 0.25));
        let text = serde_json::to_string(&trials).expect("writes");
        let mut copy: Trials = serde_json::from_str(&text).expect("reads");
        assert_eq!(copy.open().collect::<Vec<_>>(), [&second]);
        assert_eq!(copy.ask(), trials.ask());
        assert!(copy.tell(&second, 0.5) && trials.tell(&second, 0.5));
        assert_eq!(copy, trials);
    }
}
