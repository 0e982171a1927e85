//! What each kernel computes. Pure functions of tensors, but for the running statistics that a norm
//! moves in training; which nodes run, and in which order, is the caller's business.

mod apply;
mod mix;
#[cfg(test)]
mod tests;

use segc::ir::kernel::{Interp, Kernel, Target};
use segc::ir::shape::output_size;
use segc::ir::{MapType, Size};
use tch::{Device, Kind, TchError, Tensor};

pub use mix::{Term, mix};
pub use segc::supernet::Mode;

/// Where a kernel stands: what it needs beside its inputs and weights.
#[derive(Clone, Copy, Debug)]
pub struct Site {
    /// The type of the node's output.
    pub ty: MapType,
    /// The true size of the network's input.
    pub whole: Size,
    /// Images in the batch.
    pub batch: i64,
    /// Type and place of the values.
    pub options: (Kind, Device),
    /// Training or evaluation.
    pub mode: Mode,
}

/// Why a kernel cannot be applied. But for the first, each is a broken graph or too small an input.
#[derive(Debug, thiserror::Error)]
pub enum KernelError {
    /// libtorch refuses, or has no memory left.
    #[error("`{kernel}`: {source}")]
    Torch {
        /// The kernel's name.
        kernel: &'static str,
        /// libtorch's words.
        source: TchError,
    },
    /// Too few inputs, or too few weights.
    #[error("`{kernel}` lacks its {what}")]
    Lacks {
        /// The kernel's name.
        kernel: &'static str,
        /// What it lacks.
        what: &'static str,
    },
    /// No cell would be left.
    #[error("the input is too small: nothing is left of it after `{kernel}`")]
    TooSmall {
        /// The kernel's name.
        kernel: &'static str,
    },
    /// One value has no variance.
    #[error(
        "a norm in training sees one value per channel, which has no variance: use a batch of at \
         least two images, or a larger input"
    )]
    OneValue,
}

/// What `kernel` makes of its present `inputs`, in port order. `weights` are its tensors in the
/// order of [`Kernel::weights`].
pub fn forward(
    kernel: &Kernel,
    weights: &[Tensor],
    inputs: &[&Tensor],
    site: &Site,
) -> Result<Tensor, KernelError> {
    Call { kernel, weights, inputs, site }.run()
}

/// The same, written over the first input, which is given up for it. For activations and sums of
/// maps that nothing else reads, where no gradient is wanted.
pub fn overwrite(
    kernel: &Kernel,
    mut first: Tensor,
    rest: &[&Tensor],
) -> Result<Tensor, KernelError> {
    let torch = |source| KernelError::Torch { kernel: kernel.name(), source };
    match kernel {
        Kernel::Act(act) => apply::act_in_place(&mut first, *act).map_err(torch)?,
        Kernel::Add => apply::sum_in_place(&mut first, rest).map_err(torch)?,
        _ => unreachable!("only activations and sums are planned in place"),
    }
    Ok(first)
}

/// A map N x C x H x W that is zero for the share `rate` of its images, drawn by chance, and for the
/// others so much larger that its expectation is what it was.
///
/// # Errors
/// When libtorch has no memory.
pub fn drop_path(x: &Tensor, rate: f64) -> Result<Tensor, TchError> {
    let keep = 1.0 - rate;
    let (n, ..) = x.size4()?;
    let kept = Tensor::f_rand([n, 1, 1, 1], (Kind::Float, x.device()))?.f_lt(keep)?;
    x.f_mul(&kept.f_to_kind(x.kind())?.f_div_scalar(keep)?)
}

/// One application of a kernel.
#[derive(Clone, Copy)]
struct Call<'a> {
    kernel: &'a Kernel,
    weights: &'a [Tensor],
    inputs: &'a [&'a Tensor],
    site: &'a Site,
}

impl<'a> Call<'a> {
    fn run(self) -> Result<Tensor, KernelError> {
        let x = || self.input(0);
        let result = match self.kernel {
            Kernel::Input(_) => Ok(x()?.shallow_clone()),
            Kernel::Conv(c) => apply::conv(x()?, c, self.weight(0)?, self.bias(c)?),
            Kernel::Deconv(c) => {
                apply::deconv(x()?, c, self.weight(0)?, self.bias(c)?, self.size()?)
            }
            Kernel::Norm(n) => return self.norm(n),
            Kernel::Act(act) => apply::act(x()?, *act),
            Kernel::Pool { kind, kernel, stride, pad } => {
                apply::pool(x()?, *kind, *kernel, *stride, *pad)
            }
            Kernel::GlobalPool => x()?.f_mean_dim([2i64, 3].as_slice(), true, None),
            Kernel::Resize { to, interp } => return self.resize(*to, *interp),
            Kernel::Add if self.inputs.is_empty() => self.zeros(),
            Kernel::Add => apply::sum(x()?, self.inputs.get(1..).unwrap_or_default()),
            Kernel::Mul => x()?.f_mul(self.input(1)?),
            Kernel::Concat => Tensor::f_cat(self.inputs, 1),
            Kernel::Zero => x()?.f_zeros_like(),
            Kernel::Shuffle { groups } => apply::shuffle(x()?, (*groups).into()),
            Kernel::Shift { rows, cols } => apply::shift(x()?, (*rows).into(), (*cols).into()),
            Kernel::Slice { from, len } => x()?.f_narrow(1, (*from).into(), (*len).into()),
            Kernel::Dropout { rate_e9 } => {
                x()?.f_dropout(f64::from(*rate_e9) * 1e-9, self.site.mode == Mode::Train)
            }
            // Every present input counts fully; `mix` takes weights.
            Kernel::Mix => apply::sum(x()?, self.inputs.get(1..).unwrap_or_default()),
            Kernel::Given => Ok(x()?.shallow_clone()),
        };
        result.map_err(|source| self.torch(source))
    }

    fn norm(self, norm: &segc::ir::kernel::Norm) -> Result<Tensor, KernelError> {
        let x = self.input(0)?;
        let training = self.site.mode == Mode::Train;
        if training && values_per_channel(x) <= 1 {
            return Err(KernelError::OneValue);
        }
        // INVARIANT: affine weights come first, running statistics last (`Kernel::weights`).
        let first = if norm.affine { 2 } else { 0 };
        let affine = |at| norm.affine.then(|| self.weight(at)).transpose();
        let running = (self.weight(first)?, self.weight(first + 1)?);
        let affine = (affine(0)?, affine(1)?);
        apply::norm(x, norm, affine, running, training).map_err(|source| self.torch(source))
    }

    fn resize(self, to: Target, interp: Interp) -> Result<Tensor, KernelError> {
        let size = match to {
            // The second input's own shape, so that no size is trusted twice.
            Target::Like => apply::size(self.input(1)?),
            Target::Scale(_) | Target::FloorBy(_) => self.size()?,
        };
        apply::resize(self.input(0)?, size, interp).map_err(|source| self.torch(source))
    }

    /// Zeros of the node's type.
    fn zeros(self) -> Result<Tensor, TchError> {
        let (ty, size) = (self.site.ty, self.site.ty.scale.size(self.site.whole));
        let dims = [self.site.batch, ty.width.into(), size.h.into(), size.w.into()];
        Tensor::f_zeros(dims.as_slice(), self.site.options)
    }

    /// The true size of the output.
    fn size(self) -> Result<Size, KernelError> {
        let sizes: Vec<Size> = self.inputs.iter().map(|x| apply::size(x)).collect();
        output_size(self.kernel, self.site.ty.scale, &sizes, self.site.whole)
            .ok_or(KernelError::TooSmall { kernel: self.kernel.name() })
    }

    fn input(self, port: usize) -> Result<&'a Tensor, KernelError> {
        self.inputs.get(port).copied().ok_or(self.lacks("inputs"))
    }

    fn weight(self, at: usize) -> Result<&'a Tensor, KernelError> {
        self.weights.get(at).ok_or(self.lacks("weights"))
    }

    fn bias(self, conv: &segc::ir::kernel::Conv) -> Result<Option<&'a Tensor>, KernelError> {
        conv.bias.then(|| self.weight(1)).transpose()
    }

    fn lacks(self, what: &'static str) -> KernelError {
        KernelError::Lacks { kernel: self.kernel.name(), what }
    }

    fn torch(self, source: TchError) -> KernelError {
        KernelError::Torch { kernel: self.kernel.name(), source }
    }
}

/// How many values a norm takes its statistics from.
fn values_per_channel(x: &Tensor) -> i64 {
    let dims = x.size();
    dims.iter().enumerate().filter(|&(dim, _)| dim != 1).map(|(_, side)| side).product()
}
