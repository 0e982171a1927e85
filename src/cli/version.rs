//! `segc --version`, and with `--verbose` what this build stands on.

use super::failure::Failure;
use super::launch;
use super::term::{Rows, Term};

/// The version of segc.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(super) fn run(verbose: bool, term: &mut Term) -> Result<(), Failure> {
    term.line(format_args!("segc {VERSION}"))?;
    if !verbose {
        return Ok(());
    }
    let mut rows = Rows::plain("ll");
    rows.push(["torch".into(), if cfg!(feature = "torch") { "on" } else { "off" }.into()]);
    rows.push(["libtorch".into(), format!("{} wanted", launch::LIBTORCH_VERSION)]);
    for (part, found) in launch::found() {
        rows.push([part.into(), found]);
    }
    rows.push(["machine".into(), format!("{} {}", std::env::consts::ARCH, std::env::consts::OS)]);
    term.table(&rows)
}
