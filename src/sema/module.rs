//! Modules: files with their declarations by name.

use crate::diag::{Diag, Sink};
use crate::maps::IndexMap;
use crate::source::{FileId, Span};
use crate::syntax::ast::{Block, Expr, File, Item, ItemKind, Name, Role};
use std::collections::BTreeSet;
use std::rc::Rc;

/// Index of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModuleId(pub u32);

/// A file and what its names mean.
#[derive(Debug)]
pub struct Module {
    /// Dotted path; empty for the file that was asked for.
    pub path: String,
    /// Its file.
    pub file: FileId,
    /// Its tree.
    pub ast: Rc<File>,
    /// Constants that an import or the command line set.
    pub overrides: IndexMap<String, Override>,
    /// What its names mean.
    pub names: IndexMap<String, Meaning>,
    /// Names that were imported in vain: nobody needs to be told again.
    pub lost: Lost,
}

/// Names whose meaning was lost to a mistake that was reported.
#[derive(Clone, Debug, Default)]
pub struct Lost {
    /// The names.
    pub names: BTreeSet<String>,
    /// Whether a whole module's names are lost, so that any name may be one of them.
    pub more: bool,
}

impl Lost {
    /// Whether a name may be one of them.
    pub fn contains(&self, name: &str) -> bool {
        self.more || self.names.contains(name)
    }
}

/// A value for a constant from outside the module.
#[derive(Clone, Debug)]
pub struct Override {
    /// The module in which the value is evaluated.
    pub from: ModuleId,
    /// The constant's name, where it is set.
    pub at: Span,
    /// The value.
    pub value: Expr,
}

/// What a name of a module means.
#[derive(Clone, Debug)]
pub struct Meaning {
    /// The declaration.
    pub item: ItemRef,
    /// Where it is declared or imported here.
    pub at: Span,
}

/// A declaration of a module.
#[derive(Clone, Debug)]
pub struct ItemRef {
    /// The module.
    pub module: ModuleId,
    /// Its tree.
    pub ast: Rc<File>,
    /// Index of the item.
    pub index: usize,
    /// Which of the names that a `let` binds, by position.
    pub part: Vec<usize>,
}

impl PartialEq for ItemRef {
    fn eq(&self, other: &ItemRef) -> bool {
        self.key() == other.key()
    }
}

impl Eq for ItemRef {}

impl ItemRef {
    /// What tells it from others.
    pub fn key(&self) -> (ModuleId, usize) {
        (self.module, self.index)
    }

    /// The declaration.
    pub fn item(&self) -> &Item {
        &self.ast.items[self.index]
    }

    /// Its name.
    pub fn name(&self) -> &str {
        declared_name(&self.item().kind).map_or("", |n| &n.value)
    }

    /// The word for what it is, with its article.
    pub fn kind_name(&self) -> &'static str {
        match &self.item().kind {
            ItemKind::Use(_) => "an import",
            ItemKind::Const(_) => "a constant",
            ItemKind::Opset(_) => "an operator set",
            ItemKind::Op(_) => "an operator",
            ItemKind::Definition(d) => match d.role {
                Role::Cell => "a cell",
                Role::Head => "a head",
                Role::Stem => "a stem",
                Role::Encoder => "an encoder",
                Role::Decoder => "a decoder",
                Role::Net => "a network",
            },
            ItemKind::Trellis(_) => "a trellis",
            ItemKind::Let(_) => "a binding",
            ItemKind::Block(_) => "a plan",
        }
    }
}

/// The name that an item declares, where it declares one.
pub fn declared_name(kind: &ItemKind) -> Option<&Name> {
    match kind {
        ItemKind::Const(c) => Some(&c.name),
        ItemKind::Opset(o) => Some(&o.name),
        ItemKind::Op(o) => Some(&o.name),
        ItemKind::Definition(d) => Some(&d.name),
        ItemKind::Trellis(t) => Some(&t.name),
        ItemKind::Use(_) | ItemKind::Let(_) | ItemKind::Block(_) => None,
    }
}

/// Adds a name to a module; two of one name are a mistake.
pub(super) fn declare(
    names: &mut IndexMap<String, Meaning>,
    name: &Name,
    item: ItemRef,
    diags: &mut Sink,
) {
    if let Some(first) = names.get(&name.value) {
        if first.item == item && first.item.part == item.part {
            return;
        }
        diags.push(
            Diag::new("E0203", format!("`{}` is declared twice", name.value))
                .label(name.span, "again here")
                .label(first.at, "first here")
                .help("rename one of them"),
        );
        return;
    }
    names.insert(name.value.clone(), Meaning { item, at: name.span });
}

/// The plan blocks of a file.
pub fn blocks(file: &File) -> impl Iterator<Item = (&Block, Span)> {
    file.items.iter().filter_map(|item| match &item.kind {
        ItemKind::Block(block) => Some((block, item.span)),
        _ => None,
    })
}
