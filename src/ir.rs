//! The middle of the compiler: kernels, shapes, the decision graph and what is asked of it.

pub mod builder;
pub mod decision;
pub mod graph;
pub mod kernel;
pub mod member;
pub mod shape;
#[cfg(test)]
pub(crate) mod testing;

pub use decision::{Binding, Decision, DecisionId, Domain, Gate};
pub use graph::{DecisionGraph, LeafId, NodeId, ScopeId, WeightId};
pub use kernel::Kernel;
pub use member::{Liveness, Wiring, close, liveness, member};
pub use shape::{MapType, Scale, Size};
