//! The costs of all members as one sum: each weighted kernel, where it is live.

mod slices;

use super::sizes::{SizeProblem, Sizes};
use super::{Question, node_macs, sum};
use crate::ir::condition::{Cond, Conditions, Factor, Places, repeats};
use crate::ir::decision::{Decision, Gate};
use crate::ir::graph::{DecisionGraph, LeafId, NodeId};
use crate::ir::member::{Wiring, liveness};
use crate::maps::{HashMap, IndexMap};
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

/// Some leaves, each once, the innermost first.
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
        if both.leaves.contains(&leaf) {
            return Some(both);
        }
        if let Gate::Alt { of, .. } = *graph.gate(leaf) {
            let other =
                |known: &LeafId| matches!(*graph.gate(*known), Gate::Alt { of: o, .. } if o == of);
            if both.leaves.iter().any(other) {
                return None;
            }
        }
        both.leaves.insert(0, leaf);
        Some(both)
    }
}

/// When the nodes of a space's network are live, and how large they are: what all terms are made of.
pub(super) struct Live {
    question: Question,
    sizes: Sizes,
    /// What some member may read.
    nodes: Vec<NodeId>,
    present: Vec<Cond>,
    factors: Vec<Factor>,
    /// Places that are a place and a leaf there, in turn.
    composed: HashMap<Cond, Factor>,
}

impl Live {
    /// The same with the conditions that it speaks of; a problem where maps do not fit one another
    /// with every alternative on. (Where they do, every member's maps have the sizes that they have
    /// there.)
    pub(super) fn of(
        decisions: &[Decision],
        graph: &DecisionGraph,
        question: Question,
    ) -> Result<(Live, Conditions), SizeProblem> {
        let everything = liveness(graph, &vec![true; graph.leaves.len()], question.train);
        let sizes = Sizes::of(graph, &everything.live, question.input)?;
        let mut all = Conditions::new(decisions, DIAGRAM_LIMIT);
        let Places { present, live, composed } = Places::of(graph, &mut all, question.train);
        let nodes = graph.graph.node_indices().filter(|id| everything.live[id.index()]).collect();
        Ok((Live { question, sizes, nodes, present, factors: live, composed }, all))
    }

    /// When a node is live.
    fn when(&self, id: NodeId) -> When {
        let (mut place, leaf) = self.factors[id.index()];
        let mut leaves: Leaves = leaf.into_iter().collect();
        while let Some(&(around, Some(leaf))) = self.composed.get(&place) {
            if !leaves.contains(&leaf) {
                leaves.push(leaf);
            }
            place = around;
        }
        When { place, leaves }
    }

    /// What all of them cost together.
    pub(super) fn whole(&self, graph: &DecisionGraph) -> Cost {
        sum(graph, self.question, self.nodes.iter().copied(), &self.sizes)
    }
}

/// `sum of cost(term) * [condition(term)]`, over one space.
pub(super) struct Terms {
    pub(super) all: Conditions,
    /// By when they count: many terms share a place.
    pub(super) of: IndexMap<When, Cost>,
    /// By term, where that is asked for: nodes one of which is live exactly where it counts.
    pub(super) nodes: Option<Vec<Vec<u32>>>,
    /// Whether it could not be told which kernels run once.
    entangled: bool,
}

impl Terms {
    /// No terms yet.
    pub(super) fn new(all: Conditions) -> Terms {
        Terms { all, of: IndexMap::default(), nodes: None, entangled: false }
    }

    /// The terms of a network, with their nodes; a problem where its maps do not fit.
    pub(super) fn of(
        decisions: &[Decision],
        graph: &DecisionGraph,
        question: Question,
    ) -> Result<Terms, SizeProblem> {
        let (live, all) = Live::of(decisions, graph, question)?;
        let mut terms = Terms { nodes: Some(Vec::new()), ..Terms::new(all) };
        terms.add_macs(graph, &live);
        terms.add_params(graph, &live);
        Ok(terms)
    }

    /// Multiply-adds: of each kernel, once.
    pub(super) fn add_macs(&mut self, graph: &DecisionGraph, live: &Live) {
        let sizes = &live.sizes;
        let repeats = repeats(graph, &mut self.all, &live.present, &live.factors);
        self.entangled |= repeats.is_none();
        let repeats = repeats.unwrap_or_default();
        let batch = u64::from(live.question.batch);
        for &id in live.nodes.iter().filter(|id| graph.node(**id).kernel.multiplies()) {
            let runs = self.unless(live.when(id), repeats.get(&id));
            match slices::of(graph, id) {
                Some(slices) => self.add_sliced_macs(graph, &slices, &runs, |kernel, input| {
                    kernel.macs(input, sizes.input(id), sizes.output(id)) * batch
                }),
                None => {
                    let macs = node_macs(graph, id, sizes) * batch;
                    self.add(runs, &[id.index() as u32], Cost { params: 0, macs });
                }
            }
        }
    }

    /// Parameters: of each set of weights, where some kernel that has them is live.
    pub(super) fn add_params(&mut self, graph: &DecisionGraph, live: &Live) {
        let mut users: Vec<SmallVec<[u32; 4]>> = vec![SmallVec::new(); graph.weights.len()];
        for id in &live.nodes {
            if let Some(weights) = graph.graph[*id].weights {
                users[weights.0 as usize].push(id.index() as u32);
            }
        }
        for (set, users) in graph.weights.iter().zip(users) {
            let shape = graph.shape(set);
            if shape.sliced {
                self.add_sliced_params(graph, shape, &users, live);
                continue;
            }
            let params = shape.params();
            let any =
                self.any(graph, users.iter().map(|node| live.when(NodeId::new(*node as usize))));
            self.add(any, &users, Cost { params, macs: 0 });
        }
    }

    /// When a node is live, and is not what ran before.
    fn unless(&mut self, live: When, repeats: Option<&Cond>) -> When {
        let Some(&again) = repeats else { return live };
        let anew = self.all.diagram.not(again);
        When { place: self.all.diagram.and(live.place, anew), ..live }
    }

    /// When one of some nodes is live. Those with the same leaves are put together first: mostly
    /// these are all.
    fn any(&mut self, graph: &DecisionGraph, of: impl IntoIterator<Item = When>) -> When {
        let mut some: SmallVec<[When; 1]> = SmallVec::new();
        for when in of.into_iter().filter(|when| when.place != Cond::FALSE) {
            match some.iter_mut().find(|known| known.leaves == when.leaves) {
                Some(known) => known.place = self.all.diagram.or(known.place, when.place),
                None => some.push(when),
            }
        }
        some.iter_mut().for_each(|when| when.place = self.all.tidy(when.place));
        if some.len() == 1
            && let Some(one) = some.pop()
        {
            return one;
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
        *self.of.entry(when).or_default() += cost;
        if let Some(all) = self.nodes.as_mut().filter(|all| all.len() < self.of.len()) {
            all.push(nodes.to_vec());
        }
    }

    /// Whether conditions grew beyond their limit: then nothing here is to be trusted.
    pub(super) fn overflowed(&self) -> bool {
        self.entangled || self.all.diagram.overflowed()
    }
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
