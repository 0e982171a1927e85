//! Finished networks prepared for inference against plain tch calls, in one run, in turn:
//! `cargo bench -p segc-engine --bench infer -- FILE… [--input HxW] [--runs N]`.
//!
//! Plain: columns innermost, nothing folded, kernel by kernel. All keep freed memory.

use segc::cli::read::judge;
use segc_engine::exec::bench::{Amount, How, Settings, Subject, bench};
use segc_engine::exec::{Executor, Layout, Options};
use segc_engine::torch;
use std::path::PathBuf;

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
        let judged = judge(&file, &[]).expect("it can be read");
        for (name, net) in &judged.space.nets {
            compare(&format!("{} {name}", file.display()), &net.graph, input, runs);
        }
    }
}

fn compare(name: &str, graph: &segc::ir::DecisionGraph, input: [i64; 4], runs: u32) {
    if !graph.leaves.is_empty() {
        println!("{name}: not finished");
        return;
    }
    let network = |layout| {
        Executor::new(graph, Options { layout, ..Options::default() }).expect("names differ")
    };
    let (plain, last) = (network(Layout::Contiguous), network(Layout::ChannelsLast));
    let subject =
        |name: &str, network, how| Subject { name: name.into(), network, states: &[], input, how };
    let subjects = [
        subject("plain", &plain, How::Plain),
        subject("channels last", &last, How::Plain),
        subject("prepared", &last, How::Prepared),
    ];
    let settings = Settings { warm_up: 2, amount: Amount::Runs(runs) };
    let timings = bench(&subjects, settings, &mut |_| {}).expect("they run");
    println!("{name}, {input:?}, {} threads", torch::process::threads());
    for timing in &timings {
        println!(
            "  {:14} median {:8.1} ms  p95 {:8.1} ms  min {:8.1} ms  {:5.2}x at the median  {:?} bytes",
            timing.name,
            timing.median_ms,
            timing.p95_ms,
            timing.min_ms,
            timings[0].median_ms / timing.median_ms,
            timing.peak_bytes,
        );
    }
}
