//! The front end's process: it must never load libtorch.

use std::process::ExitCode;

fn main() -> ExitCode {
    segc::cli::main()
}
