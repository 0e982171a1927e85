//! Initial values of a kernel's tensors. Each depends on the seed and on the tensor's own name
//! only, so that neither the order of allocation nor what else a supernet holds changes it.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use segc::ir::Kernel;
use segc::ir::kernel::{Role, WeightSpec};
use sha2::{Digest, Sha256};
use std::f64::consts::TAU;
use tch::{Device, TchError, Tensor};

/// How convolutions' weights begin. `n` is what one output value is summed over, in PyTorch's
/// convention: all dimensions but the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Init {
    /// Uniform within `1 / sqrt(n)`: PyTorch's default.
    #[default]
    Uniform,
    /// Uniform within `sqrt(6 / n)`: keeps variances through ReLU (He et al. 2015).
    KaimingUniform,
    /// Normal with variance `2 / n`: likewise.
    KaimingNormal,
    /// Bilinear interpolation, each channel to its own: for transposed convolutions (Long et al.
    /// 2015). The rest is zero.
    Bilinear,
}

/// The tensors that `kernel` owns when its first input has `channels` channels, in the order of
/// [`Kernel::weights`]; trainable ones want a gradient. `name` is the weight set's full name.
pub fn allocate(
    kernel: &Kernel,
    channels: u32,
    name: &str,
    init: Init,
    seed: u64,
    device: Device,
) -> Result<Vec<Tensor>, TchError> {
    let one = |spec: &WeightSpec| {
        let values = initial(spec, &format!("{name}.{}", spec.role.name()), init, seed);
        let dims: Vec<i64> = spec.dims.iter().map(|&side| side.into()).collect();
        let tensor = Tensor::f_from_slice(&values)?.f_reshape(dims)?.f_to_device(device)?;
        // On the device, so that the tensor is the leaf that gradients are kept in.
        Ok(tensor.set_requires_grad(spec.role.trainable()))
    };
    kernel.weights(channels).iter().map(one).collect()
}

/// The values of the tensor `name`, in row-major order.
pub fn initial(spec: &WeightSpec, name: &str, init: Init, seed: u64) -> Vec<f32> {
    let len = usize::try_from(spec.len()).expect("a tensor fits the address space");
    match spec.role {
        Role::Weight => weight(&spec.dims, len, init, &mut stream(name, seed)),
        Role::Bias | Role::NormShift | Role::RunningMean => vec![0.0; len],
        Role::NormScale | Role::RunningVar => vec![1.0; len],
    }
}

/// The random numbers that belong to `name`.
fn stream(name: &str, seed: u64) -> ChaCha8Rng {
    let digest = Sha256::new().chain_update(seed.to_le_bytes()).chain_update(name).finalize();
    ChaCha8Rng::from_seed(digest.into())
}

fn weight(dims: &[u32], len: usize, init: Init, rng: &mut impl Rng) -> Vec<f32> {
    let n: f64 = dims.iter().skip(1).map(|&side| f64::from(side)).product();
    match init {
        Init::Uniform => uniform((1.0 / n).sqrt(), len, rng),
        Init::KaimingUniform => uniform((6.0 / n).sqrt(), len, rng),
        Init::KaimingNormal => normal((2.0 / n).sqrt(), len, rng),
        Init::Bilinear => bilinear(dims),
    }
}

fn uniform(bound: f64, len: usize, rng: &mut impl Rng) -> Vec<f32> {
    (0..len).map(|_| ((2.0 * rng.random::<f64>() - 1.0) * bound) as f32).collect()
}

/// By Box and Muller; one value per pair of draws, which keeps the code plain.
fn normal(deviation: f64, len: usize, rng: &mut impl Rng) -> Vec<f32> {
    let mut draw = || {
        let (u, v) = (1.0 - rng.random::<f64>(), rng.random::<f64>());
        (deviation * (-2.0 * u.ln()).sqrt() * (TAU * v).cos()) as f32
    };
    (0..len).map(|_| draw()).collect()
}

/// The tent of side `k` on the diagonal of channels.
fn bilinear(dims: &[u32]) -> Vec<f32> {
    let &[rows, cols, h, w] = dims else { return Vec::new() };
    let (down, across) = (tent(h), tent(w));
    let mut values = Vec::new();
    for row in 0..rows {
        for col in 0..cols {
            let on = if row == col { 1.0 } else { 0.0 };
            values
                .extend(down.iter().flat_map(|a| across.iter().map(move |b| (on * a * b) as f32)));
        }
    }
    values
}

/// `1 - |i / f - c|` with `f = ceil(k / 2)`, `c = (2 f - 1 - f % 2) / (2 f)`: for k = 4 it is
/// .25 .75 .75 .25.
fn tent(k: u32) -> Vec<f64> {
    let f = f64::from(k.div_ceil(2));
    let centre = (2.0 * f - 1.0 - f % 2.0) / (2.0 * f);
    (0..k).map(|i| 1.0 - (f64::from(i) / f - centre).abs()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use segc::ir::kernel::{Conv, Norm};

    const CONV: Conv =
        Conv { out: 64, kernel: 3, stride: 1, rate: 1, groups: 1, bias: true, pad: None };

    fn values(name: &str, init: Init, seed: u64) -> Vec<f32> {
        let spec = WeightSpec { role: Role::Weight, dims: [64, 16, 3, 3].into() };
        initial(&spec, name, init, seed)
    }

    #[test]
    fn values_depend_on_seed_and_name_alone() {
        assert_eq!(values("a.weight", Init::Uniform, 1), values("a.weight", Init::Uniform, 1));
        assert_ne!(values("a.weight", Init::Uniform, 1), values("b.weight", Init::Uniform, 1));
        assert_ne!(values("a.weight", Init::Uniform, 1), values("a.weight", Init::Uniform, 2));
    }

    #[test]
    fn values_have_the_variance_they_should() {
        // A uniform distribution within b has variance b^2 / 3.
        let n = 16.0 * 9.0;
        let cases = [
            (Init::Uniform, 1.0 / n / 3.0),
            (Init::KaimingUniform, 2.0 / n),
            (Init::KaimingNormal, 2.0 / n),
        ];
        for (init, want) in cases {
            let all = values("a.weight", init, 7);
            let square: f64 = all.iter().map(|&v| f64::from(v).powi(2)).sum();
            let got = square / all.len() as f64;
            assert!((got / want - 1.0).abs() < 0.05, "{init:?}: {got} and not {want}");
        }
    }

    #[test]
    fn the_tent_is_that_of_bilinear_interpolation() {
        assert_eq!(tent(4), [0.25, 0.75, 0.75, 0.25]);
        let sixteenths: Vec<f64> = tent(16).iter().map(|v| v * 16.0).collect();
        let want = [1., 3., 5., 7., 9., 11., 13., 15., 15., 13., 11., 9., 7., 5., 3., 1.];
        assert_eq!(sixteenths, want);
        let both = bilinear(&[2, 2, 2, 2]);
        assert_eq!(both.get(4..12), Some([0.0f32; 8].as_slice()));
    }

    #[test]
    fn tensors_come_in_the_kernel_s_order_and_want_gradients_where_trained() {
        let shapes = |kernel: Kernel| {
            let all = allocate(&kernel, 16, "stem.0", Init::Uniform, 0, Device::Cpu);
            let all = all.expect("there is memory");
            all.iter().map(|t| (t.size(), t.requires_grad())).collect::<Vec<_>>()
        };
        assert_eq!(shapes(Kernel::Conv(CONV)), [(vec![64, 16, 3, 3], true), (vec![64], true)]);
        let stats = [(vec![16], false), (vec![16], false)];
        assert_eq!(shapes(Kernel::Norm(Norm { affine: false, ..Norm::DEFAULT })), stats);
        assert_eq!(shapes(Kernel::Norm(Norm::DEFAULT)).get(2..), Some(stats.as_slice()));
        assert!(shapes(Kernel::Zero).is_empty());
    }
}
