//! `segc bench`: latency, throughput and memory of finished networks side by side.

mod picture;
mod report;
mod scores;

use super::{failed, machine, need, progress, spec};
use crate::exec::bench::{Amount, How, Settings, Subject, Timing, bench};
use crate::exec::executor::{Executor, Options};
use crate::torch::memory;
use report::{Measured, Report};
use segc::cli::args::Input;
use segc::cli::compute::{Bench, Precision, Tables};
use segc::cli::failure::Failure;
use segc::cli::read::{self, Judged};
use segc::cli::term::Term;
use segc::cli::write;
use segc::cost::{self, Costs};
use segc::ir::{DecisionGraph, Size};
use tch::{Device, Kind};

/// How a network did in one comparison.
pub(super) struct Latency {
    pub(super) median_ms: f64,
    pub(super) p95_ms: f64,
}

/// A network of a spec.
pub(super) struct Entry<'a> {
    judged: &'a Judged,
    net: &'a str,
    graph: &'a DecisionGraph,
    /// What it is called beside others.
    label: String,
    /// Its mIoU, a fraction of 1, where it is known.
    score: Option<f64>,
}

/// A network at an input, in one way of running it.
struct Case {
    entry: usize,
    input: Input,
    how: How,
    costs: Costs,
}

pub(super) fn run(args: &Bench, term: &mut Term) -> Result<(), Failure> {
    let mut all = Vec::new();
    for file in &args.files {
        all.push(spec::read(file, &args.set, term)?);
    }
    let mut entries = entries(&all, args)?;
    scores::give(&mut entries, &args.score)?;
    let cases = cases(&entries, args)?;
    if args.svg.is_some() {
        picture::possible(&entries, &cases)?;
    }
    let device = machine(&args.machine)?;
    let kind = kind(args.precision, device)?;
    // Where nobody can count, nothing is said of memory.
    let _ = memory::count_cpu();
    room(&entries, &cases, args)?;
    let options = Options { device, kind, ..Options::default() };
    let networks = entries
        .iter()
        .map(|entry| Executor::new(entry.graph, options).map_err(failed))
        .collect::<Result<Vec<_>, Failure>>()?;
    let timings = measure(&entries, &cases, &networks, settings(args))?;
    let measured = cases.iter().zip(timings).map(|(case, timing)| {
        let (entry, costs) = (&entries[case.entry], case.costs);
        Measured { entry, input: case.input, costs, timing }
    });
    let report = Report::of(measured.collect(), args);
    if let Some(file) = &args.svg {
        write::whole(file, picture::of(&report).as_bytes())?;
    }
    match args.format {
        Tables::Json => report.json(term),
        Tables::Human => report.human(term),
        Tables::Markdown => report.markdown(term),
    }
}

/// The networks that are compared, each with a name that no other has.
fn entries<'a>(all: &'a [Judged], args: &Bench) -> Result<Vec<Entry<'a>>, Failure> {
    let mut entries = Vec::new();
    for judged in all {
        let (net, of) = spec::finished(judged, args.net.as_deref())?;
        let (graph, label) = (&of.graph, String::new());
        entries.push(Entry { judged, net, graph, label, score: None });
    }
    let nets: Vec<&str> = entries.iter().map(|entry| entry.net).collect();
    let stems: Vec<&str> = entries.iter().map(|entry| stem(entry)).collect();
    let folders: Vec<&str> = entries.iter().map(|entry| folder(entry)).collect();
    let files: Vec<&str> = entries.iter().map(|entry| entry.judged.name.as_str()).collect();
    let ways = [nets, stems, folders, files];
    let differ =
        |names: &&Vec<&str>| names.iter().enumerate().all(|(i, name)| !names[..i].contains(name));
    let labels = ways.iter().find(differ).unwrap_or(&ways[3]);
    let labels: Vec<String> = labels.iter().map(|name| (*name).to_owned()).collect();
    for (entry, label) in entries.iter_mut().zip(labels) {
        entry.label = label;
    }
    Ok(entries)
}

/// The name of a spec's file without folder and ending.
fn stem<'a>(entry: &Entry<'a>) -> &'a str {
    let name = std::path::Path::new(&entry.judged.name).file_stem();
    name.and_then(|stem| stem.to_str()).unwrap_or(&entry.judged.name)
}

/// The name of the folder that a spec's file lies in: that of the run where it is a run's.
fn folder<'a>(entry: &Entry<'a>) -> &'a str {
    let parent = std::path::Path::new(&entry.judged.name).parent();
    parent.and_then(|folder| folder.file_name()?.to_str()).unwrap_or(&entry.judged.name)
}

/// Every network at every input, first prepared, then plain where that is asked for. Inputs that do
/// not fit are found here, before anything is measured.
fn cases(entries: &[Entry<'_>], args: &Bench) -> Result<Vec<Case>, Failure> {
    let hows = if args.plain { vec![How::Prepared, How::Plain] } else { vec![How::Prepared] };
    let mut cases = Vec::new();
    for how in hows {
        for (at, entry) in entries.iter().enumerate() {
            for input in inputs(entry, args) {
                let question =
                    cost::Question { input: input.size, batch: input.batch, train: false };
                let costs = cost::exact(entry.graph, question).map_err(|problem| {
                    Failure::with_help(
                        format!("`{}` cannot take {input}: {problem}", entry.label),
                        "choose another `--input`; `segc check --input` shows where it goes wrong",
                    )
                })?;
                cases.push(Case { entry: at, input, how, costs });
            }
        }
    }
    Ok(cases)
}

/// Refuses to begin where there is too little memory.
fn room(entries: &[Entry<'_>], cases: &[Case], args: &Bench) -> Result<(), Failure> {
    let of = |case: &Case| entries.get(case.entry).map(|entry| (entry.graph, case.input));
    let subjects: Vec<_> = cases.iter().filter_map(of).collect();
    let pixels = |input: &Input| u64::from(input.batch) * input.size.area();
    let largest = subjects.iter().map(|(_, input)| *input).max_by_key(pixels);
    let Some(Input { batch, size, .. }) = largest else { return Ok(()) };
    let sizes: Vec<_> = subjects.iter().map(|(graph, input)| (*graph, input.size)).collect();
    let flag = |batch| format!("--input {}", Input { batch, ..Input::picture(size.h, size.w) });
    need::for_bench(&sizes, batch, &flag, &args.machine)
}

/// The inputs at which a network is measured.
fn inputs(entry: &Entry<'_>, args: &Bench) -> Vec<Input> {
    let planned = || read::planned_input(&entry.judged.space.plans, entry.net).0;
    let inputs = match args.inputs.is_empty() {
        true => vec![args.input.unwrap_or_else(planned)],
        false => args.inputs.clone(),
    };
    let batched = |input| match args.batch {
        Some(batch) => Input { batch: batch.get(), ..input },
        None => input,
    };
    inputs.into_iter().map(batched).collect()
}

/// The type of a precision, where a device has it.
fn kind(precision: Precision, device: Device) -> Result<Kind, Failure> {
    match (precision, device) {
        (Precision::Fp32, _) => Ok(Kind::Float),
        (Precision::Bf16, _) => Ok(Kind::BFloat16),
        (Precision::Fp16, Device::Cuda(_)) => Ok(Kind::Half),
        (Precision::Fp16, _) => Err(Failure::with_help(
            "the processor does not compute in fp16",
            "take `--precision bf16` or fp32, or a CUDA device: `--device cuda`",
        )),
    }
}

fn settings(args: &Bench) -> Settings {
    let amount = match (args.runs, args.seconds) {
        (Some(runs), _) => Amount::Runs(runs),
        (None, Some(seconds)) => Amount::Seconds(seconds),
        (None, None) => Settings::default().amount,
    };
    Settings { warm_up: args.warm_up, amount }
}

fn measure(
    entries: &[Entry<'_>],
    cases: &[Case],
    networks: &[Executor<'_>],
    settings: Settings,
) -> Result<Vec<Timing>, Failure> {
    let subject = |case: &Case| Subject {
        name: entries[case.entry].label.clone(),
        network: &networks[case.entry],
        states: &[],
        input: shape(&case.input),
        how: case.how,
    };
    let subjects: Vec<Subject<'_, '_>> = cases.iter().map(subject).collect();
    let bar = progress::rounds(settings.amount);
    let timings = bench(&subjects, settings, &mut |done| bar.show(done));
    bar.done();
    timings.map_err(failed)
}

fn shape(input: &Input) -> [i64; 4] {
    [input.batch, input.channels, input.size.h, input.size.w].map(i64::from)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fp16_is_refused_where_it_is_not_computed() {
        assert!(matches!(kind(Precision::Fp32, Device::Cpu), Ok(Kind::Float)));
        assert!(matches!(kind(Precision::Bf16, Device::Cpu), Ok(Kind::BFloat16)));
        assert!(matches!(kind(Precision::Fp16, Device::Cuda(0)), Ok(Kind::Half)));
        let refused = kind(Precision::Fp16, Device::Cpu).expect_err("no fp16").to_string();
        assert!(refused.contains("fp16"), "{refused}");
    }
}
