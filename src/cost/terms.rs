//! The costs of all members as one sum: each weighted kernel, where it is live.

use super::sizes::{SizeProblem, Sizes};
use super::{Question, node_macs};
use crate::ir::condition::{Cond, Conditions, Reach};
use crate::ir::decision::Decision;
use crate::ir::graph::{DecisionGraph, LeafId};
use crate::ir::member::{Wiring, liveness};
use indexmap::IndexMap;
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

/// What one condition costs.
#[derive(Clone, Debug)]
pub(super) struct Term {
    pub(super) cost: Cost,
    /// Leaves that are on wherever the condition holds; not all of them, perhaps.
    pub(super) needs: Vec<LeafId>,
}

/// A condition as that of a place and of one leaf there, where it is both.
pub(super) type Factor = (Cond, Option<LeafId>);

/// `sum of cost(term) * [condition(term)]`, over one space.
pub(super) struct Terms {
    pub(super) all: Conditions,
    pub(super) of: IndexMap<Cond, Term>,
    /// The same sum by factors: many terms share a place.
    pub(super) factors: IndexMap<Factor, Cost>,
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
        let reach = Reach::of(graph, &mut all, question.train);
        let needs = needs(graph, question.train);
        let factors = factors(graph, &mut all, &reach, question.train);
        let mut terms = Terms { all, of: IndexMap::new(), factors: IndexMap::new() };
        let mut sets: Vec<Option<(Cond, Needs, Factor)>> = vec![None; graph.weights.len()];
        for (id, node) in graph.nodes().filter(|(id, _)| everything.live[id.index()]) {
            let (live, needs) = (reach.live[id.index()], &needs[id.index()]);
            let macs = node_macs(graph, id, &sizes) * u64::from(question.batch);
            let factor = factors[id.index()];
            terms.add(live, needs.as_deref(), factor, Cost { params: 0, macs });
            if let Some(weights) = node.weights {
                let set = &mut sets[weights.0 as usize];
                *set = Some(match set.take() {
                    None => (live, needs.clone(), factor),
                    Some((cond, known, other)) => {
                        let cond = terms.all.either(cond, live);
                        let place = terms.all.either(other.0, factor.0);
                        let same = other.1 == factor.1;
                        let factor = if same { (place, factor.1) } else { (cond, None) };
                        (cond, meet(known, needs), factor)
                    }
                });
            }
        }
        for (set, used) in graph.weights.iter().zip(sets) {
            if let Some((cond, needs, factor)) = used {
                let params = set.kernel.params(set.channels);
                terms.add(cond, needs.as_deref(), factor, Cost { params, macs: 0 });
            }
        }
        Ok(terms)
    }

    fn add(&mut self, cond: Cond, needs: Option<&[LeafId]>, factor: Factor, cost: Cost) {
        if cond == Cond::FALSE || cost == Cost::default() {
            return;
        }
        *self.factors.entry(factor).or_default() += cost;
        let new = || Term { cost: Cost::default(), needs: needs.unwrap_or_default().to_vec() };
        self.of.entry(cond).or_insert_with(new).cost += cost;
    }

    /// Whether conditions grew beyond their limit: then nothing here is to be trusted.
    pub(super) fn overflowed(&self) -> bool {
        self.all.diagram.overflowed()
    }
}

/// By node: the condition of its place and the leaf that leads to it from there. A node with one
/// reader shares its place; the place of what a mix reads is the mix, where the term is present.
fn factors(graph: &DecisionGraph, all: &mut Conditions, reach: &Reach, train: bool) -> Vec<Factor> {
    let count = graph.graph.node_count();
    let mut readers = vec![0u32; count];
    let mut reader = vec![(0, None); count];
    for edge in graph.graph.raw_edges() {
        let src = edge.source().index();
        readers[src] += 1;
        reader[src] = (edge.target().index(), edge.weight.leaf);
    }
    for output in graph.outputs.iter().filter(|o| train || !o.aux) {
        readers[output.node.index()] += 2;
    }
    let mut factors: Vec<Factor> = vec![(Cond::FALSE, None); count];
    for node in (0..count).rev() {
        let own = (reach.live[node], None);
        factors[node] = own;
        if readers[node] != 1 {
            continue;
        }
        let (at, leaf) = reader[node];
        let (place, leaf) = match leaf {
            Some(leaf) => (reach.live[at], Some(leaf)),
            None => factors[at],
        };
        // Paths are gone through as a whole; that an arrow is on belongs to the place.
        let own = |leaf: &LeafId| !all.is_path(graph.gate(*leaf).decision());
        let Some(leaf) = leaf.filter(own) else { continue };
        let place = all.both(place, reach.present[node]);
        let gate = all.gate(*graph.gate(leaf));
        if all.both(place, gate) == reach.live[node] {
            factors[node] = (place, Some(leaf));
        }
    }
    factors
}

/// Leaves that a node needs on to be live, sorted; nothing where it never is.
type Needs = Option<Vec<LeafId>>;

/// What both need.
fn meet(a: Needs, b: &Needs) -> Needs {
    match (a, b) {
        (None, other) => other.clone(),
        (some, None) => some,
        (Some(a), Some(b)) => Some(a.into_iter().filter(|l| b.contains(l)).collect()),
    }
}

/// By node: leaves on every way to it from an output.
fn needs(graph: &DecisionGraph, train: bool) -> Vec<Needs> {
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
