//! What a step will take in memory: the plan's run, the way back and the optimiser's move, walked
//! through with bytes in place of tensors. It follows what libtorch keeps for gradients and when it
//! lets go, and what convolutions need for a moment to bring their weights into another order.

use super::{Mode, Operand, Plan, Step, Switch, ValueId, plan};
use crate::cost::{self, SizeProblem, Sizes};
use crate::ir::graph::WeightId;
use crate::ir::kernel::{Act, Conv, Kernel, PoolKind};
use crate::ir::{DecisionGraph, Size, liveness};

/// Bytes of one value.
const FLOAT: u64 = 4;
/// Bytes of one index: of a max pool's choice, of a label.
const INDEX: u64 = 8;

/// Channels that oneDNN handles at once.
const BLOCK: u32 = 16;
/// Copies of a gradient for a moment while its length is taken: its square, and that in doubles.
const CLIPPING: u64 = 3;

/// Bytes that are noted of one kernel for the way back; measured.
const NOTES: u64 = 4096;
/// Of what is in use at most, one part in so many is kept when it is freed (`engine/shim/blocks.h`).
const KEPT: u64 = 16;

/// Which gradients a step takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// Those of the weights.
    Weights,
    /// Those of the leaves.
    Arch,
    /// Both.
    Both,
}

/// Bytes of a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepBytes {
    /// Weights and running statistics.
    pub weights: u64,
    /// What the optimiser keeps: one copy of what is trained.
    pub optimiser: u64,
    /// The most that a step has beside them.
    pub step: u64,
    /// What is noted of each kernel for the way back: handles, sizes, what belongs to what.
    pub notes: u64,
}

impl StepBytes {
    /// Tensors, all at once, at most.
    pub fn peak(self) -> u64 {
        self.weights + self.optimiser + self.step
    }

    /// What the process needs for them: also notes, and freed blocks that are kept for the next.
    pub fn resident(self) -> u64 {
        self.peak() + self.peak() / KEPT + self.notes
    }
}

/// The memory that training takes with every alternative on: of steps of the weights, and of the
/// leaves where there are some, whichever is more.
///
/// # Errors
/// Where the network does not fit the images.
pub fn training_peak(graph: &DecisionGraph, input: Size, batch: u32) -> Result<u64, SizeProblem> {
    let kinds: &[StepKind] = match graph.leaves.is_empty() {
        true => &[StepKind::Weights],
        false => &[StepKind::Weights, StepKind::Arch],
    };
    let steps = steps(graph, (input, u64::from(batch)), kinds, &[])?;
    Ok(steps.into_iter().map(StepBytes::resident).max().unwrap_or(0))
}

/// The memory that steps of each kind take with every alternative on, on `batch` images of size
/// `input`. Weight sets marked in `held`, in their order, keep still and have no gradients; none do
/// where it is empty.
///
/// # Errors
/// Where the network does not fit the images.
pub fn steps(
    graph: &DecisionGraph,
    (input, batch): (Size, u64),
    kinds: &[StepKind],
    held: &[bool],
) -> Result<Vec<StepBytes>, SizeProblem> {
    let leaves = graph.leaves.len();
    let live = cost::built(graph, &liveness(graph, &vec![true; leaves], true));
    let sizes = Sizes::of(graph, &live, input)?;
    let plan = plan(graph, &vec![Switch::Weighted; leaves], Mode::Train);
    let mut facts = facts(graph, &plan, &sizes, batch);
    for fact in &mut facts {
        if fact.weights.is_some_and(|id| held.get(id.0 as usize) == Some(&true)) {
            fact.trained = 0;
        }
    }
    let weights = Weights::of(graph);
    Ok(walks(graph, (&plan, &sizes), &facts, (input, batch), kinds, &weights))
}

/// The memory that a training step takes which follows `plan`, on `batch` images of size `input`,
/// with an optimiser that has a momentum. `sizes` are those of the graph's live maps. Every weight
/// in the plan is a leaf's that is learned.
pub fn step_bytes(
    graph: &DecisionGraph,
    plan: &Plan,
    sizes: &Sizes,
    at: (Size, u64),
    kind: StepKind,
) -> StepBytes {
    let facts = facts(graph, plan, sizes, at.1);
    let steps = walks(graph, (plan, sizes), &facts, at, &[kind], &Weights::of(graph));
    steps.into_iter().next().unwrap_or_default()
}

/// Bytes of a network's weights.
struct Weights {
    /// With running statistics.
    all: u64,
    trained: u64,
    /// Of the largest tensor that is trained.
    largest: u64,
}

impl Weights {
    fn of(graph: &DecisionGraph) -> Weights {
        let mut weights = Weights { all: 0, trained: 0, largest: 0 };
        let mut counts = vec![0; graph.shapes.len()];
        graph.weights.iter().for_each(|set| counts[set.shape.0 as usize] += 1);
        for (shape, count) in graph.shapes.iter().zip(counts).filter(|(_, count)| *count > 0) {
            for tensor in shape.tensors() {
                let bytes = tensor.len() * FLOAT;
                weights.all += bytes * count;
                if tensor.role.trainable() {
                    weights.trained += bytes * count;
                    weights.largest = weights.largest.max(bytes);
                }
            }
        }
        weights
    }
}

/// Steps of several kinds, which walk side by side: what is asked of a plan is then near at hand.
fn walks(
    graph: &DecisionGraph,
    (plan, sizes): (&Plan, &Sizes),
    facts: &[Fact],
    (input, batch): (Size, u64),
    kinds: &[StepKind],
    weights: &Weights,
) -> Vec<StepBytes> {
    let count = plan.len();
    let start = |kind: &StepKind| Walk {
        plan,
        sizes,
        facts,
        batch,
        kind: *kind,
        pool: Pool { blocks: Vec::with_capacity(2 * count), ..Pool::default() },
        marks: Vec::with_capacity(count),
        saved: Vec::with_capacity(2 * count),
        gradients: vec![None; count],
        given: vec![false; graph.weights.len()],
    };
    let mut walks: Vec<Walk<'_>> = kinds.iter().map(start).collect();
    // The caller's images go when the run is done; what is kept of them is the plan's own copy.
    let images = input.area() * batch * image_channels(graph) * FLOAT;
    for walk in &mut walks {
        walk.pool.grow(input.area() * batch * INDEX);
        walk.pool.grow(images);
    }
    let all = 0..count as ValueId;
    for at in all.clone() {
        let taken = Taken::of(plan, facts, at);
        walks.iter_mut().for_each(|walk| walk.forward(taken));
    }
    for walk in &mut walks {
        walk.pool.shrink(images);
        walk.loss(input);
    }
    for at in all.rev() {
        let taken = Taken::of(plan, facts, at);
        walks.iter_mut().for_each(|walk| walk.backward(at, taken));
    }
    let bytes = |mut walk: Walk<'_>| {
        if walk.kind != StepKind::Arch {
            walk.pool.pass(CLIPPING * weights.largest);
        }
        StepBytes {
            weights: weights.all,
            optimiser: weights.trained,
            step: walk.pool.most,
            notes: count as u64 * NOTES,
        }
    };
    walks.into_iter().map(bytes).collect()
}

/// What a convolution needs for a moment beside its tensors: its weight in the order that its kernel
/// reads, on the way there and on the way back. (Measured on oneDNN: 1x1 are read as they are; those
/// with groups that have holes or are larger than 3x3 are padded to blocks of channels on the way
/// back.)
fn reordered(conv: &Conv, channels: u32) -> (u64, u64) {
    if conv.kernel == 1 {
        return (0, 0);
    }
    let of = |inputs: u32, outputs: u32| {
        u64::from(conv.groups)
            * u64::from(inputs)
            * u64::from(outputs)
            * FLOAT
            * u64::from(conv.kernel).pow(2)
    };
    let (inputs, outputs) = (channels / conv.groups, conv.out / conv.groups);
    let plain = of(inputs, outputs);
    match conv.groups > 1 && (conv.rate > 1 || conv.kernel > 3) {
        true => {
            let blocks = |n: u32| n.next_multiple_of(BLOCK);
            (plain, plain + of(blocks(inputs), blocks(outputs)))
        }
        false => (plain, 2 * plain),
    }
}

/// Channels of all inputs together.
fn image_channels(graph: &DecisionGraph) -> u64 {
    let inputs = graph.nodes().filter(|(_, node)| matches!(node.kernel, Kernel::Input(_)));
    inputs.map(|(_, node)| u64::from(node.ty.width)).sum()
}

/// Blocks of memory, each held by so many.
#[derive(Default)]
struct Pool {
    now: u64,
    most: u64,
    /// Size and holders.
    blocks: Vec<(u64, u32)>,
    /// Places of blocks that nobody holds.
    free: Vec<BlockId>,
}

impl Pool {
    fn grow(&mut self, bytes: u64) {
        self.now += bytes;
        self.most = self.most.max(self.now);
    }

    fn shrink(&mut self, bytes: u64) {
        self.now -= bytes;
    }

    /// Bytes that are needed for a moment.
    fn pass(&mut self, bytes: u64) {
        self.grow(bytes);
        self.shrink(bytes);
    }

    fn new_block(&mut self, bytes: u64) -> BlockId {
        self.grow(bytes);
        if let Some(place) = self.free.pop() {
            self.blocks[place as usize] = (bytes, 1);
            return place;
        }
        self.blocks.push((bytes, 1));
        self.blocks.len() as BlockId - 1
    }

    fn hold(&mut self, block: BlockId) -> BlockId {
        self.blocks[block as usize].1 += 1;
        block
    }

    fn release(&mut self, block: BlockId) {
        let (bytes, holders) = &mut self.blocks[block as usize];
        *holders -= 1;
        if *holders == 0 {
            let bytes = *bytes;
            self.free.push(block);
            self.shrink(bytes);
        }
    }
}

/// A place in a [`Pool`]: there are a few for each value.
type BlockId = u32;

/// What is known of a value.
#[derive(Clone, Copy, Debug)]
struct Mark {
    /// Its block.
    block: BlockId,
    /// Whether a gradient flows to it.
    wants: bool,
    /// Where the blocks that are kept for its way back begin, of all those.
    saved: u32,
}

/// What is asked of a step again and again.
struct Fact {
    weights: Option<WeightId>,
    /// Bytes of the result.
    bytes: u64,
    /// Bytes of its weights that are trained.
    trained: u64,
    /// Whether the result has its first input's size.
    same_size: bool,
}

/// The facts of each of a plan's steps.
fn facts(graph: &DecisionGraph, plan: &Plan, sizes: &Sizes, batch: u64) -> Vec<Fact> {
    let of = |step: Step<'_>| {
        let (id, weights) = (step.node, graph.graph[step.node].weights);
        let shape = weights.map(|id| graph.shape_of(id));
        let size = sizes.output(id);
        Fact {
            weights,
            bytes: u64::from(step.ty.width) * size.area() * batch * FLOAT,
            trained: shape.map_or(0, |shape| shape.params() * FLOAT),
            same_size: size == sizes.input(id),
        }
    };
    plan.steps().map(of).collect()
}

/// A step that is taken.
#[derive(Clone, Copy)]
struct Taken<'p> {
    step: Step<'p>,
    fact: &'p Fact,
    /// What it needs for a moment for its weights, there and back.
    reordered: (u64, u64),
}

impl<'p> Taken<'p> {
    fn of(plan: &'p Plan, facts: &'p [Fact], at: ValueId) -> Taken<'p> {
        let step = plan.step(at);
        let reordered = match (step.kernel, step.inputs) {
            (Kernel::Conv(conv) | Kernel::Deconv(conv), [input, ..]) => {
                reordered(conv, plan.step(input.value).ty.width)
            }
            _ => (0, 0),
        };
        Taken { step, fact: &facts[at as usize], reordered }
    }
}

/// Whether a step hands its gradient to an input as it is.
fn hands_gradient_on(kernel: &Kernel, fact: &Fact, weighed: bool) -> bool {
    match kernel {
        Kernel::Add | Kernel::Concat => true,
        Kernel::Mix => !weighed,
        Kernel::Resize { .. } => fact.same_size,
        _ => false,
    }
}

struct Walk<'p> {
    plan: &'p Plan,
    sizes: &'p Sizes,
    /// One of each step.
    facts: &'p [Fact],
    batch: u64,
    kind: StepKind,
    pool: Pool,
    marks: Vec<Mark>,
    /// Blocks that are kept for the way back, step by step.
    saved: Vec<BlockId>,
    /// On the way back: by value, its gradient.
    gradients: Vec<Option<BlockId>>,
    /// Weight sets whose gradient is there.
    given: Vec<bool>,
}

impl Walk<'_> {
    /// Whether a step's own weights want gradients.
    fn trains(&self, fact: &Fact) -> bool {
        self.kind != StepKind::Arch && fact.trained > 0
    }

    /// Whether the weight of a mix's term wants a gradient.
    fn learns(&self, weighed: bool) -> bool {
        weighed && self.kind != StepKind::Weights
    }

    fn forward(&mut self, Taken { step, fact, reordered }: Taken<'_>) {
        let wants = self.trains(fact)
            || step.inputs.iter().any(|input| {
                self.marks[input.value as usize].wants || self.learns(input.weight.is_some())
            });
        let wants = wants && !matches!(step.kernel, Kernel::Zero);
        let block = self.make(step, fact);
        self.pool.pass(reordered.0);
        let saved = self.saved.len() as u32;
        if wants {
            self.save(step, fact, block);
        }
        self.marks.push(Mark { block, wants, saved });
        for value in step.free {
            self.pool.release(self.marks[*value as usize].block);
        }
    }

    /// The block of a step's result.
    fn make(&mut self, step: Step<'_>, fact: &Fact) -> BlockId {
        let shares = match step.kernel {
            Kernel::Slice { .. } => true,
            Kernel::Resize { .. } => fact.same_size,
            _ => false,
        };
        match step.inputs.first().filter(|_| shares) {
            Some(first) => self.pool.hold(self.marks[first.value as usize].block),
            None => self.pool.new_block(fact.bytes),
        }
    }

    /// What libtorch keeps for a step's way back.
    fn save(&mut self, step: Step<'_>, fact: &Fact, result: BlockId) {
        let block = |marks: &[Mark], input: &Operand| marks[input.value as usize].block;
        match step.kernel {
            Kernel::Conv(_)
            | Kernel::Deconv(_)
            | Kernel::Norm(_)
            | Kernel::Act(Act::Relu6 | Act::Silu | Act::Hardswish)
            | Kernel::Pool { .. } => {
                if let Some(first) = step.inputs.first() {
                    self.keep(block(&self.marks, first));
                }
            }
            Kernel::Act(Act::Relu | Act::Sigmoid) => self.keep(result),
            Kernel::Mul => {
                for (at, other) in [(0, 1), (1, 0)] {
                    if let (Some(input), Some(other)) =
                        (step.inputs.get(at), step.inputs.get(other))
                        && self.marks[input.value as usize].wants
                    {
                        self.keep(block(&self.marks, other));
                    }
                }
            }
            Kernel::Mix => {
                for input in step.inputs {
                    if self.learns(input.weight.is_some()) {
                        self.keep(block(&self.marks, input));
                    }
                }
            }
            _ => {}
        }
        let extra = match step.kernel {
            Kernel::Pool { kind: PoolKind::Max, .. } => fact.bytes / FLOAT * INDEX,
            Kernel::Norm(_) => 2 * u64::from(step.ty.width) * FLOAT,
            // What was dropped.
            Kernel::Dropout { .. } => fact.bytes,
            _ => 0,
        };
        if extra > 0 {
            let block = self.pool.new_block(extra);
            self.saved.push(block);
        }
    }

    /// Keeps a block that there is.
    fn keep(&mut self, block: BlockId) {
        self.saved.push(self.pool.hold(block));
    }

    /// The cross entropies of all outputs and their way back, to the gradients of the outputs.
    fn loss(&mut self, input: Size) {
        let mut seeds: Vec<(ValueId, BlockId)> = vec![];
        let mut logs = vec![];
        let outputs: Vec<ValueId> = self.plan.outputs.iter().flatten().copied().collect();
        for value in &outputs {
            let step = self.plan.step(*value);
            let whole = u64::from(step.ty.width) * input.area() * self.batch * FLOAT;
            let resized = if self.sizes.output(step.node) == input { 0 } else { whole };
            // Resized, laid out for the softmax, and its logarithm, which stays.
            self.pool.grow(resized);
            self.pool.pass(2 * whole);
            logs.push(self.pool.new_block(whole));
            self.pool.shrink(resized);
        }
        for (at, (value, log)) in outputs.iter().zip(logs).enumerate().rev() {
            let whole = self.pool.blocks[log as usize].0;
            // Of the logarithm, then of what it was taken of.
            self.pool.pass(2 * whole);
            self.pool.release(log);
            let gradient = self.pool.new_block(self.facts[*value as usize].bytes);
            if self.marks[*value as usize].wants {
                seeds.push((*value, gradient));
            }
            // The outputs' own handles went before the way back began; of those of one map, the last.
            if !outputs[..at].contains(value) {
                self.pool.release(self.marks[*value as usize].block);
            }
        }
        for (value, gradient) in seeds {
            self.accumulate(value, gradient);
        }
    }

    /// The way back through a step, those after it being done.
    fn backward(&mut self, at: ValueId, Taken { step, fact, reordered }: Taken<'_>) {
        let kept = self.marks[at as usize].saved as usize;
        let Some(gradient) = self.gradients[at as usize].take() else {
            self.saved.truncate(kept);
            return;
        };
        self.gradients_of_weights(fact);
        // A mix is a chain of sums, undone from its end.
        for input in step.inputs.iter().rev() {
            let learns = self.learns(input.weight.is_some());
            if self.marks[input.value as usize].wants {
                let weighed = input.weight.is_some();
                let block = match hands_gradient_on(step.kernel, fact, weighed) {
                    true => self.pool.hold(gradient),
                    false => self.pool.new_block(self.facts[input.value as usize].bytes),
                };
                self.accumulate(input.value, block);
            }
            if learns {
                // The product that is summed to the leaf's slope; then the term is let go.
                self.pool.pass(fact.bytes);
                self.let_go(kept);
            }
        }
        self.pool.pass(reordered.1);
        self.pool.release(gradient);
        while self.let_go(kept) {}
    }

    /// Lets go of the block that was kept last, if it came after so many others.
    fn let_go(&mut self, before: usize) -> bool {
        let last = (self.saved.len() > before).then(|| self.saved.pop()).flatten();
        last.inspect(|block| self.pool.release(*block)).is_some()
    }

    /// The gradients of a step's own weights. Those of tied weights are added up.
    fn gradients_of_weights(&mut self, fact: &Fact) {
        let Some(id) = fact.weights.filter(|_| self.trains(fact)) else { return };
        match std::mem::replace(&mut self.given[id.0 as usize], true) {
            true => self.pool.pass(fact.trained),
            false => self.pool.grow(fact.trained),
        }
    }

    /// Adds to what has come before for the same value.
    fn accumulate(&mut self, value: ValueId, block: BlockId) {
        let Some(before) = self.gradients[value as usize] else {
            self.gradients[value as usize] = Some(block);
            return;
        };
        // Added in place only where nobody else holds what came before.
        if self.pool.blocks[before as usize].1 == 1 {
            self.pool.release(block);
            return;
        }
        let sum = self.pool.new_block(self.pool.blocks[before as usize].0);
        self.pool.release(block);
        self.pool.release(before);
        self.gradients[value as usize] = Some(sum);
    }
}
