//! Documentation as Markdown.

use crate::cli::number::grouped;
use crate::emit::doc::{Entry, Item, Page, example};
use std::fmt::Write as _;

/// All modules of the standard library.
pub(super) fn library(pages: &[Page]) -> String {
    let mut out = format!(
        "# The standard library\n\n\
         Every item with its documentation, and what it costs in one example.\n{}\n",
        maps()
    );
    for page in pages {
        out.push('\n');
        write_page(page, "##", &mut out);
    }
    out
}

/// One file.
pub(super) fn alone(page: &Page) -> String {
    let mut out = String::new();
    write_page(page, "#", &mut out);
    if page.items.iter().any(|item| item.example.is_some()) {
        let _ = writeln!(out, "\n{}", maps());
    }
    out
}

/// What the names in examples stand for.
fn maps() -> String {
    let (h, w) = (example::IMAGE.h, example::IMAGE.w);
    format!(
        "In the examples `image` is `3 @ /1` of {h} x {w}, `x` is `64 @ /8`, and `y` is `64 @ /4`."
    )
}

fn write_page(page: &Page, level: &str, out: &mut String) {
    let _ = writeln!(out, "{level} {}", page.name);
    paragraph(&page.docs.join("\n"), out);
    for item in &page.items {
        let _ = writeln!(out, "\n{level}# `{}`\n\n```text\n{}\n```", item.name, item.signature);
        paragraph(&item.docs.join("\n"), out);
        write_entries(item, out);
        if let Some(example) = &item.example {
            let (params, macs) = (grouped(example.params), grouped(example.macs));
            let (text, ty) = (&example.text, &example.ty);
            let _ = writeln!(out, "\n`{text}` gives `{ty}`: {params} params, {macs} MACs.");
        }
    }
}

fn paragraph(text: &str, out: &mut String) {
    if !text.trim().is_empty() {
        let _ = writeln!(out, "\n{}", text.trim());
    }
}

/// The operators of a set.
fn write_entries(item: &Item, out: &mut String) {
    if item.entries.is_empty() {
        return;
    }
    out.push('\n');
    for Entry { label, value, docs } in &item.entries {
        let _ = write!(out, "- `{label}`");
        if let Some(value) = value {
            let _ = write!(out, ": `{}`", one_line(value));
        }
        if !docs.is_empty() {
            let _ = write!(out, ". {}", docs.join(" ").trim());
        }
        out.push('\n');
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
