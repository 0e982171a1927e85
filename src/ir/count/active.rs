//! Architectures: bindings up to the values of decisions that nothing asks for.
//!
//! A decision is *asked for* in a member if some mix that it switches lies on the way back from an
//! output along edges that are on. Which ones are follows from the values of those that are: the
//! way back reads no others. So all bindings that agree with an architecture on what it asks for
//! ask for the same, and exactly one of them gives every other decision its first value. That one
//! stands for the architecture; they are counted, ranked and drawn here.
//!
//! Decisions that switch others are gone through choice by choice; the rest of the way depends only
//! on what is left of the conditions, which is remembered. Decisions that switch nothing are never
//! gone through: once it is known whether they are asked for, they multiply.

use crate::ir::condition::{Cond, Conditions, Factor, Places};
use crate::ir::decision::{Binding, Decision, DecisionId, Table};
use crate::ir::graph::DecisionGraph;
use crate::maps::{HashMap, IndexSet};
use num_bigint::BigUint;
use num_integer::Integer;
use num_traits::{One, Zero};

/// Diagram nodes' children that conditions may take, together.
pub(super) const DIAGRAM_LIMIT: usize = 1 << 24;
/// States of the walk that may be remembered.
const STATE_LIMIT: usize = 1 << 18;

/// The architectures of a space, counted and ranked.
pub struct Active {
    all: Conditions,
    tables: Vec<Table>,
    /// The choices that are gone through, in this order.
    order: Vec<u32>,
    /// Decisions that are gone through.
    switching: Vec<DecisionId>,
    /// By how many choices are made, and what is left.
    states: Vec<HashMap<State, u32>>,
    nodes: Vec<Step>,
    total: BigUint,
}

/// What is left of the conditions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    /// What must hold of the switching decisions: components that share no choice.
    rules: Vec<Cond>,
    /// Dependent decisions not settled yet: their index and condition.
    open: Vec<(u32, Cond)>,
}

/// One remembered state.
#[derive(Clone, Debug, Default)]
struct Step {
    count: BigUint,
    branches: Vec<Branch>,
}

/// One value of the next choice.
#[derive(Clone, Debug)]
struct Branch {
    value: u32,
    /// Dependent decisions that are asked for from here on, whatever follows.
    settled: Vec<u32>,
    /// The product of their domains.
    factor: BigUint,
    next: u32,
}

/// The end of every walk: one architecture.
const DONE: u32 = 0;

impl Active {
    /// Goes through a space; nothing where it is too entangled for the limits.
    pub fn of(decisions: &[Decision], graph: &DecisionGraph) -> Option<Active> {
        let mut all = Conditions::new(decisions, DIAGRAM_LIMIT);
        let asked = asked(decisions, graph, &mut all);
        Active::over(decisions, all, &asked)
    }

    /// The same for conditions that are at hand, one per decision.
    pub(super) fn over(
        decisions: &[Decision],
        mut all: Conditions,
        asked: &[Cond],
    ) -> Option<Active> {
        let switching = switching(&all, asked);
        let start = start(decisions, &mut all, asked, &switching);
        let order = order(&all, &start, &switching, asked);
        let mut space = Active {
            all,
            tables: decisions.iter().map(|d| Table::of(&d.domain)).collect(),
            states: vec![HashMap::default(); order.len() + 1],
            order,
            switching,
            nodes: vec![Step { count: BigUint::one(), branches: Vec::new() }],
            total: BigUint::zero(),
        };
        let first = space.branch(0, 0, start)?;
        space.total = first.factor.clone() * &space.nodes[first.next as usize].count;
        space.nodes.push(Step { count: space.total.clone(), branches: vec![first] });
        (!space.all.diagram.overflowed()).then_some(space)
    }

    /// How many architectures there are.
    pub fn count(&self) -> &BigUint {
        &self.total
    }

    /// The way on from a state, after its settled decisions are taken out; nothing at a limit.
    fn branch(&mut self, depth: usize, value: u32, mut state: State) -> Option<Branch> {
        let mut settled = Vec::new();
        state.open.retain(|&(d, cond)| {
            if cond == Cond::TRUE {
                settled.push(d);
            }
            !cond.is_constant()
        });
        let factor = settled.iter().map(|d| self.tables[*d as usize].count()).product::<BigUint>();
        let next = self.visit(depth, state)?;
        Some(Branch { value, settled, factor, next })
    }

    fn visit(&mut self, depth: usize, state: State) -> Option<u32> {
        if depth == self.order.len() {
            return Some(DONE);
        }
        if let Some(known) = self.states[depth].get(&state) {
            return Some(*known);
        }
        if self.nodes.len() > STATE_LIMIT || self.all.diagram.overflowed() {
            return None;
        }
        let level = self.order[depth];
        let mut step = Step::default();
        for value in 0..self.all.choices.sizes[level as usize] {
            let Some(after) = self.after(&state, level, value) else { continue };
            let branch = self.branch(depth + 1, value, after)?;
            let count = &branch.factor * &self.nodes[branch.next as usize].count;
            if !count.is_zero() {
                step.count += count;
                step.branches.push(branch);
            }
        }
        self.nodes.push(step);
        let id = self.nodes.len() as u32 - 1;
        self.states[depth].insert(state, id);
        Some(id)
    }

    /// The state when a choice takes a value; nothing where that breaks a rule.
    fn after(&mut self, state: &State, level: u32, value: u32) -> Option<State> {
        let mut next = State { rules: Vec::with_capacity(state.rules.len()), open: Vec::new() };
        for &rule in &state.rules {
            match self.all.diagram.given(rule, level, value) {
                Cond::FALSE => return None,
                Cond::TRUE => {}
                left => next.rules.push(left),
            }
        }
        for &(d, cond) in &state.open {
            next.open.push((d, self.all.diagram.given(cond, level, value)));
        }
        self.settle(&mut next);
        Some(next)
    }

    /// A condition that the rules decide is decided, though its diagram does not show it.
    fn settle(&mut self, state: &mut State) {
        for (_, cond) in &mut state.open {
            if cond.is_constant() {
                continue;
            }
            for &rule in &state.rules {
                let both = self.all.diagram.and(*cond, rule);
                if both == Cond::FALSE {
                    *cond = Cond::FALSE;
                } else if both == rule {
                    *cond = Cond::TRUE;
                }
            }
        }
    }

    /// The architecture of a rank below the count, as the binding that stands for it.
    pub fn unrank(&self, rank: &BigUint) -> Option<Binding> {
        if *rank >= self.total {
            return None;
        }
        let mut digits = vec![BigUint::zero(); self.tables.len()];
        let mut levels = vec![0; self.all.choices.sizes.len()];
        let mut rank = rank.clone();
        let mut step = self.nodes.last()?;
        let mut depth = None;
        loop {
            let branch = step.branches.iter().find(|branch| {
                let here = &branch.factor * &self.nodes[branch.next as usize].count;
                let found = rank < here;
                if !found {
                    rank -= here;
                }
                found
            })?;
            if let Some(depth) = depth {
                let level: u32 = self.order[depth];
                levels[level as usize] = branch.value;
            }
            for &d in &branch.settled {
                let (rest, digit) = rank.div_rem(self.tables[d as usize].count());
                digits[d as usize] = digit;
                rank = rest;
            }
            depth = Some(depth.map_or(0, |d| d + 1));
            if branch.next == DONE {
                break;
            }
            step = &self.nodes[branch.next as usize];
        }
        self.binding(&digits, &levels)
    }

    fn binding(&self, digits: &[BigUint], levels: &[u32]) -> Option<Binding> {
        let values = self.tables.iter().zip(digits).enumerate().map(|(i, (table, digit))| {
            let of = DecisionId(i as u32);
            match self.switching.contains(&of) {
                true => Some(self.all.choices.decode(of, table.domain(), levels)),
                false => table.unrank(digit),
            }
        });
        values.collect::<Option<Vec<_>>>().map(Binding)
    }
}

/// By decision: when some mix that it switches is asked for.
pub(super) fn asked(
    decisions: &[Decision],
    graph: &DecisionGraph,
    all: &mut Conditions,
) -> Vec<Cond> {
    let factors = Places::asked_for(graph, all);
    // The same mix stands at many nodes of one place.
    let mut wanted: Vec<IndexSet<Factor>> = vec![IndexSet::default(); decisions.len()];
    for (id, _, edges) in graph.wired() {
        for leaf in edges.iter().filter_map(|edge| edge.weight.leaf) {
            wanted[graph.gate(leaf).decision().index()].insert(factors[id.index()]);
        }
    }
    let any = |wanted| {
        let any = all.any(graph, wanted);
        all.whole(graph, any)
    };
    wanted.into_iter().map(any).collect()
}

/// The decisions that some condition reads.
fn switching(all: &Conditions, asked: &[Cond]) -> Vec<DecisionId> {
    let mut levels: Vec<u32> =
        asked.iter().flat_map(|c| all.diagram.support(*c)).copied().collect();
    levels.sort_unstable();
    levels.dedup();
    all.choices.decisions_of(&levels)
}

/// What must hold of the whole: a switching decision has a value of its domain, and the first one
/// where nothing asks for it.
fn start(
    decisions: &[Decision],
    all: &mut Conditions,
    asked: &[Cond],
    switching: &[DecisionId],
) -> State {
    let mut state = State { rules: Vec::new(), open: Vec::new() };
    for (i, decision) in decisions.iter().enumerate() {
        let of = DecisionId(i as u32);
        if !switching.contains(&of) {
            state.open.push((i as u32, asked[i]));
            continue;
        }
        let first = decision.domain.unrank(&BigUint::zero());
        let first = first.map_or(Cond::FALSE, |value| all.equals(of, &value));
        let rested = all.diagram.or(asked[i], first);
        let rule = all.diagram.and(rested, all.domain(of));
        if rule != Cond::TRUE {
            state.rules.push(rule);
        }
    }
    state
}

/// The choices of the switching decisions, in an order that keeps few conditions half-decided: what
/// hangs together stays together, a decision comes after those that switch it, and paths go layer
/// by layer side by side.
fn order(all: &Conditions, start: &State, switching: &[DecisionId], asked: &[Cond]) -> Vec<u32> {
    let groups = groups(all, start);
    let place = placement(all, switching, asked);
    let mut levels: Vec<u32> =
        switching.iter().flat_map(|d| all.choices.levels(*d).iter().copied()).collect();
    levels.sort_by_key(|&level| {
        let owner = all.choices.owner(level);
        // A path's levels come before all others in the diagrams' order, layer by layer.
        (groups[owner.index()], place[owner.index()], level)
    });
    levels
}

/// By decision: a number that is the same for decisions that some condition reads together.
fn groups(all: &Conditions, start: &State) -> Vec<usize> {
    let mut groups: Vec<usize> = (0..all.choices.decisions()).collect();
    let conds = start.rules.iter().chain(start.open.iter().map(|(_, cond)| cond));
    for &cond in conds {
        let together = all.choices.decisions_of(all.diagram.support(cond));
        let Some(least) = together.iter().map(|d| groups[d.index()]).min() else { continue };
        let old: Vec<usize> = together.iter().map(|d| groups[d.index()]).collect();
        groups.iter_mut().filter(|g| old.contains(g)).for_each(|g| *g = least);
    }
    groups
}

/// By decision: when it is gone through; least first, paths together.
fn placement(all: &Conditions, switching: &[DecisionId], asked: &[Cond]) -> Vec<usize> {
    let mut place = vec![usize::MAX; asked.len()];
    let mut left = switching.to_vec();
    let reads: Vec<Vec<DecisionId>> =
        asked.iter().map(|c| all.choices.decisions_of(all.diagram.support(*c))).collect();
    for turn in 0..left.len() {
        let missing = |of: &DecisionId| {
            let unplaced = |d: &&DecisionId| *d != of && place[d.index()] == usize::MAX;
            reads[of.index()].iter().filter(unplaced).count()
        };
        let Some(best) = (0..left.len()).min_by_key(|i| missing(&left[*i])) else { break };
        place[left.remove(best).index()] = turn;
    }
    let is_path = |d: &&DecisionId| all.is_path(**d);
    let last = switching.iter().filter(is_path).map(|d| place[d.index()]).max();
    for path in switching.iter().filter(is_path) {
        place[path.index()] = last.unwrap_or(0);
    }
    place
}
