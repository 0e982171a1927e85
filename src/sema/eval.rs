//! Evaluation of expressions at compile time.

use super::build::{Builder, ROOT};
use super::builtin;
use super::frame::{Counters, Frame, Instance};
use super::globals::builtin_value;
use super::load::Program;
use super::memo::Memo;
use super::module::{ModuleId, declared_name};
use super::sites::Sites;
use super::value::{Design, DesignKind, Map, Opset, Value};
use crate::diag::{Diag, Sink, did_you_mean};
use crate::ir::decision::Gate;
use crate::ir::shape::Scale;
use crate::maps::{HashMap, HashSet, IndexMap};
use crate::source::Span;
use crate::syntax::ast::*;
use std::cell::OnceCell;
use std::rc::Rc;

/// The mistake was reported; the value is not there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reported;

/// A value, or a mistake that was reported.
pub(crate) type Eval<T> = Result<T, Reported>;

/// Evaluates a program's expressions and builds one network's graph.
pub(crate) struct Evaluator<'a> {
    pub(super) program: &'a Program,
    pub(super) diags: &'a mut Sink,
    pub(super) build: Builder,
    pub(super) sites: &'a mut Sites,
    pub(super) root: Rc<Instance>,
    pub(super) globals: HashMap<(ModuleId, usize), Value>,
    pub(super) evaluating: Vec<((ModuleId, usize), Span)>,
    /// Definitions that are being applied, outermost first.
    pub(super) stack: Vec<((ModuleId, usize), Span)>,
    /// Outputs that exist in training only, from wherever they are declared.
    pub(super) aux: Vec<super::body::Aux>,
    pub(super) memo: Memo,
    /// The alternatives under which something is evaluated, outermost first.
    pub(super) assumed: Vec<Gate>,
    /// What is there in the case, and only there, in which something is evaluated.
    pub(super) case: Option<Map>,
    /// Lists of decisions of what was applied.
    pub(super) given: Vec<Rc<super::given::Given>>,
    /// How many turns loops took.
    pub(super) turns: usize,
    /// Whether the network was found to be too large.
    pub(super) exhausted: bool,
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(
        program: &'a Program,
        sites: &'a mut Sites,
        diags: &'a mut Sink,
    ) -> Evaluator<'a> {
        let root = Rc::new(Instance {
            parent: None,
            site: Span::default(),
            indices: Vec::new(),
            name: "".into(),
            item: None,
            id: OnceCell::new(),
            given: None,
        });
        Evaluator {
            program,
            diags,
            build: Builder::new(),
            sites,
            root,
            globals: HashMap::default(),
            evaluating: Vec::new(),
            stack: Vec::new(),
            aux: Vec::new(),
            memo: Memo::default(),
            assumed: Vec::new(),
            case: None,
            given: Vec::new(),
            turns: 0,
            exhausted: false,
        }
    }

    /// Reports a mistake.
    pub(super) fn fail<T>(&mut self, diag: Diag) -> Eval<T> {
        self.memo.effect();
        self.diags.push(diag);
        Err(Reported)
    }

    /// The mistake was reported already.
    pub(super) fn reported<T>(&mut self) -> Eval<T> {
        self.memo.effect();
        Err(Reported)
    }

    /// A frame for a module's own level.
    pub(super) fn module_frame(&self, module: ModuleId, label: &str) -> Frame {
        Frame {
            module,
            vars: IndexMap::default(),
            it: None,
            instance: Rc::clone(&self.root),
            indices: Vec::new(),
            scope: ROOT,
            counters: Counters::default(),
            label: label.into(),
            place: None,
            offered: HashMap::default(),
            read: HashSet::default(),
        }
    }

    /// Evaluates an expression.
    pub(super) fn eval(&mut self, e: &Expr, f: &mut Frame) -> Eval<Value> {
        match &*e.kind {
            ExprKind::Name(name) => {
                let value = self.name(name, e.span, f)?;
                Ok(self.narrowed(value))
            }
            ExprKind::It => match &f.it {
                Some(it) => Ok(it.clone()),
                None => self.fail(
                    Diag::new("E0212", "`it` has no meaning here")
                        .label(e.span, "outside an `op`")
                        .help("only the body of an `op` has an `it`; name the map instead"),
                ),
            },
            ExprKind::Absent => Ok(Value::Absent),
            ExprKind::Int(n) => Ok(Value::int(*n)),
            ExprKind::Float(text) => Ok(Value::float(text)),
            ExprKind::Quantity(number, unit) => {
                Ok(Value::Quantity(number.parse().unwrap_or(f64::NAN), unit.as_str().into()))
            }
            ExprKind::Scale(0) => self.fail(
                Diag::new("E0104", "`/0` is not a scale")
                    .label(e.span, "divides by zero")
                    .help("scales are `/1`, `/2`, `/4`, `/8`, `/16`, `/32`"),
            ),
            ExprKind::Scale(n) => Ok(Value::Scale(Scale::Down(*n))),
            ExprKind::Size(dims) => Ok(Value::Size(dims.as_slice().into())),
            ExprKind::Str(text) => Ok(Value::Str(text.as_str().into())),
            ExprKind::Bool(b) => Ok(Value::Bool(*b)),
            ExprKind::List(items) | ExprKind::Tuple(items) => {
                // All are evaluated before the first mistake ends it, so that all are told.
                let values: Vec<Eval<Value>> = items.iter().map(|i| self.eval(i, f)).collect();
                Ok(Value::List(Rc::new(values.into_iter().collect::<Eval<_>>()?)))
            }
            ExprKind::Comprehension(body, each) => {
                let mut values = Vec::new();
                self.each(each, f, &mut |this, f| {
                    values.push(this.eval(body, f)?);
                    Ok(())
                })?;
                Ok(Value::List(Rc::new(values)))
            }
            ExprKind::Call(callee, args) => self.call(e.span, callee, args, f),
            ExprKind::Index(x, i) => self.index(x, i, f),
            ExprKind::Slice(x, from, to, included) => {
                self.slice(x, from.as_ref(), to.as_ref(), *included, f)
            }
            ExprKind::Field(x, name) => {
                let value = self.eval(x, f)?;
                self.field(value, name, x.span)
            }
            ExprKind::Unary(op, x) => self.unary(*op, x, e.span, f),
            ExprKind::Binary(op, a, b) => self.binary(*op, a, b, e.span, f),
            ExprKind::Choose(choose) => {
                let value = self.choose(choose, e.span, f)?;
                Ok(self.narrowed(value))
            }
            ExprKind::Match(of, arms) => self.match_expr(of, arms, e.span, f),
            ExprKind::Schedule { from, curve, .. } => self.fail(
                Diag::new("E0213", "a schedule has no meaning here")
                    .label(from.span.to(curve.span), "changes while training")
                    .help("schedules belong to `rate = …` in a `search` or `train` block"),
            ),
        }
    }

    pub(super) fn name(&mut self, name: &str, at: Span, f: &mut Frame) -> Eval<Value> {
        if let Some(value) = f.vars.get(name) {
            return match value {
                Value::Poison => Err(Reported),
                value => Ok(value.clone()),
            };
        }
        if let Some(place) = &f.place
            && let Some(value) = place.name(name)
        {
            return Ok(value);
        }
        if let Some(meaning) = self.program.module(f.module).names.get(name) {
            let item = meaning.item.clone();
            return self.item(&item, at);
        }
        if let Some(found) = builtin_value(name) {
            return Ok(found);
        }
        if self.diags.knows(at) || self.program.module(f.module).lost.contains(name) {
            return self.reported();
        }
        let mut known: Vec<&str> = f.vars.keys().map(|k| &**k).collect();
        let names = &self.program.module(f.module).names;
        known.extend(names.keys().map(String::as_str));
        known.extend(builtin::BUILTINS.iter().map(|b| b.name));
        let near = did_you_mean(name, known).map(|n| format!("did you mean `{n}`?"));
        self.fail(
            Diag::new("E0201", format!("nothing is named `{name}`"))
                .label(at, "not found")
                .help_maybe(near),
        )
    }

    /// A whole number.
    pub(super) fn whole(&mut self, e: &Expr, f: &mut Frame) -> Eval<i64> {
        let value = self.eval(e, f)?;
        match value.as_ratio() {
            Some(r) if r.is_integer() => Ok(r.to_integer()),
            _ => self.expected("a whole number", &value, e.span),
        }
    }

    pub(super) fn expected<T>(&mut self, what: &str, found: &Value, at: Span) -> Eval<T> {
        self.fail(unfit(what, found).label(at, format!("this is {}", found.kind())))
    }

    /// The first word of a call, so that labels on its arguments stay readable.
    pub(super) fn head(&self, at: Span) -> Span {
        let text = self.program.sources.text(at);
        let word = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(0);
        match text.get(word..).is_some_and(|rest| word > 0 && rest.starts_with('(')) {
            true => Span { end: at.start + word as u32, ..at },
            false => at,
        }
    }

    /// What a value is, in the user's words where they are short: `C` is a whole number.
    pub(super) fn in_words(&self, value: &Value, at: Span) -> String {
        const SHORT: usize = 24;
        let text = self.program.sources.text(at);
        match text.len() <= SHORT && !text.contains('\n') && !text.is_empty() {
            true => format!("`{text}` is {}", value.kind()),
            false => format!("this is {}", value.kind()),
        }
    }

    pub(super) fn as_opset(&mut self, value: Value, at: Span) -> Eval<Rc<Opset>> {
        match value {
            Value::Opset(o) if o.entries.is_empty() => self.fail(
                Diag::new("E0305", "this operator set is empty")
                    .label(at, "nothing to choose from")
                    .help("add at least one operator, such as `skip`"),
            ),
            Value::Opset(o) => Ok(o),
            other => {
                let text = format!("{}, but an operator set is needed", self.in_words(&other, at));
                let mut diag = Diag::new("E0202", text).label(at, "not an operator set");
                if let Value::Design(d) = &other
                    && let DesignKind::Item(item) = &d.kind
                    && let Some(name) = declared_name(&item.item().kind)
                {
                    diag = diag.label(name.span, "declared here");
                }
                let applied = matches!(other, Value::Design(_) | Value::Same);
                let applied = applied.then(|| self.program.sources.text(at));
                self.fail(diag.help(match applied {
                    Some(text) if !text.contains('\n') => {
                        format!("`x > {text}` applies it; a set is `opset ops {{ skip  zero }}`")
                    }
                    _ => "declare a set: `opset ops { skip  zero }`".to_owned(),
                }))
            }
        }
    }
}

/// A value of the wrong kind, without its place.
pub(super) fn unfit(what: &str, found: &Value) -> Diag {
    let text = format!("expected {what}, found {}", found.show());
    match found {
        Value::Quantity(number, unit) => Diag::new("E0302", text).help(format!(
            "no number of a spec has a unit: `{number}` instead of `{number}{unit}`"
        )),
        _ => Diag::new("E0301", text),
    }
}

/// A design of some kind without configuration.
pub(super) fn design(kind: DesignKind) -> Value {
    Value::Design(Rc::new(Design { kind, config: Vec::new(), instance: None, tied: None }))
}

/// What a `let` is called: its name, or its first one.
pub(super) fn binder_label(binder: &Binder) -> String {
    match binder {
        Binder::Name(name) => name.value.clone(),
        Binder::List(parts, _) => parts.iter().map(binder_label).collect::<Vec<_>>().join("_"),
    }
}

/// Runs something with stack enough for one more definition: texts may nest only so deep, but
/// definitions apply each other.
pub(super) fn with_stack<T>(run: impl FnOnce() -> T) -> T {
    const NEEDED: usize = 4 << 20;
    const MORE: usize = 32 << 20;
    stacker::maybe_grow(NEEDED, MORE, run)
}
