//! Laws of looking at an image in several ways.

use super::*;
use crate::exec::executor::Options;
use crate::exec::toy;
use segc::ir::builder::Builder;
use segc::ir::kernel::{Interp, Kernel, Target};

/// Convolutions of a kernel size and a stride, back at the image's size.
fn graph(kernel: u32, stride: u32) -> DecisionGraph {
    let mut b = Builder::new();
    let x = b.input(3);
    let x = b.add(toy::conv(6, kernel, stride), &[x]);
    let x = b.add(toy::RELU, &[x]);
    let x = b.add(toy::conv(4, kernel, 1), &[x]);
    let to = Target::Scale(segc::ir::Scale::Down(1));
    let x = b.add(Kernel::Resize { to, interp: Interp::Bilinear }, &[x]);
    b.output("out", x);
    b.finish()
}

fn network(graph: &DecisionGraph) -> Executor<'_> {
    toy::calm();
    Executor::new(graph, Options { seed: 5, ..Options::default() }).expect("it is one")
}

fn images(h: i64, w: i64) -> Tensor {
    tch::manual_seed(7);
    Tensor::randn([2, 3, h, w], (Kind::Float, Device::Cpu))
}

fn seen(views: &Views, network: &Executor<'_>, images: &Tensor) -> Tensor {
    let size = sides(size_of(images).expect("images"));
    views.probabilities(network, images, size).expect("it runs")
}

/// What the network says of whole images, and no more.
fn plain(network: &Executor<'_>, images: &Tensor) -> Tensor {
    logits(network, images).expect("it runs").softmax(1, Kind::Float)
}

fn apart(a: &Tensor, b: &Tensor) -> f64 {
    (a - b).abs().max().double_value(&[])
}

fn window(size: u32, stride: u32) -> Views {
    let square = |side| Size { h: side, w: side };
    let window = Window { size: square(size), stride: square(stride) };
    Views { window: Some(window), ..Views::default() }
}

#[test]
fn one_view_of_the_whole_is_the_plain_result() {
    let (graph, images) = (graph(3, 2), images(12, 16));
    let network = network(&graph);
    let wanted = plain(&network, &images);
    for views in [Views::default(), window(16, 4), window(99, 50)] {
        let found = seen(&views, &network, &images);
        assert_eq!(apart(&found, &wanted), 0.0, "{views:?}");
        let labels = views.labels(&network, &images, Size { h: 12, w: 16 }).expect("it runs");
        assert_eq!(labels, wanted.argmax(1, false).to_kind(Kind::Uint8));
    }
    assert!(apart(&seen(&window(8, 4), &network, &images), &wanted) > 1e-4);
}

#[test]
fn windows_of_any_size_say_the_same_where_pixels_do_not_look_around() {
    let (graph, images) = (graph(1, 1), images(11, 14));
    let network = network(&graph);
    let wanted = plain(&network, &images);
    for (size, stride) in [(5, 5), (5, 3), (7, 1), (1, 1), (12, 12)] {
        let found = seen(&window(size, stride), &network, &images);
        assert!(apart(&found, &wanted) < 1e-6, "{size} by {stride}");
    }
}

#[test]
fn mirrors_do_not_matter_to_what_is_symmetric() {
    let (graph, images) = (graph(3, 1), images(10, 13));
    let network = network(&graph);
    let both = Views { flip: true, ..Views::default() };
    assert!(apart(&seen(&both, &network, &images), &plain(&network, &images)) > 1e-4);
    for param in network.params() {
        let mut tensor = param.tensor.shallow_clone();
        let symmetric: Tensor = (&tensor + tensor.flip([3])) / 2.0;
        tch::no_grad(|| tensor.copy_(&symmetric));
    }
    assert!(apart(&seen(&both, &network, &images), &plain(&network, &images)) < 1e-6);
}

#[test]
fn scales_do_not_matter_to_what_is_of_one_colour() {
    let (graph, images) = (graph(1, 1), images(10, 14));
    let network = network(&graph);
    let views = Views { scales: vec![0.5, 1.0, 1.75], ..Views::default() };
    assert!(apart(&seen(&views, &network, &images), &plain(&network, &images)) > 1e-3);
    let grey = images.mean_dim([2i64, 3].as_slice(), true, Kind::Float).expand_as(&images);
    assert!(apart(&seen(&views, &network, &grey), &plain(&network, &grey)) < 1e-6);
}

/// Takes even sides only: halves are added that are rounded up and down.
fn even() -> DecisionGraph {
    let mut b = Builder::new();
    let image = b.input(3);
    let up = b.add(toy::conv(3, 3, 2), &[image]);
    let floor = Kernel::Resize { to: Target::FloorBy(2), interp: Interp::Bilinear };
    let down = b.add(floor, &[image]);
    let sum = b.add(Kernel::Add, &[up, down]);
    b.output("out", sum);
    b.finish()
}

#[test]
fn a_scale_that_does_not_fit_gives_way_and_an_image_that_does_not_is_told_what_would() {
    let graph = even();
    let network = network(&graph);
    // 0.75 of 10 is 8, of 12 it is 9, which is odd.
    let views = Views { scales: vec![0.75], ..Views::default() };
    let view = views.scaled(&graph, &images(10, 12), 0.75).expect("8 x 8 or 8 x 10 fit");
    assert!([vec![2, 3, 8, 8], vec![2, 3, 8, 10]].contains(&view.size()), "{:?}", view.size());
    assert_eq!(seen(&views, &network, &images(10, 12)).size(), [2, 3, 10, 12]);
    for views in [Views::default(), window(7, 4)] {
        let odd = views.labels(&network, &images(10, 9), Size { h: 10, w: 9 });
        let Err(RunError::Misfit { size, problem }) = odd else { panic!("9 is odd") };
        assert!(size.w % 2 == 1 && problem.near().iter().all(|near| near.w % 2 == 0));
        assert!(!problem.near().is_empty());
    }
}

#[test]
fn windows_end_with_the_image_and_leave_nothing_out() {
    let on = |size, stride| {
        let views = window(size, stride).window.expect("it has one");
        let whole = Size { h: 10, w: 4 };
        views.on(whole).places(whole)
    };
    assert_eq!(on(4, 3), [(0, 0), (3, 0), (6, 0)]);
    assert_eq!(on(4, 4), [(0, 0), (4, 0), (6, 0)]);
    assert_eq!(on(20, 7), [(0, 0)]);
    assert_eq!(on(3, 3), [(0, 0), (0, 1), (3, 0), (3, 1), (6, 0), (6, 1), (7, 0), (7, 1)]);
}
