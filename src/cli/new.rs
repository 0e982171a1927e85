//! `segc new`: a spec to begin with.

use super::failure::Failure;
use super::read;
use super::term::Term;
use super::write;
use std::path::{Path, PathBuf};

/// Arguments of `segc new`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The file to write; `-` writes to standard output
    #[arg(value_name = "FILE", default_value = "space.seg")]
    file: PathBuf,
    /// Overwrite a file that is there
    #[arg(long)]
    force: bool,
}

/// A small space with its plans, over data that is drawn by chance.
const STARTER: &str = include_str!("new/starter.seg");

pub(super) fn run(args: &Args, term: &mut Term) -> Result<(), Failure> {
    if read::is_stdin(&args.file) {
        return term.text(STARTER);
    }
    let name = args.file.display();
    // A link that leads nowhere is there too.
    if args.file.symlink_metadata().is_ok() && !args.force {
        let help = "name another file, or overwrite it: `--force`";
        return Err(Failure::with_help(format!("`{name}` is there already"), help));
    }
    folder_is_there(&args.file)?;
    write::whole(&args.file, STARTER.as_bytes())?;
    term.line(format_args!("wrote `{name}`, a small space with its plans; `segc check {name}`"))
}

fn folder_is_there(path: &Path) -> Result<(), Failure> {
    let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty() && !f.exists()) else {
        return Ok(());
    };
    let folder = folder.display();
    let help = format!("make it: `mkdir -p {folder}`");
    Err(Failure::with_help(format!("there is no folder `{folder}`"), help))
}
