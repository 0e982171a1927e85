//! Datasets: reading, augmenting and batching labelled images, and judging what was predicted.
//!
//! Everything here is plain Rust over pixels. Tensors belong to the executor, which takes a
//! [`Batch`] as it is; printing belongs to the command line, which renders [`info::Report`].
//!
//! One law holds throughout: what comes out is a function of `(seed, epoch, sample)` alone, never
//! of the number of threads or of the order in which they ran.

pub mod augment;
pub mod cityscapes;
pub mod classes;
pub mod colour;
mod error;
pub mod format;
pub mod info;
pub mod instances;
pub mod loader;
pub mod metrics;
pub mod picture;
mod random;
pub mod sample;
pub mod shares;
pub mod synth;

pub use augment::Augment;
pub use error::DataError;
pub use loader::{Batch, Loader, LoaderConfig};
pub use sample::{Dataset, InMemory, Sample, Size};
