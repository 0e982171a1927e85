//! What a network costs: parameters, multiply-adds, memory, receptive field.
//!
//! Everything here is a fold over kernels at true sizes. [`exact`] is for one network; what can be
//! said of all members of a space is in `bounds` and `table`.

mod bounds;
mod field;
mod memory;
mod sizes;
mod table;
mod terms;

pub use bounds::{Bounds, Ground, Range, bounds};
pub use field::Field;
pub use memory::Memory;
pub use sizes::{SizeProblem, Sizes, works};
pub use table::{CostTable, Scratch, TableProblem};
pub use terms::Cost;

use crate::ir::graph::{DecisionGraph, NodeId};
use crate::ir::member::{Liveness, liveness};
use crate::ir::once::once;
use crate::ir::shape::Size;
use std::borrow::Cow;

/// What [`exact`] is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// Size of the network's input.
    pub input: Size,
    /// Images at once.
    pub batch: u32,
    /// Whether what exists in training only counts.
    pub train: bool,
}

/// The costs of one network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Costs {
    /// Trainable parameters of what the outputs read, norms' scale and shift included. Tied
    /// kernels share theirs, which count once.
    pub params: u64,
    /// The same of everything that is built: also what is kept, and weights that nothing applies.
    pub params_built: u64,
    /// Multiply-adds of one inference of the whole batch. What [runs once](crate::ir::once) counts
    /// once.
    pub macs: u64,
    /// The same with what is kept although nothing reads it.
    pub macs_built: u64,
    /// Bytes.
    pub memory: Memory,
    /// Input cells that one output cell sees.
    pub field: Field,
}

impl Costs {
    /// The two that can be summed over kernels.
    pub fn cost(&self) -> Cost {
        Cost { params: self.params, macs: self.macs }
    }
}

/// The costs of a closed graph (of a space: those of its supernet, every alternative on, whatever
/// its alternatives may have in common).
pub fn exact(graph: &DecisionGraph, question: Question) -> Result<Costs, SizeProblem> {
    let graph = &*run(graph);
    let facts = liveness(graph, &vec![true; graph.leaves.len()], question.train);
    let built = built(graph, &facts);
    let sizes = Sizes::of(graph, &built, question.input)?;
    let Cost { params, macs } = sum(graph, question, marked(graph, &facts.live), &sizes);
    let all = sum(graph, question, marked(graph, &built), &sizes);
    Ok(Costs {
        params,
        params_built: all.params + idle_params(graph),
        macs,
        macs_built: all.macs,
        memory: Memory::of(graph, &facts.live, &sizes, u64::from(question.batch)),
        field: Field::of(graph, &facts.live),
    })
}

/// The parameters and multiply-adds of [`exact`] alone, in half the time.
pub fn cost(graph: &DecisionGraph, question: Question) -> Result<Cost, SizeProblem> {
    let graph = &*run(graph);
    let facts = liveness(graph, &vec![true; graph.leaves.len()], question.train);
    let sizes = Sizes::of(graph, &facts.live, question.input)?;
    Ok(sum(graph, question, marked(graph, &facts.live), &sizes))
}

/// What runs: of a closed graph, each kernel [once].
fn run(graph: &DecisionGraph) -> Cow<'_, DecisionGraph> {
    if graph.leaves.is_empty() { once(graph) } else { Cow::Borrowed(graph) }
}

/// The costs of some nodes.
fn sum(
    graph: &DecisionGraph,
    question: Question,
    nodes: impl Iterator<Item = NodeId>,
    sizes: &Sizes,
) -> Cost {
    let mut applied = vec![false; graph.weights.len()];
    let mut macs = 0;
    for id in nodes {
        macs += node_macs(graph, id, sizes);
        if let Some(weights) = graph.graph[id].weights {
            applied[weights.0 as usize] = true;
        }
    }
    let params = params_of(graph, &applied);
    Cost { params, macs: macs * u64::from(question.batch) }
}

/// The marked nodes.
fn marked<'m>(graph: &DecisionGraph, marks: &'m [bool]) -> impl Iterator<Item = NodeId> + 'm {
    graph.graph.node_indices().filter(|id| marks[id.index()])
}

/// Multiply-adds of one node on one image.
pub(crate) fn node_macs(graph: &DecisionGraph, id: NodeId, sizes: &Sizes) -> u64 {
    let kernel = graph.node(id).kernel;
    if !kernel.multiplies() {
        return 0;
    }
    kernel.macs(graph.input_type(id).width, sizes.input(id), sizes.output(id))
}

/// Trainable parameters of the weights that are applied.
fn params_of(graph: &DecisionGraph, applied: &[bool]) -> u64 {
    let sets = graph.weights.iter().zip(applied).filter(|(_, applied)| **applied);
    sets.map(|(set, _)| graph.shape(set).params()).sum()
}

/// Trainable parameters of the marked nodes; shared weights count once.
pub fn params(graph: &DecisionGraph, marks: &[bool]) -> u64 {
    let mut applied = vec![false; graph.weights.len()];
    let weights = marked(graph, marks).filter_map(|id| graph.graph[id].weights);
    weights.for_each(|weights| applied[weights.0 as usize] = true);
    params_of(graph, &applied)
}

/// What is built: what is live, and what is kept with all that it reads.
pub fn built(graph: &DecisionGraph, facts: &Liveness) -> Vec<bool> {
    let mut built = facts.live.clone();
    if !graph.forms.iter().any(|form| form.keep) {
        return built;
    }
    for (id, node, edges) in graph.wired_back() {
        built[id.index()] |= node.keep && facts.present[id.index()];
        if built[id.index()] {
            for edge in edges.iter().take(node.kernel.reads(edges.len())) {
                let src = edge.source().index();
                built[src] |= facts.present[src];
            }
        }
    }
    built
}

/// Parameters of weights that no node applies.
fn idle_params(graph: &DecisionGraph) -> u64 {
    let everything = vec![true; graph.graph.node_count()];
    let all: u64 = graph.weights.iter().map(|set| graph.shape(set).params()).sum();
    all - params(graph, &everything)
}

#[cfg(test)]
mod tests;
