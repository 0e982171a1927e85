//! The commands that compute: the same arguments as the front end parsed, the work behind them.

mod bench;
mod clock;
mod eval;
mod images;
mod infer;
mod interrupt;
mod looking;
mod need;
mod plan;
mod progress;
mod search;
mod seen;
mod spec;
mod teachers;
mod train;
mod versus;

use crate::exec::run::RunError;
use crate::exec::state::StateError;
use segc::cli::failure::{Failure, INTERRUPTED};
use segc::cli::term::Term;
use segc::cli::{Command, compute};
use segc::system::{remedy, with_causes};
use std::ffi::OsString;
use std::num::NonZeroU16;

/// How a command ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// The work is done.
    Done,
    /// It was asked to stop; what is there can be gone on with.
    Stopped,
}

/// Parses the arguments, runs the command, and gives the exit code.
pub fn main(argv: &[OsString]) -> i32 {
    let cli = match segc::cli::parse(argv) {
        Ok(cli) => cli,
        Err(code) => return i32::from(code),
    };
    let mut term = Term::new(cli.color);
    let result = run(cli.command.as_ref(), &mut term);
    let result = result.and_then(|ended| term.flush().map(|()| ended));
    match result {
        Ok(Ended::Done) => 0,
        Ok(Ended::Stopped) => i32::from(INTERRUPTED),
        Err(failure) => i32::from(failure.report(&term)),
    }
}

fn run(command: Option<&Command>, term: &mut Term) -> Result<Ended, Failure> {
    // A measurement has nothing to save, and is ended as the system ends processes.
    if !matches!(command, Some(Command::Bench(_))) {
        interrupt::listen();
    }
    match command {
        Some(Command::Plan(args)) => plan::run(args, term),
        Some(Command::Search(args)) => search::run(args, term),
        Some(Command::Train(args)) => train::run(args, term),
        Some(Command::Eval(args)) => eval::run(args, term).map(|()| Ended::Done),
        Some(Command::Infer(args)) => infer::run(args, term).map(|()| Ended::Done),
        Some(Command::Bench(args)) => bench::run(args, term).map(|()| Ended::Done),
        _ => Err(Failure::with_help(
            "segc-engine only computes",
            "call `segc`, which hands over to it where needed",
        )),
    }
}

/// Sets up the machine as asked; the device to compute on.
fn machine(args: &compute::Machine) -> Result<tch::Device, Failure> {
    let threads = NonZeroU16::new(args.threads().get().min(usize::from(u16::MAX)) as u16);
    let one = NonZeroU16::MIN;
    crate::torch::process::set_threads(threads.unwrap_or(one), one).map_err(failed)?;
    device(args)
}

/// The device to compute on.
fn device(args: &compute::Machine) -> Result<tch::Device, Failure> {
    let device = args.device().to_string();
    crate::torch::device(&device).map_err(|e| Failure::machine(e.to_string()))
}

/// Why weights cannot be used, with the remedy where there is one.
fn unloaded(error: StateError) -> Failure {
    run_ended(RunError::State(error))
}

/// Why a run ended, with the remedy where there is one.
fn run_ended(error: RunError) -> Failure {
    match error {
        RunError::Data(error) => error.into(),
        RunError::Stopped => Failure::Interrupted,
        error => match error.help() {
            Some(help) => Failure::with_help(error.to_string(), help),
            None => failed(error),
        },
    }
}

/// An error of the machine, in its own words and those of what caused it; with a remedy where the
/// system refused something that the user can give.
fn failed(error: impl std::error::Error) -> Failure {
    let mut help = None;
    let mut cause = error.source();
    while let Some(at) = cause {
        help = help.or(at.downcast_ref().and_then(remedy));
        cause = at.source();
    }
    Failure::Machine { message: with_causes(&error), help: help.map(str::to_owned) }
}
