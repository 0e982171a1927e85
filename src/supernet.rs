//! The plan of a run: which kernels run for given states of the leaves, in which order, on which
//! values, and when each value is used for the last time. No tensors: the executor follows a plan,
//! and a plan depends on nothing but the graph, the switches and the mode.

mod lifetime;
pub mod memory;
#[cfg(test)]
mod tests;

pub use lifetime::{Access, Lifetimes};

use crate::ir::MapType;
use crate::ir::graph::{DecisionGraph, LeafId, Node, NodeId, WeightId};
use crate::ir::kernel::Kernel;
use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;
use smallvec::{SmallVec, smallvec};
use std::hash::{BuildHasher, Hash, Hasher};
use std::ops::Range;

/// What a run is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Norms use the batch's statistics and move their running ones; dropout drops; auxiliary
    /// outputs exist.
    Train,
    /// Norms use their running statistics; dropout does nothing; there are no auxiliary outputs.
    Eval,
}

/// How a leaf enters a run, as far as the plan is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Switch {
    /// Its edge is not executed.
    Off,
    /// Its edge counts with a weight that the run brings along.
    Weighted,
    /// Its edge counts fully, and nobody asks for a gradient: there is nothing to multiply.
    Whole,
}

/// A value in a plan: the index of the step that makes it.
pub type ValueId = u32;

/// Some values.
pub type Values = SmallVec<[ValueId; 4]>;

/// A run, step by step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What is computed, in order; the step's index is its value's name.
    pub steps: Vec<Step>,
    /// The value of each of the graph's outputs; none where it is absent or not of this mode.
    pub outputs: Vec<Option<ValueId>>,
}

/// One kernel's application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The node whose kernel is applied.
    pub node: NodeId,
    /// The kernel, no wider than the slice that is chosen.
    pub kernel: Kernel,
    /// The type of what it makes.
    pub ty: MapType,
    /// Its present inputs, in port order.
    pub inputs: SmallVec<[Operand; 2]>,
    /// Values that no later step reads.
    pub free: Values,
    /// Whether the result may be written over the first input: nobody reads that again, nor
    /// anything that shares its memory. Only where no gradient is wanted.
    pub in_place: bool,
}

impl Access for Step {
    fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    fn inputs(&self) -> impl Iterator<Item = ValueId> {
        self.inputs.iter().map(|input| input.value)
    }
}

/// An input of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Operand {
    /// The value.
    pub value: ValueId,
    /// The leaf whose weight it counts with; none where it counts fully.
    pub weight: Option<LeafId>,
}

/// The plan for `switches`, one per leaf of the graph (missing ones are off).
///
/// A node is absent when one of its inputs is, but for sums and mixes, which drop absent inputs and
/// are absent when none is left (sums that [fill](DecisionGraph::fills) are zeros then). Of what is present, only that runs which an output of
/// this mode (or in training a part marked `keep`) reads. Equal kernels on equal values run once.
pub fn plan(graph: &DecisionGraph, switches: &[Switch], mode: Mode) -> Plan {
    let present = Presence::of(graph, switches);
    let live = liveness(graph, &present, mode);
    let mut building = Building::new(graph, switches, mode);
    for (id, node) in graph.nodes().filter(|(id, _)| live[id.index()]) {
        building.add(id, node, present.inputs(id).expect("what is live is present"));
    }
    building.finish()
}

/// A present input: its source and the leaf whose weight it counts with.
type Source = (NodeId, Option<LeafId>);

/// The present inputs of every node that is present.
struct Presence {
    /// One node's after the other's.
    sources: Vec<Source>,
    /// By node: which of them are its own.
    of: Vec<Option<Range<u32>>>,
}

impl Presence {
    fn of(graph: &DecisionGraph, switches: &[Switch]) -> Presence {
        let (nodes, edges) = (graph.graph.node_count(), graph.graph.edge_count());
        let mut all =
            Presence { sources: Vec::with_capacity(edges), of: Vec::with_capacity(nodes) };
        for (id, node, edges) in graph.wired() {
            let start = all.sources.len();
            for edge in edges.iter().filter(|edge| all.of[edge.source().index()].is_some()) {
                let weight = weight(edge.weight.leaf, switches);
                all.sources.extend(weight.map(|weight| (edge.source(), weight)));
            }
            if node.kernel == Kernel::Add && all.sources.len() > start + 1 {
                all.leave_zeros_out(graph, start);
            }
            let count = all.sources.len() - start;
            let is_present = match node.kernel {
                Kernel::Add if count == 0 => graph.fills(id),
                Kernel::Mix | Kernel::Add => count > 0,
                _ => count == edges.len(),
            };
            let read = if is_present { node.kernel.reads(count) } else { 0 };
            all.sources.truncate(start + read);
            all.of.push(is_present.then(|| start as u32..(start + read) as u32));
        }
        all
    }

    /// Zeros add nothing to a sum; one term stays, for the sum's type.
    fn leave_zeros_out(&mut self, graph: &DecisionGraph, start: usize) {
        let is_sum = |source: &Source| graph.graph[source.0].kernel == Kernel::Add;
        let zeros = |source: &Source| is_sum(source) && self.inputs(source.0) == Some(&[]);
        let own = &self.sources[start..];
        let left: SmallVec<[Source; 4]> =
            own.iter().copied().filter(|source| !zeros(source)).collect();
        let first = own[0];
        self.sources.truncate(start);
        self.sources.extend(if left.is_empty() { smallvec![first] } else { left });
    }

    /// The present inputs of a node that is present.
    fn inputs(&self, node: NodeId) -> Option<&[Source]> {
        let own = self.of[node.index()].as_ref()?;
        Some(&self.sources[own.start as usize..own.end as usize])
    }
}

/// The leaf that an edge's weight comes from, if it has one; nothing where the edge is off.
fn weight(leaf: Option<LeafId>, switches: &[Switch]) -> Option<Option<LeafId>> {
    let Some(leaf) = leaf else { return Some(None) };
    match switches.get(leaf.0 as usize).copied().unwrap_or(Switch::Off) {
        Switch::Off => None,
        Switch::Weighted => Some(Some(leaf)),
        Switch::Whole => Some(None),
    }
}

/// Which nodes are read by an output of this mode, or in training are kept although none reads
/// them: their running statistics move.
fn liveness(graph: &DecisionGraph, present: &Presence, mode: Mode) -> Vec<bool> {
    let mut live = vec![false; present.of.len()];
    for output in graph.outputs.iter().filter(|o| mode == Mode::Train || !o.aux) {
        live[output.node.index()] = true;
    }
    for (id, node) in graph.nodes().rev() {
        let here = id.index();
        live[here] |= node.keep && mode == Mode::Train;
        match present.inputs(id) {
            None => live[here] = false,
            Some(inputs) if live[here] => {
                inputs.iter().for_each(|(source, _)| live[source.index()] = true);
            }
            Some(_) => {}
        }
    }
    live
}

/// What makes two steps equal. The type matters where it decides the size: zeros, resizing.
#[derive(PartialEq, Eq)]
struct Key<'p> {
    kernel: Kernel,
    weights: Option<WeightId>,
    ty: MapType,
    inputs: &'p [Operand],
}

impl<'p> Key<'p> {
    fn of(graph: &DecisionGraph, step: &'p Step) -> Self {
        let ty = MapType::new(step.ty.width, step.kernel.own_scale(step.ty.scale));
        let weights = graph.graph[step.node].weights;
        Key { kernel: step.kernel, weights, ty, inputs: &step.inputs }
    }
}

impl Hash for Key<'_> {
    /// Of what nearly always tells two keys apart.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.weights.hash(state);
        std::mem::discriminant(&self.kernel).hash(state);
        self.inputs.first().hash(state);
        self.inputs.last().hash(state);
    }
}

/// A plan in the making.
struct Building<'g> {
    graph: &'g DecisionGraph,
    switches: &'g [Switch],
    mode: Mode,
    steps: Vec<Step>,
    /// The value of every node that has been added.
    values: Vec<Option<ValueId>>,
    /// Steps that need not be repeated, by their keys.
    known: HashTable<ValueId>,
}

impl<'g> Building<'g> {
    fn new(graph: &'g DecisionGraph, switches: &'g [Switch], mode: Mode) -> Self {
        let count = graph.graph.node_count();
        Building {
            graph,
            switches,
            mode,
            steps: Vec::with_capacity(count),
            values: vec![None; count],
            known: HashTable::with_capacity(count),
        }
    }

    fn add(&mut self, id: NodeId, node: &Node, sources: &[Source]) {
        let operand = |&(source, weight): &Source| {
            let value = self.values[source.index()].expect("inputs of what is live came before");
            Operand { value, weight }
        };
        let inputs: SmallVec<[Operand; 2]> = match sources {
            [one] => smallvec![operand(one)],
            _ => sources.iter().map(operand).collect(),
        };
        let value = match inputs.as_slice() {
            [only] if only.weight.is_none() && self.passes(node, only.value) => only.value,
            _ => self.step(id, inputs),
        };
        self.values[id.index()] = Some(value);
    }

    /// Whether a node with one whole input hands it on as it is. In training each dropout draws anew.
    fn passes(&self, node: &Node, input: ValueId) -> bool {
        let draws = matches!(node.kernel, Kernel::Dropout { .. }) && self.mode == Mode::Train;
        !draws && node.kernel.hands_on(1, self.steps[input as usize].ty.width)
    }

    fn step(&mut self, id: NodeId, inputs: SmallVec<[Operand; 2]>) -> ValueId {
        let value = ValueId::try_from(self.steps.len()).expect("fewer than 2^32 nodes");
        let on = |leaf| weight(Some(leaf), self.switches).is_some();
        let (kernel, ty) = self.graph.narrowed_node(id, on);
        let step = Step { node: id, kernel, ty, inputs, free: Values::new(), in_place: false };
        if self.repeats(&kernel) {
            let (graph, steps) = (self.graph, &self.steps);
            let key = Key::of(graph, &step);
            let of = |value: &ValueId| Key::of(graph, &steps[*value as usize]);
            let hash = FxBuildHasher.hash_one(&key);
            if let Some(&same) = self.known.find(hash, |other| of(other) == key) {
                return same;
            }
            self.known.insert_unique(hash, value, |other| FxBuildHasher.hash_one(of(other)));
        }
        self.steps.push(step);
        value
    }

    /// Whether doing it again gives the same and leaves the same behind.
    fn repeats(&self, kernel: &Kernel) -> bool {
        match kernel {
            // Each dropout draws anew.
            Kernel::Dropout { .. } => self.mode == Mode::Eval,
            _ => true,
        }
    }

    /// The finished plan: outputs named, last uses noted.
    fn finish(mut self) -> Plan {
        let of_mode = |aux: bool| self.mode == Mode::Train || !aux;
        let outputs: Vec<Option<ValueId>> = (self.graph.outputs.iter())
            .map(|output| self.values[output.node.index()].filter(|_| of_mode(output.aux)))
            .collect();
        let Lifetimes { in_place, last } = Lifetimes::of(&self.steps, &outputs);
        for (step, in_place) in self.steps.iter_mut().zip(in_place) {
            step.in_place = in_place;
        }
        for (value, last) in (0..).zip(last) {
            last.into_iter().for_each(|last| self.steps[last as usize].free.push(value));
        }
        Plan { steps: self.steps, outputs }
    }
}
