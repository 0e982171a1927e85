//! Published systems: their spaces and networks, to the last digit, by static analysis alone.

use crate::support::{Judged, judge_with, root};
use num_bigint::BigUint;
use segc::cost::{self, Question};
use segc::ir::decision::{Binding, Domain, Value};
use segc::ir::{DecisionGraph, Size, canon, count, member};

/// A shipped spec, with constants set.
fn shipped(path: &str, set: &[(&str, &str)]) -> Judged {
    let file = root().join(path);
    let text = std::fs::read_to_string(&file).expect("the file is shipped");
    let judged = judge_with(path, Some(&file), &text, set);
    assert!(judged.is_right(), "{}", judged.drawn());
    judged
}

/// A shipped network without decisions.
fn network(path: &str) -> DecisionGraph {
    let judged = shipped(path, &[]);
    assert!(judged.space.decisions().is_empty(), "{path} is closed");
    let (_, net) = judged.space.nets.last().expect("a network");
    member::member(&net.graph, &Binding(Vec::new()))
}

fn costs(graph: &DecisionGraph, h: u32, w: u32) -> (u64, u64) {
    let question = Question { input: Size { h, w }, batch: 1, train: false };
    let costs = cost::exact(graph, question).expect("the network fits this size");
    (costs.params, costs.macs)
}

/// Parameters of the weights whose names begin with a part's.
fn params_in(graph: &DecisionGraph, part: &str) -> u64 {
    let inside = |scope| graph.scope_name(scope).split('.').next() == Some(part);
    let sets = graph.weights.iter().filter(|set| inside(set.scope));
    sets.map(|set| set.kernel.params(set.channels)).sum()
}

#[test]
fn hyper_cells_are_as_many_as_computed_by_hand() {
    let judged = shipped("specs/autortnet.seg", &[]);
    let (decisions, net) = (judged.space.decisions(), &judged.space.nets["autortnet"]);
    let report = count::counts(decisions, &net.graph);
    let (assignments, active) = (&report.whole.assignments, &report.whole.active);
    assert_eq!(assignments.to_string(), "39062500000000000000000000000000000000");
    // Normal cells do not matter at depth 1: 5^7 · Π 10^5 (1 + (n - 1) 10^5) for n in 5, 10, 10.
    let hyper = |n: u64| BigUint::from(100_000u64) * (1 + (n - 1) * 100_000);
    let by_hand = BigUint::from(78_125u64) * hyper(5) * hyper(10) * hyper(10);
    assert_eq!(active.exact(), Some(&by_hand));
    assert_eq!(by_hand.to_string(), "25312619531421875078125000000000000000");
}

#[test]
fn the_reconstruction_has_the_size_that_was_computed_by_hand() {
    let graph = network("specs/published/autortnet_a.seg");
    let hyper_cells = ["x1", "x2", "x3"].map(|part| params_in(&graph, part));
    assert_eq!(hyper_cells, [11_040, 138_744, 1_404_864]);
    assert_eq!(costs(&graph, 768, 1536), (2_486_163, 18_361_751_040));
    assert_eq!(costs(&graph, 1024, 2048), (2_486_163, 32_643_102_208));
}

#[test]
fn the_hyper_cell_space_contains_the_reconstruction() {
    let judged = shipped("specs/autortnet.seg", &[]);
    let edges = ["n0.older", "n0.newer", "n1.older", "n1.newer", "n1.n0"];
    let wanted = |name: &str| -> Vec<&str> {
        let name = name.trim_start_matches("autortnet.");
        let cell = edges.iter().find_map(|edge| name.strip_suffix(edge)?.strip_suffix('.'));
        match cell.unwrap_or(name) {
            "h1.reduction" => vec!["conv_r2"; 5],
            "h1.normal" => vec!["conv_r2", "max_pool", "conv_r2", "conv_r2", "conv_r2"],
            "h2.reduction" => vec!["conv_r2", "dil2", "conv_r2", "conv_r2", "max_pool"],
            "h2.normal" => vec!["sep", "conv_r2", "conv_r2", "conv_r2", "dil4"],
            "h3.reduction" => vec!["max_pool", "max_pool", "max_pool", "dil4", "conv_r2"],
            "h3.normal" => vec!["dil2", "conv", "skip", "conv_r2", "conv_r2"],
            "h1.depth" => vec!["2"],
            "h2.depth" => vec!["4"],
            "h3.depth" => vec!["6"],
            other if other.ends_with("p3") || other.ends_with("m3") => vec!["dil4_r2"],
            _ => vec!["conv3_r2"],
        }
    };
    let value = |d: &segc::ir::Decision| {
        let labels = wanted(&d.name);
        let edge = edges.iter().position(|edge| d.name.ends_with(edge)).unwrap_or(0);
        let Domain::One(offered) = &d.domain else { panic!("{} is one of several", d.name) };
        let label = labels.get(edge).or(labels.first()).expect("a label");
        let at = offered.iter().position(|o| o == label);
        Value::One(at.unwrap_or_else(|| panic!("{}: {label} of {offered:?}", d.name)) as u32)
    };
    let binding = Binding(judged.space.decisions().iter().map(value).collect());
    let member = member::member(&judged.space.nets["autortnet"].graph, &binding);
    assert!(canon::isomorphic(&member, &network("specs/published/autortnet_a.seg")));
}
