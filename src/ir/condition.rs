//! Conditions: when, over all bindings, a node is present, read or asked for.
//!
//! A decision falls apart into elementary choices (each slot of picks, each layer of a path), and a
//! condition is a decision diagram over them: a directed graph with one level per choice and one
//! branch per value. Diagrams are stored once, so that equal ones have equal ids.
//!
//! Not every combination of elementary choices is a value: a path makes only allowed moves. Two
//! diagrams that differ outside the domain mean the same; [`Conditions::tidy`] brings them to one
//! that reads as few choices as possible.

mod answers;
mod choices;
mod diagram;
mod places;
mod tidy;
mod twins;

pub use choices::Choices;
pub use diagram::{Cond, Diagram, Parts};
pub use places::{Factor, Places};
pub use twins::repeats;

use super::decision::{Decision, DecisionId, Domain, Gate, Lattice, Picks, Value};
use crate::maps::{HashMap, IndexMap};
use smallvec::SmallVec;

/// The conditions over one space's decisions.
#[derive(Clone)]
pub struct Conditions {
    /// The elementary choices.
    pub choices: Choices,
    /// The diagrams over them.
    pub diagram: Diagram,
    /// By decision: which combinations of its choices are values.
    domains: Vec<Cond>,
    /// By decision: conditions on few choices each that say so together.
    clauses: Vec<Vec<Cond>>,
    paths: Vec<bool>,
    gates: HashMap<Gate, Cond>,
    tidied: HashMap<Cond, Cond>,
    /// Conditions on several decisions, by what is left where those on the first are settled.
    parts: HashMap<Cond, Parts>,
    /// By choices of one decision: what its domain says of them alone.
    projected: HashMap<Vec<u32>, Cond>,
}

impl Conditions {
    /// Nothing but the domains, yet; `limit` is the most diagram nodes to be made.
    pub fn new(decisions: &[Decision], limit: usize) -> Conditions {
        let choices = Choices::of(decisions);
        let diagram = Diagram::new(choices.sizes.clone(), limit);
        let mut conditions = Conditions {
            choices,
            diagram,
            domains: vec![Cond::TRUE; decisions.len()],
            clauses: vec![Vec::new(); decisions.len()],
            paths: decisions.iter().map(|d| matches!(d.domain, Domain::Path(_))).collect(),
            gates: HashMap::default(),
            tidied: HashMap::default(),
            parts: HashMap::default(),
            projected: HashMap::default(),
        };
        for (i, decision) in decisions.iter().enumerate() {
            conditions.constrain(DecisionId(i as u32), &decision.domain);
        }
        conditions
    }

    /// A store of a few conditions, and these there: what others needed on the way is left behind.
    pub fn only(&self, decisions: &[Decision], conds: &[Cond]) -> (Conditions, Vec<Cond>) {
        let mut few = Conditions::new(decisions, self.diagram.limit());
        let own = few.diagram.adopt(&self.diagram, conds);
        (few, own)
    }

    /// Gives a decision a domain with the same choices of which fewer combinations are values.
    /// Conditions that are at hand stay true of those.
    pub fn narrow(&mut self, of: DecisionId, domain: &Domain) {
        self.constrain(of, domain);
        self.tidied.clear();
        self.projected.clear();
    }

    /// Which combinations of a decision's choices are values.
    pub fn domain(&self, of: DecisionId) -> Cond {
        self.domains[of.index()]
    }

    /// The same as conditions on few choices each, which hold together.
    pub fn clauses(&self, of: DecisionId) -> &[Cond] {
        &self.clauses[of.index()]
    }

    /// Whether a decision is a path.
    pub fn is_path(&self, of: DecisionId) -> bool {
        self.paths[of.index()]
    }

    /// The decisions that some conditions read, in order.
    pub fn read(&self, conds: impl IntoIterator<Item = Cond>) -> Vec<DecisionId> {
        let mut read = vec![false; self.choices.decisions()];
        for cond in conds {
            for level in self.diagram.support(cond) {
                read[self.choices.owner(*level).index()] = true;
            }
        }
        (0..read.len() as u32).map(DecisionId).filter(|of| read[of.index()]).collect()
    }

    /// That a decision takes a value.
    pub fn equals(&mut self, of: DecisionId, value: &Value) -> Cond {
        let mut values = vec![0; self.choices.sizes.len()];
        self.choices.encode_one(of, value, &mut values);
        let levels = self.choices.levels(of).to_vec();
        levels.iter().rev().fold(Cond::TRUE, |acc, &level| {
            let here = self.diagram.is(Some(level), values[level as usize]);
            self.diagram.and(here, acc)
        })
    }

    fn constrain(&mut self, of: DecisionId, domain: &Domain) {
        let levels = self.choices.levels(of).to_vec();
        let clauses = match domain {
            Domain::One(labels) if labels.is_empty() => vec![Cond::FALSE],
            Domain::One(_) => Vec::new(),
            Domain::Picks(picks) => self.clauses_of_picks(&levels, picks),
            Domain::Path(lattice) => self.clauses_of_path(&levels, lattice),
        };
        let both = |all: Cond, clause: &Cond| self.diagram.and(all, *clause);
        self.domains[of.index()] = clauses.iter().fold(Cond::TRUE, both);
        self.clauses[of.index()] = clauses;
    }

    fn clauses_of_path(&mut self, levels: &[u32], lattice: &Lattice) -> Vec<Cond> {
        let last = *levels.last().unwrap_or(&levels[0]);
        let first = self.diagram.among(levels[0], |v| lattice.first.contains(&(v as u8)));
        let exit = self.diagram.among(last, |v| lattice.exits.contains(&(v as u8)));
        let moves = levels.windows(2).rev().map(|two| {
            let move_ok = |a, b| lattice.allows(a as u8, b as u8);
            self.diagram.pairs(two[0], two[1], move_ok)
        });
        let mut clauses: Vec<Cond> = moves.collect();
        clauses.splice(0..0, [first, exit]);
        clauses
    }

    fn clauses_of_picks(&mut self, levels: &[u32], picks: &Picks) -> Vec<Cond> {
        let options = picks.options();
        let of = |v: u32| options[v as usize].candidate;
        let mut clauses = Vec::new();
        if options.is_empty() && picks.k > 0 {
            clauses.push(Cond::FALSE);
        }
        for (i, &a) in levels.iter().enumerate() {
            for (j, &b) in levels.iter().enumerate().skip(i + 1) {
                clauses.push(match (picks.ordered, picks.repeats) {
                    (true, true) => Cond::TRUE,
                    (true, false) => self.diagram.pairs(a, b, |x, y| of(x) != of(y)),
                    // Sorted neighbours are enough where the order does not count.
                    (false, _) if j > i + 1 => Cond::TRUE,
                    (false, true) => self.diagram.pairs(a, b, |x, y| x <= y),
                    (false, false) => self.diagram.pairs(a, b, |x, y| of(x) < of(y)),
                });
            }
        }
        clauses
    }

    /// The condition that a gate is on (its weight is not 0).
    pub fn gate(&mut self, gate: Gate) -> Cond {
        if let Some(known) = self.gates.get(&gate) {
            return *known;
        }
        let cond = self.build_gate(gate);
        let cond = self.tidy(cond);
        self.gates.insert(gate, cond);
        cond
    }

    /// The condition that one of some gates is on, tidied. Those that are about the same choices are
    /// put together by value, and not gate by gate.
    pub fn some(&mut self, gates: impl IntoIterator<Item = Gate>) -> Cond {
        let mut by_choice: IndexMap<(DecisionId, Option<u32>), Vec<u32>> = IndexMap::default();
        let mut others: SmallVec<[Cond; 8]> = SmallVec::new();
        for gate in gates {
            let choice = match gate {
                Gate::Alt { of, alt } => Some(((of, Some(0)), Some(alt))),
                Gate::Pick { of, pick } => Some(((of, None), self.choices.option(of, pick))),
                Gate::Slot { of, slot, pick } => {
                    Some(((of, Some(slot)), self.choices.option(of, pick)))
                }
                _ => None,
            };
            match choice {
                Some((choice, value)) => by_choice.entry(choice).or_default().extend(value),
                None => others.push(self.gate(gate)),
            }
        }
        for ((of, slot), mut values) in by_choice {
            values.sort_unstable();
            let levels = self.choices.levels(of);
            let levels = match slot {
                Some(slot) => levels.get(slot as usize).copied().into_iter().collect(),
                None => levels.to_vec(),
            };
            let some = levels.into_iter().rev().fold(Cond::FALSE, |some, level| {
                let here = self.diagram.among(level, |v| values.binary_search(&v).is_ok());
                self.diagram.or(here, some)
            });
            others.push(some);
        }
        let some = self.diagram.any(others);
        self.tidy(some)
    }

    fn build_gate(&mut self, gate: Gate) -> Cond {
        let levels = self.choices.levels(gate.decision()).to_vec();
        let d = &mut self.diagram;
        let at = |i: usize| levels.get(i).copied();
        match gate {
            Gate::Alt { alt, .. } => d.is(at(0), alt),
            Gate::Pick { of, pick } => {
                let value = self.choices.option(of, pick);
                levels.iter().fold(Cond::FALSE, |acc, &level| {
                    let here = value.map_or(Cond::FALSE, |v| d.is(Some(level), v));
                    d.or(acc, here)
                })
            }
            Gate::Slot { of, slot, pick } => match self.choices.option(of, pick) {
                Some(value) => d.is(at(slot as usize), value),
                None => Cond::FALSE,
            },
            Gate::Taken { of, candidate } => {
                let options = self.choices.options(of, candidate);
                levels.iter().fold(Cond::FALSE, |acc, &level| {
                    let here = d.among(level, |v| options.contains(&v));
                    d.or(acc, here)
                })
            }
            Gate::Spared { of, candidate } => {
                let options = self.choices.options(of, candidate);
                levels.iter().rev().fold(Cond::TRUE, |acc, &level| {
                    let here = d.among(level, |v| !options.contains(&v));
                    d.and(here, acc)
                })
            }
            Gate::Arrow { layer, from, to, .. } => {
                let to = d.is(at(layer as usize), u32::from(to));
                let from = match (layer.checked_sub(1), from) {
                    (None, None) => Cond::TRUE,
                    (Some(before), Some(from)) => d.is(at(before as usize), u32::from(from)),
                    _ => Cond::FALSE,
                };
                d.and(from, to)
            }
            Gate::Visit { layer, at: scale, .. } => d.is(at(layer as usize), u32::from(scale)),
            Gate::Exit { at: scale, .. } => d.is(levels.last().copied(), u32::from(scale)),
            Gate::Last { layer, at: scale, .. } => {
                let mut all = d.is(at(layer as usize), u32::from(scale));
                for &later in levels.iter().skip(layer as usize + 1).rev() {
                    let other = d.among(later, |v| v != u32::from(scale));
                    all = d.and(all, other);
                }
                all
            }
        }
    }

    /// Both, tidied where that may help: a condition on a decision whose choices are free of one
    /// another says nothing of the rest.
    pub fn both(&mut self, f: Cond, g: Cond) -> Cond {
        let both = self.diagram.and(f, g);
        if both == f || both == g || self.is_free(g) {
            return both;
        }
        self.tidy(both)
    }

    /// One or both, tidied.
    pub fn either(&mut self, f: Cond, g: Cond) -> Cond {
        let either = self.diagram.or(f, g);
        if either == f || either == g {
            return either;
        }
        self.tidy(either)
    }

    /// Whether a condition begins at a decision whose domain forbids no combination; those come
    /// last in the order, so that it reads no other.
    fn is_free(&self, f: Cond) -> bool {
        f.is_constant() || {
            let owner = self.choices.owner(self.diagram.level(f));
            !self.is_path(owner) && self.domain(owner) == Cond::TRUE
        }
    }

    /// Whether a condition holds for every value.
    pub fn always(&mut self, cond: Cond) -> bool {
        self.tidy(cond) == Cond::TRUE
    }
}

#[cfg(test)]
mod tests;
