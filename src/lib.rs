//! `segc`: a compiler for segmentation networks and for spaces of them.

pub mod data;
pub mod ir;
pub mod source;
