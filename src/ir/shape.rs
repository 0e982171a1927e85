//! Types of feature maps (channels and scale) and true sizes for a given input.

use super::kernel::{Conv, Kernel, Target};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A map's resolution: the network's input divided by a whole number, or one cell for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Scale {
    /// `/n`: nominally `ceil(H / n) x ceil(W / n)`.
    Down(u32),
    /// One cell: what a global pool leaves.
    Global,
}

impl Scale {
    /// The nominal size at this scale of an input of size `input`.
    pub fn size(self, input: Size) -> Size {
        match self {
            Scale::Down(n) => Size { h: input.h.div_ceil(n), w: input.w.div_ceil(n) },
            Scale::Global => Size { h: 1, w: 1 },
        }
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scale::Down(n) => write!(f, "/{n}"),
            Scale::Global => f.write_str("1x1"),
        }
    }
}

/// Index of sliced widths: an entry of [`DecisionGraph::slices`](super::DecisionGraph::slices).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SliceId(pub u32);

/// The type of a map: `64 @ /8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MapType {
    /// Channels; where the map is a slice, as many as it has at most.
    pub width: u32,
    /// Resolution.
    pub scale: Scale,
    /// Which of its channels are there, where a decision says how many: the leading ones.
    #[serde(skip)]
    pub slice: Option<SliceId>,
}

impl MapType {
    /// A map of so many channels, whatever is decided.
    pub fn new(width: u32, scale: Scale) -> MapType {
        MapType { width, scale, slice: None }
    }
}

impl fmt::Display for MapType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} @ {}", self.width, self.scale)
    }
}

/// Rows and columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Size {
    /// Rows.
    pub h: u32,
    /// Columns.
    pub w: u32,
}

impl Size {
    /// Number of cells.
    pub fn area(self) -> u64 {
        u64::from(self.h) * u64::from(self.w)
    }

    /// Both sides through `f`; nothing where a side vanishes.
    fn map(self, f: impl Fn(u32) -> Option<u32>) -> Option<Size> {
        Some(Size { h: f(self.h)?, w: f(self.w)? })
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.h, self.w)
    }
}

/// Cells along one side after a window of `extent` with padding `pad` moves by `stride`.
fn windows(n: u32, extent: u32, pad: u32, stride: u32) -> Option<u32> {
    (n + 2 * pad).checked_sub(extent).map(|free| free / stride + 1)
}

/// The true output size of a kernel; `inputs` are the true sizes of its present inputs, `whole`
/// the network's input. Nothing where the input is too small for the kernel.
pub fn output_size(kernel: &Kernel, scale: Scale, inputs: &[Size], whole: Size) -> Option<Size> {
    let first = inputs.first().copied();
    match *kernel {
        Kernel::Input(_) => Some(whole),
        Kernel::Conv(c) => {
            first?.map(|n| windows(n, c.rate * (c.kernel - 1) + 1, c.pad(), c.stride))
        }
        Kernel::Deconv(Conv { stride: 1, .. }) => first,
        Kernel::Deconv(_) => Some(scale.size(whole)),
        Kernel::Pool { kernel, stride, pad, .. } => first?.map(|n| windows(n, kernel, pad, stride)),
        Kernel::GlobalPool => Some(Size { h: 1, w: 1 }),
        Kernel::Resize { to: Target::Scale(s), .. } => Some(s.size(whole)),
        Kernel::Resize { to: Target::Like, .. } => inputs.get(1).copied(),
        Kernel::Resize { to: Target::FloorBy(n), .. } => {
            first?.map(|side| (side / n > 0).then_some(side / n))
        }
        Kernel::Add if inputs.is_empty() => Some(scale.size(whole)),
        Kernel::Norm(_)
        | Kernel::Act(_)
        | Kernel::Add
        | Kernel::Mul
        | Kernel::Concat
        | Kernel::Zero
        | Kernel::Shuffle { .. }
        | Kernel::Shift { .. }
        | Kernel::Slice { .. }
        | Kernel::Dropout { .. }
        | Kernel::Mix
        | Kernel::Given => first,
    }
}
