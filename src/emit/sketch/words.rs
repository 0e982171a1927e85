//! What parts are called in drawings.

use super::tree::Tree;
use crate::ir::graph::{DecisionGraph, NodeId, ScopeId};
use crate::ir::kernel::{Kernel, PoolKind};

/// An operator: its name, and the largest window in it.
pub(super) fn operator(graph: &DecisionGraph, tree: &Tree, scope: ScopeId) -> String {
    let inner = tree.unwrapped(scope);
    let name = name(graph, inner);
    let window = kernels(tree, inner).filter_map(|id| match graph.node(id).kernel {
        Kernel::Conv(c) => Some((c.kernel, c.rate)),
        Kernel::Pool { kernel, .. } => Some((kernel, 1)),
        _ => None,
    });
    match window.max() {
        Some((k, rate)) if rate > 1 => format!("{name} {k}×{k} rate {rate}"),
        Some((k, _)) if k > 1 => format!("{name} {k}×{k}"),
        _ => name.to_owned(),
    }
}

/// All kernels in a scope.
pub(super) fn kernels(tree: &Tree, scope: ScopeId) -> Box<dyn Iterator<Item = NodeId> + '_> {
    let own = tree.own[scope.0 as usize].iter().copied();
    let inner = tree.children[scope.0 as usize].iter().flat_map(|c| kernels(tree, *c));
    Box::new(own.chain(inner))
}

/// Kernels that are listed; more are only counted.
const LISTED: usize = 4;

/// A part: its inner name, or what it is made of.
pub(super) fn part(graph: &DecisionGraph, tree: &Tree, scope: ScopeId) -> String {
    let inner = tree.unwrapped(scope);
    if tree.is_trellis(inner) {
        return if inner == scope { String::new() } else { name(graph, inner).to_owned() };
    }
    if inner != scope && name(graph, inner) != "out" {
        return name(graph, inner).to_owned();
    }
    if tree.total[inner.0 as usize] <= LISTED {
        return chain(graph, kernels(tree, inner));
    }
    let children = &tree.children[inner.0 as usize];
    let named = children.iter().all(|c| !matches!(name(graph, *c), "out" | "type"));
    if named && tree.own[inner.0 as usize].is_empty() && (1..=LISTED).contains(&children.len()) {
        let names: Vec<String> = children.iter().map(|c| operator(graph, tree, *c)).collect();
        return names.join(" · ");
    }
    format!("{} kernels", tree.total[inner.0 as usize])
}

/// A scope's name without the number that tells it from others of its name.
fn name(graph: &DecisionGraph, scope: ScopeId) -> &str {
    graph.word(scope).trim_end_matches(|c: char| c.is_ascii_digit())
}

/// A chain of kernels.
pub(super) fn chain(graph: &DecisionGraph, all: impl Iterator<Item = NodeId>) -> String {
    let kernels = all.map(|id| graph.node(id).kernel);
    let mut names: Vec<String> = kernels.map(|k| kernel(&k)).collect();
    // That several alternatives are mixed is said by how they are drawn.
    if names.iter().any(|name| name != "mix") {
        names.retain(|name| name != "mix");
    }
    names.join(" · ")
}

fn kernel(kernel: &Kernel) -> String {
    match kernel {
        Kernel::Conv(c) | Kernel::Deconv(c) => {
            format!("{} {}×{}", kernel.name(), c.kernel, c.kernel)
        }
        Kernel::Pool { kind: PoolKind::Max, kernel: k, .. } => format!("max {k}×{k}"),
        Kernel::Pool { kind: PoolKind::Avg, kernel: k, .. } => format!("avg {k}×{k}"),
        other => other.name().to_owned(),
    }
}
