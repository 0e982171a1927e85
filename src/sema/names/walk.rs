//! The walk over statements and expressions.

use super::locals::Local;
use super::{Names, Want};
use crate::diag::Diag;
use crate::sema::builtin::{self, FUNCTIONS, WORDS};
use crate::sema::call::given_twice;
use crate::sema::text::is_range;
use crate::source::Span;
use crate::syntax::ast::*;

impl<'a> Names<'a> {
    pub(super) fn statements(&mut self, statements: &'a [Statement]) {
        statements.iter().for_each(|s| self.statement(&s.kind));
    }

    fn statement(&mut self, kind: &'a StatementKind) {
        match kind {
            StatementKind::Let(binding) => {
                self.expr(&binding.value, Want::Any);
                self.declare_binder(&binding.binder, Local::Let);
            }
            StatementKind::Node { keep, target, value, each } => {
                self.turns(each.as_ref(), |this| {
                    this.target(target);
                    this.expr(value, Want::Any);
                });
                let family = !target.indices.is_empty();
                self.declare(&target.name, if family { Local::Family } else { Local::Node });
                if *keep {
                    self.locals.read(&target.name.value);
                }
            }
            StatementKind::Out { outs, each, .. } => self.turns(each.as_ref(), |this| {
                for (target, value) in outs {
                    target.iter().for_each(|t| this.target(t));
                    this.expr(value, Want::Any);
                }
            }),
            StatementKind::Tap(target, value) => {
                self.target(target);
                self.expr(value, Want::Any);
            }
            StatementKind::For(each, body) => {
                let before = self.locals.enter_loop(body);
                self.turns(Some(each), |this| this.statements(body));
                self.locals.leave_loop(before);
            }
            StatementKind::Rebind(name, value) => {
                self.expr(value, Want::Any);
                if !self.locals.has(&name.value) {
                    self.diags.push(cannot_rebind(name));
                }
            }
        }
    }

    /// The indices of what is named.
    fn target(&mut self, target: &'a Target) {
        target.indices.iter().for_each(|i| self.expr(i, Want::Number));
    }

    /// What is repeated sees what the repetition binds.
    fn turns(&mut self, each: Option<&'a Each>, run: impl FnOnce(&mut Self)) {
        let Some(each) = each else { return run(self) };
        self.expr(&each.over, Want::Any);
        self.declare_binder(&each.binder, Local::Binder);
        run(self);
        self.locals.remove(&each.binder);
    }

    fn declare_binder(&mut self, binder: &'a Binder, local: Local) {
        match binder {
            Binder::Name(name) => self.declare(name, local),
            Binder::List(parts, _) => parts.iter().for_each(|p| self.declare_binder(p, local)),
        }
    }

    pub(super) fn expr(&mut self, e: &'a Expr, want: Want) {
        match &*e.kind {
            ExprKind::Name(name) => self.name(name, e.span, want),
            ExprKind::It if !self.place.it => self.diags.push(it_means_nothing(e.span)),
            ExprKind::It
            | ExprKind::Absent
            | ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Quantity(..)
            | ExprKind::Scale(_)
            | ExprKind::Size(_)
            | ExprKind::Str(_)
            | ExprKind::Bool(_) => {}
            ExprKind::List(items) | ExprKind::Tuple(items) => {
                items.iter().for_each(|i| self.expr(i, Want::Any));
            }
            ExprKind::Comprehension(body, each) => {
                self.turns(Some(each), |this| this.expr(body, Want::Any));
            }
            ExprKind::Call(callee, args) => self.call(callee, args),
            ExprKind::Index(x, i) => {
                if is_range(i) {
                    self.sliced(x)
                } else {
                    self.expr(x, Want::Any)
                }
                self.expr(i, Want::Number);
            }
            ExprKind::Slice(x, from, to, _) => {
                self.sliced(x);
                from.iter().chain(to).for_each(|e| self.expr(e, Want::Number));
            }
            ExprKind::Field(x, _) => self.expr(x, Want::Any),
            ExprKind::Unary(UnaryOp::Tied, x) => self.expr(x, Want::Operator),
            ExprKind::Unary(_, x) => self.expr(x, Want::Number),
            ExprKind::Binary(op, a, b) => {
                let (left, right) = sides(*op);
                self.expr(a, left);
                self.expr(b, right);
            }
            ExprKind::Choose(choose) => self.choose(choose),
            ExprKind::Match(of, arms) => self.arms(of, arms, want),
            ExprKind::Schedule { from, to, power, .. } => {
                [from, to].into_iter().chain(power).for_each(|e| self.expr(e, Want::Number));
            }
        }
    }

    /// A family may be sliced before its first member is made: `H[..1]`.
    fn sliced(&mut self, x: &'a Expr) {
        let family = match &*x.kind {
            ExprKind::Name(name) => self.locals.made_later(name).is_some(),
            _ => false,
        };
        match &*x.kind {
            ExprKind::Name(name) if family => {
                self.locals.read(name);
            }
            _ => self.expr(x, Want::Any),
        }
    }

    fn call(&mut self, callee: &'a Expr, args: &'a [Argument]) {
        given_twice(args).into_iter().for_each(|d| self.diags.push(d));
        match &*callee.kind {
            ExprKind::Name(name) => {
                self.name(name, callee.span, Want::Callee);
                self.argument_names(name, args);
            }
            _ => self.expr(callee, Want::Operator),
        }
        args.iter().for_each(|a| self.expr(&a.value, Want::Any));
    }

    fn choose(&mut self, choose: &'a Choose) {
        match choose {
            Choose::Labelled(entries) => {
                self.labels(entries);
                for entry in entries {
                    match &entry.value {
                        Some(value) => self.expr(value, Want::Any),
                        // A word that names nothing stands for itself.
                        None => self.mention_name(&entry.label.value),
                    }
                }
            }
            Choose::One(of, _) => self.expr(of, Want::Any),
            Choose::Picks { k, of, via, .. } => {
                self.expr(k, Want::Number);
                self.expr(of, Want::Any);
                via.iter().for_each(|v| self.expr(v, Want::Opset));
            }
            Choose::Path(clauses) => {
                self.clauses_once(clauses);
                clauses.iter().for_each(|c| self.path_clause(&c.kind));
            }
        }
    }

    fn path_clause(&mut self, kind: &'a PathClauseKind) {
        match kind {
            PathClauseKind::Layers(e) => self.expr(e, Want::Number),
            PathClauseKind::Scales(e) | PathClauseKind::First(e) | PathClauseKind::Exits(e) => {
                self.expr(e, Want::Any);
            }
            PathClauseKind::Moves(_) | PathClauseKind::Weigh(_) => {}
        }
    }

    /// No clause of a path twice.
    fn clauses_once(&mut self, clauses: &[PathClause]) {
        let mut seen = rustc_hash::FxHashMap::default();
        for clause in clauses {
            let word = clause_word(&clause.kind);
            let at = Span { end: clause.span.start + word.len() as u32, ..clause.span };
            if let Some(first) = seen.get(word) {
                self.diags.push(
                    Diag::new("E0203", format!("`{word}` is given twice"))
                        .label(at, "again here")
                        .label(*first, "first here")
                        .help("remove one of them"),
                );
            } else {
                seen.insert(word, at);
            }
        }
    }

    fn arms(&mut self, of: &'a Expr, arms: &'a [Arm], want: Want) {
        self.expr(of, Want::Any);
        for arm in arms {
            match &arm.pattern {
                Pattern::Else(_) => {}
                // A label, unless a name means something.
                Pattern::Value(e) => self.mention(e),
                Pattern::Range(from, to, _) => {
                    from.iter().chain(to).for_each(|e| self.expr(e, Want::Number));
                }
            }
            self.expr(&arm.value, want);
        }
    }

    /// The operators of an operator set.
    pub(super) fn operators(&mut self, entries: &'a [Entry]) {
        self.labels(entries);
        for entry in entries {
            match &entry.value {
                Some(value) => self.expr(value, Want::Operator),
                None => self.name(&entry.label.value, entry.label.span, Want::Operator),
            }
        }
    }

    /// No label twice.
    fn labels(&mut self, entries: &'a [Entry]) {
        let mut seen = rustc_hash::FxHashMap::default();
        for entry in entries {
            let label = &entry.label;
            if let Some(first) = seen.insert(label.value.as_str(), label.span) {
                self.diags.push(
                    Diag::new("E0306", format!("`{}` appears twice in this choice", label.value))
                        .label(label.span, "again here")
                        .label(first, "first here")
                        .help("remove one, or give it another label"),
                );
            }
        }
    }

    /// Counts the names in an expression as used, and reports none.
    pub(super) fn mention(&mut self, e: &'a Expr) {
        let mut names = Vec::new();
        names_in(e, &mut names);
        names.into_iter().for_each(|n| self.mention_name(n));
    }

    fn mention_name(&mut self, name: &'a str) {
        if !self.locals.read(name) {
            self.used.insert(name);
        }
    }

    fn name(&mut self, name: &'a str, at: Span, want: Want) {
        let module = self.program.module(self.module);
        if self.locals.read(name) {
        } else if module.names.contains_key(name) {
            self.used.insert(name);
        } else if !self.means_something(name, want) && !module.lost.contains(name) {
            let diag = self.unknown(name, at, want);
            self.diags.push(diag);
        }
    }

    /// What the language itself gives a meaning.
    fn means_something(&self, name: &str, want: Want) -> bool {
        let built_in = name == "same" || builtin::find(name).is_some() || WORDS.contains(&name);
        built_in
            || self.place.trellis && name == "layer"
            || self.place.arrow && name == "move"
            || want == Want::Callee
                && (FUNCTIONS.contains(&name) || self.place.trellis && name == "back")
    }
}

/// What stands at both sides of an operator.
fn sides(op: BinaryOp) -> (Want, Want) {
    match op {
        BinaryOp::Pipe => (Want::Any, Want::Operator),
        BinaryOp::Via => (Want::Any, Want::Opset),
        BinaryOp::Plus | BinaryOp::Is | BinaryOp::Times => (Want::Any, Want::Any),
        BinaryOp::Or
        | BinaryOp::And
        | BinaryOp::Above
        | BinaryOp::Below
        | BinaryOp::RangeIncl
        | BinaryOp::RangeExcl
        | BinaryOp::Minus
        | BinaryOp::Divide => (Want::Number, Want::Number),
    }
}

/// Every name in an expression.
pub(super) fn names_in<'a>(e: &'a Expr, out: &mut Vec<&'a str>) {
    let mut all = |es: &[&'a Expr]| es.iter().for_each(|e| names_in(e, out));
    match &*e.kind {
        ExprKind::Name(name) => out.push(name),
        ExprKind::List(items) | ExprKind::Tuple(items) => {
            items.iter().for_each(|i| names_in(i, out));
        }
        ExprKind::Comprehension(body, each) => all(&[body, &each.over]),
        ExprKind::Call(callee, args) => {
            names_in(callee, out);
            args.iter().for_each(|a| names_in(&a.value, out));
        }
        ExprKind::Index(x, i) => all(&[x, i]),
        // What is sliced need not be there yet.
        ExprKind::Slice(x, from, to, _) => {
            names_in(x, out);
            from.iter().chain(to).for_each(|e| names_in(e, out));
        }
        ExprKind::Field(x, _) | ExprKind::Unary(_, x) => names_in(x, out),
        ExprKind::Binary(_, a, b) => all(&[a, b]),
        ExprKind::Match(of, arms) => {
            names_in(of, out);
            arms.iter().for_each(|a| names_in(&a.value, out));
        }
        ExprKind::Schedule { from, to, power, .. } => {
            all(&[from, to]);
            power.iter().for_each(|e| names_in(e, out));
        }
        ExprKind::Choose(choose) => names_in_choice(choose, out),
        ExprKind::It
        | ExprKind::Absent
        | ExprKind::Int(_)
        | ExprKind::Float(_)
        | ExprKind::Quantity(..)
        | ExprKind::Scale(_)
        | ExprKind::Size(_)
        | ExprKind::Str(_)
        | ExprKind::Bool(_) => {}
    }
}

fn names_in_choice<'a>(choose: &'a Choose, out: &mut Vec<&'a str>) {
    match choose {
        Choose::Labelled(entries) => {
            entries.iter().filter_map(|e| e.value.as_ref()).for_each(|e| names_in(e, out));
        }
        Choose::One(of, _) => names_in(of, out),
        Choose::Picks { k, of, via, .. } => {
            [k, of].into_iter().chain(via).for_each(|e| names_in(e, out));
        }
        Choose::Path(_) => {}
    }
}

/// The word that a clause starts with.
fn clause_word(kind: &PathClauseKind) -> &'static str {
    match kind {
        PathClauseKind::Layers(_) => "layers",
        PathClauseKind::Scales(_) => "scales",
        PathClauseKind::First(_) => "first",
        PathClauseKind::Exits(_) => "exits",
        PathClauseKind::Moves(_) => "moves",
        PathClauseKind::Weigh(_) => "weigh",
    }
}

fn it_means_nothing(at: Span) -> Diag {
    Diag::new("E0212", "`it` has no meaning here")
        .label(at, "outside an `op`")
        .help("only the body of an `op` has an `it`; name the map instead")
}

fn cannot_rebind(name: &Name) -> Diag {
    Diag::new("E0201", format!("nothing is named `{}` here", name.value))
        .label(name.span, "cannot be set anew")
        .help(format!("declare it: `node {} = …`", name.value))
}
