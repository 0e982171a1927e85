//! Conditions of a graph's nodes.

use super::{Cond, Conditions, Places};
use crate::ir::graph::DecisionGraph;

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
        let Places { present, live } = Places::of(graph, all, train);
        let live = live.into_iter().map(|factor| all.whole(graph, factor)).collect();
        Reach { present, live }
    }

    /// By node: when an output leads to it along edges that are on, be their sources present or
    /// not. The decisions of a mix that is asked for matter: they say what is there, or that
    /// nothing is. Training-only outputs count, and so do kept nodes.
    pub fn asked_for(graph: &DecisionGraph, all: &mut Conditions) -> Vec<Cond> {
        let asked = Places::asked_for(graph, all);
        asked.into_iter().map(|factor| all.whole(graph, factor)).collect()
    }
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
