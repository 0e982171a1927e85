//! Every `seg` block of the documentation is read and judged.
//!
//! The words behind ```` ```seg ```` say what a block is:
//!
//! - nothing: a whole file, with a network in it;
//! - `body`: statements of a network over `image`, with `std.ops` at hand;
//! - `plan`: blocks of plans for the file that [`PLANNED`] is;
//! - `error=E0402`: it has exactly this mistake, else it must have none;
//! - `count=6/4/3`: it has so many assignments, active members, distinct members;
//!   `?` where the number is not known.

use segc::diag::{Sink, Style, render};
use segc::ir::counts;
use segc::sema::{self, Space};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

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

/// All `seg` blocks of the documentation.
fn blocks() -> Vec<Block> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![root.join("README.md"), root.join("ARCHITECTURE.md")];
    let docs = fs::read_dir(root.join("docs")).expect("docs/ is there");
    files.extend(docs.map(|entry| entry.expect("docs/ can be listed").path()));
    files.sort();
    let mut out = Vec::new();
    for file in files.iter().filter(|f| f.extension().is_some_and(|e| e == "md")) {
        let Ok(text) = fs::read_to_string(file) else { continue };
        let name = file.strip_prefix(root).unwrap_or(file).display().to_string();
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
    let (mut error, mut count, mut whole) = (None, None, true);
    let mut wrapped = format!("{text}\n");
    for word in info.split_whitespace() {
        match word.split_once('=') {
            Some(("error", code)) => error = Some(code.to_owned()),
            Some(("count", wanted)) => count = Some(wanted.to_owned()),
            None if word == "body" => {
                wrapped = format!("use std.ops.*\nnet example(image) {{\n{text}\n}}\n");
                whole = false;
            }
            None if word == "plan" => wrapped = format!("{PLANNED}{text}\n"),
            _ => panic!("{at}: `{word}` is not known behind ```seg"),
        }
    }
    Block { at, text: wrapped, whole, error, count }
}
