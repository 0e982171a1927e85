//! Scheduled drop path: summands that are left out at random in training, image by image (Larsson et
//! al., arXiv 1605.07648; with a rate that grows with depth and time, Zoph et al., arXiv 1707.07012).

use super::parts::within;
use super::schedule::Schedule;
use crate::ir::kernel::Kernel;
use crate::ir::{DecisionGraph, NodeId};
use serde::{Deserialize, Serialize};

/// How often paths are dropped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DropPath {
    /// The share of images for which a path is left out.
    pub rate: Schedule,
    /// The parts whose sums are meant.
    pub on: Vec<String>,
    /// Whether the `n`-th of `N` parts that hold such sums drops `n / N` as often.
    pub deeper: bool,
}

/// A summand that can be left out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Path {
    /// The node whose value it is.
    pub node: NodeId,
    /// What its rate is multiplied by.
    pub depth: f64,
}

impl DropPath {
    /// The summands of a network that are left out: those of sums in the parts that nothing else
    /// reads. What others read too is no path of its own, such as the map around which a residual
    /// goes.
    pub fn paths(&self, graph: &DecisionGraph) -> Vec<Path> {
        let (mut scopes, mut found) = (Vec::new(), Vec::new());
        for (_, node, inputs) in graph.wired() {
            let scope = graph.scope_name(node.scope);
            let meant = self.on.iter().any(|part| within(&scope, part));
            if node.kernel != Kernel::Add || inputs.len() < 2 || !meant {
                continue;
            }
            let own = inputs.iter().map(|edge| edge.source()).filter(|from| is_path(graph, *from));
            let own: Vec<NodeId> = own.collect();
            if !own.is_empty() && !scopes.contains(&node.scope) {
                scopes.push(node.scope);
            }
            let place = scopes.iter().position(|scope| *scope == node.scope);
            found.extend(own.into_iter().map(|from| (from, place.map_or(0, |at| at + 1))));
        }
        let depth = |place: usize| match self.deeper {
            true => place as f64 / scopes.len() as f64,
            false => 1.0,
        };
        found.into_iter().map(|(node, at)| Path { node, depth: depth(at) }).collect()
    }
}

/// Whether a value is computed for one reader only.
fn is_path(graph: &DecisionGraph, node: NodeId) -> bool {
    let shown = graph.outputs.iter().any(|output| output.node == node);
    let read = graph.graph.neighbors(node).count();
    read == 1 && !shown && !matches!(graph.node(node).kernel, Kernel::Input(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::builder::Builder;
    use crate::ir::kernel::Act;

    /// Two cells of a residual and a plain sum each, the second on the first.
    fn graph() -> DecisionGraph {
        let mut b = Builder::new();
        let mut x = b.input(8);
        for cell in ["one", "two"] {
            x = b.part(cell, |b| {
                let f = b.add(Kernel::Act(Act::Relu), &[x]);
                let residual = b.add(Kernel::Add, &[x, f]);
                let [g, h] = [Act::Relu, Act::Sigmoid].map(|a| b.add(Kernel::Act(a), &[residual]));
                b.add(Kernel::Add, &[g, h])
            });
        }
        b.output("out", x);
        b.finish()
    }

    fn depths(on: &[&str], deeper: bool) -> Vec<f64> {
        let on = on.iter().map(|part| part.to_string()).collect();
        let drop = DropPath { rate: Schedule::constant(0.2), on, deeper };
        drop.paths(&graph()).iter().map(|path| path.depth).collect()
    }

    #[test]
    fn what_goes_round_a_residual_is_no_path_and_the_rest_is() {
        // Of each cell the residual's branch, and both summands of the other sum.
        assert_eq!(depths(&["one", "two"], true), [0.5, 0.5, 0.5, 1.0, 1.0, 1.0]);
        assert_eq!(depths(&["two"], true), [1.0; 3]);
        assert_eq!(depths(&["one", "two"], false), [1.0; 6]);
        assert!(depths(&["three"], true).is_empty());
    }
}
