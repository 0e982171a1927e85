//! For tests: spaces that were elaborated in different ways, and the shipped specs.

use super::memo::Memory;
use super::networks::Wanted;
use super::space::analyse_with;
use super::{Space, load};
use crate::diag::{Diag, Severity, Sink};
use crate::ir::graph::{DecisionGraph, Scope, WeightSet};
use std::fmt::Debug;
use std::path::Path;

/// A text judged as if it lay among the specs, with what is to be said of it; a network is wanted
/// early, be it any.
pub(super) fn judged(
    name: &str,
    text: &str,
    memory: Memory,
    wanted: Option<Option<&str>>,
) -> (Space, Vec<Diag>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs").join(name);
    let mut diags = Sink::default();
    let program = load(name, Some(&path), text, &[], &mut diags);
    let mut show = |_: super::Early<'_>| ();
    let wanted = wanted.map(|net| Wanted { net, show: &mut show });
    let space = analyse_with(&program, &mut diags, memory, wanted);
    (space, diags.finish())
}

/// The same of one without mistakes.
pub(super) fn elaborated(
    name: &str,
    text: &str,
    memory: Memory,
    wanted: Option<Option<&str>>,
) -> Space {
    let (space, diags) = judged(name, text, memory, wanted);
    assert!(diags.iter().all(|diag| diag.severity() != Severity::Error), "{name}: {diags:?}");
    space
}

/// Every spec that is shipped, with its path among the specs.
pub(super) fn shipped() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs");
    let mut all = Vec::new();
    for inner in ["", "published"] {
        for entry in std::fs::read_dir(folder.join(inner)).expect("specs are there") {
            let path = entry.expect("a file").path();
            if path.extension().is_some_and(|e| e == "seg") {
                let text = std::fs::read_to_string(&path).expect("a text");
                all.push((path.display().to_string(), text));
            }
        }
    }
    all.sort();
    all
}

/// Two spaces are one and the same, decision by decision, place by place, node by node.
pub(super) fn assert_same(name: &str, a: &Space, b: &Space) {
    let same = |what: &str, a: &dyn Debug, b: &dyn Debug| {
        assert_eq!(format!("{a:?}"), format!("{b:?}"), "{name}: {what}");
    };
    let (x, y) = (&a.sites, &b.sites);
    same("decisions", &x.decisions, &y.decisions);
    same("sites", &x.sites, &y.sites);
    same("instances", &x.instances, &y.instances);
    same("items", &x.items, &y.items);
    same("matches", &x.matches, &y.matches);
    same("arms", &x.arms, &y.arms);
    same("unread", &x.unread, &y.unread);
    same("lanes", &x.lanes, &y.lanes);
    same("loops", &x.loops, &y.loops);
    same("retyped", &x.retyped, &y.retyped);
    same("plans", &a.plans, &b.plans);
    assert!(a.nets.keys().eq(b.nets.keys()), "{name}");
    for (net, own) in &a.nets {
        assert_same_graphs(&format!("{name}: {net}"), &own.graph, &b.nets[net].graph);
    }
}

/// Two graphs are one and the same: nodes, edges, leaves, scopes, weights, names.
fn assert_same_graphs(name: &str, a: &DecisionGraph, b: &DecisionGraph) {
    assert_eq!(a.graph.node_count(), b.graph.node_count(), "{name}");
    for ((i, x), (_, y)) in a.nodes().zip(b.nodes()) {
        assert_eq!(format!("{x:?}"), format!("{y:?}"), "{name}: node {i:?}");
        assert_eq!(a.inputs(i), b.inputs(i), "{name}: inputs of {i:?}");
    }
    assert!(a.leaves.iter().eq(b.leaves.iter()), "{name}: leaves");
    assert!(a.slices.iter().eq(b.slices.iter()), "{name}: slices");
    let scopes = |graph: &DecisionGraph| {
        let one = |s: &Scope| (s.parent, graph.words[s.name].to_owned(), s.turn);
        graph.scopes.iter().map(one).collect::<Vec<_>>()
    };
    assert_eq!(scopes(a), scopes(b), "{name}: scopes");
    let weights = |graph: &DecisionGraph| {
        // Which number a name has says nothing.
        let one =
            |w: &WeightSet| (graph.words[w.name].to_owned(), w.scope, *graph.shape(w), w.turn);
        format!("{:?}", graph.weights.iter().map(one).collect::<Vec<_>>())
    };
    assert_eq!(weights(a), weights(b), "{name}: weights");
    assert_eq!(format!("{:?}", a.outputs), format!("{:?}", b.outputs), "{name}: outputs");
}
