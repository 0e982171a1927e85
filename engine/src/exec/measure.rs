//! What a step takes in memory, measured: what predictions are held against.

use super::learn::Learner;
use super::run::RunError;
use crate::torch::{TorchError, memory};
use segc::data::Batch;
use segc::search::LeafState;
use serde::Serialize;

/// Which step is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind<'s> {
    /// Of the weights.
    Weights,
    /// Of the architecture; the marked leaves want gradients.
    Arch(&'s [bool]),
    /// Of both, by one run.
    Both(&'s [bool]),
}

/// Bytes of live tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct StepBytes {
    /// Weights, running statistics and the optimiser's memory: what is there between steps.
    pub held: u64,
    /// The most that the step has beside them.
    pub step: u64,
}

impl StepBytes {
    /// All at once, at most.
    pub fn peak(self) -> u64 {
        self.held + self.step
    }
}

/// Measures one step, after another one that makes the optimiser's memory. Moves the weights, but
/// by a rate of zero. On the CPU, tensors must be counted ([`memory::count_cpu`]) and nothing else
/// may make any meanwhile.
pub fn measure_step(
    learner: &mut Learner<'_, '_>,
    batch: &Batch,
    states: &[LeafState],
    kind: StepKind<'_>,
) -> Result<StepBytes, RunError> {
    let device = learner.network.options().device;
    let bytes = |t: &tch::Tensor| (t.numel() * t.kind().elt_size_in_bytes()) as u64;
    let mut step = || match kind {
        StepKind::Weights => learner.weights(batch, states, 0.0).map(|_| ()),
        StepKind::Arch(marks) => learner.leaves(batch, states, marks).map(|_| ()),
        StepKind::Both(marks) => learner.both(batch, states, marks, 0.0).map(|_| ()),
    };
    step()?;
    let before = memory::usage(device)?.live;
    memory::reset_peak(device)?;
    step()?;
    let most = memory::usage(device)?.peak;
    if most == 0 {
        let text = "live tensors are not counted: call memory::count_cpu first";
        return Err(RunError::Torch(TorchError::from(tch::TchError::Torch(text.into()))));
    }
    let weights: u64 = learner.network.tensors().into_iter().map(bytes).sum();
    let memory = learner.movers.memory().into_values();
    let memory: u64 =
        memory.map(|memory| bytes(&memory.mean) + memory.square.as_ref().map_or(0, bytes)).sum();
    Ok(StepBytes { held: weights + memory, step: most.saturating_sub(before) })
}
