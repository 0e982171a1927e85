//! Concatenations a part of which some members lack: such members would be narrower than the rest
//! of the network was typed for.

use crate::diag::{Diag, Sink};
use crate::ir::condition::{Cond, Conditions, Reach};
use crate::ir::decision::{Decision, Domain, Gate};
use crate::ir::graph::{DecisionGraph, Node, NodeId};
use crate::ir::kernel::Kernel;
use rustc_hash::FxHasher;
use std::hash::{Hash, Hasher};

/// Nodes of decision diagrams that are made before the question is left open; what is emitted is
/// compared with its member anyway.
const DIAGRAM_LIMIT: usize = 2_000_000;

/// Reports the concatenations of a network that lack parts in some members.
pub(super) fn check(decisions: &[Decision], graph: &DecisionGraph, diags: &mut Sink) {
    let doubtful = doubtful(decisions, graph);
    if doubtful.is_empty() {
        return;
    }
    let mut all = Conditions::new(decisions, DIAGRAM_LIMIT);
    let reach = Reach::of(graph, &mut all, true);
    let asked = Reach::asked_for(graph, &mut all);
    for concat in doubtful {
        let parts: Vec<NodeId> = graph.inputs(concat).iter().map(|(source, _)| *source).collect();
        let present = |part: &NodeId| reach.present[part.index()];
        let some = parts.iter().fold(Cond::FALSE, |acc, part| all.either(acc, present(part)));
        let some = all.both(some, asked[concat.index()]);
        let lacking = parts.iter().find(|part| {
            let absent = all.diagram.not(present(part));
            all.both(some, absent) != Cond::FALSE
        });
        if all.diagram.overflowed() {
            return;
        }
        if let Some(part) = lacking {
            diags.push(lacks(&graph.graph[concat], &graph.graph[*part]));
        }
    }
}

fn lacks(concat: &Node, part: &Node) -> Diag {
    Diag::new("E0409", "this concatenation lacks a part in some members")
        .label(concat.at, format!("{} channels with all parts", concat.ty.width))
        .label(part.at, format!("{}, absent in some members", part.ty))
        .help("give it zeros where it is absent: `sum(part, like = another)`")
}

/// Concatenations whose parts may not all be present together: a quick look that sees most of
/// those that are.
fn doubtful(decisions: &[Decision], graph: &DecisionGraph) -> Vec<NodeId> {
    let mut keys: Vec<u64> = Vec::with_capacity(graph.graph.node_count());
    let mut doubtful = Vec::new();
    for (id, node) in graph.nodes() {
        let inputs = graph.inputs(id);
        let of = |source: &NodeId| keys[source.index()];
        let key = match node.kernel {
            Kernel::Mix => {
                let gates: Vec<Gate> =
                    inputs.iter().filter_map(|(_, e)| Some(*graph.gate(e.leaf?))).collect();
                let certain = inputs.iter().all(|(source, _)| of(source) == ALWAYS);
                match certain && one_holds(decisions, &gates) {
                    true => ALWAYS,
                    false => hash((1, gates, inputs.iter().map(|(s, _)| of(s)).collect())),
                }
            }
            Kernel::Add if graph.fills(id) => ALWAYS,
            Kernel::Add => any(inputs.iter().map(|(source, _)| of(source)).collect()),
            _ => every(inputs.iter().map(|(source, _)| of(source)).collect()),
        };
        if node.kernel == Kernel::Concat && inputs.iter().any(|(source, _)| of(source) != key) {
            doubtful.push(id);
        }
        keys.push(key);
    }
    doubtful
}

/// What stands for "in every member".
const ALWAYS: u64 = 0;

/// Present where something is.
fn any(mut keys: Vec<u64>) -> u64 {
    keys.sort_unstable();
    keys.dedup();
    match keys.as_slice() {
        [] | [ALWAYS, ..] => ALWAYS,
        [only] => *only,
        _ => hash((2, Vec::new(), keys)),
    }
}

/// Present where everything is.
fn every(mut keys: Vec<u64>) -> u64 {
    keys.retain(|key| *key != ALWAYS);
    keys.sort_unstable();
    keys.dedup();
    match keys.as_slice() {
        [] => ALWAYS,
        [only] => *only,
        _ => hash((3, Vec::new(), keys)),
    }
}

/// Whether one of the gates holds, whatever is decided.
fn one_holds(decisions: &[Decision], gates: &[Gate]) -> bool {
    let Some(first) = gates.first() else { return false };
    let of = first.decision();
    let exits = gates.iter().filter(|g| matches!(g, Gate::Exit { .. })).count();
    let alternatives = gates.iter().filter(|g| matches!(g, Gate::Alt { .. })).count();
    gates.iter().all(|gate| gate.decision() == of)
        && match &decisions[of.index()].domain {
            Domain::One(labels) => alternatives == labels.len(),
            Domain::Path(lattice) => exits == lattice.exits.len(),
            Domain::Picks(_) => false,
        }
}

fn hash(what: (u8, Vec<Gate>, Vec<u64>)) -> u64 {
    let mut hasher = FxHasher::default();
    what.hash(&mut hasher);
    hasher.finish().max(1)
}
