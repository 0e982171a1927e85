//! The costs of many members of one space, without building them.

use super::Question;
use super::sizes::SizeProblem;
use super::terms::{Cost, Needs, Terms, When, meet, needs};
use crate::ir::condition::{Choices, Cond, Conditions, Diagram};
use crate::ir::decision::{Binding, Decision, Gate};
use crate::ir::graph::{DecisionGraph, LeafId};
use crate::maps::HashMap;

/// A space's costs, compiled: terms are found by the leaves that are on.
pub struct CostTable {
    choices: Choices,
    diagram: Diagram,
    gates: Vec<Gate>,
    /// What every member costs.
    base: Cost,
    /// A tree over leaves, in order; the root first.
    tree: Vec<Place>,
}

/// Terms that need the leaves on the way here.
#[derive(Default)]
struct Place {
    next: Vec<(LeafId, u32)>,
    /// Terms that need nothing else.
    sure: Cost,
    /// Terms whose condition is still to be looked at.
    rest: Vec<(Cond, Cost)>,
}

/// What an evaluation uses again.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    values: Vec<u32>,
    on: Vec<bool>,
    stack: Vec<u32>,
}

/// Why a space's costs cannot be compiled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableProblem {
    /// Its maps do not fit one another.
    #[error(transparent)]
    Size(#[from] SizeProblem),
    /// When its kernels are live cannot be written down within the limit.
    #[error("what is live depends on too many decisions at once")]
    Entangled,
}

impl CostTable {
    /// Compiles the costs of a space.
    pub fn of(
        decisions: &[Decision],
        graph: &DecisionGraph,
        question: Question,
    ) -> Result<CostTable, TableProblem> {
        let terms = Terms::of(decisions, graph, question)?;
        let needs = needs(graph, question.train);
        CostTable::compile(terms, graph, &needs)
    }

    fn compile(
        mut terms: Terms,
        graph: &DecisionGraph,
        needs: &[Needs],
    ) -> Result<CostTable, TableProblem> {
        let (mut base, mut tree) = (Cost::default(), vec![Place::default()]);
        // That all leaves on the way to a place are on: many terms share it.
        let mut ways: HashMap<Vec<LeafId>, Cond> = HashMap::default();
        let nodes = terms.nodes.take().unwrap_or_default();
        debug_assert_eq!(nodes.len(), terms.of.len(), "their nodes were asked for");
        for ((When { place, leaves }, cost), nodes) in
            std::mem::take(&mut terms.of).into_iter().zip(nodes)
        {
            if leaves.is_empty() && terms.all.always(place) {
                base += cost;
                continue;
            }
            let own = nodes.iter().fold(None, |own, node| meet(own, &needs[*node as usize]));
            let mut own = own.unwrap_or_default();
            for leaf in &leaves {
                if let Err(at) = own.binary_search(leaf) {
                    own.insert(at, *leaf);
                }
            }
            let at = walk_to(&mut tree, &own);
            own.retain(|other| !leaves.contains(other));
            let way = *ways.entry(own).or_insert_with_key(|own| all_on(&mut terms.all, graph, own));
            match way == place {
                true => tree[at].sure += cost,
                false => tree[at].rest.push((place, cost)),
            }
        }
        if terms.overflowed() {
            return Err(TableProblem::Entangled);
        }
        let gates = graph.leaves.iter().copied().collect();
        let (choices, diagram) = (terms.all.choices, terms.all.diagram);
        Ok(CostTable { choices, diagram, gates, base, tree })
    }

    /// How many terms there are whose conditions are looked at.
    pub fn terms(&self) -> usize {
        self.tree.iter().map(|place| place.rest.len()).sum()
    }

    /// The cost of a member.
    pub fn eval(&self, binding: &Binding) -> Cost {
        self.eval_with(binding, &mut Scratch::default())
    }

    /// [`CostTable::eval`] without allocating.
    pub fn eval_with(&self, binding: &Binding, scratch: &mut Scratch) -> Cost {
        self.choices.encode(binding, &mut scratch.values);
        let on = |gate: &Gate| binding.get(gate.decision()).is_some_and(|v| gate.weight(v) > 0);
        scratch.on.clear();
        scratch.on.extend(self.gates.iter().map(on));
        scratch.stack.clear();
        scratch.stack.push(0);
        let mut cost = self.base;
        while let Some(at) = scratch.stack.pop() {
            let place = &self.tree[at as usize];
            cost += place.sure;
            for &(cond, more) in &place.rest {
                if self.diagram.eval(cond, &scratch.values) {
                    cost += more;
                }
            }
            for &(leaf, next) in &place.next {
                if scratch.on[leaf.0 as usize] {
                    scratch.stack.push(next);
                }
            }
        }
        cost
    }
}

/// That some leaves are on.
fn all_on(all: &mut Conditions, graph: &DecisionGraph, leaves: &[LeafId]) -> Cond {
    let on = leaves.iter().fold(Cond::TRUE, |acc, leaf| {
        let gate = all.gate(*graph.gate(*leaf));
        all.diagram.and(acc, gate)
    });
    all.tidy(on)
}

/// The place of some leaves, made where there is none.
fn walk_to(tree: &mut Vec<Place>, needs: &[LeafId]) -> usize {
    needs.iter().fold(0, |at, leaf| {
        if let Some((_, next)) = tree[at].next.iter().find(|(known, _)| known == leaf) {
            return *next as usize;
        }
        let new = tree.len();
        tree.push(Place::default());
        tree[at].next.push((*leaf, new as u32));
        new
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::exact;
    use crate::ir::member;
    use crate::ir::shape::Size;
    use crate::ir::testing::{Draft, dense_cell, random_space, trellis};
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    const ASKED: Question = Question { input: Size { h: 32, w: 32 }, batch: 2, train: false };

    fn agrees(draft: &Draft, step: usize) {
        let table = CostTable::of(&draft.decisions, &draft.graph, ASKED).expect("it compiles");
        let mut scratch = Scratch::default();
        for binding in draft.bindings().iter().step_by(step) {
            let costs = exact(&member(&draft.graph, binding), ASKED).expect("it runs");
            let found = table.eval_with(binding, &mut scratch);
            assert_eq!(found, Cost { params: costs.params, macs: costs.macs });
        }
    }

    #[test]
    fn the_table_says_what_members_cost() {
        let mut rng = ChaCha8Rng::seed_from_u64(41);
        for _ in 0..80 {
            agrees(&random_space(&mut rng), 5);
        }
        agrees(&dense_cell(4), 97);
        agrees(&trellis(4, 1, 3), 13);
    }

    #[test]
    fn tied_weights_count_where_any_of_their_kernels_is_live() {
        let mut rng = ChaCha8Rng::seed_from_u64(42);
        for _ in 0..40 {
            let mut draft = random_space(&mut rng);
            let owners: Vec<_> = draft.graph.nodes().filter(|(_, n)| n.weights.is_some()).collect();
            let shape =
                |id: crate::ir::NodeId| (draft.graph.node(id).kernel, draft.graph.input_type(id));
            let pair = owners.windows(2).find(|two| shape(two[0].0) == shape(two[1].0));
            if let Some((a, b)) = pair.map(|two| (two[0].0, two[1].0)) {
                draft.graph.graph[b].weights = draft.graph.graph[a].weights;
            }
            agrees(&draft, 5);
        }
    }

    /// All kernels of one shape share their weights: where their inputs are equal, they run once.
    #[test]
    fn what_is_equal_runs_once() {
        let mut rng = ChaCha8Rng::seed_from_u64(43);
        let (mut shared, mut members, mut bracketed) = (0, 0, 0);
        for _ in 0..150 {
            let mut draft = random_space(&mut rng);
            let alone = CostTable::of(&draft.decisions, &draft.graph, ASKED).expect("it compiles");
            draft.tie();
            let tied = CostTable::of(&draft.decisions, &draft.graph, ASKED).expect("it compiles");
            for binding in draft.bindings() {
                let (before, after) = (alone.eval(&binding), tied.eval(&binding));
                let costs = exact(&member(&draft.graph, &binding), ASKED).expect("it runs");
                assert_eq!(after.params, costs.params);
                assert!(costs.macs <= after.macs && after.macs <= before.macs);
                members += 1;
                shared += usize::from(after.macs < before.macs);
                bracketed += usize::from(costs.macs < after.macs);
            }
        }
        // Sums that are bracketed differently are not seen to be equal.
        assert_eq!((members > 10_000, shared > 300, bracketed), (true, true, 0));
    }
}
