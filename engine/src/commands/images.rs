//! The images of a plan: where they lie, drawn first where the spec says so.

use super::interrupt;
use crate::exec::feed::config;
use segc::cli::failure::Failure;
use segc::data::augment::{Crop, Place};
use segc::data::classes::Palette;
use segc::data::format::Format;
use segc::data::loader::{Cache, Order, Rest};
use segc::data::shares::class_shares;
use segc::data::synth::{self, SynthConfig};
use segc::data::{Augment, Dataset, Loader, LoaderConfig, Size, format};
use segc::forecast::need::Feed;
use segc::ir;
use segc::search::plan::{DataSpec, Loss};
use segc::sema::plan::DataPlan;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A plan's dataset and how it is read.
pub(super) struct Images {
    root: PathBuf,
    threads: NonZeroUsize,
}

impl Images {
    /// The folder that is asked for, or the one that the spec names, its scenes drawn where they
    /// are missing.
    pub(super) fn find(
        asked: Option<&Path>,
        plan: &DataPlan,
        threads: NonZeroUsize,
    ) -> Result<Images, Failure> {
        let planned = plan.root.as_ref().map(PathBuf::from);
        let Some(root) = asked.map(Path::to_path_buf).or(planned) else {
            return Err(Failure::with_help(
                "nothing says where the images are",
                "give `--data DIR`, or `data { root \"DIR\" }` in the spec",
            ));
        };
        if let (None, Some(synth)) = (asked, &plan.synth) {
            draw(&root, synth, threads)?;
        }
        Ok(Images { root, threads })
    }

    /// The folder.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// One split.
    pub(super) fn open(&self, spec: &DataSpec, split: &str) -> Result<Arc<dyn Dataset>, Failure> {
        Ok((format_of(spec)?.open)(&self.root, split)?)
    }

    /// What part of the labelled pixels each class makes up, if the loss has to know.
    pub(super) fn shares(&self, spec: &DataSpec, loss: &Loss) -> Result<Vec<f64>, Failure> {
        if !loss.counts_classes() {
            return Ok(Vec::new());
        }
        let data = self.open(spec, &spec.split)?;
        Ok(class_shares(data.as_ref(), palette(spec)?.len())?)
    }

    /// Batches to train on, over all samples or some of them.
    pub(super) fn training(
        &self,
        spec: &DataSpec,
        seed: u64,
        samples: Option<Vec<usize>>,
    ) -> Result<Loader, Failure> {
        let data = self.open(spec, &spec.split)?;
        let config = config(spec, seed, self.threads, Cache::Memory);
        let samples = samples.unwrap_or_else(|| (0..data.len()).collect());
        Ok(Loader::over(data, samples, config)?)
    }

    /// How many of a plan's images are read, at which sizes: all, or so many.
    pub(super) fn feed(&self, spec: &DataSpec, images: Option<usize>) -> Result<Feed, Failure> {
        let data = self.open(spec, &spec.split)?;
        let kept = kept_size(data.as_ref(), spec)?;
        Ok(Feed {
            images: images.unwrap_or(data.len()) as u64,
            kept,
            input: spec.crop.unwrap_or(kept),
            batch: spec.batch,
            threads: u32::try_from(self.threads.get()).unwrap_or(u32::MAX),
        })
    }

    /// The same of images that a network is judged by.
    pub(super) fn judging_feed(
        &self,
        data: &dyn Dataset,
        spec: &DataSpec,
        batch: u32,
    ) -> Result<Feed, Failure> {
        let kept = kept_size(data, spec)?;
        let threads = u32::try_from(self.threads.get()).unwrap_or(u32::MAX);
        Ok(Feed { images: data.len() as u64, kept, input: kept, batch, threads })
    }

    /// Batches to judge by: whole images as they are listed.
    pub(super) fn judging(&self, spec: &DataSpec, split: &str) -> Result<Loader, Failure> {
        self.judging_by(self.open(spec, split)?, spec, judging_batch(spec), None)
    }

    /// The same of a split that is open, so many images at once; of all, or of the first so many.
    pub(super) fn judging_by(
        &self,
        data: Arc<dyn Dataset>,
        spec: &DataSpec,
        batch: u32,
        most: Option<usize>,
    ) -> Result<Loader, Failure> {
        let samples = (0..most.unwrap_or(usize::MAX).min(data.len())).collect();
        self.listed(data, spec, batch, samples)
    }

    /// The same of some images, one at a time.
    pub(super) fn judging_some(
        &self,
        data: Arc<dyn Dataset>,
        spec: &DataSpec,
        samples: Vec<usize>,
    ) -> Result<Loader, Failure> {
        self.listed(data, spec, 1, samples)
    }

    fn listed(
        &self,
        data: Arc<dyn Dataset>,
        spec: &DataSpec,
        batch: u32,
        samples: Vec<usize>,
    ) -> Result<Loader, Failure> {
        let size = spec.size.map(|s| Size { h: s.h, w: s.w });
        let augment = Augment {
            resize: size,
            // Images of one size make batches; crops of nothing would cut.
            crop: size.map(|size| Crop { size, place: Place::Centre }),
            ..Augment::default()
        };
        let config = LoaderConfig {
            batch: NonZeroUsize::new(batch as usize).unwrap_or(NonZeroUsize::MIN),
            seed: 0,
            threads: self.threads,
            ahead: 2,
            order: Order::Listed,
            rest: Rest::Keep,
            cache: Cache::Off,
            augment,
        };
        Ok(Loader::over(data, samples, config)?)
    }
}

/// Images at once where a training judges.
pub(super) fn judging_batch(spec: &DataSpec) -> u32 {
    spec.batch.min(8)
}

/// The size of images as they are kept: what the plan brings them to, else that of the first.
fn kept_size(data: &dyn Dataset, spec: &DataSpec) -> Result<ir::Size, Failure> {
    if let Some(size) = spec.size {
        return Ok(size);
    }
    let Size { h, w } = data.load(0)?.size();
    Ok(ir::Size { h, w })
}

/// The format of a plan's images.
fn format_of(spec: &DataSpec) -> Result<&'static Format, Failure> {
    let unknown = || Failure::machine(format!("no dataset format is named `{}`", spec.dataset));
    format::named(&spec.dataset).ok_or_else(unknown)
}

/// The classes of a plan's images.
pub(super) fn palette(spec: &DataSpec) -> Result<Palette, Failure> {
    Ok((format_of(spec)?.palette)())
}

/// Draws the scenes, unless they are there.
fn draw(
    root: &Path,
    plan: &segc::sema::plan::SynthPlan,
    threads: NonZeroUsize,
) -> Result<(), Failure> {
    let config = SynthConfig {
        train: plan.train as usize,
        val: plan.val as usize,
        size: Size { h: plan.size.h, w: plan.size.w },
        seed: plan.seed,
        threads,
    };
    let summary = synth::write(&config, root, &|_, _| interrupt::go_on())?;
    if !summary.reused {
        eprintln!("drew {} street scenes in {}", summary.scenes, root.display());
    }
    Ok(())
}
