//! Finished networks prepared for inference against plain tch calls, in one run, in turn:
//! `cargo bench -p segc-engine --bench infer -- FILE… [--input HxW] [--runs N]`.
//!
//! Plain: columns innermost, nothing folded, call by call, as one writes it by hand (`plain.rs`). All
//! keep freed memory, and run in one process.

mod plain;

use plain::Plain;
use segc::cli::read::judge;
use segc_engine::exec::inference::{Choice, Prepared};
use segc_engine::exec::{Executor, Layout, Mode, Options, Wanted};
use segc_engine::torch;
use std::path::{Path, PathBuf};
use std::time::Instant;
use tch::{Device, Kind, Tensor};

fn main() {
    torch::start().expect("the process can be prepared");
    let (mut files, mut input, mut runs) = (vec![], [1, 3, 512, 1024], 10);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--input" => {
                let text = args.next().unwrap_or_default();
                let sides: Vec<i64> = text.split('x').filter_map(|s| s.parse().ok()).collect();
                assert_eq!(sides.len(), 2, "--input HxW");
                input = [1, 3, sides[0], sides[1]];
            }
            "--runs" => runs = args.next().and_then(|n| n.parse().ok()).expect("--runs N"),
            "--bench" => {}
            _ => files.push(PathBuf::from(arg)),
        }
    }
    for file in files {
        // Cargo runs this in the package's folder; what was typed is meant from the workspace's.
        let from = if file.exists() { file.clone() } else { Path::new("..").join(&file) };
        let judged = judge(&from, &[]).expect("it can be read");
        for (name, net) in &judged.space.nets {
            compare(&format!("{} {name}", file.display()), &net.graph, input, runs);
        }
    }
}

/// A way to compute the same.
type Way<'w> = (&'static str, Box<dyn Fn() -> Tensor + 'w>);

fn compare(name: &str, graph: &segc::ir::DecisionGraph, input: [i64; 4], runs: u32) {
    if !graph.leaves.is_empty() {
        println!("{name}: not finished");
        return;
    }
    let network = |layout| {
        Executor::new(graph, Options { layout, ..Options::default() }).expect("names differ")
    };
    let (rows, last) = (network(Layout::Contiguous), network(Layout::ChannelsLast));
    let image = Tensor::randn(input.as_slice(), (Kind::Float, Device::Cpu));
    let calls = Plain::new(&rows);
    let prepared = Prepared::new(&last, &[], &image, Choice::Measured).expect("it runs");
    let by = |network: &Executor<'_>| {
        let pass = network.forward(&[image.shallow_clone()], &[], Mode::Eval, Wanted::Nothing);
        pass.expect("it runs").outputs.swap_remove(0).value
    };
    let ways: Vec<Way<'_>> = vec![
        ("plain calls", Box::new(|| calls.forward(&image))),
        ("executor, contiguous", Box::new(|| by(&rows))),
        ("executor, channels last", Box::new(|| by(&last))),
        ("prepared", Box::new(|| prepared.forward(&image).expect("it runs").swap_remove(0).value)),
    ];
    println!("{name}, {input:?}, {} threads", torch::process::threads());
    let want = ways[0].1();
    for (name, way) in &ways {
        let off = (way() - &want).abs().max().double_value(&[]);
        let scale = want.abs().max().double_value(&[]);
        assert!(off <= 1e-3 * scale, "{name} computes something else: {off} of {scale}");
    }
    torch::memory::keep_all(true);
    ways.iter().for_each(|(_, way)| drop(way()));
    report(&ways, runs);
}

/// Runs all ways in turn and prints how long they took.
fn report(ways: &[Way<'_>], runs: u32) {
    let mut took: Vec<Vec<f64>> = vec![vec![]; ways.len()];
    for _ in 0..runs {
        for ((_, way), took) in ways.iter().zip(&mut took) {
            let begun = Instant::now();
            drop(std::hint::black_box(way()));
            took.push(begun.elapsed().as_secs_f64() * 1e3);
        }
    }
    let mut first = None;
    for ((name, _), took) in ways.iter().zip(&mut took) {
        took.sort_by(f64::total_cmp);
        let at = |share: f64| took[(share * (took.len() - 1) as f64).ceil() as usize];
        let (median, p95, least) = (at(0.5), at(0.95), at(0.0));
        let plain = *first.get_or_insert((median, least));
        println!(
            "  {name:24} median {median:8.1} ms  p95 {p95:8.1} ms  min {least:8.1} ms  plain/this \
             {:5.2} at the median, {:5.2} at the least",
            plain.0 / median,
            plain.1 / least
        );
    }
}
