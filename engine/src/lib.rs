//! The part of segc that computes, over libtorch. The front end never links to it: it hands the
//! commands that compute to the process in `main.rs`.

#![deny(unsafe_code)]

#[cfg(feature = "torch")]
pub mod commands;
#[cfg(feature = "torch")]
pub mod exec;
#[cfg(feature = "torch")]
pub mod torch;
