//! What becomes of runs that are killed, interrupted, or given what is broken: the program from
//! outside, as processes in folders of their own.

mod broken;
mod disk;
mod killed;
mod seen;
mod stopped;
mod support;
