//! `segc`: a compiler for segmentation networks and for spaces of them.

pub mod ir;
pub mod source;
