//! Costs of small networks, worked out by hand.

use super::*;
use crate::ir::kernel::{Act, Conv, Interp, Kernel, Norm, Target};
use crate::ir::member;
use crate::ir::shape::{MapType, Scale};
use crate::ir::testing::{Draft, conv, dense_cell, trellis};
use crate::ir::{Binding, DecisionId};

const ASKED: Question = Question { input: Size { h: 16, w: 24 }, batch: 1, train: false };

fn strided(draft: &mut Draft, x: NodeId, scale: u32) -> NodeId {
    let down = Conv { out: 8, kernel: 3, stride: 2, rate: 1, groups: 1, bias: true, pad: None };
    draft.typed(Kernel::Conv(down), MapType::new(8, Scale::Down(scale)), &[x])
}

#[test]
fn a_chain_costs_what_its_kernels_cost() {
    let (mut draft, x) = Draft::new();
    let a = draft.node(conv(3), &[x]);
    let b = strided(&mut draft, a, 2);
    let c = draft.typed(Kernel::Norm(Norm::DEFAULT), MapType::new(8, Scale::Down(2)), &[b]);
    draft.output(c);
    let costs = exact(&draft.graph, ASKED).expect("it runs");
    assert_eq!(costs.params, 9 * 16 + (9 * 32 + 8) + 16);
    assert_eq!(costs.macs, 9 * 16 * (16 * 24) + 9 * 32 * (8 * 12));
    assert_eq!(costs.field, Field::Cells(5));
    let batched = exact(&draft.graph, Question { batch: 3, ..ASKED }).expect("it runs");
    assert_eq!((batched.params, batched.macs), (costs.params, 3 * costs.macs));
    // Inference: the first convolution's input and output are the widest pair.
    assert_eq!(costs.memory.infer_peak_bytes, 2 * 4 * 16 * 24 * 4);
    assert_eq!(costs.memory.weights_bytes, 4 * (costs.params + 16));
}

#[test]
fn tied_weights_count_once_and_training_parts_only_when_asked() {
    let (mut draft, x) = Draft::new();
    let a = draft.node(conv(3), &[x]);
    let b = draft.node(conv(3), &[a]);
    let shared = draft.graph.graph[a].weights;
    draft.graph.graph[b].weights = shared;
    draft.graph.weights.truncate(1);
    let c = draft.node(conv(1), &[b]);
    draft.output(b);
    draft.output(c);
    draft.graph.outputs[1].aux = true;
    let costs = exact(&draft.graph, ASKED).expect("it runs");
    assert_eq!((costs.params, costs.macs), (144, 2 * 144 * 16 * 24));
    let train = exact(&draft.graph, Question { train: true, ..ASKED }).expect("it runs");
    assert_eq!((train.params, train.macs), (144 + 16, (2 * 144 + 16) * 16 * 24));
}

#[test]
fn kept_parts_are_built_but_not_run() {
    let (mut draft, x) = Draft::new();
    let a = draft.node(conv(3), &[x]);
    let b = draft.node(conv(1), &[x]);
    draft.graph.alter(b, |form| form.keep = true);
    draft.output(a);
    let costs = exact(&draft.graph, ASKED).expect("it runs");
    assert_eq!((costs.params, costs.params_built), (144, 160));
    assert_eq!((costs.macs, costs.macs_built), (144 * 16 * 24, 160 * 16 * 24));
}

#[test]
fn a_network_says_where_sizes_differ_and_which_input_would_do() {
    let (mut draft, x) = Draft::new();
    let down = strided(&mut draft, x, 2);
    let half = Kernel::Resize { to: Target::FloorBy(2), interp: Interp::Bilinear };
    let zoom = draft.typed(half, MapType::new(4, Scale::Down(2)), &[x]);
    let both = draft.typed(Kernel::Concat, MapType::new(12, Scale::Down(2)), &[down, zoom]);
    draft.output(both);
    let odd = Question { input: Size { h: 15, w: 24 }, ..ASKED };
    let problem = exact(&draft.graph, odd).expect_err("sizes differ");
    assert_eq!(problem.node(), both);
    assert_eq!(problem.to_string(), "`concat` joins maps of different sizes: 8x12, 7x12");
    assert_eq!(problem.near(), [Size { h: 14, w: 24 }, Size { h: 16, w: 24 }]);
    assert!(exact(&draft.graph, ASKED).is_ok());
}

#[test]
fn a_network_says_where_its_input_is_too_small() {
    let (mut draft, x) = Draft::new();
    let half = Kernel::Resize { to: Target::FloorBy(8), interp: Interp::Nearest };
    let tiny = draft.typed(half, MapType::new(4, Scale::Down(8)), &[x]);
    draft.output(tiny);
    let small = Question { input: Size { h: 4, w: 64 }, ..ASKED };
    let problem = exact(&draft.graph, small).expect_err("nothing is left");
    assert!(matches!(problem, SizeProblem::TooSmall { node, .. } if node == tiny));
    assert_eq!(problem.near(), [Size { h: 8, w: 64 }]);
}

#[test]
fn a_global_pool_sees_everything() {
    let (mut draft, x) = Draft::new();
    let ty = MapType::new(4, Scale::Global);
    let pooled = draft.typed(Kernel::GlobalPool, ty, &[x]);
    let relu = draft.node(Kernel::Act(Act::Sigmoid), &[pooled]);
    let out = draft.node(Kernel::Mul, &[x, relu]);
    draft.output(out);
    let costs = exact(&draft.graph, ASKED).expect("it runs");
    assert_eq!(costs.field, Field::Whole);
}

/// The definition of a multiply-add, one by one.
#[test]
fn a_convolutions_macs_are_those_of_a_naive_loop() {
    for (stride, rate, groups) in [(1, 1, 1), (2, 1, 2), (1, 2, 4), (2, 3, 1)] {
        let (mut draft, x) = Draft::new();
        let c = Conv { out: 8, kernel: 3, stride, rate, groups, bias: true, pad: None };
        let ty = MapType::new(8, Scale::Down(stride));
        let y = draft.typed(Kernel::Conv(c), ty, &[x]);
        draft.output(y);
        let (mut macs, pad) = (0u64, rate as i64);
        let steps = |n: i64| {
            (0..).map(|i| i * stride as i64).take_while(move |at| at - pad + 2 * pad < n + pad)
        };
        for _at in steps(16).flat_map(|h| steps(24).map(move |w| (h, w))) {
            macs += 8 * 9 * u64::from(4 / groups);
        }
        let costs = exact(&draft.graph, ASKED).expect("it runs");
        assert_eq!(costs.macs, macs, "{c:?}");
    }
}

#[test]
fn members_cost_less_than_their_supernet() {
    for draft in [dense_cell(4), trellis(3, 1, 3)] {
        let whole = exact(&draft.graph, ASKED).expect("it runs");
        let ids = (0..draft.decisions.len() as u32).map(DecisionId);
        let first = |id: DecisionId| draft.decisions[id.index()].domain.unrank(&0u32.into());
        let binding = Binding(ids.filter_map(first).collect());
        let closed = member(&draft.graph, &binding);
        let one = exact(&closed, ASKED).expect("it runs");
        assert!(one.params < whole.params && one.macs < whole.macs);
        assert!(one.memory.weights_bytes < whole.memory.weights_bytes);
    }
}
