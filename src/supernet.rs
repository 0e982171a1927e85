//! The plan of a run: which kernels run for given states of the leaves, in which order, on which
//! values, and when each value is used for the last time. No tensors: the executor follows a plan,
//! and a plan depends on nothing but the graph, the switches and the mode.

mod lifetime;
pub mod memory;
#[cfg(test)]
mod tests;

pub use lifetime::{Access, Lifetimes};

use crate::ir::MapType;
use crate::ir::graph::{DecisionGraph, LeafId, Node, NodeId};
use crate::ir::kernel::Kernel;
use crate::maps::IndexSet;
use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;
use smallvec::{SmallVec, smallvec};
use std::hash::{BuildHasher, Hash, Hasher};
use std::mem::discriminant;
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

/// A run, step by step: what is computed, in order. A step's index is its value's name.
#[derive(Clone, Debug)]
pub struct Plan {
    steps: Vec<Stored>,
    /// What steps do, each thing once.
    works: IndexSet<Work>,
    /// What they read, one step's after the other's.
    operands: Vec<Operand>,
    /// What no later step reads, in the same way.
    freed: Vec<ValueId>,
    /// The value of each of the graph's outputs; none where it is absent or not of this mode.
    pub outputs: Vec<Option<ValueId>>,
}

/// A step as it is stored: its work, and its ranges of what a plan's steps read and free.
#[derive(Clone, Debug)]
struct Stored {
    node: NodeId,
    work: u32,
    inputs: Range<u32>,
    free: Range<u32>,
    in_place: bool,
}

/// A kernel, and the type of what it makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Work {
    kernel: Kernel,
    ty: MapType,
}

impl Hash for Work {
    /// Of what nearly always tells two apart.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.kernel.hash_gist(state);
        self.ty.hash(state);
    }
}

/// One kernel's application: a step as it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step<'p> {
    /// The node whose kernel is applied.
    pub node: NodeId,
    /// The kernel, no wider than the slice that is chosen.
    pub kernel: &'p Kernel,
    /// The type of what it makes.
    pub ty: MapType,
    /// Its present inputs, in port order.
    pub inputs: &'p [Operand],
    /// Values that no later step reads.
    pub free: &'p [ValueId],
    /// Whether the result may be written over the first input: nobody reads that again, nor
    /// anything that shares its memory. Only where no gradient is wanted.
    pub in_place: bool,
}

impl Plan {
    /// How many steps there are.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether nothing is computed.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The step that makes a value.
    // Who asks for a part of it pays for that part only.
    #[inline(always)]
    pub fn step(&self, value: ValueId) -> Step<'_> {
        let Stored { node, ref inputs, ref free, in_place, .. } = self.steps[value as usize];
        let Work { ref kernel, ty } = *self.work(value);
        let inputs = &self.operands[inputs.start as usize..inputs.end as usize];
        let free = &self.freed[free.start as usize..free.end as usize];
        Step { node, kernel, ty, inputs, free, in_place }
    }

    /// All steps, in order.
    pub fn steps(&self) -> impl DoubleEndedIterator<Item = Step<'_>> + ExactSizeIterator {
        (0..self.steps.len()).map(|value| self.step(value as ValueId))
    }

    #[inline(always)]
    fn work(&self, value: ValueId) -> &Work {
        &self.works[self.steps[value as usize].work as usize]
    }
}

impl Access for Step<'_> {
    fn kernel(&self) -> &Kernel {
        self.kernel
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
        let is_sum = |source: &Source| graph.node(source.0).kernel == Kernel::Add;
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

/// A plan in the making.
struct Building<'g> {
    graph: &'g DecisionGraph,
    switches: &'g [Switch],
    mode: Mode,
    plan: Plan,
    /// By form: its nodes' work, once it is known, where that is the same for all of them.
    works: Vec<Option<u32>>,
    /// The value of every node that has been added.
    values: Vec<Option<ValueId>>,
    /// Steps that need not be repeated.
    known: HashTable<ValueId>,
}

impl<'g> Building<'g> {
    fn new(graph: &'g DecisionGraph, switches: &'g [Switch], mode: Mode) -> Self {
        let (nodes, edges) = (graph.graph.node_count(), graph.graph.edge_count());
        let plan = Plan {
            steps: Vec::with_capacity(nodes),
            works: IndexSet::default(),
            operands: Vec::with_capacity(edges),
            freed: Vec::new(),
            outputs: Vec::new(),
        };
        Building {
            graph,
            switches,
            mode,
            plan,
            works: vec![None; graph.forms.len()],
            values: vec![None; nodes],
            known: HashTable::with_capacity(nodes),
        }
    }

    fn add(&mut self, id: NodeId, node: Node<'_>, sources: &[Source]) {
        let operand = |&(source, weight): &Source| {
            let value = self.values[source.index()].expect("inputs of what is live came before");
            Operand { value, weight }
        };
        let value = match *sources {
            [(source, None)] if self.passes(node, operand(&(source, None)).value) => {
                operand(&(source, None)).value
            }
            _ => {
                let start = self.plan.operands.len() as u32;
                self.plan.operands.extend(sources.iter().map(operand));
                self.step(id, start)
            }
        };
        self.values[id.index()] = Some(value);
    }

    /// Whether a node with one whole input hands it on as it is. In training each dropout draws anew.
    fn passes(&self, node: Node<'_>, input: ValueId) -> bool {
        let draws = matches!(node.kernel, Kernel::Dropout { .. }) && self.mode == Mode::Train;
        !draws && node.kernel.hands_on(1, self.plan.work(input).ty.width)
    }

    /// The step of a node, what it reads being the last operands: a new one, or an equal one.
    fn step(&mut self, node: NodeId, start: u32) -> ValueId {
        let value = ValueId::try_from(self.plan.len()).expect("fewer than 2^32 nodes");
        let (work, end) = (self.work(node), self.plan.operands.len() as u32);
        let step = Stored { node, work, inputs: start..end, free: 0..0, in_place: false };
        self.plan.steps.push(step);
        if !self.repeats(value) {
            return value;
        }
        let hash = |value| self.key_hash(value);
        let own = hash(value);
        if let Some(&same) = self.known.find(own, |other| self.are_equal(*other, value)) {
            self.plan.steps.pop();
            self.plan.operands.truncate(start as usize);
            return same;
        }
        // There is room for all of them, so that none is hashed again.
        self.known.insert_unique(own, value, |_| own);
        value
    }

    /// What a node does.
    fn work(&mut self, id: NodeId) -> u32 {
        let form = self.graph.graph[id].form.0 as usize;
        if let Some(known) = self.works[form] {
            return known;
        }
        let on = |leaf| weight(Some(leaf), self.switches).is_some();
        let (kernel, ty) = self.graph.narrowed_node(id, on);
        let work = self.plan.works.insert_full(Work { kernel, ty }).0 as u32;
        if self.graph.slices.is_empty() {
            self.works[form] = Some(work);
        }
        work
    }

    /// Whether doing it again gives the same and leaves the same behind.
    fn repeats(&self, value: ValueId) -> bool {
        match self.plan.work(value).kernel {
            // Each dropout draws anew.
            Kernel::Dropout { .. } => self.mode == Mode::Eval,
            _ => true,
        }
    }

    /// Of what nearly always tells two steps apart.
    fn key_hash(&self, value: ValueId) -> u64 {
        let Stored { node, ref inputs, .. } = self.plan.steps[value as usize];
        let weights = self.graph.graph[node].weights;
        let inputs = &self.plan.operands[inputs.start as usize..inputs.end as usize];
        let ends = [inputs.first(), inputs.last()].map(|input| input.map(|input| input.value));
        FxBuildHasher.hash_one((weights, discriminant(&self.plan.work(value).kernel), ends))
    }

    /// Whether two steps make the same. The type matters where it decides the size: zeros, resizing.
    fn are_equal(&self, a: ValueId, b: ValueId) -> bool {
        let [a, b] = [a, b].map(|value| self.plan.step(value));
        let ty = |step: &Step<'_>| (step.ty.width, step.kernel.own_scale(step.ty.scale));
        let weights = |step: &Step<'_>| self.graph.graph[step.node].weights;
        a.inputs == b.inputs
            && weights(&a) == weights(&b)
            && a.kernel == b.kernel
            && ty(&a) == ty(&b)
    }

    /// The finished plan: outputs named, last uses noted.
    fn finish(self) -> Plan {
        let Building { graph, mode, mut plan, values, .. } = self;
        let of_mode = |aux: bool| mode == Mode::Train || !aux;
        plan.outputs = (graph.outputs.iter())
            .map(|output| values[output.node.index()].filter(|_| of_mode(output.aux)))
            .collect();
        let step = |value| plan.step(value);
        let Lifetimes { in_place, last } = Lifetimes::of(plan.len(), step, &plan.outputs);
        plan.free(&last);
        for (step, in_place) in plan.steps.iter_mut().zip(in_place) {
            step.in_place = in_place;
        }
        plan
    }
}

impl Plan {
    /// Lays out what steps free, the values in order; of some values that is the last step.
    fn free(&mut self, last: &[Option<ValueId>]) {
        for at in last.iter().flatten() {
            self.steps[*at as usize].free.end += 1;
        }
        let mut before = 0;
        for step in &mut self.steps {
            let count = step.free.end;
            step.free = before..before;
            before += count;
        }
        self.freed = vec![0; before as usize];
        for (value, last) in (0..).zip(last) {
            let Some(at) = last else { continue };
            let free = &mut self.steps[*at as usize].free;
            self.freed[free.end as usize] = value;
            free.end += 1;
        }
    }
}
