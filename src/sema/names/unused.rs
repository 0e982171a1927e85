//! What nothing reads.

use super::Names;
use super::locals::Local;
use crate::diag::Diag;
use crate::sema::module::ModuleId;
use crate::source::Span;
use crate::syntax::ast::*;

impl Names<'_> {
    /// Warns of locals that nothing reads.
    pub(super) fn unused_locals(&mut self) {
        let mut found = Vec::new();
        for (name, entry) in self.locals.iter().filter(|(_, e)| !e.used) {
            let help = match entry.local {
                Local::Node | Local::Family => "remove it, or add it to `out`".to_string(),
                Local::Config | Local::Let => "remove it".to_string(),
                Local::Map => format!("remove it, or call it `_{name}`"),
                Local::Binder | Local::Given => continue,
            };
            found.push(never_used(name, entry.at, help));
        }
        found.into_iter().for_each(|d| self.diags.push(d));
    }

    /// Warns of imports and declarations that nothing reads.
    ///
    /// A file without a network is there to be imported: its declarations are for others.
    pub(super) fn unused_items(&mut self) {
        let module = self.program.module(self.module);
        let is_net = |i: &Item| matches!(&i.kind, ItemKind::Definition(d) if d.role == Role::Net);
        let library = self.module != ModuleId(0) || !module.ast.items.iter().any(is_net);
        for item in &module.ast.items {
            match &item.kind {
                ItemKind::Use(import) => self.unused_import(import),
                ItemKind::Definition(d) if d.role == Role::Net => {}
                _ if library => {}
                ItemKind::Let(binding) => self.unused_binder(&binding.binder),
                kind => {
                    if let Some(name) = super::super::module::declared_name(kind) {
                        self.unused_name(name);
                    }
                }
            }
        }
    }

    fn unused_import(&mut self, import: &Use) {
        let names: Vec<&Name> = match &import.names {
            UseNames::Last => import.module.last().into_iter().collect(),
            UseNames::These(names) => names.iter().collect(),
            UseNames::All(_) => Vec::new(),
        };
        for name in names {
            let known = self.program.module(self.module).names.contains_key(&name.value);
            if known && !self.used.contains(name.value.as_str()) {
                let help = "remove it from the import".to_string();
                self.diags.push(never_used(&name.value, name.span, help));
            }
        }
    }

    fn unused_binder(&mut self, binder: &Binder) {
        match binder {
            Binder::Name(name) => self.unused_name(name),
            Binder::List(parts, _) => parts.iter().for_each(|p| self.unused_binder(p)),
        }
    }

    fn unused_name(&mut self, name: &Name) {
        if !self.used.contains(name.value.as_str()) && !name.value.starts_with('_') {
            self.diags.push(never_used(&name.value, name.span, "remove it".to_string()));
        }
    }
}

fn never_used(name: &str, at: Span, help: String) -> Diag {
    Diag::new("W0902", format!("`{name}` is never used")).label(at, "nothing reads it").help(help)
}
