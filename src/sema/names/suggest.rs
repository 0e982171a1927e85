//! Unknown names and arguments, and what was probably meant.

use super::locals::Local;
use super::{Names, Want};
use crate::diag::{Diag, did_you_mean};
use crate::sema::builtin::{self, BUILTINS, FUNCTIONS, WORDS};
use crate::sema::call::unknown_argument;
use crate::sema::given::DECISIONS;
use crate::sema::params::config_of;
use crate::source::Span;
use crate::stdlib;
use crate::syntax::ast::*;

impl<'a> Names<'a> {
    /// A name that means nothing.
    pub(super) fn unknown(&self, name: &str, at: Span, want: Want) -> Diag {
        if let Some(made) = self.locals.made_later(name) {
            return self.too_early(name, at, made);
        }
        let text = match want {
            Want::Operator | Want::Callee => format!("no operator named `{name}`"),
            Want::Opset => format!("no operator set named `{name}`"),
            Want::Any | Want::Number => format!("nothing is named `{name}`"),
        };
        Diag::new("E0201", text).label(at, "not found").help_maybe(self.remedy(name, want))
    }

    fn remedy(&self, name: &str, want: Want) -> Option<String> {
        // A file full of mistakes has another trouble than typing, and must not take long.
        const MANY: usize = 100;
        if self.diags.len() > MANY {
            return None;
        }
        if let Some(module) = declared_in_std(name) {
            return Some(format!("import it: `use {module}.{name}`"));
        }
        let near = did_you_mean(name, self.candidates(want))?;
        Some(format!("did you mean `{near}`?"))
    }

    /// Names of the wanted kind.
    fn candidates(&self, want: Want) -> Vec<&'a str> {
        let locals = self.locals.iter().filter(|(_, e)| local_fits(e.local, want)).map(|(n, _)| n);
        let names = &self.program.module(self.module).names;
        let items = names.iter().filter(|(_, m)| item_fits(&m.item.item().kind, want));
        let mut all: Vec<&str> = locals.chain(items.map(|(n, _)| n.as_str())).collect();
        if matches!(want, Want::Operator | Want::Callee | Want::Any) {
            all.extend(BUILTINS.iter().map(|b| b.name));
        }
        if matches!(want, Want::Callee | Want::Number) {
            all.extend(FUNCTIONS);
        }
        if want == Want::Any {
            all.extend(WORDS);
        }
        all
    }

    /// A name that is made further down: an order mistake, or a cycle.
    fn too_early(&self, name: &str, at: Span, made: Span) -> Diag {
        let Some(reader) = self.reader_in_cycle(name, at) else {
            return Diag::new("E0505", format!("`{name}` is read before it is made"))
                .label(at, "read here")
                .label(made, "made only here")
                .help(format!("move `{name}` up"));
        };
        let text = match reader == name {
            true => format!("`{name}` reads itself"),
            false => format!("`{reader}` and `{name}` form a cycle"),
        };
        Diag::new("E0505", text)
            .label(at, format!("`{reader}` reads `{name}` here"))
            .label(made, format!("`{name}` is made from `{reader}`"))
            .help("maps flow one way; let one of them read an earlier map")
    }

    /// The statement's name around a place, where what is read there needs it in turn.
    fn reader_in_cycle(&self, name: &'_ str, at: Span) -> Option<&'a str> {
        let holds = |e: &Expr| e.span.start <= at.start && at.end <= e.span.end;
        let mut todo: Vec<&str> = vec![name];
        let mut seen: Vec<&str> = Vec::new();
        while let Some(next) = todo.pop() {
            if seen.contains(&next) {
                continue;
            }
            seen.push(next);
            for e in self.locals.made_from(next) {
                let mut names = Vec::new();
                super::walk::names_in(e, &mut names);
                for n in names {
                    if self.locals.made_from(n).iter().any(|e| holds(e)) {
                        return Some(n);
                    }
                    todo.push(n);
                }
            }
        }
        None
    }

    /// Arguments by name must be those that the callee has, where it is known without running.
    pub(super) fn argument_names(&mut self, callee: &str, args: &'a [Argument]) {
        if self.locals.has(callee) || args.iter().all(|a| a.name.is_none()) {
            return;
        }
        let defined = self.program.module(self.module).names.contains_key(callee);
        let params: Vec<&str> = match self.program.module(self.module).names.get(callee) {
            Some(meaning) => match &meaning.item.item().kind {
                ItemKind::Op(_) | ItemKind::Definition(_) | ItemKind::Trellis(_) => {
                    config_of(&meaning.item).iter().map(|p| p.name.value.as_str()).collect()
                }
                _ => return,
            },
            None => match builtin::find(callee) {
                Some(b) => b.params.to_vec(),
                None => return,
            },
        };
        for name in args.iter().filter_map(|a| a.name.as_ref()) {
            let decides = defined && name.value == DECISIONS;
            if !decides && !params.contains(&name.value.as_str()) {
                self.diags.push(unknown_argument(callee, &params, name));
            }
        }
    }
}

fn local_fits(local: Local, want: Want) -> bool {
    match want {
        Want::Any => true,
        Want::Operator | Want::Callee | Want::Opset => matches!(local, Local::Let | Local::Config),
        Want::Number => !matches!(local, Local::Map | Local::Node | Local::Family),
    }
}

fn item_fits(kind: &ItemKind, want: Want) -> bool {
    match kind {
        ItemKind::Definition(d) if d.role == Role::Net => false,
        ItemKind::Op(_) | ItemKind::Definition(_) | ItemKind::Trellis(_) => {
            matches!(want, Want::Any | Want::Operator | Want::Callee)
        }
        ItemKind::Opset(_) => matches!(want, Want::Any | Want::Opset | Want::Callee),
        ItemKind::Const(_) => matches!(want, Want::Any | Want::Number),
        ItemKind::Let(_) => true,
        ItemKind::Use(_) | ItemKind::Block(_) => false,
    }
}

/// The module of the standard library that declares a name.
fn declared_in_std(name: &str) -> Option<&'static str> {
    const WORDS: &[&str] =
        &["op", "opset", "cell", "head", "stem", "encoder", "decoder", "trellis", "const", "let"];
    let declares = |line: &str| {
        let mut words = line.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        words.next().is_some_and(|w| WORDS.contains(&w)) && words.next() == Some(name)
    };
    stdlib::MODULES.iter().find(|(_, text)| text.lines().any(declares)).map(|(module, _)| *module)
}
