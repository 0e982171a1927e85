//! Declarations.

use super::braces::{Breaking, block, bracketed, short_block};
use super::doc::Doc;
use super::expr::binder;
use super::weave::{Printer, Rows};
use crate::source::Span;
use crate::syntax::ast::*;

impl<'a> Printer<'a> {
    /// Lines of `//!`, and the comments before them.
    pub(super) fn file_docs(&mut self, file: &File, rows: &mut Rows) {
        if file.docs.is_empty() {
            return;
        }
        let lines = file.docs.iter().flat_map(|d| d.split('\n'));
        let line = |text: &str| [Doc::text(format!("//! {text}").trim_end()), Doc::fresh()];
        let docs = Doc::concat(lines.flat_map(line).collect());
        rows.part(self, (file.docs_span, &[]), false, |_| docs);
        rows.want_blank();
    }

    pub(super) fn items(&mut self, items: &[Item], rows: &mut Rows) {
        for (i, item) in items.iter().enumerate() {
            let before = i.checked_sub(1).and_then(|i| items.get(i));
            let gap = before.is_some_and(|before| apart(before, item));
            rows.part(self, (item.span, &item.docs), gap, |p| p.item(item));
        }
    }

    fn item(&mut self, item: &Item) -> Doc {
        match &item.kind {
            ItemKind::Use(of) => self.use_item(of),
            ItemKind::Const(of) => self.binding(format!("const {} =", of.name.value), &of.value),
            ItemKind::Opset(of) => {
                let entries = self.entries(&of.entries, item.span);
                Doc::text(format!("opset {} ", of.name.value)).then(entries)
            }
            ItemKind::Op(of) => {
                let mut parts = vec![Doc::text(format!("op {}", of.name.value))];
                if !of.config.is_empty() {
                    parts.push(self.parameters(&of.config));
                }
                parts.push(Doc::text(" ="));
                parts.push(Doc::hang(self.expr(&of.body)));
                Doc::concat(parts)
            }
            ItemKind::Definition(of) => {
                let head = format!("{} {}", of.role.word(), of.name.value);
                let head = Doc::text(head).then(self.signature(&of.config, &of.maps));
                let body = self.body(&of.body, item.span);
                Doc::concat(vec![head, Doc::text(" "), body])
            }
            ItemKind::Trellis(of) => self.trellis(of, item.span),
            ItemKind::Let(of) => self.let_item(of),
            ItemKind::Block(of) => self.block_item(of, item.span),
        }
    }

    /// `const F = 8` and the like.
    pub(super) fn binding(&mut self, head: String, value: &Expr) -> Doc {
        Doc::text(head).then(Doc::hang(self.expr(value)))
    }

    pub(super) fn let_item(&mut self, of: &Let) -> Doc {
        let names = match &of.binder {
            Binder::List(parts, _) if parts.len() > 1 => {
                let parts: Vec<_> = parts.iter().map(binder).collect();
                parts.join(", ")
            }
            other => binder(other),
        };
        self.binding(format!("let {names} ="), &of.value)
    }

    fn use_item(&mut self, of: &Use) -> Doc {
        let module: Vec<_> = of.module.iter().map(|n| &n.value[..]).collect();
        let mut parts = vec![Doc::text(format!("use {}", module.join(".")))];
        match &of.names {
            UseNames::Last => {}
            UseNames::All(_) => parts.push(Doc::text(".*")),
            UseNames::These(names) => {
                let name = |n: &Name| (self.before(n.span), Doc::text(&n.value));
                let names = names.iter().map(name).collect();
                parts.push(bracketed((".{", "}"), names, &[], Breaking::Fill));
            }
        }
        for (i, (name, value)) in of.overrides.iter().enumerate() {
            let before = if i == 0 { " with" } else { "," };
            let value = Doc::text(format!("{} = ", name.value)).then(self.expr(value));
            parts.extend([Doc::text(before), Doc::nest(2, Doc::line().then(value))]);
        }
        Doc::group(Doc::concat(parts))
    }

    /// `(config)(maps)`. A sole list is one of maps.
    fn signature(&mut self, config: &[Parameter], maps: &[Parameter]) -> Doc {
        let mut parts = Vec::new();
        if !config.is_empty() {
            parts.push(self.parameters(config));
        }
        if !config.is_empty() || !maps.is_empty() {
            parts.push(self.parameters(maps));
        }
        Doc::concat(parts)
    }

    fn parameters(&mut self, of: &[Parameter]) -> Doc {
        let parts = of.iter().map(|p| (self.before(p.name.span), self.parameter(p))).collect();
        bracketed(("(", ")"), parts, &[], Breaking::Lines)
    }

    fn parameter(&mut self, of: &Parameter) -> Doc {
        let mut text = of.name.value.clone();
        text.push_str(if of.optional { "?" } else { "" });
        if let Some(ty) = &of.ty {
            let depth = ty.lists as usize;
            text += &format!(": {}{}{}", "[".repeat(depth), ty.name.value, "]".repeat(depth));
        }
        match &of.default {
            Some(value) => Doc::text(text + " = ").then(self.expr(value)),
            None => Doc::text(text),
        }
    }

    fn trellis(&mut self, of: &Trellis, span: Span) -> Doc {
        let head = Doc::text(format!("trellis {}", of.name.value));
        let head = head.then(self.signature(&of.config, &of.maps));
        let along = Doc::text(" along ").then(self.tight(&of.along));
        let mut rows = Rows::new();
        let arrow_at = self.arrow_place(of);
        let (before, after) = of.body.split_at(arrow_at);
        self.statements(before, &mut rows);
        let arrow = &of.arrow;
        rows.part(self, (arrow.span, &arrow.docs), false, |p| {
            let how = if arrow.per_arrow { "per arrow" } else { "on mix" };
            p.binding(format!("{how} {} ->", arrow.map.value), &arrow.value)
        });
        self.statements(after, &mut rows);
        let rest = self.before_end(span);
        rows.comments(self, rest);
        let at = Doc::text(format!("at {} ", of.scale.value)).then(block(rows));
        let inner = Doc::nest(2, Doc::fresh().then(at));
        Doc::concat(vec![head, along, Doc::text(" {"), inner, Doc::fresh(), Doc::text("}")])
    }

    /// Before which statement the arrow stands: the first that is behind it in the text.
    fn arrow_place(&self, of: &Trellis) -> usize {
        let behind = |s: &Statement| {
            let places = self.lines_of(s.span).zip(self.lines_of(of.arrow.span));
            places.is_some() && s.span.start > of.arrow.span.start
        };
        of.body.iter().position(behind).unwrap_or(of.body.len())
    }

    fn block_item(&mut self, of: &Block, span: Span) -> Doc {
        let mut head = of.kind.value.clone();
        if let Some(subject) = &of.subject {
            head += &format!(" {}", subject.value);
        }
        self.clauses(Doc::text(head + " "), &of.clauses, &of.phases, span)
    }

    fn phase(&mut self, of: &Phase) -> Doc {
        let mut head = "phase ".to_string();
        if let Some(name) = &of.name {
            head += &format!("{} ", name.value);
        }
        self.clauses(Doc::text(head), &of.clauses, &[], of.span)
    }

    /// A block of clauses, and of phases behind them.
    fn clauses(&mut self, head: Doc, clauses: &[Clause], phases: &[Phase], span: Span) -> Doc {
        let names = clauses.iter().map(|c| c.name.value.chars().count());
        let width = names.max().unwrap_or(0) + if clauses.len() > 1 { 2 } else { 1 };
        if let ([clause], []) = (clauses, phases)
            && clause.docs.is_empty()
            && self.on_last_line(clause.span, span)
        {
            return head.then(short_block(self.clause(clause, width)));
        }
        let mut rows = Rows::new();
        for clause in clauses {
            let part = (clause.span, &clause.docs[..]);
            rows.part(self, part, false, |p| p.clause(clause, width));
        }
        for phase in phases {
            rows.part(self, (phase.span, &phase.docs[..]), true, |p| p.phase(phase));
        }
        let after = self.before_end(span);
        rows.comments(self, after);
        head.then(block(rows))
    }
}

/// Whether an empty line goes between two declarations that no author has placed: always, but
/// between lines of one kind.
fn apart(a: &Item, b: &Item) -> bool {
    let short =
        |item: &Item| matches!(item.kind, ItemKind::Use(_) | ItemKind::Const(_) | ItemKind::Let(_));
    let same = std::mem::discriminant(&a.kind) == std::mem::discriminant(&b.kind);
    !(same && short(a) && a.docs.is_empty() && b.docs.is_empty())
}
