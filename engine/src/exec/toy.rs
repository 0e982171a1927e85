//! Small spaces for tests: drawn by chance, with every kernel in them.

mod cells;

pub(crate) use cells::cells;

use rand::{Rng, RngExt};
use segc::ir::builder::Builder;
use segc::ir::decision::{Candidate, Pick, Picks};
use segc::ir::kernel::{Act, Conv, Interp, Norm, PoolKind, Target};
use segc::ir::{Decision, DecisionGraph, DecisionId, Domain, Gate, Kernel, MapType, NodeId, Scale};
use segc::source::Span;

/// A graph and the decisions that its gates speak of.
#[derive(Debug)]
pub(crate) struct Toy {
    /// The graph.
    pub(crate) graph: DecisionGraph,
    /// Its decisions.
    pub(crate) decisions: Vec<Decision>,
}

/// A space in the making.
#[derive(Default)]
struct Draft {
    /// The graph.
    pub(crate) graph: Builder,
    /// Its decisions.
    pub(crate) decisions: Vec<Decision>,
}

impl Draft {
    /// A new choice among `n` alternatives.
    fn one(&mut self, n: usize) -> DecisionId {
        self.decide(Domain::One((0..n).map(|alt| alt.to_string()).collect()))
    }

    fn decide(&mut self, domain: Domain) -> DecisionId {
        let name = format!("d{}", self.decisions.len());
        self.decisions.push(Decision { name, domain, at: Span::default() });
        DecisionId(self.decisions.len() as u32 - 1)
    }

    /// The finished space.
    fn finish(self) -> Toy {
        Toy { graph: self.graph.finish(), decisions: self.decisions }
    }
}

/// A convolution without bias.
pub(crate) fn conv(out: u32, kernel: u32, stride: u32) -> Kernel {
    Kernel::Conv(Conv { out, kernel, stride, rate: 1, groups: 1, bias: false, pad: None })
}

/// ReLU.
pub(crate) const RELU: Kernel = Kernel::Act(Act::Relu);

/// Channels of the maps that kernels are drawn for.
const WIDTH: u32 = 8;

/// Every kernel that keeps the width and the scale, or a short chain that does.
fn chains() -> Vec<Vec<Kernel>> {
    let Kernel::Conv(plain) = conv(WIDTH, 3, 1) else { unreachable!("it is one") };
    let resize = |to, interp| Kernel::Resize { to, interp };
    let pool = |kind, stride| Kernel::Pool { kind, kernel: 3, stride, pad: 1 };
    let back = resize(Target::Scale(Scale::Down(2)), Interp::Bilinear);
    let deconv = Kernel::Deconv(Conv { kernel: 4, stride: 2, bias: true, ..plain });
    let norm = |affine| Kernel::Norm(Norm { affine, ..Norm::DEFAULT });
    let mut all = vec![
        vec![conv(WIDTH, 3, 1), norm(true)],
        vec![conv(WIDTH, 3, 1), norm(true), RELU],
        vec![Kernel::Conv(Conv { groups: WIDTH, rate: 2, bias: true, ..plain }), norm(false)],
        vec![RELU, Kernel::Conv(Conv { kernel: 1, bias: true, ..plain })],
        vec![conv(2 * WIDTH, 3, 2), norm(true), deconv],
        vec![pool(PoolKind::Max, 1)],
        vec![pool(PoolKind::Avg, 1)],
        vec![pool(PoolKind::Max, 2), back],
        vec![pool(PoolKind::Avg, 2), resize(Target::Scale(Scale::Down(2)), Interp::Nearest)],
        vec![resize(Target::FloorBy(2), Interp::BilinearAligned), back],
        vec![Kernel::Zero],
        vec![Kernel::Shuffle { groups: 2 }, norm(true)],
        vec![Kernel::Shift { rows: 1, cols: 1 }],
        vec![Kernel::Dropout { rate_e9: 300_000_000 }],
        vec![Kernel::Slice { from: 2, len: 4 }, RELU, conv(WIDTH, 1, 1)],
    ];
    for act in [Act::Relu, Act::Relu6, Act::Sigmoid, Act::Silu, Act::Hardswish] {
        all.push(vec![norm(true), Kernel::Act(act)]);
    }
    all
}

/// Draws spaces.
struct Random<'r, R> {
    rng: &'r mut R,
    draft: Draft,
    /// Maps of `WIDTH` channels at `/2`.
    maps: Vec<NodeId>,
    chains: Vec<Vec<Kernel>>,
}

/// A space with every kernel in it, drawn by chance: about `size` choices or parts.
pub(crate) fn random_space(rng: &mut impl Rng, size: usize) -> Toy {
    let mut draft = Draft::default();
    let image = draft.graph.input(3);
    let stem = draft.graph.part("stem", |b| {
        let x = b.add(conv(WIDTH, 3, 2), &[image]);
        b.add(Kernel::Norm(Norm::DEFAULT), &[x])
    });
    let mut random = Random { rng, draft, maps: vec![stem], chains: chains() };
    for at in 0..size {
        let map = random.step(at);
        random.maps.push(map);
    }
    random.finish()
}

impl<R: Rng> Random<'_, R> {
    fn any(&mut self) -> NodeId {
        // Late maps more often, so that depth comes about.
        let n = self.maps.len();
        let at = self.rng.random_range(0..n).max(self.rng.random_range(0..n));
        self.maps[at]
    }

    fn step(&mut self, at: usize) -> NodeId {
        // The first few take every chain in turn, so that no kernel is missing.
        let chain = at % self.chains.len();
        match self.rng.random_range(0..8) {
            0 => self.sum(),
            1 => self.attention(),
            2 => self.picks(),
            3 => self.concat(),
            4..7 => self.choice(chain),
            _ => {
                let x = self.any();
                self.chain(chain, x)
            }
        }
    }

    fn chain(&mut self, which: usize, x: NodeId) -> NodeId {
        let kernels = self.chains[which].clone();
        kernels.iter().fold(x, |x, kernel| self.draft.graph.add(*kernel, &[x]))
    }

    /// Three operators on one map, or nothing at all.
    fn choice(&mut self, chain: usize) -> NodeId {
        let x = self.any();
        let of = self.draft.one(4);
        let terms: Vec<(NodeId, Gate)> = (0..3u32)
            .map(|alt| {
                let which = (chain + 5 * alt as usize) % self.chains.len();
                (self.chain(which, x), Gate::Alt { of, alt })
            })
            .collect();
        self.draft.graph.mix(&terms)
    }

    /// Two of three maps, each through one of two operators, perhaps the same twice.
    fn picks(&mut self) -> NodeId {
        let candidates = (0..3).map(|at| Candidate {
            label: format!("x{at}"),
            ops: vec!["skip".into(), "conv".into()],
        });
        let candidates = candidates.collect();
        let of = self.draft.decide(Domain::Picks(Picks {
            k: 2,
            ordered: false,
            repeats: true,
            candidates,
        }));
        let mut terms = Vec::new();
        for candidate in 0..3 {
            let x = self.any();
            let y = self.draft.graph.add(conv(WIDTH, 1, 1), &[x]);
            for (op, map) in [x, y].into_iter().enumerate() {
                let pick = Pick { candidate, op: op as u16 };
                terms.push((map, Gate::Pick { of, pick }));
            }
        }
        self.draft.graph.mix(&terms)
    }

    fn sum(&mut self) -> NodeId {
        let inputs = [self.any(), self.any(), self.any()];
        self.draft.graph.add(Kernel::Add, &inputs)
    }

    fn concat(&mut self) -> NodeId {
        let inputs = [self.any(), self.any()];
        let like = inputs[1];
        let resize = Kernel::Resize { to: Target::Like, interp: Interp::Bilinear };
        let both = self.draft.graph.add(Kernel::Concat, &inputs);
        let both = self.draft.graph.add(resize, &[both, like]);
        self.draft.graph.add(conv(WIDTH, 1, 1), &[both])
    }

    /// Channels weighed by what the whole map is like.
    fn attention(&mut self) -> NodeId {
        let x = self.any();
        let b = &mut self.draft.graph;
        let pooled = b.add(Kernel::GlobalPool, &[x]);
        let squeezed = b.add(conv(WIDTH, 1, 1), &[pooled]);
        let gate = b.add(Kernel::Act(Act::Sigmoid), &[squeezed]);
        b.add(Kernel::Mul, &[x, gate])
    }

    fn finish(self) -> Toy {
        let Random { mut draft, maps, .. } = self;
        let b = &mut draft.graph;
        // A sum over all, and zeros for the case that all of it is absent.
        let zeros = b.nothing(MapType::new(WIDTH, Scale::Down(2)));
        let all: Vec<NodeId> = maps.iter().copied().chain([zeros]).collect();
        let sum = b.add(Kernel::Add, &all);
        let head = b.add(conv(5, 1, 1), &[sum]);
        b.output("out", head);
        let aux = b.add(conv(5, 3, 1), &[maps[maps.len() / 2]]);
        b.aux("aux", aux);
        draft.finish()
    }
}

/// A dataset of `n` pictures of `side` x `side` pixels: three bands, each class with a colour.
pub(crate) fn pictures(n: usize, side: u32) -> std::sync::Arc<segc::data::InMemory> {
    use segc::data::{InMemory, Sample};
    let one = |at: usize| {
        let class = move |x: u32, y: u32| ((x + y * (at as u32 % 3) + at as u32) / 5 % 3) as u8;
        let image = image::RgbImage::from_fn(side, side, |x, y| {
            let bright = 40 + 80 * class(x, y) + (x * 7 + y * 3) as u8 % 20;
            image::Rgb([bright, 255 - bright, bright / 2])
        });
        let labels = image::GrayImage::from_fn(side, side, |x, y| image::Luma([class(x, y)]));
        Sample { name: at.to_string(), image, labels }
    };
    std::sync::Arc::new(InMemory((0..n).map(one).collect()))
}

/// Lets an operator use one thread: tests run beside each other, and threads that wait for each
/// other on busy cores take far longer than the work.
pub(crate) fn calm() {
    tch::set_num_threads(1);
}
