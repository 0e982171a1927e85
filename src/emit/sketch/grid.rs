//! A trellis as a grid of layers and scales.

use super::tree::Tree;
use crate::ir::graph::{DecisionGraph, ScopeId};
use petgraph::visit::EdgeRef;
use std::collections::BTreeSet;

/// A trellis.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grid {
    /// Divisors of the scales, finest first.
    pub scales: Vec<u32>,
    /// How many layers there are.
    pub layers: usize,
    /// The nodes that exist: layer from 0, index of the scale.
    pub nodes: Vec<(usize, usize)>,
    /// The arrows between neighbouring layers.
    pub arrows: Vec<Arrow>,
    /// Whether every arrow is taken: the path is settled.
    pub settled: bool,
    /// The arrows of the path that a member takes, where one is shown in its space.
    pub taken: Vec<Arrow>,
}

/// An arrow of a trellis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrow {
    /// The layer that it enters, from 1.
    pub layer: usize,
    /// Index of the scale before.
    pub from: usize,
    /// Index of the scale after.
    pub to: usize,
}

/// The grid of a scope that is a trellis.
pub(super) fn grid(graph: &DecisionGraph, tree: &Tree, trellis: ScopeId) -> Grid {
    let depth = tree.path(trellis).len();
    let place = |scope: ScopeId| {
        let path = tree.path(scope);
        let node = *path.get(depth).filter(|_| path[depth - 1] == trellis)?;
        tree.places[node.0 as usize]
    };
    let here = &tree.children[trellis.0 as usize];
    let found: BTreeSet<(usize, u32)> =
        here.iter().filter_map(|c| tree.places[c.0 as usize]).collect();
    let scales: BTreeSet<u32> = found.iter().map(|(_, s)| *s).collect();
    let scales: Vec<u32> = scales.into_iter().collect();
    let row = |s: u32| scales.partition_point(|known| *known < s);
    let mut arrows = BTreeSet::new();
    for edge in graph.graph.edge_references() {
        let ends = [edge.source(), edge.target()].map(|n| place(tree.scope(n)));
        if let [Some((before, from)), Some((layer, to))] = ends
            && before + 1 == layer
        {
            arrows.insert(Arrow { layer: layer - 1, from: row(from), to: row(to) });
        }
    }
    let layers = found.iter().map(|(l, _)| *l).max().unwrap_or(0);
    Grid {
        settled: arrows.len() < layers,
        nodes: found.iter().map(|(l, s)| (l - 1, row(*s))).collect(),
        arrows: arrows.into_iter().collect(),
        scales,
        layers,
        taken: Vec::new(),
    }
}

impl Grid {
    /// Marks the arrows that a member takes, by the member's own grid, which may lack scales.
    pub(super) fn mark(&mut self, member: &Grid) {
        let row = |index: usize| {
            let scale = member.scales.get(index)?;
            self.scales.iter().position(|own| own == scale)
        };
        let own = |arrow: &Arrow| {
            Some(Arrow { layer: arrow.layer, from: row(arrow.from)?, to: row(arrow.to)? })
        };
        self.taken = member.arrows.iter().filter_map(own).collect();
    }
}
