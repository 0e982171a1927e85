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
#[derive(Clone, Default, PartialEq, Eq, Hash)]
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
        let mut always = Vec::new();
        for (place, cond) in (0..).zip(conds) {
            let support = all.diagram.support(cond);
            let first = levels.iter().position(|level| support.binary_search(level).is_ok());
            first.map_or(&mut always, |first| &mut begin[first]).push((place, cond));
        }
        let mut maker = Maker { all, levels, begin, walk, known, work: 0 };
        let mut left = Left::default();
        let way = match rules.into_iter().all(|rule| left.add_rule(rule)) {
            true => {
                always.into_iter().for_each(|(place, cond)| left.add_place(place, cond));
                maker.way(0, left)?
            }
            false => None,
        };
        let mut walk = maker.walk;
        walk.steps.push(Step { ways: way.into_iter().collect() });
        Some(walk)
    }
}

/// What a choice leaves open, and the places that it settles.
#[derive(Default)]
struct Left {
    open: Open,
    settled: Vec<u32>,
}

impl Left {
    /// Adds what is left of a rule; whether it can still hold.
    fn add_rule(&mut self, rule: Cond) -> bool {
        if !rule.is_constant() {
            self.open.rules.push(rule);
        }
        rule != Cond::FALSE
    }

    /// Adds a place by what is left of its condition.
    fn add_place(&mut self, place: u32, cond: Cond) {
        match cond {
            Cond::FALSE => {}
            Cond::TRUE => self.settled.push(place),
            _ => self.open.places.push((place, cond)),
        }
    }
}

impl Maker<'_> {
    /// The way on to a depth; nothing inside where no value is left, nothing at all at a limit.
    fn way(&mut self, depth: usize, left: Left) -> Option<Option<Way>> {
        let Left { open, mut settled } = left;
        settled.sort_unstable();
        let Some(next) = self.step(depth, open)? else { return Some(None) };
        Some(Some(Way { settled: self.walk.settled.insert_full(settled).0 as u32, next }))
    }

    fn step(&mut self, depth: usize, open: Open) -> Option<Option<usize>> {
        let Some(&level) = self.levels.get(depth) else { return Some(Some(END)) };
        if let Some(known) = self.known[depth].get(&open) {
            return Some(*known);
        }
        let mut step = Step::default();
        for value in 0..self.all.choices.sizes[level as usize] {
            if let Some(left) = self.left(depth, &open, value) {
                self.work += left.open.places.len() + left.settled.len() + 1;
                if self.work > WORK {
                    return None;
                }
                step.ways.extend(self.way(depth + 1, left)?);
            }
        }
        let at = (!step.ways.is_empty()).then_some(self.walk.steps.len());
        if at.is_some() {
            self.walk.steps.push(step);
        }
        self.known[depth].insert(open, at);
        Some(at)
    }

    /// What a value leaves; nothing where that breaks a rule.
    fn left(&mut self, depth: usize, open: &Open, value: u32) -> Option<Left> {
        let (level, diagram) = (self.levels[depth], &mut self.all.diagram);
        let mut left = Left::default();
        let mut rules = open.rules.iter().map(|rule| diagram.given(*rule, level, value));
        if !rules.all(|rule| left.add_rule(rule)) {
            return None;
        }
        left.open.places.reserve(open.places.len() + self.begin[depth].len());
        for (place, cond) in open.places.iter().chain(&self.begin[depth]) {
            left.add_place(*place, diagram.given(*cond, level, value));
        }
        Some(left)
    }
}
