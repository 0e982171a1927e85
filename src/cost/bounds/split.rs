//! Conditions taken apart: what some decisions say, and what is left to the others.

use crate::ir::condition::{Cond, Conditions};
use crate::maps::{HashMap, IndexMap};

/// Conditions as sums of products: where the first holds, which reads some choices only, what is left
/// is the second, which reads none of them. The first ones of one condition never hold together.
pub(super) struct Split<'a> {
    /// The choices, in the order of levels.
    levels: &'a [u32],
    known: HashMap<Cond, Parts>,
}

/// Where what is left is something, and what.
pub(super) type Parts = Vec<(Cond, Cond)>;

impl<'a> Split<'a> {
    pub(super) fn new(levels: &'a [u32]) -> Split<'a> {
        Split { levels, known: HashMap::default() }
    }

    /// The parts of a condition.
    pub(super) fn of(&mut self, all: &mut Conditions, cond: Cond) -> Parts {
        if cond == Cond::FALSE {
            return Parts::new();
        }
        if let Some(known) = self.known.get(&cond) {
            return known.clone();
        }
        let parts = self.take_apart(all, cond);
        self.known.insert(cond, parts.clone());
        parts
    }

    fn take_apart(&mut self, all: &mut Conditions, cond: Cond) -> Parts {
        let support = all.diagram.support(cond);
        let first = support.iter().find(|level| self.levels.binary_search(level).is_ok());
        let Some(&level) = first else { return vec![(Cond::TRUE, cond)] };
        let size = all.choices.sizes[level as usize];
        let mut by_rest: IndexMap<Cond, Vec<Cond>> = IndexMap::default();
        for value in 0..size {
            let given = all.diagram.given(cond, level, value);
            for (own, rest) in self.of(all, given) {
                let kids = by_rest.entry(rest).or_insert_with(|| vec![Cond::FALSE; size as usize]);
                kids[value as usize] = own;
            }
        }
        let parts = by_rest.into_iter();
        parts.map(|(rest, kids)| (all.diagram.choose(level, &kids), rest)).collect()
    }
}
