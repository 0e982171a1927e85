//! The executor: a decision graph's weights, and runs of it. A finished network, a supernet and a
//! sampled child are the same thing here, told apart by the states of the leaves alone.

#[cfg(test)]
mod members;
mod pass;
#[cfg(test)]
mod tests;

use super::kernels::{self, KernelError, Site, Term};
use super::weights::{Init, allocate};
use crate::torch::{TorchError, channels_last};
use pass::Leaves;
use segc::ir::kernel::{Kernel, Role, WeightSpec};
use segc::ir::{DecisionGraph, LeafId, MapType, NodeId, Scale, Size, WeightId};
use segc::search::LeafState;
pub use segc::supernet::Mode;
use segc::supernet::{Plan, Step, Switch, plan};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use tch::{Device, Kind, TchError, Tensor};

pub use pass::{Gradients, Output, Pass};

/// How maps and weights lie in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// Channels innermost: what convolutions are fastest with.
    #[default]
    ChannelsLast,
    /// Columns innermost: PyTorch's default.
    Contiguous,
}

/// How an executor is made.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Where weights and maps lie.
    pub device: Device,
    /// Type of all values; `Float` but for tests.
    pub kind: Kind,
    /// Fixes the initial weights, together with their names.
    pub seed: u64,
    /// How convolutions begin.
    pub init: Init,
    /// How transposed convolutions begin.
    pub deconv_init: Init,
    /// How maps and weights lie in memory.
    pub layout: Layout,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            device: Device::Cpu,
            kind: Kind::Float,
            seed: 0,
            init: Init::Uniform,
            deconv_init: Init::Uniform,
            layout: Layout::ChannelsLast,
        }
    }
}

/// Which gradients a run is to prepare. What is not wanted costs neither memory nor time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wanted<'a> {
    /// None: values are freed at their last use.
    Nothing,
    /// Those of the weights.
    Weights,
    /// Those of the leaves marked here, one mark per leaf.
    Leaves(&'a [bool]),
    /// Both.
    Both(&'a [bool]),
    /// Those of the weights that are not held, with paths left out.
    Parts(Parts<'a>),
}

/// A run to train parts of a network.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Parts<'a> {
    /// What keeps still, by weight set; nothing where there is none.
    pub holds: &'a [Hold],
    /// For what share of the images a node's value is left out, by node; none where there is none.
    pub drops: &'a [f64],
}

/// What of a weight set keeps still in a run that is to train.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hold {
    /// Nothing.
    #[default]
    Free,
    /// The statistics of a norm, by which it computes as in evaluation.
    Statistics,
    /// Those and all weights.
    All,
}

impl Wanted<'_> {
    fn weights(self) -> bool {
        matches!(self, Wanted::Weights | Wanted::Both(_) | Wanted::Parts(_))
    }

    /// What of a weight set keeps still.
    fn hold(self, id: WeightId) -> Hold {
        match self {
            Wanted::Parts(parts) => parts.holds.get(id.0 as usize).copied().unwrap_or_default(),
            _ => Hold::Free,
        }
    }

    /// For what share of the images a node's value is left out.
    fn drops(self, node: NodeId) -> f64 {
        match self {
            Wanted::Parts(parts) => parts.drops.get(node.index()).copied().unwrap_or_default(),
            _ => 0.0,
        }
    }

    fn leaf(self, leaf: usize) -> bool {
        match self {
            Wanted::Nothing | Wanted::Weights | Wanted::Parts(_) => false,
            Wanted::Leaves(marks) | Wanted::Both(marks) => marks.get(leaf) == Some(&true),
        }
    }
}

/// Why a network cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum ExecError {
    /// A kernel cannot be applied.
    #[error("in `{part}`: {source}")]
    Kernel {
        /// The part of the network, by name.
        part: String,
        /// What is wrong.
        source: KernelError,
    },
    /// libtorch refuses, or has no memory left.
    #[error(transparent)]
    Torch(#[from] TorchError),
    /// Two weight sets of one name, which a file of weights could not tell apart.
    #[error("two parts of the network have weights called `{0}`")]
    SameName(String),
    /// Not a batch of images of the right kind.
    #[error("input {input} needs a batch of maps with {width} channels, and is {got:?}")]
    Images {
        /// Which input.
        input: u32,
        /// Channels that it has.
        width: u32,
        /// The shape that came; empty where none did.
        got: Vec<i64>,
    },
    /// All alternatives that an output depends on are off.
    #[error("nothing is left of output `{0}`: all alternatives that it depends on are off")]
    AbsentOutput(String),
}

impl From<TchError> for ExecError {
    fn from(error: TchError) -> Self {
        ExecError::Torch(error.into())
    }
}

/// A tensor that belongs to a network.
#[derive(Debug)]
pub struct Param<'a> {
    /// Its name in a file of weights: that of its weight set, a dot, and what it is there.
    pub name: String,
    /// What it is for; running statistics are not trained.
    pub role: Role,
    /// Its values.
    pub tensor: &'a Tensor,
}

/// The shapes of a step's tensors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shapes {
    /// The node that was computed.
    pub node: NodeId,
    /// Of its inputs, in port order.
    pub inputs: Vec<Vec<i64>>,
    /// Of its result.
    pub output: Vec<i64>,
}

/// Plans that are kept; sampled strategies rarely meet one again.
const PLANS: usize = 32;

type PlanKey = (Mode, Vec<Switch>);

/// A decision graph with weights, ready to run.
#[derive(Debug)]
pub struct Executor<'g> {
    graph: &'g DecisionGraph,
    options: Options,
    /// By weight set, in the order of [`Kernel::weights`].
    weights: Vec<Vec<Tensor>>,
    /// The same memory without gradients, for runs that want none of the weights'.
    frozen: Vec<Vec<Tensor>>,
    plans: RefCell<HashMap<PlanKey, Rc<Plan>>>,
}

impl<'g> Executor<'g> {
    /// Allocates every weight set of `graph` once.
    pub fn new(graph: &'g DecisionGraph, options: Options) -> Result<Self, ExecError> {
        let ids = || (0..graph.weights.len() as u32).map(WeightId);
        let mut names = BTreeSet::new();
        for name in ids().map(|id| graph.weight_name(id)) {
            if !names.insert(name.clone()) {
                return Err(ExecError::SameName(name));
            }
        }
        let weights = ids().map(|id| own(graph, id, &options)).collect::<Result<Vec<_>, _>>()?;
        let detach = |set: &Vec<Tensor>| set.iter().map(Tensor::f_detach).collect();
        let frozen = weights.iter().map(detach).collect::<Result<_, TchError>>()?;
        Ok(Executor { graph, options, weights, frozen, plans: RefCell::default() })
    }

    /// The graph that is run.
    pub fn graph(&self) -> &'g DecisionGraph {
        self.graph
    }

    /// How it was made.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The tensors of one weight set, in the order of [`Kernel::weights`].
    pub fn weight_set(&self, id: WeightId) -> &[Tensor] {
        self.weights.get(id.0 as usize).map_or(&[], Vec::as_slice)
    }

    /// The leading channels of a set's tensors that a kernel takes which reads so many channels;
    /// nothing where it takes all.
    pub(super) fn slices(
        &self,
        id: Option<WeightId>,
        tensors: &[Tensor],
        kernel: &Kernel,
        channels: i64,
    ) -> Result<Option<Vec<Tensor>>, TchError> {
        if !id.is_some_and(|id| self.graph.shape_of(id).sliced) {
            return Ok(None);
        }
        let specs = kernel.weights(u32::try_from(channels).unwrap_or(u32::MAX));
        let cut = |(tensor, spec): (&Tensor, &WeightSpec)| leading(tensor, &spec.dims);
        tensors.iter().zip(&specs).map(cut).collect::<Result<_, _>>().map(Some)
    }

    /// Every tensor that belongs to the network; the order is that of [`Gradients::weights`].
    pub fn params(&self) -> Vec<Param<'_>> {
        let mut all = Vec::new();
        for (id, (set, tensors)) in self.graph.weights.iter().zip(&self.weights).enumerate() {
            let name = self.graph.weight_name(WeightId(id as u32));
            for (spec, tensor) in self.graph.shape(set).tensors().iter().zip(tensors) {
                let name = format!("{name}.{}", spec.role.name());
                all.push(Param { name, role: spec.role, tensor });
            }
        }
        all
    }

    /// The same tensors without their names.
    pub fn tensors(&self) -> Vec<&Tensor> {
        self.weights.iter().flatten().collect()
    }

    /// Runs the network on `images` (one tensor N x C x H x W per input of the graph) with the
    /// leaves in `states`; missing ones are off.
    pub fn forward(
        &self,
        images: &[Tensor],
        states: &[LeafState],
        mode: Mode,
        wanted: Wanted<'_>,
    ) -> Result<Pass, ExecError> {
        let plan = self.plan(states, mode, wanted);
        let run = || self.follow(&plan, images, states, (mode, wanted), &mut |_, _| {});
        match wanted {
            Wanted::Nothing => tch::no_grad(run),
            _ => tch::with_grad(run),
        }
    }

    /// Runs the network without gradients and notes the shapes of all that was computed, step by
    /// step.
    pub fn shapes(
        &self,
        images: &[Tensor],
        states: &[LeafState],
        mode: Mode,
    ) -> Result<Vec<Shapes>, ExecError> {
        let plan = self.plan(states, mode, Wanted::Nothing);
        let mut all: Vec<Shapes> = Vec::with_capacity(plan.len());
        let mut note = |step: Step<'_>, made: &Tensor| {
            let inputs = step.inputs.iter().map(|input| all[input.value as usize].output.clone());
            let inputs = inputs.collect();
            all.push(Shapes { node: step.node, inputs, output: made.size() });
        };
        let how = (mode, Wanted::Nothing);
        tch::no_grad(|| self.follow(&plan, images, states, how, &mut note))?;
        Ok(all)
    }

    pub(super) fn plan(&self, states: &[LeafState], mode: Mode, wanted: Wanted<'_>) -> Rc<Plan> {
        let switch = |(leaf, state): (usize, &LeafState)| match state {
            LeafState::Off => Switch::Off,
            LeafState::On(1.0) if !wanted.leaf(leaf) => Switch::Whole,
            LeafState::On(_) => Switch::Weighted,
        };
        let switches: Vec<Switch> = states.iter().enumerate().map(switch).collect();
        let mut plans = self.plans.borrow_mut();
        let key = (mode, switches);
        if let Some(known) = plans.get(&key) {
            return Rc::clone(known);
        }
        if plans.len() >= PLANS {
            plans.clear();
        }
        let made = Rc::new(plan(self.graph, &key.1, mode));
        plans.insert(key, Rc::clone(&made));
        made
    }

    fn follow(
        &self,
        plan: &Plan,
        images: &[Tensor],
        states: &[LeafState],
        (mode, wanted): (Mode, Wanted<'_>),
        watch: &mut dyn FnMut(Step<'_>, &Tensor),
    ) -> Result<Pass, ExecError> {
        let leaves = Leaves::new(plan, states, wanted, &self.options)?;
        let options = (self.options.kind, self.options.device);
        let site = site(self.graph, images, options, mode)?;
        let mut values: Vec<Option<Tensor>> = Vec::with_capacity(plan.len());
        for step in plan.steps() {
            let call = Call { executor: self, step, images, site, wanted, leaves: &leaves };
            let mut made = call.run(&mut values)?;
            let rate = wanted.drops(step.node);
            if rate > 0.0 {
                made = kernels::drop_path(&made, rate)?;
            }
            watch(step, &made);
            values.push(Some(made));
            for value in step.free {
                values[*value as usize] = None;
            }
        }
        Pass::new(self, plan, &values, wanted, leaves)
    }
}

/// What all kernels are told; their types come later. A network may be zeros whatever it is given;
/// then any image says how large they are.
pub(super) fn site(
    graph: &DecisionGraph,
    images: &[Tensor],
    options: (Kind, Device),
    mode: Mode,
) -> Result<Site, ExecError> {
    let first = graph.nodes().find(|(_, node)| node.kernel == Kernel::Input(0));
    let any = || {
        let channels = images.first().and_then(|image| image.size().get(1).copied());
        let width = channels.and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
        MapType::new(width, Scale::Down(1))
    };
    let ty = first.map_or_else(any, |(_, node)| node.ty);
    let (batch, h, w) = shape(images, 0, ty.width)?;
    let times = if let Scale::Down(n) = ty.scale { n } else { 1 };
    let whole = Size { h: h * times, w: w * times };
    Ok(Site { ty, whole, batch, options, mode })
}

/// The first so many entries along each dimension.
pub(super) fn leading(tensor: &Tensor, dims: &[u32]) -> Result<Tensor, TchError> {
    (0..).zip(dims).try_fold(tensor.shallow_clone(), |tensor, (dim, &len)| {
        match tensor.size()[dim as usize] == i64::from(len) {
            true => Ok(tensor),
            false => tensor.f_narrow(dim, 0, len.into()),
        }
    })
}

/// The tensors of one weight set, as the options want them.
fn own(graph: &DecisionGraph, id: WeightId, options: &Options) -> Result<Vec<Tensor>, ExecError> {
    let set = graph.shape_of(id);
    let deconv = matches!(set.kernel, Kernel::Deconv(_));
    let init = if deconv { options.deconv_init } else { options.init };
    let name = graph.weight_name(id);
    let tensors = allocate(&set.kernel, set.channels, &name, init, options.seed, options.device)?;
    let place = |tensor: &Tensor| -> Result<Tensor, ExecError> {
        // Detached first, so that the tensor in its final place is the leaf of gradients.
        let placed = laid(&tensor.f_detach()?.f_to_kind(options.kind)?, options.layout)?;
        Ok(placed.f_set_requires_grad(tensor.requires_grad())?)
    };
    tensors.iter().map(place).collect()
}

/// The tensor in the layout that is asked for, if it has channels and positions.
pub(super) fn laid(x: &Tensor, layout: Layout) -> Result<Tensor, TorchError> {
    match layout {
        Layout::ChannelsLast if x.dim() == 4 => channels_last(x),
        Layout::ChannelsLast | Layout::Contiguous => Ok(x.f_contiguous()?),
    }
}

/// Batch, height and width of an input that has the right number of channels.
pub(super) fn shape(
    images: &[Tensor],
    input: u32,
    width: u32,
) -> Result<(i64, u32, u32), ExecError> {
    let got = images.get(input as usize).map(Tensor::size).unwrap_or_default();
    match got.as_slice() {
        &[n, c, h, w] if n > 0 && h > 0 && w > 0 && c == i64::from(width) => {
            let side = |side| u32::try_from(side).unwrap_or(u32::MAX);
            Ok((n, side(h), side(w)))
        }
        _ => Err(ExecError::Images { input, width, got }),
    }
}

/// One step of a run.
struct Call<'a> {
    executor: &'a Executor<'a>,
    step: Step<'a>,
    images: &'a [Tensor],
    site: Site,
    wanted: Wanted<'a>,
    leaves: &'a Leaves,
}

impl Call<'_> {
    fn run(self, values: &mut [Option<Tensor>]) -> Result<Tensor, ExecError> {
        let Step { kernel, ty, .. } = self.step;
        if let Kernel::Input(nth) = *kernel {
            return self.input(nth, ty.width);
        }
        if self.step.in_place
            && self.wanted == Wanted::Nothing
            && let Some((first, rest)) = self.step.inputs.split_first()
        {
            let first = values[first.value as usize].take().expect("read for the last time");
            let rest: Vec<&Tensor> = rest.iter().map(|i| value(values, i.value)).collect();
            return kernels::overwrite(kernel, first, &rest).map_err(|e| self.error(e));
        }
        let inputs: Vec<&Tensor> =
            self.step.inputs.iter().map(|input| value(values, input.value)).collect();
        if *kernel == Kernel::Mix {
            return self.mix(&inputs);
        }
        let own = self.executor.graph.graph[self.step.node].weights;
        let hold = own.map_or(Hold::Free, |id| self.wanted.hold(id));
        // Only norms compute otherwise in training once they have weights.
        let mode = if hold == Hold::Free { self.site.mode } else { Mode::Eval };
        let site = Site { ty, mode, ..self.site };
        let channels = inputs.first().and_then(|x| x.size().get(1).copied()).unwrap_or(0);
        let whole = self.weights(own);
        let sliced = self.executor.slices(own, whole, kernel, channels)?;
        let weights = sliced.as_deref().unwrap_or(whole);
        kernels::forward(kernel, weights, &inputs, &site).map_err(|error| self.error(error))
    }

    fn input(&self, nth: u32, width: u32) -> Result<Tensor, ExecError> {
        shape(self.images, nth, width)?;
        let image = &self.images[nth as usize];
        let options = &self.executor.options;
        let placed = image.f_to_device(options.device)?.f_to_kind(options.kind)?;
        Ok(laid(&placed, options.layout)?)
    }

    fn weights(&self, id: Option<WeightId>) -> &[Tensor] {
        let executor = self.executor;
        let Some(id) = id else { return &[] };
        let moved = self.wanted.weights() && self.wanted.hold(id) != Hold::All;
        let all = if moved { &executor.weights } else { &executor.frozen };
        all.get(id.0 as usize).map_or(&[], Vec::as_slice)
    }

    fn mix(&self, inputs: &[&Tensor]) -> Result<Tensor, ExecError> {
        let weight = |leaf: Option<LeafId>| leaf.and_then(|leaf| self.leaves.weight(leaf));
        let terms: Vec<Term<'_>> = (self.step.inputs.iter().zip(inputs))
            .map(|(operand, value)| Term { value, weight: weight(operand.weight) })
            .collect();
        let torch = |source| KernelError::Torch { kernel: "mix", source };
        let sum = kernels::mix(&terms).map_err(|error| self.error(torch(error)))?;
        Ok(sum.expect("a mix that runs has terms"))
    }

    fn error(&self, source: KernelError) -> ExecError {
        let scope = self.executor.graph.graph[self.step.node].scope;
        ExecError::Kernel { part: self.executor.graph.scope_name(scope), source }
    }
}

fn value(values: &[Option<Tensor>], id: u32) -> &Tensor {
    values[id as usize].as_ref().expect("values are freed after their last use only")
}
