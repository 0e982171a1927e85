//! Why a command stops early, and the exit code that says so.

use super::term::Term;
use crate::system::{plain, remedy, with_causes};
use std::fmt;
use std::io;
use std::path::Path;

/// Done.
pub const DONE: u8 = 0;
/// A spec is wrong.
pub const SPEC: u8 = 1;
/// Usage, a file, or the machine.
pub const MACHINE: u8 = 2;
/// A bug of segc.
pub const BUG: u8 = 101;
/// Interrupted: whatever can be gone on with is saved, nothing is half there.
pub const INTERRUPTED: u8 = 130;

/// Why a command stops early.
#[derive(Debug)]
pub enum Failure {
    /// A spec is wrong; its diagnostics are printed already.
    Spec,
    /// The question is wrong, or a file, or the machine.
    Machine {
        /// What is the matter.
        message: String,
        /// What to do about it.
        help: Option<String>,
    },
    /// The user asked to stop.
    Interrupted,
    /// Nobody reads our output any more, which is fine: `segc enumerate … | head`.
    Closed,
}

impl Failure {
    /// The question or the machine is wrong.
    pub fn machine(message: impl Into<String>) -> Failure {
        Failure::Machine { message: message.into(), help: None }
    }

    /// The same with a remedy.
    pub fn with_help(message: impl Into<String>, help: impl Into<String>) -> Failure {
        Failure::Machine { message: message.into(), help: Some(help.into()) }
    }

    /// The same, said of a file.
    #[must_use]
    pub fn of_file(self, path: &Path) -> Failure {
        match self {
            Failure::Machine { message, help } => {
                Failure::Machine { message: format!("`{}`: {message}", path.display()), help }
            }
            other => other,
        }
    }

    /// A file cannot be used; `doing` is `read`, `write`, …
    pub fn file(doing: &str, path: &Path, error: &io::Error) -> Failure {
        let message = format!("cannot {doing} `{}`: {}", path.display(), plain(error));
        Failure::Machine { message, help: remedy(error).map(str::to_owned) }
    }

    /// Prints what is to be said on stderr, and gives the exit code.
    pub fn report(&self, term: &Term) -> u8 {
        match self {
            Failure::Spec => SPEC,
            Failure::Closed => DONE,
            Failure::Interrupted => {
                eprintln!("stopped");
                INTERRUPTED
            }
            Failure::Machine { message, help } => {
                eprintln!("{} {message}", term.err.red("error:"));
                if let Some(help) = help {
                    eprintln!("{} {help}", term.err.cyan(" help:"));
                }
                MACHINE
            }
        }
    }
}

impl From<io::Error> for Failure {
    /// Of writing to stdout.
    fn from(error: io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::Closed,
            _ => Failure::machine(format!("cannot write the output: {}", plain(&error))),
        }
    }
}

impl From<crate::data::DataError> for Failure {
    fn from(error: crate::data::DataError) -> Failure {
        if matches!(error, crate::data::DataError::Stopped) {
            return Failure::Interrupted;
        }
        let help = miette::Diagnostic::help(&error).map(|h| h.to_string());
        Failure::Machine { message: with_causes(&error), help }
    }
}

impl From<super::launch::LaunchError> for Failure {
    fn from(error: super::launch::LaunchError) -> Failure {
        Failure::machine(with_causes(&error))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Spec => f.write_str("the spec is wrong"),
            Failure::Closed => f.write_str("the output is closed"),
            Failure::Interrupted => f.write_str("stopped"),
            Failure::Machine { message, .. } => f.write_str(message),
        }
    }
}

/// Asks for a report when segc breaks one of its own rules.
pub fn report_bugs() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        eprintln!("segc: this is a bug of segc, not of your spec. Please report it with the spec.");
        usual(info);
    }));
}
