//! Which node of one closed graph is which node of another that computes the same.

use super::colours::Colours;
use super::skeleton::{Parts, Skeleton};
use crate::ir::graph::{DecisionGraph, NodeId};

/// For every node of `a`, the node of `b` that it is; nothing where they are not the same network.
///
/// Here the order of concatenated parts counts, other than for
/// [`isomorphic`](super::isomorphic): where a part's channels lie decides which weights they meet
/// further on, so that only such a matching lets one network take over the other's weights.
/// Of nodes that cannot be told apart, earlier ones are paired with earlier ones.
pub fn matching(a: &DecisionGraph, b: &DecisionGraph) -> Option<Vec<NodeId>> {
    let count = a.graph.node_count();
    if count != b.graph.node_count() || a.graph.edge_count() != b.graph.edge_count() {
        return None;
    }
    let sides = [a, b].map(|graph| Skeleton::of(graph, Parts::InOrder));
    let [of_a, of_b] = orders(&sides, [Colours::of(&sides[0]), Colours::of(&sides[1])])?;
    let mut all = vec![NodeId::end(); count];
    for (from, to) in of_a.into_iter().zip(of_b) {
        all[from as usize] = NodeId::new(to as usize);
    }
    Some(all)
}

/// The nodes of both sides in one order, if there is one.
fn orders(sides: &[Skeleton; 2], [a, b]: [Colours; 2]) -> Option<[Vec<u32>; 2]> {
    if !a.agree(&b) {
        return None;
    }
    let (Some(alike), Some(others)) = (a.alike(), b.alike()) else {
        let same = sides[0].encode(&a) == sides[1].encode(&b);
        return same.then(|| [a.order(), b.order()]);
    };
    let marked = a.mark(&sides[0], *alike.iter().min()?);
    let mut others = others;
    others.sort_unstable();
    others.into_iter().find_map(|other| orders(sides, [marked.clone(), b.mark(&sides[1], other)]))
}
