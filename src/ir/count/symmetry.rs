//! Slots that are used alike: to swap what two of them pick gives the same network.
//!
//! That is so where the open graph has an automorphism that swaps the two slots' leaves. It may
//! have to swap candidates of later decisions along: where two picked maps are offered further on,
//! what read the one reads the other. It is looked for by colours, made upwards from the inputs,
//! once as the graph stands and once with the slots swapped; from the outputs down, nodes are then
//! paired by them. Colours only propose: each pair's labels, edges and weights are compared, so
//! that what is found holds of every member.
//!
//! Of all bindings that such swaps lead to one another by, one has all these picks sorted: sorting
//! one decision's moves values of later ones only.

use crate::ir::canon::label_hash;
use crate::ir::decision::{Decision, DecisionId, Domain, Gate, Pick, Picks};
use crate::ir::graph::{DecisionGraph, LeafId, NodeId};
use crate::ir::kernel::Kernel;
use crate::maps::HashMap;

/// An open graph laid out for questions about swaps.
pub(super) struct Symmetry<'a> {
    decisions: &'a [Decision],
    graph: &'a DecisionGraph,
    labels: Vec<u64>,
    colours: Vec<u64>,
}

/// Two slots of a decision.
#[derive(Clone, Copy)]
struct Swap {
    of: DecisionId,
    slots: [u32; 2],
}

impl Swap {
    fn slot(&self, of: DecisionId, slot: u32) -> u32 {
        match self.slots {
            [a, b] if of == self.of && slot == a => b,
            [a, b] if of == self.of && slot == b => a,
            _ => slot,
        }
    }
}

impl<'a> Symmetry<'a> {
    pub(super) fn of(decisions: &'a [Decision], graph: &'a DecisionGraph) -> Symmetry<'a> {
        let labels = graph.nodes().map(|(_, node)| label_hash(&node)).collect();
        let mut symmetry = Symmetry { decisions, graph, labels, colours: Vec::new() };
        symmetry.colours = symmetry.colour(None);
        symmetry
    }

    /// Whether all slots of a decision that picks are alike.
    pub(super) fn is_free(&self, of: DecisionId, picks: &Picks) -> bool {
        (1..picks.k).all(|slot| self.swaps(Swap { of, slots: [slot - 1, slot] }))
    }

    /// By node: what it and all above it look like. Candidates are not named: what they are shows.
    fn colour(&self, swap: Option<Swap>) -> Vec<u64> {
        let mut colours: Vec<u64> = Vec::with_capacity(self.labels.len());
        for (id, node, edges) in self.graph.wired() {
            let each = edges.iter().map(|edge| {
                let leaf = edge.weight.leaf.map_or(1, |leaf| self.leaf_colour(leaf, swap));
                join(leaf, colours[edge.source().index()])
            });
            let own = self.labels[id.index()];
            colours.push(match commutes(&node.kernel) {
                true => join(own, each.fold(0, |acc: u64, edge| acc.wrapping_add(join(edge, 7)))),
                false => each.fold(own, join),
            });
        }
        colours
    }

    fn leaf_colour(&self, leaf: LeafId, swap: Option<Swap>) -> u64 {
        let gate = *self.graph.gate(leaf);
        let of = gate.decision();
        let words: [u64; 3] = match gate {
            Gate::Slot { slot, pick, .. } => {
                let slot = swap.map_or(slot, |swap| swap.slot(of, slot));
                [2, slot.into(), pick.op.into()]
            }
            Gate::Pick { pick, .. } => [3, 0, pick.op.into()],
            Gate::Taken { .. } => [4, 0, 0],
            Gate::Spared { .. } => [5, 0, 0],
            // What else there is stays where it is.
            _ => [6, u64::from(leaf.0), 0],
        };
        words.into_iter().fold(u64::from(of.0), join)
    }

    fn swaps(&self, swap: Swap) -> bool {
        let swapped = self.colour(Some(swap));
        let mut pairing = Pairing {
            symmetry: self,
            swap,
            swapped: &swapped,
            image: vec![None; self.labels.len()],
            taken: vec![false; self.labels.len()],
            weights: HashMap::default(),
            back: HashMap::default(),
            candidates: vec![HashMap::default(); self.decisions.len()],
            todo: Vec::new(),
        };
        pairing.whole().is_some()
    }
}

fn commutes(kernel: &Kernel) -> bool {
    kernel.commutes() || *kernel == Kernel::Concat
}

/// Two words to one; the order counts.
fn join(a: u64, b: u64) -> u64 {
    let x = (a.rotate_left(23) ^ b).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (x ^ (x >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) ^ (x >> 31)
}

/// An automorphism in the making. Everything returns nothing where it fails.
struct Pairing<'a> {
    symmetry: &'a Symmetry<'a>,
    swap: Swap,
    swapped: &'a [u64],
    image: Vec<Option<u32>>,
    taken: Vec<bool>,
    /// Weight sets, there and back.
    weights: HashMap<u32, u32>,
    back: HashMap<u32, u32>,
    /// By decision: where its candidates go.
    candidates: Vec<HashMap<u16, u16>>,
    todo: Vec<u32>,
}

/// An edge: its colour, its source and its leaf.
type Coloured = (u64, u32, Option<LeafId>);

impl Pairing<'_> {
    fn whole(&mut self) -> Option<()> {
        let graph = self.symmetry.graph;
        for output in &graph.outputs {
            let node = output.node.index() as u32;
            self.pair(node, node)?;
        }
        let kept = || graph.nodes().filter(|(_, n)| n.keep).map(|(id, _)| id.index() as u32);
        let mut from: Vec<u32> = kept().collect();
        let mut to = from.clone();
        from.sort_by_key(|node| self.swapped[*node as usize]);
        to.sort_by_key(|node| self.symmetry.colours[*node as usize]);
        for (from, to) in from.into_iter().zip(to) {
            if self.image[from as usize].is_none() {
                self.pair(from, to)?;
            }
        }
        while let Some(node) = self.todo.pop() {
            self.sources(node)?;
        }
        let known = self.image.iter().enumerate();
        let outputs_stay = graph.outputs.iter().all(|o| {
            let node = o.node.index();
            self.image[node] == Some(node as u32)
        });
        let closed = known.filter(|(_, image)| image.is_some()).all(|(node, _)| self.taken[node]);
        (outputs_stay && closed && self.relabels()).then_some(())
    }

    /// That a node goes to another.
    fn pair(&mut self, from: u32, to: u32) -> Option<()> {
        if let Some(known) = self.image[from as usize] {
            return (known == to).then_some(());
        }
        let graph = self.symmetry.graph;
        let [a, b] = [from, to].map(|node| graph.node(NodeId::new(node as usize)));
        let same = a.kernel == b.kernel && a.ty == b.ty && a.keep == b.keep;
        if !same || std::mem::replace(&mut self.taken[to as usize], true) {
            return None;
        }
        match (a.weights, b.weights) {
            (None, None) => {}
            (Some(a), Some(b)) => {
                let there = *self.weights.entry(a.0).or_insert(b.0) == b.0;
                let back = *self.back.entry(b.0).or_insert(a.0) == a.0;
                (there && back).then_some(())?;
            }
            _ => return None,
        }
        self.image[from as usize] = Some(to);
        self.todo.push(from);
        Some(())
    }

    /// Pairs what a node reads with what its image reads.
    fn sources(&mut self, from: u32) -> Option<()> {
        let to = self.image[from as usize]?;
        let mut a = self.edges(from, self.swapped, Some(self.swap));
        let mut b = self.edges(to, &self.symmetry.colours, None);
        let kernel = &self.symmetry.graph.node(NodeId::new(from as usize)).kernel;
        if commutes(kernel) {
            a.sort_by_key(|edge| edge.0);
            b.sort_by_key(|edge| edge.0);
        }
        if a.len() != b.len() {
            return None;
        }
        for ((colour, source, leaf), (other, image, to)) in a.into_iter().zip(b) {
            if colour != other {
                return None;
            }
            self.leaf(leaf, to)?;
            self.pair(source, image)?;
        }
        Some(())
    }

    fn edges(&self, node: u32, colours: &[u64], swap: Option<Swap>) -> Vec<Coloured> {
        let inputs = self.symmetry.graph.inputs(NodeId::new(node as usize));
        let edge = |(src, edge): &(NodeId, crate::ir::graph::Edge)| {
            let leaf = edge.leaf.map_or(1, |leaf| self.symmetry.leaf_colour(leaf, swap));
            (join(leaf, colours[src.index()]), src.index() as u32, edge.leaf)
        };
        inputs.iter().map(edge).collect()
    }

    /// That a leaf goes to another.
    fn leaf(&mut self, from: Option<LeafId>, to: Option<LeafId>) -> Option<()> {
        let (Some(from), Some(to)) = (from, to) else { return (from == to).then_some(()) };
        let [a, b] = [from, to].map(|leaf| *self.symmetry.graph.gate(leaf));
        let of = a.decision();
        if b.decision() != of {
            return None;
        }
        let mut goes = |a: u16, b: u16| {
            let known = *self.candidates[of.index()].entry(a).or_insert(b);
            (known == b).then_some(())
        };
        let picks = |a: Pick, b: Pick| a.op == b.op;
        match (a, b) {
            (Gate::Slot { slot, pick, .. }, Gate::Slot { slot: other, pick: to, .. }) => {
                (picks(pick, to) && self.swap.slot(of, slot) == other).then_some(())?;
                goes(pick.candidate, to.candidate)
            }
            (Gate::Pick { pick, .. }, Gate::Pick { pick: to, .. }) => {
                picks(pick, to).then_some(())?;
                goes(pick.candidate, to.candidate)
            }
            (Gate::Taken { candidate, .. }, Gate::Taken { candidate: to, .. })
            | (Gate::Spared { candidate, .. }, Gate::Spared { candidate: to, .. }) => {
                goes(candidate, to)
            }
            _ => (a == b).then_some(()),
        }
    }

    /// Whether where candidates go makes every value of every decision one of its values again, by
    /// moving later decisions of the same part only.
    fn relabels(&self) -> bool {
        let part = |of: usize| self.symmetry.decisions[of].name.split('.').next();
        let own = self.swap.of.index();
        self.candidates.iter().enumerate().all(|(of, goes)| {
            if goes.iter().all(|(from, to)| from == to) {
                return true;
            }
            let Domain::Picks(picks) = &self.symmetry.decisions[of].domain else { return false };
            let mut images: Vec<u16> = goes.values().copied().collect();
            images.sort_unstable();
            images.dedup();
            let alike = |(from, to): (&u16, &u16)| {
                let ops = |c: u16| picks.candidates.get(c as usize).map(|c| c.ops.len());
                goes.contains_key(to) && ops(*from) == ops(*to)
            };
            let whole = images.len() == goes.len() && goes.iter().all(alike);
            of > own && part(of) == part(own) && whole && (picks.ordered || !self.by_slot(of))
        })
    }

    /// Whether something reads a decision's picks by slot.
    fn by_slot(&self, of: usize) -> bool {
        let slot = |g: &Gate| matches!(g, Gate::Slot { .. }) && g.decision().index() == of;
        self.symmetry.graph.leaves.iter().any(slot)
    }
}
