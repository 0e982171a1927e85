//! A network's weights in files: saved whole, loaded whole or as far as they fit.

use super::archive::{self, ArchiveError};
use super::executor::{Executor, leading};
use segc::ir::DecisionGraph;
use segc::ir::graph::WeightId;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use tch::Tensor;

/// A tensor whose shape in a file is not that in the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reshaped {
    /// The tensor.
    pub name: String,
    /// Its shape in the network.
    pub network: Vec<i64>,
    /// Its shape in the file.
    pub file: Vec<i64>,
}

impl fmt::Display for Reshaped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is {:?} here and {:?} there", self.name, self.network, self.file)
    }
}

/// How a file's tensors met a network's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matched {
    /// Tensors that agree in name and shape.
    pub loaded: usize,
    /// Of the network, not in the file.
    pub missing: Vec<String>,
    /// In the file, not of the network.
    pub unknown: Vec<String>,
    /// In both, of different shapes.
    pub reshaped: Vec<Reshaped>,
}

impl Matched {
    /// Whether nothing is left over on either side.
    pub fn is_whole(&self) -> bool {
        self.missing.is_empty() && self.unknown.is_empty() && self.reshaped.is_empty()
    }
}

/// Names are listed up to this many; the rest is counted.
const NAMED: usize = 4;

impl Matched {
    /// What did not match and why, group by group, each tensor by name.
    pub fn unmatched(&self) -> Vec<(&'static str, Vec<String>)> {
        let quote = |names: &[String]| names.iter().map(|name| format!("`{name}`")).collect();
        let groups = [
            ("missing in the file", quote(&self.missing)),
            ("unknown to the network", quote(&self.unknown)),
            ("of another shape", self.reshaped.iter().map(ToString::to_string).collect()),
        ];
        groups.into_iter().filter(|(_, all): &(_, Vec<String>)| !all.is_empty()).collect()
    }
}

impl fmt::Display for Matched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for (what, all) in self.unmatched() {
            let shown = all.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
            let more = all.len().saturating_sub(NAMED);
            let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
            write!(f, "{}{what}: {shown}{rest}", if first { "" } else { "; " })?;
            first = false;
        }
        Ok(())
    }
}

/// Why weights cannot be loaded or saved.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The file.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The file's tensors are not the network's.
    #[error("`{}` does not fit this network: {matched}", path.display())]
    Unfit {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        matched: Box<Matched>,
    },
    /// libtorch refuses.
    #[error("tensor `{name}`: {source}")]
    Torch {
        /// The tensor.
        name: String,
        /// libtorch's words.
        source: tch::TchError,
    },
}

impl StateError {
    /// What to do about it.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            StateError::Archive(error) => error.help(),
            StateError::Unfit { .. } => {
                Some("give the spec, and the `--set`, that these weights were trained with")
            }
            StateError::Torch { .. } => None,
        }
    }
}

/// Every tensor of a network by name; they share its memory.
pub fn named(executor: &Executor<'_>) -> BTreeMap<String, Tensor> {
    executor.params().into_iter().map(|p| (p.name, p.tensor.shallow_clone())).collect()
}

/// The first tensor of a network with a value that is no number, by name.
///
/// # Errors
/// When libtorch refuses.
pub fn not_finite(executor: &Executor<'_>) -> Result<Option<String>, tch::TchError> {
    for param in executor.params() {
        let all = param.tensor.f_isfinite()?.f_all()?;
        if all.f_int64_value(&[])? == 0 {
            return Ok(Some(param.name));
        }
    }
    Ok(None)
}

/// Saves all weights and running statistics, row-major.
pub fn save(
    executor: &Executor<'_>,
    path: &Path,
    about: &BTreeMap<String, String>,
) -> Result<(), StateError> {
    Ok(archive::write(path, &named(executor), about)?)
}

/// Loads a file that has each of the network's tensors and no others.
pub fn load(executor: &Executor<'_>, path: &Path) -> Result<(), StateError> {
    let file = archive::read(path)?;
    let matched = compare(executor, &file);
    if !matched.is_whole() {
        return Err(StateError::Unfit { path: path.to_owned(), matched: Box::new(matched) });
    }
    copy(executor, &file)
}

/// Loads what agrees in name and shape and says what did not.
pub fn load_matching(executor: &Executor<'_>, path: &Path) -> Result<Matched, StateError> {
    let file = archive::read(path)?;
    copy(executor, &file)?;
    Ok(compare(executor, &file))
}

/// The tensors of a space's network as a finished one, `heir`, has them. `origins` says for its weight
/// sets what they are called in the space (see [`segc::ir::inherit`]); of kernels that were sliced it
/// has the leading channels.
pub fn inherited(
    space: &BTreeMap<String, Tensor>,
    origins: &BTreeMap<String, String>,
    heir: &DecisionGraph,
) -> Result<BTreeMap<String, Tensor>, StateError> {
    let mut all = BTreeMap::new();
    for (id, set) in (0..).map(WeightId).zip(&heir.weights) {
        let own = heir.weight_name(id);
        let Some(from) = origins.get(&own) else { continue };
        for spec in heir.shape(set).tensors() {
            let name = format!("{own}.{}", spec.role.name());
            let Some(tensor) = space.get(&format!("{from}.{}", spec.role.name())) else { continue };
            let taken = match fits(tensor, &spec.dims) {
                true => leading(tensor, &spec.dims)
                    .map_err(|source| StateError::Torch { name: name.clone(), source })?,
                false => tensor.shallow_clone(),
            };
            all.insert(name, taken);
        }
    }
    Ok(all)
}

/// Whether a tensor has a slice of these dimensions.
fn fits(tensor: &Tensor, dims: &[u32]) -> bool {
    let size = tensor.size();
    size.len() == dims.len() && size.iter().zip(dims).all(|(n, dim)| *n >= i64::from(*dim))
}

/// How `file` would meet the network.
pub fn compare(executor: &Executor<'_>, file: &BTreeMap<String, Tensor>) -> Matched {
    let (mut matched, network) = (Matched::default(), named(executor));
    for (name, tensor) in &network {
        match file.get(name) {
            None => matched.missing.push(name.clone()),
            Some(other) if other.size() == tensor.size() => matched.loaded += 1,
            Some(other) => {
                let (network, file) = (tensor.size(), other.size());
                matched.reshaped.push(Reshaped { name: name.clone(), network, file });
            }
        }
    }
    matched.unknown = file.keys().filter(|name| !network.contains_key(*name)).cloned().collect();
    matched
}

/// Copies what agrees in name and shape; types are converted.
pub fn copy(executor: &Executor<'_>, from: &BTreeMap<String, Tensor>) -> Result<(), StateError> {
    let fits = |name: &String, tensor: &Tensor| {
        from.get(name).filter(|other| other.size() == tensor.size())
    };
    for (name, mut tensor) in named(executor) {
        if let Some(other) = fits(&name, &tensor) {
            let copied = tch::no_grad(|| tensor.f_copy_(other));
            copied.map_err(|source| StateError::Torch { name, source })?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::toy;
    use crate::exec::{Mode, Options, Wanted};
    use segc::ir::builder::Builder;
    use tch::{Device, Kind};

    fn graph(width: u32, part: &str) -> DecisionGraph {
        let mut b = Builder::new();
        let x = b.input(3);
        let x = b.part("stem", |b| b.add(toy::conv(4, 3, 2), &[x]));
        let x = b.part(part, |b| b.add(toy::conv(width, 1, 1), &[x]));
        b.output("out", x);
        b.finish()
    }

    fn network(graph: &DecisionGraph, seed: u64) -> Executor<'_> {
        Executor::new(graph, Options { seed, ..Options::default() }).expect("names differ")
    }

    #[test]
    fn what_is_saved_is_loaded_and_computes_the_same() {
        let folder = tempfile::tempdir().expect("a place for files");
        let path = folder.path().join("w.safetensors");
        let graph = graph(5, "head");
        let (one, other) = (network(&graph, 1), network(&graph, 2));
        let run = |network: &Executor<'_>| {
            let x = Tensor::ones([1, 3, 6, 6], (Kind::Float, Device::Cpu));
            let pass = network.forward(&[x], &[], Mode::Eval, Wanted::Nothing);
            pass.expect("it runs").outputs.swap_remove(0).value
        };
        assert_ne!(run(&one), run(&other));
        save(&one, &path, &BTreeMap::new()).expect("room");
        load(&other, &path).expect("the same network");
        assert_eq!(run(&one), run(&other));
    }

    #[test]
    fn weights_of_another_network_are_refused_by_name_or_taken_as_far_as_they_fit() {
        let folder = tempfile::tempdir().expect("a place for files");
        let path = folder.path().join("w.safetensors");
        let (small, wide, other) = (graph(5, "head"), graph(7, "head"), graph(5, "tail"));
        save(&network(&small, 1), &path, &BTreeMap::new()).expect("room");
        let refused = |graph| {
            let message = load(&network(graph, 2), &path).expect_err("unfit").to_string();
            let (before, after) = message.split_once("network: ").expect("why");
            assert!(before.contains("w.safetensors` does not fit this"), "{message}");
            after.to_owned()
        };
        assert_eq!(
            refused(&wide),
            "of another shape: `head.conv1.weight` is [7, 4, 1, 1] here \
             and [5, 4, 1, 1] there"
        );
        assert_eq!(
            refused(&other),
            "missing in the file: `tail.conv1.weight`; unknown to the \
             network: `head.conv1.weight`"
        );
        let network = network(&other, 2);
        let matched = load_matching(&network, &path).expect("part of it fits");
        assert_eq!((matched.loaded, matched.missing.len(), matched.unknown.len()), (1, 1, 1));
        let stem = &named(&network)["stem.conv0.weight"];
        assert_eq!(stem, &archive::read(&path).expect("it was written")["stem.conv0.weight"]);
        assert!(stem.requires_grad());
    }
}
