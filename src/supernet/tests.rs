//! What runs, in which order, and for how long values are kept.

use super::*;
use crate::ir::Scale;
use crate::ir::builder::Builder;
use crate::ir::decision::Pick;
use crate::ir::kernel::Target;
use crate::ir::kernel::{Act, Conv, Interp, Norm};
use crate::ir::{DecisionId, Gate, Size};

const RELU: Kernel = Kernel::Act(Act::Relu);

fn conv(out: u32, kernel: u32) -> Kernel {
    Kernel::Conv(Conv { out, kernel, stride: 1, rate: 1, groups: 1, bias: false, pad: None })
}

fn alt(of: u32, alt: u32) -> Gate {
    Gate::Alt { of: DecisionId(of), alt }
}

/// The kernels that run, by name, in order.
fn names(graph: &DecisionGraph, plan: &Plan) -> Vec<&'static str> {
    plan.steps().map(|step| graph.node(step.node).kernel.name()).collect()
}

/// Two alternatives on one map, each a ReLU and a convolution.
fn choice() -> DecisionGraph {
    let mut b = Builder::new();
    let x = b.input(3);
    let terms: Vec<(NodeId, Gate)> = (0..2)
        .map(|at| {
            let relu = b.add(RELU, &[x]);
            (b.add(conv(4, 2 * at + 1), &[relu]), alt(0, at))
        })
        .collect();
    let mix = b.mix(&terms);
    b.output("out", mix);
    b.finish()
}

#[test]
fn what_is_off_does_not_run_and_what_is_equal_runs_once() {
    let graph = choice();
    let names_of = |switches: &[Switch]| {
        let plan = plan(&graph, switches, Mode::Train);
        (names(&graph, &plan), plan.outputs)
    };
    let (both, out) = names_of(&[Switch::Weighted, Switch::Weighted]);
    assert_eq!((both, out), (vec!["input", "relu", "conv", "conv", "mix"], vec![Some(4)]));
    let (one, _) = names_of(&[Switch::Off, Switch::Weighted]);
    assert_eq!(one, ["input", "relu", "conv", "mix"]);
    // With one whole term there is nothing to mix.
    let (one, out) = names_of(&[Switch::Off, Switch::Whole]);
    assert_eq!((one, out), (vec!["input", "relu", "conv"], vec![Some(2)]));
    // Nothing is left of the output, and nothing runs.
    let (none, out) = names_of(&[Switch::Off, Switch::Off]);
    assert_eq!((none, out), (vec![], vec![None]));
}

#[test]
fn absence_spreads_but_sums_drop_it() {
    let mut b = Builder::new();
    let x = b.input(4);
    let mix = b.mix(&[(x, alt(0, 0))]);
    let relu = b.add(RELU, &[mix]);
    let sum = b.add(Kernel::Add, &[relu, x]);
    let pick = |candidate| Gate::Pick { of: DecisionId(1), pick: Pick { candidate, op: 0 } };
    let picks = b.mix(&[(relu, pick(0)), (x, pick(1))]);
    let lonely = b.add(Kernel::Add, &[picks]);
    let both = b.add(Kernel::Concat, &[sum, lonely]);
    b.output("out", both);
    b.aux("relu", relu);
    let graph = b.finish();
    let run = plan(&graph, &[Switch::Off, Switch::Whole], Mode::Train);
    // The first sum hands its one input on; the second is of picks that are absent: zeros.
    assert_eq!(names(&graph, &run), ["input", "add", "concat"]);
    assert!(run.step(1).inputs.is_empty());
    assert_eq!(run.outputs, [Some(2), None]);
    let run = plan(&graph, &[Switch::Whole, Switch::Whole], Mode::Train);
    assert_eq!(names(&graph, &run), ["input", "relu", "add", "concat"]);
    assert_eq!(run.outputs, [Some(3), Some(1)]);
}

#[test]
fn auxiliary_outputs_and_dropout_belong_to_training() {
    let mut b = Builder::new();
    let x = b.input(4);
    let y = b.add(Kernel::Dropout { rate_e9: 1 }, &[x]);
    let z = b.add(Kernel::Dropout { rate_e9: 1 }, &[x]);
    let out = b.add(Kernel::Mul, &[y, z]);
    b.output("out", out);
    let aux = b.add(conv(2, 1), &[x]);
    b.aux("aux", aux);
    let graph = b.finish();
    let train = plan(&graph, &[], Mode::Train);
    assert_eq!(names(&graph, &train), ["input", "dropout", "dropout", "mul", "conv"]);
    let eval = plan(&graph, &[], Mode::Eval);
    assert_eq!(names(&graph, &eval), ["input", "mul"]);
    assert_eq!(eval.outputs, [Some(1), None]);
}

#[test]
fn what_nothing_reads_runs_in_training_and_only_if_it_is_kept() {
    let mut b = Builder::new();
    let x = b.input(4);
    let unread = b.add(conv(2, 1), &[x]);
    let kept = b.add(conv(2, 3), &[x]);
    b.output("out", x);
    b.keep(kept);
    let graph = b.finish();
    let run = plan(&graph, &[], Mode::Train);
    assert!(run.steps().all(|step| step.node != unread));
    assert_eq!(names(&graph, &run), ["input", "conv"]);
    assert_eq!(run.step(1).free[..], [1]);
    assert_eq!(names(&graph, &plan(&graph, &[], Mode::Eval)), ["input"]);
}

#[test]
fn tied_weights_on_one_map_run_once() {
    let mut b = Builder::new();
    let x = b.input(4);
    let first = b.add(Kernel::Norm(Norm::DEFAULT), &[x]);
    let second = b.add_tied(first, &[x]);
    let sum = b.add(Kernel::Add, &[first, second]);
    b.output("out", sum);
    let graph = b.finish();
    for mode in [Mode::Eval, Mode::Train] {
        assert_eq!(names(&graph, &plan(&graph, &[], mode)), ["input", "bn", "add"]);
    }
}

#[test]
fn resizes_to_different_scales_are_different() {
    let mut b = Builder::new();
    let x = b.input(4);
    let sized = |b: &mut Builder, n| {
        let to = Target::Scale(Scale::Down(n));
        b.add(Kernel::Resize { to, interp: Interp::Nearest }, &[x])
    };
    let maps = [sized(&mut b, 2), sized(&mut b, 4), sized(&mut b, 2)];
    maps.iter().for_each(|map| b.output("out", *map));
    let graph = b.finish();
    assert_eq!(plan(&graph, &[], Mode::Eval).outputs, [Some(1), Some(2), Some(1)]);
}

#[test]
fn values_are_freed_after_their_last_use() {
    let mut b = Builder::new();
    let x = b.input(4);
    let y = b.add(conv(4, 1), &[x]);
    let z = b.add(RELU, &[y]);
    let sum = b.add(Kernel::Add, &[y, z]);
    b.output("out", sum);
    let graph = b.finish();
    let run = plan(&graph, &[], Mode::Eval);
    let free: Vec<&[ValueId]> = run.steps().map(|step| step.free).collect();
    assert_eq!(free, [&[] as &[ValueId], &[0], &[], &[1, 2]]);
    // The ReLU's input is read again by the sum, which may then take its memory.
    let in_place: Vec<bool> = run.steps().map(|step| step.in_place).collect();
    assert_eq!(in_place, [false, false, false, true]);
}

#[test]
fn nothing_is_written_over_what_views_still_show() {
    let mut b = Builder::new();
    let x = b.input(4);
    let of_input = b.add(RELU, &[x]);
    let y = b.add(conv(4, 1), &[of_input]);
    let view = b.add(Kernel::Slice { from: 0, len: 2 }, &[y]);
    let early = b.add(RELU, &[y]);
    let late = b.add(RELU, &[view]);
    let both = b.add(Kernel::Concat, &[early, late]);
    b.output("out", both);
    let graph = b.finish();
    let run = plan(&graph, &[], Mode::Eval);
    let overwriting: Vec<NodeId> =
        run.steps().filter(|step| step.in_place).map(|step| step.node).collect();
    // Not the caller's image, nor what `view` shows; after its last use, `view` itself.
    assert_eq!(overwriting, [late]);
}

#[test]
fn plans_are_deterministic() {
    let graph = choice();
    let of = || plan(&graph, &[Switch::Weighted; 2], Mode::Train);
    let (one, other) = (of(), of());
    assert!(one.steps().eq(other.steps()));
    assert_eq!(one.outputs, other.outputs);
}

#[test]
fn a_map_that_is_two_outputs_goes_when_both_are_done() {
    let peak = |twice: bool| {
        let mut b = Builder::new();
        let x = b.input(3);
        let y = b.add(conv(4, 3), &[x]);
        let y = b.add(RELU, &[y]);
        b.output("out", y);
        if twice {
            b.aux("aux", y);
        }
        memory::training_peak(&b.finish(), Size { h: 32, w: 32 }, 2).expect("it fits")
    };
    // Another logarithm, and the gradient that it begins with.
    let whole = 4 * 32 * 32 * 2 * 4;
    let more = peak(true) - peak(false);
    assert!((whole..3 * whole).contains(&more), "{more} of {whole}");
}

#[test]
fn of_equal_nodes_one_is_altered_alone() {
    let mut b = Builder::new();
    let x = b.input(3);
    let [one, other] = [(); 2].map(|()| b.add(RELU, &[x]));
    b.keep(other);
    let graph = b.finish();
    assert_eq!([one, other].map(|node| graph.node(node).keep), [false, true]);
}
