//! Single steps: a batch through the network, its loss, and what moves by the gradient.

use super::criterion::Criterion;
use super::executor::{Executor, Mode, Wanted};
use super::loss::labels;
use super::optim::{self, Optim};
use super::run::RunError;
use segc::data::Batch;
use segc::search::LeafState;
use segc::search::plan::Optimiser;
use tch::{TchError, Tensor};

/// A network, its optimiser and its loss.
#[derive(Debug)]
pub struct Learner<'n, 'g> {
    /// The network.
    pub network: &'n Executor<'g>,
    /// What moves its weights.
    pub optim: Optim,
    /// How it is judged.
    pub criterion: Criterion,
    clip: Option<f64>,
}

impl<'n, 'g> Learner<'n, 'g> {
    /// At the start.
    pub fn new(network: &'n Executor<'g>, rule: &Optimiser, criterion: Criterion) -> Self {
        Learner { network, optim: Optim::new(rule), criterion, clip: rule.clip() }
    }

    /// Moves the weights by a batch; the loss before.
    pub fn weights(
        &mut self,
        batch: &Batch,
        states: &[LeafState],
        rate: f64,
    ) -> Result<f64, RunError> {
        Ok(self.step(batch, states, Wanted::Weights, rate)?.0)
    }

    /// The loss of a batch and its gradient with respect to the leaves that are marked.
    pub fn leaves(
        &mut self,
        batch: &Batch,
        states: &[LeafState],
        marks: &[bool],
    ) -> Result<(f64, Vec<f64>), RunError> {
        self.step(batch, states, Wanted::Leaves(marks), 0.0)
    }

    /// Both by one run.
    pub fn both(
        &mut self,
        batch: &Batch,
        states: &[LeafState],
        marks: &[bool],
        rate: f64,
    ) -> Result<(f64, Vec<f64>), RunError> {
        self.step(batch, states, Wanted::Both(marks), rate)
    }

    fn step(
        &mut self,
        batch: &Batch,
        states: &[LeafState],
        wanted: Wanted<'_>,
        rate: f64,
    ) -> Result<(f64, Vec<f64>), RunError> {
        let (images, labels) = tensors(batch, self.network)?;
        let pass = self.network.forward(&[images], states, Mode::Train, wanted)?;
        let loss = self.criterion.loss(&pass, &labels)?;
        let value = loss.f_double_value(&[])?;
        if !value.is_finite() {
            // The caller knows which step this is; no weight is moved by it.
            return Ok((value, vec![]));
        }
        let mut gradients = pass.backward(&loss)?;
        drop(loss);
        if let Some(most) = self.clip {
            optim::clip(&mut gradients.weights, most)?;
        }
        self.optim.step(&self.network.tensors(), &mut gradients.weights, rate)?;
        Ok((value, gradients.leaves))
    }
}

/// Images N x 3 x H x W and labels N x H x W of a batch, where the network is.
pub fn tensors(batch: &Batch, network: &Executor<'_>) -> Result<(Tensor, Tensor), TchError> {
    let device = network.options().device;
    let dims = [batch.n, 3, batch.h, batch.w].map(|side| side as i64);
    let images = Tensor::f_from_slice(&batch.images)?.f_reshape(dims)?.f_to_device(device)?;
    Ok((images, labels(&batch.labels, [batch.n, batch.h, batch.w], device)?))
}
