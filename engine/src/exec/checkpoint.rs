//! Checkpoints of a run: tensors in one file, the rest in another that names the first. Renaming
//! the second over its predecessor is what makes a checkpoint the newest, so that a run killed at
//! any moment finds a whole one.

use super::archive;
use super::average::Average;
use super::executor::Executor;
use super::optim::Memory;
use super::run::RunError;
use super::state;
use segc::run::io;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tch::Tensor;

/// The file that names the newest checkpoint.
pub const HEAD: &str = "checkpoint.json";
/// What files of tensors begin with.
const PREFIX: &str = "checkpoint-";
const MEAN: &str = "optim.mean.";
const SQUARE: &str = "optim.square.";
const AVERAGE: &str = "optim.average.";

/// What is kept beside tensors.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Head<S> {
    /// Of the form of this file.
    version: u32,
    /// What the run was begun with.
    fingerprint: String,
    /// The file of tensors.
    tensors: String,
    /// Steps in which each tensor had a gradient, by name.
    optim_steps: BTreeMap<String, u64>,
    /// Length of the log when this was written.
    log_bytes: u64,
    /// Where the run stands.
    state: S,
}

const VERSION: u32 = 1;

/// A checkpoint that was read, its weights already in the network.
#[derive(Debug)]
pub struct Resumed<S> {
    /// Where the run stands.
    pub state: S,
    /// What the optimisers remembered, by place.
    pub memory: BTreeMap<usize, Memory>,
    /// Averages of weights, by place.
    pub averages: BTreeMap<usize, Tensor>,
    /// Length of the log when it was written.
    pub log_bytes: u64,
}

/// Whether a tensor of a checkpoint is one that a training remembers beside the weights.
pub fn is_memory(name: &str) -> bool {
    [MEAN, SQUARE, AVERAGE].iter().any(|prefix| name.starts_with(prefix))
}

/// What of a run is tensors.
#[derive(Clone, Debug)]
pub struct Kept<'k, 'g> {
    /// The network.
    pub network: &'k Executor<'g>,
    /// What the optimisers remember, by place.
    pub memory: BTreeMap<usize, &'k Memory>,
    /// The averages of its weights.
    pub average: Option<&'k Average>,
}

/// What a checkpoint must have been made with to be taken up: the plan, and the network's weights
/// and leaves.
pub fn fingerprint(plan: &impl Serialize, network: &Executor<'_>) -> String {
    let mut hash = Sha256::new();
    hash.update(serde_json::to_vec(plan).expect("plans are plain data"));
    for param in network.params() {
        hash.update(format!("{} {:?};", param.name, param.tensor.size()));
    }
    for gate in &network.graph().leaves {
        hash.update(format!("{gate:?};"));
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The tensors of a folder's newest checkpoint, if it has one.
pub fn newest(dir: &Path) -> Option<PathBuf> {
    #[derive(serde::Deserialize)]
    struct Named {
        tensors: String,
    }
    let text = std::fs::read(dir.join(HEAD)).ok()?;
    let named: Named = serde_json::from_slice(&text).ok()?;
    Some(dir.join(named.tensors))
}

/// Writes a checkpoint called `name` and forgets the one before.
///
/// # Errors
/// When a weight is no number any more, which leaves the one before as it is; when a file cannot be
/// written.
pub fn save(
    dir: &Path,
    name: &str,
    fingerprint: &str,
    kept: &Kept<'_, '_>,
    log_bytes: u64,
    state: &impl Serialize,
) -> Result<(), RunError> {
    if let Some(name) = state::not_finite(kept.network)? {
        return Err(RunError::Diverged { name });
    }
    let names: Vec<String> = kept.network.params().into_iter().map(|param| param.name).collect();
    let mut tensors = state::named(kept.network);
    for (place, average) in kept.average.iter().flat_map(|average| average.tensors()) {
        tensors.insert(format!("{AVERAGE}{}", names[*place]), average.shallow_clone());
    }
    let mut optim_steps = BTreeMap::new();
    for (place, memory) in &kept.memory {
        let name = &names[*place];
        optim_steps.insert(name.clone(), memory.steps);
        tensors.insert(format!("{MEAN}{name}"), memory.mean.shallow_clone());
        if let Some(square) = &memory.square {
            tensors.insert(format!("{SQUARE}{name}"), square.shallow_clone());
        }
    }
    let file = format!("{PREFIX}{name}.safetensors");
    archive::write(&dir.join(&file), &tensors, &BTreeMap::new())?;
    let fingerprint = fingerprint.to_owned();
    let head = Head { version: VERSION, fingerprint, tensors: file, optim_steps, log_bytes, state };
    let mut text = serde_json::to_vec_pretty(&head).expect("states are plain data");
    text.push(b'\n');
    segc::run::write_whole(&dir.join(HEAD), &text)?;
    forget_all_but(dir, &head.tensors)
}

/// Removes the tensors of other checkpoints.
fn forget_all_but(dir: &Path, kept: &str) -> Result<(), RunError> {
    for entry in std::fs::read_dir(dir).map_err(io("list", dir))? {
        let entry = entry.map_err(io("list", dir))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(PREFIX) && name.ends_with(".safetensors") && name != kept {
            std::fs::remove_file(entry.path()).map_err(io("remove", &entry.path()))?;
        }
    }
    Ok(())
}

/// Forgets whatever an earlier run has left in the folder.
pub fn forget(dir: &Path) -> Result<(), RunError> {
    let path = dir.join(HEAD);
    match std::fs::remove_file(&path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(io("remove", &path)(source).into())
        }
        _ => forget_all_but(dir, ""),
    }
}

/// Takes up the newest checkpoint of a run, and forgets what a killed process has left of others;
/// nothing where there is none yet.
pub fn load<S: DeserializeOwned>(
    dir: &Path,
    fingerprint: &str,
    network: &Executor<'_>,
) -> Result<Option<Resumed<S>>, RunError> {
    let path = dir.join(HEAD);
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(io("read", &path)(source).into()),
    };
    let damaged = |source| segc::run::RunError::Damaged { path: path.clone(), source };
    let version: Version = serde_json::from_slice(&text).map_err(damaged)?;
    if version.version != VERSION || version.fingerprint != fingerprint {
        return Err(RunError::Stale { path });
    }
    let head: Head<S> = serde_json::from_slice(&text).map_err(damaged)?;
    let file = dir.join(&head.tensors);
    let mut tensors = archive::read(&file)?;
    let memory = memory(network, &head.optim_steps, &mut tensors)?;
    let averages = placed(network, AVERAGE, &mut tensors)?;
    let matched = state::compare(network, &tensors);
    if !matched.is_whole() {
        let (path, matched) = (file, Box::new(matched));
        return Err(state::StateError::Unfit { path, matched }.into());
    }
    state::copy(network, &tensors)?;
    forget_all_but(dir, &head.tensors)?;
    let (state, log_bytes) = (head.state, head.log_bytes);
    Ok(Some(Resumed { state, memory, averages, log_bytes }))
}

/// The part of the head that is read first, whatever the state's form.
#[derive(serde::Deserialize)]
struct Version {
    version: u32,
    fingerprint: String,
}

/// The optimisers' part of the tensors, which is taken out of them.
fn memory(
    network: &Executor<'_>,
    steps: &BTreeMap<String, u64>,
    tensors: &mut BTreeMap<String, Tensor>,
) -> Result<BTreeMap<usize, Memory>, RunError> {
    let means = placed(network, MEAN, tensors)?;
    let mut squares = placed(network, SQUARE, tensors)?;
    let params = network.params();
    let one = |(place, mean): (usize, Tensor)| {
        let steps = steps.get(&params.get(place)?.name).copied()?;
        Some((place, Memory { steps, mean, square: squares.remove(&place) }))
    };
    Ok(means.into_iter().filter_map(one).collect())
}

/// The tensors that are named after the network's own with something before, by the places of
/// those. They are taken out.
fn placed(
    network: &Executor<'_>,
    prefix: &str,
    tensors: &mut BTreeMap<String, Tensor>,
) -> Result<BTreeMap<usize, Tensor>, RunError> {
    let mut all = BTreeMap::new();
    for (place, param) in network.params().iter().enumerate() {
        let Some(read) = tensors.remove(&format!("{prefix}{}", param.name)) else { continue };
        // Laid out as the parameter, so that sums go on in the same order.
        let like = || {
            let mut like = param.tensor.f_zeros_like()?;
            like.f_copy_(&read).map(|()| like)
        };
        all.insert(place, tch::no_grad(like)?);
    }
    Ok(all)
}
