//! Documentation for programs.

use crate::emit::doc::{self, Page};
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Report<'a> {
    files: Vec<File<'a>>,
}

#[derive(Serialize)]
struct File<'a> {
    name: &'a str,
    docs: String,
    items: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Item<'a> {
    kind: &'a str,
    name: &'a str,
    signature: &'a str,
    docs: String,
    config: Vec<Parameter<'a>>,
    maps: Vec<Parameter<'a>>,
    entries: Vec<Entry<'a>>,
    example: Option<Example<'a>>,
}

#[derive(Serialize)]
struct Parameter<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    ty: Option<&'a str>,
    default: Option<&'a str>,
    optional: bool,
}

#[derive(Serialize)]
struct Entry<'a> {
    label: &'a str,
    value: Option<&'a str>,
    docs: String,
}

#[derive(Serialize)]
struct Example<'a> {
    text: &'a str,
    #[serde(rename = "type")]
    ty: &'a str,
    params: u64,
    macs: u64,
}

impl Report<'_> {
    pub(super) fn of(pages: &[Page]) -> Report<'_> {
        Report { files: pages.iter().map(file).collect() }
    }
}

fn file(page: &Page) -> File<'_> {
    let items = page.items.iter().map(item).collect();
    File { name: &page.name, docs: page.docs.join("\n"), items }
}

fn item(item: &doc::Item) -> Item<'_> {
    Item {
        kind: item.kind,
        name: &item.name,
        signature: &item.signature,
        docs: item.docs.join("\n"),
        config: item.config.iter().map(parameter).collect(),
        maps: item.maps.iter().map(parameter).collect(),
        entries: item.entries.iter().map(entry).collect(),
        example: item.example.as_ref().map(|e| Example {
            text: &e.text,
            ty: &e.ty,
            params: e.params,
            macs: e.macs,
        }),
    }
}

fn entry(e: &doc::Entry) -> Entry<'_> {
    Entry { label: &e.label, value: e.value.as_deref(), docs: e.docs.join("\n") }
}

fn parameter(p: &doc::Parameter) -> Parameter<'_> {
    Parameter {
        name: &p.name,
        ty: p.ty.as_deref(),
        default: p.default.as_deref(),
        optional: p.optional,
    }
}
