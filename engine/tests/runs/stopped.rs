//! Ctrl-C, and a second process in a folder that is in use.

use crate::support::{Place, fixture, text};
use std::process::Output;

/// Ends a command by Ctrl-C once something is so.
fn interrupted(place: &Place, args: &[&str], so: impl Fn() -> bool) -> Output {
    let mut running = place.start(args);
    running.until_it_listens();
    assert!(running.until(so), "{args:?} ended by itself");
    running.interrupt();
    running.output()
}

fn lines(place: &Place) -> usize {
    std::fs::read_to_string(place.path("run/metrics.jsonl")).map_or(0, |text| text.lines().count())
}

/// Whether a name is that of a file, or a folder, that was being written.
fn half_written(place: &Place) -> Vec<String> {
    let mut names: Vec<String> = place.files().into_keys().collect();
    let half = |name: &String| name.split('/').any(|part| part.starts_with('.'));
    names.retain(half);
    names
}

#[test]
fn a_run_ends_at_its_next_step_with_a_checkpoint() {
    for kind in ["search", "train"] {
        let place = Place::new();
        let spec = fixture(&format!("{kind}.seg"));
        let args = [kind, &spec, "--out", "run", "--threads", "1"];
        let output = interrupted(&place, &args, || place.path(".scenes.drawing").exists());
        assert_eq!(output.status.code(), Some(130), "{}", text(&output));
        assert!(place.files().is_empty(), "scenes that were not all drawn are gone");

        let output = interrupted(&place, &args, || lines(&place) >= 20);
        assert_eq!(output.status.code(), Some(130), "{}", text(&output));
        assert!(text(&output).contains("stopped; go on with `--resume`"), "{}", text(&output));
        let head = std::fs::read(place.path("run/checkpoint.json")).expect("a checkpoint");
        let head: serde_json::Value = serde_json::from_slice(&head).expect("whole");
        let state = if kind == "search" { &head["state"]["search"] } else { &head["state"] };
        let (done, told) = (state["step"].as_u64().expect("a number"), lines(&place) as u64);
        // A step is in the checkpoint as soon as it is in the log.
        assert!(done >= 20 && done == told, "{done} steps are saved of {told}");
        assert_eq!(half_written(&place), Vec::<String>::new());

        let again = place.run(&args);
        assert_eq!(again.status.code(), Some(2), "{}", text(&again));
        assert!(text(&again).contains("go on with it: `--resume`"), "{}", text(&again));
        place.succeed(&[&args[..], &["--resume"]].concat());
    }
}

#[test]
fn judging_and_looking_end_soon_and_leave_nothing_half_written() {
    let place = Place::new();
    let spec = fixture("train.seg");
    place.succeed(&["train", &spec, "--out", "run", "--threads", "1"]);
    let weights = ["--weights", "run/weights.safetensors", "--threads", "1"];
    let eval = [&["eval", &spec, "--split", "train"], &weights[..]].concat();
    let output = interrupted(&place, &eval, || true);
    assert_eq!(output.status.code(), Some(130), "{}", text(&output));
    assert!(output.stdout.is_empty(), "{}", text(&output));

    // Many views, so that there is time to press.
    let views = ["--scales", "0.5,1,1.5,2", "--flip"];
    let infer = ["infer", &spec, "scenes/leftImg8bit/train", "-o", "seen"];
    let infer = [&infer, &views[..], &weights].concat();
    let first = place.path("seen/synth/synth_000000_leftImg8bit_overlay.png");
    let output = interrupted(&place, &infer, || first.exists());
    assert_eq!(output.status.code(), Some(130), "{}", text(&output));
    let seen = place.files().into_keys().filter(|name| name.starts_with("seen/")).count();
    assert!((3..180).contains(&seen) && seen.is_multiple_of(3), "{seen} files");
    assert_eq!(half_written(&place), Vec::<String>::new());
}

#[test]
fn a_second_process_is_refused() {
    for kind in ["search", "train"] {
        let place = Place::new();
        let spec = fixture(&format!("{kind}.seg"));
        let args = [kind, &spec, "--out", "run", "--resume", "--threads", "1"];
        let mut first = place.start(&args);
        assert!(first.until(|| lines(&place) > 0));
        let second = place.run(&args);
        assert_eq!(second.status.code(), Some(2), "{}", text(&second));
        assert!(text(&second).contains("`run` is in use: another process"), "{}", text(&second));
        assert!(text(&second).contains("wait until it has ended"), "{}", text(&second));
        let first = first.output();
        assert!(first.status.success(), "{}", text(&first));
    }
}
