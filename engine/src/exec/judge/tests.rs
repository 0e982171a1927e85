//! What is counted of a dataset's instances, on pictures whose colours are the prediction.

use super::*;
use crate::exec::executor::Options;
use crate::exec::toy;
use segc::data::instances::{InstanceMap, street_scores};
use segc::data::{Augment, InMemory, LoaderConfig, Sample};
use segc::ir::DecisionGraph;
use segc::ir::builder::Builder;
use std::cell::RefCell;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Train id of cars.
const CAR: u8 = 13;

/// Samples of which the first few have instances: the left and the right half are two cars.
struct Cars {
    samples: InMemory,
    with: usize,
}

impl Dataset for Cars {
    fn len(&self) -> usize {
        self.samples.len()
    }

    fn load(&self, index: usize) -> Result<Sample, DataError> {
        self.samples.load(index)
    }

    fn instances(&self, index: usize) -> Result<Option<InstanceMap>, DataError> {
        let cars = InstanceMap::from_fn(8, 4, |x, _| image::Luma([26_000 + u16::from(x >= 4)]));
        Ok((index < self.with).then_some(cars))
    }
}

/// Cars all over, of which the first `red` columns are red and the rest is green.
fn picture(red: u32) -> Sample {
    let colour = |x: u32| if x < red { [255, 0, 0] } else { [0, 255, 0] };
    Sample {
        name: format!("red {red}"),
        image: image::RgbImage::from_fn(8, 4, |x, _| image::Rgb(colour(x))),
        labels: image::GrayImage::from_pixel(8, 4, image::Luma([CAR])),
    }
}

/// One convolution to 19 classes.
fn graph() -> DecisionGraph {
    let mut b = Builder::new();
    let image = b.input(3);
    let logits = b.add(toy::conv(19, 1, 1), &[image]);
    b.output("out", logits);
    b.finish()
}

/// Judges a network that calls red a car and green a road, on pictures of these red columns.
fn judged(red: &[u32], with: usize, augment: Augment) -> Judged {
    toy::calm();
    let graph = graph();
    let network = Executor::new(&graph, Options::default()).expect("it is one");
    let rule = tch::Tensor::zeros([19, 3, 1, 1], (tch::Kind::Float, tch::Device::Cpu));
    for (class, channel) in [(i64::from(CAR), 0), (0, 1)] {
        let _ = rule.get(class).get(channel).fill_(1.0);
    }
    let mut weight = network.params().pop().expect("a weight").tensor.shallow_clone();
    tch::no_grad(|| weight.copy_(&rule));
    let samples = InMemory(red.iter().map(|red| picture(*red)).collect());
    let dataset = Arc::new(Cars { samples, with });
    let two = NonZeroUsize::new(2).expect("positive");
    let config = LoaderConfig { batch: two, threads: two, augment, ..LoaderConfig::default() };
    let images = Loader::new(Arc::clone(&dataset) as Arc<dyn Dataset>, config).expect("batches");
    let views = Views::default();
    let dataset = dataset.as_ref();
    let exam = Exam { images: &images, dataset, classes: 19, views: &views, worst: 2 };
    let told = RefCell::new(Vec::new());
    let judged = judge(&network, &exam, &|done| {
        told.borrow_mut().push(done);
        ControlFlow::Continue(())
    });
    let judged = judged.expect("it runs");
    assert_eq!(told.into_inner().last(), Some(&red.len()));
    judged
}

#[test]
fn instances_count_alike_however_much_of_them_is_seen() {
    // All of two cars, half of one of two, one of two.
    let judged = judged(&[8, 2, 4], 3, Augment::default());
    let scores = street_scores(&judged.confusion, judged.all_instances()).expect("19 classes");
    let iiou = scores.iiou.expect("all images have instances");
    let weighed = iiou[usize::from(CAR)].expect("there are cars");
    assert!((weighed - 3.5 / 6.0).abs() < 1e-9, "{weighed}");
    assert_eq!((judged.images, iiou[0], iiou[11]), (3, None, None));
}

#[test]
fn instances_follow_images_to_another_size() {
    let small = Augment { resize: Some(Size::new(2, 4)), ..Augment::default() };
    let judged = judged(&[8, 4, 4], 3, small);
    let scores = street_scores(&judged.confusion, judged.all_instances()).expect("19 classes");
    let weighed = scores.miiou.expect("there are cars");
    assert!((weighed - 4.0 / 6.0).abs() < 1e-9, "{weighed}");
}

#[test]
fn one_image_without_instances_leaves_the_score_open() {
    let judged = judged(&[8, 2, 4], 2, Augment::default());
    assert_eq!((judged.all_instances(), &judged.without[..]), (None, &["red 4".to_owned()][..]));
}

#[test]
fn the_worst_images_are_those_with_the_least_score_of_their_own() {
    let judged = judged(&[8, 2, 6, 2, 4], 0, Augment::default());
    let told: Vec<(usize, &str)> = judged.worst.iter().map(|b| (b.index, &*b.name)).collect();
    assert_eq!(told, [(1, "red 2"), (3, "red 2")]);
    let first = &judged.worst[0];
    // A quarter is right; roads are seen where there are none.
    assert!(first.miou.is_some_and(|miou| (miou - 0.125).abs() < 1e-9), "{:?}", first.miou);
    assert_eq!(first.size, Size::new(4, 8));
    assert_eq!(first.predicted[..8], [CAR, CAR, 0, 0, 0, 0, 0, 0]);
}
