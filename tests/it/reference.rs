//! `docs/cli.md` lists what the program takes, and `docs/json.md` what it prints.

use clap::{Arg, Command, CommandFactory};
use segc::cli::Cli;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// From here on the reference is made.
const MADE: &str = "<!-- Below: made";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn reference_of_commands_is_current() {
    let path = root().join("docs/cli.md");
    let text = fs::read_to_string(&path).expect("the reference");
    let at = text.find(MADE).expect("the mark below which the reference is made");
    let line = text[at..].lines().next().unwrap_or_default();
    let new = format!("{}{line}\n{}", &text[..at], commands());
    if std::env::var_os("SEGC_BLESS").is_some() {
        fs::write(&path, new).expect("the reference can be written");
    } else {
        assert!(new == text, "run `SEGC_BLESS=1 cargo test -p segc --test it reference`");
    }
}

fn commands() -> String {
    let mut root = Cli::command();
    root.build();
    let mut out = String::new();
    describe(&root, "segc", &mut out);
    for command in root.get_subcommands().filter(|c| c.get_name() != "help") {
        describe(command, &format!("segc {}", command.get_name()), &mut out);
        for inner in command.get_subcommands().filter(|c| c.get_name() != "help") {
            let name = format!("segc {} {}", command.get_name(), inner.get_name());
            describe(inner, &name, &mut out);
        }
    }
    out
}

fn describe(command: &Command, name: &str, out: &mut String) {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let _ = writeln!(out, "\n### {name}\n\n{}.", about.trim_end_matches('.'));
    let top = name == "segc";
    // What every command takes is listed once.
    let args = command.get_arguments().filter(|a| {
        let id = a.get_id().as_str();
        id != "help" && (top || !matches!(id, "color" | "verbose"))
    });
    let rows: Vec<String> = args.map(row).collect();
    if !rows.is_empty() {
        let _ = writeln!(out, "\n| argument | |\n|---|---|\n{}", rows.join("\n"));
    }
}

fn row(arg: &Arg) -> String {
    let values = arg.get_value_names().unwrap_or_default();
    let takes = arg.get_action().takes_values();
    let value = values.first().filter(|_| takes).map(ToString::to_string).unwrap_or_default();
    let short = arg.get_short().map(|c| format!("-{c}"));
    let long = arg.get_long().map(|l| format!("--{l}"));
    let flags: Vec<String> = short.into_iter().chain(long).collect();
    let name = match flags.is_empty() {
        true => value,
        false => format!("{} {value}", flags.join(", ")).trim_end().to_owned(),
    };
    let mut text = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let possible: Vec<String> = arg
        .get_possible_values()
        .iter()
        .filter(|_| takes)
        .map(|p| format!("`{}`", p.get_name()))
        .collect();
    if !possible.is_empty() {
        let _ = write!(text, ": {}", possible.join(", "));
    }
    let default = arg.get_default_values().iter().filter(|_| takes);
    for value in default {
        let _ = write!(text, "; `{}` by default", value.to_string_lossy());
    }
    format!("| `{name}` | {} |", text.replace('|', "\\|"))
}

#[test]
fn every_schema_is_described_and_every_described_one_is_printed() {
    let text = fs::read_to_string(root().join("docs/json.md")).expect("the schemas");
    let headings = text.lines().filter_map(|line| line.strip_prefix("## segc."));
    let described: BTreeSet<String> = headings.map(|name| format!("segc.{name}")).collect();
    let mut printed = BTreeSet::new();
    let sources = super::layering::files("src").into_iter();
    for (_, source) in sources.chain(super::layering::files("engine/src")) {
        for (at, _) in source.match_indices("\"segc.") {
            let name = source[at + 1..].split('"').next().unwrap_or_default();
            printed.extend(name.contains('/').then(|| name.to_owned()));
        }
    }
    assert_eq!(described, printed);
}
