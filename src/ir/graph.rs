//! The decision graph: kernels, the maps between them, and the decisions that switch edges.
//!
//! Nodes are stored in topological order: an edge always goes from a lower to a higher index. The
//! edges into a node are stored one after another, in port order, before those into later nodes.
//! A finished network is a decision graph without decisions; there is no second format.

use super::decision::{Binding, Gate};
use super::kernel::{Kernel, WeightSpec};
use super::shape::{MapType, SliceId};
use crate::maps::IndexSet;
use crate::source::Span;
use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;
use smallvec::SmallVec;
use std::hash::{Hash, Hasher};
use std::ops::{Deref, Index};
use std::sync::Arc;

/// A node of a [`DecisionGraph`].
pub type NodeId = NodeIndex<u32>;

/// Index of a leaf: an entry of [`DecisionGraph::leaves`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LeafId(pub u32);

/// Index of a weight set: an entry of [`DecisionGraph::weights`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WeightId(pub u32);

/// Index of a scope: an entry of [`DecisionGraph::scopes`]; 0 is the whole network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScopeId(pub u32);

/// Index of a name: an entry of [`DecisionGraph::words`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Word(pub u32);

/// Names of scopes and weights, each once: many have the same.
#[derive(Clone, Debug, Default)]
pub struct Words(IndexSet<Arc<str>>);

impl Words {
    /// The index of a name, which is added where it is new.
    pub fn intern(&mut self, name: &str) -> Word {
        let known = self.0.get_index_of(name);
        Word(known.unwrap_or_else(|| self.0.insert_full(name.into()).0) as u32)
    }
}

impl Index<Word> for Words {
    type Output = str;

    fn index(&self, Word(at): Word) -> &str {
        &self.0[at as usize]
    }
}

/// Index of a form: an entry of [`DecisionGraph::forms`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FormId(pub u32);

/// What a node is, wherever it stands. Of nearly any there are many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// What it computes.
    pub kernel: Kernel,
    /// Its output.
    pub ty: MapType,
    /// Built although nothing reads it, and counted.
    pub keep: bool,
    /// The text it comes from.
    pub at: Span,
}

impl Hash for Form {
    /// Of what nearly always tells two forms apart.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.kernel.hash_gist(state);
        (self.ty, self.at.start).hash(state);
    }
}

/// A node as it is stored.
#[derive(Clone, Copy, Debug)]
pub struct Vertex {
    /// What it is.
    pub form: FormId,
    /// The named part it belongs to.
    pub scope: ScopeId,
    /// Its weights, where the kernel has some. Tied nodes share them.
    pub weights: Option<WeightId>,
}

/// One kernel at its place: a node as it is read.
#[derive(Clone, Copy, Debug)]
pub struct Node<'g> {
    form: &'g Form,
    /// The named part it belongs to.
    pub scope: ScopeId,
    /// Its weights, where the kernel has some. Tied nodes share them.
    pub weights: Option<WeightId>,
}

impl Deref for Node<'_> {
    type Target = Form;

    fn deref(&self) -> &Form {
        self.form
    }
}

/// An input of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Which input.
    pub port: u32,
    /// What switches it; only inputs of a mix have one.
    pub leaf: Option<LeafId>,
}

/// An edge with its ends.
pub type WholeEdge = petgraph::graph::Edge<Edge, u32>;

/// The inputs of a node. Most have few.
pub type Inputs = SmallVec<[(NodeId, Edge); 2]>;

/// Index of a weight set's shape: an entry of [`DecisionGraph::shapes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShapeId(pub u32);

/// What a weight set is, wherever it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WeightShape {
    /// The kernel, which knows the shapes of tensors.
    pub kernel: Kernel,
    /// Channels of the kernel's first input.
    pub channels: u32,
    /// Whether kernels of several widths take its leading channels: it is as large as the widest.
    pub sliced: bool,
}

impl WeightShape {
    /// Trainable parameters.
    pub fn params(&self) -> u64 {
        self.kernel.params(self.channels)
    }

    /// The tensors.
    pub fn tensors(&self) -> SmallVec<[WeightSpec; 4]> {
        self.kernel.weights(self.channels)
    }
}

/// The weights of one kernel (or of several that are tied).
#[derive(Clone, Copy, Debug)]
pub struct WeightSet {
    /// Where it lives.
    pub scope: ScopeId,
    /// Its name in that scope: `conv`, `bn2`.
    pub name: Word,
    /// What it is.
    pub shape: ShapeId,
    /// Which kernel it is of those in its scope, where the author gave it no name.
    pub turn: Option<u32>,
}

/// Widths that one decision chooses among: of a map, the leading channels that are there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Slices {
    /// By alternative: the fact that it is taken, and the channels then.
    pub cases: Vec<(LeafId, u32)>,
}

/// A named part of a network, for names and drawings.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// The part around it; the root is its own parent.
    pub parent: ScopeId,
    /// Its name there.
    pub name: Word,
    /// Which one it is of what its parent applies, where the author gave it no name.
    pub turn: Option<u32>,
}

/// What a network yields.
#[derive(Clone, Debug)]
pub struct Output {
    /// Its name; `out` where the author gave none.
    pub name: String,
    /// The map.
    pub node: NodeId,
    /// Whether it exists in training only.
    pub aux: bool,
}

/// A network, perhaps with decisions open.
#[derive(Clone, Debug, Default)]
pub struct DecisionGraph {
    /// Kernels and maps.
    pub graph: DiGraph<Vertex, Edge, u32>,
    /// What nodes are, each form once. Of some there may be no node any more.
    pub forms: IndexSet<Form>,
    /// What switches edges; each fact once.
    pub leaves: IndexSet<Gate>,
    /// Widths that are chosen, each set of them once.
    pub slices: IndexSet<Slices>,
    /// Every weight set once.
    pub weights: Vec<WeightSet>,
    /// What weight sets are, each shape once. Of some there may be no set any more.
    pub shapes: IndexSet<WeightShape>,
    /// Named parts, outermost first.
    pub scopes: Vec<Scope>,
    /// Their names, and those of weights.
    pub words: Words,
    /// What the network yields, in textual order.
    pub outputs: Vec<Output>,
}

impl DecisionGraph {
    /// Adds a node, which reads nothing yet.
    pub fn add_node(&mut self, form: Form, scope: ScopeId, weights: Option<WeightId>) -> NodeId {
        let form = self.form(form);
        self.graph.add_node(Vertex { form, scope, weights })
    }

    /// The index of a form, which is added where it is new.
    pub fn form(&mut self, form: Form) -> FormId {
        FormId(self.forms.insert_full(form).0 as u32)
    }

    /// Makes one node another than those that were like it.
    pub fn alter(&mut self, node: NodeId, change: impl FnOnce(&mut Form)) {
        let mut form = *self.node(node);
        change(&mut form);
        self.graph[node].form = self.form(form);
    }

    /// A node.
    pub fn node(&self, node: NodeId) -> Node<'_> {
        self.read(&self.graph[node])
    }

    /// A vertex as it is read.
    pub(crate) fn read(&self, vertex: &Vertex) -> Node<'_> {
        let Vertex { form: FormId(form), scope, weights } = *vertex;
        Node { form: &self.forms[form as usize], scope, weights }
    }

    /// The index of a weight set's shape, which is added where it is new.
    pub fn shape_id(&mut self, shape: WeightShape) -> ShapeId {
        ShapeId(self.shapes.insert_full(shape).0 as u32)
    }

    /// What a weight set is.
    pub fn shape(&self, set: &WeightSet) -> &WeightShape {
        &self.shapes[set.shape.0 as usize]
    }

    /// What the weight set of an index is.
    pub fn shape_of(&self, WeightId(at): WeightId) -> &WeightShape {
        self.shape(&self.weights[at as usize])
    }

    /// The inputs of a node with their edges, in port order.
    pub fn inputs(&self, node: NodeId) -> Inputs {
        let mut all: Inputs = self
            .graph
            .edges_directed(node, Direction::Incoming)
            .map(|e| (e.source(), *e.weight()))
            .collect();
        all.sort_unstable_by_key(|(_, edge)| edge.port);
        all
    }

    /// The inputs of a node that it reads: all, but for [`Kernel::Given`].
    pub fn reads(&self, node: NodeId) -> Inputs {
        let mut inputs = self.inputs(node);
        if self.node(node).kernel == Kernel::Given {
            inputs.truncate(1);
        }
        inputs
    }

    /// The fact behind a leaf.
    pub fn gate(&self, leaf: LeafId) -> &Gate {
        &self.leaves[leaf.0 as usize]
    }

    /// The widths of a map whose width is chosen.
    pub fn slices(&self, ty: MapType) -> Option<&Slices> {
        ty.slice.map(|SliceId(at)| &self.slices[at as usize])
    }

    /// A map's type where some leaves are on: the widest slice that is.
    pub fn narrowed(&self, ty: MapType, on: impl Fn(LeafId) -> bool) -> MapType {
        let Some(slices) = self.slices(ty) else { return ty };
        let there = slices.cases.iter().filter(|(leaf, _)| on(*leaf)).map(|(_, width)| *width);
        MapType::new(there.max().unwrap_or(ty.width), ty.scale)
    }

    /// A node's kernel and type where some leaves are on: as wide as the slices that are.
    pub fn narrowed_node(&self, id: NodeId, on: impl Fn(LeafId) -> bool) -> (Kernel, MapType) {
        let node = self.node(id);
        if self.slices.is_empty() {
            return (node.kernel, node.ty);
        }
        let (ty, whole) = (self.narrowed(node.ty, &on), self.input_type(id));
        let input = self.narrowed(whole, on);
        (node.kernel.sliced(whole.width, input.width, ty.width), ty)
    }

    /// The nodes in topological order.
    pub fn nodes(&self) -> impl DoubleEndedIterator<Item = (NodeId, Node<'_>)> {
        let all = self.graph.raw_nodes().iter().enumerate();
        all.map(|(at, vertex)| (NodeId::new(at), self.read(&vertex.weight)))
    }

    /// The nodes in topological order, with the edges into each in port order.
    pub fn wired(&self) -> impl Iterator<Item = (NodeId, Node<'_>, &[WholeEdge])> {
        let mut rest = self.graph.raw_edges();
        self.nodes().map(move |(id, node)| {
            let own = rest.iter().take_while(|edge| edge.target() == id).count();
            let (here, later) = rest.split_at(own);
            rest = later;
            debug_assert!(here.iter().map(|edge| edge.weight.port).is_sorted());
            debug_assert!(later.first().is_none_or(|edge| edge.target() > id));
            (id, node, here)
        })
    }

    /// The same from the last node to the first.
    pub fn wired_back(&self) -> impl Iterator<Item = (NodeId, Node<'_>, &[WholeEdge])> {
        let mut rest = self.graph.raw_edges();
        self.nodes().rev().map(move |(id, node)| {
            let own = rest.iter().rev().take_while(|edge| edge.target() == id).count();
            let (earlier, here) = rest.split_at(rest.len() - own);
            rest = earlier;
            (id, node, here)
        })
    }

    /// The type of a node's first input; its own type where it has none.
    pub fn input_type(&self, node: NodeId) -> MapType {
        let first = self
            .graph
            .edges_directed(node, Direction::Incoming)
            .find(|e| e.weight().port == 0)
            .map(|e| e.source());
        self.node(first.unwrap_or(node)).ty
    }

    /// Whether a node is a sum that is zeros where none of its terms is there: one without terms,
    /// or one of picks, whose type is known whatever is picked. Any other sum of nothing is absent.
    pub fn fills(&self, node: NodeId) -> bool {
        let inputs = || self.graph.neighbors_directed(node, Direction::Incoming);
        self.node(node).kernel == Kernel::Add
            && (inputs().next().is_none() || inputs().any(|term| self.is_of_picks(term)))
    }

    /// Whether a node is a mix over picks.
    fn is_of_picks(&self, node: NodeId) -> bool {
        let mut edges = self.graph.edges_directed(node, Direction::Incoming);
        let leaf = edges.next().and_then(|edge| edge.weight().leaf);
        leaf.is_some_and(|leaf| matches!(self.gate(leaf), Gate::Pick { .. } | Gate::Slot { .. }))
    }

    /// A scope's own name.
    pub fn word(&self, ScopeId(at): ScopeId) -> &str {
        &self.words[self.scopes[at as usize].name]
    }

    /// A scope's full name, its parts joined by dots; empty for the root.
    pub fn scope_name(&self, scope: ScopeId) -> String {
        let mut parts = Vec::new();
        let mut at = scope;
        while at.0 != 0 {
            parts.push(self.word(at));
            at = self.scopes[at.0 as usize].parent;
        }
        parts.reverse();
        parts.join(".")
    }

    /// A weight set's full name: its scope's and its own, joined by dots.
    pub fn weight_name(&self, id: WeightId) -> String {
        let set = &self.weights[id.0 as usize];
        let (scope, name) = (self.scope_name(set.scope), &self.words[set.name]);
        if scope.is_empty() { name.to_owned() } else { format!("{scope}.{name}") }
    }

    /// The weight of every leaf in a member: how often its fact holds.
    pub fn leaf_weights(&self, binding: &Binding) -> Vec<u32> {
        let weight = |gate: &Gate| binding.get(gate.decision()).map_or(0, |v| gate.weight(v));
        self.leaves.iter().map(weight).collect()
    }
}
