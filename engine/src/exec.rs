//! The executor: runs decision graphs on tensors, and what is built on runs.

pub mod archive;
pub mod executor;
pub mod kernels;
pub mod loss;
pub mod optim;
pub mod state;
#[cfg(test)]
mod toy;
pub mod weights;

pub use executor::{ExecError, Executor, Gradients, Layout, Options, Pass, Wanted};
pub use segc::search::LeafState;
pub use segc::supernet::Mode;
