//! A network of cells of the kind that differentiable searches run; benchmarks take it from here.

use segc::ir::builder::Builder;
use segc::ir::kernel::{Act, Conv, Norm, PoolKind};
use segc::ir::{Decision, DecisionGraph, DecisionId, Domain, Gate, Kernel, NodeId};
use segc::source::Span;

const RELU: Kernel = Kernel::Act(Act::Relu);

#[derive(Default)]
struct Draft {
    graph: Builder,
    decisions: Vec<Decision>,
}

impl Draft {
    fn one(&mut self, n: usize) -> DecisionId {
        let domain = Domain::One((0..n).map(|alt| alt.to_string()).collect());
        let name = format!("d{}", self.decisions.len());
        self.decisions.push(Decision { name, domain, at: Span::default() });
        DecisionId(self.decisions.len() as u32 - 1)
    }
}

fn conv(out: u32, kernel: u32, stride: u32) -> Kernel {
    Kernel::Conv(Conv { out, kernel, stride, rate: 1, groups: 1, bias: false, pad: None })
}

/// A stem to `/4`, `cells` cells of `width` channels in which two nodes sum eight operators
/// on every earlier map, and a head for `classes` classes.
pub(crate) fn cells(cells: u32, width: u32, classes: u32) -> (DecisionGraph, Vec<Decision>) {
    let mut draft = Draft::default();
    let image = draft.graph.input(3);
    let mut x = image;
    for out in [width / 2, width] {
        x = draft.graph.add(conv(out, 3, 2), &[x]);
        x = draft.graph.add(Kernel::Norm(Norm::DEFAULT), &[x]);
        x = draft.graph.add(RELU, &[x]);
    }
    let (mut before, mut last) = (x, x);
    for _ in 0..cells {
        (before, last) = (last, cell(&mut draft, [before, last], width));
    }
    let head = draft.graph.add(conv(classes, 1, 1), &[last]);
    draft.graph.output("out", head);
    (draft.graph.finish(), draft.decisions)
}

fn cell(draft: &mut Draft, inputs: [NodeId; 2], width: u32) -> NodeId {
    let norm = Kernel::Norm(Norm { affine: false, ..Norm::DEFAULT });
    let mut states: Vec<NodeId> = inputs.to_vec();
    for _ in 0..2 {
        let mut terms = Vec::new();
        for x in states.clone() {
            let of = draft.one(8);
            for (alt, chain) in operators(width).into_iter().enumerate() {
                let y = chain.iter().fold(x, |x, kernel| draft.graph.add(*kernel, &[x]));
                terms.push((y, Gate::Alt { of, alt: alt as u32 }));
            }
        }
        let sum = draft.graph.mix(&terms);
        states.push(sum);
    }
    let all = draft.graph.add(Kernel::Concat, states.get(2..).unwrap_or_default());
    let all = draft.graph.add(conv(width, 1, 1), &[all]);
    draft.graph.add(norm, &[all])
}

/// Auto-DeepLab's and DARTS' eight: separable and dilated convolutions, pools, skip, zero.
fn operators(width: u32) -> Vec<Vec<Kernel>> {
    let norm = Kernel::Norm(Norm { affine: false, ..Norm::DEFAULT });
    let depthwise = |kernel, rate| {
        let conv =
            Conv { out: width, kernel, stride: 1, rate, groups: width, bias: false, pad: None };
        Kernel::Conv(conv)
    };
    let half = |kernel, rate| vec![RELU, depthwise(kernel, rate), conv(width, 1, 1), norm];
    let separable = |kernel| [half(kernel, 1), half(kernel, 1)].concat();
    let pool = |kind| vec![Kernel::Pool { kind, kernel: 3, stride: 1, pad: 1 }, norm];
    vec![
        separable(3),
        separable(5),
        half(3, 2),
        half(5, 2),
        pool(PoolKind::Avg),
        pool(PoolKind::Max),
        vec![Kernel::Concat],
        vec![Kernel::Zero],
    ]
}
