//! Scores by category, and scores that weigh every instance alike, as Cityscapes defines them
//! (`evalPixelLevelSemanticLabeling.py` of the dataset's authors).
//!
//! Large things have many pixels. In the instance-weighted score the pixels of a thing count by how
//! large things of its class are on average, over how large it is itself; false alarms count by
//! pixels, since what is predicted has no instances.

use super::DataError;
use super::classes::{CITYSCAPES, Category, IGNORE, Label};
use super::metrics::Confusion;
use super::sample::Size;
use crate::maps::IndexMap;
use image::imageops::{self, FilterType};
use image::{ImageBuffer, Luma};
use serde::Serialize;
use std::collections::BTreeMap;

/// The mean size of things in pixels, by label id: measured by the authors on their training set.
const MEAN_SIZES: [(u8, f64); 8] = [
    (24, 3462.4756337644),
    (25, 3930.4788056518),
    (26, 12794.0202738185),
    (27, 27855.1264367816),
    (28, 35732.1511111111),
    (31, 67583.7075812274),
    (32, 6298.7200839748),
    (33, 4672.3249222261),
];

/// Instance ids are label ids times this, plus a number.
const PER_LABEL: u16 = 1000;

/// Instance ids, h x w, as in `*_instanceIds.png`: those of things are 1000 times the label id plus
/// a number from 0 on; what comes in no instances, or in a group nobody took apart, has its label id.
pub type InstanceMap = ImageBuffer<Luma<u16>, Vec<u16>>;

/// Instance ids brought to a size as labels are: no id comes out that did not go in.
#[must_use]
pub fn resized(map: InstanceMap, size: Size) -> InstanceMap {
    match Size::of(&map) == size {
        true => map,
        false => imageops::resize(&map, size.w, size.h, FilterType::Nearest),
    }
}

/// The label id of an instance id.
#[must_use]
pub fn label_of(instance: u16) -> u16 {
    if instance < PER_LABEL { instance } else { instance / PER_LABEL }
}

/// Gives the things of a picture their instance ids, in the order in which they are met.
#[derive(Clone, Debug, Default)]
pub struct Numbering {
    /// Those that were given, by label id and what the thing was called.
    given: BTreeMap<(u8, u32), u16>,
    /// How many, by label id.
    counts: BTreeMap<u8, u16>,
}

impl Numbering {
    /// The instance id of a thing of a label id; the label id itself where that has no instances,
    /// or has had a thousand already.
    pub fn instance(&mut self, label: u8, thing: u32) -> u16 {
        let group = u16::from(label);
        if !MEAN_SIZES.iter().any(|(id, _)| *id == label) {
            return group;
        }
        let count = self.counts.entry(label).or_default();
        *self.given.entry((label, thing)).or_insert_with(|| {
            let number = *count;
            *count += 1;
            if number < PER_LABEL { group * PER_LABEL + number } else { group }
        })
    }
}

/// The categories that are judged.
const CATEGORIES: [Category; 7] = [
    Category::Flat,
    Category::Construction,
    Category::Object,
    Category::Nature,
    Category::Sky,
    Category::Human,
    Category::Vehicle,
];

/// Weighted pixels of instances that were predicted right, and that were not.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Weighed {
    hit: f64,
    missed: f64,
}

/// What was counted of instances, by train id of their class.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Instances {
    classes: [Weighed; 19],
    /// Of the same things, by category: the right category is enough.
    categories: [Weighed; CATEGORIES.len()],
}

/// Scores by category and by instance. Fractions of 1; `None` where nothing was there to be judged.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StreetScores {
    /// Intersection over union of each category.
    pub category_iou: IndexMap<Category, Option<f64>>,
    /// Mean of `category_iou`.
    pub category_miou: Option<f64>,
    /// Instance-weighted intersection over union of each class; of things only.
    pub iiou: Option<Vec<Option<f64>>>,
    /// Mean of `iiou`.
    pub miiou: Option<f64>,
    /// The same by category, of those that consist of things.
    pub category_iiou: Option<IndexMap<Category, Option<f64>>>,
    /// Mean of `category_iiou`.
    pub category_miiou: Option<f64>,
}

impl Instances {
    /// Counts the instances of an image: `ids` as in `*_instanceIds.png`, `predicted` train ids.
    ///
    /// # Errors
    /// When the two differ in length.
    pub fn record(&mut self, ids: &[u16], predicted: &[u8]) -> Result<(), DataError> {
        if ids.len() != predicted.len() {
            let text = format!("{} pixels were predicted for {}", predicted.len(), ids.len());
            return Err(DataError::BadPrediction(text));
        }
        let mut pixels: Vec<(u16, u8)> = ids
            .iter()
            .copied()
            .zip(predicted.iter().copied())
            .filter(|p| p.0 > PER_LABEL)
            .collect();
        pixels.sort_unstable();
        for thing in pixels.chunk_by(|a, b| a.0 == b.0) {
            self.thing(thing[0].0 / PER_LABEL, thing);
        }
        Ok(())
    }

    /// One instance: its pixels and what was predicted there.
    fn thing(&mut self, id: u16, pixels: &[(u16, u8)]) {
        let Some(label) = CITYSCAPES.get(usize::from(id)).filter(|l| l.train_id != IGNORE) else {
            return;
        };
        let Some((_, mean)) = MEAN_SIZES.iter().find(|(of, _)| *of == label.id) else { return };
        let weight = mean / pixels.len() as f64;
        let count = |right: &dyn Fn(u8) -> bool| {
            let hits = pixels.iter().filter(|(_, predicted)| right(*predicted)).count();
            Weighed { hit: hits as f64 * weight, missed: (pixels.len() - hits) as f64 * weight }
        };
        self.classes[usize::from(label.train_id)].add(count(&|p| p == label.train_id));
        if let Some(at) = CATEGORIES.iter().position(|c| *c == label.category) {
            self.categories[at].add(count(&|p| category(p) == Some(label.category)));
        }
    }
}

impl Weighed {
    fn add(&mut self, other: Weighed) {
        self.hit += other.hit;
        self.missed += other.missed;
    }

    /// With the false alarms, in pixels.
    fn iou(self, alarms: u64) -> Option<f64> {
        let whole = self.hit + self.missed + alarms as f64;
        (whole > 0.0).then(|| self.hit / whole)
    }
}

/// The scores of a confusion matrix over the 19 classes, and of instances where they were counted.
#[must_use]
pub fn street_scores(confusion: &Confusion, instances: Option<&Instances>) -> Option<StreetScores> {
    if confusion.classes() != labels().count() {
        return None;
    }
    let category_iou: IndexMap<_, _> =
        CATEGORIES.iter().map(|c| (*c, category_score(confusion, *c))).collect();
    let iiou: Option<Vec<Option<f64>>> = instances.map(|instances| {
        let of = |label: &Label| {
            let class = usize::from(label.train_id);
            let alarms = pixels(confusion, |t| t != label.train_id, |p| p == label.train_id);
            has_instances(label).then(|| instances.classes[class].iou(alarms)).flatten()
        };
        labels().map(of).collect()
    });
    let category_iiou: Option<IndexMap<_, _>> = instances.map(|instances| {
        let things = CATEGORIES.iter().enumerate().filter(|(_, c)| consists_of_things(**c));
        things
            .map(|(at, c)| {
                let alarms = pixels(confusion, |t| !within(t, *c), |p| within(p, *c));
                (*c, instances.categories[at].iou(alarms))
            })
            .collect()
    });
    let mean = |scores: &mut dyn Iterator<Item = Option<f64>>| {
        let (sum, n) = scores.flatten().fold((0.0, 0), |(sum, n), score| (sum + score, n + 1));
        (n > 0).then(|| sum / f64::from(n))
    };
    Some(StreetScores {
        category_miou: mean(&mut category_iou.values().copied()),
        miiou: iiou.as_ref().and_then(|all| mean(&mut all.iter().copied())),
        category_miiou: category_iiou.as_ref().and_then(|all| mean(&mut all.values().copied())),
        category_iou,
        iiou,
        category_iiou,
    })
}

/// The labels of the classes that are judged, by train id.
fn labels() -> impl Iterator<Item = &'static Label> {
    (0..IGNORE).map_while(|id| CITYSCAPES.iter().find(|label| label.train_id == id))
}

/// The category of a train id.
fn category(train_id: u8) -> Option<Category> {
    labels().find(|label| label.train_id == train_id).map(|label| label.category)
}

fn within(train_id: u8, of: Category) -> bool {
    category(train_id) == Some(of)
}

/// Whether a train id's class comes in instances.
#[must_use]
pub fn is_thing(train_id: u8) -> bool {
    labels().any(|label| label.train_id == train_id && has_instances(label))
}

fn has_instances(label: &Label) -> bool {
    MEAN_SIZES.iter().any(|(id, _)| *id == label.id)
}

/// Whether all classes of a category come in instances.
fn consists_of_things(of: Category) -> bool {
    labels().filter(|label| label.category == of).all(has_instances)
}

fn category_score(confusion: &Confusion, of: Category) -> Option<f64> {
    let hits = pixels(confusion, |t| within(t, of), |p| within(p, of));
    let missed = pixels(confusion, |t| within(t, of), |p| !within(p, of));
    let alarms = pixels(confusion, |t| !within(t, of), |p| within(p, of));
    let whole = hits + missed + alarms;
    (whole > 0).then(|| hits as f64 / whole as f64)
}

/// Pixels of some true classes that were predicted as some classes.
fn pixels(
    confusion: &Confusion,
    truth: impl Fn(u8) -> bool,
    predicted: impl Fn(u8) -> bool,
) -> u64 {
    let classes = confusion.classes();
    let cells = confusion.counts().iter().enumerate();
    let of = |at: usize| truth((at / classes) as u8) && predicted((at % classes) as u8);
    cells.filter(|(at, _)| of(*at)).map(|(_, count)| count).sum()
}
