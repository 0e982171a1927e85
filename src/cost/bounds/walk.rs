//! Places along a walk through some decisions, choice by choice, as a graph of what is left.
//!
//! Once the walk has settled a place, its price is owed: for certain, or where some function of the
//! other decisions holds. Walks that leave the same open meet again, so that there are few steps
//! though there are many walks.

use crate::ir::condition::{Cond, Conditions};
use indexmap::IndexSet;
use std::collections::HashMap;

/// Places looked at, and functions that they may come down to.
const WORK: usize = 2_000_000;
const KINDS: usize = 24;

/// All walks.
pub(super) struct Walk {
    /// The functions that places come down to.
    pub(super) kinds: IndexSet<Cond>,
    /// The end first, the beginning last.
    pub(super) steps: Vec<Step>,
}

/// From what is left open on: each way to go on.
#[derive(Default)]
pub(super) struct Step {
    pub(super) ways: Vec<Way>,
}

/// Places with the functions that they come down to, and the step that follows.
pub(super) struct Way {
    /// Functions and places.
    pub(super) owed: Vec<(u32, u32)>,
    pub(super) next: usize,
}

/// What is left open: rules, and places that the walk has read something of, with what is left of
/// their conditions.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Open {
    rules: Vec<Cond>,
    places: Vec<(u32, Cond)>,
}

pub(super) const END: usize = 0;

struct Maker<'a> {
    all: &'a mut Conditions,
    levels: &'a [u32],
    /// By level of the walk: the places that read it first.
    begin: Vec<Vec<(u32, Cond)>>,
    walk: Walk,
    known: Vec<HashMap<Open, Option<usize>>>,
    work: usize,
}

impl Walk {
    /// All walks through some choices, in the order of their levels, by which places under these
    /// conditions are settled; nothing where there is too much to keep apart.
    pub(super) fn of(
        all: &mut Conditions,
        levels: &[u32],
        rules: Vec<Cond>,
        conds: &[Cond],
    ) -> Option<Walk> {
        let walk = Walk { kinds: IndexSet::new(), steps: vec![Step::default()] };
        let known = vec![HashMap::new(); levels.len()];
        let mut begin = vec![Vec::new(); levels.len()];
        let mut open = Open { rules, places: Vec::new() };
        for (place, &cond) in (0..).zip(conds) {
            let support = all.diagram.support(cond);
            let first = levels.iter().position(|level| support.binary_search(level).is_ok());
            first.map_or(&mut open.places, |first| &mut begin[first]).push((place, cond));
        }
        let mut maker = Maker { all, levels, begin, walk, known, work: 0 };
        let way = maker.way(0, open)?;
        let mut walk = maker.walk;
        walk.steps.push(Step { ways: way.into_iter().collect() });
        Some(walk)
    }
}

impl Maker<'_> {
    /// The way on from a depth; nothing inside where no value is left, nothing at all at a limit.
    fn way(&mut self, depth: usize, mut open: Open) -> Option<Option<Way>> {
        if open.rules.contains(&Cond::FALSE) {
            return Some(None);
        }
        open.rules.retain(|rule| *rule != Cond::TRUE);
        let mut owed = Vec::new();
        let left = self.levels.get(depth..).unwrap_or_default();
        let reads = |all: &Conditions, cond| {
            let support = all.diagram.support(cond);
            left.iter().any(|level| support.binary_search(level).is_ok())
        };
        open.places.retain(|&(place, cond)| {
            let stays = reads(self.all, cond);
            if !stays && cond != Cond::FALSE {
                owed.push((self.walk.kinds.insert_full(cond).0 as u32, place));
            }
            stays
        });
        if self.walk.kinds.len() > KINDS {
            return None;
        }
        let next = self.step(depth, open)?;
        Some(next.map(|next| Way { owed, next }))
    }

    fn step(&mut self, depth: usize, open: Open) -> Option<Option<usize>> {
        let Some(&level) = self.levels.get(depth) else { return Some(Some(END)) };
        if let Some(known) = self.known[depth].get(&open) {
            return Some(*known);
        }
        let mut step = Step::default();
        let places = [&open.places[..], &self.begin[depth]].concat();
        for value in 0..self.all.choices.sizes[level as usize] {
            self.work += places.len() + 1;
            if self.work > WORK {
                return None;
            }
            let mut given = |cond: Cond| self.all.diagram.given(cond, level, value);
            let rules = open.rules.iter().map(|rule| given(*rule)).collect();
            let places = places.iter().map(|(place, cond)| (*place, given(*cond))).collect();
            step.ways.extend(self.way(depth + 1, Open { rules, places })?);
        }
        let at = (!step.ways.is_empty()).then_some(self.walk.steps.len());
        if at.is_some() {
            self.walk.steps.push(step);
        }
        self.known[depth].insert(open, at);
        Some(at)
    }
}
