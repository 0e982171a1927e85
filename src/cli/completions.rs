//! `segc completions SHELL`: what a shell needs to complete segc's arguments.

use super::failure::Failure;
use super::term::Term;
use clap::CommandFactory;

/// Arguments of `segc completions`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The shell
    shell: clap_complete::Shell,
}

pub(super) fn run(args: &Args, term: &mut Term) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::Cli::command(), "segc", &mut script);
    term.text(&String::from_utf8_lossy(&script))
}
