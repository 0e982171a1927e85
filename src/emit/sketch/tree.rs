//! The tree of a graph's scopes, with what each holds.

use crate::ir::graph::{DecisionGraph, Node, NodeId, ScopeId};
use crate::ir::kernel::Kernel;

/// The scopes of a graph as a tree.
pub(super) struct Tree {
    /// The scope of every kernel.
    scopes: Vec<ScopeId>,
    /// Children that hold kernels, themselves or further in; in order.
    pub(super) children: Vec<Vec<ScopeId>>,
    /// The kernels right in each scope, in order.
    pub(super) own: Vec<Vec<NodeId>>,
    /// Kernels in each scope and further in.
    pub(super) total: Vec<usize>,
    /// From the root down to the scope.
    paths: Vec<Vec<ScopeId>>,
    /// Layer and scale's divisor, of scopes that are nodes of a trellis.
    pub(super) places: Vec<Option<(usize, u32)>>,
    /// Whether the scope only wraps: a trellis lies in it, or all that there is.
    wraps: Vec<bool>,
}

impl Tree {
    pub(super) fn of(graph: &DecisionGraph) -> Tree {
        let count = graph.scopes.len();
        let mut paths: Vec<Vec<ScopeId>> = Vec::with_capacity(count);
        for (i, scope) in graph.scopes.iter().enumerate() {
            let here = ScopeId(i as u32);
            let mut path = if i == 0 { Vec::new() } else { paths[scope.parent.0 as usize].clone() };
            path.push(here);
            paths.push(path);
        }
        let mut own = vec![Vec::new(); count];
        let mut scopes: Vec<ScopeId> = Vec::with_capacity(graph.graph.node_count());
        for (id, node) in graph.nodes() {
            let scope = match node.kernel {
                Kernel::Mix | Kernel::Given => home(graph, id, &scopes, &paths),
                _ => node.scope,
            };
            own[scope.0 as usize].push(id);
            scopes.push(scope);
        }
        let mut total: Vec<usize> = own.iter().map(Vec::len).collect();
        // A scope comes after the one around it.
        for i in (1..count).rev() {
            total[graph.scopes[i].parent.0 as usize] += total[i];
        }
        let mut children = vec![Vec::new(); count];
        for i in (1..count).filter(|i| total[*i] > 0) {
            children[graph.scopes[i].parent.0 as usize].push(ScopeId(i as u32));
        }
        let places = graph.scopes.iter().map(|scope| place(&graph.words[scope.name])).collect();
        let input = |node: &Node| matches!(node.kernel, Kernel::Input(_));
        let all = graph.nodes().filter(|(_, node)| !input(node)).count();
        let wraps = vec![false; count];
        let mut tree = Tree { scopes, children, own, total, paths, places, wraps };
        for i in (0..count).rev() {
            let mut inner = tree.children[i].iter();
            tree.wraps[i] = inner.any(|c| tree.is_trellis(*c) || tree.wraps[c.0 as usize]);
        }
        for i in 1..count {
            // A part of a part that holds all is shown as a part.
            tree.wraps[i] |= graph.scopes[i].parent.0 == 0 && tree.total[i] == all;
        }
        tree
    }

    /// The scope of a kernel. A mix belongs to where most of its terms come together; what the
    /// graph says of it is where the first of them comes from.
    pub(super) fn scope(&self, id: NodeId) -> ScopeId {
        self.scopes[id.index()]
    }

    /// From the root down to a scope.
    pub(super) fn path(&self, scope: ScopeId) -> &[ScopeId] {
        &self.paths[scope.0 as usize]
    }

    /// Whether `inner` is `outer` or lies in it.
    pub(super) fn within(&self, inner: ScopeId, outer: ScopeId) -> bool {
        self.path(inner).get(self.path(outer).len() - 1) == Some(&outer)
    }

    /// Whether all parts of a scope are nodes of a trellis.
    pub(super) fn is_trellis(&self, scope: ScopeId) -> bool {
        let children = &self.children[scope.0 as usize];
        let nodes = children.iter().filter(|c| self.places[c.0 as usize].is_some()).count();
        nodes >= 2 && nodes * 2 > children.len()
    }

    /// Whether a scope only wraps what is worth showing: a trellis, or the whole network.
    pub(super) fn wraps(&self, scope: ScopeId) -> bool {
        self.wraps[scope.0 as usize]
    }

    /// The innermost scope that holds the same kernels.
    pub(super) fn unwrapped(&self, mut scope: ScopeId) -> ScopeId {
        while self.own[scope.0 as usize].is_empty() && !self.is_trellis(scope) {
            match self.children[scope.0 as usize][..] {
                [only] => scope = only,
                _ => break,
            }
        }
        scope
    }

    /// Scopes that hold kernels, in a scope and further in.
    pub(super) fn parts(&self, scope: ScopeId) -> usize {
        1 + self.children[scope.0 as usize].iter().map(|c| self.parts(*c)).sum::<usize>()
    }
}

/// The innermost scope that more than half of a mix's terms lie in.
fn home(graph: &DecisionGraph, mix: NodeId, scopes: &[ScopeId], paths: &[Vec<ScopeId>]) -> ScopeId {
    let inputs = graph.inputs(mix);
    let terms: Vec<&[ScopeId]> =
        inputs.iter().map(|(id, _)| &paths[scopes[id.index()].0 as usize][..]).collect();
    let within = |scope: ScopeId, level: usize| {
        terms.iter().filter(|path| path.get(level) == Some(&scope)).count()
    };
    let mut home = ScopeId(0);
    for level in 1.. {
        let next = terms.iter().filter_map(|path| path.get(level));
        match next.copied().find(|scope| within(*scope, level) * 2 > terms.len()) {
            Some(scope) => home = scope,
            None => break,
        }
    }
    home
}

/// `l3_s8` is layer 3 at /8: that is how the nodes of a trellis are named.
fn place(name: &str) -> Option<(usize, u32)> {
    let (layer, scale) = name.strip_prefix('l')?.split_once("_s")?;
    Some((layer.parse().ok()?, scale.parse().ok()?))
}
