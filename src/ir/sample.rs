//! Members by rank and by chance.
//!
//! A rank of a space is a number in mixed radix: one digit per decision, its value's rank, the
//! first decision the most significant. Uniform sampling draws what is counted: assignments here,
//! architectures through [`Active`], networks that differ through [`Distinct`].

mod distinct;

pub use distinct::Distinct;

use super::count::Active;
use super::decision::{Binding, Decision, Table};
use num_bigint::BigUint;
use num_integer::Integer;
use num_traits::{One, ToPrimitive, Zero};
use rand::{Rng, RngExt};

/// The assignments of a space, ranked.
#[derive(Clone, Debug)]
pub struct Sampler {
    tables: Vec<Table>,
    count: BigUint,
}

impl Sampler {
    /// Works out the domains.
    pub fn of(decisions: &[Decision]) -> Sampler {
        let tables: Vec<Table> = decisions.iter().map(|d| Table::of(&d.domain)).collect();
        let count = tables.iter().map(Table::count).product();
        Sampler { tables, count }
    }

    /// How many assignments there are.
    pub fn count(&self) -> &BigUint {
        &self.count
    }

    /// The assignment of a rank below the count; nothing otherwise.
    pub fn unrank(&self, rank: &BigUint) -> Option<Binding> {
        if *rank >= self.count {
            return None;
        }
        let mut rank = rank.clone();
        let mut values = Vec::with_capacity(self.tables.len());
        for table in self.tables.iter().rev() {
            let (rest, digit) = rank.div_rem(table.count());
            values.push(table.unrank(&digit)?);
            rank = rest;
        }
        values.reverse();
        Some(Binding(values))
    }

    /// The rank of an assignment; nothing where a value is not of its domain.
    pub fn rank(&self, binding: &Binding) -> Option<BigUint> {
        if binding.0.len() != self.tables.len() {
            return None;
        }
        let mut digits = self.tables.iter().zip(&binding.0);
        digits.try_fold(BigUint::zero(), |acc, (table, value)| {
            Some(acc * table.count() + table.rank(value)?)
        })
    }

    /// An assignment, each as likely as any other; nothing where there is none.
    pub fn sample(&self, rng: &mut impl Rng) -> Option<Binding> {
        let value = |table: &Table| match table.small_count() {
            Some(0) => None,
            Some(n) => match u64::try_from(n) {
                Ok(n) => table.unrank_small(u128::from(rng.random_range(0..n))),
                Err(_) => table.unrank_small(rng.random_range(0..n)),
            },
            None => table.unrank(&below(table.count(), rng)),
        };
        self.tables.iter().map(value).collect::<Option<Vec<_>>>().map(Binding)
    }

    /// All assignments from a rank on, in order.
    pub fn enumerate(&self, start: &BigUint) -> Assignments<'_> {
        let next = self.unrank(start);
        let digits = next.as_ref().and_then(|binding| {
            let rank = |(table, value): (&Table, _)| table.rank(value)?.to_u128();
            self.tables.iter().zip(&binding.0).map(rank).collect()
        });
        Assignments { sampler: self, rank: start.clone(), digits, next }
    }
}

/// What [`Sampler::enumerate`] goes through.
#[derive(Clone, Debug)]
pub struct Assignments<'a> {
    sampler: &'a Sampler,
    /// The rank of `next`, where digits do not fit.
    rank: BigUint,
    digits: Option<Vec<u128>>,
    next: Option<Binding>,
}

impl Assignments<'_> {
    /// The binding after one, by counting up its digits; nothing after the last.
    fn advance(&mut self, mut binding: Binding) -> Option<Binding> {
        let Some(digits) = &mut self.digits else {
            self.rank += 1u32;
            return self.sampler.unrank(&self.rank);
        };
        for (i, table) in self.sampler.tables.iter().enumerate().rev() {
            digits[i] += 1;
            if let Some(value) = table.unrank_small(digits[i]) {
                binding.0[i] = value;
                return Some(binding);
            }
            digits[i] = 0;
            binding.0[i] = table.unrank_small(0)?;
        }
        None
    }
}

impl Iterator for Assignments<'_> {
    type Item = Binding;

    fn next(&mut self) -> Option<Binding> {
        let binding = self.next.take()?;
        self.next = self.advance(binding.clone());
        Some(binding)
    }
}

impl Active {
    /// An architecture, each as likely as any other.
    pub fn sample(&self, rng: &mut impl Rng) -> Option<Binding> {
        if self.count().is_zero() {
            return None;
        }
        self.unrank(&below(self.count(), rng))
    }
}

/// A number below `n`, each as likely as any other: as many bits as `n - 1` has, again until they
/// are below. `n` is at least one.
fn below(n: &BigUint, rng: &mut impl Rng) -> BigUint {
    let bits = (n - BigUint::one()).bits();
    let mut bytes = vec![0; bits.div_ceil(8) as usize];
    loop {
        rng.fill_bytes(&mut bytes);
        if let (Some(top), rest @ 1..) = (bytes.last_mut(), bits % 8) {
            *top &= (1 << rest) - 1;
        }
        let number = BigUint::from_bytes_le(&bytes);
        if number < *n {
            return number;
        }
    }
}

#[cfg(test)]
mod tests;
