//! Averages of a network's weights over steps, which take the weights' place when it is judged.

use super::executor::Executor;
use segc::ir::kernel::Role;
use segc::search::plan;
use std::collections::BTreeMap;
use tch::{TchError, Tensor};

/// Running means of weights, by their places among an executor's parameters.
#[derive(Debug)]
pub struct Average {
    rule: plan::Average,
    tensors: BTreeMap<usize, Tensor>,
}

impl Average {
    /// At the start: the weights as they are.
    ///
    /// # Errors
    /// When libtorch has no memory.
    pub fn new(rule: plan::Average, network: &Executor<'_>) -> Result<Self, TchError> {
        let mut tensors = BTreeMap::new();
        for (place, param) in network.params().iter().enumerate() {
            let statistic = matches!(param.role, Role::RunningMean | Role::RunningVar);
            if rule.norms || !statistic {
                tensors.insert(place, copied(param.tensor)?);
            }
        }
        Ok(Average { rule, tensors })
    }

    /// The means that a checkpoint kept.
    pub fn resumed(rule: plan::Average, tensors: BTreeMap<usize, Tensor>) -> Self {
        Average { rule, tensors }
    }

    /// The means, by place.
    pub fn tensors(&self) -> &BTreeMap<usize, Tensor> {
        &self.tensors
    }

    /// Counts the weights of a step: `mean = decay mean + (1 - decay) weight`.
    ///
    /// # Errors
    /// When libtorch has no memory.
    pub fn count(&mut self, network: &Executor<'_>) -> Result<(), TchError> {
        let weights = network.tensors();
        tch::no_grad(|| {
            for (place, mean) in &mut self.tensors {
                if let Some(weight) = weights.get(*place) {
                    let _same = mean.f_lerp_(weight, 1.0 - self.rule.decay)?;
                }
            }
            Ok(())
        })
    }

    /// Makes the means the network's weights.
    ///
    /// # Errors
    /// When libtorch refuses.
    pub fn adopt(&self, network: &Executor<'_>) -> Result<(), TchError> {
        put(network, &self.tensors)
    }

    /// Does something with the network while the means are its weights, and gives it its own back,
    /// whatever came of it.
    ///
    /// # Errors
    /// Those of what is done, and of libtorch.
    pub fn with<T, E: From<TchError>>(
        &self,
        network: &Executor<'_>,
        what: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let mut own = BTreeMap::new();
        for (place, weight) in network.tensors().into_iter().enumerate() {
            if self.tensors.contains_key(&place) {
                own.insert(place, copied(weight)?);
            }
        }
        self.adopt(network)?;
        let done = what();
        put(network, &own)?;
        done
    }

    /// Whether the weights become the means at the end of every epoch.
    pub fn is_adopted(&self) -> bool {
        self.rule.adopt
    }
}

/// A tensor of its own with the same values, laid out alike.
fn copied(tensor: &Tensor) -> Result<Tensor, TchError> {
    tch::no_grad(|| {
        let mut copy = tensor.f_zeros_like()?;
        copy.f_copy_(tensor).map(|()| copy)
    })
}

/// Copies values into a network, by place.
fn put(network: &Executor<'_>, values: &BTreeMap<usize, Tensor>) -> Result<(), TchError> {
    let weights = network.tensors();
    tch::no_grad(|| {
        for (place, value) in values {
            if let Some(weight) = weights.get(*place) {
                weight.shallow_clone().f_copy_(value)?;
            }
        }
        Ok(())
    })
}
