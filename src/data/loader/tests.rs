//! What a loader promises: the same batches whatever the threads, in order, and a clean end.

use std::sync::atomic::AtomicUsize;

use image::{GrayImage, Luma, Rgb, RgbImage};

use super::*;
use crate::data::augment::{Crop, Place};
use crate::data::sample::{InMemory, Size};

/// Counts what is loaded, and fails where it is told to.
struct Counting {
    inner: InMemory,
    loads: AtomicUsize,
    broken: Option<usize>,
}

impl Dataset for Counting {
    fn len(&self) -> usize {
        self.inner.len()
    }

    fn load(&self, index: usize) -> Result<Sample, DataError> {
        self.loads.fetch_add(1, Ordering::Relaxed);
        if self.broken == Some(index) {
            return Err(DataError::BadSynth("broken on purpose".into()));
        }
        self.inner.load(index)
    }
}

fn sample(index: usize, size: Size) -> Sample {
    Sample {
        name: index.to_string(),
        image: RgbImage::from_fn(size.w, size.h, |x, y| Rgb([index as u8, x as u8, y as u8])),
        labels: GrayImage::from_pixel(size.w, size.h, Luma([index as u8])),
    }
}

fn dataset(n: usize) -> Counting {
    let samples = (0..n).map(|index| sample(index, Size::new(12, 16))).collect();
    Counting { inner: InMemory(samples), loads: AtomicUsize::new(0), broken: None }
}

fn count(n: usize) -> NonZeroUsize {
    NonZeroUsize::new(n).expect("positive")
}

fn config(threads: usize) -> LoaderConfig {
    LoaderConfig {
        batch: count(3),
        seed: 11,
        threads: count(threads),
        order: Order::Shuffled,
        augment: Augment {
            flip: true,
            scale: Some((0.5, 2.0)),
            crop: Some(Crop { size: Size::new(10, 10), place: Place::Random }),
            ..Augment::default()
        },
        ..LoaderConfig::default()
    }
}

fn plain(threads: usize) -> LoaderConfig {
    LoaderConfig { augment: Augment::default(), ..config(threads) }
}

fn loader(n: usize, config: LoaderConfig) -> Loader {
    Loader::new(Arc::new(dataset(n)), config).expect("usable")
}

fn batches(epoch: Epoch) -> Vec<Batch> {
    epoch.map(|batch| batch.expect("a good sample")).collect()
}

#[test]
fn batches_are_the_same_for_any_number_of_threads_and_with_a_cache() {
    let one = loader(20, config(1));
    for threads in [2, 5, 40] {
        let cached = LoaderConfig { cache: Cache::Memory, ahead: 0, ..config(threads) };
        let (many, cached) = (loader(20, config(threads)), loader(20, cached));
        for epoch in 0..2 {
            let expected = batches(one.epoch(epoch));
            assert_eq!(batches(many.epoch(epoch)), expected, "{threads} threads");
            assert_eq!(batches(cached.epoch(epoch)), expected, "cached");
        }
    }
}

#[test]
fn every_sample_comes_once_and_epochs_differ() {
    let loader = loader(20, plain(2));
    let names = |epoch| batches(loader.epoch(epoch)).into_iter().flat_map(|b| b.names);
    let (first, second) = (Vec::from_iter(names(0)), Vec::from_iter(names(1)));
    assert_ne!(first, second);
    let mut seen: Vec<usize> = first.iter().map(|n| n.parse().expect("a number")).collect();
    seen.sort_unstable();
    assert_eq!(seen, Vec::from_iter(0..20));
}

#[test]
fn a_batch_holds_what_its_names_say() {
    let batch = &batches(loader(4, plain(1)).epoch(0))[0];
    assert_eq!((batch.n, batch.h, batch.w), (3, 12, 16));
    assert_eq!((batch.images.len(), batch.labels.len()), (3 * 3 * 12 * 16, 3 * 12 * 16));
    for (labels, name) in batch.labels.chunks(12 * 16).zip(&batch.names) {
        assert!(labels.iter().all(|label| label.to_string() == *name));
    }
}

#[test]
fn the_rest_is_kept_or_dropped() {
    let sizes = |rest| {
        let loader = loader(8, LoaderConfig { rest, ..plain(2) });
        (loader.batches(), batches(loader.epoch(0)).iter().map(|b| b.n).collect::<Vec<_>>())
    };
    assert_eq!(sizes(Rest::Keep), (3, vec![3, 3, 2]));
    assert_eq!(sizes(Rest::Drop), (2, vec![3, 3]));
}

#[test]
fn an_epoch_continues_at_any_batch_without_decoding_the_earlier_ones() {
    let data = Arc::new(dataset(20));
    let loader = Loader::new(Arc::clone(&data) as Arc<dyn Dataset>, config(3)).expect("usable");
    let whole = batches(loader.epoch(4));
    data.loads.store(0, Ordering::Relaxed);
    assert_eq!(batches(loader.epoch_from(4, 5)), whole[5..]);
    assert_eq!(data.loads.load(Ordering::Relaxed), 5);
    assert_eq!(loader.epoch_from(4, 7).count(), 0);
    assert_eq!(loader.epoch_from(4, 70).count(), 0);
}

#[test]
fn a_cache_decodes_once() {
    let data = Arc::new(dataset(9));
    let config = LoaderConfig { cache: Cache::Memory, ..config(1) };
    let loader = Loader::new(Arc::clone(&data) as Arc<dyn Dataset>, config).expect("usable");
    for epoch in 0..3 {
        assert_eq!(batches(loader.epoch(epoch)).len(), 3);
    }
    assert_eq!(data.loads.load(Ordering::Relaxed), 9);
}

#[test]
fn an_error_stands_in_the_place_of_its_batch() {
    let data = Counting { broken: Some(4), ..dataset(9) };
    let config = LoaderConfig { order: Order::Listed, ..plain(2) };
    let loader = Loader::new(Arc::new(data), config).expect("usable");
    let outcomes: Vec<bool> = loader.epoch(0).map(|batch| batch.is_ok()).collect();
    assert_eq!(outcomes, [true, false, true]);
}

#[test]
fn images_of_different_sizes_do_not_share_a_batch() {
    let samples = vec![sample(0, Size::new(4, 4)), sample(1, Size::new(4, 6))];
    let config = LoaderConfig { batch: count(2), ..LoaderConfig::default() };
    let loader = Loader::new(Arc::new(InMemory(samples)), config).expect("usable");
    let error = loader.epoch(0).next().expect("one batch").expect_err("uneven");
    assert!(matches!(error, DataError::UnevenBatch { .. }));
}

#[test]
fn dropping_an_epoch_early_ends_its_threads() {
    let loader = loader(200, config(4));
    let mut epoch = loader.epoch(0);
    assert!(epoch.next().is_some_and(|batch| batch.is_ok()));
    drop(epoch);
    // Each thread held the source; that nobody else does means that all have ended.
    assert_eq!(Arc::strong_count(&loader.source), 1);
}

#[test]
fn settings_that_leave_nothing_are_refused() {
    let over = |indices: Vec<usize>, config| Loader::over(Arc::new(dataset(4)), indices, config);
    let dropping = LoaderConfig { rest: Rest::Drop, ..plain(1) };
    assert!(matches!(over(vec![0, 1], dropping), Err(DataError::NoBatch { samples: 2, batch: 3 })));
    assert!(matches!(over(vec![], plain(1)), Err(DataError::NoBatch { .. })));
    assert!(matches!(over(vec![4], plain(1)), Err(DataError::NoSample { index: 4, len: 4 })));
}

#[test]
fn halves_are_disjoint_complete_and_fixed_by_the_seed() {
    let (first, second) = split_halves(101, 3);
    assert_eq!((first.len(), second.len()), (51, 50));
    let mut all = [first.clone(), second].concat();
    all.sort_unstable();
    assert_eq!(all, Vec::from_iter(0..101));
    assert_eq!(split_halves(101, 3).0, first);
    assert_ne!(split_halves(101, 4).0, first);
}
