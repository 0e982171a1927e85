//! Documentation of a file: what it declares, with parameters and the author's own words.

pub mod example;

use crate::sema::module::declared_name;
use crate::syntax::ast::{self, Binder, Expr, Item as AstItem, ItemKind};
use crate::syntax::print_expr;
use example::Example;

/// The documentation of a file.
#[derive(Clone, Debug)]
pub struct Page {
    /// What it is called: a module, or a file.
    pub name: String,
    /// What it says of itself, by lines.
    pub docs: Vec<String>,
    /// What it declares, in textual order; imports and plans are left out.
    pub items: Vec<Item>,
}

/// The documentation of a declaration.
#[derive(Clone, Debug)]
pub struct Item {
    /// The word it is declared with.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// The declaration without its body.
    pub signature: String,
    /// Its configuration.
    pub config: Vec<Parameter>,
    /// The maps that it reads. An operator reads one, `it`, which is not listed.
    pub maps: Vec<Parameter>,
    /// Of an operator set: its operators.
    pub entries: Vec<Entry>,
    /// What its author says of it, by lines.
    pub docs: Vec<String>,
    /// What it costs, where an example is known.
    pub example: Option<Example>,
}

/// A parameter.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Whether a map may be absent.
    pub optional: bool,
    /// Its type, where one is written.
    pub ty: Option<String>,
    /// Its default, formatted.
    pub default: Option<String>,
}

/// An operator of a set.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its label.
    pub label: String,
    /// What it is, formatted; nothing where the label is its name.
    pub value: Option<String>,
    /// What its author says of it, by lines.
    pub docs: Vec<String>,
}

/// The documentation of a file.
pub fn page(name: &str, file: &ast::File) -> Page {
    let items = file.items.iter().filter_map(describe).collect();
    Page { name: name.to_owned(), docs: file.docs.clone(), items }
}

/// The documentation of a module of the standard library, each item with what it costs.
pub fn library_page(module: &str, file: &ast::File) -> Page {
    let with_example = |item: &AstItem| {
        let mut described = describe(item)?;
        described.example = example::of(module, item);
        described.docs.retain(|line| example::given(line).is_none());
        Some(described)
    };
    let items = file.items.iter().filter_map(with_example).collect();
    Page { name: module.to_owned(), docs: file.docs.clone(), items }
}

fn describe(item: &AstItem) -> Option<Item> {
    let (kind, config, maps): (_, &[ast::Parameter], &[ast::Parameter]) = match &item.kind {
        ItemKind::Use(_) | ItemKind::Block(_) => return None,
        ItemKind::Const(_) => ("const", &[], &[]),
        ItemKind::Let(_) => ("let", &[], &[]),
        ItemKind::Opset(_) => ("opset", &[], &[]),
        ItemKind::Op(op) => ("op", &op.config, &[]),
        ItemKind::Definition(def) => (def.role.word(), &def.config, &def.maps),
        ItemKind::Trellis(trellis) => ("trellis", &trellis.config, &trellis.maps),
    };
    let parameters = |all: &[ast::Parameter]| all.iter().map(parameter).collect::<Vec<_>>();
    let (config, maps) = (parameters(config), parameters(maps));
    Some(Item {
        kind,
        name: name(&item.kind)?,
        signature: signature(&item.kind, &config, &maps),
        config,
        maps,
        entries: entries(&item.kind),
        docs: item.docs.clone(),
        example: None,
    })
}

fn name(kind: &ItemKind) -> Option<String> {
    match kind {
        ItemKind::Let(binding) => Some(bound(&binding.binder)),
        kind => declared_name(kind).map(|name| name.value.clone()),
    }
}

/// What a binding binds: `x`, or `[a, b]`.
fn bound(binder: &Binder) -> String {
    match binder {
        Binder::Name(name) => name.value.clone(),
        Binder::List(all, _) => {
            format!("[{}]", all.iter().map(bound).collect::<Vec<_>>().join(", "))
        }
    }
}

fn parameter(parameter: &ast::Parameter) -> Parameter {
    let ty = parameter.ty.as_ref().map(|ty| {
        let [open, close] = ["[", "]"].map(|bracket| bracket.repeat(ty.lists as usize));
        format!("{open}{}{close}", ty.name.value)
    });
    Parameter {
        name: parameter.name.value.clone(),
        optional: parameter.optional,
        ty,
        default: parameter.default.as_ref().map(print_expr),
    }
}

fn entries(kind: &ItemKind) -> Vec<Entry> {
    let ItemKind::Opset(opset) = kind else { return Vec::new() };
    let entry = |entry: &ast::Entry| Entry {
        label: entry.label.value.clone(),
        value: entry.value.as_ref().map(print_expr),
        docs: entry.docs.clone(),
    };
    opset.entries.iter().map(entry).collect()
}

/// A declaration without its body; of a constant and of a binding, what they begin with.
fn signature(kind: &ItemKind, config: &[Parameter], maps: &[Parameter]) -> String {
    match kind {
        ItemKind::Use(_) | ItemKind::Block(_) => String::new(),
        ItemKind::Const(c) => format!("const {} = {}", c.name.value, beginning(&c.value)),
        ItemKind::Let(l) => format!("let {} = {}", bound(&l.binder), beginning(&l.value)),
        ItemKind::Opset(opset) => {
            let labels: Vec<&str> = opset.entries.iter().map(|e| &e.label.value[..]).collect();
            format!("opset {} {{ {} }}", opset.name.value, labels.join("  "))
        }
        ItemKind::Op(op) => head("op", &op.name.value, config, ""),
        ItemKind::Definition(def) => {
            head(def.role.word(), &def.name.value, config, &on_one_line(maps))
        }
        ItemKind::Trellis(trellis) => {
            let rest = format!("{} along {}", on_one_line(maps), print_expr(&trellis.along));
            head("trellis", &trellis.name.value, config, &rest)
        }
    }
}

/// What an expression is, up to where it opens a brace.
fn beginning(e: &Expr) -> String {
    let text = print_expr(e);
    text.split(['{', '\n']).next().unwrap_or_default().trim_end().to_owned()
}

/// Columns of a declaration on one line.
const WIDTH: usize = 100;

/// What is declared up to its maps and what follows; a parameter a line where one is not enough.
fn head(word: &str, name: &str, config: &[Parameter], rest: &str) -> String {
    if config.is_empty() {
        return format!("{word} {name}{rest}");
    }
    let line = format!("{word} {name}{}{rest}", on_one_line(config));
    if line.chars().count() <= WIDTH {
        return line;
    }
    let lines: String = config.iter().map(|p| format!("  {},\n", shown(p))).collect();
    format!("{word} {name}(\n{lines}){rest}")
}

/// `(k: int, C: width = same)`.
fn on_one_line(parameters: &[Parameter]) -> String {
    format!("({})", parameters.iter().map(shown).collect::<Vec<_>>().join(", "))
}

fn shown(p: &Parameter) -> String {
    let mark = if p.optional { "?" } else { "" };
    let ty = p.ty.as_ref().map(|ty| format!(": {ty}")).unwrap_or_default();
    let default = p.default.as_ref().map(|e| format!(" = {e}")).unwrap_or_default();
    format!("{}{mark}{ty}{default}", p.name)
}
