//! `segc bench`: latency, throughput and memory of finished networks side by side.

use super::{failed, machine, need, spec};
use crate::exec::bench::{Amount, How, Settings, Subject, Timing, bench};
use crate::exec::executor::Executor;
use crate::torch::memory;
use segc::cli::args::{Format, Input};
use segc::cli::compute::Bench;
use segc::cli::failure::Failure;
use segc::cli::number::grouped;
use segc::cli::read::{self, Judged};
use segc::cli::term::{Rows, Term};
use segc::cost;
use segc::ir::{DecisionGraph, Size};
use tch::Device;

/// How a network did in one comparison.
pub(super) struct Latency {
    pub(super) median_ms: f64,
    pub(super) p95_ms: f64,
}

pub(super) fn run(args: &Bench, term: &mut Term) -> Result<(), Failure> {
    let mut all = Vec::new();
    for file in &args.files {
        all.push(spec::read(file, &args.set, term)?);
    }
    let device = machine(&args.machine)?;
    // Where nobody can count, nothing is said of memory.
    let _ = memory::count_cpu();
    let mut subjects = Vec::new();
    for judged in &all {
        let (name, net) = spec::finished(judged, args.net.as_deref())?;
        let (planned, _) = read::planned_input(judged, name);
        subjects.push((judged, name, &net.graph, args.input.unwrap_or(planned)));
    }
    room(&subjects, args)?;
    let networks = subjects
        .iter()
        .map(|(_, _, graph, _)| super::train::fresh(graph, device, 0))
        .collect::<Result<Vec<_>, Failure>>()?;
    let timings = measure(&subjects, &networks, args)?;
    match args.format {
        Format::Json => json(&subjects, &timings, term),
        Format::Human => table(&subjects, &timings, args, term),
    }
}

/// A network to be timed: its spec, its name, its graph, its input.
type Named<'a> = (&'a Judged, &'a str, &'a DecisionGraph, Input);

/// Refuses to begin where there is too little memory.
fn room(subjects: &[Named<'_>], args: &Bench) -> Result<(), Failure> {
    let sizes: Vec<_> = subjects.iter().map(|(_, _, graph, input)| (*graph, input.size)).collect();
    let (batch, size) = (subjects.iter().map(|(.., input)| (input.batch, input.size)))
        .max_by_key(|(batch, size)| u64::from(*batch) * size.area())
        .unwrap_or((1, Size { h: 1, w: 1 }));
    let flag = |batch| format!("--input {}", Input { batch, ..Input::picture(size.h, size.w) });
    need::for_bench(&sizes, batch, &flag, &args.machine)
}

fn measure(
    subjects: &[Named<'_>],
    networks: &[Executor<'_>],
    args: &Bench,
) -> Result<Vec<Timing>, Failure> {
    let amount = match (args.runs, args.seconds) {
        (Some(runs), _) => Amount::Runs(runs),
        (None, Some(seconds)) => Amount::Seconds(seconds),
        (None, None) => Settings::default().amount,
    };
    let hows = if args.plain { vec![How::Prepared, How::Plain] } else { vec![How::Prepared] };
    let mut all = Vec::new();
    for how in hows {
        for ((judged, name, _, input), network) in subjects.iter().zip(networks) {
            let label = match subjects.len() {
                1 => (*name).to_string(),
                _ => format!("{} {name}", judged.name),
            };
            all.push(Subject { name: label, network, states: &[], input: shape(input), how });
        }
    }
    bench(&all, Settings { amount, ..Settings::default() }, &mut |_| ()).map_err(failed)
}

fn shape(input: &Input) -> [i64; 4] {
    [input.batch, input.channels, input.size.h, input.size.w].map(i64::from)
}

fn table(
    subjects: &[Named<'_>],
    timings: &[Timing],
    args: &Bench,
    term: &mut Term,
) -> Result<(), Failure> {
    let head = ["network", "input", "median ms", "p95", "FPS", "params", "MACs", "peak memory"];
    let mut rows = Rows::headed("llrrrrrr", &head);
    for (timing, (_, _, graph, input)) in timings.iter().zip(subjects.iter().cycle()) {
        let question = cost::Question { input: input.size, batch: input.batch, train: false };
        let costs = cost::exact(graph, question).map_err(failed)?;
        let how = match timing.how {
            How::Prepared => "",
            How::Plain => ", plain calls",
        };
        rows.push([
            format!("{}{how}", timing.name),
            input.to_string(),
            format!("{:.2}", timing.median_ms),
            format!("{:.2}", timing.p95_ms),
            format!("{:.1}", timing.fps),
            grouped(timing.params),
            grouped(costs.macs),
            timing.peak_bytes.map_or("-".to_string(), |b| format!("{:.1} MB", b as f64 / 1e6)),
        ]);
    }
    term.table(&rows)?;
    let threads = crate::torch::process::threads();
    let runs = timings.first().map_or(0, |t| t.runs);
    let device = args.machine.device();
    term.line(term.paint.dim(format!("{device}, {threads} threads, {runs} runs of each in turn")))
}

fn json(subjects: &[Named<'_>], timings: &[Timing], term: &mut Term) -> Result<(), Failure> {
    let mut results = Vec::new();
    for (timing, (judged, name, graph, input)) in timings.iter().zip(subjects.iter().cycle()) {
        let question = cost::Question { input: input.size, batch: input.batch, train: false };
        let costs = cost::exact(graph, question).map_err(failed)?;
        let mut value = serde_json::to_value(timing).map_err(failed)?;
        value["file"] = judged.name.as_str().into();
        value["net"] = (*name).into();
        value["macs"] = costs.macs.into();
        results.push(value);
    }
    term.line(serde_json::json!({ "schema": "segc.bench/1", "results": results }))
}

/// Latencies of closed graphs at one size, one image at a time, measured in turn.
pub(super) fn latencies(
    graphs: &[&DecisionGraph],
    size: Size,
    device: Device,
) -> Result<Vec<Latency>, Failure> {
    let networks = graphs
        .iter()
        .map(|graph| super::train::fresh(graph, device, 0))
        .collect::<Result<Vec<_>, Failure>>()?;
    let subject = |network| Subject {
        name: String::new(),
        network,
        states: &[],
        input: shape(&Input::picture(size.h, size.w)),
        how: How::Prepared,
    };
    let subjects: Vec<Subject<'_, '_>> = networks.iter().map(subject).collect();
    let timings = bench(&subjects, Settings::default(), &mut |_| ()).map_err(failed)?;
    let latency = |t: Timing| Latency { median_ms: t.median_ms, p95_ms: t.p95_ms };
    Ok(timings.into_iter().map(latency).collect())
}
