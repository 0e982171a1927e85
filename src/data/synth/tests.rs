//! What the scenes promise: the same ones everywhere, all classes, whole folders.

use std::collections::BTreeSet;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::*;
use crate::data::classes::IGNORE;
use crate::data::info;
use crate::data::{cityscapes, sample::Dataset};

fn config() -> SynthConfig {
    SynthConfig { train: 3, val: 2, size: Size::new(32, 64), seed: 5, threads: one() }
}

fn write_to(config: &SynthConfig, out: &Path) -> Result<Summary, DataError> {
    write(config, out, &|_, _| ControlFlow::Continue(()))
}

fn files_of(root: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in folder.read_dir().expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(root).expect("below the root").display().to_string();
                found.push((name, fs::read(&path).expect("a file")));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn scenes_depend_on_seed_split_and_number_alone() {
    let scene = config().scene(SynthSplit::Train, 7);
    let more = SynthConfig { train: 900, val: 0, threads: NonZeroUsize::MAX, ..config() };
    assert_eq!(more.scene(SynthSplit::Train, 7), scene);
    for other in [
        config().scene(SynthSplit::Train, 8),
        config().scene(SynthSplit::Val, 7),
        SynthConfig { seed: 6, ..config() }.scene(SynthSplit::Train, 7),
    ] {
        assert_ne!(other, scene);
    }
}

#[test]
fn other_scenes_mean_another_version() {
    // Labels alone: their arithmetic is the same on every machine. When this fails on purpose,
    // raise VERSION along with the digest.
    let mut digest = Sha256::new();
    for index in 0..4 {
        digest.update(config().scene(SynthSplit::Val, index).labels.as_raw());
    }
    let start: String = digest.finalize().iter().take(4).map(|b| format!("{b:02x}")).collect();
    assert_eq!((VERSION, start.as_str()), (2, "d055d389"));
}

#[test]
fn all_classes_occur_with_plausible_frequencies() {
    let config = SynthConfig { size: Size::new(48, 96), ..config() };
    let mut pixels = [0u64; 256];
    for index in 0..40 {
        for label in config.sample(SynthSplit::Train, index).labels.as_raw() {
            pixels[usize::from(*label)] += 1;
        }
    }
    let all: u64 = pixels.iter().sum();
    let share = |class: usize| pixels[class] as f64 / all as f64;
    for class in 0..19 {
        assert!(share(class) > 0.0003, "class {class}: {}", share(class));
    }
    let (road, building, ignored) = (share(0), share(2), share(usize::from(IGNORE)));
    assert!((0.15..0.5).contains(&road) && (0.08..0.4).contains(&building), "{road} {building}");
    assert!(ignored < 0.05, "{ignored}");
}

#[test]
fn colour_alone_does_not_give_the_class() {
    let config = SynthConfig { size: Size::new(48, 96), ..config() };
    // The most frequent class of each of 16 x 16 x 16 colours, learnt from some, tried on others.
    let cell = |p: &image::Rgb<u8>| p.0.iter().fold(0, |at, &c| at * 16 + usize::from(c / 16));
    let mut votes = vec![[0u32; 19]; 4096];
    let samples = |from: usize| (from..from + 24).map(|at| config.sample(SynthSplit::Train, at));
    for sample in samples(0) {
        for (pixel, label) in sample.image.pixels().zip(sample.labels.as_raw()) {
            if let Some(vote) = votes[cell(pixel)].get_mut(usize::from(*label)) {
                *vote += 1;
            }
        }
    }
    let winner = |votes: &[u32; 19]| (0..19u8).max_by_key(|&c| votes[usize::from(c)]);
    let winners: Vec<u8> = votes.iter().map(|v| winner(v).expect("19 classes")).collect();
    let mut confusion = crate::data::metrics::Confusion::new(19);
    for sample in samples(100) {
        let predicted: Vec<u8> = sample.image.pixels().map(|p| winners[cell(p)]).collect();
        confusion.record(sample.labels.as_raw(), &predicted).expect("valid");
    }
    let miou = confusion.scores().miou.expect("pixels");
    assert!(miou < 0.2, "{miou}");
}

#[test]
fn instances_are_of_the_labels_and_in_parts() {
    let config = SynthConfig { size: Size::new(48, 96), ..config() };
    let (mut most, mut cars) = (0, BTreeSet::new());
    for index in 0..8 {
        let Scene { labels, instances, .. } = config.scene(SynthSplit::Train, index);
        let mut seen = BTreeSet::new();
        for (label, id) in labels.as_raw().iter().zip(instances.as_raw()) {
            let thing = (24..=28).contains(label) || (31..=33).contains(label);
            assert_eq!(if thing { id / 1000 } else { *id }, u16::from(*label));
            seen.extend((id / 1000 == u16::from(ids::CAR)).then_some(id % 1000));
        }
        // Numbers begin at 0, without gaps.
        assert!(seen.iter().copied().eq(0..seen.len() as u16), "{seen:?}");
        most = most.max(seen.len());
        cars.insert(seen.len());
    }
    assert!(most > 3 && cars.len() > 2, "{most} cars at most, {cars:?} in all");
}

#[test]
fn every_shape_of_picture_can_be_drawn() {
    for (h, w) in [(16, 16), (16, 200), (200, 16), (33, 47)] {
        let config = SynthConfig { size: Size::new(h, w), ..config() };
        let Scene { image, labels, instances } = config.scene(SynthSplit::Train, 0);
        let sizes = [image.dimensions(), labels.dimensions(), instances.dimensions()];
        assert_eq!(sizes, [(w, h); 3]);
    }
}

#[test]
fn the_folder_is_a_dataset_whatever_the_threads() {
    let parent = tempfile::tempdir().expect("a temporary folder");
    let (one_out, two_out) = (parent.path().join("one"), parent.path().join("deep/two"));
    let calls = std::sync::Mutex::new(BTreeSet::new());
    let summary = write(&config(), &one_out, &|done, all| {
        assert!(calls.lock().expect("no panic").insert((done, all)));
        ControlFlow::Continue(())
    });
    assert_eq!(summary.expect("written"), Summary { scenes: 5, reused: false });
    assert_eq!(calls.into_inner().expect("no panic"), (1..=5).map(|done| (done, 5)).collect());
    let threads = NonZeroUsize::new(3).expect("positive");
    write_to(&SynthConfig { threads, ..config() }, &two_out).expect("written");
    assert_eq!(files_of(&one_out), files_of(&two_out));

    let split = cityscapes::Split::open(&one_out, "val").expect("a dataset");
    assert_eq!(split.load(1).expect("readable"), config().sample(SynthSplit::Val, 1));
    let instances = split.instances(1).expect("readable");
    assert_eq!(instances, Some(config().scene(SynthSplit::Val, 1).instances));
    let report = info::report(&one_out).expect("a dataset");
    assert_eq!(report.splits.iter().map(|s| s.images).collect::<Vec<_>>(), [3, 2]);
    // Nothing of the work is left beside the results.
    assert_eq!(parent.path().read_dir().expect("a folder").count(), 2);
}

#[test]
fn a_drawing_that_is_stopped_leaves_nothing_and_one_that_was_killed_is_begun_again() {
    let parent = tempfile::tempdir().expect("a temporary folder");
    let out = parent.path().join("scenes");
    let stopped = write(&config(), &out, &|_, _| ControlFlow::Break(()));
    assert!(matches!(stopped, Err(DataError::Stopped)));
    assert_eq!(parent.path().read_dir().expect("a folder").count(), 0);

    let left = parent.path().join(".scenes.drawing");
    fs::create_dir_all(left.join("leftImg8bit/train/synth"))
        .expect("as a killed process leaves it");
    fs::write(left.join("leftImg8bit/train/synth/other_leftImg8bit.png"), "half").expect("room");
    write_to(&config(), &out).expect("drawn anew");
    assert!(!left.exists() && !out.join("leftImg8bit/train/synth/other_leftImg8bit.png").exists());
}

#[test]
fn processes_that_draw_the_same_wait_for_each_other() {
    let parent = tempfile::tempdir().expect("a temporary folder");
    let out = parent.path().join("scenes");
    let reused = std::thread::scope(|scope| {
        let all = [0; 3].map(|_| scope.spawn(|| write_to(&config(), &out).expect("drawn").reused));
        all.map(|one| one.join().expect("no panic"))
    });
    assert_eq!(reused.iter().filter(|reused| !**reused).count(), 1, "{reused:?}");
    assert_eq!(parent.path().read_dir().expect("a folder").count(), 1);
}

#[test]
fn a_whole_dataset_is_reused_and_anything_else_is_refused() {
    let parent = tempfile::tempdir().expect("a temporary folder");
    let out = parent.path().join("scenes");
    fs::create_dir(&out).expect("an empty folder");
    write_to(&config(), &out).expect("an empty folder is no obstacle");
    let before = files_of(&out);
    let summary = write_to(&config(), &out).expect("the same again");
    assert_eq!(summary, Summary { scenes: 5, reused: true });

    let other = write_to(&SynthConfig { seed: 6, train: 4, ..config() }, &out);
    let error = other.expect_err("another dataset").to_string();
    assert!(error.contains("its train is 3, not 4; its seed is 5, not 6"), "{error}");
    assert_eq!(files_of(&out), before);

    fs::remove_file(out.join("gtFine/val/synth/synth_000001_gtFine_labelIds.png")).expect("gone");
    let lost = write_to(&config(), &out);
    assert!(matches!(lost, Err(DataError::IncompleteSynth { .. })));
    fs::remove_file(out.join(MANIFEST)).expect("gone");
    assert!(matches!(write_to(&config(), &out), Err(DataError::ForeignFolder { .. })));
}

#[test]
fn what_cannot_be_drawn_is_refused_before_anything_is_written() {
    let parent = tempfile::tempdir().expect("a temporary folder");
    let out = parent.path().join("scenes");
    let none = SynthConfig { train: 0, val: 0, ..config() };
    let tiny = SynthConfig { size: Size::new(8, 64), ..config() };
    for config in [none, tiny] {
        assert!(matches!(write_to(&config, &out), Err(DataError::BadSynth(_))));
    }
    assert!(!out.exists());
}
