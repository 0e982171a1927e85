//! Tables of sums over a few variables, of which one can be taken out.

use crate::maps::IndexMap;

/// Beyond any cost; what comes near it is no member's.
pub(super) const NEVER: i64 = 1 << 61;

/// Sums for each combination of some variables' values, those of the last one next to each other.
pub(super) struct Table {
    pub(super) scope: Vec<u32>,
    pub(super) of: Vec<i64>,
}

/// The sum, no further than [`NEVER`].
pub(super) fn plus(a: i64, b: i64) -> i64 {
    (a + b).min(NEVER)
}

impl Table {
    /// Nothing yet; `sizes` says how many values each variable has.
    pub(super) fn zeros(scope: Vec<u32>, sizes: &[usize]) -> Table {
        let entries = scope.iter().map(|variable| sizes[*variable as usize]).product();
        Table { scope, of: vec![0; entries] }
    }

    /// The sum of some tables, with the value of a variable that makes it least.
    pub(super) fn without(variable: u32, read: &[Table], sizes: &[usize]) -> Table {
        let mut scope: Vec<u32> = read.iter().flat_map(|t| t.scope.iter().copied()).collect();
        scope.sort_unstable();
        scope.dedup();
        scope.retain(|other| *other != variable);
        scope.push(variable);
        let mut sum = Table::zeros(scope, sizes);
        read.iter().for_each(|table| sum.add(table, sizes));
        sum.scope.pop();
        let best = |own: &[i64]| own.iter().copied().fold(NEVER, i64::min);
        let of = sum.of.chunks_exact(sizes[variable as usize]).map(best).collect();
        Table { scope: sum.scope, of }
    }

    /// Adds a table that reads no more than this one.
    fn add(&mut self, other: &Table, sizes: &[usize]) {
        // How far the other table's entries for the values of a variable are apart.
        let mut apart = 1;
        let mut strides: IndexMap<u32, usize> = IndexMap::default();
        for variable in other.scope.iter().rev() {
            strides.insert(*variable, apart);
            apart *= sizes[*variable as usize];
        }
        let wheel = |v: &u32| (sizes[*v as usize], strides.get(v).copied().unwrap_or(0));
        let wheels: Vec<(usize, usize)> = self.scope.iter().rev().map(wheel).collect();
        let Some((&(size, step), wheels)) = wheels.split_first() else { return };
        let (mut values, mut from) = (vec![0; wheels.len()], 0);
        for own in self.of.chunks_exact_mut(size) {
            for (i, sum) in own.iter_mut().enumerate() {
                *sum = plus(*sum, other.of[from + i * step]);
            }
            for (value, (size, step)) in values.iter_mut().zip(wheels) {
                *value += 1;
                from += step;
                if *value < *size {
                    break;
                }
                *value = 0;
                from -= step * size;
            }
        }
    }
}
