//! Elementary choices: the slots of picks, the layers of paths, and decisions that are one choice.

use crate::ir::decision::{Binding, Decision, DecisionId, Domain, Pick, Value};
use std::ops::Range;

/// The elementary choices of a space. A choice's level is its place in the diagrams' order.
#[derive(Clone, Debug)]
pub struct Choices {
    /// How many values each level has.
    pub sizes: Vec<u32>,
    owners: Vec<DecisionId>,
    /// By decision.
    levels: Vec<Vec<u32>>,
    /// By decision that picks: what it can pick, in textual order, and where a candidate begins.
    options: Vec<(Vec<Pick>, Vec<u32>)>,
}

impl Choices {
    /// Paths first, all their first layers, then all their second ones, and so on; then the other
    /// decisions in order. What depends on paths most often depends on one layer of each.
    pub fn of(decisions: &[Decision]) -> Choices {
        let mut places: Vec<(usize, usize, usize, u32)> = Vec::new();
        for (d, decision) in decisions.iter().enumerate() {
            match &decision.domain {
                Domain::One(labels) => places.push((usize::MAX, d, 0, labels.len() as u32)),
                Domain::Picks(picks) => {
                    let size = picks.options().len() as u32;
                    places.extend((0..picks.k as usize).map(|slot| (usize::MAX, d, slot, size)));
                }
                Domain::Path(lattice) => {
                    let size = lattice.scales.len() as u32;
                    places.extend((0..lattice.layers as usize).map(|l| (l, d, l, size)));
                }
            }
        }
        places.sort_unstable();
        let mut choices = Choices {
            sizes: places.iter().map(|p| p.3).collect(),
            owners: places.iter().map(|p| DecisionId(p.1 as u32)).collect(),
            levels: vec![Vec::new(); decisions.len()],
            options: decisions.iter().map(options).collect(),
        };
        for (level, place) in places.iter().enumerate() {
            choices.levels[place.1].push(level as u32);
        }
        choices
    }

    /// The levels of a decision: slot by slot, or layer by layer.
    pub fn levels(&self, of: DecisionId) -> &[u32] {
        &self.levels[of.index()]
    }

    /// The decision of a level.
    pub fn owner(&self, level: u32) -> DecisionId {
        self.owners[level as usize]
    }

    /// The decisions of some levels, each once, in order.
    pub fn decisions_of(&self, levels: &[u32]) -> Vec<DecisionId> {
        let mut all: Vec<DecisionId> = levels.iter().map(|l| self.owner(*l)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The value, as a choice, of one pick.
    pub fn option(&self, of: DecisionId, pick: Pick) -> Option<u32> {
        let (options, starts) = &self.options[of.index()];
        let at = starts.get(pick.candidate as usize)? + u32::from(pick.op);
        (options.get(at as usize) == Some(&pick)).then_some(at)
    }

    /// The values, as choices, of the picks of one candidate.
    pub fn options(&self, of: DecisionId, candidate: u16) -> Range<u32> {
        let (options, starts) = &self.options[of.index()];
        let start = |c: u16| starts.get(c as usize).copied().unwrap_or(options.len() as u32);
        start(candidate)..start(candidate.saturating_add(1))
    }

    /// A binding as the value of every level.
    pub fn encode(&self, binding: &Binding, out: &mut Vec<u32>) {
        out.clear();
        out.resize(self.sizes.len(), 0);
        for (d, value) in binding.0.iter().enumerate() {
            self.encode_one(DecisionId(d as u32), value, out);
        }
    }

    /// One decision's value, into the values of all levels.
    pub fn encode_one(&self, of: DecisionId, value: &Value, out: &mut [u32]) {
        let levels = self.levels(of).iter().map(|l| *l as usize);
        match value {
            Value::One(alt) => levels.for_each(|l| out[l] = *alt),
            Value::Picks(picks) => {
                levels.zip(picks).for_each(|(l, p)| out[l] = self.option(of, *p).unwrap_or(0));
            }
            Value::Path(steps) => levels.zip(steps).for_each(|(l, s)| out[l] = u32::from(*s)),
        }
    }

    /// How many decisions there are.
    pub fn decisions(&self) -> usize {
        self.levels.len()
    }

    /// The value of a decision, of the values of all levels.
    pub fn decode(&self, of: DecisionId, domain: &Domain, levels: &[u32]) -> Value {
        let mut own = self.levels(of).iter().map(|l| levels[*l as usize]);
        match domain {
            Domain::One(_) => Value::One(own.next().unwrap_or(0)),
            Domain::Picks(_) => {
                let options = &self.options[of.index()].0;
                Value::Picks(own.filter_map(|v| options.get(v as usize).copied()).collect())
            }
            Domain::Path(_) => Value::Path(own.map(|v| v as u8).collect()),
        }
    }
}

fn options(decision: &Decision) -> (Vec<Pick>, Vec<u32>) {
    let Domain::Picks(picks) = &decision.domain else { return Default::default() };
    let all = picks.options();
    let start = |c: usize| all.partition_point(|p| (p.candidate as usize) < c) as u32;
    let starts = (0..picks.candidates.len()).map(start).collect();
    (all, starts)
}
