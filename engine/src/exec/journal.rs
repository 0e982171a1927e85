//! A run's log: one JSON object per line. What is in it depends on the run's inputs alone, so that a
//! run that was resumed leaves the same log as one that was not.

use super::run::RunError;
use segc::run::io;
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
    ///
    /// # Errors
    /// When the log is shorter than that, or the file cannot be written.
    pub fn open(path: &Path, bytes: u64) -> Result<Self, RunError> {
        let open = OpenOptions::new().create(true).truncate(false).write(true).open(path);
        let mut file = open.map_err(io("write", path))?;
        let has = file.metadata().map_err(io("read", path))?.len();
        if has < bytes {
            return Err(RunError::ShortLog { path: path.to_owned(), has, had: bytes });
        }
        file.set_len(bytes).map_err(io("write", path))?;
        file.seek(SeekFrom::Start(bytes)).map_err(io("write", path))?;
        Ok(Journal { path: path.to_owned(), file, bytes })
    }

    /// Appends a line.
    pub fn line(&mut self, entry: &impl Serialize) -> Result<(), RunError> {
        let mut text = serde_json::to_vec(entry).expect("log entries are plain data");
        text.push(b'\n');
        self.file.write_all(&text).map_err(io("write", &self.path))?;
        self.bytes += text.len() as u64;
        Ok(())
    }

    /// Its length, once all of it is on the disk.
    pub fn settled(&mut self) -> Result<u64, RunError> {
        self.file.sync_data().map_err(io("write", &self.path))?;
        Ok(self.bytes)
    }
}
