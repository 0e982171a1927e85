//! Convolutions prepared for inference on the CPU: the weight in oneDNN's order, activation and sum
//! fused in. They have no gradient. Not every convolution gains: dilated ones may be slower than
//! plain calls, so measure before choosing.

use super::{TorchError, ffi};
use tch::Tensor;

/// A square convolution's arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Stride in both directions.
    pub stride: u32,
    /// Zero padding on each side.
    pub pad: u32,
    /// Dilation in both directions.
    pub rate: u32,
    /// Number of groups.
    pub groups: u32,
}

impl Geometry {
    fn raw(self) -> ffi::ConvGeometry {
        ffi::ConvGeometry {
            stride: self.stride.into(),
            pad: self.pad.into(),
            dilation: self.rate.into(),
            groups: self.groups.into(),
        }
    }
}

/// What is applied to the result before it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FusedAct {
    /// Nothing.
    None,
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

impl FusedAct {
    fn raw(self) -> ffi::Unary {
        let (name, bounds) = match self {
            FusedAct::None => (c"none", None),
            FusedAct::Relu => (c"relu", None),
            FusedAct::Relu6 => (c"hardtanh", Some((0.0, 6.0))),
            FusedAct::Sigmoid => (c"sigmoid", None),
            FusedAct::Silu => (c"swish", None),
            FusedAct::Hardswish => (c"hardswish", None),
        };
        ffi::Unary { name, bounds }
    }

    /// Whether oneDNN applies it after a sum as well.
    fn fuses_with_sum(self) -> bool {
        matches!(self, FusedAct::None | FusedAct::Relu)
    }

    /// Applied in place.
    fn apply(self, x: &mut Tensor) -> Result<(), TorchError> {
        let _ = match self {
            FusedAct::None => return Ok(()),
            FusedAct::Relu => x.f_relu_()?,
            FusedAct::Relu6 => x.f_clamp_(0.0, 6.0)?,
            FusedAct::Sigmoid => x.f_sigmoid_()?,
            FusedAct::Silu => x.f_silu_()?,
            FusedAct::Hardswish => x.f_hardswish_()?,
        };
        Ok(())
    }
}

/// A convolution with its weight in the order that the processor reads it.
#[derive(Debug)]
pub struct PackedConv {
    weight: Tensor,
    bias: Option<Tensor>,
    at: Geometry,
    then: FusedAct,
}

impl PackedConv {
    /// Packs `weight` (out, in/groups, k, k) for inputs of shape `input`; others work, less well.
    pub fn new(
        weight: &Tensor,
        bias: Option<&Tensor>,
        at: Geometry,
        then: FusedAct,
        input: [i64; 4],
    ) -> Result<Self, TorchError> {
        let bias = bias.map(Tensor::shallow_clone);
        Ok(PackedConv { weight: ffi::conv_prepack(weight, &at.raw(), input)?, bias, at, then })
    }

    /// `act(conv(x))`.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor, TorchError> {
        ffi::conv(x, &self.weight, self.bias.as_ref(), &self.at.raw(), &self.then.raw())
    }

    /// `act(conv(x) + other)`.
    pub fn forward_add(&self, x: &Tensor, other: &Tensor) -> Result<Tensor, TorchError> {
        self.add(x, (other, false))
    }

    /// `act(conv(x) + other)`, written over `other`, which is given up for it.
    pub fn forward_add_into(&self, x: &Tensor, other: Tensor) -> Result<Tensor, TorchError> {
        self.add(x, (&other, true))
    }

    fn add(&self, x: &Tensor, other: (&Tensor, bool)) -> Result<Tensor, TorchError> {
        let (bias, at) = (self.bias.as_ref(), self.at.raw());
        if self.then.fuses_with_sum() {
            return ffi::conv_add(x, other, &self.weight, bias, &at, &self.then.raw());
        }
        let mut sum = ffi::conv_add(x, other, &self.weight, bias, &at, &FusedAct::None.raw())?;
        self.then.apply(&mut sum)?;
        Ok(sum)
    }
}

#[cfg(test)]
mod tests {
    use super::super::format::channels_last;
    use super::*;
    use tch::{Device, Kind};

    const ACTS: [FusedAct; 6] = [
        FusedAct::None,
        FusedAct::Relu,
        FusedAct::Relu6,
        FusedAct::Sigmoid,
        FusedAct::Silu,
        FusedAct::Hardswish,
    ];

    const GEOMETRIES: [Geometry; 4] = [
        Geometry { stride: 1, pad: 1, rate: 1, groups: 1 },
        Geometry { stride: 2, pad: 1, rate: 1, groups: 1 },
        Geometry { stride: 1, pad: 2, rate: 2, groups: 1 },
        Geometry { stride: 1, pad: 1, rate: 1, groups: 8 },
    ];

    fn random(dims: &[i64]) -> Tensor {
        Tensor::randn(dims, (Kind::Float, Device::Cpu))
    }

    fn apply(act: FusedAct, x: &Tensor) -> Tensor {
        match act {
            FusedAct::None => x.shallow_clone(),
            FusedAct::Relu => x.relu(),
            FusedAct::Relu6 => x.clamp(0.0, 6.0),
            FusedAct::Sigmoid => x.sigmoid(),
            FusedAct::Silu => x.silu(),
            FusedAct::Hardswish => x.hardswish(),
        }
    }

    fn assert_close(got: &Tensor, want: &Tensor, what: &str) {
        assert_eq!(got.size(), want.size(), "{what}");
        let worst = (got - want).abs().max().double_value(&[]);
        assert!(worst < 1e-5, "{what}: off by {worst}");
    }

    fn plain(x: &Tensor, weight: &Tensor, bias: &Tensor, at: Geometry) -> Tensor {
        let both = |side: u32| [i64::from(side); 2];
        let (stride, pad, rate) = (both(at.stride), both(at.pad), both(at.rate));
        x.conv2d(weight, Some(bias), stride, pad, rate, at.groups.into())
    }

    #[test]
    fn fused_convolutions_equal_plain_ones() {
        for at in GEOMETRIES {
            let (x, bias) = (random(&[2, 8, 9, 11]), random(&[16]));
            let weight = random(&[16, 8 / i64::from(at.groups), 3, 3]) * 0.1;
            let x = channels_last(&x).expect("rank 4");
            let want = plain(&x, &weight, &bias, at);
            let other = channels_last(&random(&want.size())).expect("rank 4");
            for act in ACTS {
                let what = format!("{at:?} {act:?}");
                let conv = PackedConv::new(&weight, Some(&bias), at, act, [2, 8, 9, 11]);
                let conv = conv.expect("a convolution that oneDNN has");
                let got = conv.forward(&x).expect("shapes fit");
                assert_close(&got, &apply(act, &want), &what);
                let sum = apply(act, &(&want + &other));
                let got = conv.forward_add(&x, &other).expect("shapes fit");
                assert_close(&got, &sum, &what);
                let copy = other.copy();
                let got = conv.forward_add_into(&x, copy).expect("shapes fit");
                assert_close(&got, &sum, &what);
            }
        }
    }

    #[test]
    fn shapes_that_do_not_fit_are_errors() {
        let at = GEOMETRIES[0];
        let conv = PackedConv::new(&random(&[4, 8, 3, 3]), None, at, FusedAct::None, [1, 8, 9, 9]);
        let error = conv.expect("a convolution that oneDNN has").forward(&random(&[1, 5, 9, 9]));
        assert!(error.is_err());
    }
}
