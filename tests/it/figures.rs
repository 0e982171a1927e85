//! Published figures, to the last digit: what others counted on their own code.

use crate::support::{judge_with, root};
use segc::cost::{self, Question};
use segc::ir::{DecisionGraph, Size};

/// A network of a file of the repository, with constants set.
fn net(path: &str, net: &str, set: &[(&str, &str)]) -> (crate::support::Judged, DecisionGraph) {
    let file = root().join(path);
    let text = std::fs::read_to_string(&file).expect("the file is shipped");
    let judged = judge_with(path, Some(&file), &text, set);
    assert!(judged.is_right(), "{}", judged.drawn());
    let graph = (*judged.space.nets[net].graph).clone();
    (judged, graph)
}

/// Params and MACs of everything that outputs read, every alternative on.
fn costs(graph: &DecisionGraph, h: u32, w: u32) -> (u64, u64) {
    let question = Question { input: Size { h, w }, batch: 1, train: false };
    let costs = cost::exact(graph, question).expect("the network fits this size");
    (costs.params, costs.macs)
}

#[test]
fn the_published_network_has_its_published_size() {
    let (judged, graph) = net("specs/published/auto_deeplab.seg", "auto_deeplab", &[]);
    assert!(judged.space.decisions().is_empty());
    assert_eq!(costs(&graph, 1024, 2048), (10_147_427, 317_541_632_000));
    assert_eq!(costs(&graph, 1025, 2049), (10_147_427, 320_450_382_392));
}

#[test]
fn the_multiplier_gives_the_other_published_sizes() {
    for (f, millions) in [("32", 21.62), ("48", 44.42)] {
        let set = [("F", f)];
        let (_, graph) = net("specs/published/auto_deeplab.seg", "auto_deeplab", &set);
        let (params, _) = costs(&graph, 1024, 2048);
        assert_eq!((params as f64 / 1e4).round() / 100.0, millions);
    }
}

#[test]
fn the_supernet_of_the_reimplementation_is_said_precisely() {
    let (_, graph) = net("tests/fixtures/spaces/reimplementation.seg", "supernet", &[]);
    assert_eq!(costs(&graph, 321, 321), (11_570_580, 11_912_585_860));
    // One mixed operator holds one depthwise 3x3 without holes in front of another.
    let is_sep3 = |w: &&segc::ir::graph::WeightSet| {
        graph.words[w.name] == *"dw"
            && graph.scope_name(w.scope).split('.').any(|part| part == "sep3")
    };
    assert_eq!(graph.weights.iter().filter(is_sep3).count(), 865);
}

#[test]
fn cells_and_paths_are_as_many_as_published() {
    let count = |path: &str, set: &[(&str, &str)], part: &str| {
        let (judged, _) = match path {
            "specs/auto_deeplab.seg" => net(path, "proxy", set),
            _ => net(path, "two", set),
        };
        let of = |n: &&segc::ir::Decision| n.name.split('.').next() == Some(part);
        let counts = judged.space.decisions().iter().filter(of).map(|d| d.domain.count());
        counts.product::<num_bigint::BigUint>().to_string()
    };
    let space = "specs/auto_deeplab.seg";
    assert_eq!(count(space, &[], "path"), "28657");
    assert_eq!(count(space, &[("FIRST", "[/4, /8]")], "path"), "75025");
    assert_eq!(count(space, &[], "found"), "556627761561600");
    let distinct = "tests/fixtures/spaces/distinct_inputs.seg";
    assert_eq!(count(distinct, &[], "two"), "2899102924800");
}

#[test]
fn the_space_contains_the_published_network() {
    // The published decisions, bound in the space, give the published network.
    use segc::ir::decision::{Binding, Domain, Pick, Value};
    let (judged, graph) = net("specs/auto_deeplab.seg", "final", &[("F", "20")]);
    let path = [0, 0, 0, 1, 2, 1, 2, 2, 3, 3, 2, 1];
    let picks: [[(&str, &str); 2]; 5] = [
        [("prev_prev", "atr5"), ("prev", "sep3")],
        [("prev_prev", "sep3"), ("prev", "atr3")],
        [("H[2]", "sep3"), ("prev_prev", "sep3")],
        [("H[3]", "sep5"), ("H[1]", "sep5")],
        [("H[2]", "sep5"), ("H[4]", "atr5")],
    ];
    let mut blocks = picks.iter();
    let value = |domain: &Domain, blocks: &mut dyn Iterator<Item = &[(&str, &str); 2]>| {
        let Domain::Picks(domain) = domain else { return Value::Path(path.to_vec()) };
        let chosen = blocks.next().expect("a block for each decision");
        let pick = |(input, op): &(&str, &str)| {
            let at = domain.candidates.iter().position(|c| c.label == *input);
            let candidate = at.expect("the input is offered");
            let op = domain.candidates[candidate].ops.iter().position(|o| o == op);
            Pick { candidate: candidate as u16, op: op.expect("the operator is offered") as u16 }
        };
        Value::Picks(chosen.iter().map(pick).collect())
    };
    let decisions = judged.space.decisions();
    let binding = Binding(decisions.iter().map(|d| value(&d.domain, &mut blocks)).collect());
    let member = segc::ir::member::member(&graph, &binding);
    assert_eq!(costs(&member, 1024, 2048), (10_147_427, 317_541_632_000));
}
