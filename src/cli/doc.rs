//! `segc doc`: the documentation of a spec, or of the standard library, from its `///`.

mod markdown;
mod report;

use super::failure::Failure;
use super::json;
use super::read;
use super::term::Term;
use crate::diag::{Diag, Sink, did_you_mean};
use crate::emit::doc::{self, Page};
use crate::source::{SourceFile, Sources};
use crate::stdlib;
use crate::syntax::{self, ast};
use clap::ValueEnum;
use std::path::{Path, PathBuf};

/// Arguments of `segc doc`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// A spec; `-` reads it from standard input. `std` is the standard library, `std.ops` a module
    /// of it
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// In which form
    #[arg(long, value_enum, default_value_t)]
    format: Form,
}

/// Forms of documentation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people
    #[default]
    Markdown,
    /// For programs; `docs/json.md` describes it
    Json,
}

pub(super) fn run(args: &Args, term: &mut Term) -> Result<(), Failure> {
    let (pages, whole) = match library(&args.file) {
        Some("std") => (stdlib::MODULES.iter().map(|(name, _)| *name).map(module).collect(), true),
        Some(name) => (vec![module(name)], false),
        None => (vec![of_file(&args.file, term)], false),
    };
    let pages: Vec<Page> = pages.into_iter().collect::<Result<_, _>>()?;
    match args.format {
        Form::Json => json::print("segc.doc/1", &report::Report::of(&pages), term),
        Form::Markdown if whole => term.text(&markdown::library(&pages)),
        Form::Markdown => pages.iter().try_for_each(|p| term.text(&markdown::alone(p))),
    }
}

/// The name of the library or of its module, unless a file is meant.
fn library(path: &Path) -> Option<&str> {
    let name = path.to_str().filter(|name| *name == "std" || name.starts_with("std."))?;
    (!name.ends_with(".seg") && !path.is_file()).then_some(name)
}

/// A module of the standard library.
fn module(name: &str) -> Result<Page, Failure> {
    let text = stdlib::module(name).ok_or_else(|| {
        let known = || stdlib::MODULES.iter().map(|(name, _)| *name);
        let help = match did_you_mean(name, known()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it has {}", known().collect::<Vec<_>>().join(", ")),
        };
        Failure::with_help(format!("the standard library has no module `{name}`"), help)
    })?;
    // The library parses; a test sees to it.
    let (file, _, _) = parsed(name, text);
    Ok(doc::library_page(name, &file))
}

/// A file has to parse; what it means is not asked.
fn of_file(path: &Path, term: &Term) -> Result<Page, Failure> {
    let name = if read::is_stdin(path) { "<stdin>".into() } else { path.display().to_string() };
    let refuse = |mistakes: &[Diag], sources: &Sources| {
        read::print_diags(mistakes, sources, term);
        Failure::Spec
    };
    let text = String::from_utf8(read::bytes(path)?).map_err(|error| {
        let mistake = read::not_text(&name, error.utf8_error().valid_up_to());
        refuse(&[mistake], &Sources::default())
    })?;
    let (file, sources, diags) = parsed(&name, &text);
    if diags.has_errors() {
        return Err(refuse(&diags.finish(), &sources));
    }
    Ok(doc::page(&name, &file))
}

fn parsed(name: &str, text: &str) -> (ast::File, Sources, Sink) {
    let (mut sources, mut diags) = (Sources::default(), Sink::default());
    let source = SourceFile { name: name.to_owned(), path: None, text: text.into() };
    let file = syntax::parse(sources.add(source), text, &mut diags);
    (file, sources, diags)
}
