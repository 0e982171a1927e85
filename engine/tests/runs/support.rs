//! The program itself, at work in a folder of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long anything may take that takes seconds.
const LONGEST: Duration = Duration::from_secs(120);

/// The specs that are searched and trained.
pub(crate) fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/runs").join(name);
    path.canonicalize().expect("it is shipped").display().to_string()
}

/// A folder in which the program runs.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Place {
        Place(tempfile::tempdir().expect("a place for files"))
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.0.path().join(below)
    }

    /// The program with these arguments, on one thread. `SEGC_PROGRAM` names another build of it.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let own = env!("CARGO_BIN_EXE_segc-engine").into();
        let mut command = Command::new(std::env::var_os("SEGC_PROGRAM").unwrap_or(own));
        command.args(args).current_dir(self.0.path()).env("NO_COLOR", "1");
        command.env("OMP_NUM_THREADS", "1").env("RUST_BACKTRACE", "0");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("the program runs")
    }

    /// Runs it, and it has to succeed.
    pub(crate) fn succeed(&self, args: &[&str]) {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}", text(&output));
    }

    pub(crate) fn start(&self, args: &[&str]) -> Running {
        Running(self.command(args).spawn().expect("the program runs"))
    }

    /// Every file there is, by its path, but for what tells when a run was at work.
    pub(crate) fn timeless(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = self.files();
        files.retain(|name, _| !name.ends_with("/times.jsonl"));
        files
    }

    /// Every file there is, by its path.
    pub(crate) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut found = BTreeMap::new();
        gather(self.0.path(), self.0.path(), &mut found);
        found
    }
}

fn gather(root: &Path, folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in folder.read_dir().expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            gather(root, &path, found);
        } else {
            let name = path.strip_prefix(root).expect("below").display().to_string();
            found.insert(name, std::fs::read(&path).expect("a file"));
        }
    }
}

/// What a command said, and how it ended.
pub(crate) fn text(output: &Output) -> String {
    let say = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}{}{}", say(&output.stdout), say(&output.stderr), output.status)
}

/// A process that is killed, at the latest, when it is forgotten.
pub(crate) struct Running(Child);

impl Running {
    /// Waits until something is so, or the process has ended; whether it still runs.
    pub(crate) fn until(&mut self, so: impl Fn() -> bool) -> bool {
        let begun = Instant::now();
        while self.0.try_wait().expect("a child").is_none() {
            if so() {
                return true;
            }
            assert!(begun.elapsed() < LONGEST, "what was waited for never came");
            // Short, for what is waited for may last a millisecond.
            std::thread::sleep(Duration::from_micros(50));
        }
        false
    }

    /// Waits until it listens to Ctrl-C: the system says which signals a process handles.
    pub(crate) fn until_it_listens(&mut self) {
        let status = format!("/proc/{}/status", self.0.id());
        let interrupt = 1 << (2 - 1);
        let listens = || {
            let text = std::fs::read_to_string(&status).unwrap_or_default();
            let mask = text.lines().find_map(|line| line.strip_prefix("SigCgt:"));
            mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
                .is_some_and(|mask| mask & interrupt != 0)
        };
        assert!(self.until(listens), "it ended before it listened");
    }

    pub(crate) fn interrupt(&self) {
        let id = self.0.id().to_string();
        let sent = Command::new("kill").args(["-INT", &id]).status().expect("there is `kill`");
        assert!(sent.success());
    }

    /// Kills it as nothing can be caught; it may have ended by itself.
    pub(crate) fn kill(mut self) -> ExitStatus {
        self.0.kill().expect("it is ours");
        self.0.wait().expect("a child")
    }

    pub(crate) fn output(mut self) -> Output {
        use std::io::Read;
        let mut output =
            Output { status: ExitStatus::default(), stdout: Vec::new(), stderr: Vec::new() };
        let (out, err) = (self.0.stdout.take(), self.0.stderr.take());
        out.expect("a pipe").read_to_end(&mut output.stdout).expect("it can be read");
        err.expect("a pipe").read_to_end(&mut output.stderr).expect("it can be read");
        output.status = self.0.wait().expect("a child");
        output
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
