//! Picks: k of a list of candidates, each perhaps through one of several operators.

use num_bigint::BigUint;
use num_integer::Integer;
use num_traits::{One, ToPrimitive, Zero};
use serde::{Deserialize, Serialize};

/// One pick: a candidate and, where candidates are read through operators, an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Pick {
    /// Index of the candidate.
    pub candidate: u16,
    /// Index of its operator; 0 where there are none.
    pub op: u16,
}

/// What can be picked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its name, as the author wrote it.
    pub label: String,
    /// Labels of the operators it can be read through; empty where it is read as it is.
    pub ops: Vec<String>,
}

impl Candidate {
    /// How many ways there are to pick it.
    pub fn options(&self) -> usize {
        self.ops.len().max(1)
    }
}

/// The domain of `choose [ordered] k of candidates [with repeats]`.
///
/// With repeats a candidate may be picked again, through the same operator or another; without,
/// the picked candidates differ. Ordered picks are sequences, others are sets or multisets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picks {
    /// How many are picked.
    pub k: u32,
    /// Whether the order of picks counts.
    pub ordered: bool,
    /// Whether a candidate may be picked more than once.
    pub repeats: bool,
    /// What can be picked.
    pub candidates: Vec<Candidate>,
}

/// n choose k.
fn binomial(n: usize, k: usize) -> BigUint {
    num_integer::binomial(BigUint::from(n), BigUint::from(k))
}

fn factorial(n: u32) -> BigUint {
    (1..=n).fold(BigUint::one(), |acc, i| acc * i)
}

impl Picks {
    /// How many values there are.
    pub fn count(&self) -> BigUint {
        let (k, n) = (self.k as usize, self.options().len());
        match (self.repeats, self.ordered) {
            (true, true) => BigUint::from(n).pow(self.k),
            (true, false) if n == 0 => BigUint::from(u32::from(k == 0)),
            (true, false) => binomial(n + k - 1, k),
            (false, ordered) => {
                let sets = self.subsets(0).get(k).cloned().unwrap_or_default();
                if ordered { sets * factorial(self.k) } else { sets }
            }
        }
    }

    /// Every candidate with every operator, in textual order.
    pub fn options(&self) -> Vec<Pick> {
        let with_ops = |(c, candidate): (usize, &Candidate)| {
            (0..candidate.options())
                .map(move |op| Pick { candidate: c as u16, op: op as u16 })
                .collect::<Vec<_>>()
        };
        self.candidates.iter().enumerate().flat_map(with_ops).collect()
    }

    /// Whether some value does without a candidate.
    pub fn can_spare(&self, candidate: u16) -> bool {
        let others =
            self.candidates.len() - usize::from((candidate as usize) < self.candidates.len());
        if self.repeats { others > 0 } else { others >= self.k as usize }
    }

    /// `[j]`: how many ways to pick j different ones of the candidates from `first` on.
    fn subsets(&self, first: usize) -> Vec<BigUint> {
        let mut ways = vec![BigUint::zero(); self.k as usize + 1];
        ways[0] = BigUint::one();
        for candidate in self.candidates.iter().skip(first) {
            for j in (1..ways.len()).rev() {
                let more = &ways[j - 1] * candidate.options();
                ways[j] += more;
            }
        }
        ways
    }

    /// Every value, by rank, of picks with repeats whose order does not count.
    pub fn multisets(&self) -> impl Iterator<Item = Vec<Pick>> {
        let (options, k) = (self.options(), self.k as usize);
        let first = (!options.is_empty() || k == 0).then(|| vec![0; k]);
        let last = options.len().saturating_sub(1);
        let after = move |at: &Vec<usize>| {
            let grows = at.iter().rposition(|option| *option < last)?;
            let same = std::iter::repeat_n(at[grows] + 1, k - grows);
            Some(at[..grows].iter().copied().chain(same).collect())
        };
        let picks = move |at: Vec<usize>| at.into_iter().map(|option| options[option]).collect();
        std::iter::successors(first, after).map(picks)
    }

    /// The value of a rank below the count; nothing otherwise.
    pub fn unrank(&self, rank: &BigUint) -> Option<Vec<Pick>> {
        if *rank >= self.count() {
            return None;
        }
        match (self.repeats, self.ordered) {
            (true, true) => Some(self.unrank_sequence(rank.clone())),
            (true, false) => self.unrank_multiset(rank.clone()),
            (false, false) => self.unrank_set(rank.clone()),
            (false, true) => {
                let (set, order) = rank.div_rem(&factorial(self.k));
                Some(permute(self.unrank_set(set)?, order))
            }
        }
    }

    fn unrank_sequence(&self, mut rank: BigUint) -> Vec<Pick> {
        let options = self.options();
        let mut out = Vec::with_capacity(self.k as usize);
        for _ in 0..self.k {
            let (rest, digit) = rank.div_rem(&BigUint::from(options.len()));
            out.extend(digit.to_usize().and_then(|d| options.get(d).copied()));
            rank = rest;
        }
        out.reverse();
        out
    }

    fn unrank_multiset(&self, mut rank: BigUint) -> Option<Vec<Pick>> {
        let options = self.options();
        let (mut out, mut at) = (Vec::new(), 0);
        while out.len() < self.k as usize {
            // Multisets whose next element is exactly `at`: the rest is drawn from `at` on.
            let left = self.k as usize - out.len() - 1;
            let here = binomial(options.len() - at + left - usize::from(left > 0), left);
            if rank < here {
                out.push(*options.get(at)?);
            } else {
                rank -= here;
                at += 1;
            }
        }
        Some(out)
    }

    fn unrank_set(&self, mut rank: BigUint) -> Option<Vec<Pick>> {
        let (mut out, mut left) = (Vec::new(), self.k as usize);
        for (c, candidate) in self.candidates.iter().enumerate() {
            if left == 0 {
                break;
            }
            let rest = self.subsets(c + 1).get(left - 1).cloned()?;
            let here = &rest * candidate.options();
            if rank < here {
                let (op, below) = rank.div_rem(&rest);
                out.push(Pick { candidate: c as u16, op: op.to_u16()? });
                (rank, left) = (below, left - 1);
            } else {
                rank -= here;
            }
        }
        (left == 0).then_some(out)
    }

    /// The rank of a value; nothing where it is not of this domain.
    pub fn rank(&self, picks: &[Pick]) -> Option<BigUint> {
        if picks.len() != self.k as usize {
            return None;
        }
        let options = self.options();
        let at = |p: &Pick| options.iter().position(|o| o == p);
        match (self.repeats, self.ordered) {
            (true, true) => {
                picks.iter().try_fold(BigUint::zero(), |acc, p| Some(acc * options.len() + at(p)?))
            }
            (true, false) => self.rank_multiset(&picks.iter().map(at).collect::<Option<Vec<_>>>()?),
            (false, false) => self.rank_set(picks),
            (false, true) => {
                let mut set = picks.to_vec();
                set.sort_unstable();
                let order = permutation_rank(&set, picks)?;
                Some(self.rank_set(&set)? * factorial(self.k) + order)
            }
        }
    }

    fn rank_multiset(&self, picks: &[usize]) -> Option<BigUint> {
        let n = self.options().len();
        let (mut rank, mut at) = (BigUint::zero(), 0);
        for (i, &p) in picks.iter().enumerate() {
            let left = picks.len() - i - 1;
            if p < at {
                return None;
            }
            for skipped in at..p {
                rank += binomial(n - skipped + left - usize::from(left > 0), left);
            }
            at = p;
        }
        Some(rank)
    }

    fn rank_set(&self, picks: &[Pick]) -> Option<BigUint> {
        let (mut rank, mut left) = (BigUint::zero(), picks.iter().peekable());
        let mut missing = picks.len();
        for (c, candidate) in self.candidates.iter().enumerate() {
            let Some(next) = left.peek() else { break };
            let rest = self.subsets(c + 1).get(missing - 1).cloned()?;
            if next.candidate as usize == c {
                if next.op as usize >= candidate.options() {
                    return None;
                }
                rank += rest * next.op;
                missing -= 1;
                left.next();
            } else {
                rank += rest * candidate.options();
            }
        }
        (missing == 0).then_some(rank)
    }

    /// The picks in words: `prev via sep3, H[1] via skip`.
    pub fn show(&self, picks: &[Pick]) -> String {
        let one = |p: &Pick| {
            let Some(candidate) = self.candidates.get(p.candidate as usize) else {
                return String::new();
            };
            match candidate.ops.get(p.op as usize) {
                Some(op) => format!("{} via {op}", candidate.label),
                None => candidate.label.clone(),
            }
        };
        picks.iter().map(one).collect::<Vec<_>>().join(", ")
    }
}

/// The permutation of `items` whose rank among all orders is `rank` (by Lehmer code).
fn permute(mut items: Vec<Pick>, mut rank: BigUint) -> Vec<Pick> {
    let mut out = Vec::with_capacity(items.len());
    while !items.is_empty() {
        let (at, rest) = rank.div_rem(&factorial(items.len() as u32 - 1));
        out.push(items.remove(at.to_usize().unwrap_or(0)));
        rank = rest;
    }
    out
}

/// The inverse of [`permute`].
fn permutation_rank(sorted: &[Pick], picks: &[Pick]) -> Option<BigUint> {
    let mut left = sorted.to_vec();
    let mut rank = BigUint::zero();
    for p in picks {
        let at = left.iter().position(|q| q == p)?;
        left.remove(at);
        rank += factorial(left.len() as u32) * at;
    }
    Some(rank)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picks(k: u32, ordered: bool, repeats: bool, ops: &[usize]) -> Picks {
        let candidates = ops
            .iter()
            .enumerate()
            .map(|(i, &n)| Candidate {
                label: format!("x{i}"),
                ops: (0..n).map(|j| format!("o{j}")).collect(),
            })
            .collect();
        Picks { k, ordered, repeats, candidates }
    }

    #[test]
    fn every_rank_is_a_value_of_its_own_and_back() {
        for k in 0..=3 {
            for (ordered, repeats) in [(true, true), (true, false), (false, true), (false, false)] {
                let domain = picks(k, ordered, repeats, &[2, 0, 3]);
                let count = domain.count().to_u64().expect("small");
                let all: std::collections::BTreeSet<_> = (0..count)
                    .map(|r| {
                        let value = domain.unrank(&r.into()).expect("below the count");
                        assert_eq!(domain.rank(&value), Some(r.into()), "{domain:?} {value:?}");
                        value
                    })
                    .collect();
                assert_eq!(all.len() as u64, count);
                assert_eq!(domain.unrank(&count.into()), None);
            }
        }
    }

    #[test]
    fn blocks_of_two_slots_are_counted_both_ways() {
        let count = |ordered, repeats| {
            (2..=6).map(|n| picks(2, ordered, repeats, &vec![8; n]).count()).product::<BigUint>()
        };
        assert_eq!(count(true, true).to_string(), "556627761561600");
        assert_eq!(count(false, false).to_string(), "2899102924800");
    }
}
