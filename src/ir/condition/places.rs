//! Conditions by factors: that of a place, and one leaf there.
//!
//! Most nodes lie behind one leaf of a place (a cell on an arrow, say) that many others share, and
//! the same cell stamped at many places has the same leaves everywhere. So the condition of a place
//! is worked out once, what its leaves say together once for all places, and no diagram is ever
//! made of a place and one of its leaves unless someone asks for it.

use super::{Cond, Conditions};
use crate::ir::decision::Gate;
use crate::ir::graph::{DecisionGraph, LeafId, NodeId};
use crate::ir::kernel::Kernel;
use crate::ir::member::Wiring;
use crate::maps::{HashMap, IndexMap};
use smallvec::SmallVec;

/// A condition as that of a place and of one leaf there: it holds where both do.
pub type Factor = (Cond, Option<LeafId>);

/// When each node, by index, is there and read.
#[derive(Clone, Debug)]
pub struct Places {
    /// The map exists.
    pub present: Vec<Cond>,
    /// An output reads it.
    pub live: Vec<Factor>,
    /// Conditions that are those of a place and a leaf there, in turn.
    pub composed: HashMap<Cond, Factor>,
}

impl Places {
    /// When each node exists.
    pub fn present(graph: &DecisionGraph, all: &mut Conditions) -> Vec<Cond> {
        Work::of(graph, &Wiring::of(graph), all).present()
    }

    /// The conditions of all nodes; training-only outputs count where `train`.
    pub fn of(graph: &DecisionGraph, all: &mut Conditions, train: bool) -> Places {
        let wiring = Wiring::of(graph);
        let mut work = Work::of(graph, &wiring, all);
        let present = work.present();
        let outputs = graph.outputs.iter().filter(|o| train || !o.aux);
        let roots = outputs.map(|o| (o.node.index(), present[o.node.index()]));
        let live = work.back(roots.collect(), Some(&present));
        Places { present, live, composed: work.composed }
    }

    /// By node: when an output leads to it along edges that are on, be their sources present or
    /// not. Training-only outputs count, and so do kept nodes.
    pub fn asked_for(graph: &DecisionGraph, all: &mut Conditions) -> Vec<Factor> {
        let kept = graph.nodes().filter(|(_, node)| node.keep).map(|(id, _)| id);
        let roots = graph.outputs.iter().map(|o| o.node).chain(kept);
        let roots = roots.map(|id| (id.index(), Cond::TRUE)).collect();
        Work::of(graph, &Wiring::of(graph), all).back(roots, None)
    }
}

impl Conditions {
    /// That one of some factors holds. Those of one leaf are put together first: many are, and
    /// what comes between is soon forgotten.
    pub fn any(&mut self, graph: &DecisionGraph, of: impl IntoIterator<Item = Factor>) -> Factor {
        let mut by_leaf: IndexMap<Option<LeafId>, Cond> = IndexMap::default();
        for (place, leaf) in of {
            let any = by_leaf.entry(leaf).or_insert(Cond::FALSE);
            *any = self.diagram.or(*any, place);
        }
        by_leaf.values_mut().for_each(|any| *any = self.tidy(*any));
        if by_leaf.len() == 1
            && let Some((leaf, place)) = by_leaf.pop()
        {
            return (place, leaf);
        }
        let any = by_leaf.into_iter().fold(Cond::FALSE, |any, (leaf, place)| {
            let here = self.whole(graph, (place, leaf));
            self.diagram.or(any, here)
        });
        (self.tidy(any), None)
    }

    /// The condition that a factor stands for.
    pub fn whole(&mut self, graph: &DecisionGraph, (place, leaf): Factor) -> Cond {
        match leaf {
            None => place,
            Some(leaf) => {
                let gate = self.gate(*graph.gate(leaf));
                self.both(place, gate)
            }
        }
    }
}

/// No leaf, among the leaves of a place.
const ALWAYS: u32 = u32::MAX;

struct Work<'a> {
    graph: &'a DecisionGraph,
    all: &'a mut Conditions,
    wiring: &'a Wiring,
    /// By leaf: that it is on, and whether it speaks of a path. Paths are gone through as a whole:
    /// that an arrow is on belongs to the place.
    leaves: Vec<(Cond, bool)>,
    /// Leaves together: that one of them is on.
    some: HashMap<Vec<u32>, Cond>,
    /// Conditions that were factors once: what all widths of a kernel want is what it is wanted for.
    composed: HashMap<Cond, Factor>,
}

/// Leaves by the condition that they are met with, each list sorted and without repeats.
type Groups = IndexMap<Cond, Vec<u32>>;

impl Work<'_> {
    fn of<'a>(graph: &'a DecisionGraph, wiring: &'a Wiring, all: &'a mut Conditions) -> Work<'a> {
        let leaf = |gate: &Gate| (all.gate(*gate), all.is_path(gate.decision()));
        let leaves = graph.leaves.iter().map(leaf).collect();
        Work { graph, all, wiring, leaves, some: HashMap::default(), composed: HashMap::default() }
    }

    /// That one of some leaves is on.
    fn some(&mut self, leaves: Vec<u32>) -> Cond {
        if leaves.contains(&ALWAYS) {
            return Cond::TRUE;
        }
        if let Some(known) = self.some.get(&leaves) {
            return *known;
        }
        let gates = leaves.iter().map(|leaf| *self.graph.gate(LeafId(*leaf)));
        let some = self.all.some(gates);
        self.some.insert(leaves, some);
        some
    }

    /// That a condition holds and one of its leaves is on.
    fn any(&mut self, groups: Groups) -> Cond {
        let one = groups.len() == 1;
        let mut here: SmallVec<[Cond; 8]> = SmallVec::new();
        for (cond, mut leaves) in groups {
            leaves.sort_unstable();
            leaves.dedup();
            let some = self.some(leaves);
            here.push(self.all.both(cond, some));
        }
        let any = self.all.diagram.any(here);
        // Once, at the end: what comes between is soon forgotten.
        if one { any } else { self.all.tidy(any) }
    }

    fn present(&mut self) -> Vec<Cond> {
        let mut present: Vec<Cond> = Vec::with_capacity(self.graph.graph.node_count());
        let graph = self.graph;
        for (id, node) in graph.nodes() {
            let id = id.index();
            let here = match node.kernel {
                Kernel::Add if self.wiring.fills(id) => Cond::TRUE,
                Kernel::Mix | Kernel::Add => {
                    let mut groups = Groups::default();
                    for (src, leaf) in self.wiring.edges(id) {
                        let leaf = leaf.map_or(ALWAYS, |l| l as u32);
                        groups.entry(present[src]).or_default().push(leaf);
                    }
                    self.any(groups)
                }
                _ => {
                    let edges = self.wiring.edges(id);
                    edges.fold(Cond::TRUE, |acc, (src, _)| self.all.both(acc, present[src]))
                }
            };
            present.push(here);
        }
        present
    }

    /// From the roots backwards along edges that are on; to what is present, where that is known.
    fn back(&mut self, roots: Vec<(usize, Cond)>, present: Option<&[Cond]>) -> Vec<Factor> {
        let (count, wiring) = (self.graph.graph.node_count(), self.wiring);
        let mut wants = Wants::of(wiring, count, &roots);
        roots.into_iter().for_each(|(node, cond)| wants.push(node, (cond, None), true));
        let mut factors = vec![(Cond::FALSE, None); count];
        for node in (0..count).rev() {
            let there = present.filter(|_| wants.doubtful[node]).map(|present| present[node]);
            let own = self.combine(wants.of_node(node), there);
            factors[node] = own;
            if own.0 == Cond::FALSE {
                continue;
            }
            // What a kernel reads is present where it is itself; the terms of a sum may not be.
            let kernel = &self.graph.node(NodeId::new(node)).kernel;
            let doubtful = matches!(kernel, Kernel::Mix | Kernel::Add);
            let mut whole = None;
            let read = present.map_or(usize::MAX, |_| wiring.reads(node).count());
            for (src, leaf) in wiring.edges(node).take(read) {
                let want = self.through(own, leaf, &mut whole);
                wants.push(src, want, doubtful);
            }
        }
        factors
    }

    /// A factor seen through an edge; `whole` is what it stands for, once that was asked.
    fn through(&mut self, own: Factor, leaf: Option<usize>, whole: &mut Option<Cond>) -> Factor {
        let Some(leaf) = leaf else { return own };
        let (gate, is_arrow) = self.leaves[leaf];
        if is_arrow {
            return (self.all.both(own.0, gate), own.1);
        }
        let leaf = LeafId(leaf as u32);
        if own.1 == Some(leaf) {
            return own;
        }
        let place = *whole.get_or_insert_with(|| self.all.whole(self.graph, own));
        // A place that says the leaf itself is as it is.
        if own.1.is_some() && place != own.0 {
            self.composed.entry(place).or_insert(own);
        }
        (place, Some(leaf))
    }

    /// One factor of all that a node's readers want; of what is present, where that is in doubt.
    fn combine(&mut self, wants: &[Factor], present: Option<Cond>) -> Factor {
        let present = present.unwrap_or(Cond::TRUE);
        match *wants {
            [] => (Cond::FALSE, None),
            [(place, leaf)] => (self.all.both(place, present), leaf),
            _ => {
                let mut groups = Groups::default();
                for &(place, leaf) in wants {
                    groups.entry(place).or_default().push(leaf.map_or(ALWAYS, |l| l.0));
                }
                let any = self.any(groups);
                let any = self.all.both(any, present);
                self.composed.get(&any).copied().unwrap_or((any, None))
            }
        }
    }
}

/// Wants that each other one is compared with.
const FEW: usize = 4;

/// What readers want of each node.
struct Wants {
    /// By node: where its own begin, and how many they are.
    own: Vec<(u32, u32)>,
    /// One node's after the other's, with room for one of each reader.
    all: Vec<Factor>,
    /// By node: whether it may be absent where they want it.
    doubtful: Vec<bool>,
}

impl Wants {
    /// None yet.
    fn of(wiring: &Wiring, count: usize, roots: &[(usize, Cond)]) -> Wants {
        let mut own = vec![(0, 0); count];
        let read = (0..count).flat_map(|node| wiring.edges(node).map(|(src, _)| src));
        for node in roots.iter().map(|(node, _)| *node).chain(read) {
            own[node].0 += 1;
        }
        let mut end = 0;
        for (start, _) in &mut own {
            let room = std::mem::replace(start, end);
            end += room;
        }
        let all = vec![(Cond::FALSE, None); end as usize];
        Wants { own, all, doubtful: vec![false; count] }
    }

    fn of_node(&self, node: usize) -> &[Factor] {
        let (start, count) = self.own[node];
        &self.all[start as usize..][..count as usize]
    }

    fn push(&mut self, node: usize, want: Factor, doubtful: bool) {
        self.doubtful[node] |= doubtful;
        // Whether all are one must show; further repeats are left out when many are put together.
        let known = self.of_node(node).iter().take(FEW).any(|known| *known == want);
        if want.0 != Cond::FALSE && !known {
            let (start, count) = &mut self.own[node];
            self.all[(*start + *count) as usize] = want;
            *count += 1;
        }
    }
}
