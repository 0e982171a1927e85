//! Conditions of a graph's nodes.

use super::{Cond, Conditions};
use crate::ir::graph::DecisionGraph;
use crate::ir::kernel::Kernel;
use crate::ir::member::Wiring;

/// When each node, by index, is there and read. The words are those of
/// [`Liveness`](crate::ir::Liveness), over all bindings at once.
#[derive(Clone, Debug)]
pub struct Reach {
    /// The map exists.
    pub present: Vec<Cond>,
    /// An output reads it.
    pub live: Vec<Cond>,
}

impl Reach {
    /// The conditions of all nodes; training-only outputs count where `train`.
    pub fn of(graph: &DecisionGraph, all: &mut Conditions, train: bool) -> Reach {
        let wiring = Wiring::of(graph);
        let gates: Vec<Cond> = graph.leaves.iter().map(|gate| all.gate(*gate)).collect();
        let on = |leaf: Option<usize>| leaf.map_or(Cond::TRUE, |l| gates[l]);
        let present = present(graph, all, &wiring, on);
        let mut live = vec![Cond::FALSE; present.len()];
        for output in graph.outputs.iter().filter(|o| train || !o.aux) {
            live[output.node.index()] = present[output.node.index()];
        }
        for node in (0..present.len()).rev() {
            for (src, leaf) in wiring.reads(node) {
                let gate = on(leaf);
                let read = all.both(live[node], gate);
                let read = all.both(read, present[src]);
                live[src] = all.either(live[src], read);
            }
        }
        Reach { present, live }
    }

    /// By node: when an output leads to it along edges that are on, be their sources present or
    /// not. The decisions of a mix that is asked for matter: they say what is there, or that
    /// nothing is. Training-only outputs count, and so do kept nodes.
    pub fn asked_for(graph: &DecisionGraph, all: &mut Conditions) -> Vec<Cond> {
        let wiring = Wiring::of(graph);
        let gates: Vec<Cond> = graph.leaves.iter().map(|gate| all.gate(*gate)).collect();
        let mut asked = vec![Cond::FALSE; graph.graph.node_count()];
        graph.outputs.iter().for_each(|o| asked[o.node.index()] = Cond::TRUE);
        for (id, _) in graph.nodes().filter(|(_, node)| node.keep) {
            asked[id.index()] = Cond::TRUE;
        }
        for node in (0..asked.len()).rev() {
            for (src, leaf) in wiring.edges(node) {
                let wanted = all.both(asked[node], leaf.map_or(Cond::TRUE, |l| gates[l]));
                asked[src] = all.either(asked[src], wanted);
            }
        }
        asked
    }
}

fn present(
    graph: &DecisionGraph,
    all: &mut Conditions,
    wiring: &Wiring,
    on: impl Fn(Option<usize>) -> Cond,
) -> Vec<Cond> {
    let mut present: Vec<Cond> = Vec::with_capacity(graph.graph.node_count());
    for (id, node) in graph.nodes() {
        let edges = wiring.edges(id.index());
        let here = match node.kernel {
            Kernel::Add if wiring.fills(id.index()) => Cond::TRUE,
            Kernel::Mix | Kernel::Add => edges.fold(Cond::FALSE, |acc, (src, leaf)| {
                let term = all.both(on(leaf), present[src]);
                all.either(acc, term)
            }),
            _ => edges.fold(Cond::TRUE, |acc, (src, _)| all.both(acc, present[src])),
        };
        present.push(here);
    }
    present
}

impl Conditions {
    /// Both, tidied where that may help: a condition on a decision whose choices are free of one
    /// another says nothing of the rest.
    pub fn both(&mut self, f: Cond, g: Cond) -> Cond {
        let both = self.diagram.and(f, g);
        if both == f || both == g || self.is_free(g) {
            return both;
        }
        self.tidy(both)
    }

    /// One or both, tidied.
    pub fn either(&mut self, f: Cond, g: Cond) -> Cond {
        let either = self.diagram.or(f, g);
        if either == f || either == g {
            return either;
        }
        self.tidy(either)
    }

    /// Whether a condition begins at a decision whose domain forbids no combination; those come
    /// last in the order, so that it reads no other.
    fn is_free(&self, f: Cond) -> bool {
        f.is_constant() || {
            let owner = self.choices.owner(self.diagram.level(f));
            !self.is_path(owner) && self.domain(owner) == Cond::TRUE
        }
    }
}
