//! Training of a finished network, and its evaluation.

mod phase;
mod session;
#[cfg(test)]
mod tests;

pub use phase::length;

use super::executor::Executor;
use super::run::{RunError, Watch};
use segc::data::Loader;
use segc::data::classes::Palette;
use segc::data::metrics::Scores;
use segc::search::plan::TrainPlan;
use session::Training;
use std::path::Path;

/// The file of the weights that were judged best, in a run's folder.
pub const BEST: &str = "best.safetensors";

/// Images that a network is judged by.
#[derive(Clone, Copy)]
pub struct Judge<'j> {
    /// The images.
    pub images: &'j Loader,
    /// The part of the dataset that they are of.
    pub split: &'j str,
    /// Their classes.
    pub palette: &'j Palette,
    /// How many of the images are kept as pictures with what was predicted.
    pub examples: usize,
    /// Epochs from one judgement to the next; the last epoch is judged in any case.
    pub epochs: u64,
}

/// What a phase learns from.
pub struct Course<'t> {
    /// The images.
    pub images: Loader,
    /// What part of the labelled pixels each class makes up, where the loss has to know it.
    pub shares: Vec<f64>,
    /// Those of the loss's teachers, in their order, with their weights.
    pub teachers: Vec<Executor<'t>>,
}

/// A training to be done.
#[derive(Clone, Copy)]
pub struct TrainJob<'j, 'g> {
    /// The network, with the weights that it starts from.
    pub network: &'j Executor<'g>,
    /// What to do.
    pub plan: &'j TrainPlan,
    /// One for each phase of the plan.
    pub courses: &'j [Course<'j>],
    /// What it is judged by, if at all.
    pub judge: Option<Judge<'j>>,
    /// The run's folder, which is there.
    pub dir: &'j Path,
    /// Steps between checkpoints; the end of an epoch is one in any case.
    pub checkpoint_steps: u64,
    /// Whether to go on from the folder's checkpoint, if it has one.
    pub resume: bool,
}

/// What a training has come to.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// Steps that are done.
    pub steps: u64,
    /// The scores of the newest judgement.
    pub scores: Option<Scores>,
    /// Whether the training is over; otherwise it was asked to stop, and can go on.
    pub finished: bool,
}

/// Trains, from the start or from the folder's checkpoint, until the plan is done or `watch` says
/// stop. The weights of the best judgement are kept in the folder under [`BEST`].
///
/// # Errors
/// When the network cannot run, images cannot be read, files cannot be written, or the loss is no
/// number any more.
pub fn train(job: &TrainJob<'_, '_>, watch: Watch<'_>) -> Result<Trained, RunError> {
    let mut training = Training::begin(*job)?;
    while !training.is_over() {
        let loss = training.step()?;
        let closed = training.close_epoch()?;
        let go_on = watch(&training.progress(loss)).is_continue();
        if closed || !go_on || training.is_due() {
            training.save()?;
        }
        if !go_on {
            break;
        }
    }
    Ok(training.result())
}
