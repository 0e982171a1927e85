//! What a search and a training do, as plain data: everything a run needs besides the network.
//! Built from a spec's `search` and `train` blocks; the executor reads it, the run keeps it.

pub use super::loss::Loss;
use super::optim::AdamRule;
use super::parts::{Frozen, Owner, owner};
use super::paths::DropPath;
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
    /// By what share brightness, contrast and saturation change at random, at most.
    pub colour: Option<f64>,
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

/// A training of a finished network: phases, one after the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainPlan {
    /// The network.
    pub net: String,
    /// What is done, in order; at least one.
    pub phases: Vec<Phase>,
    /// Where all chance comes from.
    pub seed: u64,
}

/// A stretch of a training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    /// Its name, where the spec gives one.
    pub name: Option<String>,
    /// The images.
    pub data: DataSpec,
    /// How long.
    pub length: Length,
    /// What moves the weights; together they move all that is not frozen.
    pub weights: Vec<Mover>,
    /// What keeps still.
    pub frozen: Frozen,
    /// Batches whose mean gradient makes a step; at least one.
    pub accumulate: u32,
    /// The loss.
    pub loss: Loss,
    /// Averages that become the network's weights.
    pub average: Option<Average>,
    /// Summands that are left out at random.
    pub drop_path: Option<DropPath>,
}

/// A running mean of the weights over steps: after each, `mean = decay mean + (1 - decay) weight`,
/// from the weights at the start of the phase on (Polyak and Juditsky, SIAM J. Control Optim. 30,
/// 1992). It is what is judged, and what the phase leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Average {
    /// What of the mean a step keeps.
    pub decay: f64,
    /// Whether the running statistics of norms are averaged too; otherwise they stay the newest.
    pub norms: bool,
    /// Whether the weights become the mean at the end of every epoch, and move on from there.
    pub adopt: bool,
}

/// An optimiser, and what it moves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mover {
    /// The parts that it moves; without any, what no other does.
    pub on: Vec<String>,
    /// How.
    pub rule: Optimiser,
    /// Steps in which its rate rises, from the first on, to where its schedule begins.
    pub warm_up: u64,
}

impl TrainPlan {
    /// The phase that ends the training; its images are those that the network is for.
    pub fn last(&self) -> &Phase {
        self.phases.last().expect("a training has a phase")
    }
}

impl Mover {
    /// One that moves everything, at its schedule's rate from the first step on.
    pub fn whole(rule: Optimiser) -> Self {
        Mover { on: Vec::new(), rule, warm_up: 0 }
    }

    /// The learning rate at a step of a phase of `total`.
    pub fn rate(&self, step: u64, total: u64) -> f64 {
        self.rule.schedule().after(self.warm_up, step, total)
    }
}

impl Phase {
    /// What moves a weight, by its full name without what it is there.
    pub fn owner(&self, weight: &str) -> Owner {
        let movers: Vec<&[String]> = self.weights.iter().map(|mover| &mover.on[..]).collect();
        owner(weight, &movers, &self.frozen)
    }
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
    /// The learning rate.
    pub fn schedule(&self) -> &Schedule {
        match self {
            Optimiser::Sgd(sgd) => &sgd.rate,
            Optimiser::Adam(adam) => &adam.rate,
        }
    }

    /// The learning rate when the share `progress` of the run is done.
    pub fn rate(&self, progress: f64) -> f64 {
        self.schedule().at(progress)
    }

    /// The largest norm of a step's gradient.
    pub fn clip(&self) -> Option<f64> {
        match self {
            Optimiser::Sgd(sgd) => sgd.clip,
            Optimiser::Adam(adam) => adam.clip,
        }
    }
}
