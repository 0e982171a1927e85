//! Members spelt out by numbers that nodes have from their inputs up.
//!
//! A node's number stands for its label and its inputs' numbers, in all members of one space. Where
//! a number is one node's, or that of nodes each of which is read but once, it does not matter which
//! of them is read where, and the numbers say all of a member: two such members are equal exactly if
//! they have the same numbers as often, and the same of them share weights.

use super::skeleton::{Label, Parts, closed, is_ordered};
use crate::ir::graph::{DecisionGraph, Node, NodeId};
use crate::ir::member::Plan;
use crate::maps::{HashMap, IndexSet};

/// Numbers of nodes, and what is needed to give them.
pub(super) struct Numbers {
    /// By node of the open graph: its label's number, and whether the order of inputs counts.
    labels: Vec<(u32, bool)>,
    /// By set of weights: whether more than one node has it.
    shared: Vec<bool>,
    /// Labels and inputs that have a number.
    known: HashMap<Box<[u32]>, u32>,
    /// By node of the open graph: its number in the member that was looked at last, and how often it
    /// is read there.
    of: Vec<u32>,
    reads: Vec<u32>,
}

impl Numbers {
    /// No numbers yet.
    pub(super) fn of(graph: &DecisionGraph, labels: &[Label]) -> Numbers {
        let mut known = IndexSet::default();
        let number = |(label, (_, node)): (_, (_, Node<'_>))| {
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
            known: HashMap::default(),
            of: vec![0; labels.len()],
            reads: vec![0; labels.len()],
        }
    }

    /// A member spelt out; nothing where its numbers leave something open.
    pub(super) fn spell(&mut self, graph: &DecisionGraph, plan: &Plan) -> Option<Vec<u8>> {
        let (mut all, mut ties, mut words) = (Vec::new(), Vec::new(), Vec::new());
        let yielded: Vec<Option<u32>> =
            graph.outputs.iter().map(|o| plan.at(o.node.index() as u32)).collect();
        for (node, inputs) in plan.nodes() {
            let (label, ordered) = self.labels[node as usize];
            words.clear();
            words.push(label);
            if graph.node(NodeId::new(node as usize)).ty.slice.is_some() {
                // The label has the widest only; what reads it has this by its number.
                words.push(plan.narrowed(graph, NodeId::new(node as usize)).1.width);
            }
            let own = words.len();
            words.extend(inputs.iter().map(|input| self.of[*input as usize]));
            if !ordered {
                words[own..].sort_unstable();
            }
            // Which outputs it is, counted down so that no input has such a number.
            let yields = (0..).zip(&yielded).filter(|(_, at)| **at == Some(node));
            words.extend(yields.map(|(output, _): (u32, _)| u32::MAX - output));
            let number = self.number(&words);
            self.of[node as usize] = number;
            self.reads[node as usize] = 0;
            inputs.iter().for_each(|input| self.reads[*input as usize] += 1);
            all.push((number, node));
            let weights = graph.graph[NodeId::new(node as usize)].weights;
            ties.extend(weights.filter(|w| self.shared[w.0 as usize]).map(|w| (w.0, number, node)));
        }
        ties.sort_unstable();
        let ties = ties.chunk_by(|a, b| a.0 == b.0).filter(|tie| tie.len() > 1);
        let mut groups: Vec<Vec<u32>> = Vec::new();
        // What yields an output or shares weights is told from others that look like it.
        yielded.iter().flatten().for_each(|node| self.reads[*node as usize] += 2);
        for tie in ties {
            tie.iter().for_each(|(_, _, node)| self.reads[*node as usize] += 2);
            groups.push(tie.iter().map(|(_, number, _)| *number).collect());
        }
        groups.sort_unstable();
        all.sort_unstable();
        let once = |node: u32| self.reads[node as usize] == 1;
        let clear = |two: &[(u32, u32)]| two[0].0 != two[1].0 || once(two[0].1) && once(two[1].1);
        if !all.windows(2).all(clear) {
            return None;
        }
        let all: Vec<u32> = all.into_iter().map(|(number, _)| number).collect();
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
