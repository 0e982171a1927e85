//! `segc`: a compiler for segmentation networks and for spaces of them.

pub mod data;
pub mod diag;
pub mod ir;
pub mod source;
pub mod supernet;
pub mod syntax;
