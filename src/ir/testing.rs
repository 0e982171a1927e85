//! Small spaces for tests: a builder, the shapes that recur, and spaces drawn by chance.

use super::decision::{
    Binding, Candidate, Decision, DecisionId, Domain, Gate, Lattice, Moves, Normalise, Pick, Picks,
    Value,
};
use super::graph::{
    DecisionGraph, Edge, Form, LeafId, NodeId, Output, Scope, ScopeId, WeightId, WeightSet,
    WeightShape,
};
use super::kernel::{Act, Conv, Kernel, Norm, PoolKind};
use super::shape::{MapType, Scale};
use crate::source::Span;

/// Channels of every map in these spaces.
pub(crate) const WIDTH: u32 = 4;

/// A space under construction: its decisions and its graph.
#[derive(Default)]
pub(crate) struct Draft {
    pub(crate) decisions: Vec<Decision>,
    pub(crate) graph: DecisionGraph,
}

impl Draft {
    /// A graph that has its input.
    pub(crate) fn new() -> (Draft, NodeId) {
        let mut draft = Draft::default();
        let name = draft.graph.words.intern("");
        draft.graph.scopes.push(Scope { parent: ScopeId(0), name, turn: None });
        let input = draft.node(Kernel::Input(0), &[]);
        (draft, input)
    }

    pub(crate) fn decide(&mut self, name: &str, domain: Domain) -> DecisionId {
        self.decisions.push(Decision { name: name.into(), domain, at: Span::default() });
        DecisionId(self.decisions.len() as u32 - 1)
    }

    pub(crate) fn one(&mut self, name: &str, n: usize) -> DecisionId {
        self.decide(name, Domain::One((0..n).map(|i| format!("a{i}")).collect()))
    }

    /// `choose [ordered] k of n candidates [with repeats] via ops`.
    pub(crate) fn picks(
        &mut self,
        name: &str,
        k: u32,
        flags: (bool, bool),
        ops: &[usize],
    ) -> DecisionId {
        self.decide(name, Domain::Picks(picks(k, flags, ops)))
    }

    pub(crate) fn path(&mut self, name: &str, layers: u8, first: &[u8]) -> DecisionId {
        self.decide(name, Domain::Path(lattice(layers, first)))
    }

    /// Makes all kernels of one shape share their weights.
    pub(crate) fn tie(&mut self) {
        let mut first = std::collections::HashMap::new();
        for id in self.graph.graph.node_indices() {
            let shape = (self.graph.node(id).kernel, self.graph.input_type(id));
            let weights = self.graph.graph[id].weights;
            self.graph.graph[id].weights = *first.entry(shape).or_insert(weights);
        }
    }

    /// A node that reads `inputs` always and keeps the first one's type, or `WIDTH @ /1`; a
    /// convolution has its own width.
    pub(crate) fn node(&mut self, kernel: Kernel, inputs: &[NodeId]) -> NodeId {
        let default = MapType::new(WIDTH, Scale::Down(1));
        let mut ty = inputs.first().map_or(default, |x| self.graph.node(*x).ty);
        if let Kernel::Conv(c) = kernel {
            ty.width = c.out;
        }
        self.typed(kernel, ty, inputs)
    }

    /// A node of a given type; its weights are its own.
    pub(crate) fn typed(&mut self, kernel: Kernel, ty: MapType, inputs: &[NodeId]) -> NodeId {
        let channels = inputs.first().map_or(ty.width, |i| self.graph.node(*i).ty.width);
        let weights = (!kernel.weights(channels).is_empty()).then(|| {
            let name = self.graph.words.intern(&format!("w{}", self.graph.weights.len()));
            let shape = WeightShape { kernel, channels, sliced: false };
            let shape = self.graph.shape_id(shape);
            let set = WeightSet { scope: ScopeId(0), name, shape, turn: None };
            self.graph.weights.push(set);
            WeightId(self.graph.weights.len() as u32 - 1)
        });
        let form = Form { kernel, ty, keep: false, at: Span::default() };
        let id = self.graph.add_node(form, ScopeId(0), weights);
        for (port, &src) in inputs.iter().enumerate() {
            self.graph.graph.add_edge(src, id, Edge { port: port as u32, leaf: None });
        }
        id
    }

    /// A mix of gated terms.
    pub(crate) fn mix(&mut self, terms: &[(Gate, NodeId)]) -> NodeId {
        let ty = terms.first().map(|(_, src)| self.graph.node(*src).ty);
        let ty = ty.unwrap_or(MapType::new(WIDTH, Scale::Down(1)));
        let id = self.typed(Kernel::Mix, ty, &[]);
        for (port, &(gate, src)) in terms.iter().enumerate() {
            let leaf = Some(LeafId(self.graph.leaves.insert_full(gate).0 as u32));
            self.graph.graph.add_edge(src, id, Edge { port: port as u32, leaf });
        }
        id
    }

    pub(crate) fn output(&mut self, node: NodeId) {
        let name =
            if self.graph.outputs.is_empty() { "out".into() } else { format!("o{}", node.index()) };
        self.graph.outputs.push(Output { name, node, aux: false });
    }

    /// The n-th of a family of operators: skip, zero, then kernels that differ.
    pub(crate) fn op(&mut self, n: usize, x: NodeId) -> NodeId {
        match n {
            0 => x,
            1 => self.node(Kernel::Zero, &[x]),
            2 => self.node(conv(1), &[x]),
            3 => self.node(conv(3), &[x]),
            4 => {
                self.node(Kernel::Pool { kind: PoolKind::Avg, kernel: 3, stride: 1, pad: 1 }, &[x])
            }
            5 => {
                let y = self.node(conv(1), &[x]);
                self.node(Kernel::Norm(Norm::DEFAULT), &[y])
            }
            6 => {
                self.node(Kernel::Pool { kind: PoolKind::Max, kernel: 3, stride: 1, pad: 1 }, &[x])
            }
            _ => {
                let y = self.node(Kernel::Act(Act::Relu), &[x]);
                self.node(conv(n as u32 * 2 - 9), &[y])
            }
        }
    }

    /// `sum(choose k of inputs via ops)` for a decision that is at hand.
    pub(crate) fn read(&mut self, of: DecisionId, inputs: &[NodeId], ops: usize) -> NodeId {
        let mut terms = Vec::new();
        for (c, &x) in inputs.iter().enumerate() {
            for op in 0..ops {
                let pick = Pick { candidate: c as u16, op: op as u16 };
                terms.push((Gate::Pick { of, pick }, self.op(op, x)));
            }
        }
        let mix = self.mix(&terms);
        self.node(Kernel::Add, &[mix])
    }

    /// Every binding, by brute force.
    pub(crate) fn bindings(&self) -> Vec<Binding> {
        let mut all = vec![Vec::new()];
        for d in &self.decisions {
            let values = values(&d.domain);
            all = all
                .into_iter()
                .flat_map(|b: Vec<Value>| {
                    values.iter().map(move |v| b.iter().cloned().chain([v.clone()]).collect())
                })
                .collect();
        }
        all.into_iter().map(Binding).collect()
    }
}

/// Every value of a domain, in rank order.
pub(crate) fn values(domain: &Domain) -> Vec<Value> {
    (0u32..).map_while(|r| domain.unrank(&r.into())).collect()
}

pub(crate) fn conv(kernel: u32) -> Kernel {
    Kernel::Conv(Conv { out: WIDTH, kernel, stride: 1, rate: 1, groups: 1, bias: false, pad: None })
}

pub(crate) fn picks(k: u32, (ordered, repeats): (bool, bool), ops: &[usize]) -> Picks {
    let labels = |n: usize| (0..n).map(|j| format!("o{j}")).collect();
    let candidate = |(i, n): (usize, &usize)| Candidate { label: format!("x{i}"), ops: labels(*n) };
    Picks { k, ordered, repeats, candidates: ops.iter().enumerate().map(candidate).collect() }
}

/// Scales /4 to /32, all moves, all exits.
pub(crate) fn lattice(layers: u8, first: &[u8]) -> Lattice {
    Lattice {
        layers,
        scales: [4, 8, 16, 32].map(Scale::Down).to_vec(),
        first: first.to_vec(),
        moves: Moves { up: true, stay: true, down: true },
        exits: vec![0, 1, 2, 3],
        weigh: Normalise::Source,
    }
}

mod spaces;
pub(crate) use spaces::*;
