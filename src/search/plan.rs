//! What a search and a training do, as plain data: everything a run needs besides the network.
//! Built from a spec's `search` and `train` blocks; the executor reads it, the run keeps it.

pub use super::loss::Loss;
use super::optim::AdamRule;
use super::relax::Boundary;
use super::schedule::Schedule;
use crate::decode::Rules;
use crate::ir::shape::Size;
use serde::{Deserialize, Serialize};

/// Which images, and how they are fed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataSpec {
    /// The dataset's name: `cityscapes`.
    pub dataset: String,
    /// The part of it: `train`.
    pub split: String,
    /// What images are resized to first; as they are without it.
    pub size: Option<Size>,
    /// What is cut out of each at random; the whole without it.
    pub crop: Option<Size>,
    /// The random zoom before the cut, least and most.
    pub zoom: Option<[f64; 2]>,
    /// Whether images are mirrored at random.
    pub flip: bool,
    /// Images in a batch.
    pub batch: u32,
}

/// How long a training takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Length {
    /// Passes over the data.
    Epochs(u64),
    /// Batches.
    Steps(u64),
}

/// What moves weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Optimiser {
    /// Stochastic gradient descent.
    Sgd(Sgd),
    /// Adam.
    Adam(AdamPlan),
}

/// Stochastic gradient descent, with PyTorch's semantics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sgd {
    /// The learning rate.
    pub rate: Schedule,
    /// Momentum.
    pub momentum: f64,
    /// L2 penalty on every weight.
    pub decay: f64,
    /// Whether the momentum is Nesterov's.
    pub nesterov: bool,
    /// The largest norm of a step's gradient; unlimited without it.
    pub clip: Option<f64>,
}

/// Adam, with PyTorch's semantics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdamPlan {
    /// The learning rate.
    pub rate: Schedule,
    /// What stays fixed.
    #[serde(flatten)]
    pub rule: AdamRule,
    /// The largest norm of a step's gradient; unlimited without it.
    pub clip: Option<f64>,
}

/// How the architecture's gradient accounts for the weights that depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Not at all: the weights count as given (DARTS, arXiv 1806.09055, Sec. 2.3).
    #[default]
    First,
}

/// A search by gradient.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SearchPlan {
    /// The network that is searched.
    pub net: String,
    /// The network that is written at the end, over the same decisions.
    pub emit: String,
    /// The images.
    pub data: DataSpec,
    /// Bilevel: one half of the images moves the weights, the other the architecture, in turn.
    /// Otherwise every batch moves both.
    pub halves: bool,
    /// Epochs in all; an epoch passes once over what moves the weights.
    pub epochs: u64,
    /// Epochs in which only the weights move.
    pub arch_from: u64,
    /// What moves the weights; its schedule spans the whole search.
    pub weights: Optimiser,
    /// What moves the architecture; its schedule spans the epochs in which it does.
    pub arch: AdamPlan,
    /// The order of the architecture's gradient.
    pub order: Order,
    /// What becomes of arrows where a node has few.
    pub boundary: Boundary,
    /// The loss.
    pub loss: Loss,
    /// How the architecture is read off at the end.
    pub decode: Rules,
    /// Where all chance comes from.
    pub seed: u64,
}

/// A training of a finished network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainPlan {
    /// The network.
    pub net: String,
    /// The images.
    pub data: DataSpec,
    /// How long.
    pub length: Length,
    /// What moves the weights.
    pub weights: Optimiser,
    /// The loss.
    pub loss: Loss,
    /// Where all chance comes from.
    pub seed: u64,
}

impl SearchPlan {
    /// Whether the architecture moves in an epoch; epoch 0 is the first.
    pub fn moves_arch(&self, epoch: u64) -> bool {
        epoch >= self.arch_from
    }

    /// The rate of the architecture at a step of an epoch of `steps`; nothing while it rests.
    pub fn arch_rate(&self, epoch: u64, step: u64, steps: u64) -> Option<f64> {
        let since = epoch.checked_sub(self.arch_from)?;
        let total = self.epochs.saturating_sub(self.arch_from) * steps;
        Some(self.arch.rate.at_step(since * steps + step, total))
    }
}

impl Optimiser {
    /// The learning rate when the share `progress` of the run is done.
    pub fn rate(&self, progress: f64) -> f64 {
        match self {
            Optimiser::Sgd(sgd) => sgd.rate.at(progress),
            Optimiser::Adam(adam) => adam.rate.at(progress),
        }
    }

    /// The largest norm of a step's gradient.
    pub fn clip(&self) -> Option<f64> {
        match self {
            Optimiser::Sgd(sgd) => sgd.clip,
            Optimiser::Adam(adam) => adam.clip,
        }
    }
}
