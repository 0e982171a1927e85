//! Values back to text: what the emitter writes for a value that was computed.

use super::value::Value;
use crate::ir::shape::Scale;
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, UnaryOp};

/// An expression that evaluates to a plain value; a name that cannot be found for others.
pub(super) fn literal(value: &Value, at: Span) -> Expr {
    let new = |kind| Expr { kind: Box::new(kind), span: at };
    let int = |n: i64| match n {
        0.. => new(ExprKind::Int(n)),
        n => new(ExprKind::Unary(UnaryOp::Minus, new(ExprKind::Int(n.saturating_neg())))),
    };
    match value {
        Value::Num(n) if n.is_integer() => int(n.to_integer()),
        Value::Num(n) => new(ExprKind::Binary(BinaryOp::Divide, int(*n.numer()), int(*n.denom()))),
        Value::Float(x) => new(ExprKind::Float(format!("{x:?}"))),
        Value::Quantity(x, unit) => new(ExprKind::Quantity(x.to_string(), unit.to_string())),
        Value::Bool(b) => new(ExprKind::Bool(*b)),
        Value::Str(s) => new(ExprKind::Str(s.to_string())),
        Value::Label(s) => new(ExprKind::Name(s.to_string())),
        Value::Scale(Scale::Down(n)) => new(ExprKind::Scale(*n)),
        Value::Size(dims) => new(ExprKind::Size(dims.to_vec())),
        Value::List(items) => new(ExprKind::List(items.iter().map(|v| literal(v, at)).collect())),
        Value::Same => new(ExprKind::Name("same".to_string())),
        _ => new(ExprKind::Absent),
    }
}
