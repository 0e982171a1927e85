//! Files of named tensors (safetensors), written aside and renamed, so that a file of a given name
//! is always whole. No pickle is ever read.

use safetensors::tensor::{Dtype, SafeTensorError, SafeTensors, TensorView};
use segc::run;
use segc::system::{self, plain};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use tch::{Device, Kind, TchError, Tensor};

/// Why a file of tensors cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The file cannot be read.
    #[error("cannot read `{}`: {}", path.display(), plain(source))]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// The file cannot be written.
    #[error(transparent)]
    Unwritten(#[from] run::RunError),
    /// Not a file of tensors, or a damaged one.
    #[error("`{}` is not a whole safetensors file: {source}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: SafeTensorError,
    },
    /// A value that is no number, which would spoil all that it meets.
    #[error("tensor `{name}` of `{}` has values that are not finite", path.display())]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
    },
    /// Values of a type that is not used here.
    #[error("tensor `{name}` holds values of type {kind}, which are not read here")]
    Kind {
        /// The tensor.
        name: String,
        /// Its type.
        kind: String,
    },
    /// libtorch refuses, or has no memory left.
    #[error("tensor `{name}`: {source}")]
    Torch {
        /// The tensor.
        name: String,
        /// libtorch's words.
        source: TchError,
    },
}

impl ArchiveError {
    /// What to do about it.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            ArchiveError::Io { source, .. } => Some(match source.kind() {
                std::io::ErrorKind::NotFound => "look where it went; segc writes *.safetensors",
                _ => system::remedy(source).unwrap_or("make it a file that can be read"),
            }),
            ArchiveError::Unwritten(error) => error.help(),
            ArchiveError::Format { .. } => Some(
                "it is cut short or of another kind: copy it again, or write weights of PyTorch with \
                 `safetensors.torch.save_file`",
            ),
            ArchiveError::NotFinite { .. } => {
                Some("take weights of an earlier time, such as `best.safetensors` of a training")
            }
            ArchiveError::Kind { .. } => Some("save it as 32-bit floating point"),
            ArchiveError::Torch { .. } => None,
        }
    }
}

/// Writes named tensors, row-major whatever their layout, with a few words about them.
pub fn write(
    path: &Path,
    tensors: &BTreeMap<String, Tensor>,
    about: &BTreeMap<String, String>,
) -> Result<(), ArchiveError> {
    let mut plain = Vec::new();
    for (name, tensor) in tensors {
        plain.push((name.as_str(), Plain::of(name, tensor)?));
    }
    let format = |source| ArchiveError::Format { path: path.to_owned(), source };
    let views = (plain.iter())
        .map(|(name, p)| Ok((*name, TensorView::new(p.kind, p.dims.clone(), &p.bytes)?)))
        .collect::<Result<Vec<_>, SafeTensorError>>()
        .map_err(format)?;
    let about: HashMap<String, String> =
        about.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    let about = (!about.is_empty()).then_some(about);
    let bytes = safetensors::serialize(views, about).map_err(format)?;
    Ok(run::write_whole(path, &bytes)?)
}

/// Reads named tensors, row-major on the CPU.
///
/// # Errors
/// When the file cannot be read, is damaged, or holds what is no finite number.
pub fn read(path: &Path) -> Result<BTreeMap<String, Tensor>, ArchiveError> {
    let io = |source| ArchiveError::Io { path: path.to_owned(), source };
    let bytes = std::fs::read(path).map_err(io)?;
    let file = SafeTensors::deserialize(&bytes)
        .map_err(|source| ArchiveError::Format { path: path.to_owned(), source })?;
    let one = |(name, view): (String, TensorView<'_>)| {
        let dims: Vec<i64> = view.shape().iter().map(|side| *side as i64).collect();
        let unknown = || ArchiveError::Kind { name: name.clone(), kind: view.dtype().to_string() };
        let kind = KINDS.iter().find(|(dtype, _)| *dtype == view.dtype()).ok_or_else(unknown)?.1;
        let tensor = Tensor::f_from_data_size(view.data(), &dims, kind)
            .map_err(|source| ArchiveError::Torch { name: name.clone(), source })?;
        finite(path, &name, &tensor)?;
        Ok((name, tensor))
    };
    file.tensors().into_iter().map(one).collect()
}

/// Refuses a tensor with a value that is no finite number.
fn finite(path: &Path, name: &str, tensor: &Tensor) -> Result<(), ArchiveError> {
    let torch = |source| ArchiveError::Torch { name: name.to_owned(), source };
    let all = tensor.f_isfinite().and_then(|x| x.f_all()).and_then(|x| x.f_int64_value(&[]));
    match all.map_err(torch)? {
        0 => Err(ArchiveError::NotFinite { path: path.to_owned(), name: name.to_owned() }),
        _ => Ok(()),
    }
}

/// The types that are written and read.
const KINDS: [(Dtype, Kind); 6] = [
    (Dtype::F32, Kind::Float),
    (Dtype::F64, Kind::Double),
    (Dtype::F16, Kind::Half),
    (Dtype::BF16, Kind::BFloat16),
    (Dtype::I64, Kind::Int64),
    (Dtype::U8, Kind::Uint8),
];

/// A tensor as plain bytes.
struct Plain {
    kind: Dtype,
    dims: Vec<usize>,
    bytes: Vec<u8>,
}

impl Plain {
    fn of(name: &str, tensor: &Tensor) -> Result<Plain, ArchiveError> {
        let torch = |source| ArchiveError::Torch { name: name.to_owned(), source };
        let of = tensor.kind();
        let unknown = || ArchiveError::Kind { name: name.to_owned(), kind: format!("{of:?}") };
        let kind = KINDS.iter().find(|(_, kind)| *kind == of).ok_or_else(unknown)?.0;
        let flat = tensor.f_detach().and_then(|x| x.f_to_device(Device::Cpu));
        let flat = flat.and_then(|x| x.f_contiguous()).map_err(torch)?;
        let values = flat.numel();
        let mut bytes = vec![0; values * of.elt_size_in_bytes()];
        flat.f_copy_data_u8(&mut bytes, values).map_err(torch)?;
        let dims = flat.size().into_iter().map(|side| side as usize).collect();
        Ok(Plain { kind, dims, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_come_back_as_they_were() {
        let folder = tempfile::tempdir().expect("a place for files");
        let path = folder.path().join("some.safetensors");
        let x = Tensor::arange(24, (Kind::Float, Device::Cpu)).reshape([1, 2, 3, 4]);
        let tensors = BTreeMap::from([
            ("a.weight".to_owned(), crate::torch::channels_last(&x).expect("rank 4")),
            ("b".to_owned(), Tensor::from_slice(&[1.0f64, -2.5])),
            ("none".to_owned(), Tensor::zeros([0, 3], (Kind::Float, Device::Cpu))),
        ]);
        write(&path, &tensors, &BTreeMap::from([("seed".into(), "7".into())])).expect("room");
        let back = read(&path).expect("it was written");
        assert_eq!(back.keys().collect::<Vec<_>>(), tensors.keys().collect::<Vec<_>>());
        assert!(back["a.weight"].is_contiguous());
        for (name, tensor) in &tensors {
            assert_eq!((back[name].size(), back[name].kind()), (tensor.size(), tensor.kind()));
            assert_eq!(&back[name], tensor, "{name}");
        }
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }

    #[test]
    fn what_is_no_such_file_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().expect("a place for files");
        let path = folder.path().join("w.safetensors");
        let message = || read(&path).expect_err("it is no such file").to_string();
        assert!(message().contains("w.safetensors`: there is no such file"), "{}", message());
        std::fs::write(&path, b"\x80\x02ctorch").expect("room");
        assert!(message().contains("w.safetensors` is not a whole safetensors file"));
        let nowhere = folder.path().join("none/w.safetensors");
        let unwritten = write(&nowhere, &BTreeMap::new(), &BTreeMap::new());
        assert!(matches!(unwritten, Err(ArchiveError::Unwritten(_))));
    }

    #[test]
    fn what_is_no_number_is_not_read() {
        let folder = tempfile::tempdir().expect("a place for files");
        let path = folder.path().join("w.safetensors");
        for bad in [f32::NAN, f32::INFINITY] {
            let tensors =
                BTreeMap::from([("a.weight".to_owned(), Tensor::from_slice(&[1.0, bad]))]);
            write(&path, &tensors, &BTreeMap::new()).expect("room");
            let message = read(&path).expect_err("it is no number").to_string();
            assert!(message.contains("`a.weight`") && message.contains("w.safetensors"));
        }
    }
}
