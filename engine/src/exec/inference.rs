//! Finished networks prepared for inference: norms folded into convolutions, sums and activations
//! fused into them where that is faster, channels innermost, values freed or written over at their
//! last use, no bookkeeping for gradients. What is faster is found by measuring each convolution
//! once, on its own input.

mod choose;
mod lower;
#[cfg(test)]
mod tests;

use super::executor::{ExecError, Executor, Layout, Output, laid, shape, site};
use super::kernels::{self, KernelError, Mode, Site, Term};
use crate::torch::{FusedAct, Geometry, PackedConv, inference};
use lower::Unit;
use segc::ir::DecisionGraph;
use segc::ir::kernel::{Act, Conv, Kernel};
use segc::search::LeafState;
use segc::supernet::{Lifetimes, ValueId, Values};
use tch::{Device, Kind, Tensor};

/// A network prepared for inference.
#[derive(Debug)]
pub struct Prepared<'g> {
    graph: &'g DecisionGraph,
    steps: Vec<Prep>,
    outputs: Vec<Option<ValueId>>,
    options: (Kind, Device),
    layout: Layout,
}

/// One step.
#[derive(Debug)]
struct Prep {
    unit: Unit,
    /// How its convolution is done, if it is one.
    way: Way,
    free: Values,
    /// Whether it writes over its first input (a fused sum: over what is added).
    in_place: bool,
}

/// How a convolution and what is fused into it are done.
#[derive(Debug)]
enum Way {
    /// libtorch's own convolution; sum and activation in place after it.
    Plain,
    /// All at once, the weight in the order that the processor reads it.
    Packed(Box<PackedConv>),
}

/// How convolutions are done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// As measuring says, each by itself.
    #[default]
    Measured,
    /// All by libtorch's own.
    Plain,
    /// All prepacked, where that exists.
    Packed,
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Kernels that are run.
    pub steps: usize,
    /// Convolutions among them.
    pub convs: usize,
    /// Convolutions that are prepacked.
    pub packed: usize,
}

impl<'g> Prepared<'g> {
    /// Prepares what `network` computes in evaluation with its leaves in `states`, for batches of
    /// the shape of `image` (others work, less well). Takes a few times as long as it saves per
    /// run.
    pub fn new(
        network: &Executor<'g>,
        states: &[LeafState],
        image: &Tensor,
        choice: Choice,
    ) -> Result<Self, ExecError> {
        let (units, outputs) = tch::no_grad(|| lower::lower(network, states))?;
        let Lifetimes { in_place, last } =
            Lifetimes::of(units.len(), |at| &units[at as usize], &outputs);
        let step = |(unit, in_place)| {
            let (way, free) = (Way::Plain, Values::new());
            Prep { unit, way, free, in_place }
        };
        let mut steps: Vec<Prep> = units.into_iter().zip(in_place).map(step).collect();
        for (value, last) in (0..).zip(last) {
            last.into_iter().for_each(|last| steps[last as usize].free.push(value));
        }
        let (options, layout) =
            ((network.options().kind, network.options().device), Layout::ChannelsLast);
        let mut prepared = Prepared { graph: network.graph(), steps, outputs, options, layout };
        // Only oneDNN's own type and device have the other way.
        if options == (Kind::Float, Device::Cpu) && choice != Choice::Plain {
            prepared.choose(image, choice)?;
        }
        Ok(prepared)
    }

    /// What was decided.
    pub fn summary(&self) -> Summary {
        let is_conv = |step: &&Prep| matches!(step.unit.kernel, Kernel::Conv(_));
        let is_packed = |step: &&Prep| matches!(step.way, Way::Packed(_));
        Summary {
            steps: self.steps.len(),
            convs: self.steps.iter().filter(is_conv).count(),
            packed: self.steps.iter().filter(is_packed).count(),
        }
    }

    /// The outputs for a batch of images, N x C x H x W.
    pub fn forward(&self, image: &Tensor) -> Result<Vec<Output>, ExecError> {
        inference(|| self.run(image, |_, _| Ok(None)))?.map(|(outputs, _)| outputs)
    }

    /// Decides for every convolution by running all once.
    fn choose(&mut self, image: &Tensor, choice: Choice) -> Result<(), ExecError> {
        let mut chooser = choose::Chooser::new(choice);
        let look = |unit: &Unit, inputs: &[&Tensor]| chooser.decide(unit, inputs);
        let (_, ways) = inference(|| self.run(image, look))??;
        for (step, way) in self.steps.iter_mut().zip(ways) {
            step.way = way.unwrap_or(Way::Plain);
        }
        Ok(())
    }

    /// Runs all steps; `look` sees every unit with its inputs before it runs.
    fn run(
        &self,
        image: &Tensor,
        mut look: impl FnMut(&Unit, &[&Tensor]) -> Result<Option<Way>, ExecError>,
    ) -> Result<(Vec<Output>, Vec<Option<Way>>), ExecError> {
        let mut values: Vec<Option<Tensor>> = Vec::with_capacity(self.steps.len());
        let mut ways = Vec::with_capacity(self.steps.len());
        let images = std::slice::from_ref(image);
        let site = site(self.graph, images, self.options, Mode::Eval)?;
        for step in &self.steps {
            let value = |id: &ValueId| values[*id as usize].as_ref().expect("not freed yet");
            let inputs: Vec<&Tensor> = step.unit.inputs.iter().map(value).collect();
            ways.push(look(&step.unit, &inputs)?);
            let made = self.step(step, image, &mut values, site)?;
            values.push(Some(made));
            for value in &step.free {
                values[*value as usize] = None;
            }
        }
        let mut outputs = Vec::new();
        for (output, value) in self.graph.outputs.iter().zip(&self.outputs) {
            if let Some(value) = value.and_then(|id| values[id as usize].as_ref()) {
                let (name, aux) = (output.name.clone(), output.aux);
                outputs.push(Output { name, aux, value: value.shallow_clone() });
            } else if !output.aux {
                return Err(ExecError::AbsentOutput(output.name.clone()));
            }
        }
        Ok((outputs, ways))
    }

    fn step(
        &self,
        step: &Prep,
        image: &Tensor,
        values: &mut [Option<Tensor>],
        site: Site,
    ) -> Result<Tensor, ExecError> {
        let unit = &step.unit;
        if let Kernel::Input(nth) = unit.kernel {
            shape(std::slice::from_ref(image), nth, unit.ty.width)?;
            let placed = image.f_to_device(self.options.1)?.f_to_kind(self.options.0)?;
            return Ok(laid(&placed, self.layout)?);
        }
        // What is written over is taken out, so that nothing else holds it.
        let taken = if step.in_place {
            unit.inputs.first().and_then(|first| values[*first as usize].take())
        } else {
            None
        };
        let from = usize::from(taken.is_some());
        let value = |id: &ValueId| values[*id as usize].as_ref().expect("not freed yet");
        let inputs: Vec<&Tensor> = unit.inputs.iter().skip(from).map(value).collect();
        let result = match &unit.kernel {
            Kernel::Conv(conv) => return conv_unit(step, conv, taken, &inputs),
            Kernel::Mix => {
                let weights = unit.factors.iter().map(Option::as_ref);
                let terms: Vec<Term<'_>> = (inputs.iter().zip(weights))
                    .map(|(value, weight)| Term { value, weight })
                    .collect();
                return Ok(kernels::mix(&terms)?.expect("a mix that runs has terms"));
            }
            kernel => match taken {
                Some(first) => kernels::overwrite(kernel, first, &inputs),
                None => {
                    let site = Site { ty: unit.ty, ..site };
                    kernels::forward(kernel, &unit.weights, &inputs, &site)
                }
            },
        };
        result.map_err(|source| self.error(unit, source))
    }

    fn error(&self, unit: &Unit, source: KernelError) -> ExecError {
        let scope = self.graph.graph[unit.node].scope;
        ExecError::Kernel { part: self.graph.scope_name(scope), source }
    }
}

/// A convolution with what is fused into it. Inputs: what is added, if anything, then the map.
fn conv_unit(
    step: &Prep,
    conv: &Conv,
    taken: Option<Tensor>,
    inputs: &[&Tensor],
) -> Result<Tensor, ExecError> {
    let lacks = || ExecError::from(tch::TchError::Shape("a convolution lacks its input".into()));
    let x = *inputs.last().ok_or_else(lacks)?;
    let other = if step.unit.adds && taken.is_none() { inputs.first().copied() } else { None };
    match (&step.way, taken, other) {
        (Way::Packed(packed), Some(over), _) => Ok(packed.forward_add_into(x, over)?),
        (Way::Packed(packed), None, Some(other)) => Ok(packed.forward_add(x, other)?),
        (Way::Packed(packed), None, None) => Ok(packed.forward(x)?),
        (Way::Plain, taken, other) => plain(&step.unit, conv, x, taken.as_ref().or(other)),
    }
}

/// The same by libtorch's own convolution.
fn plain(
    unit: &Unit,
    conv: &Conv,
    x: &Tensor,
    other: Option<&Tensor>,
) -> Result<Tensor, ExecError> {
    let both = |side: u32| [i64::from(side); 2];
    let (weight, bias) = unit.conv_weights()?;
    let (stride, pad, rate) = (both(conv.stride), both(conv.pad()), both(conv.rate));
    let mut y = x.f_conv2d(weight, bias, stride, pad, rate, conv.groups.into())?;
    if let Some(other) = other {
        let _same = y.f_add_(other)?;
    }
    match unit.act {
        None => Ok(y),
        Some(act) => kernels::overwrite(&Kernel::Act(act), y, &[])
            .map_err(|source| ExecError::Kernel { part: String::new(), source }),
    }
}

fn fused(act: Option<Act>) -> FusedAct {
    match act {
        None => FusedAct::None,
        Some(Act::Relu) => FusedAct::Relu,
        Some(Act::Relu6) => FusedAct::Relu6,
        Some(Act::Sigmoid) => FusedAct::Sigmoid,
        Some(Act::Silu) => FusedAct::Silu,
        Some(Act::Hardswish) => FusedAct::Hardswish,
    }
}

fn geometry(conv: &Conv) -> Geometry {
    let Conv { stride, rate, groups, .. } = *conv;
    Geometry { stride, pad: conv.pad(), rate, groups }
}
