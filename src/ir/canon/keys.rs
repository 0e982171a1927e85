//! Canonical keys of many members of one space, without building them.

use super::colours::Colours;
use super::least;
use super::numbers::Numbers;
use super::skeleton::{Label, Skeleton};
use crate::ir::decision::Binding;
use crate::ir::graph::DecisionGraph;
use crate::ir::member::{Plan, Wiring};
use sha2::{Digest, Sha256};

/// An open graph laid out for its members' keys.
pub(crate) struct Keys<'a> {
    graph: &'a DecisionGraph,
    wiring: Wiring,
    labels: Vec<Label>,
    numbers: Numbers,
    seen: Vec<bool>,
}

impl<'a> Keys<'a> {
    /// Lays out a graph.
    pub(crate) fn of(graph: &'a DecisionGraph) -> Keys<'a> {
        let labels: Vec<Label> = graph.nodes().map(|(_, node)| Label::closed(&node)).collect();
        let numbers = Numbers::of(graph, &labels);
        Keys { graph, wiring: Wiring::of(graph), labels, numbers, seen: Vec::new() }
    }

    /// The [`canonical_key`](super::canonical_key) of a member.
    #[cfg(test)]
    pub(crate) fn key(&mut self, binding: &Binding) -> [u8; 32] {
        let plan = self.plan(binding);
        self.canonical(&plan)
    }

    /// A key that equal networks have in common and others have not, among those that these keys
    /// are asked of: most are numbered upwards, and need no canonical form.
    pub(crate) fn own(&mut self, binding: &Binding) -> [u8; 32] {
        let plan = self.plan(binding);
        match self.numbers.spell(self.graph, &plan) {
            Some(spelt) => Sha256::digest(spelt).into(),
            None => self.canonical(&plan),
        }
    }

    /// What a member looks like: the same for equal networks, and rarely for others. Unlike the key
    /// it takes no longer where much looks alike.
    pub(crate) fn look(&mut self, binding: &Binding) -> [u8; 32] {
        let plan = self.plan(binding);
        let skeleton = Skeleton::planned(self.graph, &plan, &self.labels);
        let colours: Vec<u8> =
            Colours::of(&skeleton).sorted().into_iter().flat_map(u64::to_le_bytes).collect();
        Sha256::digest(colours).into()
    }

    fn plan(&mut self, binding: &Binding) -> Plan {
        let weights = self.graph.leaf_weights(binding);
        Plan::of(self.graph, &self.wiring, &weights, &mut self.seen)
    }

    fn canonical(&self, plan: &Plan) -> [u8; 32] {
        let skeleton = Skeleton::planned(self.graph, plan, &self.labels);
        let colours = Colours::of(&skeleton);
        Sha256::digest(least(&skeleton, colours)).into()
    }
}
