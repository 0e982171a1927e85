//! One function per family of kernels, over plain tensors.

use crate::torch::is_channels_last;
use segc::ir::Size;
use segc::ir::kernel::{Act, Conv, Interp, Norm, PoolKind};
use tch::{TchError, Tensor};

type Result<T> = std::result::Result<T, TchError>;

/// The same in both directions.
fn both(side: u32) -> [i64; 2] {
    [side.into(); 2]
}

/// Rows and columns of a map.
pub(super) fn size(x: &Tensor) -> Size {
    let side = |dim: usize| {
        let dims = x.size();
        dims.get(dim).and_then(|&side| u32::try_from(side).ok()).unwrap_or(0)
    };
    Size { h: side(2), w: side(3) }
}

pub(super) fn conv(x: &Tensor, c: &Conv, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    let (stride, pad, rate) = (both(c.stride), both(c.pad()), both(c.rate));
    x.f_conv2d(weight, bias, stride, pad, rate, c.groups.into())
}

/// Of the full transposed convolution, the `to` cells after the first `deconv_pad`.
pub(super) fn deconv(
    x: &Tensor,
    c: &Conv,
    weight: &Tensor,
    bias: Option<&Tensor>,
    to: Size,
) -> Result<Tensor> {
    let natural = |side: u32| {
        let (n, k) = (i64::from(side), i64::from(c.kernel));
        (n - 1) * i64::from(c.stride) + k - 2 * i64::from(c.deconv_pad())
    };
    let (from, to) = (size(x), [i64::from(to.h), i64::from(to.w)]);
    let extra = [(to[0] - natural(from.h)).max(0), (to[1] - natural(from.w)).max(0)];
    let (stride, pad) = (both(c.stride), both(c.deconv_pad()));
    x.f_conv_transpose2d(weight, bias, stride, pad, extra, c.groups.into(), both(1))?
        .f_narrow(2, 0, to[0])?
        .f_narrow(3, 0, to[1])
}

/// In training the batch's statistics are used, and the running ones moved towards them.
pub(super) fn norm(
    x: &Tensor,
    norm: &Norm,
    (scale, shift): (Option<&Tensor>, Option<&Tensor>),
    (mean, var): (&Tensor, &Tensor),
    training: bool,
) -> Result<Tensor> {
    let (momentum, eps) = (norm.momentum(), norm.eps());
    x.f_batch_norm(scale, shift, Some(mean), Some(var), training, momentum, eps, true)
}

pub(super) fn act(x: &Tensor, act: Act) -> Result<Tensor> {
    match act {
        Act::Relu => x.f_relu(),
        Act::Relu6 => x.f_relu6(),
        Act::Sigmoid => x.f_sigmoid(),
        Act::Silu => x.f_silu(),
        Act::Hardswish => x.f_hardswish(),
    }
}

pub(super) fn act_in_place(x: &mut Tensor, act: Act) -> Result<()> {
    let _same = match act {
        Act::Relu => x.f_relu_(),
        Act::Relu6 => x.f_clamp_(0.0, 6.0),
        Act::Sigmoid => x.f_sigmoid_(),
        Act::Silu => x.f_silu_(),
        Act::Hardswish => x.f_hardswish_(),
    }?;
    Ok(())
}

pub(super) fn sum_in_place(acc: &mut Tensor, rest: &[&Tensor]) -> Result<()> {
    for term in rest {
        let _same = acc.f_add_(term)?;
    }
    Ok(())
}

pub(super) fn pool(
    x: &Tensor,
    kind: PoolKind,
    kernel: u32,
    stride: u32,
    pad: u32,
) -> Result<Tensor> {
    let (side, step, pad) = (both(kernel), both(stride), both(pad));
    match kind {
        PoolKind::Max => x.f_max_pool2d(side, step, pad, both(1), false),
        PoolKind::Avg => x.f_avg_pool2d(side, step, pad, false, false, None),
    }
}

pub(super) fn resize(x: &Tensor, to: Size, interp: Interp) -> Result<Tensor> {
    if size(x) == to {
        return Ok(x.shallow_clone());
    }
    let to = [i64::from(to.h), i64::from(to.w)];
    match interp {
        Interp::Bilinear => x.f_upsample_bilinear2d(to, false, None, None),
        Interp::BilinearAligned => x.f_upsample_bilinear2d(to, true, None, None),
        Interp::Nearest => x.f_upsample_nearest2d(to, None, None),
    }
}

/// The sum of `first` and `rest`. One tensor is made, whatever their number: a sum's gradient needs
/// no values, so later terms may be added in place.
pub(super) fn sum(first: &Tensor, rest: &[&Tensor]) -> Result<Tensor> {
    let Some((second, others)) = rest.split_first() else { return Ok(first.shallow_clone()) };
    let mut acc = first.f_add(second)?;
    sum_in_place(&mut acc, others)?;
    Ok(acc)
}

/// Channels seen as `[groups, C / groups]`, transposed. Keeps the memory format.
pub(super) fn shuffle(x: &Tensor, groups: i64) -> Result<Tensor> {
    let (n, c, h, w) = x.size4()?;
    if is_channels_last(x).unwrap_or(false) {
        return x
            .f_permute([0, 2, 3, 1])?
            .f_reshape([n, h, w, groups, c / groups])?
            .f_transpose(3, 4)?
            .f_reshape([n, h, w, c])?
            .f_permute([0, 3, 1, 2]);
    }
    x.f_reshape([n, groups, c / groups, h, w])?.f_transpose(1, 2)?.f_reshape([n, c, h, w])
}

/// Negative padding drops.
pub(super) fn shift(x: &Tensor, rows: i64, cols: i64) -> Result<Tensor> {
    x.f_constant_pad_nd([-cols, cols, -rows, rows])
}
