//! A finished network in plain tch calls, node by node in the order of its graph: what one would
//! write by hand. Columns innermost, nothing folded, nothing joined, nothing written over but what
//! PyTorch users write over by habit: activations (`inplace = True`). Maps go after their last use.

use segc::ir::kernel::{Act, Interp, Kernel, PoolKind, Target};
use segc::ir::shape::output_size;
use segc::ir::{DecisionGraph, NodeId, Size};
use segc_engine::exec::Executor;
use tch::Tensor;

/// A network as a list of calls.
pub(crate) struct Plain<'p> {
    graph: &'p DecisionGraph,
    weights: &'p Executor<'p>,
    steps: Vec<Step>,
}

struct Step {
    node: NodeId,
    inputs: Vec<NodeId>,
    /// Maps that nothing reads any more.
    free: Vec<NodeId>,
    /// Whether the first input may be written over.
    last: bool,
}

impl<'p> Plain<'p> {
    /// The network of `weights`, whose tensors lie with their columns innermost.
    pub(crate) fn new(weights: &'p Executor<'p>) -> Self {
        let graph = weights.graph();
        let output = graph.outputs[0].node;
        let mut wanted = vec![false; graph.graph.node_count()];
        wanted[output.index()] = true;
        let mut seen = vec![false; wanted.len()];
        seen[output.index()] = true;
        let mut steps = Vec::new();
        for (id, node) in graph.nodes().rev() {
            if !wanted[id.index()] {
                continue;
            }
            let inputs: Vec<NodeId> = graph.inputs(id).into_iter().map(|(src, _)| src).collect();
            let mut free = Vec::new();
            for src in &inputs {
                wanted[src.index()] = true;
                if !std::mem::replace(&mut seen[src.index()], true) {
                    free.push(*src);
                }
            }
            let first = inputs.first();
            let given = first.is_some_and(|f| matches!(graph.node(*f).kernel, Kernel::Input(_)));
            let last = matches!(node.kernel, Kernel::Act(_))
                && first.is_some_and(|first| free.contains(first))
                && !given;
            steps.push(Step { node: id, inputs, free, last });
        }
        steps.reverse();
        Plain { graph, weights, steps }
    }

    /// The first output for an image, N x C x H x W.
    pub(crate) fn forward(&self, image: &Tensor) -> Tensor {
        tch::no_grad(|| {
            let dims = image.size();
            let whole = Size { h: dims[2] as u32, w: dims[3] as u32 };
            let mut maps: Vec<Option<Tensor>> =
                self.graph.graph.node_indices().map(|_| None).collect();
            for step in &self.steps {
                let inputs: Vec<&Tensor> = (step.inputs.iter())
                    .map(|src| maps[src.index()].as_ref().expect("it was made"))
                    .collect();
                let made = self.call(step, &inputs, image, whole);
                maps[step.node.index()] = Some(made);
                for gone in &step.free {
                    maps[gone.index()] = None;
                }
            }
            maps[self.graph.outputs[0].node.index()].take().expect("it was made")
        })
    }

    fn call(&self, step: &Step, inputs: &[&Tensor], image: &Tensor, whole: Size) -> Tensor {
        let node = self.graph.node(step.node);
        let both = |side: u32| [i64::from(side); 2];
        let w = node.weights.map_or(&[] as &[Tensor], |id| self.weights.weight_set(id));
        let x = || inputs[0];
        match &node.kernel {
            Kernel::Input(_) => image.shallow_clone(),
            Kernel::Conv(c) => {
                let (stride, pad, rate) = (both(c.stride), both(c.pad()), both(c.rate));
                x().conv2d(&w[0], w.get(1), stride, pad, rate, i64::from(c.groups))
            }
            Kernel::Norm(n) => {
                let at = if n.affine { 2 } else { 0 };
                let affine = |i: usize| n.affine.then(|| &w[i]);
                let (momentum, eps) = (n.momentum(), n.eps());
                let running = (Some(&w[at]), Some(&w[at + 1]));
                x().batch_norm(
                    affine(0),
                    affine(1),
                    running.0,
                    running.1,
                    false,
                    momentum,
                    eps,
                    true,
                )
            }
            Kernel::Act(act) => activate(x(), *act, step.last),
            Kernel::Pool { kind, kernel, stride, pad } => {
                let (side, step, pad) = (both(*kernel), both(*stride), both(*pad));
                match kind {
                    PoolKind::Max => x().max_pool2d(side, step, pad, both(1), false),
                    PoolKind::Avg => x().avg_pool2d(side, step, pad, false, false, None),
                }
            }
            Kernel::GlobalPool => x().mean_dim([2i64, 3].as_slice(), true, None),
            Kernel::Resize { to, interp } => {
                let of = |t: &Tensor| Size { h: t.size()[2] as u32, w: t.size()[3] as u32 };
                let size = match to {
                    Target::Like => of(inputs[1]),
                    _ => output_size(&node.kernel, node.ty.scale, &[of(x())], whole).expect("fits"),
                };
                resize(x(), size, *interp)
            }
            Kernel::Add => {
                let rest = inputs[1..].iter();
                rest.fold(x().shallow_clone(), |sum, term| sum + *term)
            }
            Kernel::Mul => x() * inputs[1],
            Kernel::Concat => Tensor::cat(inputs, 1),
            Kernel::Zero => x().zeros_like(),
            Kernel::Slice { from, len } => x().narrow(1, i64::from(*from), i64::from(*len)),
            Kernel::Dropout { .. } => x().shallow_clone(),
            other => panic!("`{}` is not in this bench", other.name()),
        }
    }
}

fn activate(x: &Tensor, act: Act, over: bool) -> Tensor {
    let mut own = x.shallow_clone();
    match (act, over) {
        (Act::Relu, true) => own.relu_(),
        (Act::Relu, false) => x.relu(),
        (Act::Relu6, _) => x.relu6(),
        (Act::Sigmoid, _) => x.sigmoid(),
        (Act::Silu, _) => x.silu(),
        (Act::Hardswish, _) => x.hardswish(),
    }
}

fn resize(x: &Tensor, to: Size, interp: Interp) -> Tensor {
    let to = [i64::from(to.h), i64::from(to.w)];
    if x.size()[2..] == to {
        return x.shallow_clone();
    }
    match interp {
        Interp::Bilinear => x.upsample_bilinear2d(to, false, None, None),
        Interp::BilinearAligned => x.upsample_bilinear2d(to, true, None, None),
        Interp::Nearest => x.upsample_nearest2d(to, None, None),
    }
}
