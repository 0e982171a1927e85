//! Batches in a fixed order, made by threads that run ahead of training.
//!
//! Batch `k` of an epoch is made by thread `k mod threads`, each with a queue of its own, and the
//! queues are emptied in turn. So batches arrive in order without being sorted, the number of
//! finished batches is bounded, and nothing depends on which thread was faster.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};

use rand::seq::SliceRandom;

use super::random::{Purpose, stream};
use super::sample::{Dataset, Sample};
use super::{Augment, DataError};

/// Labelled images, ready for the executor.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// Normalised images, n x 3 x h x w.
    pub images: Vec<f32>,
    /// Train ids, n x h x w, [`super::classes::IGNORE`] where no class applies.
    pub labels: Vec<u8>,
    /// Number of images.
    pub n: usize,
    /// Height in pixels.
    pub h: usize,
    /// Width in pixels.
    pub w: usize,
    /// What the images are called, n of them.
    pub names: Vec<String>,
}

/// In which order an epoch visits its samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As they are listed, every time.
    Listed,
    /// In an order of its own for each epoch.
    Shuffled,
}

/// What becomes of the samples that fill no batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// They make a smaller batch.
    Keep,
    /// They are left out of this epoch.
    Drop,
}

/// Whether decoded images stay in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cache {
    /// Decode again in every epoch.
    Off,
    /// Keep every image once it is decoded and resized: 4 bytes per pixel.
    Memory,
}

/// How samples become batches.
#[derive(Debug, Clone, PartialEq)]
pub struct LoaderConfig {
    /// Images per batch.
    pub batch: NonZeroUsize,
    /// Where chance starts; with the epoch it fixes every batch.
    pub seed: u64,
    /// Threads that make batches; they change nothing but the speed.
    pub threads: NonZeroUsize,
    /// Finished batches that each thread may hold while nobody asks for them.
    pub ahead: usize,
    /// In which order samples come.
    pub order: Order,
    /// What becomes of an incomplete last batch.
    pub rest: Rest,
    /// Whether decoded images stay in memory.
    pub cache: Cache,
    /// What happens to each sample.
    pub augment: Augment,
}

impl Default for LoaderConfig {
    fn default() -> Self {
        Self {
            batch: NonZeroUsize::MIN,
            seed: 0,
            threads: NonZeroUsize::MIN,
            ahead: 1,
            order: Order::Listed,
            rest: Rest::Keep,
            cache: Cache::Off,
            augment: Augment::default(),
        }
    }
}

/// A dataset, or a part of one, cut into batches.
pub struct Loader {
    source: Arc<Source>,
}

/// What the threads share.
struct Source {
    dataset: Arc<dyn Dataset>,
    indices: Vec<usize>,
    config: LoaderConfig,
    /// One place per sample of the dataset, or none when nothing is kept.
    kept: Vec<OnceLock<Sample>>,
}

impl Loader {
    /// A loader over a whole dataset.
    ///
    /// # Errors
    /// When the settings cannot be followed, or leave no batch at all.
    pub fn new(dataset: Arc<dyn Dataset>, config: LoaderConfig) -> Result<Self, DataError> {
        let indices = (0..dataset.len()).collect();
        Self::over(dataset, indices, config)
    }

    /// A loader over the samples at `indices`.
    ///
    /// # Errors
    /// As [`Loader::new`], and when an index is beyond the dataset.
    pub fn over(
        dataset: Arc<dyn Dataset>,
        indices: Vec<usize>,
        config: LoaderConfig,
    ) -> Result<Self, DataError> {
        config.augment.validate()?;
        let len = dataset.len();
        if let Some(&index) = indices.iter().find(|&&index| index >= len) {
            return Err(DataError::NoSample { index, len });
        }
        let places = if config.cache == Cache::Memory { len } else { 0 };
        let kept = (0..places).map(|_| OnceLock::new()).collect();
        let (samples, batch) = (indices.len(), config.batch.get());
        let loader = Self { source: Arc::new(Source { dataset, indices, config, kept }) };
        match loader.batches() {
            0 => Err(DataError::NoBatch { samples, batch }),
            _ => Ok(loader),
        }
    }

    /// Number of samples that are visited, incomplete batches included.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.source.indices.len()
    }

    /// Number of batches in an epoch.
    #[must_use]
    pub fn batches(&self) -> usize {
        let (samples, batch) = (self.samples(), self.source.config.batch.get());
        match self.source.config.rest {
            Rest::Keep => samples.div_ceil(batch),
            Rest::Drop => samples / batch,
        }
    }

    /// The place in its dataset of each sample, in the order of the loader's list.
    #[must_use]
    pub fn indices(&self) -> &[usize] {
        &self.source.indices
    }

    /// Where its samples come from.
    #[must_use]
    pub fn dataset(&self) -> &dyn Dataset {
        self.source.dataset.as_ref()
    }

    /// The batches of an epoch.
    #[must_use]
    pub fn epoch(&self, epoch: u64) -> Epoch {
        self.epoch_from(epoch, 0)
    }

    /// The batches of an epoch from number `first` on; the earlier ones are not decoded.
    #[must_use]
    pub fn epoch_from(&self, epoch: u64, first: usize) -> Epoch {
        let end = self.batches();
        let order: Arc<[usize]> = self.source.order(epoch).into();
        let stop = Arc::new(AtomicBool::new(false));
        let threads = self.source.config.threads.get().min(end.saturating_sub(first));
        let (mut lanes, mut workers) = (Vec::new(), Vec::new());
        for lane in 0..threads {
            let (sender, receiver) = sync_channel(self.source.config.ahead);
            let worker = Worker {
                source: Arc::clone(&self.source),
                order: Arc::clone(&order),
                stop: Arc::clone(&stop),
                epoch,
            };
            let numbers = (first + lane..end).step_by(threads);
            workers.push(thread::spawn(move || worker.run(numbers, &sender)));
            lanes.push(receiver);
        }
        Epoch { lanes, workers, stop, first, next: first, end }
    }
}

impl Source {
    fn order(&self, epoch: u64) -> Vec<usize> {
        let mut order = self.indices.clone();
        if self.config.order == Order::Shuffled {
            order.shuffle(&mut stream(self.config.seed, Purpose::Shuffle, epoch, 0));
        }
        order
    }

    fn prepared(&self, index: usize) -> Result<Sample, DataError> {
        let load = || Ok(self.config.augment.prepare(self.dataset.load(index)?));
        let Some(place) = self.kept.get(index) else { return load() };
        if let Some(sample) = place.get() {
            return Ok(sample.clone());
        }
        // Two threads may decode the same image at once; they get the same, so either may stay.
        let sample = load()?;
        Ok(place.get_or_init(|| sample).clone())
    }

    fn varied(&self, epoch: u64, index: usize) -> Result<Sample, DataError> {
        let mut rng = stream(self.config.seed, Purpose::Augment, epoch, index as u64);
        Ok(self.config.augment.vary(self.prepared(index)?, &mut rng))
    }
}

/// One thread's share of an epoch.
struct Worker {
    source: Arc<Source>,
    order: Arc<[usize]>,
    stop: Arc<AtomicBool>,
    epoch: u64,
}

impl Worker {
    fn run(
        &self,
        numbers: impl Iterator<Item = usize>,
        sender: &SyncSender<Result<Batch, DataError>>,
    ) {
        for number in numbers {
            let batch = match self.samples(number) {
                Ok(None) => return,
                Ok(Some(samples)) => collate(&samples, &self.source.config.augment),
                Err(error) => Err(error),
            };
            // Nobody listens any more: the epoch was dropped.
            if sender.send(batch).is_err() {
                return;
            }
        }
    }

    /// The samples of batch `number`; nothing when the epoch was dropped meanwhile.
    fn samples(&self, number: usize) -> Result<Option<Vec<Sample>>, DataError> {
        let batch = self.source.config.batch.get();
        let mut samples = Vec::with_capacity(batch);
        for &index in self.order.iter().skip(number * batch).take(batch) {
            if self.stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
            samples.push(self.source.varied(self.epoch, index)?);
        }
        Ok(Some(samples))
    }
}

fn collate(samples: &[Sample], augment: &Augment) -> Result<Batch, DataError> {
    let size = samples.first().map(Sample::size).expect("a loader makes no empty batch");
    let mut images = vec![0.0; samples.len() * 3 * size.pixels()];
    let mut labels = Vec::with_capacity(samples.len() * size.pixels());
    for (sample, out) in samples.iter().zip(images.chunks_exact_mut(3 * size.pixels())) {
        if sample.size() != size {
            return Err(DataError::UnevenBatch {
                first: samples[0].name.clone(),
                first_size: size,
                other: sample.name.clone(),
                other_size: sample.size(),
            });
        }
        augment.normalise_into(&sample.image, out);
        labels.extend_from_slice(sample.labels.as_raw());
    }
    let names = samples.iter().map(|sample| sample.name.clone()).collect();
    let (h, w) = (size.h as usize, size.w as usize);
    Ok(Batch { images, labels, n: samples.len(), h, w, names })
}

/// The batches of one epoch, in order. A batch that cannot be made is an error in its place, and
/// the later ones still follow. Dropping the epoch stops its threads and waits for them.
pub struct Epoch {
    lanes: Vec<Receiver<Result<Batch, DataError>>>,
    workers: Vec<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
    first: usize,
    next: usize,
    end: usize,
}

impl Iterator for Epoch {
    type Item = Result<Batch, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.end {
            return None;
        }
        let lane = (self.next - self.first) % self.lanes.len();
        self.next += 1;
        match self.lanes[lane].recv() {
            Ok(batch) => Some(batch),
            Err(_) => self.resume_panic(lane),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.end.saturating_sub(self.next);
        (left, Some(left))
    }
}

impl ExactSizeIterator for Epoch {}

impl Epoch {
    /// A thread ends early only by a panic, which is a bug of ours and must not be swallowed.
    fn resume_panic(&mut self, lane: usize) -> ! {
        let panic = self.workers.swap_remove(lane).join().expect_err("it ended early");
        std::panic::resume_unwind(panic)
    }
}

impl Drop for Epoch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Closing the queues wakes the threads that wait for room in them.
        self.lanes.clear();
        for worker in self.workers.drain(..) {
            // A panic that nobody waited for has already been printed by its thread.
            let _ended = worker.join();
        }
    }
}

/// Two disjoint random halves of `0..n`, each in ascending order; the first has the odd one.
#[must_use]
pub fn split_halves(n: usize, seed: u64) -> (Vec<usize>, Vec<usize>) {
    let mut first: Vec<usize> = (0..n).collect();
    first.shuffle(&mut stream(seed, Purpose::Split, 0, n as u64));
    let mut second = first.split_off(n.div_ceil(2));
    first.sort_unstable();
    second.sort_unstable();
    (first, second)
}

#[cfg(test)]
mod tests;
