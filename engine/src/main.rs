//! The process that computes; `segc` hands it the commands that need libtorch.
fn main() {}
