//! The law of honest costs: params and multiply-adds counted on the tensors that are there when a
//! network runs are those that are computed from its spec, to the last digit.

#![cfg(feature = "torch")]

#[path = "../../tests/generate/mod.rs"]
mod generate;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use segc::cli::read::{Judged, judge};
use segc::cost::{Question, exact};
use segc::ir::kernel::Kernel;
use segc::ir::sample::Sampler;
use segc::ir::{DecisionGraph, Size, member};
use segc_engine::exec::executor::Shapes;
use segc_engine::exec::{Executor, Mode, Options};
use std::collections::BTreeSet;
use std::path::Path;
use tch::{Device, Kind, Tensor};

/// The network of the file with the published cells, and its costs.
const PUBLISHED: &str = "../specs/published/auto_deeplab.seg";
const PARAMS: u64 = 10_147_427;
const MACS: u64 = 317_541_632_000;

/// Specs that are drawn, and members of each.
const SPECS: u64 = 60;
const MEMBERS: usize = 3;

fn executor(graph: &DecisionGraph) -> Executor<'_> {
    Executor::new(graph, Options::default()).expect("names differ")
}

/// The shapes that a finished network's steps meet on images of a size.
fn shapes(network: &Executor<'_>, n: i64, size: Size) -> Vec<Shapes> {
    let dims = [n, 3, size.h.into(), size.w.into()];
    let image = Tensor::zeros(dims, (Kind::Float, Device::Cpu));
    network.shapes(&[image], &[], Mode::Eval).expect("it runs")
}

/// Trainable numbers of all tensors of a network, and of those that took part in a run.
fn numbers(network: &Executor<'_>, ran: &[Shapes]) -> (u64, u64) {
    let graph = network.graph();
    let count = |tensors: &[Tensor]| -> u64 {
        let trained = tensors.iter().filter(|tensor| tensor.requires_grad());
        trained.map(|tensor| tensor.numel() as u64).sum()
    };
    let used: BTreeSet<_> = ran.iter().filter_map(|step| graph.graph[step.node].weights).collect();
    let all = network.tensors().into_iter().map(|t| count(std::slice::from_ref(t))).sum();
    (all, used.into_iter().map(|id| count(network.weight_set(id))).sum())
}

/// Multiply-adds: every number of a convolution's weight meets every cell of every image's result,
/// or of its input where the convolution is transposed. `area` reads off the cells of a shape.
fn macs(network: &Executor<'_>, ran: &[Shapes], area: impl Fn(usize, Option<usize>) -> i64) -> u64 {
    let graph = network.graph();
    let mut sum = 0;
    for (at, step) in ran.iter().enumerate() {
        let node = graph.node(step.node);
        let cells = match node.kernel {
            Kernel::Conv(_) => area(at, None),
            Kernel::Deconv(_) => area(at, Some(0)),
            _ => continue,
        };
        let id = node.weights.expect("it has weights");
        let weight = &network.weight_set(id)[0];
        let numbers = match graph.shape_of(id).sliced {
            // Of both sides, as many channels as the maps have.
            true => {
                let sides = weight.size()[2..].iter().product::<i64>();
                let groups = if weight.size()[1] == 1 { step.inputs[0][1] } else { 1 };
                step.output[1] * (step.inputs[0][1] / groups) * sides
            }
            false => weight.numel() as i64,
        };
        sum += u64::try_from(numbers * cells).expect("not negative");
    }
    sum
}

/// The shape of a step's result, or of one of its inputs.
fn shape(step: &Shapes, input: Option<usize>) -> &[i64] {
    input.map_or(&step.output, |input| &step.inputs[input])
}

fn counted(network: &Executor<'_>, n: i64, size: Size) -> (u64, u64, u64) {
    let ran = shapes(network, n, size);
    let area = |at: usize, input| match shape(&ran[at], input) {
        [n, _, h, w] => n * h * w,
        other => panic!("{other:?} is no map"),
    };
    let (all, used) = numbers(network, &ran);
    (all, used, macs(network, &ran, area))
}

fn published() -> Judged {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PUBLISHED);
    judge(&path, &[]).expect("it is shipped")
}

#[test]
fn the_published_network_costs_what_is_said() {
    let judged = published();
    let graph = &judged.space.nets["auto_deeplab"].graph;
    let network = executor(graph);
    let size = Size { h: 257, w: 513 };
    let question = Question { input: size, batch: 1, train: false };
    let said = exact(graph, question).expect("it fits");
    assert_eq!(counted(&network, 1, size), (said.params, said.params, said.macs));
    assert_eq!(said.params, PARAMS);
}

/// Rows and columns never meet in a kernel: at full size, the rows are counted on a narrow image
/// and the columns on a low one.
#[test]
fn the_published_network_costs_what_is_published_at_full_size() {
    let judged = published();
    let network = executor(&judged.space.nets["auto_deeplab"].graph);
    let rows = shapes(&network, 1, Size { h: 1024, w: 32 });
    let columns = shapes(&network, 1, Size { h: 32, w: 2048 });
    let area = |at: usize, input| shape(&rows[at], input)[2] * shape(&columns[at], input)[3];
    assert_eq!(macs(&network, &rows, area), MACS);
}

#[test]
fn drawn_members_cost_what_is_said() {
    let folder = tempfile::tempdir().expect("a folder for a while");
    let path = folder.path().join("main.seg");
    let (mut different, size) = (BTreeSet::new(), Size { h: 33, w: 50 });
    for number in 0..SPECS {
        let drawn = generate::spec(number);
        std::fs::write(folder.path().join("parts.seg"), drawn.parts).expect("it can be written");
        std::fs::write(&path, &drawn.main).expect("it can be written");
        let judged = judge(&path, &[]).expect("it can be read");
        let sampler = Sampler::of(judged.space.decisions());
        let mut rng = ChaCha8Rng::seed_from_u64(number);
        for binding in (0..MEMBERS).filter_map(|_| sampler.sample(&mut rng)) {
            let graph = member(&judged.space.nets["main"].graph, &binding);
            let question = Question { input: size, batch: 2, train: false };
            let Ok(said) = exact(&graph, question) else { continue };
            let counted = counted(&executor(&graph), 2, size);
            // What exists in training only is built too.
            let built = exact(&graph, Question { train: true, ..question }).map(|c| c.params_built);
            let said = (built.unwrap_or(0), said.params, said.macs);
            assert_eq!(counted, said, "spec {number}, {binding:?}:\n{}", drawn.main);
            different.insert(said);
        }
    }
    assert!(different.len() > 100, "{}", different.len());
}
