//! Conditions brought to few choices, with the help of what domains forbid.
//!
//! Decisions are free of one another, so a condition is taken apart first: all paths come first in
//! the order, then each other decision, and what a condition says of the first of these, and what is
//! left to the others then, are tidied each alone. The same few conditions on a path come back with
//! many others beside them, and no diagram of both is walked through.

use super::{Cond, Conditions, Diagram};
use crate::ir::decision::DecisionId;
use crate::maps::IndexMap;

/// A condition on more choices than this is looked at twice when it is tidied.
const MANY: usize = 4;

impl Conditions {
    /// A condition that means the same on all bindings and reads few choices: a choice goes where
    /// what the domain says of the others makes up for it.
    pub fn tidy(&mut self, cond: Cond) -> Cond {
        if cond.is_constant() {
            return cond;
        }
        if let Some(known) = self.tidied.get(&cond) {
            return *known;
        }
        let support = self.diagram.support(cond);
        let free = |level: &u32| self.domain(self.choices.owner(*level)) == Cond::TRUE;
        if support.iter().all(free) {
            return cond;
        }
        let end = self.end(support[0]);
        let tidy = match support.last().is_some_and(|last| *last >= end) {
            true => self.tidy_parts(cond, end),
            false => self.tidy_alone(cond),
        };
        self.tidied.insert(cond, tidy);
        self.tidied.insert(tidy, tidy);
        tidy
    }

    /// The level behind those that are tidied together with this one: all of paths, whose layers
    /// take turns, or those of one other decision.
    fn end(&self, level: u32) -> u32 {
        let after = |of: DecisionId| self.choices.levels(of).last().map_or(0, |last| last + 1);
        let owner = self.choices.owner(level);
        match self.is_path(owner) {
            false => after(owner),
            true => (0..self.paths.len() as u32)
                .map(DecisionId)
                .filter(|of| self.is_path(*of))
                .map(after)
                .max()
                .unwrap_or(0),
        }
    }

    /// A condition that reads levels from `end` on, too.
    fn tidy_parts(&mut self, cond: Cond, end: u32) -> Cond {
        let mut by_rest: IndexMap<Cond, Cond> = IndexMap::default();
        let mut known = std::mem::take(&mut self.parts);
        let parts = self.diagram.apart(cond, &|level| level < end, &mut known);
        self.parts = known;
        for (own, rest) in parts {
            let rest = self.tidy(rest);
            let any = by_rest.entry(rest).or_insert(Cond::FALSE);
            *any = self.diagram.or(*any, own);
        }
        by_rest.into_iter().fold(Cond::FALSE, |any, (rest, own)| {
            let own = self.tidy(own);
            let both = self.diagram.and(own, rest);
            self.diagram.or(any, both)
        })
    }

    /// A condition on levels that are tidied together.
    fn tidy_alone(&mut self, cond: Cond) -> Cond {
        let support = self.diagram.support(cond).to_vec();
        let mut domain = Cond::TRUE;
        let mut doubtful = Vec::new();
        for decision in self.choices.decisions_of(&support) {
            if self.domain(decision) != Cond::TRUE {
                let levels = self.choices.levels(decision).iter().copied();
                let read: Vec<u32> = levels.filter(|l| support.contains(l)).collect();
                doubtful.extend_from_slice(&read);
                let constraint = self.domain_of(decision, read);
                domain = self.diagram.and(domain, constraint);
            }
        }
        if domain == Cond::TRUE { cond } else { self.shrink(cond, domain, &doubtful) }
    }

    /// What a decision's domain says of some of its choices.
    fn domain_of(&mut self, of: DecisionId, levels: Vec<u32>) -> Cond {
        let domain = self.domain(of);
        if let Some(known) = self.projected.get(&levels) {
            return *known;
        }
        let own = self.diagram.project(domain, &levels);
        self.projected.insert(levels, own);
        own
    }

    fn shrink(&mut self, cond: Cond, domain: Cond, doubtful: &[u32]) -> Cond {
        let within = self.diagram.and(cond, domain);
        if within == Cond::FALSE || within == domain {
            return if within == domain { Cond::TRUE } else { Cond::FALSE };
        }
        let mut small = cond;
        for &level in doubtful {
            // As what holds for some value of the choice, or for every one.
            for without in [Diagram::exists, Diagram::for_all] {
                let without = without(&mut self.diagram, small, level);
                if self.diagram.and(without, domain) == within {
                    small = without;
                    break;
                }
            }
        }
        let reads = |all: &Self, cond| {
            doubtful.iter().filter(|l| all.diagram.support(cond).contains(l)).count()
        };
        if reads(self, small) <= MANY {
            return small;
        }
        // What holds along a whole path may hold exactly where it passes one place.
        let mut least = within;
        for &level in doubtful {
            let without = self.diagram.exists(least, level);
            if self.diagram.and(without, domain) == within {
                least = without;
            }
        }
        if reads(self, least) < reads(self, small) { least } else { small }
    }
}
