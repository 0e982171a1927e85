//! The front end's process: it must never load libtorch.
fn main() {}
