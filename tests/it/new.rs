//! `segc new`: a spec to begin with, which is right as it is.

use crate::cli::{json, outcome, segc};
use insta::assert_snapshot;
use std::fs;

#[test]
fn what_is_written_is_right_formatted_and_can_be_searched() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |args: &[&str]| outcome(segc(args).current_dir(folder.path()));
    assert_snapshot!(run(&["new"]), @r"
    ----- stdout
    wrote `space.seg`, a small space with its plans; `segc check space.seg`
    ----- exit 0
    ");
    // Nothing on standard error: no warning either.
    let judged = run(&["check", "space.seg"]);
    assert!(judged.starts_with("----- stdout\nspace.seg  ok"), "{judged}");
    assert!(!judged.contains("stderr"), "{judged}");
    assert_eq!(run(&["fmt", "--check", "space.seg"]), "----- exit 0");
    assert!(
        !run(&["check", "space.seg", "--set", "W=16", "--set", "CLASSES=19"]).contains("stderr")
    );
}

#[test]
fn its_members_are_right_and_keep_the_plan_to_train_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    segc(&["new", &path("a.seg")]).assert().success();
    segc(&["sample", &path("a.seg"), "-n", "3", "-o", &path("members")]).assert().success();
    for n in 0..3 {
        let member = path(&format!("members/small_{n:05}.seg"));
        let report = json(&["check", &member, "--format", "json"]);
        assert_eq!(report["files"][0]["decisions"].as_array().map(Vec::len), Some(0));
        let text = fs::read_to_string(&member).expect("a member");
        assert!(text.contains("\ntrain small {") && !text.contains("\nsearch "), "{text}");
    }
}

#[test]
fn nothing_is_overwritten_unasked() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mine.seg");
    fs::write(&path, "const MINE = 1\n").expect("written");
    let run = |args: &[&str]| outcome(segc(args).current_dir(folder.path()));
    assert_snapshot!(run(&["new", "mine.seg"]), @r"
    ----- stderr
    error: `mine.seg` is there already
     help: name another file, or overwrite it: `--force`
    ----- exit 2
    ");
    assert_eq!(fs::read_to_string(&path).expect("a file"), "const MINE = 1\n");
    segc(&["new", "mine.seg", "--force"]).current_dir(folder.path()).assert().success();
    let written = fs::read(&path).expect("a file");
    segc(&["new", "-"]).assert().success().stdout(written);
}

#[test]
fn a_folder_that_is_not_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |args: &[&str]| outcome(segc(args).current_dir(folder.path()));
    assert_snapshot!(run(&["new", "specs/a.seg"]), @r"
    ----- stderr
    error: there is no folder `specs`
     help: make it: `mkdir -p specs`
    ----- exit 2
    ");
}
