//! `choose` and `match`.

use super::braces::{block, short_block};
use super::doc::Doc;
use super::expr::leftmost;
use super::weave::{Printer, Rows, inline};
use crate::source::Span;
use crate::syntax::ast::*;

/// Clauses on one line, and where that line is in the text.
type Line = (Vec<Doc>, Option<(u32, u32)>);

impl Printer<'_> {
    pub(super) fn choose(&mut self, choose: &Choose, span: Span) -> Doc {
        match choose {
            Choose::Labelled(entries) => {
                Doc::text("choose ").then(self.short_entries(entries, span))
            }
            Choose::One(of, true) => Doc::text("choose one of ").then(self.closed(of)),
            Choose::One(of, false) => Doc::text("choose ").then(self.closed(of)),
            Choose::Picks { ordered, k, of, repeats, via } => {
                let head = if *ordered { "choose ordered " } else { "choose " };
                let mut parts = vec![Doc::text(head), self.closed(k)];
                parts.extend([Doc::text(" of "), self.closed(of)]);
                parts.push(Doc::text(if *repeats { " with repeats" } else { "" }));
                if let Some(via) = via {
                    parts.extend([Doc::text(" via "), self.closed(via)]);
                }
                Doc::concat(parts)
            }
            Choose::Path(clauses) => Doc::text("choose path ").then(self.path(clauses, span)),
        }
    }

    /// The clauses of a path: those that the author put on one line stay there.
    fn path(&mut self, clauses: &[PathClause], span: Span) -> Doc {
        let mut rows: Vec<Line> = Vec::new();
        let mut out = Rows::new();
        for clause in clauses {
            let before = self.before(clause.span);
            let lines = self.lines_of(clause.span);
            let doc = self.within(clause.span, |p| p.path_clause(&clause.kind));
            match rows.last_mut() {
                Some((row, last)) if before.is_empty() && same_line(*last, lines) => {
                    row.push(doc);
                    *last = lines;
                }
                _ => {
                    if !before.is_empty() {
                        flush(&mut rows, &mut out);
                        out.comments(self, before);
                    }
                    rows.push((vec![doc], lines));
                }
            }
        }
        let after = self.before_end(span);
        if !self.on_many_lines(span) && after.is_empty() && out.is_empty() && !rows.is_empty() {
            let parts: Vec<_> = rows.into_iter().flat_map(|(row, _)| row).collect();
            return short_block(columns(parts));
        }
        flush(&mut rows, &mut out);
        out.comments(self, after);
        block(out)
    }

    fn path_clause(&mut self, kind: &PathClauseKind) -> Doc {
        let names = |names: &[Name]| {
            let names: Vec<_> = names.iter().map(|n| &n.value[..]).collect();
            Doc::text(names.join(", "))
        };
        match kind {
            PathClauseKind::Layers(n) => Doc::text("layers ").then(self.tight(n)),
            PathClauseKind::Scales(of) => Doc::text("scales ").then(self.scales(of)),
            PathClauseKind::First(of) => Doc::text("first ").then(self.scales(of)),
            PathClauseKind::Exits(of) => Doc::text("exits ").then(self.scales(of)),
            PathClauseKind::Moves(of) => Doc::text("moves ").then(names(of)),
            PathClauseKind::Weigh(by) => Doc::text(format!("weigh by {}", by.value)),
        }
    }

    /// `/4 /8`, or a value that is no list of literals.
    fn scales(&mut self, of: &Expr) -> Doc {
        let is_scale = |e: &Expr| matches!(&*e.kind, ExprKind::Scale(_));
        match &*of.kind {
            ExprKind::List(parts) if !parts.is_empty() && parts.iter().all(is_scale) => {
                let mut out = Vec::new();
                for part in parts {
                    out.extend([Doc::text(if out.is_empty() { "" } else { " " }), self.expr(part)]);
                }
                Doc::concat(out)
            }
            _ if leftmost(of).is_some_and(is_scale) => self.parenthesized(of),
            _ => self.tight(of),
        }
    }

    pub(super) fn match_expr(&mut self, of: &Expr, arms: &[Arm], span: Span) -> Doc {
        let head = Doc::concat(vec![Doc::text("match "), self.expr(of), Doc::text(" ")]);
        // From where the value ends: it may itself take several lines.
        if !self.on_many_lines(Span { start: of.span.end, ..span }) {
            return head.then(self.short_arms(arms));
        }
        let mut rows = Rows::new();
        for (i, arm) in arms.iter().enumerate() {
            let comma = match arms.get(i + 1) {
                Some(next) if runs_on(arm, next) => Doc::text(","),
                _ => Doc::nil(),
            };
            rows.part(self, (arm_span(arm), &[]), false, |p| p.arm(arm).then(comma));
        }
        let after = self.before_end(span);
        rows.comments(self, after);
        head.then(block(rows))
    }

    /// Arms on one line, with commas; one on a line, with the commas that must be, where that is
    /// too long.
    fn short_arms(&mut self, arms: &[Arm]) -> Doc {
        if arms.is_empty() {
            return Doc::text("{}");
        }
        let mut out = Vec::new();
        for (i, arm) in arms.iter().enumerate() {
            // Before all of the arm: what it begins with need not be a part that takes them.
            let comments = self.before(arm_span(arm));
            out.push(inline(comments, self.arm(arm)));
            if let Some(next) = arms.get(i + 1) {
                let must = runs_on(arm, next);
                out.extend([if must { Doc::text(",") } else { Doc::if_flat(",") }, Doc::line()]);
            }
        }
        short_block(Doc::concat(out))
    }

    fn arm(&mut self, arm: &Arm) -> Doc {
        let pattern = match &arm.pattern {
            Pattern::Else(_) => Doc::text("else"),
            Pattern::Value(value) => self.tight(value),
            Pattern::Range(from, to, inclusive) => {
                let from = from.as_ref().map_or_else(Doc::nil, |e| self.tight(e));
                let range = Doc::text(if *inclusive { "..=" } else { ".." });
                let to = to.as_ref().map_or_else(Doc::nil, |e| self.tight(e));
                Doc::concat(vec![from, range, to])
            }
        };
        pattern.then(Doc::text(" =>")).then(Doc::hang(self.expr(&arm.value)))
    }
}

/// Whether two clauses stand on one line of the text.
pub(super) fn same_line(a: Option<(u32, u32)>, b: Option<(u32, u32)>) -> bool {
    matches!((a, b), (Some((_, end)), Some((start, _))) if end == start)
}

fn flush(rows: &mut Vec<Line>, out: &mut Rows) {
    for (row, lines) in rows.drain(..) {
        out.row(lines, columns(row));
    }
}

/// Parts on one line, two spaces apart; one on a line where that is too long.
fn columns(parts: Vec<Doc>) -> Doc {
    let mut out = Vec::new();
    for part in parts {
        if !out.is_empty() {
            out.extend([Doc::if_flat(" "), Doc::line()]);
        }
        out.push(part);
    }
    Doc::group(Doc::concat(out))
}

fn arm_span(arm: &Arm) -> Span {
    let start = match &arm.pattern {
        Pattern::Else(span) => *span,
        Pattern::Value(value) | Pattern::Range(Some(value), ..) => value.span,
        // What stands before the end of a range is two or three characters.
        Pattern::Range(None, Some(to), _) => to.span,
        Pattern::Range(None, None, _) => arm.value.span,
    };
    start.to(arm.value.span)
}

/// Whether the pattern behind an arm, on a new line, would be read as more of its value.
fn runs_on(arm: &Arm, next: &Arm) -> bool {
    let first = match &next.pattern {
        Pattern::Else(_) => return false,
        Pattern::Range(None, ..) => return true,
        Pattern::Value(value) => match &*value.kind {
            // The grammar knows `/8 =>`.
            ExprKind::Scale(_) => return false,
            _ => value,
        },
        Pattern::Range(Some(value), ..) => value,
    };
    let Some(first) = leftmost(first) else { return true };
    let number_taken = matches!(&*arm.value.kind, ExprKind::Schedule { power: None, .. });
    match &*first.kind {
        ExprKind::Int(n) => number_taken || *n < 0,
        ExprKind::Float(_) => number_taken,
        ExprKind::Name(_)
        | ExprKind::It
        | ExprKind::Absent
        | ExprKind::Quantity(..)
        | ExprKind::Size(_)
        | ExprKind::Str(_)
        | ExprKind::Bool(_) => false,
        _ => true,
    }
}
