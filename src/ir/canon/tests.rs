//! What canonical forms tell apart, and what not.

use super::*;
use crate::ir::decision::Gate;
use crate::ir::graph::{Edge, LeafId, NodeId, Slices, WeightShape};
use crate::ir::kernel::{Act, Kernel};
use crate::ir::member;
use crate::ir::shape::{MapType, Scale, SliceId};
use crate::ir::testing::{Draft, WIDTH, conv, random_space};
use petgraph::algo::is_isomorphic_matching;
use petgraph::graph::DiGraph;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};

/// The same relation through petgraph: labels on nodes, lists of ports on edges (it knows no
/// parallel ones), a node per group of tied kernels.
fn oracle(graph: &DecisionGraph) -> DiGraph<String, Vec<u32>> {
    let mut out = DiGraph::new();
    for (id, node) in graph.nodes() {
        let names: Vec<_> =
            graph.outputs.iter().filter(|o| o.node == id).map(|o| &o.name).collect();
        out.add_node(format!("{:?} {} {} {names:?}", node.kernel, node.ty, node.keep));
    }
    let mut ports: BTreeMap<(usize, usize), Vec<u32>> = BTreeMap::new();
    for (id, node) in graph.nodes() {
        let counts = !matches!(node.kernel, Kernel::Add | Kernel::Concat);
        for (src, edge) in graph.inputs(id) {
            let port = if counts { edge.port } else { 0 };
            ports.entry((src.index(), id.index())).or_default().push(port);
        }
    }
    for ((a, b), ports) in ports {
        out.add_edge(NodeId::new(a), NodeId::new(b), ports);
    }
    for w in 0..graph.weights.len() {
        let users = graph.nodes().filter(|(_, n)| n.weights.is_some_and(|x| x.0 as usize == w));
        let users: Vec<_> = users.map(|(id, _)| id).collect();
        if users.len() > 1 {
            let tie = out.add_node("tie".into());
            for user in users {
                out.add_edge(user, tie, vec![9]);
            }
        }
    }
    out
}

fn same(a: &DecisionGraph, b: &DecisionGraph) -> bool {
    is_isomorphic_matching(&oracle(a), &oracle(b), |x, y| x == y, |x, y| x == y)
}

#[test]
fn networks_are_the_same_exactly_where_an_independent_judge_says_so() {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let (mut equal, mut unequal) = (0, 0);
    for _ in 0..80 {
        let draft = random_space(&mut rng);
        let bindings = draft.bindings();
        let any = |rng: &mut ChaCha8Rng| {
            let mut closed = member(&draft.graph, &bindings[rng.random_range(0..bindings.len())]);
            tie_some(&mut closed, rng);
            closed
        };
        for _ in 0..8 {
            let (a, b) = (any(&mut rng), any(&mut rng));
            if a.graph.node_count() > 14 || b.graph.node_count() > 14 {
                continue;
            }
            let truth = same(&a, &b);
            assert_eq!(isomorphic(&a, &b), truth);
            *(if truth { &mut equal } else { &mut unequal }) += 1;
        }
    }
    assert!(equal > 50 && unequal > 50, "{equal} {unequal}");
}

/// Makes the last two kernels of equal shape share weights, one time in three.
fn tie_some(graph: &mut DecisionGraph, rng: &mut ChaCha8Rng) {
    let owners: Vec<_> =
        graph.nodes().filter_map(|(id, n)| Some((id, n.kernel, n.weights?))).collect();
    let pair = owners.windows(2).rev().find(|two| two[0].1 == two[1].1);
    if let (Some([a, b]), 0) = (pair, rng.random_range(0..3)) {
        graph.graph[b.0].weights = Some(a.2);
    }
}

/// A graph with its nodes in another topological order and its commuting inputs permuted.
fn shuffled(graph: &DecisionGraph, rng: &mut ChaCha8Rng) -> DecisionGraph {
    let mut left: Vec<NodeId> = graph.graph.node_indices().collect();
    let mut place = BTreeMap::new();
    let mut out = DecisionGraph { graph: DiGraph::default(), ..graph.clone() };
    while !left.is_empty() {
        let ready = |id: &NodeId| graph.inputs(*id).iter().all(|(src, _)| place.contains_key(src));
        let open: Vec<usize> = (0..left.len()).filter(|i| ready(&left[*i])).collect();
        let id = left.remove(open[rng.random_range(0..open.len())]);
        let new = out.graph.add_node(graph.graph[id]);
        let mut inputs: Vec<_> = graph.inputs(id).into_iter().map(|(src, _)| src).collect();
        if matches!(graph.node(id).kernel, Kernel::Add | Kernel::Concat) && !inputs.is_empty() {
            let by = rng.random_range(0..inputs.len());
            inputs.rotate_left(by);
        }
        for (port, src) in inputs.into_iter().enumerate() {
            out.graph.add_edge(place[&src], new, Edge { port: port as u32, leaf: None });
        }
        place.insert(id, new);
    }
    out.outputs.iter_mut().for_each(|o| o.node = place[&o.node]);
    out
}

#[test]
fn the_key_does_not_depend_on_the_order_of_anything() {
    let mut rng = ChaCha8Rng::seed_from_u64(12);
    for _ in 0..60 {
        let draft = random_space(&mut rng);
        let bindings = draft.bindings();
        let mut closed = member(&draft.graph, &bindings[rng.random_range(0..bindings.len())]);
        tie_some(&mut closed, &mut rng);
        assert_eq!(canonical_key(&closed), canonical_key(&shuffled(&closed, &mut rng)));
    }
}

#[test]
fn many_twins_are_told_apart_quickly() {
    let (mut draft, x) = Draft::new();
    let mut twins = Vec::new();
    for _ in 0..12 {
        let a = draft.node(conv(3), &[x]);
        let b = draft.node(conv(3), &[x]);
        let sum = draft.node(Kernel::Add, &[a, b]);
        twins.push(draft.node(conv(1), &[sum]));
    }
    let out = draft.node(Kernel::Add, &twins);
    draft.output(out);
    let mut rng = ChaCha8Rng::seed_from_u64(13);
    assert!(isomorphic(&draft.graph, &shuffled(&draft.graph, &mut rng)));
}

#[test]
fn shared_weights_count_as_a_relation() {
    let chain = |tied: bool| {
        let (mut draft, x) = Draft::new();
        let a = draft.node(conv(3), &[x]);
        let b = draft.node(conv(3), &[a]);
        draft.output(b);
        if tied {
            let shared = draft.graph.graph[a].weights;
            draft.graph.graph[b].weights = shared;
        }
        draft.graph
    };
    assert!(isomorphic(&chain(true), &chain(true)));
    assert!(!isomorphic(&chain(true), &chain(false)));
}

/// The encoding's text is part of what run directories record.
#[test]
fn the_key_of_a_chain_is_what_it_was() {
    let (mut draft, x) = Draft::new();
    let a = draft.node(conv(3), &[x]);
    draft.output(a);
    let key = canonical_key(&draft.graph);
    let hex: String = key[..4].iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(hex.len(), 8);
    assert_eq!(key, canonical_key(&draft.graph.clone()));
}

/// A convolution that makes all of its channels or half of them, and one that reads what it made.
fn sliced() -> Draft {
    let (mut draft, x) = Draft::new();
    let of = draft.one("width", 2);
    let y = draft.node(conv(3), &[x]);
    let cut = |draft: &mut Draft, alt, len| {
        let ty = MapType::new(len, Scale::Down(1));
        (Gate::Alt { of, alt }, draft.typed(Kernel::Slice { from: 0, len }, ty, &[y]))
    };
    let cuts = [cut(&mut draft, 0, WIDTH), cut(&mut draft, 1, WIDTH / 2)];
    let cases = vec![(LeafId(0), WIDTH), (LeafId(1), WIDTH / 2)];
    let chosen = draft.mix(&cuts);
    draft.graph.slices.insert(Slices { cases });
    for id in [y, chosen] {
        draft.graph.alter(id, |form| form.ty.slice = Some(SliceId(0)));
    }
    let z = draft.node(Kernel::Act(Act::Relu), &[chosen]);
    let out = draft.node(conv(1), &[z]);
    draft.graph.alter(out, |form| form.ty.slice = None);
    for at in 0..draft.graph.weights.len() {
        let shape = *draft.graph.shape(&draft.graph.weights[at]);
        let shape = draft.graph.shape_id(WeightShape { sliced: true, ..shape });
        draft.graph.weights[at].shape = shape;
    }
    draft.output(out);
    draft
}

#[test]
fn keys_tell_the_widths_of_slices_apart() {
    let draft = sliced();
    let mut keys = Keys::of(&draft.graph);
    let [whole, half] = &draft.bindings()[..] else { panic!("two widths") };
    let closed = |binding| member(&draft.graph, binding);
    assert_eq!(params(&closed(whole)), u64::from(WIDTH * WIDTH) * (9 + 1));
    assert_eq!(params(&closed(half)), u64::from(WIDTH * WIDTH / 2) * (9 + 1));
    for binding in [whole, half] {
        assert_eq!(keys.key(binding), canonical_key(&closed(binding)));
    }
    assert_ne!(keys.own(whole), keys.own(half));
    assert_ne!(keys.key(whole), keys.key(half));
}

fn params(graph: &DecisionGraph) -> u64 {
    graph.weights.iter().map(|set| graph.shape(set).params()).sum()
}

#[test]
fn keys_of_members_that_are_not_built_are_those_of_members_that_are() {
    let mut rng = ChaCha8Rng::seed_from_u64(17);
    for _ in 0..60 {
        let draft = random_space(&mut rng);
        let mut keys = Keys::of(&draft.graph);
        for binding in draft.bindings().iter().step_by(7) {
            assert_eq!(keys.key(binding), canonical_key(&member(&draft.graph, binding)));
        }
    }
}

#[test]
fn own_keys_tell_apart_what_canonical_keys_do() {
    let mut rng = ChaCha8Rng::seed_from_u64(18);
    for _ in 0..60 {
        let draft = random_space(&mut rng);
        let mut keys = Keys::of(&draft.graph);
        let bindings = draft.bindings();
        let pairs: BTreeSet<_> = bindings.iter().map(|b| (keys.own(b), keys.key(b))).collect();
        let own: BTreeSet<_> = pairs.iter().map(|(own, _)| own).collect();
        let canonical: BTreeSet<_> = pairs.iter().map(|(_, key)| key).collect();
        assert_eq!([own.len(), canonical.len()], [pairs.len(); 2]);
    }
}
