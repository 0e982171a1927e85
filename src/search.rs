//! Search strategies, without tensors.
//!
//! Architecture parameters are plain `f64`. A [`relax::Relaxation`] turns them into the weights of
//! the decision graph's leaves; the executor runs the supernet with those and hands back the
//! loss's gradient with respect to each; the relaxation maps that to the parameters' gradient, and
//! [`optim::Adam`] moves them. What is reported and decoded are the [`Score`]s.
//!
//! [`Score`]: crate::decode::Score

pub mod controller;
pub mod leaf;
pub mod loss;
pub mod optim;
pub mod parts;
pub mod paths;
pub mod plan;
pub mod relax;
pub mod schedule;
pub mod state;
#[cfg(test)]
mod tests;
pub mod trial;

pub use leaf::LeafState;
pub use relax::{Boundary, Refusal, Relaxation};
pub use schedule::{Curve, Schedule};
