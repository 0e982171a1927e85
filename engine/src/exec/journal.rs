//! A run's log: one JSON object per line. What is in it depends on the run's inputs alone, so that a
//! run that was resumed leaves the same log as one that was not.

use super::run::RunError;
use serde::Serialize;
use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A log that is written to.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    bytes: u64,
}

impl Journal {
    /// Goes on after the first `bytes`; what comes later was written after the last checkpoint, and
    /// is written again.
    pub fn open(path: &Path, bytes: u64) -> Result<Self, RunError> {
        let io = |source| RunError::Io { path: path.to_owned(), source };
        let mut file =
            OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(io)?;
        file.set_len(bytes).map_err(io)?;
        file.seek(SeekFrom::Start(bytes)).map_err(io)?;
        Ok(Journal { path: path.to_owned(), file, bytes })
    }

    /// Appends a line.
    pub fn line(&mut self, entry: &impl Serialize) -> Result<(), RunError> {
        let mut text = serde_json::to_vec(entry).expect("log entries are plain data");
        text.push(b'\n');
        let io = |source| RunError::Io { path: self.path.clone(), source };
        self.file.write_all(&text).map_err(io)?;
        self.bytes += text.len() as u64;
        Ok(())
    }

    /// Its length, once all of it is on the disk.
    pub fn settled(&mut self) -> Result<u64, RunError> {
        let io = |source| RunError::Io { path: self.path.clone(), source };
        self.file.sync_data().map_err(io)?;
        Ok(self.bytes)
    }
}
