//! `segc`: a compiler for segmentation networks and for spaces of them.

pub mod chart;
pub mod cli;
pub mod cost;
pub mod data;
pub mod decode;
pub mod diag;
pub mod emit;
pub mod forecast;
pub mod ir;
pub mod maps;
pub mod run;
pub mod search;
pub mod sema;
pub mod source;
pub mod stdlib;
pub mod supernet;
pub mod syntax;
pub mod system;
pub mod threads;
