//! A number that equal networks have in common, found without building them.
//!
//! Each map's print is made of its kernel's label and its inputs' prints; a sum's is the sum of its
//! terms', however they are bracketed. Isomorphic members have equal prints. Unequal ones may, too
//! (that a map is read twice or made twice does not show), so that prints can only be counted from
//! below.

use crate::ir::canon::label_hash;
use crate::ir::decision::{Binding, DecisionId, Gate};
use crate::ir::graph::{DecisionGraph, LeafId};
use crate::ir::kernel::Kernel;
use crate::maps::IndexSet;
use smallvec::{SmallVec, smallvec};

/// A graph laid out for fingerprints.
pub(super) struct Prints<'a> {
    graph: &'a DecisionGraph,
    /// By node: where its sources begin in `sources`.
    starts: Vec<u32>,
    sources: Vec<u32>,
    kinds: Vec<Kind>,
    /// By node: its labels; those of a whole chain where only it reads the ones before.
    labels: Vec<SmallVec<[u64; 3]>>,
    fills: Vec<bool>,
    outputs: Vec<u32>,
    /// By node: one that it is absent without; itself where none is known.
    guards: Vec<u32>,
    /// By node: the leaves of its edges, as one of `switches`.
    switch: Vec<u32>,
    switches: Vec<Switch>,
    /// By node: its print, and the member for which it was found.
    known: Vec<(Print, u32)>,
    /// By node: the blocks of leaves that its print depends on.
    cones: Vec<u64>,
    /// By leaf: its block.
    blocks: Vec<u8>,
    /// By block: the last member in which a leaf of it changed.
    changed: [u32; 64],
    /// By decision: its leaves.
    leaves: Vec<Vec<u32>>,
    weights: Vec<u32>,
    binding: Option<Binding>,
    member: u32,
    stack: Vec<u32>,
    /// Edges that were looked at, over all members.
    pub(super) work: u64,
}

/// Leaves side by side, as the edges of many nodes have them: the same cell stands at many places.
struct Switch {
    /// By edge: its leaf.
    leaves: Vec<Option<LeafId>>,
    /// The blocks of those.
    cone: u64,
    /// The edges that are on and how often, and the member for which they were found.
    on: Vec<(u32, u32)>,
    member: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Sum,
    Parts,
    /// Its first input, where all are there.
    Given,
    Other,
}

/// A map's print; nothing where it is absent.
type Print = Option<u64>;

/// A block per leaf: leaves of one decision, of one layer where it is a path, share one. Members
/// that are visited in the order of ranks differ in few of them.
fn blocks(graph: &DecisionGraph) -> Vec<u8> {
    let mut places = IndexSet::default();
    let place = |gate: &Gate| match *gate {
        Gate::Arrow { of, layer, .. } | Gate::Visit { of, layer, .. } => (of, layer),
        _ => (gate.decision(), u8::MAX),
    };
    graph.leaves.iter().map(|gate| (places.insert_full(place(gate)).0 % 64) as u8).collect()
}

/// By node: its label as a number.
fn labels(graph: &DecisionGraph) -> Vec<SmallVec<[u64; 3]>> {
    let by_form: Vec<u64> = graph.forms.iter().map(label_hash).collect();
    graph.graph.node_weights().map(|node| smallvec![by_form[node.form.0 as usize]]).collect()
}

/// By node: whether one node alone reads it, and it is no output.
fn passed_on(graph: &DecisionGraph) -> Vec<bool> {
    let mut readers = vec![0; graph.graph.node_count()];
    graph.graph.raw_edges().iter().for_each(|edge| readers[edge.source().index()] += 1);
    graph.outputs.iter().for_each(|o| readers[o.node.index()] += 2);
    readers.into_iter().map(|readers| readers == 1).collect()
}

fn scatter(x: u64) -> u64 {
    let x = (x ^ (x >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (x ^ (x >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

impl Prints<'_> {
    pub(super) fn of(graph: &DecisionGraph) -> Prints<'_> {
        let kind = |kernel: &Kernel| match kernel {
            Kernel::Add | Kernel::Mix => Kind::Sum,
            Kernel::Concat => Kind::Parts,
            Kernel::Given => Kind::Given,
            _ => Kind::Other,
        };
        let mut prints = Prints {
            graph,
            starts: vec![0],
            sources: Vec::with_capacity(graph.graph.edge_count()),
            kinds: graph.nodes().map(|(_, n)| kind(&n.kernel)).collect(),
            labels: labels(graph),
            fills: graph.nodes().map(|(id, _)| graph.fills(id)).collect(),
            outputs: graph.outputs.iter().map(|o| o.node.index() as u32).collect(),
            guards: Vec::with_capacity(graph.graph.node_count()),
            switch: Vec::with_capacity(graph.graph.node_count()),
            switches: Vec::new(),
            known: vec![(None, 0); graph.graph.node_count()],
            cones: Vec::with_capacity(graph.graph.node_count()),
            blocks: blocks(graph),
            changed: [0; 64],
            leaves: Vec::new(),
            weights: vec![u32::MAX; graph.leaves.len()],
            binding: None,
            member: 0,
            stack: Vec::new(),
            work: 0,
        };
        prints.wire();
        for (leaf, gate) in graph.leaves.iter().enumerate() {
            let of = gate.decision().index();
            prints.leaves.resize(prints.leaves.len().max(of + 1), Vec::new());
            prints.leaves[of].push(leaf as u32);
        }
        prints
    }

    fn wire(&mut self) {
        let mut switches: IndexSet<Vec<Option<LeafId>>> = IndexSet::default();
        let passed_on = passed_on(self.graph);
        for (id, _, edges) in self.graph.wired() {
            if let [edge] = edges
                && passed_on[edge.source().index()]
                && self.lengthen(id.index(), edge.source().index())
            {
                continue;
            }
            let leaves: Vec<_> = edges.iter().map(|edge| edge.weight.leaf).collect();
            let own = leaves.iter().flatten();
            let own = own.fold(0, |cone, leaf| cone | 1 << self.blocks[leaf.0 as usize]);
            let sources = edges.iter().map(|edge| edge.source().index() as u32);
            let start = self.sources.len();
            self.sources.extend(sources);
            let cone =
                self.sources[start..].iter().fold(own, |c, src| c | self.cones[*src as usize]);
            self.cones.push(cone);
            self.starts.push(self.sources.len() as u32);
            let (switch, new) = switches.insert_full(leaves);
            if new {
                let leaves = switches[switch].clone();
                self.switches.push(Switch { leaves, cone: own, on: Vec::new(), member: 0 });
            }
            self.switch.push(switch as u32);
            self.guards.push(self.guard(self.guards.len(), &self.sources[start..]));
        }
    }

    /// Takes a node for the end of a chain that ends at its one source: then it reads what the chain
    /// does, and nothing in between is ever asked for. Whether it can be.
    fn lengthen(&mut self, node: usize, source: usize) -> bool {
        if self.kinds[node] != Kind::Other || self.kinds[source] != Kind::Other {
            return false;
        }
        let mut labels = std::mem::take(&mut self.labels[source]);
        labels.extend_from_slice(&self.labels[node]);
        self.labels[node] = labels;
        self.sources
            .extend_from_within(self.starts[source] as usize..self.starts[source + 1] as usize);
        self.starts.push(self.sources.len() as u32);
        self.cones.push(self.cones[source]);
        self.switch.push(self.switch[source]);
        let guard = self.guards[source] as usize;
        self.guards.push(if guard == source { node } else { guard } as u32);
        true
    }

    /// A node that another is absent without: whole cells hang on the one map that they read, and
    /// need not be looked at where it is not there.
    fn guard(&self, node: usize, sources: &[u32]) -> u32 {
        let of = |src: &u32| self.guards[*src as usize];
        let first = sources.first().map_or(node as u32, of);
        match self.kinds[node] {
            Kind::Sum if self.fills[node] || !sources.iter().all(|src| of(src) == first) => {
                node as u32
            }
            _ => first,
        }
    }

    /// Takes over a member's values, and notes which blocks of leaves changed.
    fn change(&mut self, binding: &Binding) {
        self.member += 1;
        for (of, leaves) in self.leaves.iter().enumerate() {
            let id = DecisionId(of as u32);
            let Some(value) = binding.get(id) else { continue };
            if self.binding.as_ref().and_then(|old| old.get(id)) == Some(value) {
                continue;
            }
            for &leaf in leaves {
                let new = self.graph.gate(LeafId(leaf)).weight(value);
                if self.weights[leaf as usize] != new {
                    self.weights[leaf as usize] = new;
                    self.changed[self.blocks[leaf as usize] as usize] = self.member;
                }
            }
        }
        match &mut self.binding {
            Some(old) => old.clone_from(binding),
            none => *none = Some(binding.clone()),
        }
    }

    /// Whether what was found for a member is still so.
    fn is_fresh(&self, found: u32, mut cone: u64) -> bool {
        if found == self.member || found == 0 {
            return found != 0;
        }
        while cone != 0 {
            if self.changed[cone.trailing_zeros() as usize] > found {
                return false;
            }
            cone &= cone - 1;
        }
        true
    }

    fn is_known(&self, node: usize) -> bool {
        self.is_fresh(self.known[node].1, self.cones[node])
    }

    /// Brings the edges of a node that are on up to date; where they are.
    fn switched(&mut self, node: usize) -> usize {
        let at = self.switch[node] as usize;
        if !self.is_fresh(self.switches[at].member, self.switches[at].cone) {
            let Switch { leaves, on, member, .. } = &mut self.switches[at];
            let times = |leaf: &Option<LeafId>| leaf.map_or(1, |l| self.weights[l.0 as usize]);
            on.clear();
            on.extend((0..).zip(leaves.iter().map(times)).filter(|(_, times)| *times > 0));
            *member = self.member;
            self.work += leaves.len() as u64;
        }
        at
    }

    /// The print of a member.
    pub(super) fn print(&mut self, binding: &Binding) -> u64 {
        self.change(binding);
        let mut stack = std::mem::take(&mut self.stack);
        stack.extend(&self.outputs);
        while let Some(&node) = stack.last() {
            if self.is_known(node as usize) || self.find(node as usize, &mut stack) {
                stack.pop();
            }
        }
        self.stack = stack;
        self.outputs.iter().fold(0, |acc: u64, o| {
            let print = self.known[*o as usize].0;
            scatter(acc.rotate_left(17) ^ print.map_or(1, scatter))
        })
    }

    /// Finds a node's print, or lays on the stack what must be known first.
    fn find(&mut self, node: usize, stack: &mut Vec<u32>) -> bool {
        let guard = self.guards[node] as usize;
        if guard != node && !self.is_known(guard) {
            stack.push(guard as u32);
            return false;
        }
        if guard != node && self.known[guard].0.is_none() {
            self.known[node] = (None, self.member);
            return true;
        }
        let switch = self.switched(node);
        let on = &self.switches[switch].on;
        self.work += on.len() as u64;
        let sources = on.iter().map(|(edge, _)| self.sources[(self.starts[node] + edge) as usize]);
        let open = stack.len();
        stack.extend(sources.filter(|src| !self.is_known(*src as usize)));
        if stack.len() > open {
            return false;
        }
        self.known[node] = (self.one(node, switch), self.member);
        true
    }

    /// The print of a node whose inputs have theirs.
    fn one(&self, node: usize, switch: usize) -> Print {
        let start = self.starts[node];
        let mut inputs = self.switches[switch].on.iter().map(|&(edge, times)| {
            (self.known[self.sources[(start + edge) as usize] as usize].0, times)
        });
        match self.kinds[node] {
            Kind::Sum => {
                let there = inputs.filter_map(|(print, times)| Some((print?, times)));
                let (mut sum, mut terms) = (0u64, 0);
                for (print, times) in there {
                    sum = sum.wrapping_add(print.wrapping_mul(u64::from(times)));
                    terms += 1;
                }
                // Zeros of a type have the print 0, as a sum of nothing must: it adds nothing.
                (terms > 0 || self.fills[node]).then_some(sum)
            }
            Kind::Parts => inputs
                .try_fold(self.labels[node][0], |acc, (print, _)| {
                    Some(acc.wrapping_add(scatter(print? ^ 5)))
                })
                .map(scatter),
            Kind::Given => {
                let first = inputs.next().and_then(|(print, _)| print);
                first.filter(|_| inputs.all(|(print, _)| print.is_some()))
            }
            Kind::Other => {
                let (first, others) = self.labels[node].split_first()?;
                let join = |acc: u64, print| scatter(acc.rotate_left(9) ^ print);
                let head = inputs.try_fold(*first, |acc, (print, _)| Some(join(acc, print?)));
                let along = |print, label: &u64| scatter(join(*label, print) ^ 3);
                head.map(|head| others.iter().fold(scatter(head ^ 3), along))
            }
        }
    }
}
