//! Devices by name, and CUDA on demand: the engine is linked to the CPU part of libtorch only and
//! opens the CUDA part where the libtorch in use has one.

use super::ffi;
use std::path::{Path, PathBuf};
use tch::{Cuda, Device};

/// Why a device cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// Not a device's name.
    #[error("`{0}` is not a device: write `cpu`, `cuda` or `cuda:N`")]
    Unknown(String),
    /// The libtorch in use is the CPU part only.
    #[error(
        "this libtorch has no CUDA: install PyTorch {version} with CUDA for `python3`, or set \
         LIBTORCH to a libtorch {version} that has it",
        version = ffi::version()
    )]
    NoCudaBuild,
    /// libtorch has CUDA, but no usable driver or device answers.
    #[error("CUDA finds no device here: is there a GPU, with a driver that `nvidia-smi` can use?")]
    NoCudaDevice,
    /// A device number beyond those there are.
    #[error("there is no device `cuda:{asked}`: this machine has {}", Devices(*count))]
    NoSuchCudaDevice {
        /// The number asked for.
        asked: usize,
        /// How many there are.
        count: usize,
    },
    /// The CUDA part is there and cannot be opened.
    #[error(
        "the CUDA part of libtorch cannot be opened: {0}; is PyTorch installed with the CUDA \
         libraries that it needs?"
    )]
    BrokenCuda(String),
}

/// `cuda:0`, or `cuda:0 to cuda:3`.
struct Devices(usize);

impl std::fmt::Display for Devices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            0 | 1 => f.write_str("`cuda:0` only"),
            n => write!(f, "`cuda:0` to `cuda:{}`", n - 1),
        }
    }
}

/// The device that `spec` names, once it is known to be usable.
pub fn device(spec: &str) -> Result<Device, DeviceError> {
    let unknown = || DeviceError::Unknown(spec.to_owned());
    let index = match spec.split_once(':') {
        None if spec == "cpu" => return Ok(Device::Cpu),
        None if spec == "cuda" => 0,
        Some(("cuda", index)) => index.parse().map_err(|_| unknown())?,
        _ => return Err(unknown()),
    };
    load_cuda()?;
    cuda(index, tch::utils::has_cuda(), usize::try_from(Cuda::device_count()).unwrap_or(0))
}

/// CUDA device `asked`, given whether libtorch has CUDA and how many devices answer.
fn cuda(asked: usize, built: bool, count: usize) -> Result<Device, DeviceError> {
    match (built, count) {
        (false, _) => Err(DeviceError::NoCudaBuild),
        (true, 0) => Err(DeviceError::NoCudaDevice),
        (true, count) if asked >= count => Err(DeviceError::NoSuchCudaDevice { asked, count }),
        _ => Ok(Device::Cuda(asked)),
    }
}

/// Opens the CUDA part of the libtorch in use; whether it has one. Best done before the first
/// tensor is made; doing it again costs nothing.
pub fn load_cuda() -> Result<bool, DeviceError> {
    let Some(path) = cuda_library() else { return Ok(false) };
    ffi::open_library(&path).map(|()| true).map_err(DeviceError::BrokenCuda)
}

/// The CUDA part beside the CPU part that this process runs on.
fn cuda_library() -> Option<PathBuf> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let library = mapped(&maps, "libtorch_cpu.so")?.with_file_name("libtorch_cuda.so");
    library.exists().then_some(library)
}

/// The file called `name` in a process's list of mappings.
fn mapped<'a>(maps: &'a str, name: &str) -> Option<&'a Path> {
    // Five columns, then the path, which may hold spaces.
    let path = |line: &'a str| line.find('/').map(|at| Path::new(&line[at..]));
    maps.lines().filter_map(path).find(|path| path.file_name().is_some_and(|file| file == name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_no_devices_are_refused() {
        for spec in ["", "gpu", "cuda:", "cuda:-1", "cuda:x", "cpu:0", "CPU"] {
            assert!(matches!(device(spec), Err(DeviceError::Unknown(_))), "{spec}");
        }
        assert_eq!(device("cpu").expect("always there"), Device::Cpu);
    }

    #[test]
    fn what_is_missing_is_said() {
        assert!(matches!(cuda(0, false, 0), Err(DeviceError::NoCudaBuild)));
        assert!(matches!(cuda(0, true, 0), Err(DeviceError::NoCudaDevice)));
        assert_eq!(cuda(1, true, 2).expect("two devices"), Device::Cuda(1));
        let message = |count| cuda(7, true, count).expect_err("too few").to_string();
        assert_eq!(message(1), "there is no device `cuda:7`: this machine has `cuda:0` only");
        assert!(message(2).ends_with("has `cuda:0` to `cuda:1`"));
        assert!(DeviceError::NoCudaBuild.to_string().contains("PyTorch 2.11.0"));
    }

    #[test]
    fn the_library_in_use_is_found_in_paths_with_spaces() {
        let maps = "7f00-7f01 r-xp 00000000 08:01 42   /usr/lib/libc.so.6\n\
                    7f02-7f03 r-xp 00000000 08:01 43   /opt/my torch/lib/libtorch_cpu.so\n";
        let found = mapped(maps, "libtorch_cpu.so");
        assert_eq!(found, Some(Path::new("/opt/my torch/lib/libtorch_cpu.so")));
        assert_eq!(mapped(maps, "libtorch_cuda.so"), None);
    }
}
