//! Walks through some decisions, choice by choice, as a graph of what is left.
//!
//! Conditions on these decisions alone say which places a walk settles. Walks that leave the same
//! open meet again, so that there are few steps though there are many walks.

use crate::ir::condition::{Cond, Conditions};
use crate::maps::{HashMap, IndexSet};

/// Places looked at.
const WORK: usize = 2_000_000;

/// All walks.
pub(super) struct Walk {
    /// What ways settle: the places that hold there, in order.
    pub(super) settled: IndexSet<Vec<u32>>,
    /// The end first, the beginning last.
    pub(super) steps: Vec<Step>,
}

/// From what is left open on: each way to go on.
#[derive(Default)]
pub(super) struct Step {
    pub(super) ways: Vec<Way>,
}

/// What a way settles, as one of [`Walk::settled`], and the step that follows.
#[derive(Clone, Copy)]
pub(super) struct Way {
    pub(super) settled: u32,
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
    /// All walks through some choices, in this order, by which places under these conditions, which
    /// read no others, are settled; nothing where there is too much to keep apart.
    pub(super) fn of(
        all: &mut Conditions,
        levels: &[u32],
        rules: Vec<Cond>,
        conds: impl Iterator<Item = Cond>,
    ) -> Option<Walk> {
        let walk = Walk { settled: IndexSet::default(), steps: vec![Step::default()] };
        let known = vec![HashMap::default(); levels.len()];
        let mut begin = vec![Vec::new(); levels.len()];
        let mut open = Open { rules, places: Vec::new() };
        for (place, cond) in (0..).zip(conds) {
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
        let holds = open.places.iter().filter(|(_, cond)| *cond == Cond::TRUE);
        let mut settled: Vec<u32> = holds.map(|(place, _)| *place).collect();
        settled.sort_unstable();
        open.places.retain(|(_, cond)| !cond.is_constant());
        let next = self.step(depth, open)?;
        Some(
            next.map(|next| Way { settled: self.walk.settled.insert_full(settled).0 as u32, next }),
        )
    }

    fn step(&mut self, depth: usize, open: Open) -> Option<Option<usize>> {
        let Some(&level) = self.levels.get(depth) else { return Some(Some(END)) };
        if let Some(known) = self.known[depth].get(&open) {
            return Some(*known);
        }
        let mut step = Step::default();
        for value in 0..self.all.choices.sizes[level as usize] {
            self.work += open.places.len() + self.begin[depth].len() + 1;
            if self.work > WORK {
                return None;
            }
            let diagram = &mut self.all.diagram;
            let rules = open.rules.iter().map(|rule| diagram.given(*rule, level, value)).collect();
            let places = open.places.iter().chain(&self.begin[depth]);
            let places = places.map(|(place, cond)| (*place, diagram.given(*cond, level, value)));
            let left = Open { rules, places: places.collect() };
            step.ways.extend(self.way(depth + 1, left)?);
        }
        let at = (!step.ways.is_empty()).then_some(self.walk.steps.len());
        if at.is_some() {
            self.walk.steps.push(step);
        }
        self.known[depth].insert(open, at);
        Some(at)
    }
}
