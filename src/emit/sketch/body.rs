//! The parts of a scope and what flows between them.

use super::tree::Tree;
use super::{Body, Chip, End, Inside, Kind, Link, Unit, grid, words};
use crate::ir::decision::Gate;
use crate::ir::graph::{DecisionGraph, LeafId, NodeId, ScopeId};
use crate::ir::kernel::Kernel;
use crate::ir::shape::Scale;
use crate::maps::{IndexMap, IndexSet};
use petgraph::visit::EdgeRef;
use std::collections::BTreeSet;

/// Makes bodies of a graph's scopes.
pub(super) struct Bodies<'a> {
    pub(super) graph: &'a DecisionGraph,
    pub(super) tree: &'a Tree,
}

/// Which part of a body a kernel belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Slot {
    /// A scope.
    Part(ScopeId),
    /// Kernels right in the body; the first of them.
    Own(NodeId),
}

/// What flows into one part, by what it comes from and through which operator.
#[derive(Debug, Default)]
struct Flow {
    leaves: BTreeSet<LeafId>,
    /// Operators that it goes through; nothing where it arrives directly.
    through: IndexSet<Option<ScopeId>>,
}

impl Bodies<'_> {
    /// The body of a scope whose parts are opened `deeper` levels.
    pub(super) fn body(&self, scope: ScopeId, deeper: usize) -> Body {
        let slots = self.slots(scope);
        let mut parts: IndexSet<Slot> = IndexSet::default();
        for slot in slots.iter().flatten() {
            parts.insert(*slot);
        }
        let mut body = Body {
            units: parts.iter().map(|slot| self.unit(*slot, &slots, deeper)).collect(),
            ..Body::default()
        };
        for (to, slot) in parts.iter().enumerate() {
            let flows = self.flows(*slot, scope, &slots, &parts, &mut body.inputs);
            self.connect(to, flows, &mut body);
        }
        if scope == ScopeId(0) {
            self.outputs(&slots, &parts, &mut body);
        }
        body
    }

    /// The part of every kernel; nothing for those outside.
    fn slots(&self, scope: ScopeId) -> Vec<Option<Slot>> {
        let mut slots: Vec<Option<Slot>> = Vec::with_capacity(self.graph.graph.node_count());
        for id in self.graph.graph.node_indices() {
            let home = self.tree.scope(id);
            let slot = if self.tree.within(home, scope) {
                Some(match self.part_of(scope, home) {
                    Some(part) => Slot::Part(part),
                    None => self.own_slot(id, &slots),
                })
            } else {
                None
            };
            slots.push(slot);
        }
        slots
    }

    /// The part of `scope` that `inner` lies in. What only wraps others is no part itself.
    fn part_of(&self, scope: ScopeId, inner: ScopeId) -> Option<ScopeId> {
        let below = &self.tree.path(inner)[self.tree.path(scope).len()..];
        below.iter().copied().find(|part| !self.tree.wraps(*part))
    }

    /// A kernel that does nothing but go on with another joins it.
    fn own_slot(&self, id: NodeId, slots: &[Option<Slot>]) -> Slot {
        let graph = &self.graph.graph;
        if let [(before, edge)] = self.graph.inputs(id)[..]
            && let Some(Slot::Own(first)) = slots[before.index()]
            && edge.leaf.is_none()
            && graph.edges(before).count() == 1
            && !matches!(self.graph.node(before).kernel, Kernel::Input(_))
        {
            return Slot::Own(first);
        }
        Slot::Own(id)
    }

    fn unit(&self, slot: Slot, slots: &[Option<Slot>], deeper: usize) -> Unit {
        let members = || {
            let all = slots.iter().enumerate().filter(move |(_, s)| **s == Some(slot));
            all.map(|(i, _)| NodeId::new(i))
        };
        let last = members().next_back().expect("a part has kernels");
        let ty = self.graph.node(last).ty;
        let (id, label, text, inside) = match slot {
            Slot::Part(scope) => (
                self.graph.scope_name(scope),
                self.graph.word(scope).to_owned(),
                self.about(scope),
                self.inside(scope, deeper),
            ),
            Slot::Own(first) => {
                let words = words::chain(self.graph, members());
                (format!("#{}", first.index()), words, String::new(), Inside::Shut)
            }
        };
        let is_input = matches!(self.graph.node(last).kernel, Kernel::Input(_));
        // The nodes of a trellis differ in type.
        let is_grid = matches!(inside, Inside::Grid(_));
        Unit {
            id,
            label,
            text,
            ty: if is_grid { String::new() } else { ty.to_string() },
            scale: match ty.scale {
                Scale::Down(n) if !is_grid => Some(n),
                Scale::Down(_) | Scale::Global => None,
            },
            kernels: members().count(),
            kind: if is_input { Kind::Input } else { Kind::Part },
            chips: Vec::new(),
            inside,
        }
    }

    /// What a part is; nothing where its operators say it.
    fn about(&self, scope: ScopeId) -> String {
        match self.operators(scope) {
            Some(operators) if !operators.is_empty() => String::new(),
            _ => words::part(self.graph, self.tree, scope),
        }
    }

    fn inside(&self, scope: ScopeId, deeper: usize) -> Inside {
        let inner = self.tree.unwrapped(scope);
        if self.tree.is_trellis(inner) {
            return Inside::Grid(grid::grid(self.graph, self.tree, inner));
        }
        if deeper == 0 || self.operators(scope).is_some() {
            return Inside::Shut;
        }
        let body = self.body(inner, deeper - 1);
        if body.units.len() > 1 { Inside::Open(body) } else { Inside::Shut }
    }

    /// The operators of a part that does nothing but join what they give: every scope in it reads
    /// from outside only and is read by its own kernels only.
    fn operators(&self, part: ScopeId) -> Option<Vec<ScopeId>> {
        let inner = self.tree.unwrapped(part);
        let own = &self.tree.own[inner.0 as usize];
        let joins = |id: &NodeId| {
            matches!(self.graph.node(*id).kernel, Kernel::Add | Kernel::Mix | Kernel::Concat)
        };
        if own.is_empty() || !own.iter().all(joins) {
            return None;
        }
        let depth = self.tree.path(inner).len();
        let child = |id: NodeId| {
            let scope = self.tree.scope(id);
            self.tree.within(scope, inner).then(|| self.tree.path(scope).get(depth).copied())
        };
        for id in words::kernels(self.tree, inner) {
            for edge in self.graph.graph.edges(id) {
                match (child(id).flatten(), child(edge.target())) {
                    (Some(from), Some(Some(to))) if from != to => return None,
                    (Some(_), None) => return None,
                    (None, Some(Some(_))) => return None,
                    _ => {}
                }
            }
        }
        Some(self.tree.children[inner.0 as usize].clone())
    }

    fn flows(
        &self,
        slot: Slot,
        scope: ScopeId,
        slots: &[Option<Slot>],
        parts: &IndexSet<Slot>,
        inputs: &mut Vec<String>,
    ) -> IndexMap<End, Flow> {
        let operators = match slot {
            Slot::Part(part) => self.operators(part),
            Slot::Own(_) => None,
        };
        let operator = |id: NodeId| {
            let at = self.tree.scope(id);
            let all = operators.iter().flatten();
            all.copied().find(|op| self.tree.within(at, *op))
        };
        let mut flows: IndexMap<End, Flow> = IndexMap::default();
        for (i, _) in slots.iter().enumerate().filter(|(_, s)| **s == Some(slot)) {
            let id = NodeId::new(i);
            for (source, edge) in self.graph.inputs(id) {
                let from = match slots[source.index()] {
                    Some(other) if other == slot => continue,
                    Some(other) => End::Unit(parts.get_index_of(&other).unwrap_or(0)),
                    None => End::Input(self.input(scope, source, inputs)),
                };
                let flow = flows.entry(from).or_default();
                let through = operator(id);
                flow.through.insert(through);
                flow.leaves.extend(edge.leaf);
                if let Some(op) = through {
                    flow.leaves.extend(self.leaves_behind(op));
                }
            }
        }
        flows
    }

    /// The decisions that switch what an operator's scope gives.
    fn leaves_behind(&self, op: ScopeId) -> impl Iterator<Item = LeafId> + '_ {
        let edges = words::kernels(self.tree, op).flat_map(|id| self.graph.graph.edges(id));
        edges.filter_map(|edge| edge.weight().leaf)
    }

    /// The name of what comes from outside: the part that it comes from, seen from the body.
    fn input(&self, scope: ScopeId, source: NodeId, inputs: &mut Vec<String>) -> usize {
        let (here, there) = (self.tree.path(scope), self.tree.path(self.tree.scope(source)));
        let shared = here.iter().zip(there).take_while(|(a, b)| a == b).count();
        let name = match there.get(shared) {
            Some(part) => self.graph.word(*part).to_owned(),
            None => self.graph.node(source).kernel.name().to_owned(),
        };
        inputs.iter().position(|known| *known == name).unwrap_or_else(|| {
            inputs.push(name);
            inputs.len() - 1
        })
    }

    fn connect(&self, to: usize, flows: IndexMap<End, Flow>, body: &mut Body) {
        for (from, flow) in flows {
            let open = !flow.leaves.is_empty();
            let unit = &mut body.units[to];
            if open && (flow.leaves.len() > 1 || flow.through.iter().any(Option::is_some)) {
                let (label, alternatives) = self.alternatives(&flow.leaves);
                unit.chips.push(Chip { label, alternatives });
                let chip = Some(unit.chips.len() - 1);
                body.links.push(Link { from, to, chip, open });
                continue;
            }
            for through in flow.through {
                let chip = through.map(|op| {
                    let label = words::operator(self.graph, self.tree, op);
                    unit.chips.push(Chip { label, alternatives: 0 });
                    unit.chips.len() - 1
                });
                body.links.push(Link { from, to, chip, open });
            }
        }
    }

    /// The alternatives among some decisions' values, in words and in number. A pick's place among
    /// the picks is no alternative.
    fn alternatives(&self, leaves: &BTreeSet<LeafId>) -> (String, usize) {
        let mut word = "alternatives";
        let mut all = BTreeSet::new();
        for leaf in leaves {
            let gate = match *self.graph.gate(*leaf) {
                Gate::Slot { of, pick, .. } | Gate::Pick { of, pick } => {
                    word = "operators";
                    Gate::Pick { of, pick }
                }
                other => other,
            };
            all.insert(gate);
        }
        (if all.len() == 1 { "perhaps".into() } else { format!("{} {word}", all.len()) }, all.len())
    }

    /// What the network yields, as parts of their own.
    fn outputs(&self, slots: &[Option<Slot>], parts: &IndexSet<Slot>, body: &mut Body) {
        for output in &self.graph.outputs {
            let Some(slot) = slots[output.node.index()] else { continue };
            let from = End::Unit(parts.get_index_of(&slot).unwrap_or(0));
            let ty = self.graph.node(output.node).ty;
            body.links.push(Link { from, to: body.units.len(), chip: None, open: false });
            body.units.push(Unit {
                id: format!("out:{}", output.name),
                label: output.name.clone(),
                text: String::new(),
                ty: ty.to_string(),
                scale: match ty.scale {
                    Scale::Down(n) => Some(n),
                    Scale::Global => None,
                },
                kernels: 0,
                kind: if output.aux { Kind::Aux } else { Kind::Output },
                chips: Vec::new(),
                inside: Inside::Shut,
            });
        }
    }

    /// The scope that shows a definition best, and how many are made of it: the one with most
    /// parts, of those the one that reads from fewest places.
    pub(super) fn representative(&self, name: &str) -> Option<(ScopeId, usize)> {
        let stem = |name: &str| name.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
        let wanted = stem(name);
        let is = |scope: &ScopeId| {
            stem(self.graph.word(*scope)) == wanted && self.tree.total[scope.0 as usize] > 0
        };
        let all: Vec<ScopeId> =
            (0..self.graph.scopes.len() as u32).map(ScopeId).filter(is).collect();
        let readers = |scope: ScopeId| {
            let mut inputs = Vec::new();
            for id in words::kernels(self.tree, scope) {
                for (source, _) in self.graph.inputs(id) {
                    if !self.tree.within(self.tree.scope(source), scope) {
                        self.input(scope, source, &mut inputs);
                    }
                }
            }
            inputs.len()
        };
        let best = all
            .iter()
            .copied()
            .min_by_key(|scope| (usize::MAX - self.tree.parts(*scope), readers(*scope), scope.0))?;
        Some((best, all.len()))
    }
}
