//! What differs between two graphs, by the names that their authors gave.
//!
//! Mixes are left out: what is decided is not compared here.
//!
//! A kernel is known by its scope, its kind, and which one of that kind it is there. Names are what
//! people compare by; whether two closed graphs are the same network is another question, which
//! [`canon`](super::canon) answers.

use super::graph::{DecisionGraph, NodeId, ScopeId};
use super::kernel::Kernel;
use crate::maps::{IndexMap, IndexSet};
use std::collections::BTreeSet;

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Kernels that only the first graph has.
    Removed(Part),
    /// Kernels that only the second graph has.
    Added(Part),
    /// A kernel of one name with other arguments or of another type.
    Changed {
        /// Its name.
        name: String,
        /// In the first graph.
        a: Text,
        /// In the second graph.
        b: Text,
    },
    /// A kernel that reads other kernels, all of which both graphs have.
    Rewired {
        /// Its name.
        name: String,
        /// What it reads in the first graph.
        a: Vec<String>,
        /// What it reads in the second graph.
        b: Vec<String>,
    },
}

/// A kernel in words, or an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// With its arguments: `conv(3, 64)`.
    pub kernel: String,
    /// Its output's: `64 @ /8`.
    pub ty: String,
}

/// A part that only one graph has: the outermost scope that the other lacks, or one kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// How many kernels it has.
    pub kernels: usize,
    /// Their trainable parameters.
    pub params: u64,
    /// The kernel, where it is one.
    pub kernel: Option<Text>,
}

/// What differs: what has changed, what is gone, what is new, what is wired otherwise; each in the
/// order of its graph.
pub fn diff(a: &DecisionGraph, b: &DecisionGraph) -> Vec<Change> {
    let (a, b) = (Named::of(a), Named::of(b));
    let mut all = Vec::new();
    let both = || a.entries.iter().filter_map(|(name, x)| Some((name, x, b.entries.get(name)?)));
    all.extend(both().filter(|(_, x, y)| x.text != y.text).map(|(name, x, y)| Change::Changed {
        name: name.clone(),
        a: x.text.clone(),
        b: y.text.clone(),
    }));
    all.extend(a.missing_in(&b).into_iter().map(Change::Removed));
    all.extend(b.missing_in(&a).into_iter().map(Change::Added));
    let known =
        |reads: &[String], there: &Named| reads.iter().all(|r| there.entries.contains_key(r));
    let rewired = both().filter(|(_, x, y)| {
        x.text == y.text && x.reads != y.reads && known(&x.reads, &b) && known(&y.reads, &a)
    });
    all.extend(rewired.map(|(name, x, y)| Change::Rewired {
        name: name.clone(),
        a: x.reads.clone(),
        b: y.reads.clone(),
    }));
    all
}

/// A graph by names.
struct Named<'a> {
    graph: &'a DecisionGraph,
    entries: IndexMap<String, Entry>,
    /// Scopes that hold kernels, those around them included.
    scopes: IndexSet<String>,
}

/// A kernel, or an output.
struct Entry {
    node: Option<NodeId>,
    scope: ScopeId,
    text: Text,
    /// Names of what it reads; sorted where the order does not count.
    reads: Vec<String>,
}

impl Named<'_> {
    fn of(graph: &DecisionGraph) -> Named<'_> {
        let mut named = Named { graph, entries: IndexMap::default(), scopes: IndexSet::default() };
        let mut names: Vec<String> = Vec::with_capacity(graph.graph.node_count());
        let mut turns: IndexMap<(String, &str), usize> = IndexMap::default();
        for (id, node) in graph.nodes() {
            let scope = graph.scope_name(node.scope);
            let turn = turns.entry((scope.clone(), node.kernel.name())).or_default();
            *turn += 1;
            let name = kernel_name(&scope, node.kernel.name(), *turn);
            let inputs = graph.inputs(id);
            let mut reads: Vec<String> =
                inputs.iter().map(|(from, _)| names[from.index()].clone()).collect();
            if node.kernel.commutes() {
                reads.sort_unstable();
            }
            let keep = if node.keep { "keep " } else { "" };
            let text = Text { kernel: format!("{keep}{}", node.kernel), ty: node.ty.to_string() };
            names.push(name.clone());
            // Mixes are what is decided: decisions tell of them.
            if matches!(node.kernel, Kernel::Mix | Kernel::Given) {
                continue;
            }
            named.note_scopes(node.scope);
            named.entries.insert(name, Entry { node: Some(id), scope: node.scope, text, reads });
        }
        for output in &graph.outputs {
            let kernel = if output.aux { "output in training" } else { "output" }.to_owned();
            let text = Text { kernel, ty: graph.node(output.node).ty.to_string() };
            let reads = vec![names[output.node.index()].clone()];
            let entry = Entry { node: None, scope: ScopeId(0), text, reads };
            named.entries.insert(format!("output {}", output.name), entry);
        }
        named
    }

    fn note_scopes(&mut self, mut scope: ScopeId) {
        while scope.0 != 0 && self.scopes.insert(self.graph.scope_name(scope)) {
            scope = self.graph.scopes[scope.0 as usize].parent;
        }
    }

    /// The parts that another graph lacks.
    fn missing_in(&self, other: &Named) -> Vec<Part> {
        let mut parts: IndexMap<String, Vec<&str>> = IndexMap::default();
        for (name, entry) in self.entries.iter().filter(|(n, _)| !other.entries.contains_key(*n)) {
            let part = self.outermost_missing(entry.scope, other).unwrap_or_else(|| name.clone());
            parts.entry(part).or_default().push(name);
        }
        parts.into_iter().map(|(name, kernels)| self.part(name, &kernels)).collect()
    }

    /// The outermost scope around a kernel that another graph has no kernel in.
    fn outermost_missing(&self, mut scope: ScopeId, other: &Named) -> Option<String> {
        let mut missing = None;
        while scope.0 != 0 {
            let name = self.graph.scope_name(scope);
            if !other.scopes.contains(&name) {
                missing = Some(name);
            }
            scope = self.graph.scopes[scope.0 as usize].parent;
        }
        missing
    }

    fn part(&self, name: String, kernels: &[&str]) -> Part {
        let entries = || kernels.iter().filter_map(|name| self.entries.get(*name));
        let nodes = entries().filter_map(|e| e.node).map(|id| &self.graph.graph[id]);
        // Kernels that share weights count them once.
        let sets: BTreeSet<_> = nodes.filter_map(|node| node.weights).collect();
        let sets = sets.iter().map(|id| &self.graph.weights[id.0 as usize]);
        let kernel = match kernels {
            [_] => entries().next().map(|e| e.text.clone()),
            _ => None,
        };
        Part {
            name,
            kernels: kernels.len(),
            params: sets.map(|set| self.graph.shape(set).params()).sum(),
            kernel,
        }
    }
}

/// `stem.cbr.conv`, `stem.cbr.conv2`.
fn kernel_name(scope: &str, kernel: &str, turn: usize) -> String {
    let dot = if scope.is_empty() { "" } else { "." };
    match turn {
        1 => format!("{scope}{dot}{kernel}"),
        turn => format!("{scope}{dot}{kernel}{turn}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::builder::Builder;
    use crate::ir::kernel::{Act, Conv};

    fn conv(out: u32) -> Kernel {
        Kernel::Conv(Conv { out, kernel: 3, stride: 1, rate: 1, groups: 1, bias: false, pad: None })
    }

    fn network(width: u32, branch: Option<&str>, swapped: bool) -> DecisionGraph {
        let mut b = Builder::new();
        let image = b.input(3);
        let stem = b.part("stem", |b| b.add(conv(width), &[image]));
        let [one, two] = ["one", "two"].map(|name| b.part(name, |b| b.add(conv(8), &[stem])));
        let mut joined = vec![one, if swapped { stem } else { two }];
        if let Some(name) = branch {
            joined.push(b.part(name, |b| {
                let x = b.add(conv(8), &[stem]);
                b.add(Kernel::Act(Act::Relu), &[x])
            }));
        }
        let sum = b.add(Kernel::Add, &joined);
        b.output("out", sum);
        b.finish()
    }

    #[test]
    fn graphs_that_are_alike_do_not_differ() {
        assert_eq!(diff(&network(8, Some("x"), false), &network(8, Some("x"), false)), []);
    }

    #[test]
    fn a_kernel_of_other_width_has_changed() {
        let changes = diff(&network(8, None, false), &network(16, None, false));
        let text = |n: u32| Text { kernel: format!("conv(3, {n})"), ty: format!("{n} @ /1") };
        let (a, b) = (text(8), text(16));
        assert_eq!(changes, [Change::Changed { name: "stem.conv".into(), a, b }]);
    }

    #[test]
    fn a_part_is_added_as_a_whole() {
        let changes = diff(&network(8, None, false), &network(8, Some("side"), false));
        let part = Part { name: "side".into(), kernels: 2, params: 8 * 8 * 9, kernel: None };
        assert_eq!(changes, [Change::Added(part)]);
    }

    #[test]
    fn a_sum_of_other_terms_is_wired_otherwise() {
        let changes = diff(&network(8, None, false), &network(8, None, true));
        let reads = |names: [&str; 2]| names.map(str::to_owned).to_vec();
        assert_eq!(
            changes,
            [Change::Rewired {
                name: "add".into(),
                a: reads(["one.conv", "two.conv"]),
                b: reads(["one.conv", "stem.conv"]),
            }]
        );
    }
}
