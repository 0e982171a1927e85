//! What is written of pictures, by a network that calls what is red a car and what is green a road.

use super::*;
use crate::exec::executor::Options;
use segc::cli::term::Colour;
use segc::ir::DecisionGraph;
use segc::ir::builder::Builder;
use segc::ir::kernel::{Conv, Interp, Kernel, Target};
use tempfile::TempDir;

/// Train id of cars.
const CAR: u8 = 13;

fn conv(out: u32, kernel: u32, pad: Option<u32>) -> Kernel {
    let stride = if kernel == 1 { 1 } else { 2 };
    Kernel::Conv(Conv { out, kernel, stride, rate: 1, groups: 1, bias: false, pad })
}

/// One convolution to 19 classes.
fn pointwise() -> DecisionGraph {
    let mut b = Builder::new();
    let image = b.input(3);
    let logits = b.add(conv(19, 1, None), &[image]);
    b.output("out", logits);
    b.finish()
}

/// Takes even sides only: halves are added that are rounded up and down.
fn even() -> DecisionGraph {
    let mut b = Builder::new();
    let image = b.input(3);
    let up = b.add(conv(3, 3, None), &[image]);
    let down = Kernel::Resize { to: Target::FloorBy(2), interp: Interp::Bilinear };
    let down = b.add(down, &[image]);
    let sum = b.add(Kernel::Add, &[up, down]);
    b.output("out", sum);
    b.finish()
}

fn network(graph: &DecisionGraph) -> Executor<'_> {
    tch::set_num_threads(1);
    let network = Executor::new(graph, Options::default()).expect("it is one");
    let rule = Tensor::zeros([19, 3, 1, 1], (tch::Kind::Float, tch::Device::Cpu));
    for (class, channel) in [(i64::from(CAR), 0), (0, 1)] {
        let _ = rule.get(class).get(channel).fill_(1.0);
    }
    for param in network.params().into_iter().filter(|p| p.tensor.size() == rule.size()) {
        let mut weight = param.tensor.shallow_clone();
        tch::no_grad(|| weight.copy_(&rule));
    }
    network
}

/// Left half red, right half green.
fn picture_of(w: u32, h: u32) -> RgbImage {
    let colour = |x| if x < w / 2 { [255, 0, 0] } else { [0, 255, 0] };
    RgbImage::from_fn(w, h, |x, _| image::Rgb(colour(x)))
}

/// A folder with pictures and one to write to; the tasks between.
fn work(pictures: &[(&str, RgbImage)]) -> (TempDir, Vec<Task>) {
    let parent = tempfile::tempdir().expect("a folder");
    let (input, out) = (parent.path().join("in"), parent.path().join("out"));
    std::fs::create_dir(&input).expect("a folder");
    for (name, picture) in pictures {
        picture.save(input.join(name)).expect("a PNG");
    }
    let tasks = files::tasks(&input, &out).expect("pictures");
    files::begin(&out, &tasks, false).expect("nothing is there");
    (parent, tasks)
}

fn see(graph: &DecisionGraph, size: Option<Size>, tasks: &[Task]) -> Result<usize, Failure> {
    let (network, views) = (network(graph), Views::default());
    let seer = Seer { network: &network, views: &views, size, palette: &Palette::cityscapes() };
    seer.all(tasks, &Term::new(Colour::Never))
}

fn read(path: &Path) -> RgbImage {
    image::open(path).expect("it is written").into_rgb8()
}

#[test]
fn ids_colours_and_overlays_are_of_the_pictures_size_at_whatever_size_it_is_looked_at() {
    for size in [None, Some(Size { h: 4, w: 4 })] {
        let (_parent, tasks) = work(&[("a.png", picture_of(8, 6))]);
        assert_eq!(see(&pointwise(), size, &tasks).expect("it runs"), 0);
        let [ids, colours, overlay] = &tasks[0].written;
        let ids = image::open(ids).expect("it is written").into_luma8();
        // Label ids, not train ids: 26 is a car, 7 a road.
        assert_eq!(
            (ids.dimensions(), ids.get_pixel(0, 5).0, ids.get_pixel(7, 0).0),
            ((8, 6), [26], [7])
        );
        let car = Palette::cityscapes().colour(CAR);
        assert_eq!(read(colours).get_pixel(0, 0).0, car);
        assert_eq!(read(overlay).get_pixel(0, 0).0, [127, 0, 71]);
    }
}

#[test]
fn a_broken_picture_does_not_keep_others_from_being_seen() {
    let whole = || picture_of(8, 6);
    let (_parent, tasks) = work(&[("a.png", whole()), ("b.png", whole()), ("c.png", whole())]);
    let bytes = std::fs::read(&tasks[1].picture).expect("a PNG");
    std::fs::write(&tasks[1].picture, &bytes[..bytes.len() / 2]).expect("written");
    assert_eq!(see(&pointwise(), None, &tasks).expect("it runs"), 1);
    let there: Vec<bool> = tasks.iter().map(|task| task.written[0].exists()).collect();
    assert_eq!(there, [true, false, true]);
    let alone = see(&pointwise(), None, &tasks[1..2]).expect_err("it cannot be read").to_string();
    assert!(alone.contains("b.png"), "{alone}");
}

#[test]
fn a_size_that_does_not_fit_is_told_with_those_that_do_and_nothing_is_written() {
    let (_parent, tasks) = work(&[("a.png", picture_of(9, 6))]);
    let failure = see(&even(), None, &tasks).expect_err("9 is odd");
    let Failure::Machine { message, help: Some(help) } = failure else { panic!("{failure}") };
    assert!(message.contains("a.png") && message.contains("6x9"), "{message}");
    assert!(help.contains("6x8 or 6x10") && help.contains("--size"), "{help}");
    assert!(tasks[0].written.iter().all(|path| !path.exists()));
    assert_eq!(see(&even(), Some(Size { h: 6, w: 10 }), &tasks).expect("it fits"), 0);
}
