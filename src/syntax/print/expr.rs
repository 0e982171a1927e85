//! Expressions, with the parentheses that precedence asks for.

use super::braces::{Breaking, Part, bracketed};
use super::doc::Doc;
use super::weave::{Printer, inline};
use crate::source::Span;
use crate::syntax::ast::*;

/// How tightly an expression binds; see `grammar/expr.pest`.
pub(super) mod level {
    pub(in crate::syntax::print) const SCHEDULE: u8 = 0;
    pub(in crate::syntax::print) const NOT: u8 = 3;
    pub(in crate::syntax::print) const MINUS: u8 = 10;
    pub(in crate::syntax::print) const TIED: u8 = 11;
    pub(in crate::syntax::print) const POSTFIX: u8 = 12;
    pub(in crate::syntax::print) const ATOM: u8 = 13;
}

/// How tightly an operator between values binds.
pub(super) fn infix_level(op: BinaryOp) -> u8 {
    match op {
        BinaryOp::Or => 1,
        BinaryOp::And => 2,
        BinaryOp::Above | BinaryOp::Below | BinaryOp::Is => 4,
        BinaryOp::RangeIncl | BinaryOp::RangeExcl => 5,
        BinaryOp::Plus | BinaryOp::Minus => 6,
        BinaryOp::Via => 7,
        BinaryOp::Pipe => 8,
        BinaryOp::Times | BinaryOp::Divide => 9,
    }
}

/// How tightly a prefix binds.
fn prefix_level(op: UnaryOp) -> u8 {
    match op {
        UnaryOp::Not => level::NOT,
        UnaryOp::Minus => level::MINUS,
        UnaryOp::Tied | UnaryOp::Slice => level::TIED,
    }
}

/// How tightly an expression binds.
pub(super) fn level_of(expr: &Expr) -> u8 {
    match &*expr.kind {
        ExprKind::Schedule { .. } => level::SCHEDULE,
        ExprKind::Binary(op, ..) => infix_level(*op),
        ExprKind::Unary(op, _) => prefix_level(*op),
        ExprKind::Int(n) if *n < 0 => level::MINUS,
        ExprKind::Call(..) | ExprKind::Index(..) | ExprKind::Slice(..) | ExprKind::Field(..) => {
            level::POSTFIX
        }
        _ => level::ATOM,
    }
}

/// Whether the last part of an expression is a choice that would take in what follows it.
pub(super) fn ends_in_choice(expr: &Expr) -> bool {
    match &*expr.kind {
        ExprKind::Choose(choose) => matches!(choose, Choose::One(..) | Choose::Picks { .. }),
        ExprKind::Binary(_, _, right) => ends_in_choice(right),
        ExprKind::Unary(_, inner) => ends_in_choice(inner),
        _ => false,
    }
}

/// The first part of what [`Printer::tight`] prints; nothing where that is a parenthesis.
pub(super) fn leftmost(expr: &Expr) -> Option<&Expr> {
    match &*expr.kind {
        ExprKind::Binary(..) | ExprKind::Schedule { .. } => None,
        ExprKind::Call(base, _)
        | ExprKind::Index(base, _)
        | ExprKind::Slice(base, ..)
        | ExprKind::Field(base, _) => match needs_parentheses(base) {
            true => None,
            false => leftmost(base),
        },
        _ => Some(expr),
    }
}

/// Whether a bracket or a point cannot follow an expression as it is.
fn needs_parentheses(base: &Expr) -> bool {
    ends_in_choice(base) || level_of(base) < level::POSTFIX
}

impl<'a> Printer<'a> {
    /// An expression where any may stand.
    pub(super) fn expr(&mut self, expr: &Expr) -> Doc {
        let comments = self.before(expr.span);
        inline(comments, self.bare(expr))
    }

    /// An expression where only those may stand that bind at least so tightly.
    pub(super) fn operand(&mut self, expr: &Expr, least: u8) -> Doc {
        match level_of(expr) < least {
            true => self.parenthesized(expr),
            false => self.expr(expr),
        }
    }

    /// An expression where the grammar takes none with operators between values.
    pub(super) fn tight(&mut self, expr: &Expr) -> Doc {
        match &*expr.kind {
            ExprKind::Binary(..) | ExprKind::Schedule { .. } => self.parenthesized(expr),
            ExprKind::Unary(op, inner) if level_of(inner) >= prefix_level(*op) => {
                let comments = self.before(expr.span);
                let doc = Doc::text(prefix(*op)).then(self.tight(inner));
                inline(comments, doc)
            }
            _ => self.expr(expr),
        }
    }

    /// The same where words follow that a choice would take in.
    pub(super) fn closed(&mut self, expr: &Expr) -> Doc {
        let word = ["one", "ordered", "path"];
        let misread = leftmost(expr)
            .is_some_and(|e| matches!(&*e.kind, ExprKind::Name(n) if word.contains(&&n[..])));
        match ends_in_choice(expr) || misread {
            true => self.parenthesized(expr),
            false => self.tight(expr),
        }
    }

    pub(super) fn parenthesized(&mut self, expr: &Expr) -> Doc {
        let comments = self.before(expr.span);
        let doc = self.bare(expr);
        inline(comments, bracketed(("(", ")"), vec![(&[], doc)], &[], Breaking::Bare))
    }

    fn bare(&mut self, expr: &Expr) -> Doc {
        match &*expr.kind {
            ExprKind::Name(name) => Doc::text(name),
            ExprKind::It => Doc::text("it"),
            ExprKind::Absent => Doc::text("absent"),
            ExprKind::Int(n) => Doc::text(n.to_string()),
            ExprKind::Float(text) => Doc::text(text),
            ExprKind::Quantity(number, unit) => Doc::text(format!("{number}{unit}")),
            ExprKind::Scale(n) => Doc::text(format!("/{n}")),
            ExprKind::Size(sizes) => {
                let sizes: Vec<_> = sizes.iter().map(u32::to_string).collect();
                Doc::text(sizes.join("x"))
            }
            ExprKind::Str(text) => Doc::text(format!("\"{text}\"")),
            ExprKind::Bool(value) => Doc::text(value.to_string()),
            ExprKind::List(parts) => self.list(parts, expr.span),
            ExprKind::Comprehension(value, each) => self.comprehension(value, each, expr.span),
            ExprKind::Tuple(parts) => self.tuple(parts, expr.span),
            ExprKind::Call(..)
            | ExprKind::Index(..)
            | ExprKind::Slice(..)
            | ExprKind::Field(..) => self.postfix(expr),
            ExprKind::Unary(op, inner) => {
                Doc::text(prefix(*op)).then(self.operand(inner, prefix_level(*op)))
            }
            ExprKind::Binary(op, left, right) => self.binary(*op, left, right),
            ExprKind::Choose(choose) => self.choose(choose, expr.span),
            ExprKind::Match(of, arms) => self.match_expr(of, arms, expr.span),
            ExprKind::Schedule { from, to, curve, power } => {
                let mut parts = vec![self.operand(from, 1), Doc::text(" -> "), self.expr(to)];
                parts.push(Doc::text(format!(" {}", curve.value)));
                if let Some(power) = power {
                    parts.extend([Doc::text(" "), self.expr(power)]);
                }
                Doc::concat(parts)
            }
        }
    }

    fn postfix(&mut self, expr: &Expr) -> Doc {
        match &*expr.kind {
            ExprKind::Call(callee, args) => {
                let callee = self.base(callee);
                callee.then(self.arguments(args, expr.span))
            }
            ExprKind::Index(of, at) => {
                let (of, at) = (self.base(of), self.expr(at));
                Doc::concat(vec![of, Doc::text("["), at, Doc::text("]")])
            }
            ExprKind::Slice(of, from, to, inclusive) => {
                let mut parts = vec![self.base(of), Doc::text("[")];
                parts.extend(from.as_ref().map(|e| self.expr(e)));
                parts.push(Doc::text(if *inclusive { "..=" } else { ".." }));
                parts.extend(to.as_ref().map(|e| self.expr(e)));
                parts.push(Doc::text("]"));
                Doc::concat(parts)
            }
            ExprKind::Field(of, name) => self.base(of).then(Doc::text(format!(".{}", name.value))),
            _ => self.bare(expr),
        }
    }

    /// What a bracket or a point follows.
    fn base(&mut self, expr: &Expr) -> Doc {
        match needs_parentheses(expr) {
            true => self.parenthesized(expr),
            false => self.expr(expr),
        }
    }

    fn list(&mut self, parts: &[Expr], span: Span) -> Doc {
        let breaking = match parts.iter().all(is_atom) {
            true => Breaking::Fill,
            false => Breaking::Lines,
        };
        let parts = self.parts(parts);
        bracketed(("[", "]"), parts, self.before_end(span), breaking)
    }

    fn tuple(&mut self, parts: &[Expr], span: Span) -> Doc {
        let parts = self.parts(parts);
        bracketed(("(", ")"), parts, self.before_end(span), Breaking::Bare)
    }

    fn parts(&mut self, parts: &[Expr]) -> Vec<Part<'a>> {
        parts.iter().map(|e| (self.before(e.span), self.expr(e))).collect()
    }

    fn comprehension(&mut self, value: &Expr, each: &Each, span: Span) -> Doc {
        let before = self.before(value.span);
        let value = self.expr(value);
        let each = self.each(each);
        let inner = Doc::concat(vec![value, Doc::line(), each]);
        bracketed(("[", "]"), vec![(before, inner)], self.before_end(span), Breaking::Bare)
    }

    /// `for x in xs`.
    pub(super) fn each(&mut self, each: &Each) -> Doc {
        let names = binder(&each.binder);
        Doc::text(format!("for {names} in ")).then(self.expr(&each.over))
    }

    /// `(a, k = b)`. A sole argument in brackets of its own is broken inside those.
    fn arguments(&mut self, args: &[Argument], span: Span) -> Doc {
        if let [Argument { name: None, value }] = args
            && has_brackets(value)
        {
            let before = self.before(value.span);
            let doc = self.expr(value);
            let after = self.before_end(span);
            return match before.is_empty() && after.is_empty() {
                true => Doc::concat(vec![Doc::text("("), doc, Doc::text(")")]),
                false => bracketed(("(", ")"), vec![(before, doc)], after, Breaking::Lines),
            };
        }
        let parts = args.iter().map(|a| self.argument(a)).collect();
        bracketed(("(", ")"), parts, self.before_end(span), Breaking::Lines)
    }

    /// `b`, `k = b`, and the comments before it.
    pub(super) fn argument(&mut self, argument: &Argument) -> Part<'a> {
        let Some(name) = &argument.name else {
            return (self.before(argument.value.span), self.expr(&argument.value));
        };
        let before = self.before(name.span);
        let value = self.expr(&argument.value);
        (before, Doc::text(format!("{} = ", name.value)).then(value))
    }
}

fn prefix(op: UnaryOp) -> &'static str {
    match op {
        UnaryOp::Minus => "-",
        UnaryOp::Not => "not ",
        UnaryOp::Tied => "tied ",
        UnaryOp::Slice => "slice ",
    }
}

/// `x`, `(x, y)`.
pub(super) fn binder(of: &Binder) -> String {
    match of {
        Binder::Name(name) => name.value.clone(),
        Binder::List(parts, _) => {
            let parts: Vec<_> = parts.iter().map(binder).collect();
            format!("({})", parts.join(", "))
        }
    }
}

/// Whether an expression has nothing inside that could be broken.
fn is_atom(expr: &Expr) -> bool {
    match &*expr.kind {
        ExprKind::Unary(_, inner) => is_atom(inner),
        kind => matches!(
            kind,
            ExprKind::Name(_)
                | ExprKind::It
                | ExprKind::Absent
                | ExprKind::Int(_)
                | ExprKind::Float(_)
                | ExprKind::Quantity(..)
                | ExprKind::Scale(_)
                | ExprKind::Size(_)
                | ExprKind::Str(_)
                | ExprKind::Bool(_)
        ),
    }
}

/// Whether an expression is broken inside brackets of its own.
fn has_brackets(expr: &Expr) -> bool {
    match &*expr.kind {
        ExprKind::Unary(_, inner) => has_brackets(inner),
        kind => matches!(
            kind,
            ExprKind::List(_)
                | ExprKind::Comprehension(..)
                | ExprKind::Call(..)
                | ExprKind::Choose(_)
                | ExprKind::Match(..)
        ),
    }
}
