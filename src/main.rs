//! The front end's process: it must never load libtorch.

use std::process::ExitCode;

/// A process that lives for milliseconds, and builds graphs of megabytes, pays for each page that it
/// touches first; this allocator asks for few large ones.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    segc::cli::main()
}
