//! Decision graphs built by hand: for tests, benchmarks and programs that bring no text. Types
//! follow from kernels; that inputs fit each other is the caller's part.

use super::decision::Gate;
use super::graph::{
    DecisionGraph, Edge, Form, LeafId, NodeId, Output, Scope, ScopeId, WeightId, WeightSet,
    WeightShape,
};
use super::kernel::{Kernel, Target};
use super::shape::{MapType, Scale};
use crate::source::Span;

/// A decision graph in the making. Nodes come in topological order by construction.
#[derive(Clone, Debug)]
pub struct Builder {
    graph: DecisionGraph,
    scope: ScopeId,
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl Builder {
    /// An empty network.
    pub fn new() -> Self {
        let mut graph = DecisionGraph::default();
        let root = Scope { parent: ScopeId(0), name: graph.words.intern(""), turn: None };
        graph.scopes.push(root);
        Builder { graph, scope: ScopeId(0) }
    }

    /// Builds a part of its own name, so that its weights are told from those of other parts.
    pub fn part<T>(&mut self, name: &str, body: impl FnOnce(&mut Self) -> T) -> T {
        let around = self.scope;
        self.scope = ScopeId(self.graph.scopes.len() as u32);
        let name = self.graph.words.intern(name);
        self.graph.scopes.push(Scope { parent: around, name, turn: None });
        let result = body(self);
        self.scope = around;
        result
    }

    /// The network's next input, of `width` channels at `/1`.
    pub fn input(&mut self, width: u32) -> NodeId {
        let inputs = self.graph.nodes().filter(|(_, n)| matches!(n.kernel, Kernel::Input(_)));
        let nth = inputs.count();
        let ty = MapType::new(width, Scale::Down(1));
        self.node(Kernel::Input(nth as u32), ty, None)
    }

    /// A kernel over `inputs`, with weights of its own where it has some. Its first input decides
    /// its type (a sum without inputs: see [`Builder::nothing`]).
    pub fn add(&mut self, kernel: Kernel, inputs: &[NodeId]) -> NodeId {
        let channels = inputs.first().map_or(0, |id| self.graph.node(*id).ty.width);
        let weights =
            (!kernel.weights(channels).is_empty()).then(|| self.weight_set(kernel, channels));
        self.tied(kernel, inputs, weights)
    }

    /// The same with the weights of another node.
    pub fn add_tied(&mut self, like: NodeId, inputs: &[NodeId]) -> NodeId {
        let (kernel, weights) = (self.graph.node(like).kernel, self.graph.graph[like].weights);
        self.tied(kernel, inputs, weights)
    }

    /// A sum of nothing: zeros of type `ty`.
    pub fn nothing(&mut self, ty: MapType) -> NodeId {
        self.node(Kernel::Add, ty, None)
    }

    /// A weighted sum, each term switched by a fact.
    pub fn mix(&mut self, terms: &[(NodeId, Gate)]) -> NodeId {
        let first = terms.first().expect("a mix has terms").0;
        let id = self.node(Kernel::Mix, self.graph.node(first).ty, None);
        for (port, (source, gate)) in terms.iter().enumerate() {
            let (leaf, _) = self.graph.leaves.insert_full(*gate);
            let leaf = Some(LeafId(leaf as u32));
            self.graph.graph.add_edge(*source, id, Edge { port: port as u32, leaf });
        }
        id
    }

    /// Marks a node as built although nothing reads it.
    pub fn keep(&mut self, node: NodeId) {
        self.graph.alter(node, |form| form.keep = true);
    }

    /// Names an output.
    pub fn output(&mut self, name: &str, node: NodeId) {
        self.graph.outputs.push(Output { name: name.to_owned(), node, aux: false });
    }

    /// Names an output that exists in training only.
    pub fn aux(&mut self, name: &str, node: NodeId) {
        self.graph.outputs.push(Output { name: name.to_owned(), node, aux: true });
    }

    /// The type of a node that was added.
    pub fn ty(&self, node: NodeId) -> MapType {
        self.graph.node(node).ty
    }

    /// The finished graph.
    pub fn finish(self) -> DecisionGraph {
        self.graph
    }

    fn weight_set(&mut self, kernel: Kernel, channels: u32) -> WeightId {
        let id = WeightId(self.graph.weights.len() as u32);
        // The number keeps names apart within a part.
        let name = self.graph.words.intern(&format!("{}{}", kernel.name(), id.0));
        let shape = WeightShape { kernel, channels, sliced: false };
        let shape = self.graph.shape_id(shape);
        let set = WeightSet { scope: self.scope, name, shape, turn: None };
        self.graph.weights.push(set);
        id
    }

    fn tied(&mut self, kernel: Kernel, inputs: &[NodeId], weights: Option<WeightId>) -> NodeId {
        let types: Vec<MapType> = inputs.iter().map(|id| self.graph.node(*id).ty).collect();
        let id = self.node(kernel, output_type(&kernel, &types), weights);
        for (port, source) in inputs.iter().enumerate() {
            self.graph.graph.add_edge(*source, id, Edge { port: port as u32, leaf: None });
        }
        id
    }

    fn node(&mut self, kernel: Kernel, ty: MapType, weights: Option<WeightId>) -> NodeId {
        let form = Form { kernel, ty, keep: false, at: Span::default() };
        self.graph.add_node(form, self.scope, weights)
    }
}

/// The type that a kernel gives to inputs of these types.
fn output_type(kernel: &Kernel, inputs: &[MapType]) -> MapType {
    let first = *inputs.first().expect("a kernel that is no input reads something");
    let down = |n: u32| match first.scale {
        Scale::Down(s) => Scale::Down(s * n),
        Scale::Global => Scale::Global,
    };
    let up = |n: u32| match first.scale {
        Scale::Down(s) => Scale::Down(s.div_ceil(n)),
        Scale::Global => Scale::Global,
    };
    let second = inputs.get(1).unwrap_or(&first);
    match *kernel {
        Kernel::Conv(c) => MapType::new(c.out, down(c.stride)),
        Kernel::Deconv(c) => MapType::new(c.out, up(c.stride)),
        Kernel::Pool { stride, .. } => MapType { scale: down(stride), ..first },
        Kernel::GlobalPool => MapType { scale: Scale::Global, ..first },
        Kernel::Resize { to: Target::Scale(scale), .. } => MapType { scale, ..first },
        Kernel::Resize { to: Target::Like, .. } => MapType { scale: second.scale, ..first },
        Kernel::Resize { to: Target::FloorBy(n), .. } => MapType { scale: down(n), ..first },
        Kernel::Concat => MapType { width: inputs.iter().map(|ty| ty.width).sum(), ..first },
        Kernel::Slice { len, .. } => MapType { width: len, ..first },
        Kernel::Input(_)
        | Kernel::Norm(_)
        | Kernel::Act(_)
        | Kernel::Add
        | Kernel::Mul
        | Kernel::Zero
        | Kernel::Shuffle { .. }
        | Kernel::Shift { .. }
        | Kernel::Dropout { .. }
        | Kernel::Mix
        | Kernel::Given => first,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::kernel::{Conv, Norm};

    #[test]
    fn types_follow_and_weights_are_named_by_their_parts() {
        let mut b = Builder::new();
        let x = b.input(3);
        let conv =
            Conv { out: 8, kernel: 3, stride: 2, rate: 1, groups: 1, bias: false, pad: None };
        let y = b.part("stem", |b| {
            let y = b.add(Kernel::Conv(conv), &[x]);
            b.add(Kernel::Norm(Norm::DEFAULT), &[y])
        });
        let z = b.add(Kernel::Concat, &[y, y]);
        assert_eq!(b.ty(z), MapType::new(16, Scale::Down(2)));
        b.output("out", z);
        let graph = b.finish();
        let names: Vec<String> = (0..2).map(|id| graph.weight_name(WeightId(id))).collect();
        assert_eq!(names, ["stem.conv0", "stem.bn1"]);
    }
}
