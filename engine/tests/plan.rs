//! Plans through the program itself: made, followed, refused where something has changed; and what
//! there is no memory or no device for, which is not begun.

#![cfg(feature = "torch")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// A space of two operators, searched for two epochs, and a network that is trained in two phases.
const SPEC: &str = r#"
use parts.{ops}

const RATE = 0.1

cell unit(x) { out x > choose one of ops }

net small(image) { out image > conv(3, 8, stride = 2) > bn > relu > unit > conv(1, 19) }

net done(image) { out image > conv(3, 8, stride = 2) > bn > relu > conv(1, 19) }

data { root "data"  synth train = 8, val = 4, size = 32x64, seed = 1 }

search small {
  data      cityscapes(split = "train", crop = 32x32, batch = 2)
  halves    true
  strategy  gradient(order = first)
  epochs    2, arch_from = 1
  weights   sgd(rate = RATE, momentum = 0.9)
  arch      adam(rate = 0.02)
  seed      1
}

train done {
  data  cityscapes(split = "train", crop = 32x32, batch = 2)
  seed  1
  phase slow { epochs 1  weights sgd(rate = 0.01, momentum = 0.9) }
  phase fast { epochs 2  weights adam(rate = 0.01)  accumulate 2 }
}
"#;

const PARTS: &str = "opset ops { conv3 = conv(3, 8)  conv1 = conv(1, 8) }\n";

/// A folder with the spec in it.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a.seg"), SPEC).expect("written");
    fs::write(folder.path().join("parts.seg"), PARTS).expect("written");
    folder
}

/// Runs a command line in a folder.
fn segc(folder: &Path, line: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_segc-engine"));
    command.current_dir(folder).args(line.split_whitespace()).env("NO_COLOR", "1");
    command.output().expect("the program runs")
}

/// Runs what has to succeed; what it prints.
fn done(folder: &Path, line: &str) -> String {
    let output = segc(folder, line);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{line}: {errors}");
    String::from_utf8(output.stdout).expect("text")
}

/// Runs what has to be refused by the machine, with nothing written; what it says.
fn refused(folder: &Path, line: &str) -> String {
    let before = listing(folder);
    let output = segc(folder, line);
    let errors = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(2), "{line}: {errors}");
    assert!(output.stdout.is_empty() && !errors.contains("panicked"), "{line}: {errors}");
    assert_eq!(listing(folder), before, "{line} leaves something behind");
    errors
}

fn listing(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
    let mut names: Vec<String> =
        entries.map(|entry| name(entry).to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(path).expect("a file")).expect("JSON")
}

#[test]
fn a_search_follows_its_plan_to_the_bit_and_refuses_a_stale_one() {
    let folder = folder();
    let dir = folder.path();
    let page = done(dir, "plan a.seg --set RATE=0.05 --seed 5 --threads 1 --seconds 0.2 -o night");
    assert!(page.contains("search of small") && page.ends_with("segc search night --out RUN\n"));
    assert_eq!(listing(dir), ["a.seg", "data", "night", "parts.seg"]);
    let plan = json(&dir.join("night"));
    assert_eq!(plan["schema"], "segc.plan/1");
    let stages = plan["stages"].as_array().expect("stages");
    let steps: Vec<_> = stages.iter().map(|stage| stage["steps"].as_u64()).collect();
    assert_eq!(steps, [Some(2), Some(2)]);
    let measured = plan["time"]["measured_steps"].as_u64().expect("a number");
    assert!(measured >= 8 && plan["time"]["total_s"].as_f64() > Some(0.0), "{}", plan["time"]);
    let bytes = |of: &str| plan["memory"][of].as_u64().expect("a number") as f64;
    let ratio = bytes("predicted_bytes") / bytes("measured_bytes");
    assert!((0.85..1.15).contains(&ratio), "{}", plan["memory"]);

    // Neither the name nor the folder of a run matters.
    done(dir, "search night --out planned");
    done(dir, "search a.seg --set RATE=0.05 --seed 5 --threads 1 --out plain");
    for file in ["arch.seg", "arch.safetensors", "metrics.jsonl"] {
        let [a, b] = ["planned", "plain"].map(|run| fs::read(dir.join(run).join(file)));
        assert!(a.expect("written") == b.expect("written"), "{file} differs");
    }
    done(dir, "search night --out planned --resume");

    let odd = refused(dir, "search night --out new --seed 6 --threads 1 --set RATE=0.1");
    assert!(odd.contains("`--seed 6`, where it has `5`") && odd.contains("RATE=0.1"), "{odd}");
    assert!(!odd.contains("`--threads 1`, where"), "what agrees is no contradiction: {odd}");
    let other = refused(dir, "train night --out new");
    assert!(other.contains("segc search night --out new"), "{other}");

    fs::write(dir.join("parts.seg"), format!("{PARTS}\n// Changed.\n")).expect("written");
    let image = dir.join("data/leftImg8bit/train/synth");
    let image = fs::read_dir(&image).expect("images").next().expect("one").expect("one").path();
    let mut bytes = fs::read(&image).expect("an image");
    bytes.push(0);
    fs::write(&image, bytes).expect("written");
    let stale = refused(dir, "search night --out new");
    for text in ["the import `parts` has changed", "the images of `data (train)` have changed"] {
        assert!(stale.contains(text), "{stale}");
    }
    assert!(stale.contains("segc plan a.seg --set RATE=0.05 --net small --seed 5"), "{stale}");
    assert!(!stale.contains("the spec `a.seg`"), "{stale}");
    // A spec that is wrong by now is said to have changed, too.
    fs::write(dir.join("a.seg"), "net").expect("written");
    assert!(refused(dir, "search night --out new").contains("the spec `a.seg` has changed"));
    fs::remove_file(dir.join("a.seg")).expect("it is there");
    assert!(refused(dir, "search night --out new").contains("a.seg"));
}

#[test]
fn a_training_follows_its_plan_from_the_weights_that_it_was_made_with() {
    let folder = folder();
    let dir = folder.path();
    done(dir, "train a.seg --net done --threads 1 --out first");
    let init = "first/weights.safetensors";
    let line = format!("plan a.seg --net done --threads 1 --batch 1 --init {init} --seconds 0.2");
    let page = done(dir, &format!("{line} -o retrain.json"));
    assert!(page.contains("training of done") && page.contains("1 x 2"), "{page}");
    let plan = json(&dir.join("retrain.json"));
    let stages = plan["stages"].as_array().expect("stages");
    let of = |name: &str| stages.iter().map(|s| s[name].as_u64().unwrap_or(0)).collect::<Vec<_>>();
    assert_eq!((of("steps"), of("batch"), of("judgements")), (vec![8, 8], vec![1, 1], vec![1, 1]));
    done(dir, "train retrain.json --out planned");
    done(dir, &format!("train a.seg --net done --threads 1 --batch 1 --init {init} --out plain"));
    for file in ["weights.safetensors", "metrics.jsonl"] {
        let [a, b] = ["planned", "plain"].map(|run| fs::read(dir.join(run).join(file)));
        assert!(a.expect("written") == b.expect("written"), "{file} differs");
    }
    fs::copy(dir.join("plain/weights.safetensors"), dir.join(init)).expect("copied");
    let stale = refused(dir, "train retrain.json --out new");
    assert!(stale.contains(&format!("the weights `{init}` have changed")), "{stale}");
}

#[test]
fn what_there_is_no_memory_or_no_device_for_is_not_begun() {
    let folder = folder();
    let dir = folder.path();
    done(dir, "train a.seg --net done --threads 1 --out t");
    let weights = "--weights t/weights.safetensors";
    let infer = format!("infer a.seg data/leftImg8bit/val --net done {weights} --out seen");
    let lines = [
        "plan a.seg -o night".to_owned(),
        "search a.seg --out run".to_owned(),
        "train a.seg --net done --out run".to_owned(),
        format!("eval a.seg --net done {weights}"),
        infer,
        "bench a.seg --net done --input 8x3x512x1024".to_owned(),
    ];
    for line in &lines {
        let few = refused(dir, &format!("{line} --memory 64MiB"));
        assert!(few.contains("64.00 MiB may be taken") && few.contains("try `--memory "), "{few}");
        let device = refused(dir, &format!("{line} --device cuda:7"));
        assert!(device.contains("CUDA") || device.contains("cuda:7"), "{device}");
    }
    // The largest batch that fits is named, and fits.
    let some = refused(dir, "bench a.seg --net done --input 400x3x256x256 --memory 500MiB");
    let largest = some.split("`--input ").nth(1).and_then(|rest| rest.split('`').next());
    let largest = largest.unwrap_or_else(|| panic!("{some}"));
    done(dir, &format!("bench a.seg --net done --runs 1 --input {largest} --memory 500MiB"));
    // Whoever knows better is believed.
    done(dir, "search a.seg --threads 1 --out run --memory 100GiB");
}
