//! A graph stripped to what isomorphism looks at.

use super::colours::Colours;
use crate::ir::graph::{DecisionGraph, Node};
use crate::ir::kernel::Kernel;
use std::hash::{Hash, Hasher};

/// What the order of concatenated parts means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parts {
    /// Nothing: the weights of what reads them can be rearranged.
    InAnyOrder,
    /// Which weights they meet.
    InOrder,
}

/// Labels, edges and ties.
pub(super) struct Skeleton {
    /// By node: the label spelt out, and where it ends; one after another.
    labels: Vec<u8>,
    ends: Vec<u32>,
    /// By node: its label as a number.
    pub(super) hashes: Vec<u64>,
    /// By node: whether the order of inputs counts.
    pub(super) ordered: Vec<bool>,
    /// By node: its inputs, in port order.
    pub(super) inputs: Vec<Vec<u32>>,
    /// By node: who reads it, and as which input (0 where order does not count).
    pub(super) readers: Vec<Vec<(u32, u32)>>,
    /// Nodes that share weights: groups of at least two.
    pub(super) ties: Vec<Vec<u32>>,
}

/// A hasher that keeps what it is given: derived `Hash` then spells a value out.
#[derive(Default)]
struct Spell(Vec<u8>);

impl Hasher for Spell {
    fn finish(&self) -> u64 {
        fold(&self.0)
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
}

/// FNV-1a, with a last mix.
fn fold(bytes: &[u8]) -> u64 {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325, |acc: u64, byte| {
        (acc ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    mix(hash)
}

/// A permutation of the 64-bit words that scatters neighbours (splitmix64's).
pub(super) fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Two words to one; the order counts.
pub(super) fn join(a: u64, b: u64) -> u64 {
    mix(a.rotate_left(23) ^ mix(b).wrapping_add(0x9e37_79b9_7f4a_7c15))
}

/// A node's own label, as a number.
pub(crate) fn label_hash(node: &Node) -> u64 {
    let mut spell = Spell::default();
    (node.kernel, node.ty).hash(&mut spell);
    spell.finish()
}

impl Skeleton {
    pub(super) fn of(graph: &DecisionGraph, parts: Parts) -> Skeleton {
        let count = graph.graph.node_count();
        let mut skeleton = Skeleton {
            labels: Vec::new(),
            ends: Vec::with_capacity(count),
            hashes: Vec::with_capacity(count),
            ordered: Vec::with_capacity(count),
            inputs: Vec::with_capacity(count),
            readers: vec![Vec::new(); count],
            ties: ties(graph),
        };
        for (id, node) in graph.nodes() {
            let outputs = graph.outputs.iter().filter(|o| o.node == id);
            let names: Vec<(&str, bool)> = outputs.map(|o| (o.name.as_str(), o.aux)).collect();
            let mut spell = Spell::default();
            (node.kernel, node.ty, node.keep, names).hash(&mut spell);
            skeleton.hashes.push(spell.finish());
            skeleton.labels.append(&mut spell.0);
            skeleton.ends.push(skeleton.labels.len() as u32);
            let joins = node.kernel == Kernel::Concat && parts == Parts::InAnyOrder;
            let ordered = !node.kernel.commutes() && !joins;
            skeleton.ordered.push(ordered);
            let inputs: Vec<u32> =
                graph.inputs(id).iter().map(|(src, _)| src.index() as u32).collect();
            for (port, &src) in inputs.iter().enumerate() {
                let port = if ordered { port as u32 } else { 0 };
                skeleton.readers[src as usize].push((id.index() as u32, port));
            }
            skeleton.inputs.push(inputs);
        }
        skeleton
    }

    fn label(&self, node: usize) -> &[u8] {
        let start = node.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.labels[start as usize..self.ends[node] as usize]
    }

    /// The graph spelt out in the order of its nodes' colours, which are all different; and where
    /// the marked nodes came to lie.
    pub(super) fn encode(&self, colours: &Colours) -> Vec<u8> {
        let order = colours.order();
        let mut place = vec![0u32; order.len()];
        order.iter().zip(0..).for_each(|(node, at)| place[*node as usize] = at);
        let mut out = Vec::with_capacity(self.labels.len() + 16 * order.len());
        let word = |out: &mut Vec<u8>, n: u32| out.extend_from_slice(&n.to_le_bytes());
        for &node in &order {
            let node = node as usize;
            let label = self.label(node);
            word(&mut out, label.len() as u32);
            out.extend_from_slice(label);
            let mut inputs: Vec<u32> =
                self.inputs[node].iter().map(|src| place[*src as usize]).collect();
            if !self.ordered[node] {
                inputs.sort_unstable();
            }
            word(&mut out, inputs.len() as u32);
            inputs.into_iter().for_each(|at| word(&mut out, at));
        }
        let mut ties: Vec<Vec<u32>> = self.ties.iter().map(|t| placed(t, &place)).collect();
        ties.sort_unstable();
        for tie in ties.into_iter().chain([placed(colours.marked(), &place)]) {
            word(&mut out, tie.len() as u32);
            tie.into_iter().for_each(|at| word(&mut out, at));
        }
        out
    }
}

fn placed(nodes: &[u32], place: &[u32]) -> Vec<u32> {
    let mut placed: Vec<u32> = nodes.iter().map(|n| place[*n as usize]).collect();
    placed.sort_unstable();
    placed
}

fn ties(graph: &DecisionGraph) -> Vec<Vec<u32>> {
    let mut by_weights = vec![Vec::new(); graph.weights.len()];
    for (id, node) in graph.nodes() {
        if let Some(weights) = node.weights {
            by_weights[weights.0 as usize].push(id.index() as u32);
        }
    }
    by_weights.retain(|nodes| nodes.len() > 1);
    by_weights
}
