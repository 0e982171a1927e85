//! Rewriting syntax trees: children of an expression, substitution of names, names that are used.

use crate::syntax::ast::*;
use std::collections::BTreeSet;

/// An expression with each direct child passed through `f`.
pub(super) fn map_children(e: &Expr, f: &mut dyn FnMut(&Expr) -> Expr) -> Expr {
    let args = |args: &[Argument], f: &mut dyn FnMut(&Expr) -> Expr| -> Vec<Argument> {
        args.iter().map(|a| Argument { name: a.name.clone(), value: f(&a.value) }).collect()
    };
    let kind = match &*e.kind {
        ExprKind::Name(_)
        | ExprKind::It
        | ExprKind::Absent
        | ExprKind::Int(_)
        | ExprKind::Float(_)
        | ExprKind::Quantity(..)
        | ExprKind::Scale(_)
        | ExprKind::Size(_)
        | ExprKind::Str(_)
        | ExprKind::Bool(_) => return e.clone(),
        ExprKind::List(items) => ExprKind::List(items.iter().map(f).collect()),
        ExprKind::Tuple(items) => ExprKind::Tuple(items.iter().map(f).collect()),
        ExprKind::Comprehension(body, each) => {
            let over = f(&each.over);
            ExprKind::Comprehension(f(body), Each { binder: each.binder.clone(), over })
        }
        ExprKind::Call(callee, a) => ExprKind::Call(f(callee), args(a, f)),
        ExprKind::Index(x, i) => ExprKind::Index(f(x), f(i)),
        ExprKind::Slice(x, from, to, incl) => {
            ExprKind::Slice(f(x), from.as_ref().map(&mut *f), to.as_ref().map(&mut *f), *incl)
        }
        ExprKind::Field(x, name) => ExprKind::Field(f(x), name.clone()),
        ExprKind::Unary(op, x) => ExprKind::Unary(*op, f(x)),
        ExprKind::Binary(op, a, b) => ExprKind::Binary(*op, f(a), f(b)),
        ExprKind::Choose(choose) => ExprKind::Choose(map_choose(choose, f)),
        ExprKind::Match(of, arms) => {
            let of = f(of);
            let arm = |a: &Arm| Arm { pattern: a.pattern.clone(), value: f(&a.value) };
            ExprKind::Match(of, arms.iter().map(arm).collect())
        }
        ExprKind::Schedule { from, to, curve, power } => ExprKind::Schedule {
            from: f(from),
            to: f(to),
            curve: curve.clone(),
            power: power.clone(),
        },
    };
    Expr { kind: Box::new(kind), span: e.span }
}

fn map_choose(choose: &Choose, f: &mut dyn FnMut(&Expr) -> Expr) -> Choose {
    match choose {
        Choose::Labelled(entries) => {
            Choose::Labelled(entries.iter().map(|e| map_entry(e, f)).collect())
        }
        Choose::One(of, written) => Choose::One(f(of), *written),
        Choose::Picks { ordered, k, of, repeats, via } => Choose::Picks {
            ordered: *ordered,
            k: f(k),
            of: f(of),
            repeats: *repeats,
            via: via.as_ref().map(f),
        },
        Choose::Path(clauses) => Choose::Path(clauses.iter().map(|c| map_clause(c, f)).collect()),
    }
}

fn map_clause(clause: &PathClause, f: &mut dyn FnMut(&Expr) -> Expr) -> PathClause {
    let kind = match &clause.kind {
        PathClauseKind::Layers(e) => PathClauseKind::Layers(f(e)),
        PathClauseKind::Scales(e) => PathClauseKind::Scales(f(e)),
        PathClauseKind::First(e) => PathClauseKind::First(f(e)),
        PathClauseKind::Exits(e) => PathClauseKind::Exits(f(e)),
        other => other.clone(),
    };
    PathClause { kind, span: clause.span }
}

/// An entry with its value passed through `f`.
pub(super) fn map_entry(entry: &Entry, f: &mut dyn FnMut(&Expr) -> Expr) -> Entry {
    Entry {
        docs: entry.docs.clone(),
        label: entry.label.clone(),
        value: entry.value.as_ref().map(f),
    }
}

/// Every expression below, itself first.
pub(super) fn each_expr(e: &Expr, visit: &mut dyn FnMut(&Expr)) {
    visit(e);
    let _ = map_children(e, &mut |child| {
        each_expr(child, visit);
        child.clone()
    });
}

/// Puts expressions in the place of names.
pub(super) fn substitute(e: &Expr, names: &[(String, Expr)]) -> Expr {
    if let ExprKind::Name(name) = &*e.kind
        && let Some((_, value)) = names.iter().rev().find(|(n, _)| n == name)
    {
        return value.clone();
    }
    if let ExprKind::Comprehension(_, each) = &*e.kind {
        let hidden = binder_names(&each.binder);
        let left: Vec<_> = names.iter().filter(|(n, _)| !hidden.contains(n)).cloned().collect();
        return fold(&map_children(e, &mut |child| substitute(child, &left)));
    }
    let mut placed = map_children(e, &mut |child| substitute(child, names));
    if let ExprKind::Match(_, arms) = &mut *placed.kind {
        for arm in arms {
            if let Pattern::Value(value) = &mut arm.pattern {
                *value = substitute(value, names);
            }
        }
    }
    fold(&placed)
}

/// `3 - 1` becomes `2`: what a turn of a loop leaves of its index.
fn fold(e: &Expr) -> Expr {
    let ExprKind::Binary(op, a, b) = &*e.kind else { return e.clone() };
    let (ExprKind::Int(a), ExprKind::Int(b)) = (&*a.kind, &*b.kind) else { return e.clone() };
    let value = match op {
        BinaryOp::Plus => a.checked_add(*b),
        BinaryOp::Minus => a.checked_sub(*b).filter(|n| *n >= 0),
        BinaryOp::Times => a.checked_mul(*b),
        _ => None,
    };
    match value {
        Some(n) => Expr { kind: Box::new(ExprKind::Int(n)), span: e.span },
        None => e.clone(),
    }
}

/// The names that a binder binds.
pub(super) fn binder_names(binder: &Binder) -> Vec<String> {
    match binder {
        Binder::Name(name) => vec![name.value.clone()],
        Binder::List(parts, _) => parts.iter().flat_map(binder_names).collect(),
    }
}

/// What each name of a binder stands for in one turn.
pub(super) fn bindings(binder: &Binder, value: &Expr) -> Vec<(String, Expr)> {
    match (binder, &*value.kind) {
        (Binder::Name(name), _) => vec![(name.value.clone(), value.clone())],
        (Binder::List(parts, _), ExprKind::List(items) | ExprKind::Tuple(items)) => {
            parts.iter().zip(items).flat_map(|(p, v)| bindings(p, v)).collect()
        }
        (Binder::List(parts, _), _) => parts
            .iter()
            .enumerate()
            .flat_map(|(i, p)| {
                let index = Expr { kind: Box::new(ExprKind::Int(i as i64)), span: value.span };
                let kind = ExprKind::Index(value.clone(), index);
                bindings(p, &Expr { kind: Box::new(kind), span: value.span })
            })
            .collect(),
    }
}

/// The expressions directly in a statement.
pub(super) fn map_statement(s: &Statement, f: &mut dyn FnMut(&Expr) -> Expr) -> Statement {
    let target = |t: &Target, f: &mut dyn FnMut(&Expr) -> Expr| Target {
        name: t.name.clone(),
        indices: t.indices.iter().map(f).collect(),
    };
    let each = |e: &Option<Each>, f: &mut dyn FnMut(&Expr) -> Expr| {
        e.as_ref().map(|e| Each { binder: e.binder.clone(), over: f(&e.over) })
    };
    let kind = match &s.kind {
        StatementKind::Let(l) => {
            StatementKind::Let(Let { binder: l.binder.clone(), value: f(&l.value) })
        }
        StatementKind::Node { keep, target: t, value, each: e } => StatementKind::Node {
            keep: *keep,
            target: target(t, f),
            value: f(value),
            each: each(e, f),
        },
        StatementKind::Out { aux, outs, each: e } => StatementKind::Out {
            aux: *aux,
            outs: outs.iter().map(|(t, v)| (t.as_ref().map(|t| target(t, f)), f(v))).collect(),
            each: each(e, f),
        },
        StatementKind::Tap(t, value) => StatementKind::Tap(target(t, f), f(value)),
        StatementKind::For(e, body) => StatementKind::For(
            Each { binder: e.binder.clone(), over: f(&e.over) },
            body.iter().map(|s| map_statement(s, f)).collect(),
        ),
        StatementKind::Rebind(name, value) => StatementKind::Rebind(name.clone(), f(value)),
    };
    Statement { docs: s.docs.clone(), kind, span: s.span }
}

/// Every expression of an item, passed through `f`.
pub(super) fn map_item(kind: &ItemKind, f: &mut dyn FnMut(&Expr) -> Expr) -> ItemKind {
    let params = |ps: &[Parameter], f: &mut dyn FnMut(&Expr) -> Expr| -> Vec<Parameter> {
        ps.iter()
            .map(|p| Parameter { default: p.default.as_ref().map(&mut *f), ..p.clone() })
            .collect()
    };
    let body = |b: &[Statement], f: &mut dyn FnMut(&Expr) -> Expr| -> Vec<Statement> {
        b.iter().map(|s| map_statement(s, f)).collect()
    };
    match kind {
        ItemKind::Use(u) => ItemKind::Use(u.clone()),
        ItemKind::Const(c) => ItemKind::Const(Const { name: c.name.clone(), value: f(&c.value) }),
        ItemKind::Opset(o) => ItemKind::Opset(Opset {
            name: o.name.clone(),
            entries: o.entries.iter().map(|e| map_entry(e, f)).collect(),
        }),
        ItemKind::Op(o) => ItemKind::Op(Op {
            name: o.name.clone(),
            config: params(&o.config, f),
            body: f(&o.body),
        }),
        ItemKind::Definition(d) => ItemKind::Definition(Definition {
            config: params(&d.config, f),
            body: body(&d.body, f),
            ..d.clone()
        }),
        ItemKind::Trellis(t) => ItemKind::Trellis(Trellis {
            config: params(&t.config, f),
            along: f(&t.along),
            body: body(&t.body, f),
            arrow: Arrow { value: f(&t.arrow.value), ..t.arrow.clone() },
            ..t.clone()
        }),
        ItemKind::Let(l) => ItemKind::Let(Let { binder: l.binder.clone(), value: f(&l.value) }),
        ItemKind::Block(b) => ItemKind::Block(b.clone()),
    }
}

/// Notes every name that an expression uses. Entries without a value use their label.
pub(super) fn note_names(e: &Expr, out: &mut BTreeSet<String>) {
    each_expr(e, &mut |e| match &*e.kind {
        ExprKind::Name(name) => {
            out.insert(name.clone());
        }
        ExprKind::Choose(Choose::Labelled(entries)) => {
            let bare = entries.iter().filter(|e| e.value.is_none());
            out.extend(bare.map(|e| e.label.value.clone()));
        }
        _ => {}
    });
}

/// Every name that an item's expressions use. Entries without a value use their label.
pub(super) fn names_used(kind: &ItemKind) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    let _ = map_item(kind, &mut |e| {
        note_names(e, &mut out);
        e.clone()
    });
    if let ItemKind::Opset(o) = kind {
        let bare = o.entries.iter().filter(|e| e.value.is_none());
        out.extend(bare.map(|e| e.label.value.clone()));
    }
    out
}
