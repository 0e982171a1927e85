//! The layers of `ARCHITECTURE.md`, enforced: a module imports only from those above it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The modules of the front end, the lowest layer first, each with what it may import. A
/// module's own parts always may.
const LAYERS: &[(&str, &[&str])] = &[
    ("maps", &[]),
    ("source", &[]),
    ("system", &[]),
    ("threads", &[]),
    ("diag", &["maps", "source"]),
    ("stdlib", &[]),
    ("syntax", &["source", "diag"]),
    ("ir", &["maps", "source"]),
    ("cost", &["maps", "source", "threads", "ir"]),
    ("decode", &["source", "ir"]),
    ("supernet", &["maps", "ir", "cost"]),
    ("search", &["ir", "decode", "supernet"]),
    ("data", &["maps", "system"]),
    ("chart", &[]),
    // Plans are resolved to the plain data of those who follow them.
    (
        "sema",
        &[
            "maps", "source", "threads", "diag", "stdlib", "syntax", "ir", "decode", "search",
            "data",
        ],
    ),
    ("emit", &["maps", "source", "diag", "syntax", "ir", "cost", "sema"]),
    (
        "run",
        &[
            "source", "system", "diag", "stdlib", "syntax", "ir", "decode", "search", "data",
            "sema", "emit",
        ],
    ),
    ("forecast", &["source", "ir", "cost", "supernet", "search", "data", "sema"]),
    (
        "cli",
        &[
            "maps", "source", "system", "threads", "diag", "stdlib", "syntax", "ir", "cost",
            "decode", "supernet", "search", "data", "chart", "sema", "emit", "run", "forecast",
        ],
    ),
];

/// Where libtorch may be named: in the engine, which the front end does not link to.
const TORCH: &str = "engine/src";

/// The names that belong to `specs/` and `stdlib/`.
const PAPERS: &[&str] = &["deeplab", "rtnet", "fasterseg", "rtseg", "nekrasov"];

/// The most lines of a file.
const MOST_LINES: usize = 600;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Rust files below a folder, relative to the repository, in order.
pub(crate) fn files(folder: &str) -> Vec<(String, String)> {
    let mut found = BTreeSet::new();
    let mut queue: Vec<PathBuf> = vec![root().join(folder)];
    while let Some(dir) = queue.pop() {
        for entry in fs::read_dir(dir).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            match path.extension() {
                _ if path.is_dir() => queue.push(path),
                Some(ending) if ending == "rs" => drop(found.insert(path)),
                _ => {}
            }
        }
    }
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a source file");
        let name = path.strip_prefix(root()).expect("it lies here");
        (name.display().to_string(), text)
    };
    found.into_iter().map(read).collect()
}

/// Lines of code: what is behind `//` is left out.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(|line| line.split("//").next().unwrap_or_default())
}

/// The names that follow `path` in a line: `crate::ir::x` gives `ir`.
fn after<'a>(line: &'a str, path: &str) -> Vec<&'a str> {
    let rest = line.match_indices(path).filter(|(at, _)| {
        let before = line[..*at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
    });
    let name = |(at, _): (usize, &str)| {
        let tail = &line[at + path.len()..];
        let end = tail.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(tail.len());
        &tail[..end]
    };
    rest.map(name).collect()
}

#[test]
fn modules_import_only_from_layers_above_them() {
    let mut wrong = Vec::new();
    for (file, text) in files("src") {
        let module = file["src/".len()..].split(['/', '.']).next().unwrap_or_default();
        if module == "lib" || module == "main" {
            continue;
        }
        let layer = LAYERS.iter().find(|(name, _)| *name == module);
        let Some((_, allowed)) = layer else {
            wrong.push(format!("{file}: `{module}` is in no layer"));
            continue;
        };
        for line in code(&text) {
            for used in after(line, "crate::") {
                if !used.is_empty() && used != module && !allowed.contains(&used) {
                    wrong.push(format!("{file}: `{module}` may not import `{used}`"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_layer_imports_from_above_only() {
    for (i, (module, allowed)) in LAYERS.iter().enumerate() {
        for above in *allowed {
            let at = LAYERS.iter().position(|(name, _)| name == above);
            assert!(at.is_some_and(|at| at < i), "`{above}` is not above `{module}`");
        }
    }
}

#[test]
fn libtorch_is_named_by_the_engine_only() {
    for folder in ["src", "engine/src"] {
        for (file, text) in files(folder) {
            let names = code(&text).any(|line| !after(line, "tch::").is_empty());
            assert!(file.starts_with(TORCH) || !names, "{file} names `tch`");
        }
    }
}

#[test]
fn no_paper_is_named_outside_comments() {
    for folder in ["src", "engine/src"] {
        for (file, text) in files(folder) {
            // Tests may speak of the specs that are shipped.
            let until = text.find("#[cfg(test)]").unwrap_or(text.len());
            let program = if file.contains("/tests") { "" } else { &text[..until] };
            for line in code(program) {
                let line = line.to_lowercase().replace('_', "");
                let named = PAPERS.iter().find(|paper| line.contains(**paper));
                assert!(named.is_none(), "{file} names a paper: {line}");
            }
        }
    }
}

#[test]
fn files_say_what_they_are_and_are_short() {
    let mut wrong = Vec::new();
    for folder in ["src", "engine/src", "tests"] {
        for (file, text) in files(folder) {
            if !text.starts_with("//!") {
                wrong.push(format!("{file} does not begin with `//!`"));
            }
            let lines = text.lines().count();
            if lines > MOST_LINES {
                wrong.push(format!("{file} has {lines} lines, more than {MOST_LINES}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
