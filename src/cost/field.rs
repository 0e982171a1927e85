//! The receptive field: how far one output cell sees.

use crate::ir::graph::{DecisionGraph, NodeId};
use crate::ir::kernel::{Conv, Interp, Kernel, Target};
use crate::ir::shape::Scale;

/// Side of the square of input cells that one cell of the outputs depends on, at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// So many cells.
    Cells(u64),
    /// The whole image, whatever its size.
    Whole,
}

impl Field {
    /// The largest field of the live outputs.
    pub fn of(graph: &DecisionGraph, live: &[bool]) -> Field {
        let mut fields = vec![Field::Cells(1); graph.graph.node_count()];
        for (id, node, edges) in graph.wired().filter(|(id, ..)| live[id.index()]) {
            let mut seen = Field::Cells(1);
            for edge in edges.iter().filter(|edge| live[edge.source().index()]) {
                // The second input of `like` gives its size only.
                let one =
                    matches!(node.kernel, Kernel::Given | Kernel::Resize { to: Target::Like, .. });
                if !(one && edge.weight.port > 0) {
                    seen = seen.max(fields[edge.source().index()]);
                }
            }
            fields[id.index()] = grow(graph, id, seen);
        }
        let outputs = graph.outputs.iter().filter(|o| live[o.node.index()]);
        outputs.map(|o| fields[o.node.index()]).max().unwrap_or(Field::Cells(0))
    }
}

/// What a kernel adds: the cells beyond one that it reads, each as wide as its input's scale.
fn grow(graph: &DecisionGraph, id: NodeId, seen: Field) -> Field {
    let jump = match graph.input_type(id).scale {
        Scale::Down(n) => u64::from(n),
        Scale::Global => 0,
    };
    let beyond = match graph.node(id).kernel {
        Kernel::GlobalPool => return Field::Whole,
        Kernel::Conv(Conv { kernel, rate, .. }) => (kernel - 1) * rate,
        Kernel::Deconv(Conv { kernel, stride, .. }) => kernel.div_ceil(stride) - 1,
        Kernel::Pool { kernel, .. } => kernel - 1,
        Kernel::Resize { interp: Interp::Bilinear | Interp::BilinearAligned, .. } => 1,
        Kernel::Shift { rows, cols } => rows.max(cols),
        Kernel::Resize { interp: Interp::Nearest, .. }
        | Kernel::Input(_)
        | Kernel::Norm(_)
        | Kernel::Act(_)
        | Kernel::Add
        | Kernel::Mul
        | Kernel::Concat
        | Kernel::Zero
        | Kernel::Shuffle { .. }
        | Kernel::Slice { .. }
        | Kernel::Dropout { .. }
        | Kernel::Mix
        | Kernel::Given => 0,
    };
    match seen {
        Field::Cells(n) => Field::Cells(n + u64::from(beyond) * jump),
        Field::Whole => Field::Whole,
    }
}
