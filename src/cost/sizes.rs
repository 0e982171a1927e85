//! True sizes of all maps for one input size, and what can be wrong with them.

use crate::ir::graph::{DecisionGraph, NodeId};
use crate::ir::kernel::{Kernel, Target};
use crate::ir::shape::{Size, output_size};

/// The true size of every live map.
#[derive(Clone, Debug)]
pub struct Sizes {
    outputs: Vec<Size>,
    inputs: Vec<Size>,
}

/// Why a network cannot run at an input size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SizeProblem {
    /// A kernel's window does not fit.
    #[error("a map of {size} is too small for `{kernel}`")]
    TooSmall {
        /// The node.
        node: NodeId,
        /// Its kernel's name.
        kernel: &'static str,
        /// Its input's true size.
        size: Size,
        /// Input sizes near the asked one that work, the smaller first.
        near: Vec<Size>,
    },
    /// A kernel joins maps of different true sizes.
    #[error("`{kernel}` joins maps of different sizes: {}", list(sizes))]
    Unequal {
        /// The node.
        node: NodeId,
        /// Its kernel's name.
        kernel: &'static str,
        /// The true sizes of its inputs, in port order.
        sizes: Vec<Size>,
        /// Input sizes near the asked one that work, the smaller first.
        near: Vec<Size>,
    },
}

impl SizeProblem {
    /// The node at which it shows.
    pub fn node(&self) -> NodeId {
        match self {
            SizeProblem::TooSmall { node, .. } | SizeProblem::Unequal { node, .. } => *node,
        }
    }

    /// Input sizes near the asked one that work.
    pub fn near(&self) -> &[Size] {
        match self {
            SizeProblem::TooSmall { near, .. } | SizeProblem::Unequal { near, .. } => near,
        }
    }

    fn near_mut(&mut self) -> &mut Vec<Size> {
        match self {
            SizeProblem::TooSmall { near, .. } | SizeProblem::Unequal { near, .. } => near,
        }
    }
}

fn list(sizes: &[Size]) -> String {
    sizes.iter().map(Size::to_string).collect::<Vec<_>>().join(", ")
}

const NO_SIZE: Size = Size { h: 0, w: 0 };

impl Sizes {
    /// The sizes of the live maps; the first problem where there is one.
    pub fn of(graph: &DecisionGraph, live: &[bool], whole: Size) -> Result<Sizes, SizeProblem> {
        Sizes::walk(graph, live, whole).map_err(|mut problem| {
            *problem.near_mut() = nearby(graph, live, whole);
            problem
        })
    }

    fn walk(graph: &DecisionGraph, live: &[bool], whole: Size) -> Result<Sizes, SizeProblem> {
        let count = graph.graph.node_count();
        let mut sizes = Sizes { outputs: vec![NO_SIZE; count], inputs: vec![NO_SIZE; count] };
        let mut given = Vec::new();
        for (id, node, edges) in graph.wired().filter(|(id, ..)| live[id.index()]) {
            given.clear();
            let there = edges.iter().map(|edge| edge.source().index()).filter(|src| live[*src]);
            given.extend(there.map(|src| sizes.outputs[src]));
            if !joinable(&node.kernel, &given) {
                let (kernel, sizes) = (node.kernel.name(), given.clone());
                return Err(SizeProblem::Unequal { node: id, kernel, sizes, near: Vec::new() });
            }
            let input = given.first().copied().unwrap_or(whole);
            sizes.inputs[id.index()] = input;
            let output = output_size(&node.kernel, node.ty.scale, &given, whole);
            sizes.outputs[id.index()] = output.ok_or_else(|| SizeProblem::TooSmall {
                node: id,
                kernel: node.kernel.name(),
                size: input,
                near: Vec::new(),
            })?;
        }
        Ok(sizes)
    }

    /// The size of a live node's output.
    pub fn output(&self, node: NodeId) -> Size {
        self.outputs[node.index()]
    }

    /// The size of a live node's first input; the network's input where it has none.
    pub fn input(&self, node: NodeId) -> Size {
        self.inputs[node.index()]
    }
}

/// Whether a kernel can join maps of these sizes.
fn joinable(kernel: &Kernel, sizes: &[Size]) -> bool {
    let one = Size { h: 1, w: 1 };
    match kernel {
        Kernel::Add | Kernel::Concat | Kernel::Mix => sizes.windows(2).all(|two| two[0] == two[1]),
        Kernel::Mul => sizes.windows(2).all(|two| two[0] == two[1] || two[1] == one),
        Kernel::Resize { to: Target::Like, .. } => true,
        _ => true,
    }
}

/// Whether all live maps get on at an input size.
pub fn works(graph: &DecisionGraph, live: &[bool], whole: Size) -> bool {
    Sizes::walk(graph, live, whole).is_ok()
}

/// How far from the asked side [`nearby`] looks: twice the coarsest common scale.
const REACH: u32 = 64;

/// The nearest smaller and larger sizes that work. The two sides never meet in any kernel, so
/// that each is judged by a square of it.
fn nearby(graph: &DecisionGraph, live: &[bool], whole: Size) -> Vec<Size> {
    let good = |side: u32| works(graph, live, Size { h: side, w: side });
    let below = |n: u32| (1..=n).rev().take(REACH as usize).find(|side| good(*side));
    let above = |n: u32| (n..=n + REACH).find(|side| good(*side));
    let pair = |h: Option<u32>, w: Option<u32>| Some(Size { h: h?, w: w? });
    let smaller = pair(below(whole.h), below(whole.w));
    smaller.into_iter().chain(pair(above(whole.h), above(whole.w))).collect()
}
