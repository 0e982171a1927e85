//! Single steps: a batch through the network, its loss, and what moves by the gradient.

use super::criterion::Criterion;
use super::executor::{Executor, Gradients, Hold, Mode, Parts, Wanted};
use super::loss::labels;
use super::movers::{self, Movers};
use super::run::RunError;
use segc::data::Batch;
use segc::search::LeafState;
use segc::search::plan::{Optimiser, Phase};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use tch::{TchError, Tensor};

/// A network, its optimisers and its loss.
#[derive(Debug)]
pub struct Learner<'n, 'g> {
    /// The network.
    pub network: &'n Executor<'g>,
    /// What moves its weights.
    pub movers: Movers,
    /// How it is judged.
    pub criterion: Criterion<'n>,
    /// What keeps still, by weight set; empty where nothing does.
    holds: Vec<Hold>,
    /// For what share of the images a node's value is left out, by node; empty where none is.
    pub drops: Vec<f64>,
}

impl<'n, 'g> Learner<'n, 'g> {
    /// One optimiser for all weights.
    pub fn new(network: &'n Executor<'g>, rule: &Optimiser, criterion: Criterion<'n>) -> Self {
        Learner {
            network,
            movers: Movers::whole(rule),
            criterion,
            holds: Vec::new(),
            drops: Vec::new(),
        }
    }

    /// The optimisers of a phase, at its start.
    pub fn of(network: &'n Executor<'g>, phase: &Phase, criterion: Criterion<'n>) -> Self {
        let movers = Movers::of(phase, network);
        let holds = movers::holds(phase, network);
        Learner { network, movers, criterion, holds, drops: Vec::new() }
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

    /// Moves the weights that are not held by the mean gradient of `count` batches, each optimiser
    /// at its own rate; the mean loss before. Nothing moves by a loss that is no number.
    pub fn together(
        &mut self,
        count: u32,
        mut next: impl FnMut() -> Result<Batch, RunError>,
        rates: &[f64],
    ) -> Result<f64, RunError> {
        let (mut loss, mut sum) = (0.0, BTreeMap::new());
        let share = 1.0 / f64::from(count.max(1));
        for _ in 0..count.max(1) {
            let batch = next()?;
            let parts = Parts { holds: &self.holds, drops: &self.drops };
            let (value, gradients) = self.gradients(&batch, &[], Wanted::Parts(parts), share)?;
            loss += value * share;
            let Some(gradients) = gradients.filter(|_| loss.is_finite()) else { return Ok(loss) };
            add(&mut sum, gradients.weights)?;
        }
        let gradients = sum.into_iter().collect();
        self.movers.step(&self.network.tensors(), gradients, rates)?;
        Ok(loss)
    }

    fn step(
        &mut self,
        batch: &Batch,
        states: &[LeafState],
        wanted: Wanted<'_>,
        rate: f64,
    ) -> Result<(f64, Vec<f64>), RunError> {
        let (value, gradients) = self.gradients(batch, states, wanted, 1.0)?;
        // The caller knows which step this is; no weight is moved by it.
        let Some(gradients) = gradients else { return Ok((value, vec![])) };
        self.movers.step(&self.network.tensors(), gradients.weights, &[rate])?;
        Ok((value, gradients.leaves))
    }

    /// The loss of a batch, and `share` times its gradient where the loss is a number.
    fn gradients(
        &self,
        batch: &Batch,
        states: &[LeafState],
        wanted: Wanted<'_>,
        share: f64,
    ) -> Result<(f64, Option<Gradients>), RunError> {
        let (images, labels) = tensors(batch, self.network)?;
        let taught = self.criterion.taught(&images)?;
        let pass = self.network.forward(&[images], states, Mode::Train, wanted)?;
        let mut loss = self.criterion.loss(&pass, &labels, &taught)?;
        drop(taught);
        let value = loss.f_double_value(&[])?;
        if !value.is_finite() {
            return Ok((value, None));
        }
        if share != 1.0 {
            loss = loss.f_mul_scalar(share)?;
        }
        let gradients = pass.backward(&loss)?;
        Ok((value, Some(gradients)))
    }
}

/// Adds gradients to a sum, by place.
fn add(sum: &mut BTreeMap<usize, Tensor>, gradients: Vec<(usize, Tensor)>) -> Result<(), TchError> {
    for (place, gradient) in gradients {
        match sum.entry(place) {
            Entry::Vacant(entry) => drop(entry.insert(gradient)),
            Entry::Occupied(mut entry) => drop(entry.get_mut().f_add_(&gradient)?),
        }
    }
    Ok(())
}

/// Images N x 3 x H x W and labels N x H x W of a batch, where the network is.
pub fn tensors(batch: &Batch, network: &Executor<'_>) -> Result<(Tensor, Tensor), TchError> {
    let device = network.options().device;
    let dims = [batch.n, 3, batch.h, batch.w].map(|side| side as i64);
    let images = Tensor::f_from_slice(&batch.images)?.f_reshape(dims)?.f_to_device(device)?;
    Ok((images, labels(&batch.labels, [batch.n, batch.h, batch.w], device)?))
}
