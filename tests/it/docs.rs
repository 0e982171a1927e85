//! Every `seg` block of the documentation is read and judged, and every `console` block is what
//! the command prints; with `SEGC_BLESS=1` it is written anew.
//!
//! The words behind ```` ```seg ```` say what a block is:
//!
//! - nothing: a whole file, with a network in it;
//! - `body`: statements of a network over `image`, with `std.ops` at hand;
//! - `plan`: blocks of plans for the file that [`PLANNED`] is;
//! - `error=E0402`: it has exactly this mistake, else it must have none;
//! - `count=6/4/3`: it has so many assignments, active members, distinct members;
//!   `?` where the number is not known;
//! - `from=specs/a.seg`: its lines are lines of that file, in this order.

use clap::Parser;
use segc::cli::Cli;
use segc::diag::{Sink, Style, render};
use segc::ir::counts;
use segc::sema::{self, Space};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What `plan` blocks speak of.
const PLANNED: &str = "
use std.ops.{cbr, zero}
net searched(image) { out image > cbr(3, 8) > choose { small = cbr(1)  none = zero } > conv(1, 19) }
net final(image) { out image > cbr(3, 8) > conv(1, 19) }
";

/// A block and what is promised of it.
struct Block {
    /// File and line of its fence.
    at: String,
    text: String,
    whole: bool,
    error: Option<String>,
    count: Option<String>,
    from: Option<String>,
}

#[test]
fn every_example_is_as_the_text_says() {
    let mut wrong = String::new();
    let blocks = blocks();
    assert!(blocks.len() > 20, "only {} examples were found", blocks.len());
    for block in blocks {
        if let Err(why) = judge(&block) {
            let _ = writeln!(wrong, "{}: {why}", block.at);
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

fn judge(block: &Block) -> Result<(), String> {
    match &block.from {
        Some(path) => excerpt(&block.text, path),
        None => compiles(block),
    }
}

fn excerpt(text: &str, path: &str) -> Result<(), String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let whole = fs::read_to_string(&path).map_err(|e| e.to_string())?;
    let mut lines = whole.lines();
    match text.lines().find(|line| !lines.any(|l| l == *line)) {
        Some(line) => Err(format!("`{line}` is not in {} there", path.display())),
        None => Ok(()),
    }
}

fn compiles(block: &Block) -> Result<(), String> {
    let mut diags = Sink::default();
    let program = sema::load(&block.at, None, &block.text, &[], &mut diags);
    let space = sema::analyse(&program, &mut diags);
    let diags = diags.finish();
    let codes: Vec<&str> = diags.iter().map(|d| d.code).collect();
    let wanted: Vec<&str> = block.error.iter().map(String::as_str).collect();
    if codes != wanted {
        let style = Style { width: 80, colour: false };
        let shown = render(&diags, &program.sources, style);
        return Err(format!("expected {wanted:?}, found {codes:?}\n{shown}"));
    }
    if block.whole && space.nets.is_empty() && codes.is_empty() {
        return Err("without a network little is checked".to_owned());
    }
    match &block.count {
        Some(wanted) => check_count(&space, wanted),
        None => Ok(()),
    }
}

fn check_count(space: &Space, wanted: &str) -> Result<(), String> {
    let (_, net) = space.nets.last().ok_or("nothing to count")?;
    let counts = counts(space.decisions(), &net.graph).whole;
    let show = |c: &segc::ir::Count| c.exact().map_or("unknown".to_owned(), ToString::to_string);
    let found = [counts.assignments.to_string(), show(&counts.active), show(&counts.distinct)];
    let wanted: Vec<&str> = wanted.split('/').collect();
    let same = |(found, wanted): (&String, &&str)| *wanted == "?" || found == wanted;
    match wanted.len() == 3 && found.iter().zip(&wanted).all(same) {
        true => Ok(()),
        false => Err(format!("counts are {}, not {}", found.join("/"), wanted.join("/"))),
    }
}

/// What the guide says to type is what the program takes.
#[test]
fn the_commands_of_the_guide_are_commands() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide.md"))
        .expect("it is there");
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("segc ")).collect();
    assert!(lines.len() >= 12, "{lines:?}");
    for line in lines {
        let parsed = Cli::try_parse_from(line.split_whitespace());
        assert!(
            parsed.is_ok(),
            "{line}\n{}",
            parsed.err().map_or_else(String::new, |e| e.to_string())
        );
    }
}

#[test]
fn every_console_block_is_what_the_command_prints() {
    for file in files() {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        let new = with_output(&text);
        if std::env::var_os("SEGC_BLESS").is_some() {
            fs::write(&file, new).expect("the documentation can be written");
        } else {
            let help =
                "run `SEGC_BLESS=1 cargo test -p segc --test it docs`, look at the difference";
            assert!(new == text, "{} shows other output: {help}\n{new}", file.display());
        }
    }
}

/// The text with what follows the first line of each `console` block printed by that command.
fn with_output(text: &str) -> String {
    let (mut out, mut lines) = (String::new(), text.lines());
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        if line != "```console" {
            continue;
        }
        let command = lines.next().unwrap_or_default();
        let _ = writeln!(out, "{command}\n{}\n```", printed(command));
        lines.by_ref().take_while(|l| !l.starts_with("```")).for_each(drop);
    }
    out
}

fn printed(command: &str) -> String {
    let args = command.strip_prefix("$ segc ").expect("a console block runs segc");
    let run = Command::new(env!("CARGO_BIN_EXE_segc"))
        .args(args.split_whitespace())
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("segc runs");
    let shown = String::from_utf8(run.stdout).expect("it prints text");
    let lines: Vec<&str> = shown.lines().map(str::trim_end).collect();
    lines.join("\n").trim_end().to_owned()
}

#[test]
fn the_picture_is_what_graph_draws() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/img/quickstart.svg");
    let new = printed("$ segc graph specs/quickstart.seg --format svg -o -") + "\n";
    if std::env::var_os("SEGC_BLESS").is_some() {
        fs::write(&path, new).expect("the picture can be written");
        return;
    }
    let old = fs::read_to_string(&path).expect("the picture is there");
    assert!(
        old == new,
        "run `SEGC_BLESS=1 cargo test -p segc --test it docs`, look at the picture"
    );
}

/// The files of the documentation.
fn files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = fs::read_dir(root.join("docs")).expect("docs/ is there");
    let docs = docs.map(|entry| entry.expect("docs/ can be listed").path());
    let mut files = vec![root.join("README.md"), root.join("ARCHITECTURE.md")];
    files.extend(docs.filter(|f| f.extension().is_some_and(|e| e == "md")));
    files.sort();
    files
}

/// All `seg` blocks of the documentation.
fn blocks() -> Vec<Block> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut out = Vec::new();
    for file in files() {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        let name = file.strip_prefix(root).unwrap_or(&file).display().to_string();
        out.extend(blocks_of(&name, &text));
    }
    out
}

fn blocks_of(file: &str, text: &str) -> Vec<Block> {
    let mut out = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((n, line)) = lines.next() {
        let Some(info) = line.strip_prefix("```seg") else { continue };
        let body: Vec<&str> =
            lines.by_ref().map(|(_, l)| l).take_while(|l| !l.starts_with("```")).collect();
        out.push(block(format!("{file}:{}", n + 1), info, &body.join("\n")));
    }
    out
}

fn block(at: String, info: &str, text: &str) -> Block {
    let (mut error, mut count, mut from, mut whole) = (None, None, None, true);
    let mut wrapped = format!("{text}\n");
    for word in info.split_whitespace() {
        match word.split_once('=') {
            Some(("error", code)) => error = Some(code.to_owned()),
            Some(("count", wanted)) => count = Some(wanted.to_owned()),
            Some(("from", path)) => from = Some(path.to_owned()),
            None if word == "body" => {
                wrapped = format!("use std.ops.*\nnet example(image) {{\n{text}\n}}\n");
                whole = false;
            }
            None if word == "plan" => wrapped = format!("{PLANNED}{text}\n"),
            _ => panic!("{at}: `{word}` is not known behind ```seg"),
        }
    }
    Block { at, text: wrapped, whole, error, count, from }
}
