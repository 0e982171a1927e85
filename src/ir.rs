//! The middle of the compiler: kernels, shapes, the decision graph and what is asked of it.

pub mod builder;
pub mod canon;
pub mod condition;
pub mod count;
pub mod decision;
pub mod diff;
pub mod graph;
pub mod inherit;
pub mod kernel;
pub mod member;
mod names;
pub mod once;
pub mod sample;
pub mod shape;
#[cfg(test)]
pub(crate) mod testing;

pub use canon::{canonical_key, isomorphic};
pub use count::{Count, Counts, counts};
pub use decision::{Binding, Decision, DecisionId, Domain, Gate};
pub use graph::{DecisionGraph, LeafId, NodeId, ScopeId, WeightId};
pub use kernel::Kernel;
pub use member::{Liveness, Wiring, close, liveness, member};
pub use sample::{Distinct, Sampler};
pub use shape::{MapType, Scale, Size};
