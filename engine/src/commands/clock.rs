//! When a run is at work, and on which machine: `times.jsonl` in its folder. The log of what was
//! measured depends on the run's inputs alone; this one tells what does not.

use crate::exec::run::Progress;
use crate::torch::process;
use segc::cli::compute;
use segc::run::TIMES;
use segc::run::log::{Machine, TimeLine};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// After how long a line is written although no epoch has ended.
const PATIENCE: Duration = Duration::from_secs(30);

/// A run's times in the making. That they cannot be written is no reason to end a run.
pub(super) struct Clock {
    file: Option<File>,
    begun: Instant,
    noted: Instant,
    /// Finished phases and epochs when a line was last written.
    epoch: (usize, u64),
}

impl Clock {
    /// Notes that a run is begun or gone on with.
    pub(super) fn start(dir: &Path, machine: &compute::Machine) -> Clock {
        let now = Instant::now();
        let mut clock =
            Clock { file: open(&dir.join(TIMES)), begun: now, noted: now, epoch: (0, 0) };
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        clock.line(&TimeLine::Begun { at: since.as_secs(), machine: describe(machine) });
        clock
    }

    /// Notes where the run stands, now and then.
    pub(super) fn show(&mut self, at: &Progress) {
        let epoch = (at.phase.0, at.epoch);
        if epoch != self.epoch || self.noted.elapsed() >= PATIENCE {
            let seconds = self.begun.elapsed().as_secs_f64();
            self.line(&TimeLine::Passed { seconds, step: at.step, steps: at.steps });
            self.epoch = epoch;
        }
    }

    /// Notes that all is done, or that the run was stopped.
    pub(super) fn end(mut self, finished: bool) {
        let seconds = self.begun.elapsed().as_secs_f64();
        self.line(&TimeLine::Ended { seconds, finished, peak_bytes: peak() });
    }

    fn line(&mut self, line: &TimeLine) {
        self.noted = Instant::now();
        let mut text = serde_json::to_vec(line).expect("times are plain data");
        text.push(b'\n');
        if self.file.as_mut().is_some_and(|file| file.write_all(&text).is_err()) {
            self.file = None;
        }
    }
}

/// The file, to be written on after its last whole line.
fn open(path: &Path) -> Option<File> {
    let mut file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).ok()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).ok()?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    file.set_len(whole as u64).ok()?;
    file.seek(SeekFrom::End(0)).ok()?;
    Some(file)
}

fn describe(machine: &compute::Machine) -> Machine {
    Machine {
        segc: env!("CARGO_PKG_VERSION").to_owned(),
        libtorch: process::version(),
        device: machine.device().to_string(),
        threads: process::threads(),
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        processor: field("/proc/cpuinfo", "model name"),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        memory_bytes: kilobytes("/proc/meminfo", "MemTotal"),
    }
}

/// The most memory that this process had.
fn peak() -> Option<u64> {
    kilobytes("/proc/self/status", "VmHWM")
}

/// What a file of the system says of a field; other systems than Linux have no such file.
fn field(file: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let named = |line: &str| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim().to_owned())
    };
    text.lines().find_map(named)
}

/// The same where it is a number of kilobytes, in bytes.
fn kilobytes(file: &str, name: &str) -> Option<u64> {
    let kilobytes: u64 = field(file, name)?.strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kilobytes << 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use segc::run::log::times;

    #[test]
    fn a_line_that_was_cut_off_is_written_over() {
        let dir = tempfile::tempdir().expect("a folder");
        let machine = compute::Machine { device: Default::default(), threads: None, memory: None };
        Clock::start(dir.path(), &machine).end(false);
        let path = dir.path().join(TIMES);
        let mut text = std::fs::read_to_string(&path).expect("it was written");
        text.push_str("{\"kind\":\"pas");
        std::fs::write(&path, text).expect("it can be written");
        Clock::start(dir.path(), &machine).end(true);
        let times = times(dir.path()).expect("they are whole");
        assert!(!times.cut);
        let ended = |line: &TimeLine| match line {
            TimeLine::Ended { finished, .. } => Some(*finished),
            TimeLine::Begun { machine, .. } => {
                assert_eq!((machine.device.as_str(), machine.libtorch.as_str()), ("cpu", "2.11.0"));
                None
            }
            TimeLine::Passed { .. } => None,
        };
        assert_eq!(times.lines.iter().filter_map(ended).collect::<Vec<_>>(), [false, true]);
    }
}
