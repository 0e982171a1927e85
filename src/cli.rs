//! The command line: one file per subcommand. All printing, environment and exit codes live here
//! and in the engine's own `main`, which parses the same arguments for what needs libtorch.
//!
//! Results go to stdout, everything else to stderr. The exit code is 0 when the work is done, 1
//! when a spec is wrong, 2 for usage, files and the machine, 101 for a bug of segc, and 130 when
//! it was interrupted.

mod alike;
pub mod args;
mod check;
mod completions;
pub mod compute;
mod cost;
mod count;
mod data;
mod decode;
mod diff;
mod doc;
mod doctor;
mod explain;
pub mod failure;
mod files;
mod fmt;
mod graph;
pub mod json;
pub mod launch;
mod members;
pub mod memory;
mod new;
pub mod number;
pub mod plan;
pub mod read;
mod report;
pub mod score;
mod sizes;
mod spec;
pub mod term;
pub mod version;
pub mod write;

use crate::threads::{self, NoStack};
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};
use failure::Failure;
use std::ffi::OsString;
use std::process::ExitCode;
use term::{Colour, Term};

/// A compiler for segmentation networks and for spaces of them.
#[derive(Debug, Parser)]
#[command(name = "segc", disable_version_flag = true, after_help = EXIT_CODES)]
pub struct Cli {
    /// When to colour what is printed
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Colour,
    /// Print the version, with --verbose that of everything it stands on
    #[arg(short = 'V', long)]
    pub version: bool,
    /// Say more
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// What to do
    #[command(subcommand)]
    pub command: Option<Command>,
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 the spec is wrong, 2 usage, file or machine, \
                          101 a bug of segc, 130 interrupted.";

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a spec to begin with: a small space with its plans
    New(new::Args),
    /// Judge specs: every mistake at once; a summary of what is right
    Check(check::Args),
    /// Bring specs into their one layout
    Fmt(fmt::Args),
    /// Explain a code such as E0104, with a wrong example and a right one
    Explain(explain::Args),
    /// Count the members of a space, whole and per part
    Count(count::Args),
    /// List the members of a space by rank, or write them as specs
    Enumerate(members::Enumerate),
    /// Draw members of a space, each as likely as any other
    Sample(members::Sample),
    /// Params, MACs, memory and receptive field; bounds over a space
    Cost(cost::Args),
    /// Compare two specs: decisions, parts, costs
    Diff(diff::Args),
    /// Draw a network or a space
    Graph(graph::Args),
    /// Document a spec or the standard library, from its `///`
    Doc(doc::Args),
    /// Say what a search or a training will do, and what it takes: memory, time, disk
    Plan(compute::Plan),
    /// Search a space for its best network
    Search(compute::Search),
    /// Write the architecture that a search has reached
    Decode(decode::Args),
    /// Write a run as a page: curves, decisions, the network, examples, costs
    Report(report::Args),
    /// Train a network
    Train(compute::Train),
    /// Judge a trained network on a dataset
    Eval(compute::Eval),
    /// Write what a trained network sees in pictures: label ids, colours, overlays
    Infer(compute::Infer),
    /// Measure latency, throughput and memory of networks side by side
    Bench(compute::Bench),
    /// Make and describe datasets
    Data(data::Args),
    /// Say whether this machine has what the commands need
    Doctor(doctor::Args),
    /// Print the completion script of a shell
    Completions(completions::Args),
}

/// Parses the arguments, runs the command, and says how it went.
pub fn main() -> ExitCode {
    let command = || {
        failure::report_bugs();
        run(std::env::args_os().collect())
    };
    match threads::with_deep_stack(command) {
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(_)) => ExitCode::from(failure::BUG),
        Err(NoStack) => {
            eprintln!("segc: {NoStack}");
            ExitCode::from(failure::MACHINE)
        }
    }
}

fn run(argv: Vec<OsString>) -> u8 {
    let cli = match parse(&argv) {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let mut term = Term::new(cli.color);
    let result = dispatch(&cli, &argv, &mut term).and_then(|()| term.flush());
    match result {
        Ok(()) => failure::DONE,
        Err(failure) => failure.report(&term),
    }
}

/// The arguments; where they are none, what clap says is printed and the exit code comes back.
pub fn parse(argv: &[OsString]) -> Result<Cli, u8> {
    let cli = Cli::try_parse_from(argv).map_err(|error| {
        // Nobody is left to tell when this fails.
        let _ = error.print();
        match error.kind() {
            ErrorKind::DisplayHelp => failure::DONE,
            _ => failure::MACHINE,
        }
    })?;
    if cli.command.is_none() && !cli.version {
        eprint!("{}", Cli::command().render_help());
        return Err(failure::MACHINE);
    }
    Ok(cli)
}

fn dispatch(cli: &Cli, argv: &[OsString], term: &mut Term) -> Result<(), Failure> {
    let Some(command) = cli.command.as_ref().filter(|_| !cli.version) else {
        return version::run(cli.verbose, term);
    };
    match command {
        Command::New(args) => new::run(args, term),
        Command::Check(args) => check::run(args, term),
        Command::Fmt(args) => fmt::run(args, term),
        Command::Explain(args) => explain::run(args, term),
        Command::Count(args) => count::run(args, term),
        Command::Enumerate(args) => members::enumerate(args, term),
        Command::Sample(args) => members::sample(args, term),
        Command::Cost(args) => cost::run(args, term),
        Command::Diff(args) => diff::run(args, cli.verbose, term),
        Command::Doc(args) => doc::run(args, term),
        Command::Decode(args) => decode::run(args, term),
        Command::Graph(args) => graph::run(args, term),
        Command::Report(args) => report::run(args, term),
        Command::Data(args) => data::run(args, term),
        Command::Doctor(args) => doctor::run(args, term),
        Command::Completions(args) => completions::run(args, term),
        Command::Plan(args) => plan::run(args, argv, term),
        Command::Search(_)
        | Command::Train(_)
        | Command::Eval(_)
        | Command::Infer(_)
        | Command::Bench(_) => compute::hand_over(argv),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_consistent() {
        Cli::command().debug_assert();
    }
}
