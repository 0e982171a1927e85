//! What a run leaves behind: outputs, and all that gradients are taken with respect to.

use super::{ExecError, Executor, Hold, Options, Wanted};

use segc::ir::{LeafId, WeightId};
use segc::search::LeafState;
use segc::supernet::Plan;
use std::collections::BTreeSet;
use tch::{TchError, Tensor};

/// One of a network's outputs.
#[derive(Debug)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// Whether it exists in training only.
    pub aux: bool,
    /// Its value, N x C x H x W.
    pub value: Tensor,
}

/// A finished run.
#[derive(Debug)]
pub struct Pass {
    /// The outputs that there are, in the graph's order.
    pub outputs: Vec<Output>,
    /// The trainable tensors that took part, by their place among the executor's parameters.
    weights: Vec<(usize, Tensor)>,
    leaves: Leaves,
}

/// The gradients of a loss.
#[derive(Debug)]
pub struct Gradients {
    /// By place in [`Executor::params`], ascending; what did not take part is left out.
    pub weights: Vec<(usize, Tensor)>,
    /// By leaf; zero for those whose gradient was not wanted or that are off.
    pub leaves: Vec<f64>,
}

impl Pass {
    pub(super) fn new(
        executor: &Executor<'_>,
        plan: &Plan,
        values: &[Option<Tensor>],
        wanted: Wanted<'_>,
        leaves: Leaves,
    ) -> Result<Pass, ExecError> {
        let mut outputs = Vec::new();
        for (output, value) in executor.graph.outputs.iter().zip(&plan.outputs) {
            let value = value.and_then(|value| values[value as usize].as_ref());
            match value {
                Some(value) => {
                    let (name, aux) = (output.name.clone(), output.aux);
                    outputs.push(Output { name, aux, value: value.shallow_clone() });
                }
                // Absent in this run, or not of this mode.
                None if output.aux => {}
                None => return Err(ExecError::AbsentOutput(output.name.clone())),
            }
        }
        let weights = if wanted.weights() { taking_part(executor, plan, wanted) } else { vec![] };
        Ok(Pass { outputs, weights, leaves })
    }

    /// An output's value by name.
    pub fn output(&self, name: &str) -> Option<&Tensor> {
        self.outputs.iter().find(|output| output.name == name).map(|output| &output.value)
    }

    /// The gradients of `loss`, a tensor without dimensions that was computed from the outputs.
    /// What was kept for them is freed.
    pub fn backward(self, loss: &Tensor) -> Result<Gradients, ExecError> {
        let Pass { outputs, weights, leaves } = self;
        drop(outputs);
        let mut roots: Vec<&Tensor> = weights.iter().map(|(_, tensor)| tensor).collect();
        roots.extend(leaves.learned.as_ref());
        if roots.is_empty() || !loss.requires_grad() {
            return Ok(Gradients { weights: vec![], leaves: vec![0.0; leaves.count] });
        }
        let mut all = Tensor::f_run_backward(&[loss], &roots, false, false)?;
        let of_leaves = leaves.learned.as_ref().and_then(|_| all.pop());
        let leaves = leaves.gradients(of_leaves)?;
        let places = weights.into_iter().map(|(place, _)| place);
        // Some of what ran may have had no part in the loss.
        let weights = places.zip(all).filter(|(_, tensor)| tensor.defined()).collect();
        Ok(Gradients { weights, leaves })
    }
}

/// The trainable tensors of the steps of a plan.
fn taking_part(executor: &Executor<'_>, plan: &Plan, wanted: Wanted<'_>) -> Vec<(usize, Tensor)> {
    let graph = executor.graph;
    let used: BTreeSet<WeightId> =
        plan.steps().filter_map(|step| graph.graph[step.node].weights).collect();
    let mut all = Vec::new();
    let mut place = 0;
    for (id, set) in executor.weights.iter().enumerate() {
        let id = WeightId(id as u32);
        let is_used = used.contains(&id) && wanted.hold(id) != Hold::All;
        for tensor in set {
            if is_used && tensor.requires_grad() {
                all.push((place, tensor.shallow_clone()));
            }
            place += 1;
        }
    }
    all
}

/// The weights of the leaves that a run multiplies by.
#[derive(Debug)]
pub(super) struct Leaves {
    /// How many leaves the graph has states for.
    count: usize,
    /// Those whose gradient is wanted, as one vector: one transfer there and one back, whatever
    /// their number.
    learned: Option<Tensor>,
    /// Which entry of the vector is which leaf's.
    ids: Vec<LeafId>,
    /// By leaf: a scalar.
    scalars: Vec<Option<Tensor>>,
}

impl Leaves {
    pub(super) fn new(
        plan: &Plan,
        states: &[LeafState],
        wanted: Wanted<'_>,
        options: &Options,
    ) -> Result<Leaves, TchError> {
        let read = plan.steps().flat_map(|step| step.inputs);
        let read: BTreeSet<LeafId> = read.filter_map(|operand| operand.weight).collect();
        let (ids, fixed): (Vec<LeafId>, Vec<LeafId>) =
            read.into_iter().partition(|leaf| wanted.leaf(leaf.0 as usize));
        let mut scalars: Vec<Option<Tensor>> = states.iter().map(|_| None).collect();
        let mut spread = |ids: &[LeafId], learned: bool| -> Result<Option<Tensor>, TchError> {
            if ids.is_empty() {
                return Ok(None);
            }
            let weight = |leaf: &LeafId| match states[leaf.0 as usize] {
                LeafState::Off => 0.0,
                LeafState::On(weight) => weight,
            };
            let values: Vec<f64> = ids.iter().map(weight).collect();
            let vector = Tensor::f_from_slice(&values)?
                .f_to_kind(options.kind)?
                .f_to_device(options.device)?
                .f_set_requires_grad(learned)?;
            for (leaf, scalar) in ids.iter().zip(vector.f_unbind(0)?) {
                scalars[leaf.0 as usize] = Some(scalar);
            }
            Ok(Some(vector))
        };
        spread(&fixed, false)?;
        let learned = spread(&ids, true)?;
        Ok(Leaves { count: states.len(), learned, ids, scalars })
    }

    /// What a leaf's term is multiplied by.
    pub(super) fn weight(&self, leaf: LeafId) -> Option<&Tensor> {
        self.scalars.get(leaf.0 as usize)?.as_ref()
    }

    /// The gradient by leaf, from that by entry.
    fn gradients(&self, by_entry: Option<Tensor>) -> Result<Vec<f64>, TchError> {
        let mut all = vec![0.0; self.count];
        let Some(by_entry) = by_entry.filter(Tensor::defined) else { return Ok(all) };
        let by_entry = by_entry.f_to_device(tch::Device::Cpu)?.f_to_kind(tch::Kind::Double)?;
        let values: Vec<f64> = Vec::try_from(by_entry)?;
        for (leaf, value) in self.ids.iter().zip(values) {
            all[leaf.0 as usize] = value;
        }
        Ok(all)
    }
}
