//! The closed set of kernels: what a network is made of once every operator is expanded.
//!
//! A kernel says nothing about how it is run or printed; it carries the arguments that decide
//! its shape, its cost and its weights. Matches on it are exhaustive, so that adding one makes
//! the compiler list what must change.

mod text;

use super::shape::{Scale, Size};
use smallvec::{SmallVec, smallvec};
use std::hash::{Hash, Hasher};
use std::mem::discriminant;

/// Which value of a window a pool takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PoolKind {
    /// The largest; padding never wins.
    Max,
    /// The mean over the window's valid cells; padding is not counted.
    Avg,
}

/// An element-wise activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Act {
    /// `max(x, 0)`.
    Relu,
    /// `min(max(x, 0), 6)`.
    Relu6,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// `x * sigmoid(x)`.
    Silu,
    /// `x * relu6(x + 3) / 6`.
    Hardswish,
}

/// How a resize finds values between cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Interp {
    /// Bilinear with `align_corners = false` (half-pixel centres).
    Bilinear,
    /// Bilinear with `align_corners = true`.
    BilinearAligned,
    /// Nearest cell, as PyTorch's `nearest`.
    Nearest,
}

/// Where a resize gets its target size from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// The nominal size of a scale: `ceil(H / s) x ceil(W / s)` of the network's input.
    Scale(Scale),
    /// The true size of the second input.
    Like,
    /// The input's true size divided by `n`, rounded down.
    FloorBy(u32),
}

/// A convolution's arguments. Input channels come from the input's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Conv {
    /// Output channels.
    pub out: u32,
    /// Side of the square kernel.
    pub kernel: u32,
    /// Stride in both directions.
    pub stride: u32,
    /// Dilation in both directions.
    pub rate: u32,
    /// Groups; input and output channels are divisible by it.
    pub groups: u32,
    /// Whether a bias is added.
    pub bias: bool,
    /// Zeros on each side; nothing means as many as keep the size at stride 1.
    pub pad: Option<u32>,
}

impl Conv {
    /// Zero padding on each side: what is asked for, else `rate * (kernel - 1) / 2`, rounded down
    /// ("same" for odd kernels).
    pub fn pad(&self) -> u32 {
        self.pad.unwrap_or(self.rate * (self.kernel - 1) / 2)
    }

    fn sliced(self, whole: u32, input: u32, out: u32) -> Conv {
        let groups = if self.groups == whole && whole > 1 { input } else { self.groups };
        Conv { out, groups, ..self }
    }

    fn widened(self, other: Conv) -> Conv {
        Conv { out: self.out.max(other.out), groups: self.groups.max(other.groups), ..self }
    }

    /// What a transposed convolution drops at the top and at the left: `(kernel - stride) / 2`,
    /// rounded down. Then the first `stride * n` cells that `n` cells give are centred on them, up
    /// to half a cell.
    pub fn deconv_pad(&self) -> u32 {
        self.kernel.saturating_sub(self.stride) / 2
    }
}

/// A batch norm's arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Norm {
    /// Whether it has a trainable scale and shift.
    pub affine: bool,
    /// The variance's floor, in units of 1e-9 (so that kernels can be compared and hashed).
    pub eps_e9: u32,
    /// Weight of the newest batch in the running statistics, in units of 1e-9.
    pub momentum_e9: u32,
}

impl Norm {
    /// PyTorch's defaults: affine, eps 1e-5, momentum 0.1.
    pub const DEFAULT: Norm = Norm { affine: true, eps_e9: 10_000, momentum_e9: 100_000_000 };

    /// The variance's floor.
    pub fn eps(&self) -> f64 {
        f64::from(self.eps_e9) * 1e-9
    }

    /// Weight of the newest batch in the running statistics.
    pub fn momentum(&self) -> f64 {
        f64::from(self.momentum_e9) * 1e-9
    }
}

/// One kernel. Tensors are N x C x H x W; `inputs` are in port order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kernel {
    /// The network's input, `n`-th of its maps. No inputs.
    Input(u32),
    /// 2-d convolution, zero padding [`Conv::pad`]. Weights `weight [out, in/groups, k, k]` and,
    /// where asked, `bias [out]`.
    Conv(Conv),
    /// Transposed convolution that multiplies the size by `stride`: output size is the nominal
    /// size of the resulting scale (cropped at the end or padded through `output_padding`). It
    /// drops [`Conv::deconv_pad`] rows and columns at the start.
    /// Weights `weight [in, out/groups, k, k]` and `bias [out]`. [`Conv::rate`] is 1, and
    /// [`Conv::pad`] is not asked.
    Deconv(Conv),
    /// Batch normalisation. Weights `weight [C]`, `bias [C]` where affine; buffers
    /// `running_mean [C]`, `running_var [C]`.
    Norm(Norm),
    /// An activation.
    Act(Act),
    /// A pool with square window.
    Pool {
        /// Largest or mean.
        kind: PoolKind,
        /// Side of the window.
        kernel: u32,
        /// Stride in both directions.
        stride: u32,
        /// Cells around the map, on each side, that no value comes from.
        pad: u32,
    },
    /// Mean over all positions: N x C x 1 x 1.
    GlobalPool,
    /// Resizes to a target; with [`Target::Like`] the second input gives the size only.
    Resize {
        /// The size to reach.
        to: Target,
        /// How values are found.
        interp: Interp,
    },
    /// Sum of all present inputs, equal in type. With no present input it is absent, or zeros of
    /// the node's type where it [fills](crate::ir::DecisionGraph::fills).
    Add,
    /// Product of two inputs; the second may be C x 1 x 1 and is then broadcast (attention).
    Mul,
    /// Concatenation of channels, in port order.
    Concat,
    /// `x * 0`: zeros shaped like the input; no gradient but zero.
    Zero,
    /// Channel shuffle: view as [g, C/g], transpose, flatten.
    Shuffle {
        /// Number of groups.
        groups: u32,
    },
    /// Drops the first `rows` rows and `cols` columns and pads as many zeros at the end.
    Shift {
        /// Rows dropped at the top.
        rows: u32,
        /// Columns dropped at the left.
        cols: u32,
    },
    /// Channels `from .. from + len`.
    Slice {
        /// First channel.
        from: u32,
        /// Number of channels.
        len: u32,
    },
    /// Dropout in training, identity otherwise; the rate in units of 1e-9.
    Dropout {
        /// Probability that a value is dropped, in units of 1e-9.
        rate_e9: u32,
    },
    /// Weighted sum over alternatives: each incoming edge carries a leaf, whose state is off or
    /// on with a weight. Off or absent terms contribute nothing; with no term left, absent.
    Mix,
    /// The first input as it is, where all others are there too. The others are not read: what is
    /// made for one combination of types exists where all maps have those.
    Given,
}

/// What a weight is for; it decides its initial value and whether it is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// A convolution's weight.
    Weight,
    /// A bias, initially zero.
    Bias,
    /// A norm's scale, initially one.
    NormScale,
    /// A norm's shift, initially zero.
    NormShift,
    /// Running mean: a buffer, not trained, initially zero.
    RunningMean,
    /// Running variance: a buffer, not trained, initially one.
    RunningVar,
}

impl Role {
    /// Whether it counts as a parameter (running statistics do not).
    pub fn trainable(self) -> bool {
        !matches!(self, Role::RunningMean | Role::RunningVar)
    }

    /// Its name in a state dict.
    pub fn name(self) -> &'static str {
        match self {
            Role::Weight | Role::NormScale => "weight",
            Role::Bias | Role::NormShift => "bias",
            Role::RunningMean => "running_mean",
            Role::RunningVar => "running_var",
        }
    }
}

/// One tensor that a kernel owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightSpec {
    /// What it is for.
    pub role: Role,
    /// Its shape.
    pub dims: SmallVec<[u32; 4]>,
}

impl WeightSpec {
    /// Number of values.
    pub fn len(&self) -> u64 {
        self.dims.iter().map(|&d| u64::from(d)).product()
    }

    /// Whether it holds no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Kernel {
    /// The tensors that this kernel owns when its (first) input has `channels` channels.
    pub fn weights(&self, channels: u32) -> SmallVec<[WeightSpec; 4]> {
        let spec = |role, dims: &[u32]| WeightSpec { role, dims: dims.into() };
        let with_bias = |c: &Conv, dims: [u32; 4]| {
            let mut all = smallvec![spec(Role::Weight, &dims)];
            if c.bias {
                all.push(spec(Role::Bias, &[c.out]));
            }
            all
        };
        match self {
            Kernel::Conv(c) => with_bias(c, [c.out, channels / c.groups, c.kernel, c.kernel]),
            Kernel::Deconv(c) => with_bias(c, [channels, c.out / c.groups, c.kernel, c.kernel]),
            Kernel::Norm(n) => {
                let mut all = SmallVec::new();
                if n.affine {
                    all.push(spec(Role::NormScale, &[channels]));
                    all.push(spec(Role::NormShift, &[channels]));
                }
                all.push(spec(Role::RunningMean, &[channels]));
                all.push(spec(Role::RunningVar, &[channels]));
                all
            }
            Kernel::Input(_)
            | Kernel::Act(_)
            | Kernel::Pool { .. }
            | Kernel::GlobalPool
            | Kernel::Resize { .. }
            | Kernel::Add
            | Kernel::Mul
            | Kernel::Concat
            | Kernel::Zero
            | Kernel::Shuffle { .. }
            | Kernel::Shift { .. }
            | Kernel::Slice { .. }
            | Kernel::Dropout { .. }
            | Kernel::Mix
            | Kernel::Given => SmallVec::new(),
        }
    }

    /// The slice with `out` channels, on `input` of the `whole` channels of its input. Where each
    /// input channel is a group, it stays one.
    pub fn sliced(&self, whole: u32, input: u32, out: u32) -> Kernel {
        match *self {
            Kernel::Conv(conv) => Kernel::Conv(conv.sliced(whole, input, out)),
            Kernel::Deconv(conv) => Kernel::Deconv(conv.sliced(whole, input, out)),
            other => other,
        }
    }

    /// A kernel of which both this and another one, which differs in width only, are slices.
    pub fn widened(&self, other: &Kernel) -> Kernel {
        match (*self, *other) {
            (Kernel::Conv(a), Kernel::Conv(b)) => Kernel::Conv(a.widened(b)),
            (Kernel::Deconv(a), Kernel::Deconv(b)) => Kernel::Deconv(a.widened(b)),
            (own, _) => own,
        }
    }

    /// Trainable parameters when the (first) input has `channels` channels.
    pub fn params(&self, channels: u32) -> u64 {
        let (inp, bias) = (u64::from(channels), |c: &Conv| u64::from(c.out) * u64::from(c.bias));
        let square = |c: &Conv| u64::from(c.kernel) * u64::from(c.kernel);
        match self {
            Kernel::Conv(c) => u64::from(c.out) * (inp / u64::from(c.groups)) * square(c) + bias(c),
            Kernel::Deconv(c) => inp * u64::from(c.out / c.groups) * square(c) + bias(c),
            Kernel::Norm(n) if n.affine => 2 * inp,
            _ => 0,
        }
    }

    /// Multiply-adds on one image: k·k·(Cin/groups)·Cout·Hout·Wout for a convolution, with
    /// Hin·Win for a transposed one; everything else counts nothing (design: a MAC is one
    /// multiply-add; bias, norm, activation, pooling and resizing count nothing).
    pub fn macs(&self, channels: u32, input: Size, output: Size) -> u64 {
        let per_cell = |c: &Conv| {
            u64::from(c.kernel).pow(2) * u64::from(channels / c.groups) * u64::from(c.out)
        };
        match self {
            Kernel::Conv(c) => per_cell(c) * output.area(),
            Kernel::Deconv(c) => per_cell(c) * input.area(),
            _ => 0,
        }
    }

    /// Whether, in an inference, it hands the first of so many inputs on as it is; `width` is that
    /// input's.
    pub fn hands_on(&self, inputs: usize, width: u32) -> bool {
        match self {
            Kernel::Given | Kernel::Dropout { .. } => true,
            Kernel::Add | Kernel::Mix | Kernel::Concat => inputs == 1,
            Kernel::Slice { from: 0, len } => width == *len,
            _ => false,
        }
    }

    /// How many of so many inputs it reads: all, but for [`Kernel::Given`].
    pub fn reads(&self, inputs: usize) -> usize {
        if *self == Kernel::Given { inputs.min(1) } else { inputs }
    }

    /// Whether it has multiply-adds.
    pub fn multiplies(&self) -> bool {
        matches!(self, Kernel::Conv(_) | Kernel::Deconv(_))
    }

    /// The scale that decides the size of what it makes, where that is not its inputs' size: then it
    /// is the same for all.
    pub fn own_scale(&self, scale: Scale) -> Scale {
        match self {
            Kernel::Add | Kernel::Deconv(_) | Kernel::Resize { to: Target::Scale(_), .. } => scale,
            _ => Scale::Global,
        }
    }

    /// Hashes what mostly tells kernels apart.
    pub(crate) fn hash_gist<H: Hasher>(&self, state: &mut H) {
        discriminant(self).hash(state);
        if let Kernel::Conv(conv) | Kernel::Deconv(conv) = self {
            (conv.kernel, conv.groups, conv.rate).hash(state);
        }
    }

    /// Whether the order of inputs is without meaning.
    pub fn commutes(&self) -> bool {
        matches!(self, Kernel::Add | Kernel::Mix)
    }

    /// The word for it in messages and drawings.
    pub fn name(&self) -> &'static str {
        match self {
            Kernel::Input(_) => "input",
            Kernel::Conv(_) => "conv",
            Kernel::Deconv(_) => "deconv",
            Kernel::Norm(_) => "bn",
            Kernel::Act(Act::Relu) => "relu",
            Kernel::Act(Act::Relu6) => "relu6",
            Kernel::Act(Act::Sigmoid) => "sigmoid",
            Kernel::Act(Act::Silu) => "silu",
            Kernel::Act(Act::Hardswish) => "hardswish",
            Kernel::Pool { kind: PoolKind::Max, .. } => "max_pool",
            Kernel::Pool { kind: PoolKind::Avg, .. } => "avg_pool",
            Kernel::GlobalPool => "pool",
            Kernel::Resize { .. } => "resize",
            Kernel::Add => "add",
            Kernel::Mul => "mul",
            Kernel::Concat => "concat",
            Kernel::Zero => "zero",
            Kernel::Shuffle { .. } => "shuffle",
            Kernel::Shift { .. } => "shift",
            Kernel::Slice { .. } => "slice",
            Kernel::Dropout { .. } => "dropout",
            Kernel::Mix => "mix",
            Kernel::Given => "given",
        }
    }
}
