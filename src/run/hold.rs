//! One process at a time works in a run's folder, and it finds none of the files that a killed one
//! was writing aside.

use super::{ASIDE, RunError, io};
use std::fs::{File, TryLockError};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The file whose lock is held by whoever works in the folder. It stays there and is empty.
pub const LOCK: &str = "lock";

/// A run's folder that is held until this is dropped, or until the process ends, however it does.
/// A folder into which nothing was written is gone afterwards.
#[derive(Debug)]
pub struct Hold {
    dir: PathBuf,
    /// Its lock is the hold.
    _lock: File,
}

impl Drop for Hold {
    fn drop(&mut self) {
        let entries = std::fs::read_dir(&self.dir).into_iter().flatten();
        if entries.take(2).count() == 1 {
            // Where these fail, an empty folder stays, which does no harm.
            let _ = std::fs::remove_file(self.dir.join(LOCK));
            let _ = std::fs::remove_dir(&self.dir);
        }
    }
}

/// Makes a folder where it is missing, takes it for this process, and clears away what a process
/// before it was writing aside when it was killed.
///
/// # Errors
/// Where another process has it, or nothing can be written there.
pub fn hold(dir: &Path) -> Result<Hold, RunError> {
    std::fs::create_dir_all(dir).map_err(io("create", dir))?;
    let path = dir.join(LOCK);
    let open = File::options().create(true).truncate(false).write(true).open(&path);
    let lock = open.map_err(io("write", &path))?;
    match lock.try_lock() {
        // Whoever had it before may have taken the whole folder away meanwhile.
        Ok(()) if !is_at(&lock, &path) => return Err(RunError::Busy(dir.to_path_buf())),
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(RunError::Busy(dir.to_path_buf())),
        Err(TryLockError::Error(source)) => return Err(io("lock", &path)(source)),
    }
    let hold = Hold { dir: dir.to_path_buf(), _lock: lock };
    clear(dir)?;
    Ok(hold)
}

/// Whether an open file is the one at a path.
fn is_at(file: &File, path: &Path) -> bool {
    let id = |meta: std::fs::Metadata| (meta.dev(), meta.ino());
    let same = file.metadata().and_then(|meta| Ok(id(meta) == id(std::fs::metadata(path)?)));
    same.unwrap_or(false)
}

/// Removes what was being written aside, there and in the folders below.
fn clear(dir: &Path) -> Result<(), RunError> {
    for entry in std::fs::read_dir(dir).map_err(io("list", dir))? {
        let entry = entry.map_err(io("list", dir))?;
        let path = entry.path();
        if entry.file_type().map_err(io("read", &path))?.is_dir() {
            clear(&path)?;
        } else if entry.file_name().to_string_lossy().starts_with(ASIDE) {
            std::fs::remove_file(&path).map_err(io("remove", &path))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_held_once_and_cleared_of_what_was_written_aside() {
        let parent = tempfile::tempdir().expect("a folder");
        let dir = parent.path().join("run");
        let first = hold(&dir).expect("it is made");
        std::fs::write(dir.join(format!("{ASIDE}x7")), "half").expect("a file");
        std::fs::write(dir.join("arch.seg"), "whole").expect("a file");
        assert!(matches!(hold(&dir), Err(RunError::Busy(_))));
        assert!(dir.join(format!("{ASIDE}x7")).exists(), "it may be the other's");
        drop(first);
        hold(&dir).expect("it is free again");
        let left: Vec<_> = std::fs::read_dir(&dir).expect("a folder").collect();
        assert_eq!(left.len(), 2, "{left:?}");
    }

    #[test]
    fn a_folder_into_which_nothing_was_written_is_gone_afterwards() {
        let parent = tempfile::tempdir().expect("a folder");
        let dir = parent.path().join("run");
        drop(hold(&dir).expect("it is made"));
        assert!(!dir.exists());
    }
}
