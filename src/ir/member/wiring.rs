//! What is present and what is live in a graph whose leaves are on or off.

use crate::ir::graph::{DecisionGraph, NodeId, WholeEdge};
use crate::ir::kernel::Kernel;

/// For every node, by index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Liveness {
    /// Whether the map exists. A mix or a sum exists where one of its on-terms does, a sum that
    /// [fills](DecisionGraph::fills) always, every other kernel where all its inputs do.
    pub present: Vec<bool>,
    /// Whether an output reads it: the output itself where present, and from there along edges
    /// that are on to sources that are present.
    pub live: Vec<bool>,
}

/// The two facts for one setting of the leaves; training-only outputs count where `train`.
pub fn liveness(graph: &DecisionGraph, leaf_on: &[bool], train: bool) -> Liveness {
    let count = graph.graph.node_count();
    let on = |edge: &WholeEdge| edge.weight.leaf.is_none_or(|leaf| leaf_on[leaf.0 as usize]);
    let mut present: Vec<bool> = Vec::with_capacity(count);
    for (id, node, edges) in graph.wired() {
        let there = |edge: &WholeEdge| present[edge.source().index()];
        let here = match Rule::of(graph, id, &node.kernel) {
            Rule::Always => true,
            Rule::All | Rule::First => edges.iter().all(there),
            Rule::Any => edges.iter().any(|edge| on(edge) && there(edge)),
        };
        present.push(here);
    }
    let mut live = vec![false; count];
    for output in graph.outputs.iter().filter(|output| train || !output.aux) {
        live[output.node.index()] |= present[output.node.index()];
    }
    for (id, node, edges) in graph.wired_back() {
        if live[id.index()] {
            for edge in edges.iter().take(node.kernel.reads(edges.len())) {
                let src = edge.source().index();
                live[src] |= on(edge) && present[src];
            }
        }
    }
    Liveness { present, live }
}

/// A graph's edges laid out for loops that ask [`Wiring::liveness`] often.
#[derive(Clone, Debug)]
pub struct Wiring {
    /// Where a node's edges begin in `edges`; one more than there are nodes.
    starts: Vec<u32>,
    /// Source, and leaf or [`ALWAYS`]; each node's in port order.
    edges: Vec<(u32, u32)>,
    rules: Vec<Rule>,
    /// Node and whether it exists in training only.
    outputs: Vec<(u32, bool)>,
    kept: Vec<u32>,
}

/// The leaf of an edge that has none.
const ALWAYS: u32 = u32::MAX;

/// When a node is present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    All,
    Any,
    Always,
    /// As `All`; only the first input is read.
    First,
}

impl Rule {
    fn of(graph: &DecisionGraph, id: NodeId, kernel: &Kernel) -> Rule {
        match kernel {
            Kernel::Add if graph.fills(id) => Rule::Always,
            Kernel::Mix | Kernel::Add => Rule::Any,
            Kernel::Given => Rule::First,
            _ => Rule::All,
        }
    }
}

impl Wiring {
    /// Lays out a graph.
    pub fn of(graph: &DecisionGraph) -> Wiring {
        let mut wiring = Wiring {
            starts: vec![0],
            edges: Vec::with_capacity(graph.graph.edge_count()),
            rules: Vec::with_capacity(graph.graph.node_count()),
            outputs: graph.outputs.iter().map(|o| (o.node.index() as u32, o.aux)).collect(),
            kept: Vec::new(),
        };
        for (id, node, edges) in graph.wired() {
            if node.keep {
                wiring.kept.push(id.index() as u32);
            }
            let leaf = |edge: &WholeEdge| edge.weight.leaf.map_or(ALWAYS, |leaf| leaf.0);
            let ends = edges.iter().map(|edge| (edge.source().index() as u32, leaf(edge)));
            wiring.edges.extend(ends);
            wiring.starts.push(wiring.edges.len() as u32);
            wiring.rules.push(Rule::of(graph, id, &node.kernel));
        }
        wiring
    }

    /// The edges into a node: source and, where there is one, leaf.
    pub fn edges(&self, node: usize) -> impl Iterator<Item = (usize, Option<usize>)> + '_ {
        let range = self.starts[node] as usize..self.starts[node + 1] as usize;
        let leaf = |l: u32| (l != ALWAYS).then_some(l as usize);
        self.edges[range].iter().map(move |&(src, l)| (src as usize, leaf(l)))
    }

    /// The edges along which a node reads.
    pub fn reads(&self, node: usize) -> impl Iterator<Item = (usize, Option<usize>)> + '_ {
        let most = if self.rules[node] == Rule::First { 1 } else { usize::MAX };
        self.edges(node).take(most)
    }

    /// The outputs, and what is kept.
    pub(super) fn roots(&self) -> impl Iterator<Item = u32> + '_ {
        self.outputs.iter().map(|(node, _)| *node).chain(self.kept.iter().copied())
    }

    /// The nodes that some roots lead back to along edges that are on, in order; `seen` is all
    /// false, and is left so.
    pub(super) fn reached(
        &self,
        roots: impl Iterator<Item = u32>,
        on: impl Fn(Option<usize>) -> bool,
        seen: &mut Vec<bool>,
    ) -> Vec<u32> {
        seen.resize(self.rules.len(), false);
        let mut reached: Vec<u32> = roots.collect();
        reached.sort_unstable();
        reached.dedup();
        reached.iter().for_each(|node| seen[*node as usize] = true);
        let mut at = 0;
        while let Some(&node) = reached.get(at) {
            for (src, leaf) in self.edges(node as usize) {
                if !seen[src] && on(leaf) {
                    seen[src] = true;
                    reached.push(src as u32);
                }
            }
            at += 1;
        }
        reached.sort_unstable();
        reached.iter().for_each(|node| seen[*node as usize] = false);
        reached
    }

    /// Whether a node is present, where it is known which of its sources are.
    pub(super) fn is_present(
        &self,
        node: usize,
        on: impl Fn(Option<usize>) -> bool,
        there: impl Fn(usize) -> bool,
    ) -> bool {
        match self.rules[node] {
            Rule::Always => true,
            Rule::All | Rule::First => self.edges(node).all(|(src, _)| there(src)),
            Rule::Any => self.edges(node).any(|(src, leaf)| on(leaf) && there(src)),
        }
    }

    /// Whether a node is [zeros where nothing is left to sum](DecisionGraph::fills).
    pub fn fills(&self, node: usize) -> bool {
        self.rules[node] == Rule::Always
    }

    /// What [`liveness`] answers, into a buffer that is used again.
    pub fn liveness(&self, leaf_on: &[bool], train: bool, out: &mut Liveness) {
        let on = |leaf: Option<usize>| leaf.is_none_or(|l| leaf_on[l]);
        out.present.clear();
        for node in 0..self.rules.len() {
            let here = self.is_present(node, on, |src| out.present[src]);
            out.present.push(here);
        }
        out.live.clear();
        out.live.resize(self.rules.len(), false);
        for &(node, aux) in &self.outputs {
            out.live[node as usize] |= out.present[node as usize] && (train || !aux);
        }
        for node in (0..self.rules.len()).rev() {
            if out.live[node] {
                for (src, leaf) in self.reads(node) {
                    out.live[src] |= on(leaf) && out.present[src];
                }
            }
        }
    }
}
