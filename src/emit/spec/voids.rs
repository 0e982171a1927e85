//! Picks of maps that are absent: the spec of a member must say what their zeros are like.

use crate::ir::decision::{Binding, DecisionId, Gate};
use crate::ir::graph::{DecisionGraph, Edge, NodeId};
use crate::ir::member::liveness;
use std::collections::{BTreeMap, BTreeSet};

/// A decision, and the slot where its picks are read one by one.
type Read = (DecisionId, Option<u32>);

/// For what is read somewhere and absent there: candidates that are there instead.
#[derive(Debug, Default)]
pub(super) struct Voids(BTreeMap<Read, Vec<u16>>);

impl Voids {
    /// Those of a member.
    pub(super) fn of(graph: &DecisionGraph, binding: &Binding) -> Voids {
        let on: Vec<bool> = graph.leaf_weights(binding).iter().map(|w| *w > 0).collect();
        let facts = liveness(graph, &on, true);
        // What no member reads is written all the same, and has to be right.
        let some = liveness(graph, &vec![true; on.len()], true).live;
        let written = |id: &NodeId| facts.live[id.index()] || !some[id.index()];
        let mut found: BTreeMap<Read, Vec<BTreeSet<u16>>> = BTreeMap::new();
        for (id, _) in graph.nodes().filter(|(id, _)| written(id) && graph.fills(*id)) {
            for (mix, _) in graph.inputs(id) {
                let picked = graph.inputs(mix);
                let is_there = |term: &&(NodeId, Edge)| facts.present[term.0.index()];
                if facts.present[mix.index()] {
                    continue;
                }
                let there =
                    picked.iter().filter(is_there).filter_map(|t| read(graph, t)).map(|r| r.1);
                if let Some((of, _)) = picked.first().and_then(|term| read(graph, term)) {
                    found.entry(of).or_default().push(there.collect());
                }
            }
        }
        Voids(found.into_iter().map(|(of, places)| (of, best(&places))).collect())
    }

    /// Candidates whose type zeros in the place of a pick have; none where the pick is there.
    pub(super) fn likes(&self, of: DecisionId, slot: u32) -> Vec<u16> {
        let of_slot = self.0.get(&(of, Some(slot))).or_else(|| self.0.get(&(of, None)));
        of_slot.cloned().unwrap_or_default()
    }
}

/// One candidate that is there at all places, or else one for each.
fn best(places: &[BTreeSet<u16>]) -> Vec<u16> {
    let all: BTreeSet<u16> = places.iter().flatten().copied().collect();
    match all.iter().find(|c| places.iter().all(|place| place.contains(c))) {
        Some(one) => vec![*one],
        None => all.into_iter().collect(),
    }
}

/// What an edge of a mix of picks reads, and which candidate it brings.
fn read(graph: &DecisionGraph, (_, edge): &(NodeId, Edge)) -> Option<(Read, u16)> {
    match *graph.gate(edge.leaf?) {
        Gate::Pick { of, pick } => Some(((of, None), pick.candidate)),
        Gate::Slot { of, slot, pick } => Some(((of, Some(slot)), pick.candidate)),
        _ => None,
    }
}
