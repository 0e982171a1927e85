//! Members: what is left of a decision graph once its decisions are bound.
//!
//! A member is itself a decision graph, without decisions: only what its outputs read (and what
//! is marked `keep`), mixes replaced by their chosen terms. Weights keep their names, which is
//! how inherited ones find their place.

mod wiring;

pub use wiring::{Liveness, Wiring, liveness};

use super::decision::Binding;
use super::graph::{DecisionGraph, Edge, Form, NodeId, Output, WeightId, WeightSet, WeightShape};
use super::kernel::Kernel;
use super::shape::MapType;
use smallvec::SmallVec;

/// The network that a binding chooses.
///
/// - What no output reads is gone, unless it is marked `keep` or a kept node needs it. Training-only
///   outputs count as outputs; an output whose map is absent is gone.
/// - A mix becomes the sum of its chosen terms, a term of weight n standing there n times; a sum of
///   one term is that term. A sum of none is zeros of its type: an [`Kernel::Add`] without inputs.
/// - A sum that only another sum reads is merged into it. (One that is read elsewhere too stays:
///   merging would repeat its terms, in a chain of skips exponentially often.)
/// - The order of nodes is that of `graph`.
pub fn member(graph: &DecisionGraph, binding: &Binding) -> DecisionGraph {
    close(graph, &graph.leaf_weights(binding))
}

/// [`member`] for weights that are at hand: one per leaf, how often its fact holds.
pub fn close(graph: &DecisionGraph, leaf_weights: &[u32]) -> DecisionGraph {
    let wiring = Wiring::of(graph);
    Plan::of(graph, &wiring, leaf_weights, &mut Vec::new()).emit(graph)
}

/// What stands for a node of the open graph.
#[derive(Clone, Debug)]
enum Image {
    /// Nothing: the node is absent.
    Absent,
    /// Another node's image (never itself an alias).
    Alias(u32),
    /// A node of its own with these inputs, in port order.
    Own(SmallVec<[u32; 2]>),
}

/// The closed graph, in indices of the open one.
pub(crate) struct Plan {
    /// What outputs and kept nodes lead back to, in order; all else is absent.
    reached: Vec<u32>,
    images: Vec<Image>,
    /// Whether the node is read, or kept.
    needed: Vec<bool>,
    /// By leaf: whether it is on.
    on: Vec<bool>,
}

impl Plan {
    /// Closes a graph whose wiring is at hand; `seen` is a buffer, all false.
    pub(crate) fn of(
        graph: &DecisionGraph,
        wiring: &Wiring,
        leaf_weights: &[u32],
        seen: &mut Vec<bool>,
    ) -> Plan {
        let on = |leaf: Option<usize>| leaf.is_none_or(|l| leaf_weights[l] > 0);
        let reached = wiring.reached(wiring.roots(), on, seen);
        let images = vec![Image::Absent; graph.graph.node_count()];
        let on_leaves = leaf_weights.iter().map(|weight| *weight > 0).collect();
        let mut plan = Plan { reached, images, needed: Vec::new(), on: on_leaves };
        for i in 0..plan.reached.len() {
            let node = plan.reached[i] as usize;
            let there = |src: usize| !matches!(plan.images[src], Image::Absent);
            if wiring.is_present(node, on, there) {
                plan.images[node] = plan.image(graph, wiring, node, leaf_weights);
            }
        }
        plan.needed = plan.reach(graph, wiring);
        plan.merge_sums(graph);
        plan
    }

    /// The nodes of the closed graph, each with its inputs in port order.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = (u32, &[u32])> {
        self.reached.iter().filter_map(|&node| match &self.images[node as usize] {
            Image::Own(inputs) if self.needed[node as usize] => Some((node, &inputs[..])),
            _ => None,
        })
    }

    /// Where the image of `node` lies; nothing where it is absent.
    pub(crate) fn at(&self, node: u32) -> Option<u32> {
        match self.images.get(node as usize)? {
            Image::Absent => None,
            Image::Alias(other) => Some(*other),
            Image::Own(_) => Some(node),
        }
    }

    fn image(&self, graph: &DecisionGraph, wiring: &Wiring, node: usize, weights: &[u32]) -> Image {
        let inputs = wiring.reads(node);
        match graph.node(NodeId::new(node)).kernel {
            Kernel::Given => {
                let first = inputs.map(|(src, _)| src as u32).next();
                return first.and_then(|src| self.at(src)).map_or(Image::Absent, Image::Alias);
            }
            // What it is cut from has no more channels than it takes.
            Kernel::Slice { .. } if is_sliced(graph, wiring, node) => {
                let first = wiring.reads(node).map(|(src, _)| src as u32).next();
                return first.and_then(|src| self.at(src)).map_or(Image::Absent, Image::Alias);
            }
            Kernel::Mix | Kernel::Add => {}
            _ => return Image::Own(inputs.filter_map(|(src, _)| self.at(src as u32)).collect()),
        }
        let mut terms = SmallVec::new();
        for (src, leaf) in inputs {
            let times = leaf.map_or(1, |leaf| weights[leaf]);
            if let Some(at) = self.at(src as u32).filter(|_| times > 0) {
                terms.extend(std::iter::repeat_n(at, times as usize));
            }
        }
        let first = terms.first().copied();
        terms.retain(|term| !self.is_void(graph, *term));
        match (&terms[..], first) {
            ([one], _) => Image::Alias(*one),
            ([], Some(void)) => Image::Alias(void),
            _ => Image::Own(terms),
        }
    }

    /// Whether an image is the sum of nothing.
    fn is_void(&self, graph: &DecisionGraph, node: u32) -> bool {
        let image = &self.images[node as usize];
        is_sum(graph, node as usize) && matches!(image, Image::Own(terms) if terms.is_empty())
    }

    /// What the outputs and the kept nodes read.
    fn reach(&self, graph: &DecisionGraph, wiring: &Wiring) -> Vec<bool> {
        let mut needed = vec![false; graph.graph.node_count()];
        for at in wiring.roots().filter_map(|root| self.at(root)) {
            needed[at as usize] = true;
        }
        for &node in self.reached.iter().rev() {
            if let (true, Image::Own(inputs)) = (needed[node as usize], &self.images[node as usize])
            {
                for &input in inputs {
                    needed[input as usize] = true;
                }
            }
        }
        needed
    }

    /// Merges every sum that is read once, by a sum, into its reader.
    fn merge_sums(&mut self, graph: &DecisionGraph) {
        let reads = self.reads(graph);
        for i in 0..self.reached.len() {
            let i = self.reached[i] as usize;
            if !self.needed[i] || !is_sum(graph, i) {
                continue;
            }
            let Image::Own(inputs) = &self.images[i] else { continue };
            let mut merged = SmallVec::with_capacity(inputs.len());
            for &input in inputs {
                let at = input as usize;
                let kept = graph.node(NodeId::new(at)).keep;
                match &self.images[at] {
                    Image::Own(terms) if is_sum(graph, at) && reads[at] == 1 && !kept => {
                        merged.extend_from_slice(terms);
                        self.needed[at] = false;
                    }
                    _ => merged.push(input),
                }
            }
            self.images[i] = Image::Own(merged);
        }
    }

    /// How often each image is read; outputs read too.
    fn reads(&self, graph: &DecisionGraph) -> Vec<u32> {
        let mut reads = vec![0; self.images.len()];
        for (_, inputs) in self.nodes() {
            inputs.iter().for_each(|input| reads[*input as usize] += 1);
        }
        for output in &graph.outputs {
            if let Some(at) = self.at(output.node.index() as u32) {
                reads[at as usize] += 2;
            }
        }
        reads
    }

    /// A node's kernel and type in the closed graph.
    pub(crate) fn narrowed(&self, graph: &DecisionGraph, node: NodeId) -> (Kernel, MapType) {
        graph.narrowed_node(node, |leaf| self.on[leaf.0 as usize])
    }

    fn emit(&self, graph: &DecisionGraph) -> DecisionGraph {
        let weights = Kept::of(graph, self);
        let mut closed = DecisionGraph::default();
        let mut place = vec![NodeId::end(); self.images.len()];
        for (i, inputs) in self.nodes() {
            let i = i as usize;
            let node = graph.node(NodeId::new(i));
            let (kernel, ty) = self.narrowed(graph, NodeId::new(i));
            let kernel = if kernel == Kernel::Mix { Kernel::Add } else { kernel };
            let own = node.weights.and_then(|w| weights.place[w.0 as usize]);
            place[i] = closed.add_node(Form { kernel, ty, ..*node }, node.scope, own);
            for (port, &input) in inputs.iter().enumerate() {
                let edge = Edge { port: port as u32, leaf: None };
                closed.graph.add_edge(place[input as usize], place[i], edge);
            }
        }
        let output = |o: &Output| {
            let at = self.at(o.node.index() as u32)?;
            Some(Output { name: o.name.clone(), node: place[at as usize], aux: o.aux })
        };
        for (set, shape) in weights.sets {
            let shape = closed.shape_id(shape);
            closed.weights.push(WeightSet { shape, ..set });
        }
        DecisionGraph {
            scopes: graph.scopes.clone(),
            words: graph.words.clone(),
            outputs: graph.outputs.iter().filter_map(output).collect(),
            ..closed
        }
    }
}

/// Whether a node reads a map whose width is chosen.
fn is_sliced(graph: &DecisionGraph, wiring: &Wiring, node: usize) -> bool {
    wiring.reads(node).any(|(src, _)| graph.node(NodeId::new(src)).ty.slice.is_some())
}

fn is_sum(graph: &DecisionGraph, node: usize) -> bool {
    matches!(graph.node(NodeId::new(node)).kernel, Kernel::Add | Kernel::Mix)
}

/// The weight sets of a member: those that it uses, as large as its widest use, and those that no
/// node of the open graph uses (bound but never applied: they exist whatever is chosen).
struct Kept {
    sets: Vec<(WeightSet, WeightShape)>,
    place: Vec<Option<WeightId>>,
}

impl Kept {
    fn of(graph: &DecisionGraph, plan: &Plan) -> Kept {
        let (mut used, mut idle) =
            (vec![None; graph.weights.len()], vec![true; graph.weights.len()]);
        for (id, node) in graph.nodes() {
            let Some(w) = node.weights else { continue };
            idle[w.0 as usize] = false;
            let set = graph.shape_of(w);
            if plan.needed[id.index()] && !set.sliced {
                used[w.0 as usize] = Some((set.kernel, set.channels));
            } else if plan.needed[id.index()] {
                let read = graph.narrowed(graph.input_type(id), |leaf| plan.on[leaf.0 as usize]);
                let (kernel, _) = plan.narrowed(graph, id);
                let set = used[w.0 as usize].get_or_insert((kernel, read.width));
                *set = (set.0.widened(&kernel), set.1.max(read.width));
            }
        }
        let mut kept = Kept { sets: Vec::new(), place: Vec::with_capacity(used.len()) };
        for ((set, used), idle) in graph.weights.iter().zip(used).zip(idle) {
            let shape = graph.shape(set);
            let here = used.or(idle.then_some((shape.kernel, shape.channels)));
            kept.place.push(here.map(|_| WeightId(kept.sets.len() as u32)));
            if let Some((kernel, channels)) = here {
                kept.sets.push((*set, WeightShape { kernel, channels, ..*shape }));
            }
        }
        kept
    }
}

#[cfg(test)]
mod tests;
