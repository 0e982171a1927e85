//! `segc explain`: what a code means, at length.

use super::failure::Failure;
use super::term::Term;
use crate::diag::{did_you_mean, explain};

/// Arguments of `segc explain`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The code, as diagnostics show it; without one, all codes are listed
    code: Option<String>,
}

pub(super) fn run(args: &Args, term: &mut Term) -> Result<(), Failure> {
    let Some(code) = &args.code else { return list(term) };
    let code = code.to_uppercase();
    match explain::explain(&code) {
        Some(page) => term.text(&format!("{}\n", page.trim_end())),
        None => {
            let near = did_you_mean(&code, explain::PAGES.iter().map(|(known, _)| *known));
            let help = near.map_or("`segc explain` lists the codes".to_owned(), |near| {
                format!("did you mean `{near}`? `segc explain` lists the codes")
            });
            Err(Failure::with_help(format!("no page explains `{code}`"), help))
        }
    }
}

/// Every code with the first line of its page.
fn list(term: &mut Term) -> Result<(), Failure> {
    for (code, _) in explain::PAGES {
        let title = explain::title(code).unwrap_or_default();
        term.line(format_args!("{}  {title}", term.paint.bold(code)))?;
    }
    Ok(())
}
