//! What can be wrong with a dataset. Each message names the file, each help says what to do.
//!
//! Nothing here is raised for a broken spec; those are diagnostics of the passes that judge specs.

use std::path::PathBuf;

use super::sample::Size;
use crate::system::{plain, remedy};

/// A dataset, an image or a configuration that cannot be used.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[expect(missing_docs, reason = "the fields of a variant are named in its message")]
pub enum DataError {
    /// The folder is not a dataset at all.
    #[error("`{}` has no `{missing}/`", root.display())]
    #[diagnostic(help(
        "expected leftImg8bit/ and gtFine/, each with <split>/<city>/*.png; \
         `segc data synth --out DIR` makes such a folder"
    ))]
    NoLayout { root: PathBuf, missing: &'static str },

    /// The dataset is there, the split is not.
    #[error("`{}` has no split `{split}`", root.display())]
    #[diagnostic(help("splits in this folder: {available}"))]
    NoSplit { root: PathBuf, split: String, available: String },

    /// A split without a single image.
    #[error("split `{split}` of `{}` holds no images", root.display())]
    #[diagnostic(help("expected images in leftImg8bit/{split}/<city>/, named *_leftImg8bit.png"))]
    EmptySplit { root: PathBuf, split: String },

    /// An image nobody labelled.
    #[error("image `{}` has no mask", image.display())]
    #[diagnostic(help("expected `{}`, or the same with labelTrainIds", expected.display()))]
    NoMask { image: PathBuf, expected: PathBuf },

    /// A mask whose image is gone.
    #[error("mask `{}` has no image", mask.display())]
    #[diagnostic(help("expected `{}`; add it, or delete the mask", expected.display()))]
    NoImage { mask: PathBuf, expected: PathBuf },

    /// Bytes that are no image.
    #[error("cannot decode `{}`: {reason}", path.display())]
    #[diagnostic(help("the file is damaged or cut short; copy or download it again"))]
    Undecodable { path: PathBuf, reason: String },

    /// A mask that does not store one label per pixel.
    #[error("mask `{}` is stored as {found}, not as 8-bit grey", path.display())]
    #[diagnostic(help("use the *_labelIds.png or *_labelTrainIds.png file, not the coloured one"))]
    MaskFormat { path: PathBuf, found: String },

    /// A map of instances that does not store one id per pixel.
    #[error("instance ids `{}` are stored as {found}, not as 16-bit grey", path.display())]
    #[diagnostic(help("use the *_instanceIds.png file, or delete it to judge without instances"))]
    InstanceFormat { path: PathBuf, found: String },

    /// An instance of a label that the class table does not list.
    #[error("`{}` has the unknown instance id {value} at x {x}, y {y}", path.display())]
    #[diagnostic(help("ids are label ids, 0 to 33, or 1000 times that plus a number"))]
    UnknownInstance { path: PathBuf, value: u16, x: u32, y: u32 },

    /// An image and its mask that do not cover each other.
    #[error("image `{}` is {image_size}, its mask {mask_size}", image.display())]
    #[diagnostic(help("resize `{}` to {image_size}, without interpolation", mask.display()))]
    SizeMismatch { image: PathBuf, mask: PathBuf, image_size: Size, mask_size: Size },

    /// A label that the class table does not list.
    #[error("mask `{}` has the unknown label {value} at x {x}, y {y}", path.display())]
    #[diagnostic(help("{known}"))]
    UnknownLabel { path: PathBuf, value: u8, x: u32, y: u32, known: &'static str },

    /// The machine refused to read or write.
    #[error("cannot {action} `{}`: {}", path.display(), plain(source))]
    #[diagnostic(help("{}", remedy(source).unwrap_or("check that it is there and may be used")))]
    Io {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },

    /// Images of different sizes met in one batch.
    #[error("`{first}` is {first_size} and `{other}` is {other_size}, but they share a batch")]
    #[diagnostic(help("bring them to one size, `data … (size = HxW)`, or take `batch = 1`"))]
    UnevenBatch { first: String, first_size: Size, other: String, other_size: Size },

    /// Augmentation settings that no image can satisfy.
    #[error("augmentation: {0}")]
    BadAugment(String),

    /// A loader asked for samples that are not there.
    #[error("sample {index} was asked for, but the dataset has {len}")]
    NoSample { index: usize, len: usize },

    /// Fewer samples than one batch, with incomplete batches dropped.
    #[error("{samples} samples make no batch of {batch}")]
    #[diagnostic(help("use a batch of at most {samples}"))]
    NoBatch { samples: usize, batch: usize },

    /// The folder to write into holds something else.
    #[error("`{}` is not empty and was not made by `segc data synth`", path.display())]
    #[diagnostic(help("choose another folder, or empty this one"))]
    ForeignFolder { path: PathBuf },

    /// The folder to write into holds another synthetic dataset.
    #[error("`{}` holds another synthetic dataset: {difference}", path.display())]
    #[diagnostic(help("choose another folder, delete this one, or ask for what it holds"))]
    OtherSynth { path: PathBuf, difference: String },

    /// A synthetic dataset that lost files since it was written.
    #[error("`{}` is incomplete: {problem}", path.display())]
    #[diagnostic(help("delete the folder; it will be written again"))]
    IncompleteSynth { path: PathBuf, problem: String },

    /// The drawing of scenes was told to stop. What was drawn is gone.
    #[error("stopped before all scenes were drawn")]
    Stopped,

    /// Settings from which no scene can be drawn.
    #[error("cannot draw scenes: {0}")]
    BadSynth(String),

    /// Predictions that cannot be compared with the labels.
    #[error("{0}")]
    BadPrediction(String),
}

impl DataError {
    /// An input or output error on `path`, while doing `action` ("read", "list", …).
    pub(crate) fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
        source: std::io::Error,
    ) -> Self {
        Self::Io { action, path: path.into(), source }
    }
}
