//! The laws over specs that are drawn by chance, and what those specs cover.

#[path = "../generate/mod.rs"]
mod generate;

use crate::support::{Judged, judge};
use generate::Generated;
use num_traits::ToPrimitive;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use segc::cost::{Question, bounds, exact};
use segc::emit::spec;
use segc::ir::canon::canonical_key;
use segc::ir::count::{Count, counts};
use segc::ir::decision::{Domain, Value};
use segc::ir::sample::Sampler;
use segc::ir::shape::Size;
use segc::ir::{Binding, DecisionGraph, Gate, canon, member};
use segc::sema::Net;
use segc::syntax::{self, ast};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// How many specs are drawn.
const SPECS: u64 = 140;

/// How many kernels there are, by name.
const KERNELS: usize = 23;

/// Members of each that are looked at; all where there are no more.
const MEMBERS: usize = 8;

struct Drawn {
    text: String,
    judged: Judged,
}

/// All specs, judged in a folder where they find what they import.
fn drawn() -> Vec<Drawn> {
    let folder = tempfile::tempdir().expect("a folder for a while");
    let path: PathBuf = folder.path().join("main.seg");
    let draw = |number| {
        let Generated { main, parts } = generate::spec(number);
        std::fs::write(folder.path().join("parts.seg"), parts).expect("it can be written");
        let judged = judge("main.seg", Some(&path), &main);
        assert!(judged.is_right(), "spec {number}:\n{main}\n{}", judged.drawn());
        Drawn { text: main, judged }
    };
    (0..SPECS).map(draw).collect()
}

/// All members of a small space, some of a large one.
fn members(judged: &Judged) -> Vec<Binding> {
    let sampler = Sampler::of(judged.space.decisions());
    if sampler.count().to_usize().is_some_and(|n| n <= MEMBERS) {
        return sampler.enumerate(&0u32.into()).collect();
    }
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    (0..MEMBERS).map(|_| sampler.sample(&mut rng).expect("it has members")).collect()
}

#[test]
fn texts_come_back_as_they_were() {
    for Drawn { text, .. } in drawn() {
        let tree = parsed(&text);
        let printed = syntax::print(&tree);
        let again = parsed(&printed);
        assert!(syntax::same(&tree, &again), "{text}\n{printed}");
        assert_eq!(syntax::print(&again), printed);
    }
}

fn parsed(text: &str) -> ast::File {
    let mut diags = segc::diag::Sink::default();
    let tree = syntax::parse(segc::source::FileId(0), text, &mut diags);
    assert!(diags.finish().is_empty(), "{text}");
    tree
}

#[test]
fn emitted_members_are_the_members_they_should_be() {
    for (number, Drawn { text, judged }) in drawn().iter().enumerate() {
        for binding in members(judged) {
            for (name, net) in &judged.space.nets {
                let emitted = spec::text(&judged.program, &judged.space, &binding, name, &[]);
                let again = judge("emitted.seg", None, &emitted);
                let both = format!("spec {number}, {binding:?}:\n{text}\n{emitted}");
                assert!(again.is_right(), "{both}\n{}", again.drawn());
                assert!(again.space.decisions().is_empty(), "{both}");
                let empty = Binding(Vec::new());
                let got = member::member(&again.space.nets[name].graph, &empty);
                let wanted = member::member(&net.graph, &binding);
                assert!(canon::isomorphic(&wanted, &got), "{both}");
            }
        }
    }
}

#[test]
fn counts_are_those_of_brute_force() {
    let mut compared = 0;
    for Drawn { text, judged } in drawn() {
        let net = &judged.space.nets["main"];
        let decisions = judged.space.decisions();
        let sampler = Sampler::of(decisions);
        if decisions.is_empty() || sampler.count().to_usize().is_none_or(|n| n > 400) {
            continue;
        }
        let all: Vec<Binding> = sampler.enumerate(&0u32.into()).collect();
        let keys: BTreeSet<_> =
            all.iter().map(|b| canonical_key(&member::member(&net.graph, b))).collect();
        let asked: BTreeSet<_> = all.iter().map(|b| asked(&net.graph, b)).collect();
        let found = counts(decisions, &net.graph).whole;
        assert_eq!(found.assignments, all.len().into(), "{text}");
        assert_eq!(found.active, Count::Exact(asked.len().into()), "{text}");
        assert_eq!(found.distinct, Count::Exact(keys.len().into()), "{text}");
        compared += 1;
    }
    assert!(compared > SPECS / 3, "{compared}");
}

/// By definition: the values of those decisions that a mix which is asked for reads.
fn asked(graph: &DecisionGraph, binding: &Binding) -> Vec<Option<Value>> {
    let weights = graph.leaf_weights(binding);
    let mut wanted = vec![false; graph.graph.node_count()];
    graph.outputs.iter().for_each(|o| wanted[o.node.index()] = true);
    graph.nodes().for_each(|(id, node)| wanted[id.index()] |= node.keep);
    let mut asked = vec![false; binding.0.len()];
    for (id, _) in graph.nodes().rev() {
        if !wanted[id.index()] {
            continue;
        }
        for (source, edge) in graph.inputs(id) {
            if let Some(leaf) = edge.leaf {
                asked[graph.gate(leaf).decision().index()] = true;
            }
            wanted[source.index()] |= edge.leaf.is_none_or(|leaf| weights[leaf.0 as usize] > 0);
        }
    }
    binding.0.iter().zip(asked).map(|(value, asked)| asked.then(|| value.clone())).collect()
}

#[test]
fn no_member_lies_outside_the_bounds() {
    let input = Size { h: 65, w: 97 };
    for Drawn { text, judged } in drawn() {
        for train in [false, true] {
            let question = Question { input, batch: 2, train };
            let net: &Net = &judged.space.nets["main"];
            let Ok(bounds) = bounds(judged.space.decisions(), &net.graph, question) else {
                continue;
            };
            let (mut params, mut macs) = (Vec::new(), Vec::new());
            for binding in members(&judged) {
                let costs = exact(&member::member(&net.graph, &binding), question);
                let costs = costs.unwrap_or_else(|e| panic!("{text}\n{e}"));
                params.push(costs.params);
                macs.push(costs.macs);
            }
            let complete = Sampler::of(judged.space.decisions()).count().to_usize();
            let complete = complete.is_some_and(|n| n <= MEMBERS);
            for (range, found) in [(bounds.params, params), (bounds.macs, macs)] {
                let (least, most) =
                    (found.iter().min().expect("some"), found.iter().max().expect("some"));
                assert!(range.min <= *least && *most <= range.max, "{text}\n{range:?} {found:?}");
                if complete {
                    assert_eq!(range.min_attained, range.min == *least, "{text}\n{range:?}");
                    assert_eq!(range.max_attained, range.max == *most, "{text}\n{range:?}");
                }
            }
        }
    }
}

#[test]
fn together_they_use_everything() {
    let all = drawn();
    let texts: Vec<&str> = all.iter().map(|d| d.text.as_str()).collect();
    let used: BTreeSet<String> = texts.iter().flat_map(|text| syntax::productions(text)).collect();
    let missing: Vec<String> = productions().into_iter().filter(|p| !used.contains(p)).collect();
    assert!(missing.is_empty(), "no spec uses {missing:?}");
    let kernels: BTreeSet<&str> = all
        .iter()
        .flat_map(|d| d.judged.space.nets.values())
        .flat_map(|net| net.graph.nodes().map(|(_, node)| node.kernel.name()))
        .collect();
    assert_eq!(kernels.len(), KERNELS, "{kernels:?}");
    let kinds: BTreeSet<String> =
        all.iter().flat_map(|d| d.judged.space.decisions()).map(|d| kind(&d.domain)).collect();
    // One of several, a path, and picks in an order or not, with repeats or not, through operators
    // or not.
    assert_eq!(kinds.len(), 2 + 8, "{kinds:?}");
    let gates: BTreeSet<&str> = all
        .iter()
        .flat_map(|d| d.judged.space.nets.values())
        .flat_map(|net| net.graph.leaves.iter().map(gate))
        .collect();
    assert_eq!(gates.len(), 9, "{gates:?}");
}

/// The names of the grammar's productions, but for those that no tree of a right spec can have:
/// what recovers from mistakes, what is only looked ahead for, and what no argument takes yet.
fn productions() -> BTreeSet<String> {
    const NEVER: &[&str] = &["broken", "item_alone", "keyword", "decl_word", "quantity", "unit"];
    let folder = crate::support::root().join("grammar");
    let mut all = BTreeSet::new();
    for entry in std::fs::read_dir(folder).expect("the grammar is there") {
        let text =
            std::fs::read_to_string(entry.expect("an entry").path()).expect("it can be read");
        for line in text.lines() {
            let Some((name, rule)) = line.split_once('=') else { continue };
            let name = name.trim();
            let is_name =
                !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            // `_{` is a production without a name in the tree.
            if is_name && !rule.trim_start().starts_with('_') && !NEVER.contains(&name) {
                all.insert(name.to_string());
            }
        }
    }
    all
}

fn kind(domain: &Domain) -> String {
    match domain {
        Domain::One(_) => "one".to_string(),
        Domain::Path(_) => "path".to_string(),
        Domain::Picks(p) => {
            let through = p.candidates.iter().any(|c| !c.ops.is_empty());
            format!("ordered {} repeats {} through {through}", p.ordered, p.repeats)
        }
    }
}

fn gate(gate: &Gate) -> &'static str {
    match gate {
        Gate::Alt { .. } => "alt",
        Gate::Pick { .. } => "pick",
        Gate::Slot { .. } => "slot",
        Gate::Taken { .. } => "taken",
        Gate::Spared { .. } => "spared",
        Gate::Arrow { .. } => "arrow",
        Gate::Visit { .. } => "visit",
        Gate::Exit { .. } => "exit",
        Gate::Last { .. } => "last",
    }
}
