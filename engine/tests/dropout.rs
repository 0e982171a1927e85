//! What dropout and dropped paths leave out depends on the seed and the step alone. In a process of
//! its own, since libtorch draws from one generator for all threads.

#![cfg(feature = "torch")]

use image::{GrayImage, Luma, Rgb, RgbImage};
use segc::data::loader::Cache;
use segc::data::{InMemory, Loader, Sample};
use segc::ir::builder::Builder;
use segc::ir::kernel::{Conv, Kernel};
use segc::search::parts::Frozen;
use segc::search::paths::DropPath;
use segc::search::plan::{DataSpec, Length, Loss, Mover, Optimiser, Phase, Sgd, TrainPlan};
use segc::search::{Curve, Schedule};
use segc_engine::exec::train::{Course, TrainJob, train};
use segc_engine::exec::{Executor, Options, Progress, feed, state};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

fn plan() -> TrainPlan {
    let data = DataSpec {
        dataset: "drawn".into(),
        split: "train".into(),
        size: None,
        crop: None,
        zoom: None,
        flip: false,
        colour: None,
        batch: 2,
    };
    let rate = Schedule::constant(0.1);
    let sgd = Sgd { rate, momentum: 0.9, decay: 0.0, nesterov: false, clip: None };
    let rate = Schedule { from: 0.2, to: 0.6, curve: Curve::Linear };
    let drop = DropPath { rate, on: vec!["cell".into()], deeper: false };
    let phase = Phase {
        name: None,
        data,
        length: Length::Steps(6),
        weights: vec![Mover::whole(Optimiser::Sgd(sgd))],
        frozen: Frozen::default(),
        accumulate: 1,
        loss: Loss::default(),
        average: None,
        drop_path: Some(drop),
    };
    TrainPlan { net: "net".into(), phases: vec![phase], seed: 3 }
}

fn pictures() -> InMemory {
    let one = |at: u8| Sample {
        name: at.to_string(),
        image: RgbImage::from_fn(8, 8, |x, y| Rgb([at, x as u8 * 30, y as u8 * 30])),
        labels: GrayImage::from_fn(8, 8, |x, _| Luma([u8::from(x > 3)])),
    };
    InMemory((0..8).map(one).collect())
}

/// The weights after the plan, stopped after `stop` steps and taken up again.
fn weights(dir: &Path, stop: Option<u64>) -> Vec<tch::Tensor> {
    let mut b = Builder::new();
    let conv = Conv { out: 4, kernel: 3, stride: 1, rate: 1, groups: 1, bias: true, pad: None };
    let x = b.input(3);
    let x = b.add(Kernel::Conv(conv), &[x]);
    let x = b.add(Kernel::Dropout { rate_e9: 500_000_000 }, &[x]);
    let x = b.part("cell", |b| {
        let y = b.add(Kernel::Conv(conv), &[x]);
        b.add(Kernel::Add, &[x, y])
    });
    let x = b.add(Kernel::Conv(Conv { out: 2, ..conv }), &[x]);
    b.output("out", x);
    let graph = b.finish();
    let plan = plan();
    let settings = feed::config(&plan.last().data, plan.seed, NonZeroUsize::MIN, Cache::Off);
    let images = Loader::new(Arc::new(pictures()), settings).expect("there are batches");
    let courses = [Course { images, shares: vec![], teachers: vec![] }];
    let mut weights = vec![];
    for resume in [false, true] {
        let network = Executor::new(&graph, Options::default()).expect("names differ");
        let plan = &plan;
        let job = TrainJob {
            network: &network,
            plan,
            courses: &courses,
            judge: None,
            dir,
            checkpoint_steps: 0,
            resume,
        };
        let mut watch = |progress: &Progress| match stop {
            Some(stop) if !resume && progress.step == stop => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        };
        train(&job, &mut watch).expect("it runs");
        weights = state::named(&network).into_values().collect();
    }
    weights
}

#[test]
fn dropout_and_dropped_paths_go_on_as_if_nothing_had_been() {
    let of = |stop| weights(tempfile::tempdir().expect("a place for files").path(), stop);
    let whole = of(None);
    assert!(of(None) == whole);
    assert!(of(Some(1)) == whole);
    assert!(of(Some(4)) == whole);
}
