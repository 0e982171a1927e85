//! Scenes on disk: written aside and renamed, so that a folder is whole or not there at all.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Scene, SynthConfig, SynthSplit, VERSION, stem};
use crate::data::DataError;
use crate::data::cityscapes::{
    IMAGE_SUFFIX, IMAGES, INSTANCE_IDS_SUFFIX, LABEL_IDS_SUFFIX, MASKS, Split,
};
use crate::data::sample::Dataset;

/// The file that says which scenes a folder holds.
pub const MANIFEST: &str = "synth.json";

/// What [`write`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Scenes in the folder, both splits together.
    pub scenes: usize,
    /// Whether they were there already.
    pub reused: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Manifest {
    version: u32,
    #[serde(flatten)]
    config: SynthConfig,
}

/// Writes the scenes into `out`, which must not exist, be empty, or hold these very scenes.
///
/// `progress` is told how many scenes are written and how many there will be, from any thread; it
/// says whether to go on. One process draws at a time, others wait and then use what it has drawn.
///
/// # Errors
/// When the settings are out of bounds, the folder holds something else, writing fails, or
/// `progress` says stop.
pub fn write(
    config: &SynthConfig,
    out: &Path,
    progress: &(dyn Fn(usize, usize) -> ControlFlow<()> + Sync),
) -> Result<Summary, DataError> {
    config.validate()?;
    let scenes = config.train + config.val;
    loop {
        if occupied(out)? {
            recognise(config, out)?;
            return Ok(Summary { scenes, reused: true });
        }
        let Some(aside) = Aside::take(out)? else { continue };
        if occupied(out)? {
            continue;
        }
        draw_all(config, &aside.path, progress)?;
        write_manifest(config, &aside.path)?;
        publish(aside, out)?;
        return Ok(Summary { scenes, reused: false });
    }
}

fn occupied(out: &Path) -> Result<bool, DataError> {
    match out.read_dir() {
        Ok(mut entries) => Ok(entries.next().is_some()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(DataError::io("list", out, error)),
    }
}

/// Whether the folder holds exactly these scenes.
fn recognise(config: &SynthConfig, out: &Path) -> Result<(), DataError> {
    let path = out.join(MANIFEST);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(DataError::ForeignFolder { path: out.into() });
        }
        Err(error) => return Err(DataError::io("read", path, error)),
    };
    let incomplete = |problem: String| DataError::IncompleteSynth { path: out.into(), problem };
    let there: Manifest = serde_json::from_str(&text)
        .map_err(|error| incomplete(format!("`{MANIFEST}` is damaged: {error}")))?;
    let wanted = Manifest {
        version: VERSION,
        config: SynthConfig { threads: there.config.threads, ..*config },
    };
    if there != wanted {
        let difference = difference(&there, &wanted);
        return Err(DataError::OtherSynth { path: out.into(), difference });
    }
    for (split, count) in splits(config).filter(|(_, count)| *count > 0) {
        let found =
            Split::open(out, split.name()).map_err(|error| incomplete(error.to_string()))?;
        if found.len() != count {
            let text = format!("{} of {count} scenes of `{}`", found.len(), split.name());
            return Err(incomplete(text));
        }
    }
    Ok(())
}

fn splits(config: &SynthConfig) -> impl Iterator<Item = (SynthSplit, usize)> {
    [(SynthSplit::Train, config.train), (SynthSplit::Val, config.val)].into_iter()
}

fn difference(there: &Manifest, wanted: &Manifest) -> String {
    let rows = |m: &Manifest| {
        let SynthConfig { train, val, size, seed, threads: _ } = m.config;
        [
            ("version", m.version.to_string()),
            ("train", train.to_string()),
            ("val", val.to_string()),
            ("size", size.to_string()),
            ("seed", seed.to_string()),
        ]
    };
    let differing = rows(there).into_iter().zip(rows(wanted)).filter(|(a, b)| a != b);
    let texts = differing.map(|((name, a), (_, b))| format!("its {name} is {a}, not {b}"));
    Vec::from_iter(texts).join("; ")
}

/// A folder beside `out`, on the same disk, so that renaming it is one step. It always has the same
/// name, so that what a killed process has left is found; it is locked, so that what another one is
/// drawing is left alone. Unless it is renamed, it is gone when this is dropped.
struct Aside {
    path: PathBuf,
    renamed: bool,
    /// Its lock; it goes along when the folder is renamed.
    _lock: File,
}

impl Aside {
    /// Waits until no other process draws there; nothing if the folder is another's work by then.
    fn take(out: &Path) -> Result<Option<Aside>, DataError> {
        let name = out.file_name().map(|name| name.to_string_lossy().into_owned());
        let path = out.with_file_name(format!(".{}.drawing", name.unwrap_or_default()));
        fs::create_dir_all(&path).map_err(|error| DataError::io("create", &path, error))?;
        let lock = match File::open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(|error| DataError::io("open", &path, error))?,
        };
        lock.lock().map_err(|error| DataError::io("lock", &path, error))?;
        if !same(&lock, &path) {
            return Ok(None);
        }
        let aside = Aside { path, renamed: false, _lock: lock };
        aside.clear()?;
        Ok(Some(aside))
    }

    /// Removes what a killed process has left.
    fn clear(&self) -> Result<(), DataError> {
        let failed = |error| DataError::io("clear", &self.path, error);
        for entry in self.path.read_dir().map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let removed =
                if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
            removed.map_err(failed)?;
        }
        Ok(())
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        if !self.renamed {
            // Where this fails, the next process clears it.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Whether an open folder is the one at a path.
fn same(open: &File, path: &Path) -> bool {
    let id = |meta: fs::Metadata| (meta.dev(), meta.ino());
    let same = open.metadata().and_then(|meta| Ok(id(meta) == id(fs::metadata(path)?)));
    same.unwrap_or(false)
}

fn draw_all(
    config: &SynthConfig,
    root: &Path,
    progress: &(dyn Fn(usize, usize) -> ControlFlow<()> + Sync),
) -> Result<(), DataError> {
    for (split, _) in splits(config).filter(|(_, count)| *count > 0) {
        for half in [IMAGES, MASKS] {
            let city = root.join(half).join(split.name()).join("synth");
            fs::create_dir_all(&city).map_err(|error| DataError::io("create", city, error))?;
        }
    }
    let scenes: Vec<(SynthSplit, usize)> =
        splits(config).flat_map(|(split, n)| (0..n).map(move |index| (split, index))).collect();
    let done = AtomicUsize::new(0);
    let draw = |&(split, index): &(SynthSplit, usize)| {
        write_scene(config, root, split, index)?;
        match progress(done.fetch_add(1, Ordering::Relaxed) + 1, scenes.len()) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(DataError::Stopped),
        }
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(config.threads.get()).build();
    let pool = pool.map_err(|error| {
        DataError::io("start threads to write", root, std::io::Error::other(error))
    })?;
    pool.install(|| scenes.par_iter().try_for_each(draw))
}

fn write_scene(
    config: &SynthConfig,
    root: &Path,
    split: SynthSplit,
    index: usize,
) -> Result<(), DataError> {
    let Scene { image, labels, instances } = config.scene(split, index);
    let path = |half: &str, suffix: &str| {
        root.join(half).join(split.name()).join(format!("{}{suffix}", stem(index)))
    };
    let (w, h) = image.dimensions();
    write_png(&path(IMAGES, IMAGE_SUFFIX), image.as_raw(), (w, h), ExtendedColorType::Rgb8)?;
    write_png(&path(MASKS, LABEL_IDS_SUFFIX), labels.as_raw(), (w, h), ExtendedColorType::L8)?;
    // The encoder takes samples in the machine's order and stores them in PNG's.
    let ids: Vec<u8> = instances.as_raw().iter().flat_map(|id| id.to_ne_bytes()).collect();
    write_png(&path(MASKS, INSTANCE_IDS_SUFFIX), &ids, (w, h), ExtendedColorType::L16)
}

fn write_png(
    path: &Path,
    pixels: &[u8],
    (w, h): (u32, u32),
    colour: ExtendedColorType,
) -> Result<(), DataError> {
    let mut bytes = Vec::new();
    PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Adaptive)
        .write_image(pixels, w, h, colour)
        .map_err(|error| DataError::io("encode", path, std::io::Error::other(error)))?;
    fs::write(path, bytes).map_err(|error| DataError::io("write", path, error))
}

fn write_manifest(config: &SynthConfig, root: &Path) -> Result<(), DataError> {
    let path = root.join(MANIFEST);
    let manifest = Manifest { version: VERSION, config: *config };
    let text = serde_json::to_string_pretty(&manifest).expect("numbers are always JSON");
    fs::write(&path, text + "\n").map_err(|error| DataError::io("write", path, error))
}

/// Renames; replaces an empty folder, and nothing else.
fn publish(mut aside: Aside, out: &Path) -> Result<(), DataError> {
    let failed = |error| DataError::io("move the scenes to", out, error);
    fs::rename(&aside.path, out).map_err(failed)?;
    aside.renamed = true;
    Ok(())
}
