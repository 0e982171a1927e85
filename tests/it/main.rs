//! Tests that see the crate from outside. One program, so that it is linked once.

mod docs;
mod stdlib;
