//! `segc diff`: members of a space, a space and its member, networks of different origin.

use crate::cli::{outcome, segc};
use assert_cmd::Command;
use insta::assert_snapshot;
use std::fs;
use std::path::Path;

const SMALL: &str = "tests/fixtures/cli/small.seg";

/// A folder with a small space and some of its members.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        let folder = Folder(tempfile::tempdir().expect("a folder"));
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        fs::copy(root.join(SMALL), folder.0.path().join("small.seg")).expect("a fixture");
        for rank in ["90", "199"] {
            folder.member(&["--from", rank]);
        }
        folder
    }

    /// Writes a member as `small_RANK.seg`.
    fn member(&self, args: &[&str]) {
        let all = [&["enumerate", "small.seg", "-n", "1", "-o", "."], args].concat();
        self.segc(&all).assert().success();
    }

    fn segc(&self, args: &[&str]) -> Command {
        let mut command = segc(args);
        command.current_dir(self.0.path());
        command
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).expect("a file")
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.path().join(name), text).expect("written");
    }

    fn diff(&self, args: &[&str]) -> String {
        outcome(&mut self.segc(&[&["diff"], args].concat()))
    }
}

#[test]
fn two_members_differ_by_decisions() {
    assert_snapshot!(Folder::new().diff(&["small_090.seg", "small_199.seg"]));
}

#[test]
fn a_space_and_its_member() {
    assert_snapshot!(Folder::new().diff(&["small.seg", "small_199.seg", "--input", "65x129"]));
}

#[test]
fn a_member_and_its_space_as_json() {
    assert_snapshot!(Folder::new().diff(&["small_199.seg", "small.seg", "--format", "json"]));
}

#[test]
fn without_their_space_members_differ_by_parts() {
    let folder = Folder::new();
    fs::rename(folder.0.path().join("small.seg"), folder.0.path().join("moved.seg"))
        .expect("moved");
    assert_snapshot!(folder.diff(&["small_090.seg", "small_199.seg"]));
    let told = folder.diff(&["small_090.seg", "small_199.seg", "--space", "moved.seg"]);
    assert!(told.contains("member 199 of moved.seg"), "{told}");
}

#[test]
fn the_same_network_in_other_words() {
    let folder = Folder::new();
    let text = folder.read("small_090.seg");
    let other = text.replace("concat(h, newer)", "concat(newer, h)").replace("W = 8", "W = 2 * 4");
    assert_ne!(text, other);
    folder.write("other.seg", &other);
    assert_snapshot!(folder.diff(&["small_090.seg", "other.seg", "--exit-code"]));
}

#[test]
fn an_edited_member_is_no_longer_one() {
    let folder = Folder::new();
    let other = folder.read("small_090.seg").replace("const W = 8", "const W = 12");
    folder.write("wide.seg", &other);
    assert_snapshot!(folder.diff(&["small_090.seg", "wide.seg"]));
}

#[test]
fn a_member_without_a_header_is_found() {
    let folder = Folder::new();
    let bare: Vec<_> = folder
        .read("small_199.seg")
        .lines()
        .filter(|l| !l.starts_with("//!"))
        .map(str::to_owned)
        .collect();
    folder.write("bare.seg", &bare.join("\n"));
    let found = folder.diff(&["bare.seg", "small.seg"]);
    // Of the members that are this network, the first.
    assert!(found.contains("small, member 189 of small.seg"), "{found}");
}

#[test]
fn a_space_is_taken_as_its_member_was_made() {
    let folder = Folder::new();
    folder.member(&["--from", "7", "--set", "W=16"]);
    let found = folder.diff(&["small.seg", "small_007.seg"]);
    assert!(found.contains("small, member 7 of small.seg"), "{found}");
}

#[test]
fn of_networks_that_share_decisions_the_members_is_compared() {
    let folder = Folder::new();
    let searched =
        "net searched(image) {\n  out image > cbr(3, 4) > choose { a = cbr(3)  b = same }\n}\n";
    folder.write("two.seg", &(folder.read("small.seg") + searched));
    folder
        .segc(&["enumerate", "two.seg", "-n", "1", "--net", "small", "-o", "two"])
        .assert()
        .success();
    let found = folder.diff(&["two.seg", "two/small_000.seg"]);
    assert!(found.contains("two.seg            small, a space"), "{found}");
    assert!(found.contains("small, member 0 of two.seg"), "{found}");
}

#[test]
fn two_spaces_differ_by_what_may_be_decided() {
    let folder = Folder::new();
    let other = folder.read("small.seg").replace("layers 3", "layers 4").replace("  skip\n", "");
    let other = other.replace("choose { point = cbr(1, W)  wide = cbr(3, W) }", "cbr(1, W)");
    folder.write("other.seg", &other.replace(", skip,", ","));
    assert_snapshot!(folder.diff(&["small.seg", "other.seg"]));
    assert!(folder.diff(&["small.seg", "small.seg"]).contains("no difference was found"));
}

#[test]
fn networks_of_different_origin_differ_by_parts() {
    let args = [
        "diff",
        "specs/published/fasterseg_student.seg",
        "specs/published/fasterseg_teacher.seg",
        "--input",
        "256x512",
    ];
    assert_snapshot!(outcome(&mut segc(&args)));
}

#[test]
fn the_exit_code_tells_who_asks() {
    let folder = Folder::new();
    let code = |args: &[&str]| folder.segc(&[&["diff"], args].concat()).output().expect("it runs");
    let differ = ["small_090.seg", "small_199.seg"];
    assert_eq!(code(&differ).status.code(), Some(0));
    assert_eq!(code(&[&differ[..], &["--exit-code"]].concat()).status.code(), Some(1));
    assert_eq!(code(&["small_090.seg", "small_090.seg", "--exit-code"]).status.code(), Some(0));
    assert_eq!(code(&["small_090.seg", "nothing.seg"]).status.code(), Some(2));
    assert_eq!(code(&["-", "-"]).status.code(), Some(2));
}
