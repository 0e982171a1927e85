//! Equal kernels on equal maps, with one set of weights, run once: who stands for whom.

use super::graph::{DecisionGraph, LeafId, Node, NodeId, WeightId};
use super::kernel::Kernel;
use super::shape::MapType;
use crate::maps::HashMap;
use petgraph::graph::DiGraph;
use smallvec::SmallVec;
use std::borrow::Cow;

/// Terms of a sum that are written out rather than taken as one map.
const TERMS: usize = 64;

/// A graph in which what would be run again is read from where it was run first. Nodes keep their
/// places; those that others stand for are read by nobody.
///
/// Only where weights are applied more than once is there anything to do.
pub fn once(graph: &DecisionGraph) -> Cow<'_, DecisionGraph> {
    if !applies_again(graph) {
        return Cow::Borrowed(graph);
    }
    let first = Firsts::of(graph).first;
    let mut all = DiGraph::with_capacity(graph.graph.node_count(), graph.graph.edge_count());
    for vertex in graph.graph.node_weights() {
        all.add_node(*vertex);
    }
    for edge in graph.graph.raw_edges() {
        all.add_edge(first[edge.source().index()], edge.target(), edge.weight);
    }
    let mut merged = DecisionGraph { graph: all, ..graph.clone() };
    merged.outputs.iter_mut().for_each(|output| output.node = first[output.node.index()]);
    Cow::Owned(merged)
}

/// Whether some kernels that multiply share weights.
fn applies_again(graph: &DecisionGraph) -> bool {
    let mut seen = vec![false; graph.weights.len()];
    graph.nodes().filter(|(_, node)| node.kernel.multiplies()).any(|(_, node)| {
        node.weights.is_some_and(|set| std::mem::replace(&mut seen[set.0 as usize], true))
    })
}

/// What makes two nodes equal. The scale counts where inputs do not decide the size.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    kernel: Kernel,
    weights: Option<WeightId>,
    ty: MapType,
    inputs: Terms,
}

/// Maps, each with the leaf that it counts with.
type Terms = SmallVec<[(NodeId, Option<LeafId>); 2]>;

#[derive(Default)]
struct Firsts {
    /// By node: the first one that is equal.
    first: Vec<NodeId>,
    /// By node that is a sum: its terms, sums among them written out.
    sums: HashMap<NodeId, Terms>,
    known: HashMap<Key, NodeId>,
}

impl Firsts {
    fn of(graph: &DecisionGraph) -> Firsts {
        let mut firsts = Firsts::default();
        for (id, node, edges) in graph.wired() {
            let source = |at: NodeId| firsts.first[at.index()];
            let inputs = edges.iter().map(|edge| (source(edge.source()), edge.weight.leaf));
            let inputs: Terms = inputs.collect();
            let first = firsts.find(graph, id, node, inputs);
            firsts.first.push(first);
        }
        firsts
    }

    fn find(&mut self, graph: &DecisionGraph, id: NodeId, node: Node<'_>, inputs: Terms) -> NodeId {
        let inputs = if node.kernel == Kernel::Add { self.written_out(inputs) } else { inputs };
        if node.kernel == Kernel::Add {
            self.sums.insert(id, inputs.clone());
        }
        if let Some(&(only, None)) = inputs.first()
            && node.kernel.hands_on(inputs.len(), graph.node(only).ty.width)
        {
            return only;
        }
        let (kernel, weights) = (node.kernel, node.weights);
        let ty = MapType { scale: kernel.own_scale(node.ty.scale), ..node.ty };
        *self.known.entry(Key { kernel, weights, ty, inputs }).or_insert(id)
    }

    /// The terms of a sum, those of sums among them in their place.
    fn written_out(&self, inputs: Terms) -> Terms {
        let own = |&(source, leaf): &(NodeId, Option<LeafId>)| match self.sums.get(&source) {
            Some(terms) if leaf.is_none() => terms.clone(),
            _ => SmallVec::from_elem((source, leaf), 1),
        };
        let all: Terms = inputs.iter().flat_map(own).collect();
        if all.len() > TERMS { inputs } else { all }
    }
}
