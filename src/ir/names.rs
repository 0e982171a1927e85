//! Names of weights as state dicts have them: by what the author named.
//!
//! What stands in a statement with a name, such as `node conv1 = …`, has that name; what has none is
//! counted from 0 among what is applied beside it, kernels without weights included, as
//! `torch.nn.Sequential` does. The only part of a named part needs no number: its name is that of
//! the part around it. So `node layer1[0] = x > basic(64)` holds `layer1.0.conv1`, and
//! `node conv1 = x > conv(3, 64) > bn` holds `conv1.0` and `conv1.1`.

use super::graph::{DecisionGraph, ScopeId, WeightId, WeightSet};
use std::collections::BTreeSet;

/// The label of a statement whose result has no name: it leaves no trace.
const UNNAMED: &str = "out";

impl DecisionGraph {
    /// The name of every weight set in a state dict, in the order of [`DecisionGraph::weights`]. Its
    /// tensors' names have a [role's](super::kernel::Role::name) word behind it.
    pub fn state_names(&self) -> Vec<String> {
        let mut children: Vec<BTreeSet<Child>> = vec![BTreeSet::new(); self.scopes.len()];
        for (id, set) in self.weights.iter().enumerate() {
            let mut child = Child::Weights(WeightId(id as u32));
            let mut scope = self.named(set.scope);
            while children[scope.0 as usize].insert(child) && scope.0 != 0 {
                child = Child::Scope(scope);
                scope = self.named(self.scopes[scope.0 as usize].parent);
            }
        }
        let is_alone = |scope: ScopeId| children[scope.0 as usize].len() == 1;
        let word = |name: &str, turn: Option<u32>, parent: ScopeId| match turn {
            None => Some(name.to_owned()),
            Some(_) if is_alone(parent) => None,
            Some(turn) => Some(turn.to_string()),
        };
        let name = |set: &WeightSet| {
            let mut scope = self.named(set.scope);
            let mut words = vec![word(&self.words[set.name], set.turn, scope)];
            while scope.0 != 0 {
                let here = &self.scopes[scope.0 as usize];
                let parent = self.named(here.parent);
                words.push(word(self.word(scope), here.turn, parent));
                scope = parent;
            }
            let words: Vec<String> = words.into_iter().rev().flatten().collect();
            if words.is_empty() { self.words[set.name].to_owned() } else { words.join(".") }
        };
        self.weights.iter().map(name).collect()
    }

    /// A scope, or the nearest around it that leaves a trace.
    fn named(&self, mut scope: ScopeId) -> ScopeId {
        while scope.0 != 0 && self.word(scope) == UNNAMED {
            scope = self.scopes[scope.0 as usize].parent;
        }
        scope
    }
}

/// What a scope holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Child {
    Weights(WeightId),
    Scope(ScopeId),
}
