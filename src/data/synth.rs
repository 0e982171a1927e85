//! Street scenes drawn by chance, in the folder layout of Cityscapes, with all of its 19 classes.
//!
//! They are no substitute for a benchmark. They are what lets anybody search, train and compare
//! within minutes: thin poles and wide roads, things that hide one another, classes that share
//! their colours so that a network has to see shapes and places.

mod border;
mod canvas;
mod figure;
mod furniture;
mod people;
mod plants;
mod scene;
mod sensor;
mod store;
mod street;
mod tone;
mod traffic;
mod vehicle;

use std::num::NonZeroUsize;

use image::{GrayImage, RgbImage};
use serde::{Deserialize, Serialize};

use super::instances::InstanceMap;
use super::random::{Purpose, stream};
use super::sample::{Sample, Size};
use super::{DataError, classes};

pub use store::{MANIFEST, Summary, write};

/// The version of the drawing, raised whenever the same settings give other files than before.
pub const VERSION: u32 = 2;

/// The smallest side in pixels of which anything can be recognised.
const LEAST_SIDE: u32 = 16;
/// The largest side in pixels.
const MOST_SIDE: u32 = 8192;

/// The label ids that scenes use.
mod ids {
    pub(super) const EGO_VEHICLE: u8 = 1;
    pub(super) const STATIC: u8 = 4;
    pub(super) const ROAD: u8 = 7;
    pub(super) const SIDEWALK: u8 = 8;
    pub(super) const BUILDING: u8 = 11;
    pub(super) const WALL: u8 = 12;
    pub(super) const FENCE: u8 = 13;
    pub(super) const POLE: u8 = 17;
    pub(super) const TRAFFIC_LIGHT: u8 = 19;
    pub(super) const TRAFFIC_SIGN: u8 = 20;
    pub(super) const VEGETATION: u8 = 21;
    pub(super) const TERRAIN: u8 = 22;
    pub(super) const SKY: u8 = 23;
    pub(super) const PERSON: u8 = 24;
    pub(super) const RIDER: u8 = 25;
    pub(super) const CAR: u8 = 26;
    pub(super) const TRUCK: u8 = 27;
    pub(super) const BUS: u8 = 28;
    pub(super) const TRAIN: u8 = 31;
    pub(super) const MOTORCYCLE: u8 = 32;
    pub(super) const BICYCLE: u8 = 33;
}

/// A scene, drawn. All maps are h x w.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scene {
    /// The picture.
    pub image: RgbImage,
    /// Label ids.
    pub labels: GrayImage,
    /// Instance ids.
    pub instances: InstanceMap,
}

/// Which scenes to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SynthConfig {
    /// Scenes of the split `train`.
    pub train: usize,
    /// Scenes of the split `val`.
    pub val: usize,
    /// Height and width of each.
    pub size: Size,
    /// Where chance starts.
    pub seed: u64,
    /// Threads that draw; they change nothing but the speed.
    #[serde(skip, default = "one")]
    pub threads: NonZeroUsize,
}

fn one() -> NonZeroUsize {
    NonZeroUsize::MIN
}

/// A part of the dataset. No scene of one part is a scene of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SynthSplit {
    /// To train on.
    Train,
    /// To judge by.
    Val,
}

impl SynthSplit {
    /// The name of its folder.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Val => "val",
        }
    }
}

impl SynthConfig {
    /// Whether such scenes can be drawn.
    ///
    /// # Errors
    /// When there are none, or their size is out of bounds.
    pub fn validate(&self) -> Result<(), DataError> {
        let Size { h, w } = self.size;
        if self.train + self.val == 0 {
            return Err(DataError::BadSynth("no scenes were asked for".into()));
        }
        if h.min(w) < LEAST_SIDE || h.max(w) > MOST_SIDE {
            let text = format!("{h}x{w} is not within {LEAST_SIDE} to {MOST_SIDE} pixels a side");
            return Err(DataError::BadSynth(text));
        }
        Ok(())
    }

    /// The scene with that number. The counts and the threads have no part in it.
    #[must_use]
    pub fn scene(&self, split: SynthSplit, index: usize) -> Scene {
        let purpose = match split {
            SynthSplit::Train => Purpose::TrainScene,
            SynthSplit::Val => Purpose::ValScene,
        };
        scene::draw(self.size, &mut stream(self.seed, purpose, 0, index as u64))
    }

    /// As [`SynthConfig::scene`], with train ids and a name, for use without files.
    #[must_use]
    pub fn sample(&self, split: SynthSplit, index: usize) -> Sample {
        let Scene { image, mut labels, instances: _ } = self.scene(split, index);
        for id in labels.iter_mut() {
            *id = classes::train_id_of(*id).unwrap_or(classes::IGNORE);
        }
        Sample { name: stem(index), image, labels }
    }
}

/// `<city>/<stem>` of a scene.
fn stem(index: usize) -> String {
    format!("synth/synth_{index:06}")
}

#[cfg(test)]
mod tests;
