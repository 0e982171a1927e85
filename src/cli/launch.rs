//! Hands a command over to `segc-engine`, the process that is linked to libtorch. The front end is
//! not: opening libtorch takes a hundred times as long as starting the front end.
//!
//! One build of the engine serves machines with and without CUDA; what differs is the libtorch that
//! it finds, and that is chosen here.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The libtorch that the engine is built for.
pub const LIBTORCH_VERSION: &str = "2.11.0";

/// Where the engine looks by itself, seen from its folder; the same list as in `engine/build.rs`.
const FROM_EXE: [&str; 4] =
    ["../../third_party/libtorch/lib", "../../../third_party/libtorch/lib", "../lib", "lib"];

/// Prints the folder of the PyTorch that this Python would import, without importing it.
const ASK_PYTHON: &str = "import importlib.util as u; s = u.find_spec('torch'); \
                          print(*(s.submodule_search_locations if s else []), sep='\\n')";

/// Why a command could not be handed over.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The system does not say where this program lies.
    #[error("cannot tell where `segc` lies, and so not where `segc-engine` does")]
    NoSelf(#[source] io::Error),
    /// The engine is not where it belongs.
    #[error("this command needs `{}`, which is not there: run `make build`", .0.display())]
    NoEngine(PathBuf),
    /// LIBTORCH is set, to something else.
    #[error(
        "LIBTORCH is `{}`, which is no folder of a libtorch {LIBTORCH_VERSION}: {reason}; correct \
         it, or unset it to let `segc` look elsewhere",
        path.display()
    )]
    WrongLibtorch {
        /// Its value.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no libtorch anywhere.
    #[error(
        "no libtorch {LIBTORCH_VERSION} is found: run `make setup` in the checkout, install PyTorch \
         {LIBTORCH_VERSION} for `python3`, or set LIBTORCH to the folder of one"
    )]
    NoLibtorch,
    /// The system refuses to run the engine.
    #[error("cannot run `{}`: {}", path.display(), crate::system::plain(source))]
    Exec {
        /// The engine.
        path: PathBuf,
        /// The system's words.
        #[source]
        source: io::Error,
    },
}

/// Replaces this process by the engine, with `args` after the program's name. Returns only when
/// that fails.
pub fn exec_engine(args: impl IntoIterator<Item = OsString>) -> LaunchError {
    match command() {
        Ok((path, mut command)) => {
            let source = command.args(args).exec();
            LaunchError::Exec { path, source }
        }
        Err(error) => error,
    }
}

/// What of the engine and its libtorch is there: what is asked about, and the answer.
pub fn found() -> Vec<(&'static str, String)> {
    match command() {
        Ok((engine, command)) => {
            let told = command.get_envs().find(|(name, _)| *name == "LD_LIBRARY_PATH");
            let libraries = told.and_then(|(_, path)| path?.to_str()?.split(':').next());
            let libraries = libraries.unwrap_or("where the engine looks by itself").to_owned();
            vec![("engine", engine.display().to_string()), ("libtorch in", libraries)]
        }
        Err(error) => vec![("engine", error.to_string())],
    }
}

/// Where the engine lies, if it and a libtorch for it are there.
pub fn ready() -> Result<PathBuf, LaunchError> {
    command().map(|(engine, _)| engine)
}

/// The engine, its environment set.
fn command() -> Result<(PathBuf, Command), LaunchError> {
    // Through links, so that a `segc` linked into a folder of programs still finds its neighbour.
    let this = env::current_exe().and_then(|path| path.canonicalize());
    let engine = this.map_err(LaunchError::NoSelf)?.with_file_name("segc-engine");
    let dir = engine.parent().filter(|_| engine.is_file());
    let dir = dir.ok_or_else(|| LaunchError::NoEngine(engine.clone()))?;
    let given = env::var_os("LIBTORCH").filter(|value| !value.is_empty());
    let mut command = Command::new(&engine);
    if let Some(libraries) = libraries(given.map(PathBuf::from), dir, torch_of_python)? {
        let path = in_front(libraries, env::var_os("LD_LIBRARY_PATH").as_deref());
        command.env("LD_LIBRARY_PATH", path);
    }
    Ok((engine, command))
}

/// The folder of libraries that the engine must be told of; none where it finds them by itself.
fn libraries(
    given: Option<PathBuf>,
    engine_dir: &Path,
    torch_of_python: impl FnOnce() -> Option<PathBuf>,
) -> Result<Option<PathBuf>, LaunchError> {
    if let Some(path) = given {
        return match judge(&path) {
            Ok(()) => Ok(Some(path.join("lib"))),
            Err(reason) => Err(LaunchError::WrongLibtorch { path, reason }),
        };
    }
    if FROM_EXE.iter().any(|dir| engine_dir.join(dir).join("libtorch_cpu.so").exists()) {
        return Ok(None);
    }
    let torch = torch_of_python().filter(|path| judge(path).is_ok());
    torch.map(|path| Some(path.join("lib"))).ok_or(LaunchError::NoLibtorch)
}

/// Whether `dir` holds the libraries of the right version; what is wrong otherwise.
fn judge(dir: &Path) -> Result<(), String> {
    if !dir.join("lib/libtorch_cpu.so").exists() {
        return Err("it has no `lib/libtorch_cpu.so`".into());
    }
    // A folder that does not say its version gets the benefit of the doubt.
    match version(dir) {
        Some(found) if found.split('+').next() != Some(LIBTORCH_VERSION) => {
            Err(format!("its version is {found}"))
        }
        _ => Ok(()),
    }
}

/// The version that a libtorch, or a Python package of PyTorch, says it has.
fn version(dir: &Path) -> Option<String> {
    if let Ok(text) = std::fs::read_to_string(dir.join("build-version")) {
        return Some(text.trim().to_owned());
    }
    let text = std::fs::read_to_string(dir.join("version.py")).ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix("__version__ = "))?;
    Some(value.trim_matches(['\'', '"', ' ']).to_owned())
}

/// The folder of the PyTorch that `python3` would import.
fn torch_of_python() -> Option<PathBuf> {
    let output = Command::new("python3").args(["-c", ASK_PYTHON]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().next().map(PathBuf::from)
}

/// `first`, then what `rest` lists already.
fn in_front(first: PathBuf, rest: Option<&OsStr>) -> OsString {
    let mut path = first.into_os_string();
    if let Some(rest) = rest.filter(|rest| !rest.is_empty()) {
        path.push(":");
        path.push(rest);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// A folder that looks like a libtorch.
    fn libtorch(root: &Path, name: &str, version_file: (&str, &str)) -> PathBuf {
        let dir = root.join(name);
        fs::create_dir_all(dir.join("lib")).expect("a temporary folder can be written");
        fs::write(dir.join("lib/libtorch_cpu.so"), "").expect("as above");
        fs::write(dir.join(version_file.0), version_file.1).expect("as above");
        dir
    }

    fn temporary() -> tempfile::TempDir {
        tempfile::tempdir().expect("a temporary folder can be made")
    }

    #[test]
    fn libtorch_of_the_environment_comes_first() {
        let root = temporary();
        let given = libtorch(root.path(), "given", ("build-version", "2.11.0+cu130\n"));
        libtorch(root.path(), "bin", ("build-version", "2.11.0"));
        let found = libraries(Some(given.clone()), &root.path().join("bin"), || None);
        assert_eq!(found.expect("a right one"), Some(given.join("lib")));
    }

    #[test]
    fn a_wrong_libtorch_in_the_environment_is_refused() {
        let root = temporary();
        let old = libtorch(root.path(), "old", ("version.py", "__version__ = '2.5.1+cpu'\n"));
        let message = |path: PathBuf| {
            let found = libraries(Some(path), root.path(), || None);
            found.expect_err("not the right one").to_string()
        };
        assert!(message(old).contains("its version is 2.5.1+cpu; correct it, or unset it"));
        assert!(message(root.path().join("none")).contains("no `lib/libtorch_cpu.so`"));
    }

    #[test]
    fn what_the_engine_finds_by_itself_needs_no_path() {
        let root = temporary();
        libtorch(root.path(), "third_party/libtorch", ("build-version", "2.11.0"));
        let dir = root.path().join("target/release");
        fs::create_dir_all(&dir).expect("a temporary folder can be written");
        let found = libraries(None, &dir, || unreachable!("no need to ask Python"));
        assert_eq!(found.expect("there is one"), None);
    }

    #[test]
    fn the_last_place_is_the_pytorch_of_python() {
        let root = temporary();
        let right = "x = 1\n__version__ = '2.11.0+cu130'\n";
        let torch = libtorch(root.path(), "torch", ("version.py", right));
        let found = libraries(None, root.path(), || Some(torch.clone()));
        assert_eq!(found.expect("there is one"), Some(torch.join("lib")));
        let old = libtorch(root.path(), "old", ("version.py", "__version__ = '2.5.1'\n"));
        let found = libraries(None, root.path(), || Some(old));
        assert!(matches!(found, Err(LaunchError::NoLibtorch)));
    }

    #[test]
    fn the_search_path_is_kept_behind() {
        let lib = || PathBuf::from("/opt/lib");
        assert_eq!(in_front(lib(), None), "/opt/lib");
        assert_eq!(in_front(lib(), Some("".as_ref())), "/opt/lib");
        assert_eq!(in_front(lib(), Some("/a:/b".as_ref())), "/opt/lib:/a:/b");
    }
}
