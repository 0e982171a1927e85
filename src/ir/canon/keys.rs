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

impl<'a> Keys<'a> {
    /// Lays out a graph.
    pub(crate) fn of(graph: &'a DecisionGraph) -> Keys<'a> {
        let labels = graph.nodes().map(|(_, node)| Label::closed(node)).collect();
        Keys { graph, wiring: Wiring::of(graph), labels, seen: Vec::new() }
    }

    /// The [`canonical_key`](super::canonical_key) of a member.
    pub(crate) fn key(&mut self, binding: &Binding) -> [u8; 32] {
        let skeleton = self.skeleton(binding);
        let colours = Colours::of(&skeleton);
        Sha256::digest(least(&skeleton, colours)).into()
    }

    /// What a member looks like: the same for equal networks, and rarely for others. Unlike the key
    /// it takes no longer where much looks alike.
    pub(crate) fn look(&mut self, binding: &Binding) -> [u8; 32] {
        let skeleton = self.skeleton(binding);
        let colours: Vec<u8> =
            Colours::of(&skeleton).sorted().into_iter().flat_map(u64::to_le_bytes).collect();
        Sha256::digest(colours).into()
    }

    fn skeleton(&mut self, binding: &Binding) -> Skeleton {
        let weights = self.graph.leaf_weights(binding);
        let plan = Plan::of(self.graph, &self.wiring, &weights, &mut self.seen);
        Skeleton::planned(self.graph, &plan, &self.labels)
    }
}
