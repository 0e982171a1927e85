//! Batches without end: from a loader, one epoch after the other, from any place on.

use segc::data::augment::{Crop, Place};
use segc::data::loader::{Cache, Epoch, Order, Rest};
use segc::data::{Augment, Batch, DataError, Loader, LoaderConfig, Size};
use segc::ir;
use segc::search::plan::DataSpec;
use std::num::NonZeroUsize;

/// What a loader has to do for a plan's training data.
///
/// Incomplete batches are left out: a batch of one image has no statistics.
pub fn config(spec: &DataSpec, seed: u64, threads: NonZeroUsize, cache: Cache) -> LoaderConfig {
    let size = |size: ir::Size| Size { h: size.h, w: size.w };
    let augment = Augment {
        resize: spec.size.map(size),
        scale: spec.zoom.map(|[least, most]| (least, most)),
        flip: spec.flip,
        colour: spec.colour,
        crop: spec.crop.map(|crop| Crop { size: size(crop), place: Place::Random }),
        ..Augment::default()
    };
    let batch = NonZeroUsize::new(spec.batch as usize).unwrap_or(NonZeroUsize::MIN);
    let (order, rest) = (Order::Shuffled, Rest::Drop);
    LoaderConfig { batch, seed, threads, ahead: 2, order, rest, cache, augment }
}

/// The batches of a loader, epoch after epoch.
pub struct Feed<'l> {
    loader: &'l Loader,
    /// Batches taken since the very start.
    taken: u64,
    /// Batches of an epoch that are taken.
    per_epoch: u64,
    epoch: Option<Epoch>,
}

impl<'l> Feed<'l> {
    /// From the place on where `taken` batches are done.
    pub fn new(loader: &'l Loader, taken: u64) -> Self {
        Feed { loader, taken, per_epoch: loader.batches() as u64, epoch: None }
    }

    /// The same with no more than `per_epoch` batches of each epoch.
    pub fn of_first(loader: &'l Loader, taken: u64, per_epoch: u64) -> Self {
        let per_epoch = per_epoch.min(loader.batches() as u64);
        Feed { loader, taken, per_epoch, epoch: None }
    }

    /// The next batch.
    pub fn take(&mut self) -> Result<Batch, DataError> {
        let (epoch, at) = (self.taken / self.per_epoch, self.taken % self.per_epoch);
        if at == 0 {
            self.epoch = None;
        }
        let batches = self.epoch.get_or_insert_with(|| self.loader.epoch_from(epoch, at as usize));
        let batch = batches.next().expect("a loader has a batch at every place below its number");
        self.taken += 1;
        batch
    }
}
