//! What is written for others: concrete specs, drawings.

mod rewrite;
pub mod spec;
