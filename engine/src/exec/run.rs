//! What trainings and searches have in common: errors, progress, and their chance.

use super::archive::ArchiveError;
use super::executor::ExecError;
use super::state::StateError;
use crate::torch::TorchError;
use segc::data::DataError;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tch::TchError;

/// Why a run ends before its time.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The network cannot be run.
    #[error(transparent)]
    Exec(#[from] ExecError),
    /// The images cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A file of tensors cannot be read or written.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// Weights do not fit the network.
    #[error(transparent)]
    State(#[from] StateError),
    /// libtorch refuses, or has no memory left.
    #[error(transparent)]
    Torch(#[from] TorchError),
    /// A file of the run cannot be read or written, or is not what it should be.
    #[error(transparent)]
    File(#[from] segc::run::RunError),
    /// The run was begun with another network or another plan.
    #[error("`{}` belongs to another network or plan", path.display())]
    Stale {
        /// The checkpoint.
        path: PathBuf,
    },
    /// The log ends before the checkpoint was written.
    #[error("`{}` is damaged: it has {has} bytes, and had {had} at the last checkpoint", path.display())]
    ShortLog {
        /// The log.
        path: PathBuf,
        /// Its length.
        has: u64,
        /// Its length when the checkpoint was written.
        had: u64,
    },
    /// The loss is no number any more.
    #[error("the loss is {loss} at step {step} of epoch {epoch}")]
    NotFinite {
        /// Finished epochs.
        epoch: u64,
        /// Finished steps of this one.
        step: u64,
        /// The loss.
        loss: f64,
    },
    /// The network cannot take images of a size.
    #[error("an image of {size} does not fit this network: {problem}")]
    Misfit {
        /// The size.
        size: segc::ir::Size,
        /// What is wrong with it, and which sizes nearby are right.
        problem: Box<segc::cost::SizeProblem>,
    },
    /// A weight is no number any more.
    #[error("`{name}` is not finite any more: its last step was too long")]
    Diverged {
        /// The tensor.
        name: String,
    },
    /// Whoever watches said stop, where nothing can be gone on with.
    #[error("stopped")]
    Stopped,
    /// The plan asks for what the network does not have.
    #[error("{0}")]
    Plan(String),
}

impl RunError {
    /// What to do about a run whose files are not what they should be.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            RunError::File(error) => error.help(),
            RunError::Archive(error) => error.help(),
            RunError::State(error) => error.help(),
            RunError::Stale { .. } => Some("resume with what it was begun with, or begin anew"),
            RunError::ShortLog { .. } => Some("put the file back as it was, or begin anew"),
            _ => None,
        }
    }

    /// Whether the steps were too long for the loss to stay a number.
    pub fn is_divergence(&self) -> bool {
        matches!(self, RunError::NotFinite { .. } | RunError::Diverged { .. })
    }
}

impl From<TchError> for RunError {
    fn from(error: TchError) -> Self {
        RunError::Torch(error.into())
    }
}

/// Where a run stands.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Finished phases, and all of them.
    pub phase: (usize, usize),
    /// Finished epochs of this phase.
    pub epoch: u64,
    /// All epochs of this phase.
    pub epochs: u64,
    /// Finished steps, over all epochs.
    pub step: u64,
    /// All steps.
    pub steps: u64,
    /// The newest loss of a step of the weights.
    pub loss: f64,
    /// The newest loss of a step of the architecture, once it moves.
    pub arch_loss: Option<f64>,
    /// The newest mean intersection over union on the images that judge, once measured.
    pub miou: Option<f64>,
    /// Images seen per second since the run began or went on.
    pub images_per_s: f64,
    /// How long the rest takes at this pace.
    pub left: Duration,
}

/// Told of every step; [`ControlFlow::Break`] ends the run, its state saved.
pub type Watch<'w> = &'w mut dyn FnMut(&Progress) -> ControlFlow<()>;

/// Measures the pace of a run from when it began or went on.
#[derive(Debug)]
pub(super) struct Pace {
    begun: Instant,
    images: u64,
    steps: u64,
}

impl Pace {
    pub(super) fn new() -> Self {
        Pace { begun: Instant::now(), images: 0, steps: 0 }
    }

    /// Counts a step over so many images.
    pub(super) fn step(&mut self, images: usize) {
        self.images += images as u64;
        self.steps += 1;
    }

    pub(super) fn images_per_s(&self) -> f64 {
        self.images as f64 / self.begun.elapsed().as_secs_f64().max(1e-9)
    }

    pub(super) fn left(&self, steps: u64) -> Duration {
        let per_step = self.begun.elapsed().as_secs_f64() / self.steps.max(1) as f64;
        Duration::from_secs_f64(per_step * steps as f64)
    }
}

/// A mean in the making.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Mean {
    sum: f64,
    count: u64,
}

impl Mean {
    pub(super) fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
    }

    pub(super) fn value(self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}

/// What a step is for, as far as chance is concerned.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    Weights = 0,
    Arch = 1,
}

/// Fixes the chance of a step (what dropout drops): it depends on the seed and on which step it is,
/// not on what was drawn before, so that nothing of it need be saved.
pub(super) fn seed_step(seed: u64, step: u64, purpose: Purpose) {
    // SplitMix64's finaliser: neighbours become strangers.
    let mut mixed = seed ^ (2 * step + purpose as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    tch::manual_seed((mixed ^ (mixed >> 31)) as i64);
}

/// A loss that is a number.
pub(super) fn finite(loss: f64, epoch: u64, step: u64) -> Result<f64, RunError> {
    if loss.is_finite() { Ok(loss) } else { Err(RunError::NotFinite { epoch, step, loss }) }
}

/// Whether a checkpoint is due after so many steps of an epoch.
pub(super) fn due(step: u64, every: u64) -> bool {
    every > 0 && step.is_multiple_of(every)
}
