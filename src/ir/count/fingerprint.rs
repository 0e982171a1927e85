//! A number that equal networks have in common, found without building them.
//!
//! Each map's print is made of its kernel's label and its inputs' prints; a sum's is the sum of its
//! terms', however they are bracketed. Isomorphic members have equal prints. Unequal ones may, too
//! (that a map is read twice or made twice does not show), so that prints can only be counted from
//! below.

use crate::ir::canon::label_hash;
use crate::ir::decision::Gate;
use crate::ir::graph::DecisionGraph;
use crate::ir::kernel::Kernel;
use crate::ir::member::Wiring;
use indexmap::IndexSet;

/// A graph laid out for fingerprints.
pub(super) struct Prints {
    wiring: Wiring,
    kinds: Vec<Kind>,
    labels: Vec<u64>,
    outputs: Vec<u32>,
    /// By node: its print, and the member for which it was found.
    known: Vec<(Print, u32)>,
    /// By node: the blocks of leaves that its print depends on.
    cones: Vec<u64>,
    /// By leaf: its block.
    blocks: Vec<u8>,
    /// By block: the last member in which a leaf of it changed.
    changed: [u32; 64],
    weights: Vec<u32>,
    member: u32,
    stack: Vec<u32>,
    /// Edges that were looked at, over all members.
    pub(super) work: u64,
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
    let mut places = IndexSet::new();
    let place = |gate: &Gate| match *gate {
        Gate::Arrow { of, layer, .. } | Gate::Visit { of, layer, .. } => (of, layer),
        _ => (gate.decision(), u8::MAX),
    };
    graph.leaves.iter().map(|gate| (places.insert_full(place(gate)).0 % 64) as u8).collect()
}

fn scatter(x: u64) -> u64 {
    let x = (x ^ (x >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (x ^ (x >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

impl Prints {
    pub(super) fn of(graph: &DecisionGraph) -> Prints {
        let kind = |kernel: &Kernel| match kernel {
            Kernel::Add | Kernel::Mix => Kind::Sum,
            Kernel::Concat => Kind::Parts,
            Kernel::Given => Kind::Given,
            _ => Kind::Other,
        };
        let mut prints = Prints {
            wiring: Wiring::of(graph),
            kinds: graph.nodes().map(|(_, n)| kind(&n.kernel)).collect(),
            labels: graph.nodes().map(|(_, n)| label_hash(n)).collect(),
            outputs: graph.outputs.iter().map(|o| o.node.index() as u32).collect(),
            known: vec![(None, 0); graph.graph.node_count()],
            cones: Vec::new(),
            blocks: blocks(graph),
            changed: [0; 64],
            weights: vec![u32::MAX; graph.leaves.len()],
            member: 0,
            stack: Vec::new(),
            work: 0,
        };
        for node in 0..prints.kinds.len() {
            let cone = prints.wiring.edges(node).fold(0, |acc, (src, leaf)| {
                acc | prints.cones[src] | leaf.map_or(0, |l| 1 << prints.blocks[l])
            });
            prints.cones.push(cone);
        }
        prints
    }

    /// Takes over a member's leaves, and notes which blocks of them changed.
    fn change(&mut self, leaf_weights: &[u32]) {
        self.member += 1;
        for (leaf, new) in leaf_weights.iter().enumerate() {
            if self.weights[leaf] != *new {
                self.weights[leaf] = *new;
                self.changed[self.blocks[leaf] as usize] = self.member;
            }
        }
    }

    /// Whether a node's print is still that of the current member.
    fn is_known(&self, node: usize) -> bool {
        let found = self.known[node].1;
        if found == self.member || found == 0 {
            return found != 0;
        }
        let mut cone = self.cones[node];
        while cone != 0 {
            if self.changed[cone.trailing_zeros() as usize] > found {
                return false;
            }
            cone &= cone - 1;
        }
        true
    }

    /// The print of the member whose leaves have these weights.
    pub(super) fn print(&mut self, leaf_weights: &[u32]) -> u64 {
        self.change(leaf_weights);
        self.stack.clear();
        self.stack.extend(&self.outputs);
        while let Some(&node) = self.stack.last() {
            let node = node as usize;
            let open = self.stack.len();
            if !self.is_known(node) {
                for (src, leaf) in self.wiring.edges(node) {
                    self.work += 1;
                    let on = leaf.is_none_or(|l| leaf_weights[l] > 0);
                    if on && !self.is_known(src) {
                        self.stack.push(src as u32);
                    }
                }
                if self.stack.len() > open {
                    continue;
                }
                self.known[node] = (self.one(node, leaf_weights), self.member);
            }
            self.stack.pop();
        }
        self.outputs.iter().fold(0, |acc: u64, o| {
            let print = self.known[*o as usize].0;
            scatter(acc.rotate_left(17) ^ print.map_or(1, scatter))
        })
    }

    /// The print of a node whose inputs have theirs.
    fn one(&self, node: usize, leaf_weights: &[u32]) -> Print {
        let label = self.labels[node];
        let mut inputs = self.wiring.edges(node).map(|(src, leaf)| {
            let times = leaf.map_or(1, |l| leaf_weights[l]);
            if times == 0 { (None, 0) } else { (self.known[src].0, times) }
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
                (terms > 0 || self.wiring.fills(node)).then_some(sum)
            }
            Kind::Parts => inputs
                .try_fold(label, |acc, (print, _)| Some(acc.wrapping_add(scatter(print? ^ 5))))
                .map(scatter),
            Kind::Given => {
                let first = inputs.next().and_then(|(print, _)| print);
                first.filter(|_| inputs.all(|(print, _)| print.is_some()))
            }
            Kind::Other => inputs
                .try_fold(label, |acc, (print, _)| Some(scatter(acc.rotate_left(9) ^ print?)))
                .map(|print| scatter(print ^ 3)),
        }
    }
}
