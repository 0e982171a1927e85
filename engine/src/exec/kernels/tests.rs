//! Each kernel against its definition, by hand where that is short.

use super::*;
use crate::exec::weights::{Init, allocate};
use crate::torch::{channels_last, is_channels_last};
use segc::ir::Scale;
use segc::ir::kernel::{Act, Conv, Norm, PoolKind};

const FLOAT: (Kind, Device) = (Kind::Float, Device::Cpu);
const WHOLE: Size = Size { h: 13, w: 18 };

fn site(width: u32, scale: u32, mode: Mode) -> Site {
    let ty = MapType::new(width, Scale::Down(scale));
    Site { ty, whole: WHOLE, batch: 2, options: FLOAT, mode }
}

fn random(dims: &[i64]) -> Tensor {
    Tensor::randn(dims, FLOAT)
}

/// A map of one row.
fn row(values: &[f32]) -> Tensor {
    Tensor::from_slice(values).reshape([1, 1, 1, -1])
}

fn column(values: &[f32]) -> Tensor {
    Tensor::from_slice(values).reshape([1, -1, 1, 1])
}

fn values(x: &Tensor) -> Vec<f32> {
    Vec::try_from(x.reshape([-1])).expect("a float tensor")
}

fn conv(out: u32, kernel: u32, stride: u32) -> Conv {
    Conv { out, kernel, stride, rate: 1, groups: 1, bias: true, pad: None }
}

fn run(kernel: Kernel, inputs: &[&Tensor], site: &Site) -> Tensor {
    let channels = inputs.first().map_or(0, |x| x.size().get(1).copied().unwrap_or(0));
    let channels = u32::try_from(channels).expect("few");
    let weights = allocate(&kernel, channels, "it", Init::Uniform, 3, Device::Cpu);
    forward(&kernel, &weights.expect("there is memory"), inputs, site).expect("it fits")
}

fn eval(kernel: Kernel, inputs: &[&Tensor]) -> Vec<f32> {
    values(&run(kernel, inputs, &site(1, 1, Mode::Eval)))
}

/// Every kernel of one input, with the width it gives 8 channels, and the scale it gives /1.
fn unary_kernels() -> Vec<(Kernel, u32, u32)> {
    let pool = |kind, kernel, stride| Kernel::Pool { kind, kernel, stride, pad: (kernel - 1) / 2 };
    let resize = |to, interp| Kernel::Resize { to, interp };
    let depthwise = Conv { groups: 8, rate: 2, ..conv(8, 3, 1) };
    vec![
        (Kernel::Conv(conv(6, 3, 1)), 6, 1),
        (Kernel::Conv(conv(6, 5, 2)), 6, 2),
        (Kernel::Conv(conv(6, 1, 2)), 6, 2),
        (Kernel::Conv(depthwise), 8, 1),
        (Kernel::Norm(Norm::DEFAULT), 8, 1),
        (Kernel::Norm(Norm { affine: false, ..Norm::DEFAULT }), 8, 1),
        (Kernel::Act(Act::Silu), 8, 1),
        (pool(PoolKind::Max, 3, 2), 8, 2),
        (pool(PoolKind::Avg, 3, 1), 8, 1),
        (resize(Target::Scale(Scale::Down(4)), Interp::Bilinear), 8, 4),
        (resize(Target::FloorBy(4), Interp::BilinearAligned), 8, 4),
        (Kernel::Zero, 8, 1),
        (Kernel::Shuffle { groups: 4 }, 8, 1),
        (Kernel::Shift { rows: 1, cols: 2 }, 8, 1),
        (Kernel::Slice { from: 3, len: 4 }, 4, 1),
        (Kernel::Dropout { rate_e9: 500_000_000 }, 8, 1),
    ]
}

#[test]
fn sizes_are_those_that_the_front_end_computes() {
    let x = random(&[2, 8, 13, 18]);
    for (kernel, width, scale) in unary_kernels() {
        for mode in [Mode::Train, Mode::Eval] {
            let got = run(kernel, &[&x], &site(width, scale, mode)).size();
            let want = output_size(&kernel, Scale::Down(scale), &[WHOLE], WHOLE).expect("it fits");
            assert_eq!(got, [2, width.into(), want.h.into(), want.w.into()], "{kernel:?}");
        }
    }
}

#[test]
fn the_memory_format_is_kept_and_changes_no_value() {
    let x = random(&[2, 8, 13, 18]);
    let last = channels_last(&x).expect("rank 4");
    for (kernel, width, scale) in unary_kernels() {
        if matches!(kernel, Kernel::Slice { .. }) {
            continue; // A view: as dense as its input lets it be.
        }
        let site = site(width, scale, Mode::Eval);
        let (got, want) = (run(kernel, &[&last], &site), run(kernel, &[&x], &site));
        assert!(is_channels_last(&got).expect("rank 4"), "{kernel:?}");
        let worst = (&got - &want).abs().max().double_value(&[]);
        assert!(worst < 1e-5, "{kernel:?}: off by {worst}");
    }
}

#[test]
fn a_transposed_convolution_is_the_middle_of_the_full_one() {
    for (kernel, stride) in [(4, 2), (3, 2), (2, 2), (16, 8), (3, 1), (1, 2)] {
        let c = conv(5, kernel, stride);
        let scale = 8 / stride;
        let from = Scale::Down(8).size(WHOLE);
        let x = random(&[2, 3, from.h.into(), from.w.into()]);
        let weights = allocate(&Kernel::Deconv(c), 3, "it", Init::Uniform, 3, Device::Cpu);
        let weights = weights.expect("there is memory");
        let got = forward(&Kernel::Deconv(c), &weights, &[&x], &site(5, scale, Mode::Eval));
        let got = got.expect("it fits");
        let step = [i64::from(stride); 2];
        // Room at the end, so that every cell that is asked for is there.
        let all = x.constant_pad_nd([0, 1, 0, 1]);
        let all = all.conv_transpose2d(&weights[0], Some(&weights[1]), step, [0], [0], 1, [1]);
        let (to, pad) = (Scale::Down(scale).size(WHOLE), i64::from(c.deconv_pad()));
        let want = all.narrow(2, pad, to.h.into()).narrow(3, pad, to.w.into());
        assert_eq!(got.size(), want.size(), "{c:?}");
        let worst = (&got - &want).abs().max().double_value(&[]);
        assert!(worst < 1e-5, "{c:?}: off by {worst}");
    }
}

#[test]
fn bilinear_weights_upsample_linearly() {
    let (c, x) = (Conv { bias: false, ..conv(1, 4, 2) }, Tensor::arange(9, FLOAT));
    let x = x.reshape([1, 1, 1, 9]).expand([1, 1, 7, 9], true);
    let weights = allocate(&Kernel::Deconv(c), 1, "it", Init::Bilinear, 0, Device::Cpu);
    let weights = weights.expect("there is memory");
    let y = forward(&Kernel::Deconv(c), &weights, &[&x], &site(1, 1, Mode::Eval)).expect("fits");
    assert_eq!(y.size(), [1, 1, 13, 18]);
    let middle = values(&y.select(2, 6).narrow(2, 1, 4));
    assert_eq!(middle, [0.25, 0.75, 1.25, 1.75]);
}

#[test]
fn pools_count_no_padding() {
    let x = row(&[-1.0, -3.0, -5.0]);
    let pool = |kind| Kernel::Pool { kind, kernel: 3, stride: 1, pad: 1 };
    assert_eq!(eval(pool(PoolKind::Max), &[&x]), [-1.0, -1.0, -3.0]);
    assert_eq!(eval(pool(PoolKind::Avg), &[&x]), [-2.0, -3.0, -4.0]);
    assert_eq!(eval(Kernel::GlobalPool, &[&x]), [-3.0]);
}

#[test]
fn activations_are_what_they_say() {
    let x = row(&[-4.0, -1.0, 1.0, 8.0]);
    let act = |act| eval(Kernel::Act(act), &[&x]);
    assert_eq!(act(Act::Relu), [0.0, 0.0, 1.0, 8.0]);
    assert_eq!(act(Act::Relu6), [0.0, 0.0, 1.0, 6.0]);
    assert_eq!(act(Act::Hardswish), [0.0, -1.0 / 3.0, 2.0 / 3.0, 8.0]);
    let sigmoid = |x: f32| 1.0 / (1.0 + (-x).exp());
    for (at, x) in [-4.0, -1.0, 1.0, 8.0].into_iter().enumerate() {
        assert!((act(Act::Sigmoid)[at] - sigmoid(x)).abs() < 1e-6);
        assert!((act(Act::Silu)[at] - x * sigmoid(x)).abs() < 1e-5);
    }
}

#[test]
fn resizes_differ_in_where_cells_lie() {
    let (x, like) = (row(&[0.0, 4.0]), row(&[0.0; 4]));
    let to = |interp| eval(Kernel::Resize { to: Target::Like, interp }, &[&x, &like]);
    assert_eq!(to(Interp::Bilinear), [0.0, 1.0, 3.0, 4.0]);
    let aligned = to(Interp::BilinearAligned);
    assert!((aligned[1] - 4.0 / 3.0).abs() < 1e-6 && aligned[3] == 4.0);
    assert_eq!(to(Interp::Nearest), [0.0, 0.0, 4.0, 4.0]);
}

#[test]
fn channels_and_positions_move_as_they_should() {
    let x = column(&[0., 1., 2., 3., 4., 5.]);
    assert_eq!(eval(Kernel::Shuffle { groups: 2 }, &[&x]), [0., 3., 1., 4., 2., 5.]);
    assert_eq!(eval(Kernel::Slice { from: 2, len: 3 }, &[&x]), [2., 3., 4.]);
    assert_eq!(eval(Kernel::Concat, &[&column(&[1.]), &column(&[2., 3.])]), [1., 2., 3.]);
    let x = row(&[1., 2., 3., 4.]);
    assert_eq!(eval(Kernel::Shift { rows: 0, cols: 1 }, &[&x]), [2., 3., 4., 0.]);
}

#[test]
fn sums_and_products() {
    let x = [column(&[1., 2.]), column(&[10., 20.]), column(&[100., 200.])];
    let all: Vec<&Tensor> = x.iter().collect();
    for kernel in [Kernel::Add, Kernel::Mix] {
        assert_eq!(eval(kernel, &all), [111., 222.]);
        assert_eq!(eval(kernel, &all[..1]), [1., 2.]);
    }
    assert_eq!(values(&x[0]), [1., 2.], "inputs are left as they are");
    let none = run(Kernel::Add, &[], &site(4, 2, Mode::Eval));
    assert_eq!(none.size(), [2, 4, 7, 9]);
    let map = Tensor::ones([1, 2, 1, 3], FLOAT);
    assert_eq!(eval(Kernel::Mul, &[&map, &x[0]]), [1., 1., 1., 2., 2., 2.]);
}

#[test]
fn a_norm_in_training_uses_the_batch_and_remembers_it() {
    let norm = Norm { affine: false, ..Norm::DEFAULT };
    let stats = allocate(&Kernel::Norm(norm), 1, "it", Init::Uniform, 0, Device::Cpu);
    let stats = stats.expect("there is memory");
    let apply = |mode, x: &Tensor| forward(&Kernel::Norm(norm), &stats, &[x], &site(1, 1, mode));
    let x = row(&[1.0, 3.0]);
    let y = values(&apply(Mode::Train, &x).expect("two values"));
    assert!((y[0] + 1.0).abs() < 1e-4 && (y[1] - 1.0).abs() < 1e-4);
    // A tenth of the mean 2; nine tenths of 1 and a tenth of the unbiased variance 2.
    assert!((values(&stats[0])[0] - 0.2).abs() < 1e-6);
    assert!((values(&stats[1])[0] - 1.1).abs() < 1e-6);
    let y = values(&apply(Mode::Eval, &x).expect("any number of values"));
    assert!((y[0] - 0.8 / 1.1f32.sqrt()).abs() < 1e-4);
    assert!(matches!(apply(Mode::Train, &row(&[1.0])), Err(KernelError::OneValue)));
}

#[test]
fn dropout_drops_in_training_alone() {
    let x = Tensor::ones([1, 1, 100, 100], FLOAT);
    let half = Kernel::Dropout { rate_e9: 500_000_000 };
    assert_eq!(run(half, &[&x], &site(1, 1, Mode::Eval)), x);
    let kept = run(half, &[&x], &site(1, 1, Mode::Train)).mean(Kind::Float).double_value(&[]);
    assert!((kept - 1.0).abs() < 0.1, "values are scaled up: mean {kept}");
}

#[test]
fn mixing_weights_get_the_gradient_that_they_should() {
    let (x, y) = (column(&[1., 2.]), column(&[10., 20.]));
    let weight = |v: f32| Tensor::from(v).set_requires_grad(true);
    let (a, b) = (weight(0.25), weight(0.0));
    let terms = [
        Term { value: &x, weight: Some(&a) },
        Term { value: &y, weight: Some(&b) },
        Term { value: &y, weight: None },
    ];
    let sum = mix(&terms).expect("shapes fit").expect("terms are left");
    assert_eq!(values(&sum), [10.25, 20.5]);
    sum.sum(Kind::Float).backward();
    assert_eq!((a.grad().double_value(&[]), b.grad().double_value(&[])), (3.0, 30.0));
    assert!(mix(&[]).expect("no work").is_none());
}

#[test]
fn gradients_flow_through_shuffles_of_both_formats() {
    let weights = Tensor::arange(8, FLOAT).reshape([1, 8, 1, 1]);
    let grad = |last: bool| {
        let leaf = Tensor::ones([2, 8, 3, 3], FLOAT).set_requires_grad(true);
        let x = if last { channels_last(&leaf).expect("rank 4") } else { leaf.shallow_clone() };
        let y = run(Kernel::Shuffle { groups: 2 }, &[&x], &site(8, 1, Mode::Train));
        (y * &weights).sum(Kind::Float).backward();
        values(&leaf.grad().select(0, 0).select(1, 0).select(1, 0))
    };
    // Channel 4 g + i went to 2 i + g.
    assert_eq!(grad(false), [0., 2., 4., 6., 1., 3., 5., 7.]);
    assert_eq!(grad(true), grad(false));
}

#[test]
fn what_cannot_be_applied_is_an_error() {
    let x = random(&[1, 2, 3, 3]);
    let message = |kernel, inputs: &[&Tensor]| {
        let result = forward(&kernel, &[], inputs, &site(2, 1, Mode::Eval));
        result.expect_err("it cannot be applied").to_string()
    };
    assert_eq!(message(Kernel::Mul, &[&x]), "`mul` lacks its inputs");
    assert_eq!(message(Kernel::Conv(conv(2, 3, 1)), &[&x]), "`conv` lacks its weights");
    let floor = Kernel::Resize { to: Target::FloorBy(4), interp: Interp::Nearest };
    assert!(message(floor, &[&x]).ends_with("nothing is left of it after `resize`"));
    assert!(message(Kernel::Add, &[&x, &random(&[1, 2, 5, 5])]).starts_with("`add`: "));
}

#[test]
fn a_dropped_path_is_dropped_image_by_image_and_keeps_its_mean() {
    tch::manual_seed(1);
    let x = Tensor::ones([400, 2, 3, 3], (Kind::Double, Device::Cpu));
    let y = drop_path(&x, 0.25).expect("there is memory");
    // Every image is nothing or all of it, a third larger.
    let by_image = y.reshape([400, 18]);
    let first = by_image.narrow(1, 0, 1);
    assert_eq!((&by_image - &first).abs().max().double_value(&[]), 0.0);
    let off = &first * (&first - 4.0 / 3.0);
    assert!(off.abs().max().double_value(&[]) < 1e-12);
    // The share that is kept has a deviation of 0.022.
    let mean = y.mean(Kind::Double).double_value(&[]);
    assert!((mean - 1.0).abs() < 0.1, "{mean}");
}
