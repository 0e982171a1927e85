//! From a plan to fewer, larger steps: norms folded into the convolutions before them, sums and
//! activations joined to the convolutions that feed them.

use super::super::executor::{ExecError, Executor, Layout, Wanted, laid};
use super::super::kernels::Mode;
use segc::ir::kernel::{Act, Conv, Kernel};
use segc::ir::{MapType, NodeId};
use segc::search::LeafState;
use segc::supernet::{Access, Operand, ValueId, Values};
use tch::{TchError, Tensor};

/// A kernel with what was joined to it.
#[derive(Debug)]
pub(super) struct Unit {
    /// Where its result is in the graph.
    pub(super) node: NodeId,
    /// What it computes first.
    pub(super) kernel: Kernel,
    /// The type of its result.
    pub(super) ty: MapType,
    /// Its weights; a convolution's last one is its bias, if it has two.
    pub(super) weights: Vec<Tensor>,
    /// What it reads; what a convolution adds comes first.
    pub(super) inputs: Values,
    /// What a mix multiplies its inputs by.
    pub(super) factors: Vec<Option<Tensor>>,
    /// Whether a convolution adds its first input to its result.
    pub(super) adds: bool,
    /// What is applied to a convolution's result, after the sum.
    pub(super) act: Option<Act>,
}

impl Unit {
    /// A convolution's weight and bias.
    pub(super) fn conv_weights(&self) -> Result<(&Tensor, Option<&Tensor>), TchError> {
        let weight = self.weights.first();
        let weight =
            weight.ok_or_else(|| TchError::Shape("a convolution lacks its weight".into()))?;
        Ok((weight, self.weights.get(1)))
    }
}

impl Access for &Unit {
    fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    fn inputs(&self) -> impl Iterator<Item = ValueId> {
        self.inputs.iter().copied()
    }

    fn adds(&self) -> bool {
        matches!(self.kernel, Kernel::Conv(_)) && self.adds
    }
}

/// The steps of a network in evaluation, and the values of its outputs.
pub(super) fn lower(
    network: &Executor<'_>,
    states: &[LeafState],
) -> Result<(Vec<Unit>, Vec<Option<ValueId>>), ExecError> {
    let plan = network.plan(states, Mode::Eval, Wanted::Nothing);
    let mut lowering = Lowering { units: vec![], outputs: plan.outputs.clone() };
    for step in plan.steps() {
        let node = network.graph().node(step.node);
        let all = node.weights.map_or(&[] as &[Tensor], |id| network.weight_set(id));
        let read = step.inputs.first().map_or(0, |first| plan.step(first.value).ty.width);
        let sliced = network.slices(node.weights, all, step.kernel, read.into())?;
        let weights = sliced.as_deref().unwrap_or(all);
        let factor = |operand: &Operand| factor(operand, states, network);
        lowering.units.push(Some(Unit {
            node: step.node,
            kernel: *step.kernel,
            ty: step.ty,
            weights: weights.iter().map(Tensor::f_detach).collect::<Result<_, _>>()?,
            inputs: step.inputs.iter().map(|operand| operand.value).collect(),
            factors: step.inputs.iter().map(factor).collect::<Result<_, _>>()?,
            adds: false,
            act: None,
        }));
    }
    lowering.fold_norms()?;
    lowering.join_sums();
    lowering.join_acts();
    lowering.finish()
}

/// The constant that an operand of a mix is multiplied by.
fn factor(
    operand: &Operand,
    states: &[LeafState],
    network: &Executor<'_>,
) -> Result<Option<Tensor>, TchError> {
    let Some(leaf) = operand.weight else { return Ok(None) };
    let weight = states.get(leaf.0 as usize).map_or(0.0, |state| state.weight());
    let options = network.options();
    Tensor::f_from_slice(&[weight])?
        .f_reshape([0i64; 0])?
        .f_to_kind(options.kind)?
        .f_to_device(options.device)
        .map(Some)
}

/// Units by their value; what was joined to a later one is gone.
struct Lowering {
    units: Vec<Option<Unit>>,
    outputs: Vec<Option<ValueId>>,
}

impl Lowering {
    /// How often each value is read, outputs included.
    fn uses(&self) -> Vec<usize> {
        let mut uses = vec![0; self.units.len()];
        let read = self.units.iter().flatten().flat_map(|unit| &unit.inputs);
        read.chain(self.outputs.iter().flatten()).for_each(|value| uses[*value as usize] += 1);
        uses
    }

    /// Whether a value is a convolution's that nobody else reads and nothing is applied to yet.
    fn is_bare_conv(&self, value: ValueId, uses: &[usize], transposed: bool) -> bool {
        let Some(Some(unit)) = self.units.get(value as usize) else { return false };
        let kind = match unit.kernel {
            Kernel::Conv(_) => true,
            // Norms of grouped transposed convolutions would need their weights rearranged.
            Kernel::Deconv(conv) => transposed && conv.groups == 1,
            _ => false,
        };
        kind && unit.act.is_none() && uses.get(value as usize) == Some(&1)
    }

    /// Norms after convolutions become part of their weights. A norm after a norm cannot be.
    fn fold_norms(&mut self) -> Result<(), TchError> {
        let uses = self.uses();
        for at in 0..self.units.len() {
            let Some(norm) = &self.units[at] else { continue };
            let (Kernel::Norm(rule), [conv]) = (norm.kernel, norm.inputs.as_slice()) else {
                continue;
            };
            let conv = *conv;
            if !self.is_bare_conv(conv, &uses, true) {
                continue;
            }
            let taken = (self.units[conv as usize].take(), self.units[at].take());
            let (Some(mut unit), Some(norm)) = taken else { continue };
            fold(&mut unit, &norm.weights, rule.affine, rule.eps())?;
            (unit.node, unit.ty) = (norm.node, norm.ty);
            self.units[at] = Some(unit);
        }
        Ok(())
    }

    /// A convolution whose result is only added to something adds it itself.
    fn join_sums(&mut self) {
        let uses = self.uses();
        for at in 0..self.units.len() {
            let Some(sum) = &self.units[at] else { continue };
            let (Kernel::Add, &[a, b]) = (sum.kernel, sum.inputs.as_slice()) else { continue };
            // The later one is the better: what is added is there when it is computed.
            let (conv, other) = if a > b { (a, b) } else { (b, a) };
            let (conv, other) = match self.is_bare_conv(conv, &uses, false) {
                true => (conv, other),
                false => (other, conv),
            };
            if a == b || !self.is_bare_conv(conv, &uses, false) {
                continue;
            }
            let (node, ty) = (sum.node, sum.ty);
            let Some(mut unit) = self.units[conv as usize].take() else { continue };
            if unit.adds {
                self.units[conv as usize] = Some(unit);
                continue;
            }
            unit.inputs.insert(0, other);
            (unit.node, unit.ty, unit.adds) = (node, ty, true);
            self.units[at] = Some(unit);
        }
    }

    /// An activation of what only it reads is applied by the convolution.
    fn join_acts(&mut self) {
        let uses = self.uses();
        for at in 0..self.units.len() {
            let Some(act) = &self.units[at] else { continue };
            let (Kernel::Act(which), &[conv]) = (act.kernel, act.inputs.as_slice()) else {
                continue;
            };
            if !self.is_bare_conv(conv, &uses, false) {
                continue;
            }
            let node = act.node;
            let Some(mut unit) = self.units[conv as usize].take() else { continue };
            (unit.node, unit.act) = (node, Some(which));
            self.units[at] = Some(unit);
        }
    }

    /// What is left, with values renamed.
    fn finish(self) -> Result<(Vec<Unit>, Vec<Option<ValueId>>), ExecError> {
        let mut names: Vec<Option<ValueId>> = Vec::with_capacity(self.units.len());
        let mut next = 0;
        for unit in &self.units {
            names.push(unit.as_ref().map(|_| next));
            next += u32::from(unit.is_some());
        }
        let name = |value: &ValueId| names[*value as usize].expect("what is read is left");
        let outputs = self.outputs.iter().map(|value| value.as_ref().map(name)).collect();
        let mut units = Vec::new();
        for mut unit in self.units.into_iter().flatten() {
            unit.inputs = unit.inputs.iter().map(name).collect();
            if let Some(weight) = unit.weights.first_mut().filter(|weight| weight.dim() == 4) {
                *weight = laid(weight, Layout::ChannelsLast)?;
            }
            units.push(unit);
        }
        Ok((units, outputs))
    }
}

/// `norm(conv(x)) = conv'(x)`: with `s = scale / sqrt(var + eps)`, the weight times `s` along its
/// output channels, and the bias `(bias - mean) s + shift`.
fn fold(conv: &mut Unit, norm: &[Tensor], affine: bool, eps: f64) -> Result<(), TchError> {
    let lacks = || TchError::Shape("a norm lacks its statistics".into());
    let first = if affine { 2 } else { 0 };
    let mean = norm.get(first).ok_or_else(lacks)?;
    let var = norm.get(first + 1).ok_or_else(lacks)?;
    let mut factor = var.f_add_scalar(eps)?.f_rsqrt()?;
    if affine {
        factor = factor.f_mul(&norm[0])?;
    }
    let mut bias = mean.f_neg()?;
    if let Some(own) = conv.weights.get(1) {
        bias = bias.f_add(own)?;
    }
    bias = bias.f_mul(&factor)?;
    if affine {
        bias = bias.f_add(&norm[1])?;
    }
    let transposed = matches!(conv.kernel, Kernel::Deconv(_));
    let along = if transposed { [1, -1, 1, 1] } else { [-1, 1, 1, 1] };
    let weight = conv.weights.first().ok_or_else(lacks)?.f_mul(&factor.f_reshape(along)?)?;
    conv.weights = vec![weight, bias];
    if let Kernel::Conv(Conv { bias, .. }) | Kernel::Deconv(Conv { bias, .. }) = &mut conv.kernel {
        *bias = true;
    }
    Ok(())
}
