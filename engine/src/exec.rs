//! The executor: runs decision graphs on tensors, and what is built on runs.

pub mod archive;
pub mod average;
pub mod bench;
pub mod checkpoint;
pub mod criterion;
pub mod examples;
pub mod executor;
pub mod feed;
pub mod inference;
pub mod journal;
pub mod judge;
pub mod kernels;
pub mod learn;
pub mod loss;
pub mod measure;
pub mod movers;
pub mod optim;
pub mod run;
pub mod search;
pub mod state;
#[cfg(test)]
mod toy;
pub mod train;
pub mod views;
pub mod weights;

pub use executor::{ExecError, Executor, Gradients, Hold, Layout, Options, Parts, Pass, Wanted};
pub use run::{Progress, RunError, Watch};
pub use segc::search::LeafState;
pub use segc::supernet::Mode;
