//! What was measured, as tables and as a document.

use super::Entry;
use crate::exec::bench::{How, Timing};
use crate::torch::process;
use segc::chart::front;
use segc::cli::args::Input;
use segc::cli::compute::{Bench, Precision};
use segc::cli::failure::Failure;
use segc::cli::number::grouped;
use segc::cli::term::{Rows, Term};
use segc::cost::Costs;
use serde::Serialize;

/// One network at one input, measured.
pub(super) struct Measured<'a> {
    pub(super) entry: &'a Entry<'a>,
    pub(super) input: Input,
    pub(super) costs: Costs,
    pub(super) timing: Timing,
}

/// All that was measured, and how.
pub(super) struct Report<'a> {
    pub(super) all: Vec<Measured<'a>>,
    /// Whether each is one that no other beats in both mIoU and latency, among those of its input
    /// whose score is known.
    pub(super) best: Vec<bool>,
    /// Where, on how many threads, in which precision: `cpu, 2 threads, fp32`.
    pub(super) machine: String,
    device: String,
    precision: &'static str,
    warm_up: u32,
}

/// A row of the document.
#[derive(Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    timing: &'a Timing,
    file: &'a str,
    net: &'a str,
    macs: u64,
    miou: Option<f64>,
    /// Whether no other beats it.
    front: bool,
}

impl<'a> Report<'a> {
    pub(super) fn of(all: Vec<Measured<'a>>, args: &Bench) -> Report<'a> {
        let (device, threads) = (args.machine.device().to_string(), process::threads());
        let precision = match args.precision {
            Precision::Fp32 => "fp32",
            Precision::Fp16 => "fp16",
            Precision::Bf16 => "bf16",
        };
        let best = best(&all);
        let threads = if threads == 1 { "1 thread".into() } else { format!("{threads} threads") };
        let machine = format!("{device}, {threads}, {precision}");
        Report { all, best, machine, device, precision, warm_up: args.warm_up }
    }

    /// The inputs, each once, in their order.
    pub(super) fn inputs(&self) -> Vec<Input> {
        let mut inputs: Vec<Input> = Vec::new();
        for measured in &self.all {
            if !inputs.contains(&measured.input) {
                inputs.push(measured.input);
            }
        }
        inputs
    }

    /// The networks by name, each once, in their order.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for measured in &self.all {
            let name = measured.name();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    pub(super) fn human(&self, term: &mut Term) -> Result<(), Failure> {
        term.table(&self.table())?;
        if let Some(by_size) = self.by_size() {
            term.line("")?;
            term.table(&by_size)?;
        }
        term.line(term.paint.dim(self.footer()))
    }

    pub(super) fn markdown(&self, term: &mut Term) -> Result<(), Failure> {
        term.text(&self.table().markdown())?;
        if let Some(by_size) = self.by_size() {
            term.line("")?;
            term.text(&by_size.markdown())?;
        }
        term.line("")?;
        term.line(self.footer())
    }

    pub(super) fn json(&self, term: &mut Term) -> Result<(), Failure> {
        let row = |(measured, front)| row(measured, front);
        let rows: Vec<Row<'_>> = self.all.iter().zip(self.best.iter().copied()).map(row).collect();
        segc::cli::json::print(
            "segc.bench/1",
            &serde_json::json!({
                "segc": env!("CARGO_PKG_VERSION"),
                "libtorch": process::version(),
                "device": self.device,
                "threads": process::threads(),
                "precision": self.precision,
                "warm_up": self.warm_up,
                "results": rows,
            }),
            term,
        )
    }

    fn footer(&self) -> String {
        let runs = self.all.first().map_or(0, |measured| measured.timing.runs);
        let scored = if self.is_scored() { "; * no other is both faster and better" } else { "" };
        format!("{}; {runs} runs of each in turn, {} before{scored}", self.machine, self.warm_up)
    }

    /// Whether some score is known.
    pub(super) fn is_scored(&self) -> bool {
        self.all.iter().any(|measured| measured.entry.score.is_some())
    }

    /// A row for each network and input.
    fn table(&self) -> Rows {
        let head = [
            "network",
            "input",
            "median ms",
            "p95",
            "FPS",
            "params",
            "MACs",
            "peak memory",
            "mIoU",
        ];
        let scored = self.is_scored();
        let columns = if scored { head.len() } else { head.len() - 1 };
        let aligned: String = "llrrrrrrr".chars().take(columns).collect();
        let mut rows = Rows::headed(aligned, &head[..columns]);
        for (measured, best) in self.all.iter().zip(&self.best) {
            let mut row = measured.row();
            if scored {
                let mark = if *best { " *" } else { "" };
                let score = measured.entry.score.map(|s| format!("{:.1} %{mark}", 100.0 * s));
                row.push(score.unwrap_or_else(|| "-".to_owned()));
            }
            rows.push_all(row);
        }
        rows
    }

    /// Milliseconds by network and input, where there are several inputs.
    fn by_size(&self) -> Option<Rows> {
        let inputs = self.inputs();
        if inputs.len() < 2 {
            return None;
        }
        let mut head = vec!["median ms".to_owned()];
        head.extend(inputs.iter().map(ToString::to_string));
        let head: Vec<&str> = head.iter().map(String::as_str).collect();
        let aligned = format!("l{}", "r".repeat(inputs.len()));
        let mut rows = Rows::headed(aligned, &head);
        for name in self.names() {
            let at = |input: &Input| {
                let here = |m: &&Measured<'_>| m.name() == name && m.input == *input;
                let found = self.all.iter().find(here);
                found.map_or("-".to_owned(), |m| format!("{:.2}", m.timing.median_ms))
            };
            let cells: Vec<String> = inputs.iter().map(at).collect();
            rows.push_all([vec![name.clone()], cells].concat());
        }
        Some(rows)
    }
}

impl Measured<'_> {
    /// What it is called: of two ways of running it, each has its own name.
    pub(super) fn name(&self) -> String {
        match self.timing.how {
            How::Prepared => self.timing.name.clone(),
            How::Plain => format!("{}, plain calls", self.timing.name),
        }
    }

    fn row(&self) -> Vec<String> {
        let timing = &self.timing;
        let memory = timing.peak_bytes.map(|bytes| format!("{:.1} MB", bytes as f64 / 1e6));
        vec![
            self.name(),
            self.input.to_string(),
            format!("{:.2}", timing.median_ms),
            format!("{:.2}", timing.p95_ms),
            format!("{:.1}", timing.fps),
            grouped(timing.params),
            grouped(self.costs.macs),
            memory.unwrap_or_else(|| "-".to_owned()),
        ]
    }
}

fn row<'m>(measured: &'m Measured<'_>, front: bool) -> Row<'m> {
    Row {
        timing: &measured.timing,
        file: &measured.entry.judged.name,
        net: measured.entry.net,
        macs: measured.costs.macs,
        miou: measured.entry.score,
        front,
    }
}

/// Which of the scored ones no other of the same input beats in both mIoU and latency.
fn best(all: &[Measured<'_>]) -> Vec<bool> {
    let mut best = vec![false; all.len()];
    for measured in all {
        let here = |m: &Measured<'_>| m.input == measured.input;
        let rivals = all.iter().enumerate().filter(|(_, m)| here(m));
        let rivals: Vec<(usize, (f64, f64))> =
            rivals.filter_map(|(at, m)| Some((at, (m.timing.median_ms, m.entry.score?)))).collect();
        let points: Vec<(f64, f64)> = rivals.iter().map(|(_, point)| *point).collect();
        for at in front(&points) {
            best[rivals[at].0] = true;
        }
    }
    best
}
