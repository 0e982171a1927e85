//! Members spelt out by numbers that nodes have from their inputs up.
//!
//! A node's number stands for its label and its inputs' numbers, in all members of one space. Where
//! no two nodes of a member have the same, its numbers say all of it: two such members are equal
//! exactly if they have the same numbers, and the same of them share weights.

use super::skeleton::{Label, Parts, closed, is_ordered};
use crate::ir::graph::{DecisionGraph, Node, NodeId};
use crate::ir::member::Plan;
use indexmap::IndexSet;
use rustc_hash::FxHashMap;

/// Numbers of nodes, and what is needed to give them.
pub(super) struct Numbers {
    /// By node of the open graph: its label's number, and whether the order of inputs counts.
    labels: Vec<(u32, bool)>,
    /// By set of weights: whether more than one node has it.
    shared: Vec<bool>,
    /// Labels and inputs that have a number.
    known: FxHashMap<Box<[u32]>, u32>,
    /// By node of the open graph: its number in the member that was looked at last.
    of: Vec<u32>,
}

impl Numbers {
    /// No numbers yet.
    pub(super) fn of(graph: &DecisionGraph, labels: &[Label]) -> Numbers {
        let mut known = IndexSet::new();
        let number = |(label, (_, node)): (_, (_, &Node))| {
            let ordered = is_ordered(closed(node.kernel), Parts::InAnyOrder);
            (known.insert_full(label).0 as u32, ordered)
        };
        let mut users = vec![0; graph.weights.len()];
        for weights in graph.nodes().filter_map(|(_, node)| node.weights) {
            users[weights.0 as usize] += 1;
        }
        Numbers {
            labels: labels.iter().zip(graph.nodes()).map(number).collect(),
            shared: users.into_iter().map(|users: u32| users > 1).collect(),
            known: FxHashMap::default(),
            of: vec![0; labels.len()],
        }
    }

    /// A member spelt out; nothing where two of its nodes have one number.
    pub(super) fn spell(&mut self, graph: &DecisionGraph, plan: &Plan) -> Option<Vec<u8>> {
        let (mut all, mut ties, mut words) = (Vec::new(), Vec::new(), Vec::new());
        let yielded: Vec<Option<u32>> =
            graph.outputs.iter().map(|o| plan.at(o.node.index() as u32)).collect();
        for (node, inputs) in plan.nodes() {
            let (label, ordered) = self.labels[node as usize];
            words.clear();
            words.push(label);
            words.extend(inputs.iter().map(|input| self.of[*input as usize]));
            if !ordered {
                words[1..].sort_unstable();
            }
            // Which outputs it is, counted down so that no input has such a number.
            let yields = (0..).zip(&yielded).filter(|(_, at)| **at == Some(node));
            words.extend(yields.map(|(output, _): (u32, _)| u32::MAX - output));
            let number = self.number(&words);
            self.of[node as usize] = number;
            all.push(number);
            let weights = graph.graph[NodeId::new(node as usize)].weights;
            ties.extend(weights.filter(|w| self.shared[w.0 as usize]).map(|w| (w.0, number)));
        }
        all.sort_unstable();
        if all.windows(2).any(|two| two[0] == two[1]) {
            return None;
        }
        ties.sort_unstable();
        let groups = ties.chunk_by(|a, b| a.0 == b.0).filter(|tie| tie.len() > 1);
        let mut groups: Vec<Vec<u32>> =
            groups.map(|tie| tie.iter().map(|(_, number)| *number).collect()).collect();
        groups.sort_unstable();
        let mut spelt = Vec::with_capacity(4 * (all.len() + 1));
        for group in std::iter::once(&all).chain(&groups) {
            spelt.extend_from_slice(&(group.len() as u32).to_le_bytes());
            group.iter().for_each(|number| spelt.extend_from_slice(&number.to_le_bytes()));
        }
        Some(spelt)
    }

    fn number(&mut self, words: &[u32]) -> u32 {
        if let Some(known) = self.known.get(words) {
            return *known;
        }
        let next = self.known.len() as u32;
        self.known.insert(words.into(), next);
        next
    }
}
