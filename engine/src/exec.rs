//! The executor: runs kernels on tensors.

pub mod kernels;
pub mod weights;
