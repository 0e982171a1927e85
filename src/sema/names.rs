//! Names: every name in every body means something, also where no network uses it.
//!
//! Evaluation finds unknown names too, but only those that it comes across. This pass runs
//! first, over the text; what it reports, evaluation does not report again.

mod locals;
mod suggest;
mod unused;
mod walk;

use super::load::Program;
use super::module::ModuleId;
use crate::diag::{Diag, Sink};
use crate::maps::HashSet;
use crate::source::Span;
use crate::syntax::ast::*;
use locals::{Local, Locals};

/// What a place asks for; suggestions are of that kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Want {
    /// Anything.
    Any,
    /// What can be applied to maps.
    Operator,
    /// What can be called: also functions of numbers.
    Callee,
    /// Labelled operators.
    Opset,
    /// A number or what yields one.
    Number,
}

/// The names of one module, being checked.
struct Names<'a> {
    program: &'a Program,
    module: ModuleId,
    diags: &'a mut Sink,
    /// Names of the module that something reads.
    used: HashSet<&'a str>,
    locals: Locals<'a>,
    /// Where the walk is.
    place: Place,
}

/// What has a meaning at a place besides names.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// `it`: the body of an operator.
    it: bool,
    /// `layer`, `same`, `back`: the body of a trellis.
    trellis: bool,
    /// `move`: an arrow of a trellis.
    arrow: bool,
}

/// Checks the names of every module that was read, but the standard library's.
pub(super) fn check(program: &Program, diags: &mut Sink) {
    let mut seen = HashSet::default();
    for (n, module) in program.modules.iter().enumerate() {
        let known = module.path == "std" || module.path.starts_with("std.");
        if !known && seen.insert(&module.path) {
            check_module(program, ModuleId(n as u32), diags);
        }
    }
}

fn check_module(program: &Program, module: ModuleId, diags: &mut Sink) {
    let mut names = Names {
        program,
        module,
        diags,
        used: HashSet::default(),
        locals: Locals::default(),
        place: Place::default(),
    };
    let ast = &program.module(module).ast;
    for item in &ast.items {
        names.locals = Locals::default();
        names.place = Place::default();
        names.item(&item.kind);
    }
    names.unused_items();
}

impl<'a> Names<'a> {
    fn item(&mut self, kind: &'a ItemKind) {
        match kind {
            ItemKind::Use(import) => {
                import.overrides.iter().for_each(|(_, value)| self.expr(value, Want::Any));
            }
            ItemKind::Const(c) => self.expr(&c.value, Want::Any),
            ItemKind::Opset(o) => self.operators(&o.entries),
            ItemKind::Let(binding) => self.expr(&binding.value, Want::Any),
            ItemKind::Op(op) => {
                self.config(&op.config);
                self.place.it = true;
                self.expr(&op.body, Want::Operator);
            }
            ItemKind::Definition(def) => {
                self.config(&def.config);
                self.maps(&def.maps);
                self.locals.declare_later(&def.body);
                self.statements(&def.body);
                self.unused_locals();
            }
            ItemKind::Trellis(trellis) => self.trellis(trellis),
            // Plans have words of their own; here it only counts which names they read.
            ItemKind::Block(block) => {
                block.arguments().for_each(|a| self.mention(&a.value));
            }
        }
    }

    fn trellis(&mut self, trellis: &'a Trellis) {
        self.config(&trellis.config);
        if trellis.maps.is_empty() {
            self.diags.push(no_map(trellis));
        }
        self.maps(&trellis.maps);
        // The newest of its maps is read by the first layer.
        self.locals.use_all_maps();
        self.expr(&trellis.along, Want::Any);
        self.place.trellis = true;
        self.declare(&trellis.scale, Local::Given);
        self.locals.declare_later(&trellis.body);
        self.statements(&trellis.body);
        self.place.arrow = trellis.arrow.per_arrow;
        self.declare(&trellis.arrow.map, Local::Given);
        self.expr(&trellis.arrow.value, Want::Any);
        self.unused_locals();
    }

    /// Parameters with types or defaults; a default may read those before it.
    fn config(&mut self, params: &'a [Parameter]) {
        for param in params {
            if let Some(diag) = param.ty.as_ref().and_then(super::params::unknown_type) {
                self.diags.push(diag);
            }
            if let Some(default) = &param.default {
                self.expr(default, Want::Any);
            }
            self.declare(&param.name, Local::Config);
        }
    }

    fn maps(&mut self, params: &'a [Parameter]) {
        params.iter().for_each(|p| self.declare(&p.name, Local::Map));
    }

    /// A new name; one that is there already is a mistake.
    fn declare(&mut self, name: &'a Name, local: Local) {
        if let Some(first) = self.locals.insert(name, local) {
            let help = match local {
                Local::Node => format!("rename one, or give it another map: `{} = …`", name.value),
                _ => "rename one of them".to_owned(),
            };
            self.diags.push(
                Diag::new("E0203", format!("`{}` is declared twice", name.value))
                    .label(name.span, "again here")
                    .label(first, "first here")
                    .help(help),
            );
        } else if let Some(outside) = self.outside(&name.value) {
            // It need not be called unused as well.
            self.used.insert(&name.value);
            self.diags.push(
                Diag::new("E0203", format!("`{}` has a meaning here already", name.value))
                    .label(name.span, "would hide it")
                    .label(outside, "first here")
                    .help("rename one of them"),
            );
        }
    }

    /// Where the module gives a name its meaning. What `*` imports does not count: a name that is
    /// added there must not break who imports it.
    fn outside(&self, name: &str) -> Option<Span> {
        let at = self.program.module(self.module).names.get(name)?.at;
        (self.program.sources.text(at) != "*").then_some(at)
    }
}

/// A trellis begins with a map.
fn no_map(trellis: &Trellis) -> Diag {
    let name = &trellis.name.value;
    Diag::new("E0403", format!("trellis `{name}` reads no map"))
        .label(trellis.name.span, "nothing to begin with")
        .help(format!("give it the map before the first layer: `trellis {name}(stem) along …`"))
}
