//! What steps that were tried have written: how long files are, and lines of the log.

use serde::Deserialize;
use std::path::Path;

/// A log: how many lines of each kind, and how long they are together.
#[derive(Default)]
pub(super) struct Log {
    /// Bytes of all.
    pub(super) bytes: u64,
    lines: Vec<(String, u64)>,
}

#[derive(Deserialize)]
struct Line {
    kind: String,
}

impl Log {
    /// Reads a log; one that is not there is empty.
    pub(super) fn read(path: &Path) -> Log {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let line = |line: &str| {
            let Line { kind } = serde_json::from_str(line).ok()?;
            Some((kind, line.len() as u64 + 1))
        };
        Log { bytes: text.len() as u64, lines: text.lines().filter_map(line).collect() }
    }

    /// Bytes of a line of a kind, on the average; 0 where there is none.
    pub(super) fn mean(&self, kind: &str) -> u64 {
        let of_kind = || self.lines.iter().filter(|(own, _)| own == kind);
        of_kind().map(|(_, bytes)| bytes).sum::<u64>() / (of_kind().count() as u64).max(1)
    }
}

/// Bytes of the files in a folder.
pub(super) fn bytes_below(dir: &Path) -> u64 {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let files = entries.filter_map(|entry| entry.metadata().ok()).filter(|meta| meta.is_file());
    files.map(|meta| meta.len()).sum()
}
