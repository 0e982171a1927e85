//! Concatenations a part of which some members lack: such members would be narrower than the rest
//! of the network was typed for.

use crate::diag::Diag;
use crate::ir::condition::{Cond, Conditions, Places};
use crate::ir::decision::{Decision, DecisionId, Domain, Gate, Lattice};
use crate::ir::graph::{DecisionGraph, Form, NodeId, WholeEdge};
use crate::ir::kernel::Kernel;
use rustc_hash::FxHasher;
use std::cell::OnceCell;
use std::hash::{Hash, Hasher};
use std::mem::discriminant;

/// Nodes of decision diagrams that are made before the question is left open; what is emitted is
/// compared with its member anyway.
const DIAGRAM_LIMIT: usize = 2_000_000;

/// The concatenations of a network that lack parts in some members, as mistakes.
pub(super) fn lacking(decisions: &[Decision], graph: &DecisionGraph) -> Vec<Diag> {
    match doubtful(decisions, graph) {
        // Mostly.
        none if none.is_empty() => Vec::new(),
        doubtful => found_lacking(decisions, graph, doubtful),
    }
}

fn found_lacking(
    decisions: &[Decision],
    graph: &DecisionGraph,
    doubtful: Vec<NodeId>,
) -> Vec<Diag> {
    let mut found = Vec::new();
    let mut all = Conditions::new(decisions, DIAGRAM_LIMIT);
    let present = Places::present(graph, &mut all);
    // Most lack nothing, whether they are asked for or not.
    let mut asked = None;
    for concat in doubtful {
        let parts: Vec<NodeId> = graph.inputs(concat).iter().map(|(source, _)| *source).collect();
        let present = |part: &NodeId| present[part.index()];
        let mut some = parts.iter().fold(Cond::FALSE, |acc, part| all.either(acc, present(part)));
        let lacks = |all: &mut Conditions, some: Cond| {
            parts.iter().find(|part| {
                let absent = all.diagram.not(present(part));
                all.both(some, absent) != Cond::FALSE
            })
        };
        let mut lacking = lacks(&mut all, some);
        if lacking.is_some() {
            let asked = asked.get_or_insert_with(|| Places::asked_for(graph, &mut all));
            let asked = all.whole(graph, asked[concat.index()]);
            some = all.both(some, asked);
            lacking = lacks(&mut all, some);
        }
        if all.diagram.overflowed() {
            break;
        }
        if let Some(part) = lacking {
            found.push(lacking_part(&graph.node(concat), &graph.node(*part)));
        }
    }
    found
}

fn lacking_part(concat: &Form, part: &Form) -> Diag {
    Diag::new("E0409", "this concatenation lacks a part in some members")
        .label(concat.at, format!("{} channels with all parts", concat.ty.width))
        .label(part.at, format!("{}, absent in some members", part.ty))
        .help("give it zeros where it is absent: `sum(part, like = another)`")
}

/// Concatenations whose parts may not all be present wherever they are asked for: a quick look that
/// sees most of those that are.
fn doubtful(decisions: &[Decision], graph: &DecisionGraph) -> Vec<NodeId> {
    let look = Look::of(decisions);
    let (keys, mut doubtful) = look.differing(graph);
    if doubtful.is_empty() {
        return doubtful;
    }
    let asked = asked(graph);
    doubtful.retain(|concat| {
        let here = |gate: &Gate, part: NodeId| look.implied(gate, keys[part.index()]);
        match &asked[concat.index()] {
            Asked::Never => false,
            Asked::Under(gate) => !graph.inputs(*concat).iter().all(|(part, _)| here(gate, *part)),
            Asked::Somewhere => true,
        }
    });
    doubtful
}

/// Where a map is asked for, at most.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Never,
    /// Where a gate is on.
    Under(Gate),
    Somewhere,
}

impl Asked {
    fn or(self, other: Asked) -> Asked {
        match (self, other) {
            (Asked::Never, asked) | (asked, Asked::Never) => asked,
            (one, other) if one == other => one,
            _ => Asked::Somewhere,
        }
    }
}

/// By node: where it is asked for, on the way back from the outputs and from what is kept.
fn asked(graph: &DecisionGraph) -> Vec<Asked> {
    let mut asked = vec![Asked::Never; graph.graph.node_count()];
    for output in &graph.outputs {
        asked[output.node.index()] = Asked::Somewhere;
    }
    for (id, node, inputs) in graph.wired_back() {
        if node.keep {
            asked[id.index()] = Asked::Somewhere;
        }
        let here = asked[id.index()];
        for edge in inputs.iter().filter(|_| here != Asked::Never) {
            let by = match edge.weight.leaf.map(|leaf| *graph.gate(leaf)) {
                // Which tells of no path what it passes.
                None | Some(Gate::Alt { .. }) => here,
                Some(gate) => Asked::Under(gate),
            };
            let source = &mut asked[edge.source().index()];
            *source = source.or(by);
        }
    }
    asked
}

/// What is looked at.
struct Look<'a> {
    decisions: &'a [Decision],
    /// By decision: where its paths pass, once somebody asks.
    passable: Vec<OnceCell<Vec<Vec<bool>>>>,
}

impl<'a> Look<'a> {
    fn of(decisions: &'a [Decision]) -> Look<'a> {
        Look { decisions, passable: vec![OnceCell::new(); decisions.len()] }
    }

    /// By node: a key that stands for the members in which it is present. And the concatenations of
    /// parts that differ in that.
    fn differing(&self, graph: &DecisionGraph) -> (Vec<u64>, Vec<NodeId>) {
        let mut keys: Vec<u64> = Vec::with_capacity(graph.graph.node_count());
        let (mut differing, mut terms) = (Vec::new(), Vec::new());
        for (id, node, inputs) in graph.wired() {
            let of = |edge: &WholeEdge| keys[edge.source().index()];
            let key = match node.kernel {
                // Whichever is there.
                Kernel::Mix if inputs.iter().all(|edge| edge.weight.leaf.is_none()) => {
                    any(inputs.iter().map(of))
                }
                Kernel::Mix => {
                    let gated = |edge: &WholeEdge| Some((*graph.gate(edge.weight.leaf?), of(edge)));
                    terms.clear();
                    terms.extend(inputs.iter().filter_map(gated));
                    self.mixed(&terms)
                }
                Kernel::Add if graph.fills(id) => ALWAYS,
                Kernel::Add => any(inputs.iter().map(of)),
                _ => match inputs {
                    [one] => of(one),
                    _ => every(inputs.iter().map(of)),
                },
            };
            if node.kernel == Kernel::Concat && inputs.iter().any(|edge| of(edge) != key) {
                differing.push(id);
            }
            keys.push(key);
        }
        (keys, differing)
    }

    /// Present where a gate is on and its term is there.
    fn mixed(&self, terms: &[(Gate, u64)]) -> u64 {
        let Some(&(first, key)) = terms.first() else { return hash(1, terms) };
        if !self.one_holds(terms) {
            return hash(1, terms);
        }
        let certain = || terms.iter().all(|(gate, key)| self.implied(gate, *key));
        match first {
            // Whichever alternative is on, its map is there where the others would be.
            Gate::Alt { .. } if terms.iter().all(|(_, other)| *other == key) => key,
            Gate::Alt { .. } => hash(1, terms),
            _ if !certain() => hash(1, terms),
            Gate::Arrow { of, layer, to, .. } => visited(of, layer, to),
            Gate::Visit { of, layer, at } => visited(of, layer, at),
            _ => ALWAYS,
        }
    }

    /// Whether a map is there wherever its gate is on.
    fn implied(&self, gate: &Gate, key: u64) -> bool {
        let layers = match &self.decisions[gate.decision().index()].domain {
            Domain::Path(lattice) => lattice.layers,
            _ => 0,
        };
        key == ALWAYS
            || match *gate {
                Gate::Arrow { of, layer, from: Some(from), .. } => {
                    layer > 0 && key == visited(of, layer - 1, from)
                }
                Gate::Visit { of, layer, at } | Gate::Last { of, layer, at } => {
                    key == visited(of, layer, at)
                }
                Gate::Exit { of, at } => key == visited(of, layers.saturating_sub(1), at),
                _ => false,
            }
    }

    /// Whether some gate holds: wherever their node is visited, for gates of one node, else always. What is
    /// absent behind a gate has no term.
    fn one_holds(&self, terms: &[(Gate, u64)]) -> bool {
        let Some(&(first, _)) = terms.first() else { return false };
        let alike = |gate: &Gate| {
            gate.decision() == first.decision() && discriminant(gate) == discriminant(&first)
        };
        if !terms.iter().all(|(gate, _)| alike(gate)) {
            return false;
        }
        let has = |gate: Gate| terms.iter().any(|(own, _)| *own == gate);
        match (first, &self.decisions[first.decision().index()].domain) {
            (Gate::Alt { .. }, Domain::One(labels)) => terms.len() == labels.len(),
            (Gate::Exit { .. }, Domain::Path(lattice)) => terms.len() == lattice.exits.len(),
            // Every layer at which the path can leave the scale for good has its term.
            (Gate::Last { of, at, .. }, Domain::Path(lattice)) => {
                let passable = self.passable(of, lattice);
                let ends = |layer: &usize| {
                    passable[*layer][at as usize] && lattice.can_leave_for_good(*layer, at)
                };
                let term = |layer: usize| has(Gate::Last { of, layer: layer as u8, at });
                lattice.always_passes(at) && (0..passable.len()).filter(ends).all(term)
            }
            // All arrows that enter the node on some path are there, and no others.
            (Gate::Arrow { of, layer, to, .. }, Domain::Path(lattice)) => {
                let enters = |gate: &Gate| match gate {
                    Gate::Arrow { layer: l, to: t, .. } => (*l, *t) == (layer, to),
                    _ => false,
                };
                let scales = 0..lattice.scales.len() as u8;
                let sources: Vec<Option<u8>> = match layer.checked_sub(1) {
                    None => vec![None],
                    Some(before) => {
                        let passable = &self.passable(of, lattice)[before as usize];
                        let enters = |s: &u8| passable[*s as usize] && lattice.allows(*s, to);
                        scales.filter(enters).map(Some).collect()
                    }
                };
                let term = |from| has(Gate::Arrow { of, layer, from, to });
                terms.iter().all(|(gate, _)| enters(gate)) && sources.into_iter().all(term)
            }
            (Gate::Visit { .. }, Domain::Path(_)) => terms.len() == 1,
            _ => false,
        }
    }

    fn passable(&self, of: DecisionId, lattice: &Lattice) -> &[Vec<bool>] {
        self.passable[of.index()].get_or_init(|| lattice.passable())
    }
}

/// What stands for "in every member".
const ALWAYS: u64 = 0;

/// Present where something is.
fn any(keys: impl Iterator<Item = u64> + Clone) -> u64 {
    if keys.clone().any(|key| key == ALWAYS) { ALWAYS } else { together(2, keys) }
}

/// Present where everything is.
fn every(keys: impl Iterator<Item = u64> + Clone) -> u64 {
    together(3, keys.filter(|key| *key != ALWAYS))
}

/// One key for several; of equal ones, themselves.
fn together(how: u8, mut keys: impl Iterator<Item = u64> + Clone) -> u64 {
    let all = keys.clone();
    let Some(first) = keys.next() else { return ALWAYS };
    if keys.all(|key| key == first) {
        return first;
    }
    let mut all: Vec<u64> = all.collect();
    all.sort_unstable();
    all.dedup();
    hash(how, &all)
}

/// Present where the path visits a node.
fn visited(of: DecisionId, layer: u8, at: u8) -> u64 {
    hash(4, Gate::Visit { of, layer, at })
}

fn hash(how: u8, of: impl Hash) -> u64 {
    let mut hasher = FxHasher::default();
    (how, of).hash(&mut hasher);
    hasher.finish().max(ALWAYS + 1)
}

#[cfg(test)]
mod tests;
