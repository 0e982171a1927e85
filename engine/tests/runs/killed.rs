//! A run that is killed at any moment goes on, and ends as one that was not: every file of its folder
//! is the same, bit for bit. `SEGC_KILLS` says how many kills there are, `SEGC_SEED` where chance
//! starts; with `--nocapture` each kill is told, with the stage that the folder shows it has hit.

use crate::support::{Place, fixture};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

/// Epochs of a search or of a training, and steps of each.
const EPOCHS: u64 = 4;
const STEPS: u64 = 60;
/// After how many steps of an epoch there is a checkpoint beside that at its end.
const CHECKPOINT: u64 = 50;

/// A kind of run, and the stages in which it has to be killed.
struct Kind {
    args: [&'static str; 7],
    spec: &'static str,
    stages: &'static [&'static str],
}

const SEARCH: Kind = Kind {
    args: ["search", "SPEC", "--out", "run", "--resume", "--threads", "1"],
    spec: "search.seg",
    stages: &["drawing scenes", "warm-up", "architecture", "writing a checkpoint", "decoding"],
};

const TRAIN: Kind = Kind {
    args: ["train", "SPEC", "--out", "run", "--resume", "--threads", "1"],
    spec: "train.seg",
    stages: &["drawing scenes", "first phase", "second phase", "writing a checkpoint", "ending"],
};

#[test]
fn a_search_that_is_killed_ends_as_one_that_is_not() {
    kill_and_compare(&SEARCH);
}

#[test]
fn a_training_that_is_killed_ends_as_one_that_is_not() {
    kill_and_compare(&TRAIN);
}

/// When to kill.
#[derive(Clone, Copy, Debug)]
enum Aim {
    /// So long after scenes begin to be drawn.
    Drawing(Duration),
    /// So long after the start.
    After(Duration),
    /// When the log has so many lines.
    Lines(u64),
    /// When the next checkpoint is being written, once the log has so many lines.
    Writing(u64),
    /// So long after the last checkpoint.
    Ending(Duration),
}

fn kill_and_compare(kind: &Kind) {
    let spec = fixture(kind.spec);
    let args = kind.args.map(|arg| if arg == "SPEC" { spec.as_str() } else { arg });
    let whole = Place::new();
    whole.succeed(&args);
    let want = whole.timeless();
    println!("{} ends with a loss of {}", kind.args[0], last_loss(&whole));

    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let kills = number("SEGC_KILLS").unwrap_or(10);
    let mut rng = ChaCha8Rng::seed_from_u64(number("SEGC_SEED").unwrap_or(1));
    let mut hit: BTreeMap<&str, u64> = BTreeMap::new();
    let missed = |hit: &BTreeMap<&str, u64>| kind.stages.iter().any(|s| !hit.contains_key(s));
    for round in 1.. {
        let done: u64 = hit.values().sum();
        if done >= kills && !missed(&hit) {
            break;
        }
        assert!(round < 20 + kills, "some stages cannot be hit: {hit:?}");
        let killed = Place::new();
        for aim in aims(&mut rng) {
            if ended(&killed) && !matches!(aim, Aim::Ending(_)) {
                continue;
            }
            if let Some(stage) = kill(&killed, kind, &args, aim) {
                *hit.entry(stage).or_default() += 1;
                println!("round {round}: {aim:?} hit: {stage}");
            }
        }
        killed.succeed(&args);
        same(&killed.timeless(), &want);
    }
    println!("{} kills of `{}`: {hit:?}", hit.values().sum::<u64>(), kind.args[0]);
}

/// Where to kill one run, one after the other.
fn aims(rng: &mut impl Rng) -> Vec<Aim> {
    let mut short = |most: u64| Duration::from_micros(rng.random_range(0..most));
    let mut aims = vec![Aim::Drawing(short(100_000)), Aim::Drawing(short(100_000))];
    aims.push(Aim::After(short(2_000_000)));
    for epoch in 0..EPOCHS {
        // An epoch has a line for each step and one for its end.
        let begin = epoch * (STEPS + 1);
        match rng.random_range(0..3) {
            0 => aims.push(Aim::Lines(begin + rng.random_range(1..STEPS))),
            1 => aims.push(Aim::Writing(begin + 1)),
            _ => aims.push(Aim::Writing(begin + CHECKPOINT + 1)),
        }
    }
    // What comes after the last checkpoint takes milliseconds.
    aims.extend(
        [3_000, 15_000].map(|most| Aim::Ending(Duration::from_micros(rng.random_range(0..most)))),
    );
    aims
}

/// Starts or continues the run and kills it; the stage that was hit, if it did not end before.
fn kill(place: &Place, kind: &Kind, args: &[&str], aim: Aim) -> Option<&'static str> {
    let mut running = place.start(args);
    let wait = |time: Duration| std::thread::sleep(time);
    let lines = |most| move || lines(place) >= most;
    let alive = match aim {
        Aim::Drawing(time) => {
            let alive = running.until(|| place.path(".scenes.drawing").exists() || drawn(place));
            wait(time);
            alive
        }
        Aim::After(time) => {
            wait(time);
            true
        }
        Aim::Lines(most) => running.until(lines(most)),
        Aim::Writing(most) => running.until(lines(most)) && running.until(|| aside(place)),
        Aim::Ending(time) => {
            let alive = running.until(|| ended(place));
            wait(time);
            alive
        }
    };
    let status = running.kill();
    (alive && status.signal() == Some(9)).then(|| stage(place, kind))
}

/// What the folder of a killed run shows.
fn stage(place: &Place, kind: &Kind) -> &'static str {
    let [drawing, early, late, writing, ending] = kind.stages else { panic!("five stages") };
    if !drawn(place) {
        return drawing;
    }
    if ended(place) {
        return ending;
    }
    if aside(place) || orphans(place) {
        return writing;
    }
    match log(place).iter().rev().find(|line| line["kind"] == "step") {
        None => "before the first step",
        Some(line) if line["phase"] == 1 || line["arch_loss"].is_number() => late,
        Some(_) => early,
    }
}

fn drawn(place: &Place) -> bool {
    place.path("scenes").exists()
}

/// Whole lines of the log.
fn log(place: &Place) -> Vec<Value> {
    let text = std::fs::read_to_string(place.path("run/metrics.jsonl")).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn lines(place: &Place) -> u64 {
    let bytes = std::fs::read(place.path("run/metrics.jsonl")).unwrap_or_default();
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

fn last_loss(place: &Place) -> Value {
    let log = log(place);
    let last = log.iter().rev().find(|line| line["kind"] == "step");
    last.expect("a step")["loss"].clone()
}

/// Names of files in the run's folder.
fn names(place: &Place) -> Vec<String> {
    let entries = std::fs::read_dir(place.path("run")).into_iter().flatten();
    entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// Whether something is being written aside.
fn aside(place: &Place) -> bool {
    // Before the first step it is the spec that is written.
    names(place).iter().any(|name| name.starts_with(".aside-")) && !log(place).is_empty()
}

/// The newest checkpoint.
fn head(place: &Place) -> Option<Value> {
    let text = std::fs::read(place.path("run/checkpoint.json")).ok()?;
    serde_json::from_slice(&text).ok()
}

/// Whether there are tensors of a checkpoint that is not the newest.
fn orphans(place: &Place) -> bool {
    let newest = head(place).map(|head| head["tensors"].clone());
    let other = |name: &String| newest.as_ref() != Some(&Value::from(name.as_str()));
    names(place).iter().any(|name| name.starts_with("checkpoint-") && other(name))
}

/// Whether all steps are done and in a checkpoint.
fn ended(place: &Place) -> bool {
    head(place).is_some_and(|head| {
        let state = &head["state"];
        state["search"]["epoch"] == EPOCHS || state["phase"] == 2
    })
}

/// Asserts that every file is there and the same.
fn same(found: &BTreeMap<String, Vec<u8>>, want: &BTreeMap<String, Vec<u8>>) {
    let names: BTreeSet<&String> = found.keys().chain(want.keys()).collect();
    let other: Vec<_> = names.into_iter().filter(|n| found.get(*n) != want.get(*n)).collect();
    assert!(other.is_empty(), "these differ, or are there on one side only: {other:?}");
}
