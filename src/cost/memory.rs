//! Memory, in bytes of 32-bit floats.

use super::sizes::Sizes;
use crate::ir::graph::{DecisionGraph, NodeId};
use crate::ir::kernel::{Act, Interp, Kernel, PoolKind, Target};

/// Bytes of one value.
const FLOAT: u64 = 4;
/// Bytes of one index, as max pools keep them for the way back.
const INDEX: u64 = 8;
/// Copies of a trainable weight in a training step: itself, its gradient, the optimiser's momentum.
const TRAINED_COPIES: u64 = 3;

/// What a network needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Weights and running statistics.
    pub weights_bytes: u64,
    /// Maps alive at once in inference, at most: nodes run in order, and a map goes with its last
    /// reader.
    pub infer_peak_bytes: u64,
    /// What is saved for the way back, each tensor once.
    pub saved_bytes: u64,
    /// A training step: saved maps, gradients in flight, weights with gradient and momentum.
    pub train_peak_bytes: u64,
}

impl Memory {
    /// What the live part of a network needs.
    pub(super) fn of(graph: &DecisionGraph, live: &[bool], sizes: &Sizes, batch: u64) -> Memory {
        let bytes = map_bytes(graph, live, sizes, batch);
        let (trained, buffers) = weight_bytes(graph, live);
        let saved = saved(graph, live, &bytes);
        let flight = gradients_in_flight(graph, live, &bytes);
        Memory {
            weights_bytes: trained + buffers,
            infer_peak_bytes: peak(graph, live, &bytes),
            saved_bytes: saved,
            train_peak_bytes: saved + flight + TRAINED_COPIES * trained + buffers,
        }
    }
}

/// The bytes of every live map.
fn map_bytes(graph: &DecisionGraph, live: &[bool], sizes: &Sizes, batch: u64) -> Vec<u64> {
    let one = |id: NodeId| {
        let values = u64::from(graph.graph[id].ty.width) * sizes.output(id).area();
        u64::from(live[id.index()]) * values * batch * FLOAT
    };
    graph.graph.node_indices().map(one).collect()
}

/// Bytes of the trained weights and of the buffers that live nodes use; shared ones once.
fn weight_bytes(graph: &DecisionGraph, live: &[bool]) -> (u64, u64) {
    let mut seen = vec![false; graph.weights.len()];
    for (id, node) in graph.nodes().filter(|(id, _)| live[id.index()]) {
        debug_assert!(live[id.index()]);
        if let Some(weights) = node.weights {
            seen[weights.0 as usize] = true;
        }
    }
    let used = graph.weights.iter().zip(seen).filter(|(_, seen)| *seen);
    let tensors = used.flat_map(|(set, _)| set.kernel.weights(set.channels));
    tensors.fold((0, 0), |(trained, buffers), tensor| match tensor.role.trainable() {
        true => (trained + tensor.len() * FLOAT, buffers),
        false => (trained, buffers + tensor.len() * FLOAT),
    })
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

/// What the way back needs of a node: its input maps, its own output, and index bytes per output
/// byte. The table follows what autograd saves.
struct Saves {
    inputs: bool,
    output: bool,
    indices: bool,
}

fn saves(kernel: &Kernel) -> Saves {
    let keep = |inputs, output, indices| Saves { inputs, output, indices };
    match kernel {
        Kernel::Conv(_) | Kernel::Deconv(_) | Kernel::Norm(_) | Kernel::Mul => {
            keep(true, false, false)
        }
        Kernel::Act(Act::Relu | Act::Sigmoid) => keep(false, true, false),
        Kernel::Act(Act::Relu6 | Act::Silu | Act::Hardswish) => keep(true, false, false),
        Kernel::Pool { kind: PoolKind::Max, .. } => keep(true, false, true),
        Kernel::Pool { kind: PoolKind::Avg, .. } => keep(true, false, false),
        // A weighted sum keeps what it weighs, for the weights' own gradients.
        Kernel::Mix => keep(true, false, false),
        Kernel::Dropout { .. } => keep(false, true, false),
        Kernel::Resize { interp: Interp::Bilinear | Interp::BilinearAligned, .. }
        | Kernel::Resize { interp: Interp::Nearest, .. }
        | Kernel::Input(_)
        | Kernel::GlobalPool
        | Kernel::Add
        | Kernel::Concat
        | Kernel::Zero
        | Kernel::Shuffle { .. }
        | Kernel::Shift { .. }
        | Kernel::Slice { .. } => keep(false, false, false),
    }
}

/// Bytes saved for the way back. A map that several kernels save is saved once; a norm also saves
/// its batch's mean and deviation per channel.
fn saved(graph: &DecisionGraph, live: &[bool], bytes: &[u64]) -> u64 {
    let mut held = vec![false; bytes.len()];
    let mut extra = 0;
    for (id, node) in graph.nodes().filter(|(id, _)| live[id.index()]) {
        let needs = saves(&node.kernel);
        held[id.index()] |= needs.output;
        if needs.inputs {
            for (src, _) in graph.inputs(id) {
                held[src.index()] |= live[src.index()];
            }
        }
        if needs.indices {
            extra += bytes[id.index()] / FLOAT * INDEX;
        }
        if matches!(node.kernel, Kernel::Norm(_)) {
            extra += 2 * u64::from(node.ty.width) * FLOAT;
        }
    }
    let maps: u64 = bytes.iter().zip(held).filter(|(_, held)| *held).map(|(b, _)| b).sum();
    maps + extra
}

/// The most bytes of gradients alive at once: a map's gradient lives from its last reader's step
/// back to its own.
fn gradients_in_flight(graph: &DecisionGraph, live: &[bool], bytes: &[u64]) -> u64 {
    let mut born: Vec<Option<usize>> = vec![None; bytes.len()];
    for output in graph.outputs.iter().filter(|o| live[o.node.index()]) {
        born[output.node.index()] = Some(bytes.len());
    }
    let size_only = |id: NodeId, port| {
        port == 1 && matches!(graph.graph[id].kernel, Kernel::Resize { to: Target::Like, .. })
    };
    for (id, _) in graph.nodes().filter(|(id, _)| live[id.index()]) {
        for (src, edge) in graph.inputs(id) {
            if live[src.index()] && !size_only(id, edge.port) {
                let at = &mut born[src.index()];
                *at = Some(at.unwrap_or(0).max(id.index()));
            }
        }
    }
    let mut starts = vec![0; bytes.len() + 1];
    for (node, born) in born.iter().enumerate() {
        if let Some(at) = born {
            starts[*at] += bytes[node];
        }
    }
    let (mut now, mut most) = (starts[bytes.len()], 0);
    for node in (0..bytes.len()).rev() {
        now += starts[node];
        most = most.max(now);
        if born[node].is_some() {
            now -= bytes[node];
        }
    }
    most
}
