//! `segc bench` as a process, on networks of a few kernels. What is measured differs from time to
//! time; what is said of it does not.

#![cfg(feature = "torch")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn bench(args: &[&str]) -> Output {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/bench");
    Command::new(env!("CARGO_BIN_EXE_segc-engine"))
        .arg("bench")
        .args(args)
        .args(["--threads", "1"])
        .current_dir(fixtures)
        .output()
        .expect("the engine runs")
}

fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    (text(&output.stdout), text(&output.stderr))
}

/// What a comparison prints; it has to succeed.
fn printed(args: &[&str]) -> String {
    let output = bench(args);
    let (out, err) = said(&output);
    assert!(output.status.success(), "{err}");
    out
}

/// What a comparison is refused with.
fn refused(args: &[&str]) -> String {
    let output = bench(args);
    assert_eq!(output.status.code(), Some(2));
    said(&output).1
}

fn picture(dir: &tempfile::TempDir) -> PathBuf {
    dir.path().join("bench.svg")
}

#[test]
fn every_network_is_measured_at_every_input() {
    let text = printed(&[
        "small.seg",
        "large.seg",
        "--inputs",
        "32x64,64x128",
        "--batch",
        "2",
        "--runs",
        "4",
        "--warm-up",
        "1",
        "--score",
        "small=0.5",
        "--score",
        "large.seg=40%",
        "--format",
        "json",
    ]);
    let document: serde_json::Value = serde_json::from_str(&text).expect("a document");
    let field = |name: &str| document[name].as_str().map(str::to_owned);
    assert_eq!(field("schema").as_deref(), Some("segc.bench/1"));
    assert_eq!((field("device"), field("precision")), (Some("cpu".into()), Some("fp32".into())));
    assert_eq!((document["threads"].as_u64(), document["warm_up"].as_u64()), (Some(1), Some(1)));
    let results = document["results"].as_array().expect("a list");
    let about = |r: &serde_json::Value| {
        let input: Vec<u64> =
            r["input"].as_array().into_iter().flatten().filter_map(|v| v.as_u64()).collect();
        (r["name"].as_str().map(str::to_owned), input, r["runs"].as_u64(), r["miou"].as_f64())
    };
    let case =
        |name: &str, h, w, miou| (Some(name.to_owned()), vec![2, 3, h, w], Some(4), Some(miou));
    assert_eq!(
        results.iter().map(about).collect::<Vec<_>>(),
        [
            case("small", 32, 64, 0.5),
            case("small", 64, 128, 0.5),
            case("large", 32, 64, 0.4),
            case("large", 64, 128, 0.4),
        ]
    );
    for result in results {
        let number = |name: &str| result[name].as_f64().expect("a number");
        assert!(number("min_ms") <= number("median_ms") && number("median_ms") <= number("p95_ms"));
        // Two images of a run at the median.
        assert!((number("fps") * number("median_ms") / 2000.0 - 1.0).abs() < 1e-9);
        assert!(number("peak_bytes") > 4.0 * number("params"), "{result}");
    }
    // 2 images: 3 x 3 x 3 x 8 at /2, then 8 x 19 there.
    assert_eq!(results[0]["macs"], 2 * (216 + 152) * (16 * 32));
    assert_eq!(results[0]["params"], 216 + 16 + 152);
    // What scores most is on the front, however long it takes.
    assert!(results[0]["front"] == true && results[1]["front"] == true);
}

#[test]
fn tables_and_pictures_tell_networks_and_inputs() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = picture(&dir);
    let text = printed(&[
        "small.seg",
        "large.seg",
        "--inputs",
        "32x64,64x64",
        "--runs",
        "1",
        "--warm-up",
        "0",
        "--score",
        "small=0.5",
        "--score",
        "large=0.6",
        "--format",
        "markdown",
        "--svg",
        file.to_str().expect("a path"),
    ]);
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].starts_with("| network | input | median ms |") && lines[0].ends_with("| mIoU |")
    );
    assert!(lines[1].starts_with("| --- | --- | ---: |"), "{text}");
    assert!(text.contains("| median ms | 1x3x32x64 | 1x3x64x64 |"), "{text}");
    let columns = |line: &&&str| line.matches('|').count();
    assert!(lines[..6].iter().all(|line| columns(&line) == 10), "{text}");
    let drawn = std::fs::read_to_string(&file).expect("it was drawn");
    for said in ["mIoU against latency at 1x3x32x64", "megapixels", "large: mIoU 60.00 %"] {
        assert!(drawn.contains(said), "{said}: {drawn}");
    }
    assert!(drawn.contains("class=\"front l0\""), "the front is drawn");
}

#[test]
fn plain_calls_stand_beside() {
    let text = printed(&["small.seg", "--plain", "--seconds", "1e-9", "--color", "never"]);
    assert!(
        text.contains("small, plain calls") && text.contains("3 runs of each in turn"),
        "{text}"
    );
}

#[test]
fn bf16_is_computed_where_fp16_is_refused() {
    let text = printed(&["small.seg", "--precision", "bf16", "--runs", "1"]);
    assert!(text.contains("bf16"), "{text}");
    let text = refused(&["small.seg", "--precision", "fp16"]);
    assert!(text.contains("fp16") && text.contains("bf16"), "{text}");
}

#[test]
fn questions_without_an_answer_are_refused_before_anything_is_measured() {
    let text = refused(&["small.seg", "--score", "smal=0.5"]);
    assert!(text.contains("did you mean `small`"), "{text}");
    let dir = tempfile::tempdir().expect("a folder");
    let file = picture(&dir);
    let text = refused(&["small.seg", "--svg", file.to_str().expect("a path")]);
    assert!(text.contains("nothing to draw") && text.contains("--score"), "{text}");
    assert!(!file.exists());
    for wrong in [["--runs", "0"], ["--seconds", "0"], ["--score", "small=71"], ["--batch", "0"]] {
        refused(&[&["small.seg"], &wrong[..]].concat());
    }
    refused(&["small.seg", "--device", "cuda:7"]);
}
