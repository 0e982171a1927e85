//! Statements of bodies and clauses of plans.

use super::braces::{block, separated, short_block, with_commas};
use super::doc::Doc;
use super::expr::binder;
use super::weave::{Printer, Rows, inline};
use crate::source::Span;
use crate::syntax::ast::*;

impl Printer<'_> {
    /// `{ … }`; a sole statement stays on one line where the author put it there.
    pub(super) fn body(&mut self, statements: &[Statement], span: Span) -> Doc {
        if let [statement] = statements
            && statement.docs.is_empty()
            && self.on_last_line(statement.span, span)
        {
            return short_block(self.statement(statement));
        }
        let mut rows = Rows::new();
        self.statements(statements, &mut rows);
        let after = self.before_end(span);
        rows.comments(self, after);
        block(rows)
    }

    pub(super) fn statements(&mut self, statements: &[Statement], rows: &mut Rows) {
        for statement in statements {
            let part = (statement.span, &statement.docs[..]);
            rows.part(self, part, false, |p| p.statement(statement));
        }
    }

    fn statement(&mut self, statement: &Statement) -> Doc {
        match &statement.kind {
            StatementKind::Let(of) => self.let_item(of),
            StatementKind::Node { keep, target, value, each } => {
                let head = if *keep { "keep node " } else { "node " };
                let head = Doc::text(head).then(self.assigned(target, value));
                self.repeated(head, each)
            }
            StatementKind::Out { aux, outs, each } => {
                let head = Doc::text(if *aux { "aux out " } else { "out " });
                let outs = outs.iter().map(|(target, value)| match target {
                    Some(target) => self.assigned(target, value),
                    None => self.expr(value),
                });
                let outs: Vec<_> = outs.collect();
                let outs = match outs.len() {
                    1 => Doc::concat(outs),
                    _ => Doc::nest(4, Doc::group(separated(outs))),
                };
                self.repeated(head.then(outs), each)
            }
            StatementKind::Tap(target, value) => {
                Doc::text("tap ").then(self.assigned(target, value))
            }
            StatementKind::For(each, body) => {
                let head = self.each(each).then(Doc::text(" "));
                head.then(self.body(body, statement.span))
            }
            StatementKind::Rebind(name, value) => self.binding(format!("{} =", name.value), value),
        }
    }

    /// `x[i] = …`.
    fn assigned(&mut self, target: &Target, value: &Expr) -> Doc {
        let mut parts = vec![Doc::text(&target.name.value)];
        for index in &target.indices {
            parts.extend([Doc::text("["), self.expr(index), Doc::text("]")]);
        }
        parts.extend([Doc::text(" ="), Doc::hang(self.expr(value))]);
        Doc::concat(parts)
    }

    fn repeated(&mut self, head: Doc, each: &Option<Each>) -> Doc {
        match each {
            Some(each) => {
                let names = binder(&each.binder);
                let over = self.expr(&each.over);
                Doc::concat(vec![head, Doc::text(format!(" for {names} in ")), over])
            }
            None => head,
        }
    }

    /// A clause of a plan; its name is filled up to a width.
    pub(super) fn clause(&mut self, clause: &Clause, width: usize) -> Doc {
        let name = Doc::text(format!("{:width$}", clause.name.value));
        let args: Vec<_> = clause.args.iter().map(|a| self.argument(a)).collect();
        let args: Vec<_> = args.into_iter().map(|(before, doc)| inline(before, doc)).collect();
        let args = match args.len() {
            1 => Doc::concat(args),
            _ => Doc::nest(width, Doc::fill(with_commas(args))),
        };
        name.then(args)
    }
}
