//! Tests that see the crate from outside. One program, so that it is linked once.

mod annotations;
mod cli;
mod diff;
mod doc;
mod docs;
mod figures;
mod generated;
mod language;
mod laws;
mod layering;
mod mistakes;
mod new;
mod pages;
mod pools;
mod reference;
mod report;
mod robust;
mod scores;
mod stdlib;
mod support;
mod systems;
mod training;
