//! How fast a large space is asked: samples, enumeration, costs, counts, bounds.

use divan::Bencher;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use segc::cost::{self, CostTable, Question, Scratch};
use segc::diag::Sink;
use segc::ir::{self, Binding, Sampler, Size};
use segc::sema::{self, Space};
use std::path::Path;

fn main() {
    divan::main();
}

const ASKED: Question = Question { input: Size { h: 321, w: 321 }, batch: 1, train: false };

/// The spaces that are shipped, each with its network that is searched.
const SHIPPED: [(&str, &str); 5] = [
    ("auto_deeplab", "proxy"),
    ("autortnet", "autortnet"),
    ("compact_decoder", "compact"),
    ("quickstart", "quick"),
    ("rtseg", "rtseg"),
];

fn shipped(name: &str) -> Space {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("specs/{name}.seg"));
    let text = std::fs::read_to_string(&path).expect("the spec lies there");
    let mut diags = Sink::default();
    let program = sema::load(name, Some(&path), &text, &[], &mut diags);
    sema::analyse(&program, &mut diags)
}

/// The largest space among the specs.
fn large() -> Space {
    shipped("auto_deeplab")
}

/// Four nodes, six edges, five operators each.
const CELL: &str = "use std.ops.{avg_pool, cbr, skip, zero}
opset five { none = zero  skip  conv1 = cbr(1)  conv3 = cbr(3)  avg3 = avg_pool(3) }
net cell(image) {
  node a = image via five
  node b = sum(image via five, a via five)
  out sum(image via five, a via five, b via five)
}";

fn cell() -> Space {
    let mut diags = Sink::default();
    let program = sema::load("cell.seg", None, CELL, &[], &mut diags);
    let space = sema::analyse(&program, &mut diags);
    let mistakes: Vec<String> = diags.finish().iter().map(|d| format!("{d:?}")).collect();
    assert!(mistakes.is_empty(), "{mistakes:?}");
    space
}

fn bindings(space: &Space, n: usize) -> Vec<Binding> {
    let sampler = Sampler::of(space.decisions());
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    (0..n).filter_map(|_| sampler.sample(&mut rng)).collect()
}

#[divan::bench(sample_count = 10)]
fn samples_100_000(bencher: Bencher<'_, '_>) {
    let sampler = Sampler::of(large().decisions());
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    bencher.bench_local(|| (0..100_000).filter_map(|_| sampler.sample(&mut rng)).count());
}

#[divan::bench(sample_count = 10)]
fn enumerate_15_625(bencher: Bencher<'_, '_>) {
    let space = cell();
    bencher.bench_local(|| {
        let sampler = Sampler::of(space.decisions());
        assert_eq!(sampler.enumerate(&0u32.into()).count(), 15_625);
    });
}

#[divan::bench(sample_count = 3)]
fn count_15_625_with_distinct(bencher: Bencher<'_, '_>) {
    let space = cell();
    bencher.bench_local(|| ir::counts(space.decisions(), &space.nets["cell"].graph));
}

#[divan::bench(sample_count = 10)]
fn costs_of_10_000(bencher: Bencher<'_, '_>) {
    let space = large();
    let graph = &space.nets["proxy"].graph;
    let table = CostTable::of(space.decisions(), graph, ASKED).expect("it compiles");
    let (members, mut scratch) = (bindings(&space, 10_000), Scratch::default());
    bencher.bench_local(|| members.iter().map(|b| table.eval_with(b, &mut scratch).macs).max());
}

#[divan::bench(sample_count = 3)]
fn compile_costs(bencher: Bencher<'_, '_>) {
    let space = large();
    let graph = &space.nets["proxy"].graph;
    bencher.bench_local(|| CostTable::of(space.decisions(), graph, ASKED).expect("it compiles"));
}

#[divan::bench(args = SHIPPED, sample_count = 5)]
fn count_shipped(bencher: Bencher<'_, '_>, (spec, net): (&str, &str)) {
    let space = shipped(spec);
    bencher.bench_local(|| ir::counts(space.decisions(), &space.nets[net].graph));
}

#[divan::bench(args = SHIPPED, sample_count = 5)]
fn cost_shipped(bencher: Bencher<'_, '_>, (spec, net): (&str, &str)) {
    let space = shipped(spec);
    let graph = &space.nets[net].graph;
    let asked = Question { input: Size { h: 512, w: 1024 }, ..ASKED };
    bencher.bench_local(|| cost::bounds(space.decisions(), graph, asked).expect("it runs"));
}

#[divan::bench(sample_count = 10)]
fn member_and_key(bencher: Bencher<'_, '_>) {
    let space = large();
    let graph = &space.nets["proxy"].graph;
    let members = bindings(&space, 1);
    bencher.bench_local(|| ir::canonical_key(&ir::member(graph, &members[0])));
}
