//! The command line, through the program itself: what it prints, where, and how it exits.

use assert_cmd::Command;
use insta::assert_snapshot;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const SMALL: &str = "tests/fixtures/cli/small.seg";
const PUBLISHED: &str = "specs/published/auto_deeplab.seg";

pub(crate) fn segc(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_segc"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args);
    command.env("NO_COLOR", "1").env_remove("LIBTORCH");
    command
}

/// What comes of a command, as one text.
pub(crate) fn outcome(command: &mut Command) -> String {
    let output = command.output().expect("the program runs");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    let code = output.status.code().expect("an exit code");
    let part = |name: &str, body: &str| match body.is_empty() {
        true => String::new(),
        false => format!("----- {name}\n{body}"),
    };
    format!("{}{}----- exit {code}", part("stdout", &out), part("stderr", &err))
}

pub(crate) fn json(args: &[&str]) -> serde_json::Value {
    let output = segc(args).output().expect("the program runs");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

macro_rules! snapshots {
    ($($name:ident: $($arg:expr),+;)+) => {$(
        #[test]
        fn $name() {
            assert_snapshot!(outcome(&mut segc(&[$($arg),+])));
        }
    )+};
}

snapshots! {
    check_of_a_space: "check", SMALL;
    check_of_a_network: "check", PUBLISHED, "--memory", "1TiB";
    check_of_a_module: "check", "tests/fixtures/cli/module.seg";
    check_of_what_is_kept_and_of_missing_images: "check", "tests/fixtures/cli/kept.seg";
    check_as_json: "check", SMALL, "--format", "json";
    check_of_several_files_says_everything: "check", SMALL, "tests/nothing.seg", "src";
    check_where_there_is_too_little_memory: "check", "specs/quickstart.seg", "--memory", "128MiB";
    a_plan_is_shown_again: "plan", "tests/fixtures/plan/quickstart.plan";
    a_plan_that_is_none: "plan", "tests/fixtures/scores/scores.json";
    count_of_a_space: "count", SMALL;
    count_as_json: "count", SMALL, "--format", "json";
    count_of_a_network: "count", PUBLISHED;
    count_of_several_files_says_everything: "count", SMALL, "tests/nothing.seg", "specs/rtseg.seg";
    cost_of_a_network: "cost", PUBLISHED, "--input", "1x3x1025x2049";
    cost_of_a_network_as_json: "cost", PUBLISHED, "--input", "1x3x1025x2049", "--format", "json";
    enumeration_goes_on_from_a_rank: "enumerate", SMALL, "--from", "100", "-n", "3";
    enumeration_of_what_differs: "enumerate", SMALL, "--distinct", "--from", "100", "-n", "2";
    enumeration_ends: "enumerate", SMALL, "--from", "287";
    files_named_by_an_unknown_decision: "enumerate", SMALL, "-o", "target/named", "--name", "{paht}";
    files_with_one_name: "enumerate", SMALL, "-o", "target/named", "--name", "small";
    a_size_that_does_not_fit: "check", "specs/published/rtseg_skipnet_vgg16.seg", "--input", "1x3x360x640";
    a_rank_out_of_reach: "enumerate", SMALL, "--from", "288";
    a_sample: "sample", SMALL, "-n", "2", "--seed", "7", "--format", "json";
    graph_for_graphviz: "graph", SMALL, "--format", "dot";
    graph_as_json: "graph", SMALL, "--format", "json";
    graph_as_picture: "graph", SMALL, "--format", "svg";
    graph_of_a_taken_path: "graph", PUBLISHED, "--format", "json", "--depth", "2";
    cost_of_a_space: "cost", SMALL;
    cost_of_a_space_as_json: "cost", SMALL, "--format", "json";
    an_explanation: "explain", "e0104";
    a_code_without_explanation: "explain", "E0199";
    an_unknown_network: "cost", SMALL, "--net", "smal";
    an_unknown_command: "chekc", SMALL;
    an_unknown_flag: "check", SMALL, "--fromat", "json";
    a_setting_without_value: "check", SMALL, "--set", "W";
    a_setting_of_nothing: "check", SMALL, "--set", "V=3";
    an_input_with_four_channels: "cost", SMALL, "--input", "1x4x64x64";
}

#[test]
fn where_there_is_no_room_for_a_stack_that_is_said() {
    let limited = "ulimit -v 200000 && exec \"$1\" --version";
    let mut command = Command::new("sh");
    command.args(["-c", limited, "sh", env!("CARGO_BIN_EXE_segc")]);
    let why = "segc: the system has no 256 MiB of addresses for a stack: raise `ulimit -v`";
    assert_eq!(outcome(&mut command), format!("----- stderr\n{why}\n----- exit 2"));
}

#[test]
fn a_setting_reaches_the_spec() {
    let params = |width: &str| {
        let spec = ["cost", PUBLISHED, "--set", width, "--input", "64x64", "--format", "json"];
        json(&spec)["params"]["min"].as_u64().expect("a number")
    };
    assert_eq!(params("F=20"), 10_147_427);
    assert!(params("F=8") < params("F=20"));
}

/// Costs begin with the first network that they may be asked of, while others are still judged.
#[test]
fn costs_wait_for_all_networks_and_plans() {
    let text = "let what = choose { a = conv(3, 8)  b = conv(5, 8) }
net one(image) { out image > what > resize(/1) }
net two(image) { out image > conv(3, 4, stride = 2) > resize(/1) }
bench one { input 1x3x48x64 }
";
    let cost = |text: &str, net: &[&str]| {
        let args = [&["cost", "-"], net].concat();
        let output = segc(&args).write_stdin(text).output().expect("the program runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (code, one, _) = cost(text, &["--net", "one"]);
    // 3 to 5 cells a side: 8 · 3 · 9 and 8 · 3 · 25 parameters, at each of 48 · 64 cells.
    for seen in ["1x3x48x64", "216 to 600", "663,552 to 1,843,200"] {
        assert!(code == Some(0) && one.contains(seen), "{one}");
    }
    let (_, last, _) = cost(text, &[]);
    assert!(last.contains("two") && last.contains("  108 "), "{last}");
    for mistaken in [
        text.replace("conv(3, 4, stride", "conv(3, 4, strid"),
        text.replace("48x64", "48x64x1x1"),
        format!("{text}train two {{ steps 0 }}"),
    ] {
        let (code, costs, mistakes) = cost(&mistaken, &["--net", "one"]);
        assert_eq!((code, costs.as_str()), (Some(1), ""), "{mistaken}");
        assert!(mistakes.starts_with('E'), "{mistakes}");
    }
}

#[test]
fn dash_reads_standard_input() {
    let text = fs::read_to_string(SMALL).expect("a fixture");
    let output = segc(&["count", "-", "--format", "json"]).write_stdin(text).output();
    let output = output.expect("the program runs");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&report["file"], &report["assignments"]), (&"<stdin>".into(), &"288".into()));
}

#[test]
fn bytes_that_are_no_text_are_a_mistake_of_the_spec() {
    let output = segc(&["check", "-"]).write_stdin(b"net \xff").output().expect("it runs");
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(message.contains("E0108") && message.contains("byte 4"), "{message}");
}

#[test]
fn what_is_listed_is_what_is_counted() {
    let lines = |args: &[&str]| {
        let output = segc(args).output().expect("the program runs");
        String::from_utf8(output.stdout).expect("text").lines().count().to_string()
    };
    let counts = json(&["count", SMALL, "--format", "json"]);
    assert_eq!(lines(&["enumerate", SMALL]), counts["assignments"].as_str().expect("a string"));
    let distinct = counts["distinct"]["exact"].as_str().expect("a string");
    assert_eq!(lines(&["enumerate", SMALL, "--distinct"]), distinct);
}

#[test]
fn members_become_specs_that_are_right_and_formatted() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("text");
    segc(&["enumerate", SMALL, "--from", "90", "-n", "3", "-o", out]).assert().success();
    segc(&["sample", SMALL, "-n", "2", "--seed", "5", "-o", out]).assert().success();
    let mut names: Vec<String> = fs::read_dir(out)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
        .collect();
    names.sort();
    let expected = ["00000", "00001", "090", "091", "092"].map(|n| format!("small_{n}.seg"));
    assert_eq!(names, expected);
    for name in names {
        let path = folder.path().join(name);
        let path = path.to_str().expect("text");
        let report = json(&["check", path, "--format", "json"]);
        assert_eq!(report["files"][0]["decisions"].as_array().map(Vec::len), Some(0));
        segc(&["fmt", "--check", path]).assert().success();
    }
}

#[test]
fn formatting_changes_what_needs_it_and_keeps_permissions() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.seg");
    let name = path.to_str().expect("text");
    fs::write(&path, "const   A=1\n").expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("allowed");
    let check = segc(&["fmt", "--check", name]).output().expect("it runs");
    assert_eq!((check.status.code(), check.stdout), (Some(1), format!("{name}\n").into_bytes()));
    segc(&["fmt", name]).assert().success();
    assert_eq!(fs::read_to_string(&path).expect("there"), "const A = 1\n");
    assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o640);
    segc(&["fmt", "--check", name]).assert().success();
    segc(&["fmt", "-"]).write_stdin("const A=2").assert().stdout("const A = 2\n");
    segc(&["fmt", "-"]).write_stdin("cnst A=2").assert().code(1).stdout("");
}

#[test]
fn a_reader_that_leaves_is_no_mistake() {
    let head =
        format!("{} enumerate specs/auto_deeplab.seg | head -n 1", env!("CARGO_BIN_EXE_segc"));
    let script = format!("set -o pipefail; {head}");
    let mut shell = Command::new("bash");
    let output = shell.current_dir(env!("CARGO_MANIFEST_DIR")).args(["-c", &script]).output();
    let output = output.expect("a shell");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn a_full_disk_is_the_machines_fault() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    let script = format!("{} check {SMALL} > /dev/full", env!("CARGO_BIN_EXE_segc"));
    let mut shell = Command::new("bash");
    let output = shell.current_dir(env!("CARGO_MANIFEST_DIR")).args(["-c", &script]).output();
    let output = output.expect("a shell");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("the disk is full"));
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let coloured = |args: &[&str]| {
        let output = segc(args).env_remove("NO_COLOR").output().expect("the program runs");
        output.stdout.contains(&0x1b)
    };
    assert!(!coloured(&["check", SMALL]));
    assert!(coloured(&["check", SMALL, "--color", "always"]));
    assert!(!coloured(&["check", SMALL, "--color", "never"]));
}

#[test]
fn the_version_tells_what_it_stands_on() {
    let output = segc(&["--version"]).output().expect("the program runs");
    assert_eq!(output.stdout, format!("segc {}\n", env!("CARGO_PKG_VERSION")).into_bytes());
    let output = segc(&["--version", "--verbose"]).output().expect("the program runs");
    assert!(String::from_utf8_lossy(&output.stdout).contains("libtorch"));
}

#[test]
fn every_shell_gets_its_completions() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = segc(&["completions", shell]).output().expect("the program runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && text.contains("enumerate"), "{shell}");
    }
}

#[test]
fn a_drawing_takes_its_form_from_the_files_ending() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, begins) in [("a.dot", "digraph"), ("a.svg", "<svg"), ("a.json", "{")] {
        let path = folder.path().join(name);
        segc(&["graph", SMALL, "-o", path.to_str().expect("text")]).assert().success();
        assert!(fs::read_to_string(&path).expect("a drawing").starts_with(begins), "{name}");
        let mode = fs::metadata(&path).expect("a file").permissions().mode();
        assert_ne!(mode & 0o044, 0, "others may read it as they may other files");
    }
}

#[test]
fn scenes_are_drawn_and_described() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("street");
    let out = out.to_str().expect("text");
    let synth = ["data", "synth", "--out", out, "--train", "2", "--val", "1", "--size", "32x64"];
    segc(&synth).assert().success();
    segc(&synth).assert().success();
    let report = json(&["data", "info", out, "--format", "json"]);
    assert_eq!(report["schema"], "segc.data/1");
    assert_eq!(report["splits"][0]["images"], 2);
    let other = [&synth[..], &["--seed", "1"]].concat();
    segc(&other).assert().code(2);
    segc(&["data", "info", "tests"]).assert().code(2);
}

#[test]
fn the_front_end_does_not_load_libtorch() {
    let output = Command::new("ldd").arg(env!("CARGO_BIN_EXE_segc")).output();
    let Ok(output) = output else { return };
    assert!(!String::from_utf8_lossy(&output.stdout).contains("torch"));
}
