//! `docs/stdlib.md` is what the standard library says of itself, and what its items cost.
//!
//! With `SEGC_BLESS=1` the file is written instead of compared. An item is applied with arguments
//! made up from its parameters, unless its documentation has a line ``Example: `…` ``.

use segc::cli::number::grouped;
use segc::cost::{self, Question};
use segc::diag::{Severity, Sink};
use segc::ir::Size;
use segc::sema;
use segc::source::{FileId, SourceFile, Sources};
use segc::stdlib;
use segc::syntax::{self, ast};
use std::fmt::Write as _;
use std::path::Path;

const HEAD: &str = "\
# The standard library

Every item with its documentation, and what it costs in one example. In the examples `image` is
`3 @ /1` of 512 x 1024, `x` is `64 @ /8`, and `y` is `64 @ /4`.

This file is made by `SEGC_BLESS=1 cargo test -p segc --test it stdlib` from `stdlib/*.seg`.
";

/// The maps of an example: they cost nothing.
const MAPS: &str = "
  node x = concat([image > pool(max, 1, stride = 8) for i in 0..22]) > channels(0, 64)
  node y = concat([image > pool(max, 1, stride = 4) for i in 0..22]) > channels(0, 64)
";

/// What a line of documentation begins with that has an example.
const EXAMPLE: &str = "Example: `";

#[test]
fn the_listing_is_what_the_library_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/stdlib.md");
    let new = listing();
    if std::env::var_os("SEGC_BLESS").is_some() {
        std::fs::write(&path, new).expect("docs/stdlib.md can be written");
        return;
    }
    let old = std::fs::read_to_string(&path).expect("docs/stdlib.md is there");
    let help = "run `SEGC_BLESS=1 cargo test -p segc --test it stdlib` and look at the difference";
    assert!(old == new, "docs/stdlib.md is not what stdlib/ says: {help}");
}

#[test]
fn every_item_is_documented() {
    for (module, text) in stdlib::MODULES {
        let (_, file) = parsed(text);
        assert!(!file.docs.is_empty(), "{module} says nothing of itself");
        for item in file.items.iter().filter(|item| name_of(item).is_some()) {
            let name = name_of(item).unwrap_or_default();
            assert!(!item.docs.is_empty(), "{module}.{name} has no documentation");
        }
    }
}

fn listing() -> String {
    let mut out = HEAD.to_owned();
    for (module, text) in stdlib::MODULES {
        let (sources, file) = parsed(text);
        let _ = writeln!(out, "\n## {module}\n\n{}", file.docs.join("\n").trim());
        for item in &file.items {
            describe(module, item, &sources, &mut out);
        }
    }
    out
}

fn parsed(text: &str) -> (Sources, ast::File) {
    let mut sources = Sources::default();
    let source = SourceFile { name: String::new(), path: None, text: text.into() };
    let id: FileId = sources.add(source);
    let mut diags = Sink::default();
    let file = syntax::parse(id, text, &mut diags);
    assert!(diags.finish().is_empty(), "the library parses");
    (sources, file)
}

fn describe(module: &str, item: &ast::Item, sources: &Sources, out: &mut String) {
    let Some(name) = name_of(item) else { return };
    let docs: Vec<&str> =
        item.docs.iter().map(String::as_str).filter(|l| !l.starts_with(EXAMPLE)).collect();
    let signature = signature(sources.text(item.span));
    let _ = writeln!(out, "\n### `{name}`\n\n```text\n{signature}\n```\n\n{}", docs.join("\n"));
    if let Some(example) = example(item, name) {
        let _ = writeln!(out, "\n{}", cost_of(module, name, &example));
    }
}

fn name_of(item: &ast::Item) -> Option<&str> {
    let name = match &item.kind {
        ast::ItemKind::Op(op) => &op.name,
        ast::ItemKind::Opset(opset) => &opset.name,
        ast::ItemKind::Definition(def) => &def.name,
        ast::ItemKind::Trellis(trellis) => &trellis.name,
        ast::ItemKind::Const(constant) => &constant.name,
        ast::ItemKind::Use(_) | ast::ItemKind::Let(_) | ast::ItemKind::Block(_) => return None,
    };
    Some(&name.value)
}

/// What stands before an item's body.
fn signature(text: &str) -> &str {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            '=' | '{' if depth == 0 => return text[..at].trim_end(),
            _ => {}
        }
    }
    text
}

/// An application of an item, as text.
fn example(item: &ast::Item, name: &str) -> Option<String> {
    let given = item.docs.iter().find_map(|l| l.strip_prefix(EXAMPLE)?.strip_suffix('`'));
    if let Some(given) = given {
        return Some(given.to_owned());
    }
    let (config, maps) = match &item.kind {
        ast::ItemKind::Op(op) => (&op.config, vec!["x"]),
        ast::ItemKind::Definition(def) => {
            let map = |p: &ast::Parameter| if p.name.value == "image" { "image" } else { "x" };
            (&def.config, def.maps.iter().map(map).collect())
        }
        _ => return None,
    };
    let needed = config.iter().filter(|p| p.default.is_none());
    let args: Vec<&str> = needed.map(made_up).collect();
    let args = if args.is_empty() { String::new() } else { format!("({})", args.join(", ")) };
    Some(match maps.as_slice() {
        [one] => format!("{one} > {name}{args}"),
        several => format!("{name}{args}({})", several.join(", ")),
    })
}

fn made_up(parameter: &ast::Parameter) -> &'static str {
    let ty = parameter.ty.as_ref().map_or("", |ty| ty.name.value.as_str());
    match (parameter.name.value.as_str(), ty) {
        ("classes", _) => "19",
        (_, "width") => "64",
        (_, "scale") => "/16",
        (_, "bool") => "true",
        _ => "3",
    }
}

fn cost_of(module: &str, name: &str, example: &str) -> String {
    let text = format!("use {module}.*\nnet n(image) {{{MAPS}  out {example}\n}}\n");
    let mut diags = Sink::default();
    let program = sema::load("example", None, &text, &[], &mut diags);
    let space = sema::analyse(&program, &mut diags);
    let errors = diags.finish().into_iter().filter(|d| d.severity() == Severity::Error);
    let found: Vec<String> = errors.map(|d| d.message).collect();
    assert!(found.is_empty(), "{module}.{name}: `{example}`: {found:?}; give it an `Example:`");
    let graph = &space.nets["n"].graph;
    let question = Question { input: Size { h: 512, w: 1024 }, batch: 1, train: false };
    let costs = cost::exact(graph, question).expect("the example's sizes work");
    let ty = graph.graph[graph.outputs[0].node].ty;
    let (params, macs) = (grouped(costs.params), grouped(costs.macs));
    format!("`{example}` gives `{ty}`: {params} params, {macs} MACs.")
}
