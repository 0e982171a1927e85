//! A recurrent controller as plain data: which choices it makes in which order, and what it is made
//! of. A binding is a list of integers to it.

use crate::ir::decision::{Binding, Decision, DecisionId, Domain, Pick, Value};
use serde::{Deserialize, Serialize};

/// What a step chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An operator.
    Operators,
    /// One of the maps that can be picked.
    Inputs,
    /// One of labelled alternatives, or the scale of a layer.
    Alternatives,
}

/// One elementary choice of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The decision.
    pub of: DecisionId,
    /// What is chosen.
    pub kind: Kind,
    /// Which of the decision's choices of this kind: the slot of a pick, the layer of a path.
    pub slot: u32,
    /// Among how many.
    pub among: u32,
    /// The head that gives the logits.
    pub head: u32,
}

/// What a step reads beside the state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feed {
    /// The embedding of what the step before chose.
    #[default]
    Choice,
    /// The output of the step before; what was chosen is not told.
    Output,
}

/// A controller of a network's decisions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControllerPlan {
    /// The network.
    pub net: String,
    /// Its steps, in order, without those of the warm-up.
    pub steps: Vec<Step>,
    /// Steps before the first that chooses.
    pub warm_up: u32,
    /// Layers of long short-term memory.
    pub layers: u32,
    /// Width of each, and of what they read.
    pub hidden: u32,
    /// What a step reads.
    pub feed: Feed,
    /// Kinds with a table of embeddings that all their steps share, besides those that are read.
    pub embeddings: Vec<Kind>,
}

impl ControllerPlan {
    /// Trainable parameters, with PyTorch's two biases for each gate and a learned first input: per
    /// layer `4 h (h + h + 2)`, per head `(h + 1) n`, per embedding `n h`.
    pub fn params(&self) -> u64 {
        let h = u64::from(self.hidden);
        let cells = u64::from(self.layers) * 4 * h * (2 * h + 2);
        let among = |step: &Step| u64::from(step.among);
        let heads = self.firsts(|step| step.head).map(|step| (h + 1) * among(step)).sum::<u64>();
        let read = match self.feed {
            Feed::Choice => self.firsts(|step| step.head).map(among).sum::<u64>(),
            Feed::Output => 0,
        };
        let kinds = self.embeddings.iter();
        let largest = |kind: &Kind| {
            let own = self.steps.iter().filter(|step| step.kind == *kind);
            own.map(among).max().unwrap_or(0)
        };
        let tables = kinds.map(largest).sum::<u64>();
        h + cells + heads + (read + tables) * h
    }

    /// The first step of each group.
    fn firsts<K: PartialEq>(&self, key: impl Fn(&Step) -> K) -> impl Iterator<Item = &Step> {
        let new = move |(at, step): &(usize, &Step)| {
            self.steps[..*at].iter().all(|earlier| key(earlier) != key(step))
        };
        self.steps.iter().enumerate().filter(new).map(|(_, step)| step)
    }

    /// A member as the list of what the steps choose.
    pub fn integers(&self, binding: &Binding) -> Option<Vec<u32>> {
        let chosen = |step: &Step| match (binding.get(step.of)?, step.kind) {
            (Value::One(alt), _) => Some(*alt),
            (Value::Picks(picks), kind) => {
                let pick = picks.get(step.slot as usize)?;
                let chosen = if kind == Kind::Inputs { pick.candidate } else { pick.op };
                Some(u32::from(chosen))
            }
            (Value::Path(scales), _) => scales.get(step.slot as usize).copied().map(u32::from),
        };
        self.steps.iter().map(chosen).collect()
    }

    /// The member that a list of choices means; nothing where it means none.
    pub fn binding(&self, decisions: &[Decision], integers: &[u32]) -> Option<Binding> {
        if integers.len() != self.steps.len() {
            return None;
        }
        let empty = |decision: &Decision| match &decision.domain {
            Domain::One(_) => Value::One(0),
            Domain::Picks(p) => Value::Picks(vec![Pick { candidate: 0, op: 0 }; p.k as usize]),
            Domain::Path(lattice) => Value::Path(vec![0; lattice.layers as usize]),
        };
        let mut values: Vec<Value> = decisions.iter().map(empty).collect();
        for (step, &chosen) in self.steps.iter().zip(integers) {
            match values.get_mut(step.of.index())? {
                Value::One(alt) => *alt = chosen,
                Value::Picks(picks) => {
                    let pick = picks.get_mut(step.slot as usize)?;
                    let chosen = u16::try_from(chosen).ok()?;
                    match step.kind {
                        Kind::Inputs => pick.candidate = chosen,
                        _ => pick.op = chosen,
                    }
                }
                Value::Path(scales) => {
                    *scales.get_mut(step.slot as usize)? = u8::try_from(chosen).ok()?;
                }
            }
        }
        for (decision, value) in decisions.iter().zip(&mut values) {
            if let (Domain::Picks(picks), Value::Picks(chosen)) = (&decision.domain, &mut *value)
                && !picks.ordered
            {
                chosen.sort_unstable();
            }
            decision.domain.rank(value)?;
        }
        Some(Binding(values))
    }
}
