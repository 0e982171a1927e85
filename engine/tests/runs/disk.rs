//! Disks that are full, or where nothing can be written. Both are mounted for the test, which takes a
//! system that lets it; where it does not, the test says so and is passed over.

use crate::support::{Place, fixture, text};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Something mounted, as long as this lives.
struct Mount(PathBuf);

impl Mount {
    /// Mounts with these arguments; says why not.
    fn new(at: &Path, args: &[&str]) -> Option<Mount> {
        std::fs::create_dir_all(at).expect("room");
        let tried = Command::new("mount").args(args).arg(at).output();
        match tried {
            Ok(output) if output.status.success() => Some(Mount(at.to_path_buf())),
            why => {
                eprintln!("PASSED OVER: this system does not let a test mount a disk: {why:?}");
                None
            }
        }
    }

    fn change(&self, options: &str) {
        let remount = format!("remount,{options}");
        let done = Command::new("mount").args(["-o", &remount]).arg(&self.0).status();
        assert!(done.expect("there is `mount`").success());
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

fn half_written(run: &Path) -> Vec<String> {
    let names = run.read_dir().expect("a run").map(|entry| entry.expect("an entry").file_name());
    names.map(|name| name.to_string_lossy().into_owned()).filter(|n| n.starts_with('.')).collect()
}

#[test]
fn a_run_on_a_full_disk_is_told_and_goes_on_when_there_is_room() {
    for kind in ["search", "train"] {
        let (place, whole) = (Place::new(), Place::new());
        let spec = fixture(&format!("{kind}.seg"));
        let Some(disk) =
            Mount::new(&place.path("disk"), &["-t", "tmpfs", "-o", "size=48k", "small"])
        else {
            return;
        };
        let args =
            |run| [kind, &spec, "--out", run, "--resume", "--threads", "1"].map(String::from);
        let run = |place: &Place, run: &'static str| {
            let args = args(run);
            place.run(&args.each_ref().map(String::as_str))
        };
        let output = run(&place, "disk/run");
        let said = text(&output);
        println!("{said}");
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("cannot write `disk/run/"), "{said}");
        assert!(said.contains("the disk is full") && said.contains("--resume"), "{said}");
        assert_eq!(half_written(&place.path("disk/run")), Vec::<String>::new());
        disk.change("size=4m");
        let output = run(&place, "disk/run");
        assert!(output.status.success(), "{}", text(&output));
        let output = run(&whole, "run");
        assert!(output.status.success(), "{}", text(&output));
        for (name, bytes) in whole.timeless() {
            if let Some(name) = name.strip_prefix("run/") {
                let found = std::fs::read(place.path("disk/run").join(name)).expect("it is there");
                assert!(found == bytes, "{kind}: {name} differs");
            }
        }
    }
}

#[test]
fn scenes_that_find_no_room_leave_nothing() {
    let place = Place::new();
    let small = ["-t", "tmpfs", "-o", "size=128k", "small"];
    let Some(_disk) = Mount::new(&place.path("disk"), &small) else { return };
    let text_of = std::fs::read_to_string(fixture("train.seg")).expect("a spec");
    std::fs::write(place.path("t.seg"), text_of.replace("\"scenes\"", "\"disk/scenes\""))
        .expect("room");
    let output = place.run(&["train", "t.seg", "--out", "run", "--threads", "1"]);
    let said = text(&output);
    println!("{said}");
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("the disk is full") && said.contains("help: make room"), "{said}");
    assert_eq!(place.path("disk").read_dir().expect("a folder").count(), 0);
    assert!(!place.path("run").exists());
}

#[test]
fn a_run_where_nothing_can_be_written_is_refused_before_it_begins() {
    let place = Place::new();
    let spec = fixture("train.seg");
    place.succeed(&["train", &spec, "--out", "disk/run", "--threads", "1"]);
    let disk = place.path("disk");
    let own = disk.display().to_string();
    let Some(mount) = Mount::new(&disk, &["--bind", &own]) else { return };
    mount.change("bind,ro");
    for args in [["--out", "disk/run", "--resume"], ["--out", "disk/other", "--seed=1"]] {
        let output = place.run(&[&["train", &spec, "--threads", "1"][..], &args].concat());
        let said = text(&output);
        println!("{said}");
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("`disk/") && said.contains("nothing can be written"), "{said}");
        assert!(said.contains("help:"), "{said}");
    }
}
