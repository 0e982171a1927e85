//! Memory of inference, in bytes of 32-bit floats. What a training step takes is asked of its plan:
//! `supernet::memory`.

use super::sizes::Sizes;
use crate::ir::graph::{DecisionGraph, NodeId};

/// Bytes of one value.
const FLOAT: u64 = 4;

/// What a network needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Weights and running statistics.
    pub weights_bytes: u64,
    /// Maps alive at once in inference, at most: nodes run in order, and a map goes with its last
    /// reader.
    pub infer_peak_bytes: u64,
}

impl Memory {
    /// What the live part of a network needs.
    pub(super) fn of(graph: &DecisionGraph, live: &[bool], sizes: &Sizes, batch: u64) -> Memory {
        let bytes = map_bytes(graph, live, sizes, batch);
        Memory {
            weights_bytes: weight_bytes(graph, live),
            infer_peak_bytes: peak(graph, live, &bytes),
        }
    }
}

/// The bytes of every live map.
fn map_bytes(graph: &DecisionGraph, live: &[bool], sizes: &Sizes, batch: u64) -> Vec<u64> {
    let one = |id: NodeId| {
        let values = u64::from(graph.node(id).ty.width) * sizes.output(id).area();
        u64::from(live[id.index()]) * values * batch * FLOAT
    };
    graph.graph.node_indices().map(one).collect()
}

/// Bytes of the weights and running statistics that live nodes use; shared ones once.
fn weight_bytes(graph: &DecisionGraph, live: &[bool]) -> u64 {
    let mut seen = vec![false; graph.weights.len()];
    for (_, node) in graph.nodes().filter(|(id, _)| live[id.index()]) {
        if let Some(weights) = node.weights {
            seen[weights.0 as usize] = true;
        }
    }
    let used = graph.weights.iter().zip(seen).filter(|(_, seen)| *seen);
    let tensors = used.flat_map(|(set, _)| graph.shape(set).tensors());
    tensors.map(|tensor| tensor.len() * FLOAT).sum()
}

/// The most bytes of maps alive at once, when nodes run in order and a map goes after its last
/// reader. While a kernel runs, its inputs and its output are alive.
fn peak(graph: &DecisionGraph, live: &[bool], bytes: &[u64]) -> u64 {
    let mut last: Vec<usize> = (0..bytes.len()).collect();
    for edge in graph.graph.raw_edges().iter().filter(|e| live[e.target().index()]) {
        let (src, reader) = (edge.source().index(), edge.target().index());
        last[src] = last[src].max(reader);
    }
    for output in &graph.outputs {
        last[output.node.index()] = bytes.len();
    }
    let mut ends = vec![0; bytes.len() + 1];
    for (node, &end) in last.iter().enumerate() {
        ends[end] += bytes[node];
    }
    let (mut now, mut most) = (0, 0);
    for node in 0..bytes.len() {
        now += bytes[node];
        most = most.max(now);
        now -= ends[node];
    }
    most
}
