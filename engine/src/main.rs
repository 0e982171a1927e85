//! The process that computes; `segc` hands it the commands that need libtorch.

use segc_engine::{commands, torch};

fn main() {
    if let Err(error) = torch::start() {
        eprintln!("segc-engine: {error}");
        torch::exit(2);
    }
    let argv: Vec<_> = std::env::args_os().collect();
    torch::exit(commands::main(&argv));
}
