//! When a kernel does over again what an equal one has done: the same weights on equal maps.
//!
//! Two maps are equal where their kernels and weights are and their inputs are equal in turn; a sum
//! of one term is that term, and other sums are equal where the terms that are on are, one after the
//! other. So paths through tied cells have equal maps as long as they go together. (Sums that are
//! bracketed differently are not seen to be equal.)

use super::{Cond, Conditions, Factor};
use crate::ir::decision::Gate;
use crate::ir::graph::{DecisionGraph, LeafId, Node, NodeId};
use crate::ir::kernel::Kernel;
use crate::ir::member::Wiring;
use crate::ir::shape::MapType;
use crate::maps::{HashMap, IndexMap};
use smallvec::{SmallVec, smallvec};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Pairs of maps that are compared.
const PAIRS: usize = 1 << 18;

/// By node that multiplies and shares its weights: that one before it, which is live, has the same
/// result. Nothing at all where that depends on too much.
pub fn repeats(
    graph: &DecisionGraph,
    all: &mut Conditions,
    present: &[Cond],
    live: &[Factor],
) -> Option<HashMap<NodeId, Cond>> {
    let users = sharing(graph, live);
    let mut repeats = HashMap::default();
    if users.is_empty() {
        return Some(repeats);
    }
    let mut twins = None;
    for users in users.values() {
        for (i, &later) in users.iter().enumerate() {
            let mut again = Cond::FALSE;
            for &first in &users[..i] {
                let there = together(graph, all, live[first.index()], live[later.index()]);
                if there == Cond::FALSE {
                    continue;
                }
                let twins = twins.get_or_insert_with(|| Twins::of(graph, all, present));
                let equal = twins.compare(all, pair(first.index(), later.index()))?;
                let both = all.diagram.and(there, equal);
                again = all.diagram.or(again, both);
            }
            if again != Cond::FALSE {
                repeats.insert(later, again);
            }
        }
    }
    Some(repeats)
}

/// Nodes that multiply and may be live, by the weights that several of them have.
fn sharing(graph: &DecisionGraph, live: &[Factor]) -> BTreeMap<u32, Vec<NodeId>> {
    let set = |(id, node): (NodeId, Node<'_>)| {
        let set = node.weights.filter(|_| node.kernel.multiplies())?;
        (live[id.index()].0 != Cond::FALSE).then_some((id, set.0))
    };
    let all: Vec<(NodeId, u32)> = graph.nodes().filter_map(set).collect();
    // Most weights are one node's alone.
    let mut counts = vec![0u32; graph.weights.len()];
    all.iter().for_each(|(_, set)| counts[*set as usize] += 1);
    let mut users: BTreeMap<u32, Vec<NodeId>> = BTreeMap::new();
    for (id, set) in all {
        if counts[set as usize] > 1 {
            users.entry(set).or_default().push(id);
        }
    }
    users
}

/// That one node is live, where another may be.
fn together(graph: &DecisionGraph, all: &mut Conditions, first: Factor, later: Factor) -> Cond {
    let first = match first.1 == later.1 {
        true => first.0,
        false => all.whole(graph, first),
    };
    match all.diagram.and(first, later.0) {
        Cond::FALSE => Cond::FALSE,
        _ => first,
    }
}

/// Two nodes, the later one first: what a pair needs comes before it.
type Pair = (u32, u32);

fn pair(a: usize, b: usize) -> Pair {
    (a.max(b) as u32, a.min(b) as u32)
}

/// What a map is the sum of: when each term is on, and its node; copies of a term one by one.
type Terms = SmallVec<[(Cond, usize); 1]>;

/// Terms of two sums: when both are on, and their nodes.
type Together = Vec<(Cond, usize, usize)>;

/// Weights of which some come next to a map on the way back; nothing where that may be anything.
type Marks = Option<SmallVec<[u32; 4]>>;

/// The mark of a sum that may be one of nothing.
const NOTHING: u32 = u32::MAX;

struct Twins<'a> {
    graph: &'a DecisionGraph,
    wiring: Wiring,
    /// By node: the one that makes the map, where others hand it on.
    makers: Vec<u32>,
    /// By node: what it is the sum of; itself where it is none.
    terms: Vec<Terms>,
    /// By node: that it is there and not a sum of nothing.
    something: Vec<Cond>,
    /// By node: whether it is a sum of which at most one term is ever on.
    choices: Vec<bool>,
    /// By node: equal maps have a mark in common.
    marks: Vec<Marks>,
    known: HashMap<Pair, Cond>,
}

impl Twins<'_> {
    fn of<'a>(graph: &'a DecisionGraph, all: &mut Conditions, present: &[Cond]) -> Twins<'a> {
        let wiring = Wiring::of(graph);
        let something = Vec::with_capacity(present.len());
        let choices = Vec::with_capacity(present.len());
        let marks = Vec::with_capacity(present.len());
        let (makers, terms) =
            (Vec::with_capacity(present.len()), Vec::with_capacity(present.len()));
        let known = HashMap::default();
        let mut twins = Twins { graph, wiring, makers, terms, something, choices, marks, known };
        for (node, &there) in present.iter().enumerate() {
            twins.makers.push(twins.made_by(node));
            let terms = twins.terms_of(all, node);
            let (here, choice) = match twins.is_sum(node) {
                true => some_term(all, &terms),
                false => (there, false),
            };
            twins.terms.push(terms);
            twins.something.push(here);
            twins.choices.push(choice);
            let marks = twins.mark(node, all.diagram.and(there, here) != there);
            twins.marks.push(marks);
        }
        twins
    }

    /// The marks of a node, those before it having theirs.
    fn mark(&self, node: usize, may_be_nothing: bool) -> Marks {
        let own = self.graph.node(NodeId::new(node));
        if self.is_sum(node) {
            let mut marks: SmallVec<[u32; 4]> = SmallVec::new();
            for (src, _) in self.wiring.edges(node) {
                marks.extend_from_slice(self.marks[src].as_ref()?);
            }
            marks.extend(may_be_nothing.then_some(NOTHING));
            marks.sort_unstable();
            marks.dedup();
            return Some(marks);
        }
        match own.weights {
            Some(weights) => Some(smallvec![weights.0]),
            // Equal kernels make equal maps of equal ones only.
            None => self.wiring.reads(node).next().and_then(|(src, _)| self.marks[src].clone()),
        }
    }

    fn is_sum(&self, node: usize) -> bool {
        matches!(self.graph.node(NodeId::new(node)).kernel, Kernel::Mix | Kernel::Add)
    }

    /// That a term counts.
    fn on(&self, all: &mut Conditions, src: usize, leaf: Option<LeafId>) -> Cond {
        let gate = leaf.map_or(Cond::TRUE, |leaf| all.gate(*self.graph.gate(leaf)));
        all.both(self.something[src], gate)
    }

    /// The node that makes the map of a node, those before it having theirs.
    fn made_by(&self, node: usize) -> u32 {
        let mut reads = self.wiring.edges(node);
        let Some((src, None)) = reads.next() else { return node as u32 };
        let inputs = 1 + reads.count();
        let own = self.graph.node(NodeId::new(node));
        let whole = self.graph.node(NodeId::new(src)).ty.width;
        if own.kernel.hands_on(inputs, whole) { self.makers[src] } else { node as u32 }
    }

    fn maker(&self, node: usize) -> usize {
        self.makers[node] as usize
    }

    /// When two maps are equal; what they read is compared first. Nothing where that is too much.
    fn compare(&mut self, all: &mut Conditions, asked: Pair) -> Option<Cond> {
        let mut ahead = vec![asked];
        let mut found: BTreeMap<Pair, Together> = BTreeMap::new();
        while let Some(here) = ahead.pop() {
            if self.plain(here).is_some() || self.known.contains_key(&here) {
                continue;
            }
            let Entry::Vacant(entry) = found.entry(here) else { continue };
            let together = entry.insert(self.chosen_together(all, here));
            self.add_needs(here, together, &mut ahead);
            if found.len() + self.known.len() > PAIRS {
                return None;
            }
        }
        for (here, together) in found {
            let equal = self.equal(all, here, together);
            self.known.insert(here, equal);
        }
        (!all.diagram.overflowed()).then(|| self.look_up(asked.0 as usize, asked.1 as usize))
    }

    /// What two choices that may be equal can choose together; nothing of other maps.
    fn chosen_together(&self, all: &mut Conditions, (later, first): Pair) -> Together {
        let (a, b) = (self.maker(later as usize), self.maker(first as usize));
        match self.is_choice(a) && self.is_choice(b) && self.may_be_equal(a, b) {
            true => self.together(all, a, b),
            false => Together::new(),
        }
    }

    /// Adds the pairs that decide a pair.
    fn add_needs(&self, (later, first): Pair, together: &Together, needs: &mut Vec<Pair>) {
        let (a, b) = (self.maker(later as usize), self.maker(first as usize));
        if a == b {
            return;
        }
        let cuts = [(a, b), (b, a)].map(|(cut, other)| Some(pair(self.cut(cut)?.0, other)));
        needs.extend(cuts.into_iter().flatten());
        if self.may_be_equal(a, b) {
            self.add_parts(a, b, together, needs);
        }
    }

    /// What a node takes leading channels of, where these are all that are there: how many it takes.
    fn cut(&self, node: usize) -> Option<(usize, u32)> {
        let Kernel::Slice { from: 0, len } = self.graph.node(NodeId::new(node)).kernel else {
            return None;
        };
        let (src, _) = self.wiring.reads(node).next()?;
        self.graph.node(NodeId::new(src)).ty.slice.map(|_| (src, len))
    }

    /// Adds the pairs of what two maps are made of.
    fn add_parts(&self, a: usize, b: usize, together: &Together, needs: &mut Vec<Pair>) {
        if !self.is_sum(a) && !self.is_sum(b) {
            return needs.extend(self.inputs(a, b).map(|(l, r)| pair(l, r)));
        }
        if self.is_choice(a) && self.is_choice(b) {
            return needs.extend(together.iter().map(|(_, l, r)| pair(*l, *r)));
        }
        let (left, right) = (self.sources(a), self.sources(b));
        if !self.is_choice(a) && !self.is_choice(b) {
            needs.extend(left.iter().flat_map(|l| right.iter().map(|r| pair(*l, *r))));
        }
        if !self.is_choice(b) {
            needs.extend(left.iter().filter(|l| **l != a).map(|l| pair(*l, b)));
        }
        if !self.is_choice(a) {
            needs.extend(right.iter().filter(|r| **r != b).map(|r| pair(a, *r)));
        }
    }

    /// Whether at most one term of a sum is ever on.
    fn is_choice(&self, node: usize) -> bool {
        self.choices[node]
    }

    fn inputs(&self, a: usize, b: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.wiring.reads(a).zip(self.wiring.reads(b)).map(|((l, _), (r, _))| (l, r))
    }

    /// The terms of a sum; a map that is none is its own.
    fn sources(&self, node: usize) -> Vec<usize> {
        match self.is_sum(node) {
            true => self.wiring.edges(node).map(|(src, _)| src).collect(),
            false => vec![node],
        }
    }

    /// Whether what two nodes are does not tell them apart.
    fn may_be_equal(&self, a: usize, b: usize) -> bool {
        let [left, right] = [a, b].map(|node| self.graph.node(NodeId::new(node)));
        let sizes = left.kernel.own_scale(left.ty.scale) == right.kernel.own_scale(right.ty.scale);
        match self.is_sum(a) || self.is_sum(b) {
            // Terms may be narrower: slices.
            true => left.ty.scale == right.ty.scale,
            false => {
                let same = (left.kernel, left.weights) == (right.kernel, right.weights);
                same && sizes && self.wiring.reads(a).count() == self.wiring.reads(b).count()
            }
        }
    }

    /// When both maps are equal, wherever both are there.
    fn equal(&self, all: &mut Conditions, (later, first): Pair, together: Together) -> Cond {
        let (a, b) = (self.maker(later as usize), self.maker(first as usize));
        if a == b {
            return Cond::TRUE;
        }
        let mut equal = match self.may_be_equal(a, b) {
            true if self.is_choice(a) && self.is_choice(b) => {
                self.both_chosen(all, (a, b), together)
            }
            true if self.is_sum(a) || self.is_sum(b) => self.sums(all, a, b),
            true => self.made_alike(all, a, b),
            false => Cond::FALSE,
        };
        for (cut, other) in [(a, b), (b, a)] {
            if let Some((src, len)) = self.cut(cut) {
                let narrow = self.no_wider(all, self.graph.node(NodeId::new(src)).ty, len);
                let same = self.look_up(src, other);
                let here = all.diagram.and(narrow, same);
                equal = all.diagram.or(equal, here);
            }
        }
        // Not tidied: that paths go together says something of all their layers.
        equal
    }

    /// When equal kernels make the same.
    fn made_alike(&self, all: &mut Conditions, a: usize, b: usize) -> Cond {
        let [left, right] = [a, b].map(|node| self.graph.node(NodeId::new(node)).ty);
        let widths = self.widths(all, left, right);
        self.inputs(a, b).fold(widths, |equal, (l, r)| match equal {
            Cond::FALSE => equal,
            _ => {
                let here = self.look_up(l, r);
                all.diagram.and(equal, here)
            }
        })
    }

    /// That of a map whose width is chosen no more than some channels are there.
    fn no_wider(&self, all: &mut Conditions, ty: MapType, len: u32) -> Cond {
        let cases = self.graph.slices(ty).map(|slices| slices.cases.clone()).unwrap_or_default();
        let narrow = cases.into_iter().filter(|(_, width)| *width <= len);
        narrow.fold(Cond::FALSE, |any, (leaf, _)| {
            let here = all.gate(*self.graph.gate(leaf));
            all.diagram.or(any, here)
        })
    }

    fn look_up(&self, a: usize, b: usize) -> Cond {
        let pair = pair(a, b);
        self.plain(pair).unwrap_or_else(|| self.known[&pair])
    }

    /// Whether two maps are equal, where that depends on nothing.
    fn plain(&self, (later, first): Pair) -> Option<Cond> {
        let (a, b) = (self.maker(later as usize), self.maker(first as usize));
        if a == b {
            return Some(Cond::TRUE);
        }
        let [left, right] = [a, b].map(|node| self.marks[node].as_ref());
        let apart = |(left, right): (&SmallVec<[u32; 4]>, &SmallVec<[u32; 4]>)| {
            !left.iter().any(|mark| right.binary_search(mark).is_ok())
        };
        left.zip(right).is_some_and(apart).then_some(Cond::FALSE)
    }

    /// That the chosen widths of two maps are the same.
    fn widths(&self, all: &mut Conditions, a: MapType, b: MapType) -> Cond {
        if a.slice == b.slice {
            return Cond::TRUE;
        }
        let cases = |ty: MapType| match self.graph.slices(ty) {
            Some(slices) => slices.cases.iter().map(|(leaf, w)| (Some(*leaf), *w)).collect(),
            None => vec![(None, ty.width)],
        };
        let (left, right): (Vec<_>, Vec<_>) = (cases(a), cases(b));
        let mut same = Cond::FALSE;
        for &(l, width) in &left {
            for &(r, _) in right.iter().filter(|(_, other)| *other == width) {
                let [l, r] = [l, r].map(|leaf| match leaf {
                    Some(leaf) => all.gate(*self.graph.gate(leaf)),
                    None => Cond::TRUE,
                });
                let both = all.diagram.and(l, r);
                same = all.diagram.or(same, both);
            }
        }
        same
    }

    fn terms_of(&self, all: &mut Conditions, node: usize) -> Terms {
        if !self.is_sum(node) {
            return smallvec![(Cond::TRUE, node)];
        }
        let mut terms = Terms::new();
        for (src, leaf) in self.wiring.edges(node) {
            let leaf = leaf.map(|leaf| LeafId(leaf as u32));
            match leaf.map(|leaf| *self.graph.gate(leaf)) {
                Some(Gate::Pick { of, pick }) => {
                    // As often as it is picked.
                    for slot in 0..all.choices.levels(of).len() as u32 {
                        let gate = all.gate(Gate::Slot { of, slot, pick });
                        terms.push((all.both(self.something[src], gate), src));
                    }
                }
                _ => terms.push((self.on(all, src, leaf), src)),
            }
        }
        terms.retain(|(on, _)| *on != Cond::FALSE);
        terms
    }

    /// When two maps are equal of which one is a sum.
    fn sums(&self, all: &mut Conditions, a: usize, b: usize) -> Cond {
        match (self.is_choice(a), self.is_choice(b)) {
            (true, _) => self.chosen(all, a, b),
            (_, true) => self.chosen(all, b, a),
            _ => {
                let (left, right) = (self.only(all, a, b), self.only(all, b, a));
                let both = all.diagram.or(left, right);
                let in_turn = self.in_turn(all, a, b);
                all.diagram.or(both, in_turn)
            }
        }
    }

    /// That the one term of a choice is equal to another map, or both are sums of nothing.
    fn chosen(&self, all: &mut Conditions, choice: usize, other: usize) -> Cond {
        let nothing = self.nothing(all, choice, other);
        let terms = self.terms[choice].iter().map(|&(on, src)| (on, self.look_up(src, other)));
        or_some_same(all, nothing, terms)
    }

    /// The same of two choices.
    fn both_chosen(
        &self,
        all: &mut Conditions,
        (a, b): (usize, usize),
        together: Together,
    ) -> Cond {
        let nothing = self.nothing(all, a, b);
        let terms = together.into_iter().map(|(on, l, r)| (on, self.look_up(l, r)));
        or_some_same(all, nothing, terms)
    }

    /// Terms of two sums that may be equal, and may be on together: when they are.
    fn together(&self, all: &mut Conditions, a: usize, b: usize) -> Together {
        let mut found = Together::new();
        for &(own, l) in &self.terms[a] {
            for &(other, r) in &self.terms[b] {
                if self.plain(pair(l, r)) == Some(Cond::FALSE) {
                    continue;
                }
                let on = all.diagram.and(own, other);
                if on != Cond::FALSE {
                    found.push((on, l, r));
                }
            }
        }
        found
    }

    /// That two maps of one width are sums of nothing.
    fn nothing(&self, all: &mut Conditions, a: usize, b: usize) -> Cond {
        let [width, same] = [a, b].map(|node| self.graph.node(NodeId::new(node)).ty.width);
        if width != same {
            return Cond::FALSE;
        }
        let either = all.diagram.or(self.something[a], self.something[b]);
        all.diagram.not(either)
    }

    /// That a sum has but one term, which is equal to another map.
    fn only(&self, all: &mut Conditions, sum: usize, other: usize) -> Cond {
        if !self.is_sum(sum) {
            return Cond::FALSE;
        }
        let terms = &self.terms[sum];
        let mut equal = Cond::FALSE;
        for (at, &(on, src)) in terms.iter().enumerate() {
            let same = self.look_up(src, other);
            let mut here = all.diagram.and(on, same);
            for (_, &(more, _)) in terms.iter().enumerate().filter(|(i, _)| *i != at) {
                here = without(all, more, here);
            }
            equal = all.diagram.or(equal, here);
        }
        equal
    }

    /// That the terms which are on are the same, one after the other.
    fn in_turn(&self, all: &mut Conditions, a: usize, b: usize) -> Cond {
        let (left, right) = (&self.terms[a], &self.terms[b]);
        // From the ends on: that what is left of both is the same.
        let mut below = vec![Cond::TRUE; right.len() + 1];
        for j in (0..right.len()).rev() {
            below[j] = without(all, right[j].0, below[j + 1]);
        }
        for &(on, l) in left.iter().rev() {
            let mut here = vec![Cond::FALSE; right.len() + 1];
            here[right.len()] = without(all, on, below[right.len()]);
            for j in (0..right.len()).rev() {
                let (other, r) = right[j];
                let equal = self.look_up(l, r);
                let d = &mut all.diagram;
                let matched = d.and(equal, below[j + 1]);
                let matched = d.and(other, matched);
                let skipped = without(all, other, here[j + 1]);
                let d = &mut all.diagram;
                let taken = d.or(matched, skipped);
                let taken = d.and(on, taken);
                let passed = without(all, on, below[j]);
                here[j] = all.diagram.or(taken, passed);
            }
            below = here;
        }
        below[0]
    }
}

/// That something holds, or some term is on and the same as another. Terms that are the same under
/// one condition are put together first: that one of them is on mostly says nothing.
fn or_some_same(all: &mut Conditions, or: Cond, terms: impl Iterator<Item = (Cond, Cond)>) -> Cond {
    let mut by_same: IndexMap<Cond, Cond> = IndexMap::default();
    for (on, same) in terms.filter(|(_, same)| *same != Cond::FALSE) {
        let any = by_same.entry(same).or_insert(Cond::FALSE);
        *any = all.diagram.or(*any, on);
    }
    by_same.into_iter().fold(or, |equal, (same, on)| {
        let here = all.diagram.and(on, same);
        all.diagram.or(equal, here)
    })
}

/// That some term of a sum counts, and whether never two do.
fn some_term(all: &mut Conditions, terms: &Terms) -> (Cond, bool) {
    let (mut some, mut choice) = (Cond::FALSE, true);
    for &(on, _) in terms {
        choice = choice && {
            let both = all.diagram.and(some, on);
            both == Cond::FALSE || all.tidy(both) == Cond::FALSE
        };
        some = all.diagram.or(some, on);
    }
    (all.tidy(some), choice)
}

/// That something is off, and something else holds.
fn without(all: &mut Conditions, on: Cond, rest: Cond) -> Cond {
    let off = all.diagram.not(on);
    all.diagram.and(off, rest)
}
