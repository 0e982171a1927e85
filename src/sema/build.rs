//! Building one network's graph: scopes, weights and nodes, each made once.

use crate::ir::decision::Gate;
use crate::ir::graph::{
    DecisionGraph, Edge, LeafId, Node, NodeId, Scope, ScopeId, WeightId, WeightSet,
};
use crate::ir::kernel::Kernel;
use crate::ir::shape::MapType;
use crate::source::Span;
use std::collections::HashMap;
use std::rc::Rc;

/// The root scope of every graph.
pub(super) const ROOT: ScopeId = ScopeId(0);

/// A graph in the making.
#[derive(Debug)]
pub(super) struct Builder {
    pub(super) graph: DecisionGraph,
    scopes: HashMap<(ScopeId, Rc<str>), ScopeId>,
    weights: HashMap<(ScopeId, Rc<str>), WeightId>,
}

/// Weights that are tied do not have the same shape at both places.
#[derive(Debug)]
pub(super) struct TieMismatch {
    pub(super) name: String,
    pub(super) first: u32,
    pub(super) now: u32,
}

impl Builder {
    pub(super) fn new() -> Builder {
        let mut graph = DecisionGraph::default();
        graph.scopes.push(Scope { parent: ROOT, name: String::new() });
        Builder { graph, scopes: HashMap::new(), weights: HashMap::new() }
    }

    /// The scope of a name in a scope.
    pub(super) fn scope(&mut self, parent: ScopeId, name: Rc<str>) -> ScopeId {
        let graph = &mut self.graph;
        *self.scopes.entry((parent, name)).or_insert_with_key(|(parent, name)| {
            graph.scopes.push(Scope { parent: *parent, name: name.to_string() });
            ScopeId(graph.scopes.len() as u32 - 1)
        })
    }

    /// The weight set of a name in a scope: made at first, found again where tied.
    pub(super) fn weight_set(
        &mut self,
        scope: ScopeId,
        name: Rc<str>,
        kernel: Kernel,
        channels: u32,
    ) -> Result<WeightId, TieMismatch> {
        let key = (scope, name);
        if let Some(&id) = self.weights.get(&key) {
            let set = &self.graph.weights[id.0 as usize];
            if set.kernel == kernel && set.channels == channels {
                return Ok(id);
            }
            let name = self.graph.weight_name(id);
            return Err(TieMismatch { name, first: set.channels, now: channels });
        }
        let id = WeightId(self.graph.weights.len() as u32);
        let name = key.1.to_string();
        self.graph.weights.push(WeightSet { scope, name, kernel, channels });
        self.weights.insert(key, id);
        Ok(id)
    }

    /// The leaf of a gate.
    fn leaf(&mut self, gate: Gate) -> LeafId {
        LeafId(self.graph.leaves.insert_full(gate).0 as u32)
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
        let node = Node { kernel, ty, scope, weights, keep: false, at };
        let id = self.graph.graph.add_node(node);
        for (port, (input, gate)) in inputs.iter().enumerate() {
            let leaf = gate.map(|g| self.leaf(g));
            self.graph.graph.add_edge(*input, id, Edge { port: port as u32, leaf });
        }
        id
    }
}
