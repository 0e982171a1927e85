//! Terms of kernels whose widths are chosen: one for each width of the input and of the result.

use super::{Cost, Live, Terms, When};
use crate::ir::condition::Cond;
use crate::ir::graph::{DecisionGraph, LeafId, NodeId, WeightShape};
use crate::ir::kernel::Kernel;
use crate::ir::shape::MapType;

/// A width, where a leaf is on; with none, always.
type Case = (Option<LeafId>, u32);

/// The widths that a kernel reads and makes.
#[derive(PartialEq, Eq)]
pub(super) struct Slices {
    node: NodeId,
    inputs: Vec<Case>,
    outputs: Vec<Case>,
}

/// The widths around a kernel that multiplies, where one of them is chosen.
pub(super) fn of(graph: &DecisionGraph, node: NodeId) -> Option<Slices> {
    let own = graph.node(node);
    let input = graph.input_type(node);
    let chosen = input.slice.is_some() || own.ty.slice.is_some();
    (own.kernel.multiplies() && chosen).then(|| around(graph, node))
}

fn around(graph: &DecisionGraph, node: NodeId) -> Slices {
    let cases = |ty: MapType| match graph.slices(ty) {
        Some(slices) => slices.cases.iter().map(|&(leaf, width)| (Some(leaf), width)).collect(),
        None => vec![(None, ty.width)],
    };
    let (inputs, outputs) = (cases(graph.input_type(node)), cases(graph.node(node).ty));
    Slices { node, inputs, outputs }
}

impl Terms {
    /// Multiply-adds for each pair of widths.
    pub(super) fn add_sliced_macs(
        &mut self,
        graph: &DecisionGraph,
        slices: &Slices,
        runs: &When,
        macs: impl Fn(Kernel, u32) -> u64,
    ) {
        let (kernel, whole) = (graph.node(slices.node).kernel, graph.input_type(slices.node).width);
        let node = slices.node.index() as u32;
        for (when, input, output) in slices.pairs(graph, runs) {
            let macs = macs(kernel.sliced(whole, input, output), input);
            self.add(when, &[node], Cost { params: 0, macs });
        }
    }

    /// Parameters of one set, which is as large as the widest slices that are live.
    pub(super) fn add_sliced_params(
        &mut self,
        graph: &DecisionGraph,
        set: &WeightShape,
        users: &[u32],
        live: &Live,
    ) {
        let users: Vec<Slices> =
            users.iter().map(|user| around(graph, NodeId::new(*user as usize))).collect();
        let Some(first) = users.first() else { return };
        let nodes: Vec<u32> = users.iter().map(|user| user.node.index() as u32).collect();
        let alike = |user: &Slices| user.inputs == first.inputs && user.outputs == first.outputs;
        if !users.iter().all(alike) {
            return self.add_widest(graph, set, &users, live);
        }
        // One pair of widths for all.
        let any = self.any(graph, users.iter().map(|user| live.when(user.node)));
        for (when, input, output) in first.pairs(graph, &any) {
            let params = set.kernel.sliced(set.channels, input, output).params(input);
            self.add(when, &nodes, Cost { params, macs: 0 });
        }
    }

    /// Parameters of a set whose kernels have widths of their own: the part between one width and
    /// the next is there where some live kernel reads, or makes, that much.
    fn add_widest(
        &mut self,
        graph: &DecisionGraph,
        set: &WeightShape,
        users: &[Slices],
        live: &Live,
    ) {
        let nodes: Vec<u32> = users.iter().map(|user| user.node.index() as u32).collect();
        let whole = |user: &'_ Slices| live.when(user.node).whole(graph, &mut self.all);
        let conds: Vec<Cond> = users.iter().map(whole).collect();
        let places: Vec<(Cond, &Slices)> = conds.into_iter().zip(users).collect();
        let inputs = self.at_least(graph, &places, |slices| &slices.inputs);
        let outputs = self.at_least(graph, &places, |slices| &slices.outputs);
        let params = |input: Option<u32>, output: Option<u32>| match (input, output) {
            (Some(input), Some(output)) => {
                set.kernel.sliced(set.channels, input, output).params(input)
            }
            _ => 0,
        };
        let below = |all: &[(u32, Cond)], at: usize| {
            at.checked_sub(1).and_then(|at| all.get(at)).map(|(width, _)| *width)
        };
        for (i, &(input, read)) in inputs.iter().enumerate() {
            for (j, &(output, made)) in outputs.iter().enumerate() {
                let (less_in, less_out) = (below(&inputs, i), below(&outputs, j));
                let more = params(Some(input), Some(output)) + params(less_in, less_out);
                let less = params(less_in, Some(output)) + params(Some(input), less_out);
                let there = self.all.both(read, made);
                // What a set adds with both widths is never negative: its size is a product of
                // them, or depends on one alone.
                let cost = Cost { params: more.saturating_sub(less), macs: 0 };
                self.add(there.into(), &nodes, cost);
            }
        }
    }

    /// By width, rising: that some live kernel has at least that much on one side.
    fn at_least(
        &mut self,
        graph: &DecisionGraph,
        places: &[(Cond, &Slices)],
        side: impl Fn(&Slices) -> &Vec<Case>,
    ) -> Vec<(u32, Cond)> {
        let mut all: Vec<(u32, Cond)> = Vec::new();
        for (place, slices) in places {
            for &(leaf, width) in side(slices) {
                let here = When { place: *place, leaves: leaf.into_iter().collect() };
                let here = here.whole(graph, &mut self.all);
                match all.iter_mut().find(|(known, _)| *known == width) {
                    Some((_, cond)) => *cond = self.all.either(*cond, here),
                    None => all.push((width, here)),
                }
            }
        }
        all.sort_unstable_by_key(|(width, _)| *width);
        for at in (1..all.len()).rev() {
            all[at - 1].1 = self.all.either(all[at - 1].1, all[at].1);
        }
        all
    }
}

impl Slices {
    /// Each pair of widths, and when a kernel has it.
    fn pairs<'a>(
        &'a self,
        graph: &'a DecisionGraph,
        runs: &'a When,
    ) -> impl Iterator<Item = (When, u32, u32)> + 'a {
        self.inputs
            .iter()
            .filter_map(move |(leaf, input)| Some((runs.and(graph, *leaf)?, input)))
            .flat_map(move |(read, input)| {
                let made =
                    move |(leaf, output): &Case| Some((read.and(graph, *leaf)?, *input, *output));
                self.outputs.iter().filter_map(made)
            })
    }
}
