//! A graph stripped to what isomorphism looks at.

use super::colours::Colours;
use crate::ir::graph::{DecisionGraph, Form, NodeId, Output, WeightId};
use crate::ir::kernel::Kernel;
use crate::ir::member::Plan;
use crate::ir::shape::MapType;
use smallvec::SmallVec;
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
    pub(super) inputs: Vec<SmallVec<[u32; 4]>>,
    /// By node: who reads it, and as which input (0 where order does not count).
    pub(super) readers: Vec<SmallVec<[(u32, u32); 2]>>,
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

/// The own label of nodes of a form, as a number.
pub(crate) fn label_hash(form: &Form) -> u64 {
    let mut spell = Spell::default();
    (form.kernel, form.ty).hash(&mut spell);
    spell.finish()
}

/// A node's label with what the network yields there, spelt out.
fn spell<'a>(
    (kernel, ty): (Kernel, MapType),
    keep: bool,
    outputs: impl Iterator<Item = &'a Output>,
) -> Label {
    let names: Vec<(&str, bool)> = outputs.map(|o| (o.name.as_str(), o.aux)).collect();
    let mut spell = Spell::default();
    (kernel, ty, keep, names).hash(&mut spell);
    let hash = spell.finish();
    Label { bytes: spell.0, hash }
}

/// A label spelt out, and as a number.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Label {
    bytes: Vec<u8>,
    hash: u64,
}

impl Label {
    /// The label of a node of an open graph, where it yields nothing, in members.
    pub(super) fn closed(form: &Form) -> Label {
        spell((closed(form.kernel), form.ty), form.keep, std::iter::empty())
    }
}

/// What stands for a kernel in members.
pub(super) fn closed(kernel: Kernel) -> Kernel {
    if kernel == Kernel::Mix { Kernel::Add } else { kernel }
}

impl Skeleton {
    pub(super) fn of(graph: &DecisionGraph, parts: Parts) -> Skeleton {
        let mut skeleton = Skeleton::sized(graph.graph.node_count());
        for (id, node) in graph.nodes() {
            let outputs = graph.outputs.iter().filter(|o| o.node == id);
            let label = spell((node.kernel, node.ty), node.keep, outputs);
            let inputs = graph.inputs(id).iter().map(|(src, _)| src.index() as u32).collect();
            skeleton.push(&label, is_ordered(node.kernel, parts), inputs);
        }
        skeleton.ties = ties(graph.weights.len(), graph.nodes().map(|(_, node)| node.weights));
        skeleton
    }

    /// The skeleton of a member that is planned, not built; `labels` are those of the open graph's
    /// nodes where they yield nothing.
    pub(super) fn planned(graph: &DecisionGraph, plan: &Plan, labels: &[Label]) -> Skeleton {
        let nodes: Vec<(u32, &[u32])> = plan.nodes().collect();
        let place =
            |node: u32| nodes.binary_search_by_key(&node, |(id, _)| *id).unwrap_or(0) as u32;
        let mut skeleton = Skeleton::sized(nodes.len());
        let yielded: Vec<Option<u32>> =
            graph.outputs.iter().map(|o| plan.at(o.node.index() as u32)).collect();
        for &(id, inputs) in &nodes {
            let node = graph.node(NodeId::new(id as usize));
            let outputs = graph.outputs.iter().zip(&yielded).filter(|(_, at)| **at == Some(id));
            let own;
            let sliced = node.ty.slice.is_some() || reads_slice(graph, inputs);
            let label = match yielded.contains(&Some(id)) || sliced {
                true => {
                    let (kernel, ty) = plan.narrowed(graph, NodeId::new(id as usize));
                    let outputs = outputs.map(|(output, _)| output);
                    own = spell((closed(kernel), ty), node.keep, outputs);
                    &own
                }
                false => &labels[id as usize],
            };
            let ordered = is_ordered(closed(node.kernel), Parts::InAnyOrder);
            skeleton.push(label, ordered, inputs.iter().map(|input| place(*input)).collect());
        }
        let weights = nodes.iter().map(|(id, _)| graph.graph[NodeId::new(*id as usize)].weights);
        skeleton.ties = ties(graph.weights.len(), weights);
        skeleton
    }

    fn sized(count: usize) -> Skeleton {
        Skeleton {
            labels: Vec::new(),
            ends: Vec::with_capacity(count),
            hashes: Vec::with_capacity(count),
            ordered: Vec::with_capacity(count),
            inputs: Vec::with_capacity(count),
            readers: vec![SmallVec::new(); count],
            ties: Vec::new(),
        }
    }

    /// One more node, whose inputs are there.
    fn push(&mut self, label: &Label, ordered: bool, inputs: SmallVec<[u32; 4]>) {
        let id = self.hashes.len() as u32;
        self.hashes.push(label.hash);
        self.labels.extend_from_slice(&label.bytes);
        self.ends.push(self.labels.len() as u32);
        self.ordered.push(ordered);
        for (port, &src) in (0..).zip(&inputs) {
            self.readers[src as usize].push((id, if ordered { port } else { 0 }));
        }
        self.inputs.push(inputs);
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

fn reads_slice(graph: &DecisionGraph, inputs: &[u32]) -> bool {
    inputs.iter().any(|input| graph.node(NodeId::new(*input as usize)).ty.slice.is_some())
}

/// Whether the order of a kernel's inputs counts.
pub(super) fn is_ordered(kernel: Kernel, parts: Parts) -> bool {
    let joins = kernel == Kernel::Concat && parts == Parts::InAnyOrder;
    !kernel.commutes() && !joins
}

/// Of nodes with the weights that each has: those that share some, in groups of at least two.
fn ties(sets: usize, nodes: impl Iterator<Item = Option<WeightId>>) -> Vec<Vec<u32>> {
    let mut by_weights: Vec<SmallVec<[u32; 1]>> = vec![SmallVec::new(); sets];
    for (node, weights) in (0..).zip(nodes) {
        if let Some(weights) = weights {
            by_weights[weights.0 as usize].push(node);
        }
    }
    by_weights.iter().filter(|nodes| nodes.len() > 1).map(|nodes| nodes.to_vec()).collect()
}
