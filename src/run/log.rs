//! The logs of a run, read back: what was measured (`metrics.jsonl`), when it was at work
//! (`times.jsonl`), which examples were predicted, what the winner was compared with.

use super::{AGAINST, EXAMPLES, LOG, RunError, TIMES, io};
use crate::data::metrics::Scores;
use crate::search::relax::Opinion;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// A line of the log of a search.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SearchLine {
    /// A step of the weights and, once it moves, one of the architecture.
    Step {
        /// Finished epochs.
        epoch: u64,
        /// Finished steps of this one.
        step: u64,
        /// The loss of the weights.
        loss: f64,
        /// The loss of the architecture.
        arch_loss: Option<f64>,
    },
    /// The end of an epoch.
    Epoch {
        /// Finished epochs before it.
        epoch: u64,
        /// The mean loss of the weights.
        loss: Option<f64>,
        /// The mean loss of the architecture.
        arch_loss: Option<f64>,
        /// The learning rate of the weights.
        rate: f64,
        /// The learning rate of the architecture, once it moves.
        arch_rate: Option<f64>,
        /// What the strategy thinks of every decision.
        opinions: Vec<Opinion>,
    },
}

/// A line of the log of a training.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TrainLine {
    /// A step.
    Step {
        /// Finished phases.
        phase: usize,
        /// Finished steps of all phases.
        step: u64,
        /// Its loss.
        loss: f64,
        /// The learning rate of each optimiser.
        rates: Vec<f64>,
    },
    /// The end of an epoch.
    Epoch {
        /// Finished phases.
        phase: usize,
        /// Finished epochs of the phase, with this one.
        epoch: u64,
        /// Finished steps of all phases.
        step: u64,
        /// The mean loss.
        loss: Option<f64>,
        /// What the network scores, where it was judged.
        scores: Option<Scores>,
    },
}

/// A line of `times.jsonl`. Times of day are seconds since 1970, others seconds since the run was
/// begun or gone on with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TimeLine {
    /// The run was begun, or gone on with.
    Begun {
        /// When.
        at: u64,
        /// Where.
        machine: Machine,
    },
    /// An epoch ended, or so much time went by that it is worth noting.
    Passed {
        /// How long it has been at work.
        seconds: f64,
        /// Finished steps of the run.
        step: u64,
        /// All steps of the run.
        steps: u64,
    },
    /// The run was ended, or stopped with its state saved.
    Ended {
        /// How long it was at work.
        seconds: f64,
        /// Whether all is done.
        finished: bool,
        /// The most memory that the process had, in bytes, where that is known.
        peak_bytes: Option<u64>,
    },
}

/// What a run was computed on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// Version of segc.
    pub segc: String,
    /// Version of libtorch.
    pub libtorch: String,
    /// `cpu`, `cuda:0`.
    pub device: String,
    /// Threads on the processor.
    pub threads: usize,
    /// `linux x86_64`.
    pub system: String,
    /// The processor's name, where it is known.
    pub processor: Option<String>,
    /// Cores that the process may use.
    pub cores: usize,
    /// Memory in bytes, where it is known.
    pub memory_bytes: Option<u64>,
}

/// Some images as the network saw them at its newest judgement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Examples {
    /// Form of this file: `segc.examples/1`.
    pub schema: String,
    /// Finished steps of the run.
    pub step: u64,
    /// The part of the dataset that they are of, where it was noted.
    #[serde(default)]
    pub split: Option<String>,
    /// The images, in the order of the dataset.
    pub images: Vec<Example>,
}

/// The value of [`Examples::schema`].
pub const EXAMPLES_SCHEMA: &str = "segc.examples/1";
/// The file of [`Examples`] in their folder.
pub const EXAMPLES_INDEX: &str = "examples.json";

/// An image, its truth and what was predicted: files of one size beside the index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Example {
    /// What the dataset calls it.
    pub name: String,
    /// Its own mean intersection over union, a fraction of 1.
    pub miou: Option<f64>,
    /// The image, a PNG.
    pub image: String,
    /// The true classes in the colours of the dataset, a PNG.
    pub truth: String,
    /// The predicted classes in the same colours, a PNG.
    pub predicted: String,
}

/// The winner of a search and members of its space that were drawn by chance, trained alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Against {
    /// Form of this file: `segc.against/1`.
    pub schema: String,
    /// Rows x columns at which MACs and latencies were taken.
    pub input: String,
    /// The winner first.
    pub rivals: Vec<Rival>,
    /// What predicting the most frequent class everywhere scores: its name and mIoU.
    pub majority: Option<(String, f64)>,
}

/// The value of [`Against::schema`].
pub const AGAINST_SCHEMA: &str = "segc.against/1";

/// One of those that are compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rival {
    /// `found`, `random 1`.
    pub name: String,
    /// Mean intersection over union on the images that judge, a fraction of 1.
    pub miou: f64,
    /// Trainable parameters.
    pub params: u64,
    /// Multiply-adds of an image.
    pub macs: u64,
    /// Half of the runs took no longer.
    pub median_ms: f64,
    /// 95 of 100 runs took no longer.
    pub p95_ms: f64,
}

/// Lines of a log, and whether the last one was cut off, as it is where a run was killed or is at
/// work.
#[derive(Clone, Debug, PartialEq)]
pub struct Lines<T> {
    /// The whole lines.
    pub lines: Vec<T>,
    /// Whether there is a part of another.
    pub cut: bool,
}

/// The log of a run; empty where nothing was logged yet.
///
/// # Errors
/// When it cannot be read, or a line other than the last is damaged.
pub fn metrics<T: DeserializeOwned>(dir: &Path) -> Result<Lines<T>, RunError> {
    lines(&dir.join(LOG))
}

/// When a run was at work; empty where that was not noted.
///
/// # Errors
/// When it cannot be read, or a line other than the last is damaged.
pub fn times(dir: &Path) -> Result<Lines<TimeLine>, RunError> {
    lines(&dir.join(TIMES))
}

/// The newest example predictions of a run, if it has some.
///
/// # Errors
/// When they cannot be read.
pub fn examples(dir: &Path) -> Result<Option<Examples>, RunError> {
    document(&dir.join(EXAMPLES).join(EXAMPLES_INDEX))
}

/// What the winner of a search was compared with, if it was.
///
/// # Errors
/// When it cannot be read.
pub fn against(dir: &Path) -> Result<Option<Against>, RunError> {
    document(&dir.join(AGAINST))
}

fn lines<T: DeserializeOwned>(path: &Path) -> Result<Lines<T>, RunError> {
    let Some(bytes) = bytes(path)? else {
        return Ok(Lines { lines: Vec::new(), cut: false });
    };
    // What was cut off may end within a character.
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let read = |(at, line): (usize, &[u8])| {
        let line = line.trim_ascii();
        let damaged = |source| RunError::Line { path: path.to_path_buf(), line: at + 1, source };
        (!line.is_empty()).then(|| serde_json::from_slice(line).map_err(damaged))
    };
    let lines = bytes[..whole].split(|byte| *byte == b'\n').enumerate().filter_map(read);
    Ok(Lines { lines: lines.collect::<Result<_, _>>()?, cut: whole < bytes.len() })
}

fn document<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, RunError> {
    let Some(bytes) = bytes(path)? else { return Ok(None) };
    let damaged = |source| RunError::Damaged { path: path.to_path_buf(), source };
    serde_json::from_slice(&bytes).map(Some).map_err(damaged)
}

/// A file's bytes, if it is there.
fn bytes(path: &Path) -> Result<Option<Vec<u8>>, RunError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io("read", path)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Lines<TrainLine>, RunError> {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::write(dir.path().join(LOG), text).expect("written");
        metrics(dir.path())
    }

    const STEP: &str = r#"{"kind":"step","phase":0,"step":0,"loss":1.5,"rates":[0.1]}"#;

    #[test]
    fn a_last_line_may_be_cut_off() {
        let log = read(&format!("{STEP}\n{STEP}\n{}", &STEP[..20])).expect("the rest is whole");
        assert_eq!((log.lines.len(), log.cut), (2, true));
        let log = read(&format!("{STEP}\n")).expect("whole");
        assert_eq!((log.lines.len(), log.cut), (1, false));
        assert!(read("").expect("nothing yet").lines.is_empty());
    }

    #[test]
    fn a_damaged_line_is_named() {
        let error = read(&format!("{STEP}\n{{\"kind\":\"st\n{STEP}\n")).expect_err("damaged");
        let text = error.to_string();
        assert!(text.starts_with("line 2 of ") && text.contains(LOG), "{text}");
        assert!(error.help().is_some());
    }
}
