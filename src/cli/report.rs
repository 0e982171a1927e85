//! `segc report`: a run as one HTML file that needs nothing else. It is made from the files of the
//! run alone, so that it takes no libtorch and no time.

mod curves;
mod decisions;
mod environment;
mod network;
mod outcome;
mod page;
mod story;
mod trellis;

use super::failure::Failure;
use super::number::bytes;
use super::read;
use super::term::Term;
use super::write;
use std::path::PathBuf;
use story::Story;

/// Arguments of `segc report`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The folder of a search or a training, finished or not
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// The page to write; `-` writes to standard output [default: RUN/report.html]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The page's name in the run's folder.
const PAGE: &str = "report.html";

pub(super) fn run(args: &Args, term: &mut Term) -> Result<(), Failure> {
    let story = Story::read(&args.run, term)?;
    let text = page::page(&story)?.into_string() + "\n";
    let out = args.out.clone().unwrap_or_else(|| args.run.join(PAGE));
    if read::is_stdin(&out) {
        return term.text(&text);
    }
    write::whole(&out, text.as_bytes())?;
    let done = term.paint.green("wrote");
    let size = bytes(text.len() as u64);
    term.line(format!("{done} {}, {size}: {}", out.display(), story.headline()))
}
