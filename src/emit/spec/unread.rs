//! Statements that nothing reads once choices are made: another alternative read them.

use crate::emit::rewrite::{binder_names, map_statement, note_names};
use crate::syntax::ast::*;
use std::collections::BTreeSet;

/// What is left of a body, without the statements whose names were read in the author's body and
/// are not any more.
pub(super) fn dropped(written: &[Statement], mut left: Vec<Statement>) -> Vec<Statement> {
    let read_once = names_read(written);
    loop {
        let read = names_read(&left);
        let before = count(&left);
        left = without(left, &|name| read_once.contains(name) && !read.contains(name));
        if count(&left) == before {
            return left;
        }
    }
}

fn count(all: &[Statement]) -> usize {
    let within = |s: &Statement| match &s.kind {
        StatementKind::For(_, body) => count(body),
        _ => 0,
    };
    all.iter().map(|s| 1 + within(s)).sum()
}

fn without(all: Vec<Statement>, idle: &dyn Fn(&str) -> bool) -> Vec<Statement> {
    let mut left = Vec::with_capacity(all.len());
    for mut s in all {
        let goes = match &mut s.kind {
            StatementKind::Let(l) => binder_names(&l.binder).iter().all(|name| idle(name)),
            StatementKind::Node { keep, target, .. } => !*keep && idle(&target.name.value),
            StatementKind::For(_, body) => {
                *body = without(std::mem::take(body), idle);
                body.is_empty()
            }
            _ => false,
        };
        if !goes {
            left.push(s);
        }
    }
    left
}

/// Every name that the statements read, or give another map.
fn names_read(all: &[Statement]) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for s in all {
        let _ = map_statement(s, &mut |e| {
            note_names(e, &mut out);
            e.clone()
        });
        rebound(s, &mut out);
    }
    out
}

fn rebound(s: &Statement, out: &mut BTreeSet<String>) {
    match &s.kind {
        StatementKind::Rebind(name, _) => {
            out.insert(name.value.clone());
        }
        StatementKind::For(_, body) => body.iter().for_each(|s| rebound(s, out)),
        _ => {}
    }
}
