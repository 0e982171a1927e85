//! Run directories: what a search or a training leaves behind, and how it is read again.
//!
//! ```text
//! RUN/run.json         what was begun: the spec, the settings, the plan, the versions
//! RUN/spec/…           the spec with its imports, as they were
//! RUN/metrics.jsonl    a line for every step and every epoch
//! RUN/times.jsonl      when it was at work, and on which machine
//! RUN/examples/…       some images, their truth and what was predicted
//! RUN/against.json     the winner of a search beside members drawn by chance
//! RUN/checkpoint.json  the newest checkpoint; it names the file of its tensors
//! RUN/arch.seg         the architecture, once the search is over
//! RUN/arch.safetensors the weights that it inherits from the search
//! RUN/weights.safetensors the weights that a training ends with
//! RUN/best.safetensors the weights of a training that were judged best
//! RUN/lock             held by the process that works there
//! ```
//! Every file is written aside and renamed, so that none is ever half there.

pub mod hold;
pub mod log;
pub mod origin;
pub mod winner;

use crate::search::plan::{SearchPlan, TrainPlan};
use crate::search::state::SearchState;
use crate::sema::Program;
use crate::system::{plain, remedy};
use hold::{Hold, hold};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The file that says what a run is.
pub const MANIFEST: &str = "run.json";
/// The folder of the spec and its imports.
pub const SPEC: &str = "spec";
/// The architecture.
pub const ARCH: &str = "arch.seg";
/// The weights that the architecture inherits, by the names that its spec gives them.
pub const INHERITED: &str = "arch.safetensors";
/// The newest checkpoint.
pub const CHECKPOINT: &str = "checkpoint.json";
/// The log.
pub const LOG: &str = "metrics.jsonl";
/// When the run was at work, and where.
pub const TIMES: &str = "times.jsonl";
/// The folder of example predictions.
pub const EXAMPLES: &str = "examples";
/// The winner beside members drawn by chance.
pub const AGAINST: &str = "against.json";
/// What names of files begin with while they are written aside.
const ASIDE: &str = ".aside-";

/// What a run was begun with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Form of this file: `segc.run/1`.
    pub schema: String,
    /// Version of segc.
    pub segc: String,
    /// Versions and device of what computed.
    pub machine: String,
    /// The spec's file in [`SPEC`].
    pub spec: String,
    /// Constants that were overridden.
    pub set: Vec<(String, String)>,
    /// The network that is searched or trained.
    pub net: String,
    /// The network that is emitted; of a training the same.
    pub emit: String,
    /// The strategy's name; `train` of a training.
    pub strategy: String,
    /// Where chance began.
    pub seed: u64,
    /// Fingerprint of the space: of its text, its imports and its settings.
    pub fingerprint: String,
    /// The folder of the images.
    #[serde(default)]
    pub data: String,
    /// The weights that it started from, where they were given.
    #[serde(default)]
    pub init: Option<String>,
    /// What is done; missing in runs of before it was noted.
    #[serde(default)]
    pub plan: Option<Plan>,
}

/// What a run does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// It searches.
    Search(Box<SearchPlan>),
    /// It trains.
    Train(TrainPlan),
}

/// The value of [`Manifest::schema`].
pub const SCHEMA: &str = "segc.run/1";

/// Why a run directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A file cannot be read or written.
    #[error("cannot {doing} `{}`: {}", path.display(), plain(source))]
    Io {
        /// `read`, `write`, `create`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// The folder holds no run.
    #[error("`{}` holds no run: there is no `{MANIFEST}` in it", .0.display())]
    NoRun(PathBuf),
    /// A file of the run is not what it should be.
    #[error("`{}` is damaged: {source}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A line of a log is not what it should be.
    #[error("line {line} of `{}` is damaged: {source}", path.display())]
    Line {
        /// The log.
        path: PathBuf,
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// Another version of segc wrote it.
    #[error("`{}` is of the form {found}, this segc reads {SCHEMA}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its form.
        found: String,
    },
    /// The folder holds another run.
    #[error("`{}` holds a run already", .0.display())]
    Taken(PathBuf),
    /// Another process works in the folder.
    #[error("`{}` is in use: another process works in it", .0.display())]
    Busy(PathBuf),
    /// The run was begun with another spec or other settings.
    #[error("`{}` was begun with another spec or other settings", .0.display())]
    Other(PathBuf),
    /// The run has no such epoch.
    #[error("`{}` has no epoch {epoch}: it has {has}", path.display())]
    NoEpoch {
        /// The run.
        path: PathBuf,
        /// What was asked for.
        epoch: u64,
        /// How many epochs are done.
        has: u64,
    },
}

impl RunError {
    /// What to do about it.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            RunError::Taken(_) => Some("go on with it: `--resume`, or take another folder"),
            RunError::Other(_) => Some("resume with the spec it was begun with, or begin anew"),
            RunError::NoRun(_) => {
                Some("name the folder that `--out` of a search or training wrote")
            }
            RunError::Version { .. } => Some("read it with the version of segc that wrote it"),
            RunError::Line { .. } => {
                Some("go on with the run from its last checkpoint, which mends its log: `--resume`")
            }
            RunError::Busy(_) => {
                Some("wait until it has ended, or stop it, or take another folder")
            }
            RunError::Damaged { .. } => {
                Some("put the file back as it was, or begin anew elsewhere")
            }
            RunError::Io { source, .. } => remedy(source),
            RunError::NoEpoch { .. } => None,
        }
    }
}

/// Says of an error of the system what was being done and to which file.
pub fn io(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> RunError {
    let path = path.to_path_buf();
    move |source| RunError::Io { doing, path, source }
}

/// Writes a file aside, then renames it into place.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), RunError> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // As any new file: a temporary one could be read by nobody else.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    let aside = tempfile::Builder::new().prefix(ASIDE).permissions(open).tempfile_in(folder);
    let mut file = aside.map_err(io("write", path))?;
    file.write_all(bytes).map_err(io("write", path))?;
    // A rename may reach the disk before what is renamed does.
    file.as_file().sync_all().map_err(io("write", path))?;
    file.persist(path).map_err(|e| io("write", path)(e.error))?;
    Ok(())
}

/// The fingerprint of a space: 12 hexadecimal digits of a hash over the text of its modules and
/// its settings. The standard library counts too.
pub fn fingerprint(program: &Program, set: &[(String, String)]) -> String {
    let mut hash = Sha256::new();
    for module in &program.modules {
        let text = program.sources.get(module.file).map(|f| f.text.clone()).unwrap_or_default();
        hash.update(module.path.as_bytes());
        hash.update([0]);
        hash.update(text.as_bytes());
        hash.update([0]);
    }
    for (name, value) in set {
        hash.update(format!("{name}={value}\0"));
    }
    hash.finalize().iter().take(6).map(|b| format!("{b:02x}")).collect()
}

/// Begins a run in a folder, or takes up the one that is there. The folder is this process's as long
/// as what comes back lives.
///
/// # Errors
/// Where another process works there, the folder holds a run and `resume` is not asked for, or it
/// holds another run.
pub fn begin(
    dir: &Path,
    manifest: &Manifest,
    program: &Program,
    resume: bool,
) -> Result<Hold, RunError> {
    let held = hold(dir)?;
    let there = dir.join(MANIFEST).exists();
    if there && !resume {
        return Err(RunError::Taken(dir.to_path_buf()));
    }
    if there {
        let before = open(dir)?;
        let same = before.fingerprint == manifest.fingerprint
            && before.net == manifest.net
            && before.seed == manifest.seed;
        return if same { Ok(held) } else { Err(RunError::Other(dir.to_path_buf())) };
    }
    note(dir, manifest, program)?;
    Ok(held)
}

/// Writes down what a run is begun with, and its spec.
pub fn note(dir: &Path, manifest: &Manifest, program: &Program) -> Result<(), RunError> {
    let spec = dir.join(SPEC);
    std::fs::create_dir_all(&spec).map_err(io("create", &spec))?;
    for module in &program.modules {
        if module.path.starts_with("std.") {
            continue;
        }
        let name = match module.path.as_str() {
            "" => manifest.spec.clone(),
            path => format!("{}.seg", path.replace('.', "/")),
        };
        let Some(file) = program.sources.get(module.file) else { continue };
        let path = spec.join(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(io("create", folder))?;
        }
        write_whole(&path, file.text.as_bytes())?;
    }
    let text = serde_json::to_vec_pretty(manifest).unwrap_or_default();
    write_whole(&dir.join(MANIFEST), &text)
}

/// Reads what a run was begun with.
pub fn open(dir: &Path) -> Result<Manifest, RunError> {
    let path = dir.join(MANIFEST);
    if !path.exists() {
        return Err(RunError::NoRun(dir.to_path_buf()));
    }
    let text = std::fs::read_to_string(&path).map_err(io("read", &path))?;
    let damaged = |source| RunError::Damaged { path: path.clone(), source };
    // Of another form nothing but this can be relied on.
    let Schema { schema } = serde_json::from_str(&text).map_err(damaged)?;
    if schema != SCHEMA {
        return Err(RunError::Version { path, found: schema });
    }
    serde_json::from_str(&text).map_err(damaged)
}

/// What every form of the manifest says.
#[derive(Deserialize)]
struct Schema {
    schema: String,
}

/// The part of a checkpoint that says where a search stands.
#[derive(Deserialize)]
struct Head {
    state: Stand,
}

#[derive(Deserialize)]
struct Stand {
    search: SearchState,
}

/// A line of the log that ends an epoch.
#[derive(Deserialize)]
struct Line {
    kind: String,
    epoch: u64,
    #[serde(default)]
    params: Vec<f64>,
}

/// The architecture's parameters at the newest checkpoint, or after so many epochs; and the
/// number of epochs.
pub fn parameters(dir: &Path, epochs: Option<u64>) -> Result<(Vec<f64>, u64), RunError> {
    let Some(wanted) = epochs else {
        let path = dir.join(CHECKPOINT);
        let text = std::fs::read_to_string(&path).map_err(io("read", &path))?;
        let head: Head = serde_json::from_str(&text)
            .map_err(|source| RunError::Damaged { path: path.clone(), source })?;
        return Ok((head.state.search.params, head.state.search.epoch));
    };
    let path = dir.join(LOG);
    let text = std::fs::read_to_string(&path).map_err(io("read", &path))?;
    let mut has = 0;
    for line in text.lines() {
        // A log that was cut off ends within a line.
        let Ok(line) = serde_json::from_str::<Line>(line) else { continue };
        if line.kind == "epoch" {
            has = line.epoch + 1;
            if has == wanted {
                return Ok((line.params, wanted));
            }
        }
    }
    Err(RunError::NoEpoch { path: dir.to_path_buf(), epoch: wanted, has })
}
