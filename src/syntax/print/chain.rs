//! Operators between values: `a > b > c` is one chain, broken before its operators.

use super::doc::Doc;
use super::expr::{ends_in_choice, infix_level};
use super::weave::{Printer, inline};
use crate::syntax::ast::{BinaryOp, Expr, ExprKind};

impl Printer<'_> {
    pub(super) fn binary(&mut self, op: BinaryOp, left: &Expr, right: &Expr) -> Doc {
        if matches!(op, BinaryOp::RangeIncl | BinaryOp::RangeExcl) {
            let from = self.left(op, left);
            let to = self.operand(right, infix_level(op) + 1);
            return Doc::concat(vec![from, Doc::text(word(op)), to]);
        }
        let mut links = vec![(op, right)];
        let mut first = left;
        // Operators of one level associate to the left, so these need no parentheses.
        while let ExprKind::Binary(inner, a, b) = &*first.kind
            && infix_level(*inner) == infix_level(op)
            && !swallows(links.last().map(|l| l.0), first)
        {
            links.push((*inner, b));
            first = a;
        }
        let mut parts = vec![match links.last() {
            Some((op, _)) => self.left(*op, first),
            None => Doc::nil(),
        }];
        parts.extend(links.into_iter().rev().map(|(op, right)| self.link(op, right)));
        Doc::chain(parts)
    }

    fn left(&mut self, op: BinaryOp, left: &Expr) -> Doc {
        match swallows(Some(op), left) {
            true => self.parenthesized(left),
            false => self.operand(left, infix_level(op)),
        }
    }

    fn link(&mut self, op: BinaryOp, right: &Expr) -> Doc {
        let comments = self.before(right.span);
        let right = self.operand(right, infix_level(op) + 1);
        let link = Doc::text(format!("{} ", word(op))).then(right);
        match comments.is_empty() {
            true => link,
            false => Doc::nest(2, inline(comments, link)),
        }
    }
}

/// Whether the choice that an operand ends in would take the operator for its own.
fn swallows(op: Option<BinaryOp>, left: &Expr) -> bool {
    op == Some(BinaryOp::Via) && ends_in_choice(left)
}

fn word(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Or => "or",
        BinaryOp::And => "and",
        BinaryOp::Above => "above",
        BinaryOp::Below => "below",
        BinaryOp::Is => "is",
        BinaryOp::RangeIncl => "..=",
        BinaryOp::RangeExcl => "..",
        BinaryOp::Plus => "+",
        BinaryOp::Minus => "-",
        BinaryOp::Via => "via",
        BinaryOp::Pipe => ">",
        BinaryOp::Times => "*",
        BinaryOp::Divide => "/",
    }
}
