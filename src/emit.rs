//! What is written for others: concrete specs, drawings, documentation.

pub mod doc;
pub mod dot;
pub mod json;
mod layout;
mod rewrite;
pub mod sketch;
pub mod spec;
pub mod svg;
