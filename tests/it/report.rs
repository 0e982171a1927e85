//! `segc report` over runs that were recorded: `tests/fixtures/report/make.sh` made them.

use crate::support::root;
use assert_cmd::Command;
use scraper::{ElementRef, Html, Node, Selector};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn segc() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_segc"));
    command.current_dir(root());
    command
}

fn fixture(name: &str) -> PathBuf {
    Path::new("tests/fixtures/report").join(name)
}

fn page(run: &Path) -> String {
    let output = segc().arg("report").arg(run).args(["-o", "-"]).output().expect("segc runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("a page is text")
}

/// A run of one's own, to be changed.
fn copied(name: &str) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a folder");
    let run = dir.path().join(name);
    copy(&root().join(fixture(name)), &run);
    (dir, run)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("it is there") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        match path.is_dir() {
            true => copy(&path, &target),
            false => drop(fs::copy(&path, &target).expect("it can be copied")),
        }
    }
}

/// What a run's report fails with; nothing may be written then.
fn refused(run: &Path) -> String {
    let output = segc().arg("report").arg(run).output().expect("segc runs");
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(!run.join("report.html").exists());
    String::from_utf8(output.stderr).expect("text")
}

fn select<'a>(html: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    html.select(&Selector::parse(selector).expect("a selector")).collect()
}

fn words(element: ElementRef<'_>) -> String {
    element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Headings, tiles, charts by what they say, tables by their heads and first columns.
fn outline(html: &Html) -> String {
    let mut out = String::new();
    let wanted =
        "h1, h2, h3, h4, .tiles dt, nav a, figure > svg, th, td:first-child, img, summary, pre";
    for element in select(html, wanted) {
        let name = element.value().name();
        let said = match name {
            "svg" => element.value().attr("aria-label").unwrap_or_default().to_owned(),
            "img" => element.value().attr("alt").unwrap_or_default().to_owned(),
            "pre" => format!("{} lines", element.text().collect::<String>().lines().count()),
            _ => words(element),
        };
        let _ = writeln!(out, "{name:<4} {said}");
    }
    out
}

#[test]
fn a_search_is_told_from_its_curves_to_its_machine() {
    let text = page(&fixture("search"));
    insta::assert_snapshot!("report_search", outline(&Html::parse_document(&text)));
}

#[test]
fn a_training_is_told_with_its_classes() {
    let text = page(&fixture("train"));
    insta::assert_snapshot!("report_train", outline(&Html::parse_document(&text)));
}

#[test]
fn a_page_is_well_formed_and_needs_nothing_else() {
    for run in ["search", "train"] {
        let text = page(&fixture(run));
        let html = Html::parse_document(&text);
        assert!(html.errors.is_empty(), "{run}: {:?}", html.errors);
        assert!(select(&html, "script, iframe, object, embed, base").is_empty(), "{run}");
        for element in html.tree.values().filter_map(Node::as_element) {
            for (name, value) in element.attrs() {
                let inner = value.starts_with('#') || value.starts_with("data:");
                assert!(
                    !["src", "href", "srcset", "xlink:href"].contains(&name) || inner,
                    "{value}"
                );
                assert!(!name.starts_with("on"), "{run}: {name} is a script");
                assert!(!value.contains("url(") || value.contains("url(#"), "{value}");
            }
        }
        for style in select(&html, "style").into_iter().map(words) {
            assert!(!style.contains("url(") && !style.contains("@import"), "{style}");
        }
        // The pictures are XML by themselves, too.
        let pictures = text.match_indices("<svg").map(|(at, _)| {
            let end = text[at..].find("</svg>").expect("it ends");
            &text[at..at + end + "</svg>".len()]
        });
        for picture in pictures {
            let parsed = roxmltree::Document::parse(picture);
            assert!(parsed.is_ok(), "{:?}: {picture}", parsed.err());
            assert!(!picture.contains("NaN") && !picture.contains("inf"), "{picture}");
        }
    }
}

#[test]
fn places_within_a_page_are_there_and_ids_are_unique() {
    let html = Html::parse_document(&page(&fixture("search")));
    let mut ids: Vec<&str> = select(&html, "[id]").iter().filter_map(|e| e.attr("id")).collect();
    for link in select(&html, "a[href]") {
        let to = link.attr("href").and_then(|href| href.strip_prefix('#')).expect("a place here");
        assert!(ids.contains(&to), "{to}");
    }
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(all, ids.len());
}

#[test]
fn the_page_lies_in_the_run_and_is_the_same_again() {
    let (_dir, run) = copied("search");
    segc().arg("report").arg(&run).assert().success();
    let first = fs::read(run.join("report.html")).expect("it was written");
    segc().arg("report").arg(&run).assert().success();
    assert_eq!(first, fs::read(run.join("report.html")).expect("it was written again"));
}

#[test]
fn a_search_that_compared_nothing_shows_what_its_winner_sees() {
    let (_dir, run) = copied("search");
    fs::rename(run.join("against/found/examples"), run.join("examples")).expect("it is moved");
    fs::remove_dir_all(run.join("against")).expect("a folder");
    fs::remove_file(run.join("against.json")).expect("a file");
    let html = Html::parse_document(&page(&run));
    let section = select(&html, "#examples");
    let said = words(*section.first().expect("a section"));
    assert!(said.contains("with the weights that it has from the search"), "{said}");
    assert_eq!(select(&html, "#examples img").len(), 12);
}

#[test]
fn a_search_that_is_not_finished_shows_what_there_is() {
    let (_dir, run) = copied("search");
    for file in ["arch.seg", "against.json", "times.jsonl"] {
        fs::remove_file(run.join(file)).expect("it was there");
    }
    fs::remove_dir_all(run.join("against")).expect("it was there");
    let log = fs::read_to_string(run.join("metrics.jsonl")).expect("a log");
    let (first, _) = log.split_once("\"kind\":\"epoch\"").expect("an epoch ended");
    // Killed within its second epoch, in the midst of a line.
    let cut = first.len() + log[first.len()..].find('\n').expect("a line") + 30;
    fs::write(run.join("metrics.jsonl"), &log[..cut]).expect("written");
    let html = Html::parse_document(&page(&run));
    let (badge, lead) = (select(&html, ".badge"), select(&html, ".lead"));
    assert_eq!(words(badge[0]), "not finished");
    let lead = words(lead[0]);
    assert!(lead.contains("1 of 3 epochs") && lead.contains("ends within a line"), "{lead}");
    assert!(!select(&html, "#decisions, #spec, #network").is_empty());
}

#[test]
fn a_search_without_a_checkpoint_has_a_page() {
    let (_dir, run) = copied("search");
    for file in ["arch.seg", "checkpoint.json", "metrics.jsonl", "times.jsonl", "against.json"] {
        fs::remove_file(run.join(file)).expect("it was there");
    }
    fs::remove_dir_all(run.join("against")).expect("it was there");
    let html = Html::parse_document(&page(&run));
    let said = words(select(&html, "#curves")[0]);
    assert!(said.contains("Nothing was logged yet"), "{said}");
    assert!(select(&html, "#decisions, #spec").is_empty());
}

#[test]
fn folders_that_hold_no_run_are_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let said = refused(dir.path());
    assert!(said.contains("holds no run") && said.contains("help:"), "{said}");
}

#[test]
fn a_damaged_log_is_named_with_its_line() {
    let (_dir, run) = copied("train");
    let log = fs::read_to_string(run.join("metrics.jsonl")).expect("a log");
    let mut lines: Vec<&str> = log.lines().collect();
    lines[1] = &lines[1][..10];
    fs::write(run.join("metrics.jsonl"), lines.join("\n") + "\n").expect("written");
    let said = refused(&run);
    assert!(said.contains("line 2 of") && said.contains("metrics.jsonl"), "{said}");
    assert!(said.contains("--resume"), "{said}");
}

#[test]
fn runs_of_another_version_are_refused() {
    let (_dir, run) = copied("train");
    let manifest = fs::read_to_string(run.join("run.json")).expect("a manifest");
    let other = manifest.replace("segc.run/1", "segc.run/9");
    fs::write(run.join("run.json"), other).expect("written");
    let said = refused(&run);
    assert!(said.contains("segc.run/9") && said.contains("segc.run/1"), "{said}");
    fs::write(run.join("run.json"), &manifest[..40]).expect("written");
    let said = refused(&run);
    assert!(said.contains("run.json") && said.contains("damaged"), "{said}");
}
