//! From what is left of items to a file: only what the network needs, in the author's order.

use super::residual::{ItemKey, MARK, Residual};
use crate::emit::rewrite::{each_expr, map_item, names_used};
use crate::maps::{IndexMap, IndexSet};
use crate::sema::module::{Meaning, ModuleId, declared_name};
use crate::syntax::ast::*;
use std::collections::BTreeMap;

/// The closed file of a network.
pub(super) fn file(residual: &mut Residual<'_>, net: &str, header: &[String]) -> File {
    let root = ModuleId(0);
    let mut needed = Needed::default();
    needed.net(residual, net);
    needed.blocks(residual, net);
    while let Some((module, name)) = needed.queue.pop() {
        needed.name(residual, module, &name);
    }
    let ast = &residual.program.module(root).ast;
    let mut docs = ast.docs.clone();
    if !docs.is_empty() && !header.is_empty() {
        docs.push(String::new());
    }
    docs.extend(header.iter().cloned());
    let items = needed.items(residual, net);
    let comments = kept_comments(residual, ast, &items);
    File { docs, items, comments, lines: ast.lines.clone(), ..File::default() }
}

/// Comments that belong to what is kept: inside a kept item, behind one on its line, or before one.
fn kept_comments(residual: &Residual<'_>, ast: &File, items: &[Item]) -> Vec<Comment> {
    let kept = |item: &Item| items.iter().any(|i| i.span == item.span);
    let keep = |comment: &&Comment| {
        let at = comment.span;
        let inside = ast.items.iter().find(|i| i.span.start <= at.start && at.end <= i.span.end);
        let before = ast.items.iter().rfind(|i| i.span.end <= at.start);
        let next = ast.items.iter().find(|i| i.span.start >= at.end);
        match (inside, before, next) {
            (Some(item), _, _) => {
                kept(item) && !unrolled(item, items) && !residual.replaced(comment.span)
            }
            (None, Some(before), _) if !comment.alone => kept(before),
            (None, _, Some(next)) => kept(next),
            (None, _, None) => true,
        }
    };
    ast.comments.iter().filter(keep).cloned().collect()
}

/// Whether an item stands more than once in the output: its comments would lie.
fn unrolled(item: &Item, items: &[Item]) -> bool {
    items.iter().filter(|i| i.span == item.span).count() > 1
}

/// What a network needs, found from it outwards.
#[derive(Default)]
struct Needed {
    queue: Vec<(ModuleId, String)>,
    seen: IndexSet<(ModuleId, String)>,
    /// Items of the user's modules, and what is left of those that have no instances.
    plain: BTreeMap<ItemKey, ItemKind>,
    /// Items with instances that depend on decisions.
    copied: IndexSet<ItemKey>,
    /// Names taken from the standard library, by module.
    imports: IndexMap<String, IndexSet<String>>,
    /// Names that are used without a mark.
    unmarked: IndexSet<String>,
}

impl Needed {
    fn net(&mut self, residual: &mut Residual<'_>, net: &str) {
        let ast = residual.program.module(ModuleId(0)).ast.clone();
        let found = ast.items.iter().enumerate().find(|(_, item)| {
            matches!(&item.kind, ItemKind::Definition(d) if d.role == Role::Net && d.name.value == net)
        });
        let Some((index, item)) = found else { return };
        let key = (ModuleId(0), index);
        let ItemKind::Definition(def) = &item.kind else { return };
        match residual.net_instance(def.name.span) {
            Some(instance) => {
                residual.variant(instance, key);
                self.copy(residual, key);
            }
            None => {
                let kind = residual.plain(&item.kind);
                self.uses(key.0, &kind);
                self.plain.insert(key, kind);
            }
        }
    }

    /// Plans that speak of the network, or of none in particular, use constants, and networks that
    /// teach; their other names are words, or parts of the network.
    fn blocks(&mut self, residual: &Residual<'_>, net: &str) {
        let ast = residual.program.module(ModuleId(0)).ast.clone();
        for item in &ast.items {
            if let ItemKind::Block(block) = &item.kind
                && keeps(block, net)
            {
                for arg in block.arguments() {
                    each_expr(&arg.value, &mut |e| match &*e.kind {
                        ExprKind::Name(name) if is_const(residual, name) => {
                            self.queue.push((ModuleId(0), name.clone()));
                        }
                        ExprKind::Call(_, args) => {
                            let names = args.iter().filter_map(teacher);
                            self.queue.extend(names.map(|name| (ModuleId(0), name)));
                        }
                        _ => {}
                    });
                }
            }
        }
    }

    fn uses(&mut self, module: ModuleId, kind: &ItemKind) {
        self.queue.extend(names_used(kind).into_iter().map(|name| (module, name)));
    }

    /// All variants of an item that has instances.
    fn copy(&mut self, residual: &Residual<'_>, key: ItemKey) {
        if self.copied.insert(key) {
            self.variants(residual, key);
        }
    }

    fn variants(&mut self, residual: &Residual<'_>, key: ItemKey) {
        let all: Vec<ItemKind> =
            residual.variants.get(&key).into_iter().flatten().map(|(_, k)| k.clone()).collect();
        for kind in &all {
            self.uses(key.0, kind);
        }
    }

    fn name(&mut self, residual: &mut Residual<'_>, module: ModuleId, name: &str) {
        if !self.seen.insert((module, name.to_string())) {
            return;
        }
        let (bare, marked) = match name.split_once(MARK) {
            Some((bare, _)) => (bare, true),
            None => (name, false),
        };
        let Some(meaning) = residual.program.module(module).names.get(bare).cloned() else {
            return;
        };
        let Meaning { item, .. } = meaning;
        let home = residual.program.module(item.module);
        if home.path.starts_with("std.") {
            self.imports.entry(home.path.clone()).or_default().insert(bare.to_string());
            return;
        }
        if marked {
            self.copy(residual, item.key());
            // Later variants may use further names.
            self.variants(residual, item.key());
            return;
        }
        self.unmarked.insert(bare.to_string());
        let kind = match (&item.item().kind, home.overrides.get(bare)) {
            (ItemKind::Const(c), Some(set)) => {
                ItemKind::Const(Const { name: c.name.clone(), value: set.value.clone() })
            }
            (kind, _) => residual.plain(kind),
        };
        self.uses(item.module, &kind);
        self.plain.insert(item.key(), kind);
    }

    /// The items of the file.
    fn items(&mut self, residual: &Residual<'_>, net: &str) -> Vec<Item> {
        let mut out: Vec<Item> = self.imports.iter().map(|(m, names)| import(m, names)).collect();
        let modules = &residual.program.modules;
        for module in (1..modules.len()).chain([0]) {
            let id = ModuleId(module as u32);
            for (index, item) in modules[module].ast.items.iter().enumerate() {
                let key = (id, index);
                if let Some(kind) = self.plain.get(&key) {
                    out.push(with(item, self.final_names(residual, kind)));
                }
                if self.copied.contains(&key) {
                    out.extend(self.copies(residual, key, item));
                }
                if module == 0
                    && let ItemKind::Block(block) = &item.kind
                    && keeps(block, net)
                {
                    out.push(item.clone());
                }
            }
        }
        out
    }

    fn copies(&self, residual: &Residual<'_>, key: ItemKey, item: &Item) -> Vec<Item> {
        let Some(all) = residual.variants.get(&key) else { return Vec::new() };
        let name = declared_name(&item.kind).map_or("", |n| &n.value);
        let copy = |(n, (_, kind)): (usize, &(String, ItemKind))| {
            let mut kind = self.final_names(residual, kind);
            if let Some(declared) = declared_mut(&mut kind) {
                declared.value = self.final_name(residual, key, name, n);
            }
            with(item, kind)
        };
        all.iter().enumerate().map(copy).collect()
    }

    /// An item with marks replaced by the names of copies.
    fn final_names(&self, residual: &Residual<'_>, kind: &ItemKind) -> ItemKind {
        fn walk(e: &Expr, rename: &dyn Fn(&str) -> Option<String>) -> Expr {
            if let ExprKind::Name(name) = &*e.kind
                && let Some(name) = rename(name)
            {
                return Expr { kind: Box::new(ExprKind::Name(name)), span: e.span };
            }
            crate::emit::rewrite::map_children(e, &mut |child| walk(child, rename))
        }
        let rename = |name: &str| {
            let (bare, n) = name.split_once(MARK)?;
            let n: usize = n.parse().ok()?;
            let key = residual.variants.keys().find(|key| {
                let item = &residual.program.module(key.0).ast.items[key.1];
                declared_name(&item.kind).is_some_and(|d| d.value == bare)
            })?;
            Some(self.final_name(residual, *key, bare, n))
        };
        map_item(kind, &mut |e| walk(e, &rename))
    }

    /// One variant keeps the author's name; several are numbered.
    fn final_name(&self, residual: &Residual<'_>, key: ItemKey, name: &str, n: usize) -> String {
        let count = residual.variants.get(&key).map_or(0, Vec::len);
        match count {
            1 if !self.unmarked.contains(name) => name.to_string(),
            _ => format!("{name}_{}", n + 1),
        }
    }
}

/// Whether the file knows a constant of that name.
fn is_const(residual: &Residual<'_>, name: &str) -> bool {
    let meaning = residual.program.module(ModuleId(0)).names.get(name);
    meaning.is_some_and(|known| matches!(known.item.item().kind, ItemKind::Const(_)))
}

/// The network of `from = teacher`.
fn teacher(arg: &Argument) -> Option<String> {
    let from = arg.name.as_ref().is_some_and(|name| name.value == "from");
    match &*arg.value.kind {
        ExprKind::Name(name) if from => Some(name.clone()),
        _ => None,
    }
}

/// Whether a plan stays in the file of a finished network.
fn keeps(block: &Block, net: &str) -> bool {
    !matches!(block.kind.value.as_str(), "search" | "controller")
        && block.subject.as_ref().is_none_or(|subject| subject.value == net)
}

fn with(item: &Item, kind: ItemKind) -> Item {
    Item { docs: item.docs.clone(), kind, span: item.span }
}

fn declared_mut(kind: &mut ItemKind) -> Option<&mut Name> {
    match kind {
        ItemKind::Const(c) => Some(&mut c.name),
        ItemKind::Opset(o) => Some(&mut o.name),
        ItemKind::Op(o) => Some(&mut o.name),
        ItemKind::Definition(d) => Some(&mut d.name),
        ItemKind::Trellis(t) => Some(&mut t.name),
        ItemKind::Use(_) | ItemKind::Let(_) | ItemKind::Block(_) => None,
    }
}

/// `use std.ops.{a, b}`.
fn import(module: &str, names: &IndexSet<String>) -> Item {
    let span = crate::source::Span::default();
    let name = |text: &str| Spanned { value: text.to_string(), span };
    let mut path: Vec<Name> = module.split('.').map(name).collect();
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort();
    let taken = match sorted.as_slice() {
        [only] => {
            path.push(name(only));
            UseNames::Last
        }
        many => UseNames::These(many.iter().map(|n| name(n)).collect()),
    };
    let import = Use { module: path, names: taken, overrides: Vec::new() };
    Item { docs: Vec::new(), kind: ItemKind::Use(import), span }
}
