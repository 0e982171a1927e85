//! Exact ends where few variables hang together at a time: they are taken out one by one.
//!
//! A variable is a decision of few values, or else one of its choices. The terms that read it are
//! summed up in a table over all that they read, and its best value is kept for each combination of
//! the rest: a table that reads it no more. What a domain forbids is a table too. The next variable
//! is the one that makes the smallest table; in a trellis that goes layer by layer. Where even that
//! is too large, there is no answer.

use super::solve::Sense;
use super::sum::Sum;
use super::tables::{NEVER, Table, plus};
use crate::ir::condition::{Choices, Cond, Conditions};
use crate::ir::decision::{Decision, Table as Values};
use crate::ir::graph::{DecisionGraph, LeafId};
use crate::maps::{IndexMap, IndexSet};

/// Entries of one table, and of all.
const TABLE: usize = 1 << 18;
const TABLES: usize = 1 << 23;
/// Values of a decision that is one variable.
const VALUES: u128 = 64;
/// The extremes of a sum over all members; nothing where tables grow too large, or there is no
/// member.
pub(super) fn extremes(
    decisions: &[Decision],
    graph: &DecisionGraph,
    all: &mut Conditions,
    sum: &Sum,
    senses: &[Sense],
) -> Option<Vec<u64>> {
    let variables = Variables::of(decisions, graph, all, sum);
    let order = variables.order(variables.scopes(graph, all, sum)?)?;
    senses.iter().map(|sense| variables.extreme(&order, graph, all, sum, *sense)).collect()
}

impl Variables {
    fn extreme(
        &self,
        order: &[u32],
        graph: &DecisionGraph,
        all: &mut Conditions,
        sum: &Sum,
        sense: Sense,
    ) -> Option<u64> {
        let mut tables = self.fill(graph, all, sum, sense);
        if all.diagram.overflowed() {
            return None;
        }
        for &variable in order {
            let (read, rest): (Vec<Table>, _) =
                tables.into_iter().partition(|table| table.scope.contains(&variable));
            tables = rest;
            tables.push(Table::without(variable, &read, &self.sizes));
        }
        let whole = tables.into_iter().fold(0, |sum, table| plus(sum, table.of[0]));
        (whole < NEVER / 2).then_some(whole.unsigned_abs())
    }
}

/// What is taken out, in the order of levels.
#[derive(Default)]
struct Variables {
    sizes: Vec<usize>,
    /// By variable: its levels, which lie side by side, and what each of its values gives them.
    of: Vec<(Vec<u32>, Vec<Vec<u32>>)>,
    /// By level: its variable.
    at: IndexMap<u32, u32>,
    /// What domains say of variables that are but one choice.
    clauses: Vec<Cond>,
}

impl Variables {
    /// The variables of all decisions that terms read.
    fn of(
        decisions: &[Decision],
        graph: &DecisionGraph,
        all: &mut Conditions,
        sum: &Sum,
    ) -> Variables {
        let mut read = all.read(sum.iter().map(|(when, _)| when.place));
        let leaves: IndexSet<LeafId> =
            sum.iter().flat_map(|(w, _)| w.leaves.iter().copied()).collect();
        read.extend(leaves.into_iter().map(|leaf| graph.gate(leaf).decision()));
        read.sort_unstable();
        read.dedup();
        let mut variables = Variables::default();
        for of in read {
            let table = Values::of(&decisions[of.index()].domain);
            let count = table.small_count().filter(|n| *n <= VALUES && !all.is_path(of));
            let levels = all.choices.levels(of).to_vec();
            match count {
                Some(count) => {
                    let values = (0..count).filter_map(|rank| table.unrank_small(rank));
                    let mut scratch = vec![0; all.choices.sizes.len()];
                    let values = values.map(|value| {
                        all.choices.encode_one(of, &value, &mut scratch);
                        levels.iter().map(|level| scratch[*level as usize]).collect()
                    });
                    let values = values.collect();
                    variables.of.push((levels, values));
                }
                None => {
                    variables.clauses.extend(all.clauses(of));
                    variables.of.extend(levels.iter().map(|level| one(&all.choices, *level)));
                }
            }
        }
        variables.of.sort_unstable();
        for (at, (levels, values)) in (0..).zip(&variables.of) {
            variables.sizes.push(values.len());
            variables.at.extend(levels.iter().map(|level| (*level, at)));
        }
        variables
    }

    /// The variables of some levels.
    fn scope(&self, levels: &[u32]) -> Vec<u32> {
        let mut scope: Vec<u32> = levels.iter().map(|level| self.at[level]).collect();
        scope.sort_unstable();
        scope.dedup();
        scope
    }

    /// What each term and each clause reads, once; nothing where one reads too much for a table.
    fn scopes(
        &self,
        graph: &DecisionGraph,
        all: &mut Conditions,
        sum: &Sum,
    ) -> Option<IndexSet<Vec<u32>>> {
        let mut scopes = IndexSet::default();
        for (when, _) in sum {
            let mut read = all.diagram.support(when.place).to_vec();
            for leaf in &when.leaves {
                let leaf = all.gate(*graph.gate(*leaf));
                read.extend_from_slice(all.diagram.support(leaf));
            }
            let scope = self.scope(&read);
            if self.entries(&scope) > TABLE {
                return None;
            }
            scopes.insert(scope);
        }
        scopes.extend(self.clauses.iter().map(|c| self.scope(all.diagram.support(*c))));
        Some(scopes)
    }

    /// Entries of a table over some variables.
    fn entries<'a>(&self, scope: impl IntoIterator<Item = &'a u32>) -> usize {
        let sizes = scope.into_iter().map(|variable| self.sizes[*variable as usize]);
        sizes.fold(1, usize::saturating_mul)
    }

    /// The variables in the order in which they are taken out; nothing where a table would be too
    /// large.
    fn order(&self, scopes: IndexSet<Vec<u32>>) -> Option<Vec<u32>> {
        let mut near: IndexMap<u32, IndexSet<u32>> = IndexMap::default();
        for scope in &scopes {
            for &variable in scope {
                near.entry(variable).or_default().extend(scope);
            }
        }
        let mut left = TABLES;
        let mut order = Vec::with_capacity(near.len());
        while let Some(at) =
            (0..near.len()).min_by_key(|at| (self.entries(&near[*at]), near.keys()[*at]))
        {
            let (variable, mut others) = near.swap_remove_index(at)?;
            let entries = self.entries(&others);
            left = left.checked_sub(entries).filter(|_| entries <= TABLE)?;
            others.swap_remove(&variable);
            for other in &others {
                let own = near.get_mut(other)?;
                own.extend(&others);
                own.swap_remove(&variable);
            }
            order.push(variable);
        }
        Some(order)
    }

    /// The tables of all terms and clauses. What reads less than another is summed up there.
    /// What is to be most is below zero, so that the least is looked for.
    fn fill(
        &self,
        graph: &DecisionGraph,
        all: &mut Conditions,
        sum: &Sum,
        sense: Sense,
    ) -> Vec<Table> {
        let mut by_scope: IndexMap<Vec<u32>, Vec<(Cond, i64)>> = IndexMap::default();
        let mut add = |all: &Conditions, cond, each| {
            by_scope.entry(self.scope(all.diagram.support(cond))).or_default().push((cond, each));
        };
        for (when, cost) in sum {
            let cond = when.whole(graph, all);
            let cost = *cost as i64;
            add(all, cond, if sense == Sense::Most { -cost } else { cost });
        }
        for clause in &self.clauses {
            let broken = all.diagram.not(*clause);
            add(all, broken, NEVER);
        }
        by_scope.sort_by_cached_key(|scope, _| std::cmp::Reverse(scope.len()));
        let mut tables: Vec<Table> = Vec::new();
        for (scope, conds) in by_scope {
            let within = |table: &Table| scope.iter().all(|v| table.scope.contains(v));
            let home = tables.iter().rposition(within).unwrap_or_else(|| {
                tables.push(Table::zeros(scope, &self.sizes));
                tables.len() - 1
            });
            for (cond, each) in conds {
                self.add_where(&mut tables[home], all, cond, each, [0; 2]);
            }
        }
        tables
    }

    /// Adds something wherever a condition holds, `at` so many variables of a table's scope and
    /// the entry that their values lead to.
    fn add_where(
        &self,
        to: &mut Table,
        all: &Conditions,
        cond: Cond,
        each: i64,
        [depth, at]: [usize; 2],
    ) {
        if cond == Cond::FALSE {
            return;
        }
        let Some(&variable) = to.scope.get(depth) else {
            to.of[at] = plus(to.of[at], each);
            return;
        };
        let (levels, values) = &self.of[variable as usize];
        for (i, value) in values.iter().enumerate() {
            let left = levels.iter().zip(value).fold(cond, |left, (level, v)| {
                if all.diagram.level(left) == *level { all.diagram.child(left, *v) } else { left }
            });
            self.add_where(to, all, left, each, [depth + 1, at * values.len() + i]);
        }
    }
}

/// A variable of one choice.
fn one(choices: &Choices, level: u32) -> (Vec<u32>, Vec<Vec<u32>>) {
    (vec![level], (0..choices.sizes[level as usize]).map(|value| vec![value]).collect())
}
