//! Files of named tensors (safetensors), written aside and renamed, so that a file of a given name
//! is always whole. No pickle is ever read.

use safetensors::tensor::{Dtype, SafeTensorError, SafeTensors, TensorView};
use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::{Path, PathBuf};
use tch::{Device, Kind, TchError, Tensor};

/// Why a file of tensors cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The file system refuses.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// Not a file of tensors, or a damaged one.
    #[error("{path} is not a whole safetensors file: {source}")]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: SafeTensorError,
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

/// Writes a file in one piece: aside first, then renamed over what was there.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), ArchiveError> {
    let io = |source| ArchiveError::Io { path: path.to_owned(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut aside =
        tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).map_err(io)?;
    aside.write_all(bytes).map_err(io)?;
    // A rename may reach the disk before what is renamed does.
    aside.as_file().sync_all().map_err(io)?;
    aside.persist(path).map_err(|error| io(error.error))?;
    Ok(())
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
    write_whole(path, &bytes)
}

/// Reads named tensors, row-major on the CPU.
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
        Ok((name, tensor))
    };
    file.tensors().into_iter().map(one).collect()
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
        assert!(message().contains("w.safetensors: No such file"));
        std::fs::write(&path, b"\x80\x02ctorch").expect("room");
        assert!(message().contains("w.safetensors is not a whole safetensors file"));
        let nowhere = folder.path().join("none/w.safetensors");
        assert!(matches!(write_whole(&nowhere, b""), Err(ArchiveError::Io { .. })));
    }
}
