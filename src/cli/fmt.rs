//! `segc fmt`: the one layout of a spec.

use super::failure::Failure;
use super::read;
use super::term::Term;
use super::write;
use crate::diag::{Diag, Sink};
use crate::source::{SourceFile, Sources};
use crate::syntax;
use std::path::{Path, PathBuf};

/// Arguments of `segc fmt`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The specs; `-` formats standard input to standard output
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Change nothing; name the files that are not formatted, and exit with 1 if there are any
    #[arg(long)]
    check: bool,
}

pub(super) fn run(args: &Args, term: &mut Term) -> Result<(), Failure> {
    let mut result = Ok(());
    for file in &args.files {
        match one(file, args.check, term) {
            // What cannot be read weighs more than what cannot be parsed.
            Err(failure @ Failure::Machine { .. }) => {
                if let Err(earlier) = std::mem::replace(&mut result, Err(failure))
                    && !matches!(earlier, Failure::Spec)
                {
                    earlier.report(term);
                }
            }
            Err(Failure::Spec) if result.is_ok() => result = Err(Failure::Spec),
            Err(Failure::Spec) | Ok(()) => {}
            Err(other @ (Failure::Closed | Failure::Interrupted)) => return Err(other),
        }
    }
    result
}

fn one(path: &Path, check: bool, term: &mut Term) -> Result<(), Failure> {
    let name = if read::is_stdin(path) { "<stdin>".into() } else { path.display().to_string() };
    let text = match String::from_utf8(read::bytes(path)?) {
        Ok(text) => text,
        Err(error) => {
            let mistake = read::not_text(&name, error.utf8_error().valid_up_to());
            return Err(refuse(&[mistake], &Sources::default(), term));
        }
    };
    let formatted = format(&name, &text, term)?;
    match (check, read::is_stdin(path)) {
        (true, _) if formatted == text => Ok(()),
        (true, _) => {
            term.line(name)?;
            Err(Failure::Spec)
        }
        (false, true) => term.text(&formatted),
        // A file that is right keeps its time of change.
        (false, false) if formatted == text => Ok(()),
        (false, false) => write::whole(path, formatted.as_bytes()),
    }
}

/// The text in its one layout; a text that cannot be parsed is left alone.
fn format(name: &str, text: &str, term: &Term) -> Result<String, Failure> {
    let (mut sources, mut diags) = (Sources::default(), Sink::default());
    let source = SourceFile { name: name.to_owned(), path: None, text: text.into() };
    let tree = syntax::parse(sources.add(source), text, &mut diags);
    if diags.has_errors() {
        return Err(refuse(&diags.finish(), &sources, term));
    }
    Ok(syntax::print(&tree))
}

fn refuse(mistakes: &[Diag], sources: &Sources, term: &Term) -> Failure {
    read::print_diags(mistakes, sources, term);
    Failure::Spec
}
