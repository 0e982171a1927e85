//! The process that computes; `segc` hands it the commands that need libtorch.

use segc_engine::torch;

fn main() {
    if let Err(error) = torch::start() {
        eprintln!("segc-engine: {error}");
        torch::exit(2);
    }
    torch::exit(0);
}
