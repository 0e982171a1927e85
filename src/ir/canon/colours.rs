//! Colours of nodes, refined until they tell apart all that rounds of looking can.

use super::skeleton::{Skeleton, join, mix};

/// A colour per node: equal for nodes that look alike.
#[derive(Clone)]
pub(super) struct Colours {
    of: Vec<u64>,
    distinct: usize,
    marked: Vec<u32>,
}

impl Colours {
    pub(super) fn of(skeleton: &Skeleton) -> Colours {
        let mut colours = Colours { of: skeleton.hashes.clone(), distinct: 0, marked: Vec::new() };
        colours.refine(skeleton);
        colours
    }

    /// The marked nodes, in the order of marking.
    pub(super) fn marked(&self) -> &[u32] {
        &self.marked
    }

    /// The nodes by colour.
    pub(super) fn order(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.of.len() as u32).collect();
        order.sort_unstable_by_key(|node| self.of[*node as usize]);
        order
    }

    /// Whether as many nodes have each colour as in another graph.
    pub(super) fn agree(&self, other: &Colours) -> bool {
        self.sorted() == other.sorted()
    }

    /// The colours of all nodes, in order.
    pub(super) fn sorted(&self) -> Vec<u64> {
        let mut all = self.of.clone();
        all.sort_unstable();
        all
    }

    /// Nodes of one colour, where a colour is not a node's own: of the least such colour.
    pub(super) fn alike(&self) -> Option<Vec<u32>> {
        if self.distinct == self.of.len() {
            return None;
        }
        let order = self.order();
        let colour = |node: &u32| self.of[*node as usize];
        let mut cells = order.chunk_by(|a, b| colour(a) == colour(b));
        cells.find(|cell| cell.len() > 1).map(<[u32]>::to_vec)
    }

    /// The colours once a node is set apart from those that look like it.
    pub(super) fn mark(&self, skeleton: &Skeleton, node: u32) -> Colours {
        let mut colours = self.clone();
        colours.marked.push(node);
        let colour = &mut colours.of[node as usize];
        *colour = join(*colour, colours.marked.len() as u64);
        colours.refine(skeleton);
        colours
    }

    /// Rounds until one tells no more nodes apart.
    fn refine(&mut self, skeleton: &Skeleton) {
        loop {
            let before = self.distinct;
            self.round(skeleton);
            let mut all = self.of.clone();
            all.sort_unstable();
            all.dedup();
            self.distinct = all.len();
            if self.distinct <= before || self.distinct == self.of.len() {
                return;
            }
        }
    }

    /// Each node looks at its inputs, upwards, then at its readers, downwards, then at those it
    /// shares weights with.
    fn round(&mut self, skeleton: &Skeleton) {
        for node in 0..self.of.len() {
            let inputs = skeleton.inputs[node].iter().map(|src| self.of[*src as usize]);
            let seen = match skeleton.ordered[node] {
                true => inputs.fold(1, join),
                false => inputs.fold(2, |acc: u64, colour| acc.wrapping_add(mix(colour))),
            };
            self.of[node] = join(self.of[node], seen);
        }
        for node in (0..self.of.len()).rev() {
            let readers = skeleton.readers[node].iter();
            let seen = readers.fold(3, |acc: u64, &(reader, port)| {
                acc.wrapping_add(join(self.of[reader as usize], u64::from(port)))
            });
            self.of[node] = join(self.of[node], seen);
        }
        for tie in &skeleton.ties {
            let all = tie.iter().fold(4, |acc: u64, n| acc.wrapping_add(mix(self.of[*n as usize])));
            tie.iter().for_each(|n| self.of[*n as usize] = join(self.of[*n as usize], all));
        }
    }
}
