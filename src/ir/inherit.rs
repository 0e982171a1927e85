//! Which weights a network takes over from the space that it was chosen from.
//!
//! A finished spec names its parts anew: what a choice, a pick or a path stood for is written where
//! it is used, and copies of definitions get names of their own. So weights are not found by name
//! but by place: the member of the space and the finished network are laid over each other.

use super::canon::matching;
use super::decision::Binding;
use super::graph::{DecisionGraph, WeightId};
use super::member::member;
use std::collections::BTreeMap;

/// For the weight sets of a `finished` network, by name, the name of the set that the member of
/// `space` chosen by `binding` has in the same place. Sets that no kernel applies are found by name
/// and shape. Nothing where the finished network is not that member.
pub fn origins(
    space: &DecisionGraph,
    binding: &Binding,
    finished: &DecisionGraph,
) -> Option<BTreeMap<String, String>> {
    let chosen = member(space, binding);
    let closed = member(finished, &Binding(Vec::new()));
    let mut names = idle(&closed, &chosen);
    for ((_, node), other) in closed.nodes().zip(matching(&closed, &chosen)?) {
        if let (Some(own), Some(from)) = (node.weights, chosen.graph[other].weights) {
            names.insert(closed.weight_name(own), chosen.weight_name(from));
        }
    }
    Some(names)
}

/// Sets that no kernel applies, in both networks alike.
fn idle(closed: &DecisionGraph, chosen: &DecisionGraph) -> BTreeMap<String, String> {
    let unused = |graph: &DecisionGraph| {
        let mut idle = vec![true; graph.weights.len()];
        let used = graph.graph.node_weights().filter_map(|node| node.weights);
        used.for_each(|id| idle[id.0 as usize] = false);
        let ids = (0..graph.weights.len()).filter(|at| idle[*at]);
        let shape = |at: usize| {
            let shape = graph.shape(&graph.weights[at]);
            (shape.kernel, shape.channels)
        };
        ids.map(|at| (graph.weight_name(WeightId(at as u32)), shape(at))).collect()
    };
    let there: BTreeMap<String, _> = unused(chosen);
    let here: BTreeMap<String, _> = unused(closed);
    let same = here.into_iter().filter(|(name, shape)| there.get(name) == Some(shape));
    same.map(|(name, _)| (name.clone(), name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::builder::Builder;
    use crate::ir::kernel::{Conv, Kernel};

    fn conv(b: &mut Builder, part: &str, x: crate::ir::NodeId, out: u32) -> crate::ir::NodeId {
        let conv = Conv { out, kernel: 3, stride: 1, rate: 1, groups: 1, bias: false, pad: None };
        b.part(part, |b| b.add(Kernel::Conv(conv), &[x]))
    }

    /// Two branches of one kind and one of another, joined in this order, and read by a last one.
    fn joined(names: [&str; 3], order: [usize; 3]) -> DecisionGraph {
        let mut b = Builder::new();
        let x = b.input(3);
        let y = conv(&mut b, "stem", x, 4);
        let parts = [0, 1, 2].map(|at| {
            let from = if at == 2 { x } else { y };
            conv(&mut b, names[at], from, 4)
        });
        let all = b.add(Kernel::Concat, &order.map(|at| parts[at]));
        let out = conv(&mut b, "head", all, 5);
        b.output("out", out);
        b.finish()
    }

    fn of(finished: &DecisionGraph) -> Option<BTreeMap<String, String>> {
        origins(&joined(["a", "b", "c"], [0, 1, 2]), &Binding(Vec::new()), finished)
    }

    #[test]
    fn weights_are_found_by_place_whatever_they_are_called() {
        let names = of(&joined(["b", "x", "a"], [0, 1, 2])).expect("the same network");
        let origin = |part: &str| {
            let (_, from) = names.iter().find(|(name, _)| name.starts_with(part)).expect("it is");
            from.chars().next().expect("a name")
        };
        assert_eq!((origin("b."), origin("x."), origin("a.")), ('a', 'b', 'c'));
        assert_eq!(names.len(), 5);
    }

    #[test]
    fn the_order_of_joined_parts_decides_which_is_which() {
        let names = of(&joined(["a", "b", "c"], [1, 0, 2])).expect("the same network");
        let from = names.iter().find(|(name, _)| name.starts_with("a.")).expect("it is there").1;
        assert!(from.starts_with("b."), "the second part of both");
        assert_eq!(of(&joined(["a", "b", "c"], [2, 0, 1])), None);
    }
}
