//! Canonical keys of many members of one space, without building them.

use super::colours::Colours;
use super::least;
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
    seen: Vec<bool>,
}

impl Keys<'_> {
    /// Lays out a graph.
    pub(crate) fn of(graph: &DecisionGraph) -> Keys<'_> {
        let labels = graph.nodes().map(|(_, node)| Label::closed(node)).collect();
        Keys { graph, wiring: Wiring::of(graph), labels, seen: Vec::new() }
    }

    /// The [`canonical_key`](super::canonical_key) of a member.
    pub(crate) fn key(&mut self, binding: &Binding) -> [u8; 32] {
        let weights = self.graph.leaf_weights(binding);
        let plan = Plan::of(self.graph, &self.wiring, &weights, &mut self.seen);
        let skeleton = Skeleton::planned(self.graph, &plan, &self.labels);
        let colours = Colours::of(&skeleton);
        Sha256::digest(least(&skeleton, colours)).into()
    }
}
