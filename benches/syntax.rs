//! How long reading and printing take: `cargo bench -p segc --no-default-features --bench syntax`.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use segc::diag::Sink;
use segc::source::FileId;
use segc::syntax::{self, ast::File};

fn main() {
    divan::main();
}

/// A spec that has everything, as often as it takes to be so many bytes.
fn spec(bytes: usize) -> String {
    let one = include_str!("../specs/auto_deeplab.seg");
    let body = one.split_once("\n\n").map_or(one, |(_, body)| body);
    body.repeat(bytes / body.len() + 1)
}

fn parse(text: &str) -> File {
    let mut diags = Sink::default();
    let file = syntax::parse(FileId(0), black_box(text), &mut diags);
    assert!(!diags.has_errors());
    file
}

/// Whether the time grows as the text does.
#[divan::bench(args = [10_000, 100_000, 1_000_000, 10_000_000], sample_count = 10)]
fn parse_bytes(bencher: Bencher, bytes: usize) {
    let text = spec(bytes);
    bencher.counter(BytesCount::new(text.len())).bench(|| parse(&text));
}

#[divan::bench(args = [1_000, 10_000, 100_000], sample_count = 10)]
fn parse_items(bencher: Bencher, items: usize) {
    let text = "const F = 8\n".repeat(items);
    bencher.counter(BytesCount::new(text.len())).bench(|| parse(&text));
}

#[divan::bench(args = [1_000, 10_000, 100_000], sample_count = 10)]
fn report_mistakes(bencher: Bencher, items: usize) {
    let text = "const F 8\n".repeat(items);
    bencher.counter(BytesCount::new(text.len())).bench(|| {
        let mut diags = Sink::default();
        syntax::parse(FileId(0), black_box(&text), &mut diags);
        diags
    });
}

#[divan::bench(args = [10_000, 1_000_000], sample_count = 10)]
fn print_bytes(bencher: Bencher, bytes: usize) {
    let text = spec(bytes);
    let tree = parse(&text);
    bencher.counter(BytesCount::new(text.len())).bench(|| syntax::print(black_box(&tree)));
}

/// Texts in which every bracket could be read in several ways.
#[divan::bench(args = ["choose (", "choose 2 of (", "match (", "x[", "[", "f(a = ", "choose { a = "])]
fn nested_ninety_deep(bencher: Bencher, open: &str) {
    let text = format!("const x = {}1\n", open.repeat(90));
    bencher.bench(|| {
        let mut diags = Sink::default();
        syntax::parse(FileId(0), black_box(&text), &mut diags);
        diags
    });
}
