//! Why a command stops early, and the exit code that says so.

use super::term::Term;
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
        Failure::machine(format!("cannot {doing} `{}`: {}", path.display(), plain(error)))
    }

    /// Prints what is to be said on stderr, and gives the exit code.
    pub fn report(&self, term: &Term) -> u8 {
        match self {
            Failure::Spec => SPEC,
            Failure::Closed => DONE,
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
        let help = miette::Diagnostic::help(&error).map(|h| h.to_string());
        Failure::Machine { message: with_causes(&error), help }
    }
}

/// An error and what caused it, in one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut at = error.source();
    while let Some(cause) = at {
        let more = cause.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        at = cause.source();
    }
    text
}

/// The system's words without its number.
fn plain(error: &io::Error) -> String {
    let words = match error.kind() {
        io::ErrorKind::NotFound => "there is no such file",
        io::ErrorKind::IsADirectory => "it is a folder",
        io::ErrorKind::NotADirectory => "a part of the path is no folder",
        io::ErrorKind::PermissionDenied => "permission denied",
        io::ErrorKind::StorageFull => "the disk is full",
        _ => {
            let text = error.to_string();
            return text.split(" (os error").next().unwrap_or_default().to_lowercase();
        }
    };
    words.to_owned()
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
