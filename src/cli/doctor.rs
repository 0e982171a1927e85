//! `segc doctor`: whether this machine has what the commands need, and what to do where not.

use super::args::Format;
use super::failure::Failure;
use super::launch;
use super::term::{Rows, Term};
use super::{json, number};
use crate::forecast::machine::{self, Bound, Room};
use serde::Serialize;
use std::process::Command;

/// Arguments of `segc doctor`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// How to report
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Serialize)]
struct Report {
    /// Whether everything that `segc` needs is there; a graphics card is none of it.
    ok: bool,
    findings: Vec<Finding>,
}

#[derive(Serialize)]
struct Finding {
    what: &'static str,
    ok: bool,
    found: String,
}

pub(super) fn run(args: &Args, term: &mut Term) -> Result<(), Failure> {
    let findings = vec![front_end(), engine(), processor(), memory(), graphics()];
    let ok = findings.iter().all(|f| f.ok || f.what == GRAPHICS);
    let report = Report { ok, findings };
    match args.format {
        Format::Json => json::print("segc.doctor/1", &report, term)?,
        Format::Human => print(&report, term)?,
    }
    if ok { Ok(()) } else { Err(Failure::machine("this machine lacks what computing needs")) }
}

const GRAPHICS: &str = "graphics";

fn print(report: &Report, term: &mut Term) -> Result<(), Failure> {
    let mut rows = Rows::plain("lll");
    for finding in &report.findings {
        let mark = if finding.ok { "ok" } else { "--" };
        rows.push([finding.what.into(), mark.into(), finding.found.clone()]);
    }
    term.table(&rows)
}

fn front_end() -> Finding {
    let found = format!("segc {}", super::version::VERSION);
    Finding { what: "front end", ok: true, found }
}

fn engine() -> Finding {
    if !cfg!(feature = "torch") {
        let found = "left out of this build: it reads, counts and draws".to_owned();
        return Finding { what: "engine", ok: true, found };
    }
    match launch::ready() {
        Ok(engine) => Finding { what: "engine", ok: true, found: engine.display().to_string() },
        Err(error) => Finding { what: "engine", ok: false, found: error.to_string() },
    }
}

fn processor() -> Finding {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Finding { what: "processor", ok: true, found: number::plural(cores, "core") }
}

/// What may be taken; where the system does not say, nothing is wrong.
fn memory() -> Finding {
    let found = match machine::room() {
        Some(Room { bytes, bound: Bound::Group }) => {
            format!("{} left of the limit of this control group", number::bytes(bytes))
        }
        Some(room) => format!("{} free", number::bytes(room.bytes)),
        None => "unknown".to_owned(),
    };
    Finding { what: "memory", ok: true, found }
}

fn graphics() -> Finding {
    let query = ["--query-gpu=name,memory.total", "--format=csv,noheader"];
    let output = Command::new("nvidia-smi").args(query).output().ok();
    let text = output.filter(|o| o.status.success()).map(|o| o.stdout).unwrap_or_default();
    let cards: Vec<String> =
        String::from_utf8_lossy(&text).lines().map(|line| line.trim().to_owned()).collect();
    match cards.is_empty() {
        true => Finding { what: GRAPHICS, ok: false, found: "no CUDA device: use cpu".into() },
        false => Finding { what: GRAPHICS, ok: true, found: cards.join("; ") },
    }
}
