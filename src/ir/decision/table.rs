//! A domain with what unranking needs worked out once.

use super::{Domain, Lattice, Pick, Picks, Value};
use num_bigint::BigUint;
use num_traits::ToPrimitive;
use std::cell::{Cell, OnceCell};

/// A domain whose values are asked for often.
#[derive(Clone, Debug)]
pub struct Table {
    domain: Domain,
    count: BigUint,
    /// The count, where it fits.
    small: Option<u128>,
    fast: Fast,
}

/// The quick way from a rank to a value.
#[derive(Clone, Debug)]
enum Fast {
    One,
    /// Ordered picks with repeats: digits to a base.
    Sequence(Vec<Pick>),
    /// `[layer][scale]`: ways on to the end.
    Path(Vec<Vec<u128>>),
    /// Every value, listed once some were asked for: how many were so far.
    List(OnceCell<Vec<Value>>, Cell<u32>),
    /// None: the count does not fit.
    Slow,
}

/// Domains of other shapes are listed up to this length.
const LISTED: u128 = 1 << 16;
/// So many values are asked for before they are listed.
const ASKED: u32 = 32;

impl Table {
    /// Works out a domain.
    pub fn of(domain: &Domain) -> Table {
        let count = domain.count();
        let small = count.to_u128();
        let fast = match (domain, small) {
            (_, None) => Fast::Slow,
            (Domain::One(_), _) => Fast::One,
            (Domain::Picks(p @ Picks { ordered: true, repeats: true, .. }), _) => {
                Fast::Sequence(p.options())
            }
            (Domain::Path(lattice), _) => lattice.ways_u128().map_or(Fast::Slow, Fast::Path),
            (_, Some(n)) if n <= LISTED => Fast::List(OnceCell::new(), Cell::new(0)),
            _ => Fast::Slow,
        };
        Table { domain: domain.clone(), count, small, fast }
    }

    /// The domain itself.
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// How many values there are.
    pub fn count(&self) -> &BigUint {
        &self.count
    }

    /// How many values there are, where that fits.
    pub fn small_count(&self) -> Option<u128> {
        self.small
    }

    /// [`Domain::unrank`].
    pub fn unrank(&self, rank: &BigUint) -> Option<Value> {
        match (rank.to_u128(), self.small) {
            (Some(rank), Some(_)) => self.unrank_small(rank),
            _ => self.domain.unrank(rank),
        }
    }

    /// [`Domain::rank`].
    pub fn rank(&self, value: &Value) -> Option<BigUint> {
        self.domain.rank(value)
    }

    /// [`Domain::unrank`] for ranks that fit.
    pub fn unrank_small(&self, rank: u128) -> Option<Value> {
        if self.small.is_some_and(|n| rank >= n) {
            return None;
        }
        match (&self.fast, &self.domain) {
            (Fast::One, _) => Some(Value::One(rank as u32)),
            (Fast::Sequence(options), Domain::Picks(picks)) => {
                Some(Value::Picks(sequence(options, picks.k, rank)))
            }
            (Fast::Path(ways), Domain::Path(lattice)) => walk(lattice, ways, rank).map(Value::Path),
            (Fast::List(_, asked), domain) if asked.get() < ASKED => {
                asked.set(asked.get() + 1);
                domain.unrank(&rank.into())
            }
            (Fast::List(values, _), domain) => {
                values.get_or_init(|| list(domain)).get(rank as usize).cloned()
            }
            (_, domain) => domain.unrank(&rank.into()),
        }
    }
}

/// All values, by rank.
fn list(domain: &Domain) -> Vec<Value> {
    match domain {
        Domain::Picks(picks) if picks.repeats && !picks.ordered => {
            picks.multisets().map(Value::Picks).collect()
        }
        _ => (0u32..).map_while(|rank| domain.unrank(&rank.into())).collect(),
    }
}

fn sequence(options: &[Pick], k: u32, mut rank: u128) -> Vec<Pick> {
    let (base, mut out) = (options.len() as u128, vec![Pick { candidate: 0, op: 0 }; k as usize]);
    for slot in out.iter_mut().rev() {
        // Two machine words divide much faster than four.
        let digit = match u64::try_from(rank) {
            Ok(small) => {
                rank = u128::from(small / base as u64);
                small % base as u64
            }
            Err(_) => {
                let digit = rank % base;
                rank /= base;
                digit as u64
            }
        };
        *slot = options[digit as usize];
    }
    out
}

/// The first option that has the rank among its ways; what came before is taken off the rank.
fn enter(layer: &[u128], rank: &mut u128, mut options: impl Iterator<Item = u8>) -> Option<u8> {
    options.find(|&s| {
        let here = layer[s as usize];
        let found = *rank < here;
        if !found {
            *rank -= here;
        }
        found
    })
}

fn walk(lattice: &Lattice, ways: &[Vec<u128>], mut rank: u128) -> Option<Vec<u8>> {
    let mut path: Vec<u8> = Vec::with_capacity(ways.len());
    for layer in ways {
        let step = match path.last() {
            None => enter(layer, &mut rank, lattice.first.iter().copied()),
            Some(&from) => {
                let near = from.saturating_sub(1)..=(from + 1).min(layer.len() as u8 - 1);
                enter(layer, &mut rank, near.filter(|&to| lattice.allows(from, to)))
            }
        };
        path.push(step?);
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::testing::{lattice, picks, values};

    #[test]
    fn tables_unrank_as_domains_do() {
        let mut domains = vec![
            Domain::One(vec!["a".into(), "b".into()]),
            Domain::Path(lattice(5, &[1, 0])),
            Domain::Path(lattice(1, &[2])),
        ];
        for flags in [(true, true), (true, false), (false, true), (false, false)] {
            domains.push(Domain::Picks(picks(2, flags, &[2, 0, 3])));
            domains.push(Domain::Picks(picks(0, flags, &[2])));
        }
        for domain in domains {
            let table = Table::of(&domain);
            let all = values(&domain);
            for (rank, value) in all.iter().enumerate() {
                assert_eq!(table.unrank_small(rank as u128).as_ref(), Some(value));
                assert_eq!(table.unrank(&rank.into()).as_ref(), Some(value));
            }
            assert_eq!(table.unrank_small(all.len() as u128), None);
        }
    }

    #[test]
    fn what_does_not_fit_is_unranked_all_the_same() {
        let domain = Domain::Picks(picks(40, (true, true), &[16; 3]));
        let table = Table::of(&domain);
        assert_eq!(table.small_count(), None);
        let last = table.count() - 1u32;
        assert_eq!(table.rank(&table.unrank(&last).expect("below")), Some(last));
    }
}
