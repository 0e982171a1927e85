//! Building one network's graph: scopes, weights and nodes, each made once.

use super::memo::{Renamed, Stretch};
use crate::ir::decision::Gate;
use crate::ir::graph::{
    DecisionGraph, Edge, Form, FormId, LeafId, NodeId, Scope, ScopeId, ShapeId, Slices, Vertex,
    WeightId, WeightSet, WeightShape, Word,
};
use crate::ir::kernel::Kernel;
use crate::ir::shape::{MapType, SliceId};
use crate::maps::HashMap;
use crate::source::Span;
use petgraph::graph::EdgeIndex;
use std::ops::Range;

/// Nodes, edges or weights of a network that is large.
const LARGE: usize = 4096;

/// How much more room something is given that is full: where it has grown large, far more than it
/// has. That costs nothing until it is used, and moving everything again and again does.
fn more_room(len: usize) -> usize {
    if len >= LARGE { 3 * len } else { len }
}

/// The root scope of every graph.
pub(super) const ROOT: ScopeId = ScopeId(0);

/// A graph in the making.
#[derive(Debug)]
pub(super) struct Builder {
    pub(super) graph: DecisionGraph,
    /// Names with widths behind them.
    sized: HashMap<(Word, u32), Word>,
    scopes: HashMap<(ScopeId, Word), ScopeId>,
    weights: HashMap<(ScopeId, Word), WeightId>,
    /// By scope: whether something lives in it.
    touched: Vec<bool>,
    /// By node: whether its channels are those of a slice, perhaps of one width.
    parts: Vec<bool>,
}

/// Weights that are tied do not have the same shape at both places.
#[derive(Debug)]
pub(super) struct TieMismatch {
    pub(super) name: String,
    pub(super) first: u32,
    pub(super) now: u32,
}

/// How much of a graph there is: what is made between two marks lies next to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) nodes: u32,
    pub(super) edges: u32,
    pub(super) scopes: u32,
    pub(super) weights: u32,
}

/// Where a stretch's own scopes and weights were put.
#[derive(Clone, Copy, Debug)]
pub(super) struct Home {
    pub(super) scopes: u32,
    pub(super) weights: u32,
}

/// Where a stretch is copied to.
#[derive(Debug)]
pub(super) struct Copied<'a> {
    /// What is read in the place of its inputs.
    pub(super) inputs: &'a [NodeId],
    /// The scope around it.
    pub(super) outer: ScopeId,
    pub(super) home: Home,
    /// The place in the text.
    pub(super) at: Span,
    /// Which decisions take the place of its own.
    pub(super) renamed: &'a Renamed,
}

impl Builder {
    pub(super) fn new() -> Builder {
        let mut graph = DecisionGraph::default();
        let name = graph.words.intern("");
        graph.scopes.push(Scope { parent: ROOT, name, turn: None });
        Builder {
            graph,
            sized: HashMap::default(),
            scopes: HashMap::default(),
            weights: HashMap::default(),
            touched: vec![true],
            parts: Vec::new(),
        }
    }

    /// The scope of a name in a scope.
    pub(super) fn scope(&mut self, parent: ScopeId, name: &str) -> ScopeId {
        let graph = &mut self.graph;
        let name = graph.words.intern(name);
        let next = ScopeId(graph.scopes.len() as u32);
        let id = *self.scopes.entry((parent, name)).or_insert(next);
        if id == next {
            graph.scopes.push(Scope { parent, name, turn: None });
            self.touched.push(false);
            self.touched[parent.0 as usize] = true;
        }
        id
    }

    /// The scope of what is applied without a name of its own, as the `turn`-th in its parent.
    pub(super) fn scope_at(&mut self, parent: ScopeId, name: &str, turn: u32) -> ScopeId {
        let id = self.scope(parent, name);
        self.graph.scopes[id.0 as usize].turn = Some(turn);
        id
    }

    /// Whether nothing lives in a scope yet.
    pub(super) fn untouched(&self, scope: ScopeId) -> bool {
        !self.touched[scope.0 as usize]
    }

    /// The weight set of a name in a scope: made at first, found again where tied.
    pub(super) fn weight_set(
        &mut self,
        scope: ScopeId,
        name: &str,
        shape: (Kernel, u32),
        sliced: bool,
        turn: u32,
    ) -> Result<WeightId, TieMismatch> {
        let key = (scope, self.graph.words.intern(name));
        self.set_of(key, shape, sliced, turn)
    }

    fn set_of(
        &mut self,
        key: (ScopeId, Word),
        (kernel, channels): (Kernel, u32),
        sliced: bool,
        turn: u32,
    ) -> Result<WeightId, TieMismatch> {
        let scope = key.0;
        if let Some(&id) = self.weights.get(&key) {
            let known = *self.graph.shape_of(id);
            let wider = known.kernel.widened(&kernel);
            if (sliced || known.sliced) && wider == kernel.widened(&known.kernel) {
                let channels = known.channels.max(channels);
                let shape = WeightShape { kernel: wider, channels, sliced: true };
                self.graph.weights[id.0 as usize].shape = self.graph.shape_id(shape);
                return Ok(id);
            }
            if (known.kernel, known.channels) == (kernel, channels) {
                return Ok(id);
            }
            let first = known.channels;
            return Err(TieMismatch { name: self.graph.weight_name(id), first, now: channels });
        }
        let id = WeightId(self.graph.weights.len() as u32);
        let (name, turn) = (key.1, Some(turn));
        let shape = self.graph.shape_id(WeightShape { kernel, channels, sliced });
        self.push_weights(WeightSet { scope, name, shape, turn });
        self.weights.insert(key, id);
        self.touched[scope.0 as usize] = true;
        Ok(id)
    }

    /// The weights of a norm where kernels are sliced: each width has its own. A norm of `part` of a
    /// map's channels is named after its width.
    pub(super) fn norm_set(
        &mut self,
        scope: ScopeId,
        name: &str,
        shape: (Kernel, u32),
        part: bool,
        turn: u32,
    ) -> Result<WeightId, TieMismatch> {
        let plain = (scope, self.graph.words.intern(name));
        let known = self.weights.get(&plain).map(|id| &self.graph.weights[id.0 as usize]);
        if known.is_some_and(|set| self.graph.shape(set).channels == shape.1) {
            return self.set_of(plain, shape, false, turn);
        }
        let sized = (scope, self.sized(plain.1, shape.1));
        let first = !part && ![plain, sized].iter().any(|key| self.weights.contains_key(key));
        self.set_of(if first { plain } else { sized }, shape, false, turn)
    }

    /// A name with a width behind it.
    fn sized(&mut self, name: Word, width: u32) -> Word {
        if let Some(known) = self.sized.get(&(name, width)) {
            return *known;
        }
        let text = format!("{}_{width}", &self.graph.words[name]);
        let word = self.graph.words.intern(&text);
        self.sized.insert((name, width), word);
        word
    }

    /// Widths that a decision's alternatives stand for.
    pub(super) fn slices(&mut self, cases: impl Iterator<Item = (Gate, u32)>) -> SliceId {
        let cases = cases.map(|(gate, width)| (self.leaf(gate), width)).collect();
        SliceId(self.graph.slices.insert_full(Slices { cases }).0 as u32)
    }

    /// The leaf of a gate.
    fn leaf(&mut self, gate: Gate) -> LeafId {
        LeafId(self.graph.leaves.insert_full(gate).0 as u32)
    }

    /// Whether a map's channels are those of a slice, perhaps of one width.
    pub(super) fn is_slice(&self, map: NodeId) -> bool {
        self.parts[map.index()]
    }

    /// Marks a convolution's map as a slice.
    pub(super) fn mark_slice(&mut self, map: NodeId) {
        self.parts[map.index()] = true;
    }

    /// Adds a node.
    pub(super) fn node(
        &mut self,
        kernel: Kernel,
        ty: MapType,
        inputs: &[(NodeId, Option<Gate>)],
        scope: ScopeId,
        weights: Option<WeightId>,
        at: Span,
    ) -> NodeId {
        self.make_room(1, inputs.len());
        let form = Form { kernel, ty, keep: false, at };
        let id = self.graph.add_node(form, scope, weights);
        let makes = matches!(kernel, Kernel::Conv(_) | Kernel::Deconv(_));
        self.parts.push(!makes && inputs.iter().any(|(input, _)| self.is_slice(*input)));
        for (port, (input, gate)) in inputs.iter().enumerate() {
            let leaf = gate.map(|g| self.leaf(g));
            self.graph.graph.add_edge(*input, id, Edge { port: port as u32, leaf });
        }
        id
    }

    /// Makes room for so many more nodes and edges, and as [`more_room`] has it.
    fn make_room(&mut self, more_nodes: usize, more_edges: usize) {
        let graph = &mut self.graph.graph;
        let (nodes, edges) = graph.capacity();
        if graph.node_count() + more_nodes > nodes {
            graph.reserve_nodes(more_nodes.max(more_room(nodes)));
        }
        if graph.edge_count() + more_edges > edges {
            graph.reserve_edges(more_edges.max(more_room(edges)));
        }
    }

    /// Adds weights, in the same way.
    fn push_weights(&mut self, set: WeightSet) {
        let all = &mut self.graph.weights;
        if all.len() == all.capacity() {
            all.reserve(more_room(all.len()));
        }
        all.push(set);
    }

    /// How much there is.
    pub(super) fn mark(&self) -> Mark {
        let graph = &self.graph;
        Mark {
            nodes: graph.graph.node_count() as u32,
            edges: graph.graph.edge_count() as u32,
            scopes: graph.scopes.len() as u32,
            weights: graph.weights.len() as u32,
        }
    }

    /// The shapes of the weights that were made since.
    pub(super) fn shapes_since(&self, mark: Mark) -> Vec<ShapeId> {
        self.graph.weights[mark.weights as usize..].iter().map(|set| set.shape).collect()
    }

    /// Whether what was made between two marks depends on nothing but its inputs and the scope
    /// around it, so that it can be copied to another place.
    pub(super) fn closed(&self, s: &Stretch) -> bool {
        let (from, to) = (s.from, s.to);
        let graph = &self.graph;
        let inside = |id: ScopeId| id == s.outer || (from.scopes..to.scopes).contains(&id.0);
        let scopes = &graph.scopes[from.scopes as usize..to.scopes as usize];
        let weights = &graph.weights[from.weights as usize..to.weights as usize];
        let nodes = &graph.graph.raw_nodes()[from.nodes as usize..to.nodes as usize];
        let edges = &graph.graph.raw_edges()[from.edges as usize..to.edges as usize];
        scopes.iter().all(|scope| inside(scope.parent))
            && weights.iter().all(|w| inside(w.scope))
            && nodes.iter().all(|n| {
                let n = graph.read(&n.weight);
                (inside(n.scope) || n.kernel == Kernel::Mix)
                    && n.weights.is_none_or(|w| (from.weights..to.weights).contains(&w.0))
            })
            && edges.iter().all(|e| {
                let source = e.source().index() as u32;
                source >= from.nodes || s.inputs.contains(&e.source())
            })
    }

    /// Copies what a stretch has of its own scopes and weights into another scope.
    pub(super) fn furnish(&mut self, s: &Stretch, outer: ScopeId) -> Home {
        let home = Home {
            scopes: self.graph.scopes.len() as u32,
            weights: self.graph.weights.len() as u32,
        };
        let moved = |id: ScopeId| s.scope(id, outer, home);
        let (own, all) = ((s.to.scopes - s.from.scopes) as usize, &mut self.graph.scopes);
        if all.len() + own > all.capacity() {
            all.reserve(own.max(more_room(all.len())));
        }
        for i in s.from.scopes..s.to.scopes {
            let scope = self.graph.scopes[i as usize];
            self.graph.scopes.push(Scope { parent: moved(scope.parent), ..scope });
        }
        let touched = s.from.scopes as usize..s.to.scopes as usize;
        self.touched.extend_from_within(touched);
        for (i, shape) in (s.from.weights..).zip(&s.shapes) {
            let set = self.graph.weights[i as usize];
            self.push_weights(WeightSet { scope: moved(set.scope), shape: *shape, ..set });
        }
        self.touched[outer.0 as usize] = self.touched[s.outer.0 as usize];
        home
    }

    /// Copies a stretch's nodes: to other inputs, into another scope, with the weights there.
    pub(super) fn stamp(&mut self, s: &Stretch, to: &Copied) {
        let first = self.graph.graph.node_count() as u32;
        let nodes = (s.to.nodes - s.from.nodes) as usize;
        self.make_room(nodes, (s.to.edges - s.from.edges) as usize);
        self.parts.reserve(nodes);
        let renames = !to.renamed.is_empty();
        let mut edge = s.from.edges;
        for n in s.from.nodes..s.to.nodes {
            let mut node = self.graph.graph.raw_nodes()[n as usize].weight;
            let edges = edge..self.edges_into(n, edge..s.to.edges);
            edge = edges.end;
            let source = |id: NodeId| s.node(id, to.inputs, first);
            node.scope = match self.own_scope(s, &node) {
                true => s.scope(node.scope, to.outer, to.home),
                false => self.first_source_scope(&edges, source),
            };
            node.weights = node.weights.map(|w| WeightId(w.0 - s.from.weights + to.home.weights));
            node.form = self.moved(node.form, s.at, to);
            let id = self.graph.graph.add_node(node);
            self.parts.push(self.parts[n as usize]);
            for e in edges {
                let old = &self.graph.graph.raw_edges()[e as usize];
                let (from, mut weight) = (s.node(old.source(), to.inputs, first), old.weight);
                if renames {
                    weight.leaf = weight.leaf.map(|leaf| self.renamed(leaf, to.renamed));
                }
                self.graph.graph.add_edge(from, id, weight);
            }
        }
    }

    /// The form of a copy that is applied at another place. It is not kept: stretches that keep something
    /// are not copied, what is kept in one was marked from outside.
    fn moved(&mut self, form: FormId, from: Span, to: &Copied) -> FormId {
        let old = &self.graph.forms[form.0 as usize];
        let other = old.ty.slice.is_some() && !to.renamed.is_empty();
        if old.at != from && !old.keep && !other {
            return form;
        }
        let mut new = Form { keep: false, ..*old };
        if new.at == from {
            new.at = to.at;
        }
        if other {
            new.ty = self.renamed_type(new.ty, to.renamed);
        }
        self.graph.form(new)
    }

    /// A leaf where others take the place of decisions.
    fn renamed(&mut self, leaf: LeafId, renamed: &Renamed) -> LeafId {
        let gate = *self.graph.gate(leaf);
        match renamed.gate(gate) {
            same if same == gate => leaf,
            other => self.leaf(other),
        }
    }

    /// A type in the same way.
    pub(super) fn renamed_type(&mut self, ty: MapType, renamed: &Renamed) -> MapType {
        if renamed.is_empty() {
            return ty;
        }
        let Some(slices) = self.graph.slices(ty) else { return ty };
        let gate = |leaf: LeafId| renamed.gate(*self.graph.gate(leaf));
        let cases: Vec<(Gate, u32)> =
            slices.cases.iter().map(|(leaf, width)| (gate(*leaf), *width)).collect();
        MapType { slice: Some(self.slices(cases.into_iter())), ..ty }
    }

    /// Whether a node lives in the stretch's scopes; a mix may live where its first term does.
    fn own_scope(&self, s: &Stretch, node: &Vertex) -> bool {
        node.scope == s.outer || (s.from.scopes..s.to.scopes).contains(&node.scope.0)
    }

    fn first_source_scope(&self, edges: &Range<u32>, source: impl Fn(NodeId) -> NodeId) -> ScopeId {
        let first = self.graph.graph.edge_endpoints(EdgeIndex::new(edges.start as usize));
        first.map_or(ROOT, |(from, _)| self.graph.graph[source(from)].scope)
    }

    /// The end of the edges that enter a node; they were added right after it.
    fn edges_into(&self, node: u32, among: Range<u32>) -> u32 {
        let all = &self.graph.graph.raw_edges()[among.start as usize..among.end as usize];
        let here = all.iter().take_while(|e| e.target().index() as u32 == node).count();
        among.start + here as u32
    }

    /// Lets names find what [`Builder::furnish`] copied.
    pub(super) fn reveal(&mut self, s: &Stretch, home: Home) {
        for i in home.scopes..home.scopes + (s.to.scopes - s.from.scopes) {
            let Scope { parent, name, .. } = self.graph.scopes[i as usize];
            self.scopes.entry((parent, name)).or_insert(ScopeId(i));
        }
        for i in home.weights..home.weights + (s.to.weights - s.from.weights) {
            let WeightSet { scope, name, .. } = self.graph.weights[i as usize];
            self.weights.entry((scope, name)).or_insert(WeightId(i));
        }
    }
}
