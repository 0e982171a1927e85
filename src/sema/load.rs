//! Loading: the file that was asked for and everything it imports.
//!
//! This is the one place of the front end that reads files.

use super::module::{ItemRef, Lost, Meaning, Module, ModuleId, Override, declare};
use crate::diag::{Diag, Sink, did_you_mean, listed};
use crate::maps::IndexMap;
use crate::source::{FileId, SourceFile, Sources, Span};
use crate::stdlib;
use crate::syntax::{self, ast::*};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Everything that was read.
#[derive(Debug, Default)]
pub struct Program {
    /// The texts.
    pub sources: Sources,
    /// The modules; the first is the file that was asked for.
    pub modules: Vec<Module>,
}

impl Program {
    /// A module.
    pub fn module(&self, id: ModuleId) -> &Module {
        &self.modules[id.0 as usize]
    }
}

struct Loader<'a> {
    program: Program,
    diags: &'a mut Sink,
    /// The folder that imports must stay in.
    root: Option<PathBuf>,
    /// Modules by what tells them apart: path and overrides.
    known: IndexMap<(String, String), ModuleId>,
    /// Modules being loaded, with the import that asked for each.
    active: Vec<(String, Span)>,
}

/// Loads a file's text and what it imports. `path` is where it lies, if it lies somewhere;
/// imports are looked for beside it. `set` are constants given on the command line, as text.
pub fn load(
    name: &str,
    path: Option<&Path>,
    text: &str,
    set: &[(String, String)],
    diags: &mut Sink,
) -> Program {
    let folder = path.map(|p| p.parent().unwrap_or(Path::new("")).to_path_buf());
    let root = folder.map(|f| if f.as_os_str().is_empty() { PathBuf::from(".") } else { f });
    let mut loader = Loader {
        program: Program::default(),
        diags,
        root,
        known: IndexMap::default(),
        active: Vec::new(),
    };
    let overrides = loader.command_line(set);
    let source =
        SourceFile { name: name.to_string(), path: path.map(Path::to_path_buf), text: text.into() };
    // The root module comes first; constants from the command line are evaluated in it.
    loader.add_module("", source, overrides);
    loader.program
}

impl Loader<'_> {
    /// `--set NAME=VALUE` as overrides whose values are expressions.
    fn command_line(&mut self, set: &[(String, String)]) -> IndexMap<String, Override> {
        let mut out = IndexMap::default();
        for (name, value) in set {
            let text = format!("const {name} = {value}");
            let source = SourceFile {
                name: format!("<--set {name}>"),
                path: None,
                text: text.as_str().into(),
            };
            let file = self.program.sources.add(source);
            for item in syntax::parse(file, &text, self.diags).items {
                if let ItemKind::Const(c) = item.kind {
                    let value = Override { from: ModuleId(0), at: c.name.span, value: c.value };
                    out.insert(c.name.value, value);
                }
            }
        }
        out
    }

    fn add_module(
        &mut self,
        path: &str,
        source: SourceFile,
        overrides: IndexMap<String, Override>,
    ) -> ModuleId {
        let text = source.text.clone();
        let file = self.program.sources.add(source);
        let ast = Rc::new(syntax::parse(file, &text, self.diags));
        let id = ModuleId(self.program.modules.len() as u32);
        self.program.modules.push(Module {
            path: path.to_string(),
            file,
            ast: Rc::clone(&ast),
            overrides,
            names: IndexMap::default(),
            lost: Lost { names: ast.lost.iter().map(|n| n.value.clone()).collect(), more: false },
        });
        self.check_overrides(id);
        let names = self.names(id, &ast);
        self.program.modules[id.0 as usize].names = names;
        id
    }

    /// An override must name a constant.
    fn check_overrides(&mut self, id: ModuleId) {
        let module = self.program.module(id);
        let known: Vec<&str> = module
            .ast
            .items
            .iter()
            .filter_map(|i| match &i.kind {
                ItemKind::Const(c) => Some(c.name.value.as_str()),
                _ => None,
            })
            .collect();
        for (name, set) in &module.overrides {
            if !known.contains(&name.as_str()) {
                let help = match did_you_mean(name, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None if known.is_empty() => "it has no constants".to_owned(),
                    None => format!("its constants are {}", listed(&known)),
                };
                self.diags.push(
                    Diag::new("E0211", format!("there is no constant `{name}` to set"))
                        .label(set.at, "set here")
                        .help(help),
                );
            }
        }
    }

    fn names(&mut self, id: ModuleId, ast: &Rc<File>) -> IndexMap<String, Meaning> {
        let mut names = IndexMap::default();
        for (index, item) in ast.items.iter().enumerate() {
            let here = ItemRef { module: id, ast: Rc::clone(ast), index, part: Vec::new() };
            match &item.kind {
                ItemKind::Use(import) => self.import(id, import, &mut names),
                ItemKind::Let(binding) => {
                    declare_binder(&mut names, &binding.binder, &here, self.diags);
                }
                kind => {
                    if let Some(name) = super::module::declared_name(kind) {
                        declare(&mut names, name, here, self.diags);
                    }
                }
            }
        }
        names
    }

    fn import(&mut self, from: ModuleId, import: &Use, names: &mut IndexMap<String, Meaning>) {
        let path: Vec<&str> = import.module.iter().map(|n| n.value.as_str()).collect();
        if matches!(import.names, UseNames::Last) && self.is_module(&path) {
            return self.nothing_imported(from, import, &path.join("."));
        }
        let (path, single) = match (&import.names, path.split_last()) {
            (UseNames::Last, Some((_, rest))) if !rest.is_empty() => {
                (rest.join("."), import.module.last())
            }
            _ => (path.join("."), None),
        };
        let (Some(first), Some(last)) = (import.module.first(), import.module.last()) else {
            return;
        };
        let module_end = match single {
            Some(_) => import.module.iter().rev().nth(1).unwrap_or(last),
            None => last,
        };
        let at = first.span.to(module_end.span);
        let overrides = import
            .overrides
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .map(|(name, value)| (name.value, Override { from, at: name.span, value }));
        let wanted: Vec<&Name> = match &import.names {
            UseNames::Last => single.into_iter().collect(),
            UseNames::These(these) => these.iter().collect(),
            UseNames::All(_) => Vec::new(),
        };
        let Some(module) = self.module(&path, at, overrides.collect()) else {
            let lost = &mut self.program.modules[from.0 as usize].lost;
            lost.names.extend(wanted.iter().map(|n| n.value.clone()));
            lost.more |= matches!(import.names, UseNames::All(_));
            return;
        };
        if let UseNames::All(span) = import.names {
            for (name, meaning) in &self.program.module(module).names {
                let name = Spanned { value: name.clone(), span };
                declare(names, &name, meaning.item.clone(), self.diags);
            }
        }
        for name in wanted {
            match self.program.module(module).names.get(&name.value) {
                Some(meaning) => declare(names, name, meaning.item.clone(), self.diags),
                None => self.no_item(from, module, &path, name),
            }
        }
    }

    /// Whether a path is a module, and not an item of one.
    fn is_module(&self, path: &[&str]) -> bool {
        let whole = path.join(".");
        let file = |root: &PathBuf| root.join(format!("{}.seg", path.join("/"))).is_file();
        match path {
            ["std", ..] => stdlib::module(&whole).is_some(),
            // What is beside a file of the same name is an item of that file.
            [rest @ .., _] => {
                let above = |root: &PathBuf| root.join(format!("{}.seg", rest.join("/"))).is_file();
                self.root.as_ref().is_some_and(|r| file(r) && (rest.is_empty() || !above(r)))
            }
            [] => false,
        }
    }

    /// `use std.ops`: a module, and nothing of it.
    fn nothing_imported(&mut self, from: ModuleId, import: &Use, path: &str) {
        let (Some(first), Some(last)) = (import.module.first(), import.module.last()) else {
            return;
        };
        let at = first.span.to(last.span);
        let Some(module) = self.module(path, at, IndexMap::default()) else { return };
        let names = &self.program.module(module).names;
        let own = names.iter().filter(|(_, m)| m.item.module == module).map(|(n, _)| n.as_str());
        let some = own.take(2).collect::<Vec<_>>().join(", ");
        let all: Vec<String> = names.keys().cloned().collect();
        // Those that are read were meant to come from there.
        self.program.modules[from.0 as usize].lost.names.extend(all);
        self.diags.push(
            Diag::new("E0204", format!("`{path}` is a module, and none of its names is imported"))
                .label(at, "which of its names?")
                .help(format!("`use {path}.{{{some}}}`, or all of them: `use {path}.*`")),
        );
    }

    fn no_item(&mut self, from: ModuleId, module: ModuleId, path: &str, name: &Name) {
        let modules = &mut self.program.modules;
        modules[from.0 as usize].lost.names.insert(name.value.clone());
        let there = &modules[module.0 as usize];
        // What the module itself could not find was told there.
        if there.lost.contains(&name.value) {
            return;
        }
        let own = there.names.iter().filter(|(_, m)| m.item.module == module);
        let all: Vec<&str> = own.map(|(n, _)| n.as_str()).collect();
        let help = match did_you_mean(&name.value, all.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if all.len() > 12 => format!("`use {path}.*` imports all that it has"),
            None => format!("it has {}", listed(&all)),
        };
        self.diags.push(
            Diag::new("E0204", format!("`{path}` has no item `{}`", name.value))
                .label(name.span, "not there")
                .help(help),
        );
    }

    /// A module by its path, loaded once for each set of overrides.
    fn module(
        &mut self,
        path: &str,
        at: Span,
        overrides: IndexMap<String, Override>,
    ) -> Option<ModuleId> {
        let text = |o: &Override| self.program.sources.text(o.value.span).to_string();
        let key: String = overrides.iter().map(|(n, o)| format!("{n}={},", text(o))).collect();
        if let Some(start) = self.active.iter().position(|(p, _)| p == path) {
            self.cycle(start, path, at);
            return None;
        }
        if let Some(id) = self.known.get(&(path.to_string(), key.clone())) {
            return Some(*id);
        }
        let source = self.read(path, at)?;
        self.active.push((path.to_string(), at));
        let id = self.add_module(path, source, overrides);
        self.active.pop();
        self.known.insert((path.to_string(), key), id);
        Some(id)
    }

    fn cycle(&mut self, start: usize, path: &str, at: Span) {
        let around: Vec<&str> = self.active[start..].iter().map(|(p, _)| p.as_str()).collect();
        let text = match around.as_slice() {
            [_] => format!("module `{path}` imports itself"),
            [a, b] => format!("modules `{a}` and `{b}` import each other"),
            many => format!("{} modules import each other in a circle", many.len()),
        };
        let help = match around.len() {
            1 => "drop this import",
            _ => "move what they share to a module of its own",
        };
        let mut diag = Diag::new("E0206", text)
            .label(at, format!("{} → {path}", around.join(" → ")))
            .help(help);
        // The first one was imported from outside of the circle.
        for (module, span) in &self.active[start + 1..] {
            diag = diag.label(*span, format!("`{module}` is imported here"));
        }
        self.diags.push(diag);
    }

    fn read(&mut self, path: &str, at: Span) -> Option<SourceFile> {
        let found = match (path == "std" || path.starts_with("std."), &self.root) {
            (true, _) => read_std(path, at),
            (false, Some(root)) => read_beside(root, path, at),
            (false, None) => {
                let help = "text from standard input can only import `std`";
                Err(missing(path, at, help.to_owned()))
            }
        };
        found.map_err(|diag| self.diags.push(diag)).ok()
    }
}

fn missing(path: &str, at: Span, help: String) -> Diag {
    Diag::new("E0205", format!("cannot find module `{path}`")).label(at, "not found").help(help)
}

/// A module of the standard library.
fn read_std(path: &str, at: Span) -> Result<SourceFile, Diag> {
    if let Some(text) = stdlib::module(path) {
        let name = format!("<{}.seg>", path.replace('.', "/"));
        return Ok(SourceFile { name, path: None, text: text.into() });
    }
    let all: Vec<&str> = stdlib::MODULES.iter().map(|(n, _)| *n).collect();
    let help = match did_you_mean(path, all.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the standard library has {}", listed(&all)),
    };
    Err(missing(path, at, help))
}

/// A module of the project.
fn read_beside(root: &Path, path: &str, at: Span) -> Result<SourceFile, Diag> {
    let file = root.join(format!("{}.seg", path.replace('.', "/")));
    if leaves(root, &file) {
        return Err(Diag::new(
            "E0210",
            format!("module `{path}` lies outside the project's folder"),
        )
        .label(at, "leads out")
        .help(format!("copy it into `{}`", root.display())));
    }
    match read_text(&file) {
        Ok(text) => {
            let name = file.display().to_string();
            Ok(SourceFile { name, path: Some(file), text: text.into() })
        }
        Err(_) if !file.exists() => {
            Err(missing(path, at, format!("looked for `{}`", file.display())))
        }
        Err(why) => Err(Diag::new("E0205", format!("cannot read module `{path}`"))
            .label(at, "needed here")
            .help(format!("`{}`: {why}", file.display()))),
    }
}

/// Reads a spec's text; an error says what is wrong in plain words.
pub fn read_text(path: &Path) -> Result<String, String> {
    let bytes = std::fs::read(path).map_err(|e| e.to_string())?;
    String::from_utf8(bytes)
        .map_err(|e| format!("it is not text: byte {} is not UTF-8", e.utf8_error().valid_up_to()))
}

/// Whether a file that exists lies outside a folder, links followed.
fn leaves(root: &Path, file: &Path) -> bool {
    match (root.canonicalize(), file.canonicalize()) {
        (Ok(root), Ok(file)) => !file.starts_with(root),
        _ => false,
    }
}

fn declare_binder(
    names: &mut IndexMap<String, Meaning>,
    binder: &Binder,
    item: &ItemRef,
    diags: &mut Sink,
) {
    match binder {
        Binder::Name(name) => declare(names, name, item.clone(), diags),
        Binder::List(parts, _) => {
            for (i, part) in parts.iter().enumerate() {
                let mut item = item.clone();
                item.part.push(i);
                declare_binder(names, part, &item, diags);
            }
        }
    }
}

/// The file of the module that was asked for.
pub fn root_file(program: &Program) -> FileId {
    program.modules.first().map_or(FileId(0), |m| m.file)
}
