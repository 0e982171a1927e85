//! The law of the same function, for any space: its supernet forced to a member, the member, and the
//! network that the spec describes which is written for it give the same outputs.

use segc::diag::Sink;
use segc::emit::spec;
use segc::ir::inherit::origins;
use segc::ir::kernel::{Kernel, Role};
use segc::ir::{Binding, DecisionGraph, member};
use segc::search::leaf::of_member;
use segc::sema::{self, Program, Space};
use segc_engine::exec::{Executor, Mode, Options, Pass, Wanted, state};
use std::collections::BTreeSet;
use tch::{Device, Kind, Tensor};

/// What was compared.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    /// Outputs that are not zeros throughout.
    pub(crate) outputs: usize,
    /// The kernels that ran in supernets, by name.
    pub(crate) ran: BTreeSet<&'static str>,
    /// Weight sets that the written spec calls otherwise than the space.
    pub(crate) renamed: usize,
}

/// Compares one member of one network of a space, in training and in evaluation.
pub(crate) fn compare(
    (program, space): (&Program, &Space),
    net: &str,
    binding: &Binding,
    size: [i64; 2],
    compared: &mut Compared,
) {
    let open = without_chance(&space.nets[net].graph);
    let text = spec::text(program, space, binding, net, &[]);
    let written = without_chance(&read(&text).nets[net].graph);
    let closed = member(&open, binding);
    let names = origins(&open, binding, &written).expect("what is written is the member");
    let own = origins(&open, binding, &closed).expect("the member is itself");
    let read = weight_sets(&member(&written, &Binding(vec![])));
    compared.renamed += names.iter().filter(|(own, from)| own != from).count();
    let supernet = executor(&open, 0);
    let (child, heir) = (executor(&closed, 1), executor(&written, 2));
    let states = of_member(&open.leaves, binding);
    let x = Tensor::randn([2, 3, size[0], size[1]], (Kind::Double, Device::Cpu));
    for mode in [Mode::Train, Mode::Eval] {
        disturb(&supernet);
        let weights = state::named(&supernet);
        let given = state::inherited(&weights, &own, &closed).expect("there is memory");
        state::copy(&child, &given).expect("shapes agree");
        let inherited = state::inherited(&weights, &names, &written).expect("there is memory");
        let matched = state::compare(&heir, &inherited);
        assert!(matched.unknown.is_empty() && matched.reshaped.is_empty(), "{matched}\n{text}");
        // What nothing reads is not of the member, and is not inherited.
        let left = matched.missing.iter().find(|name| read.iter().any(|set| has(set, name)));
        assert_eq!(left, None, "{text}");
        state::copy(&heir, &inherited).expect("shapes agree");
        let images = [x.shallow_clone()];
        let run = |network: &Executor<'_>, states: &[_]| {
            network.forward(&images, states, mode, Wanted::Nothing).expect("it runs")
        };
        let want = run(&supernet, &states);
        let what = format!("{net}, {binding:?}, {mode:?}:\n{text}");
        compared.outputs += agree(&run(&child, &[]), &want, &format!("member of {what}"));
        compared.outputs += agree(&run(&heir, &[]), &want, &format!("spec of {what}"));
    }
    note_kernels(&open, &states, compared);
}

/// Names of weight sets that kernels apply.
fn weight_sets(graph: &DecisionGraph) -> BTreeSet<String> {
    let used = graph.graph.node_weights().filter_map(|node| node.weights);
    used.map(|id| graph.weight_name(id)).collect()
}

/// Whether a tensor is one of a weight set's.
fn has(set: &str, tensor: &str) -> bool {
    tensor.rsplit_once('.').is_some_and(|(of, _)| of == set)
}

/// Asserts that two passes agree; how many of their outputs are not zeros.
fn agree(got: &Pass, want: &Pass, what: &str) -> usize {
    assert_eq!(got.outputs.len(), want.outputs.len(), "{what}");
    let mut counted = 0;
    for (got, want) in got.outputs.iter().zip(&want.outputs) {
        assert_eq!((&got.name, got.aux), (&want.name, want.aux), "{what}");
        let scale = want.value.abs().max().double_value(&[]);
        let off = (&got.value - &want.value).abs().max().double_value(&[]);
        assert!(off <= 1e-9 * scale, "{off} of {scale}: {what}");
        // A member may be zeros throughout.
        counted += usize::from(scale > 0.0);
    }
    counted
}

fn note_kernels(
    graph: &DecisionGraph,
    states: &[segc::search::LeafState],
    compared: &mut Compared,
) {
    let switches: Vec<_> = states.iter().map(|state| state.switch()).collect();
    let plan = segc::supernet::plan(graph, &switches, Mode::Train);
    compared.ran.extend(plan.steps().map(|step| graph.node(step.node).kernel.name()));
}

/// A spec that has to be right.
pub(crate) fn read(text: &str) -> Space {
    let mut diags = Sink::default();
    let program = sema::load("written.seg", None, text, &[], &mut diags);
    let space = sema::analyse(&program, &mut diags);
    assert!(!diags.has_errors(), "{:?}\n{text}", diags.finish());
    space
}

/// What chance drops cannot be compared.
fn without_chance(graph: &DecisionGraph) -> DecisionGraph {
    let mut graph = graph.clone();
    for id in graph.graph.node_indices() {
        graph.alter(id, |form| {
            if let Kernel::Dropout { rate_e9 } = &mut form.kernel {
                *rate_e9 = 0;
            }
        });
    }
    graph
}

/// In double precision: in single, norms of a few pixels enlarge what kernels round differently on
/// another processor.
fn executor(graph: &DecisionGraph, seed: u64) -> Executor<'_> {
    let options = Options { seed, kind: Kind::Double, ..Options::default() };
    Executor::new(graph, options).expect("names differ")
}

/// Running statistics as if the network had seen something.
fn disturb(network: &Executor<'_>) {
    for param in network.params() {
        let around = match param.role {
            Role::RunningMean => 0.0,
            Role::RunningVar => 1.0,
            _ => continue,
        };
        let wave = |at: i64| ((at as usize + param.name.len()) as f64 * 0.7).sin() * 0.3 + around;
        let values: Vec<f64> = (0..param.tensor.numel() as i64).map(wave).collect();
        param.tensor.shallow_clone().copy_(&Tensor::from_slice(&values));
    }
}
