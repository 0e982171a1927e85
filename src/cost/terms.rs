//! The costs of all members as one sum: each weighted kernel, where it is live.

mod slices;

use super::sizes::{SizeProblem, Sizes};
use super::{Question, node_macs};
use crate::ir::condition::{Cond, Conditions, Factor, Places, repeats};
use crate::ir::decision::{Decision, Gate};
use crate::ir::graph::{DecisionGraph, LeafId};
use crate::ir::member::{Wiring, liveness};
use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap as HashMap};
use smallvec::SmallVec;
use std::ops::{Add, AddAssign};

/// Children of diagram nodes that conditions may take, together.
const DIAGRAM_LIMIT: usize = 1 << 25;

/// Parameters and multiply-adds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Cost {
    /// Trainable parameters of what the outputs read; shared ones once.
    pub params: u64,
    /// Multiply-adds of one inference of the whole batch.
    pub macs: u64,
}

impl Add for Cost {
    type Output = Cost;

    fn add(self, other: Cost) -> Cost {
        Cost { params: self.params + other.params, macs: self.macs + other.macs }
    }
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Cost) {
        *self = *self + other;
    }
}

/// Some leaves, in order, each once.
pub(super) type Leaves = SmallVec<[LeafId; 3]>;

/// When something counts: a place is there, and some leaves are on. No diagram is made of both
/// unless someone asks for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct When {
    pub(super) place: Cond,
    pub(super) leaves: Leaves,
}

impl From<Cond> for When {
    fn from(place: Cond) -> When {
        When { place, leaves: Leaves::new() }
    }
}

impl When {
    /// The condition that it stands for.
    pub(super) fn whole(&self, graph: &DecisionGraph, all: &mut Conditions) -> Cond {
        self.leaves.iter().fold(self.place, |cond, leaf| {
            let gate = all.gate(*graph.gate(*leaf));
            all.both(cond, gate)
        })
    }

    /// Where one more leaf is on; nothing where that is never with the others.
    fn and(&self, graph: &DecisionGraph, leaf: Option<LeafId>) -> Option<When> {
        let mut both = self.clone();
        let Some(leaf) = leaf else { return Some(both) };
        let Err(at) = both.leaves.binary_search(&leaf) else { return Some(both) };
        if let Gate::Alt { of, .. } = *graph.gate(leaf) {
            let other =
                |known: &LeafId| matches!(*graph.gate(*known), Gate::Alt { of: o, .. } if o == of);
            if both.leaves.iter().any(other) {
                return None;
            }
        }
        both.leaves.insert(at, leaf);
        Some(both)
    }
}

/// What one condition costs.
#[derive(Clone, Debug, Default)]
pub(super) struct Term {
    pub(super) cost: Cost,
    /// Nodes one of which is live exactly where the condition holds.
    pub(super) nodes: Vec<u32>,
}

/// `sum of cost(term) * [condition(term)]`, over one space.
pub(super) struct Terms {
    pub(super) all: Conditions,
    /// By when they count: many terms share a place.
    pub(super) of: IndexMap<When, Term, FxBuildHasher>,
    /// Whether it could not be told which kernels run once.
    entangled: bool,
}

impl Terms {
    /// The terms of a network; a problem where its maps do not fit one another with every
    /// alternative on. (Where they do, every member's maps have the sizes that they have there.)
    pub(super) fn of(
        decisions: &[Decision],
        graph: &DecisionGraph,
        question: Question,
    ) -> Result<Terms, SizeProblem> {
        let everything = liveness(graph, &vec![true; graph.leaves.len()], question.train);
        let sizes = Sizes::of(graph, &everything.live, question.input)?;
        let mut all = Conditions::new(decisions, DIAGRAM_LIMIT);
        let places = Places::of(graph, &mut all, question.train);
        let repeats = repeats(graph, &mut all, &places.present, &places.live);
        let live: Vec<When> = places.live.iter().map(|own| when(&places.composed, *own)).collect();
        let mut terms = Terms { all, of: IndexMap::default(), entangled: repeats.is_none() };
        let repeats = repeats.unwrap_or_default();
        let mut users: Vec<SmallVec<[u32; 1]>> = vec![SmallVec::new(); graph.weights.len()];
        for (id, node) in graph.nodes().filter(|(id, _)| everything.live[id.index()]) {
            let node_id = id.index() as u32;
            let runs = terms.unless(&live[id.index()], repeats.get(&id));
            match slices::of(graph, id) {
                Some(slices) => terms.add_sliced_macs(graph, &slices, &runs, |kernel, input| {
                    let (from, to) = (sizes.input(id), sizes.output(id));
                    kernel.macs(input, from, to) * u64::from(question.batch)
                }),
                None => {
                    let macs = node_macs(graph, id, &sizes) * u64::from(question.batch);
                    terms.add(runs, &[node_id], Cost { params: 0, macs });
                }
            }
            if let Some(weights) = node.weights {
                users[weights.0 as usize].push(node_id);
            }
        }
        for (set, users) in graph.weights.iter().zip(users) {
            if set.sliced {
                terms.add_sliced_params(graph, set, &users, &live);
                continue;
            }
            let params = set.kernel.params(set.channels);
            let any = terms.any(graph, users.iter().map(|node| &live[*node as usize]));
            terms.add(any, &users, Cost { params, macs: 0 });
        }
        Ok(terms)
    }

    /// When a node is live, and is not what ran before.
    fn unless(&mut self, live: &When, repeats: Option<&Cond>) -> When {
        let Some(&again) = repeats else { return live.clone() };
        let anew = self.all.diagram.not(again);
        When { place: self.all.diagram.and(live.place, anew), leaves: live.leaves.clone() }
    }

    /// When one of some nodes is live. Those with the same leaves are put together first: mostly
    /// these are all.
    fn any<'a>(&mut self, graph: &DecisionGraph, of: impl IntoIterator<Item = &'a When>) -> When {
        let mut by_leaves: IndexMap<&Leaves, Cond> = IndexMap::new();
        for When { place, leaves } in of {
            let any = by_leaves.entry(leaves).or_insert(Cond::FALSE);
            *any = self.all.diagram.or(*any, *place);
        }
        let some = by_leaves.into_iter().filter(|(_, place)| *place != Cond::FALSE);
        let some: Vec<When> = some
            .map(|(leaves, place)| When { place: self.all.tidy(place), leaves: leaves.clone() })
            .collect();
        if let [one] = &some[..] {
            return one.clone();
        }
        let any = some.iter().fold(Cond::FALSE, |any, when| {
            let here = when.whole(graph, &mut self.all);
            self.all.diagram.or(any, here)
        });
        self.all.tidy(any).into()
    }

    fn add(&mut self, when: When, nodes: &[u32], cost: Cost) {
        if when.place == Cond::FALSE || cost == Cost::default() {
            return;
        }
        let new = || Term { cost: Cost::default(), nodes: nodes.to_vec() };
        self.of.entry(when).or_insert_with(new).cost += cost;
    }

    /// Whether conditions grew beyond their limit: then nothing here is to be trusted.
    pub(super) fn overflowed(&self) -> bool {
        self.entangled || self.all.diagram.overflowed()
    }
}

/// A factor, its place taken apart as far as it can be.
fn when(composed: &HashMap<Cond, Factor>, (mut place, leaf): Factor) -> When {
    let mut leaves: Leaves = leaf.into_iter().collect();
    while let Some(&(around, Some(leaf))) = composed.get(&place) {
        leaves.push(leaf);
        place = around;
    }
    leaves.sort_unstable();
    leaves.dedup();
    When { place, leaves }
}

/// Leaves that a node needs on to be live, sorted; nothing where it never is.
pub(super) type Needs = Option<Vec<LeafId>>;

/// What both need.
pub(super) fn meet(a: Needs, b: &Needs) -> Needs {
    match (a, b) {
        (None, other) => other.clone(),
        (some, None) => some,
        (Some(a), Some(b)) => Some(a.into_iter().filter(|l| b.contains(l)).collect()),
    }
}

/// By node: leaves on every way to it from an output.
pub(super) fn needs(graph: &DecisionGraph, train: bool) -> Vec<Needs> {
    let wiring = Wiring::of(graph);
    let mut needs: Vec<Needs> = vec![None; graph.graph.node_count()];
    for output in graph.outputs.iter().filter(|o| train || !o.aux) {
        needs[output.node.index()] = Some(Vec::new());
    }
    for node in (0..needs.len()).rev() {
        let Some(here) = needs[node].clone() else { continue };
        for (src, leaf) in wiring.reads(node) {
            let mut way = here.clone();
            if let Some(leaf) = leaf.map(|l| LeafId(l as u32))
                && let Err(at) = way.binary_search(&leaf)
            {
                way.insert(at, leaf);
            }
            needs[src] = meet(needs[src].take(), &Some(way));
        }
    }
    needs
}
