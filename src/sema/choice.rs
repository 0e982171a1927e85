//! Choices: making decisions, narrowing values under them, joining maps behind gates.

use super::eval::{Eval, Evaluator};
use super::frame::Frame;
use super::sites::SiteText;
use super::value::{Map, Opset, PathValue, PickCandidate, PicksValue, Value, Via};
use crate::diag::Diag;
use crate::ir::decision::{
    Candidate, DecisionId, Domain, Gate, Lattice, Moves, Normalise, Pick, Picks,
};
use crate::ir::graph::NodeId;
use crate::ir::kernel::Kernel;
use crate::ir::shape::Scale;
use crate::source::Span;
use crate::syntax::ast::*;
use std::rc::Rc;

/// A candidate in the making: label, text, value, operators.
type Listed = (String, Expr, Value, Option<Rc<Opset>>);

impl Evaluator<'_> {
    pub(super) fn choose(&mut self, choose: &Choose, at: Span, f: &mut Frame) -> Eval<Value> {
        match choose {
            Choose::Labelled(entries) => {
                let opset = self.labelled(entries, f)?;
                self.one_of_opset(&opset, at, f)
            }
            Choose::One(of, _) => match self.eval(of, f)? {
                Value::Opset(opset) => self.one_of_opset(&opset, at, f),
                other => {
                    let items = self.items(&other, of.span)?;
                    let texts = element_texts(of, &other, items.len());
                    self.one_of(items, texts, at, f)
                }
            },
            Choose::Picks { ordered, k, of, repeats, via } => {
                let k_value = self.whole(k, f)?;
                let ops = match via {
                    Some(via) => {
                        let ops = self.eval(via, f)?;
                        Some(self.as_opset(ops, via.span)?)
                    }
                    None => None,
                };
                let listed = self.candidates(of, ops, f)?;
                self.picks(k_value, k.span, (*ordered, *repeats), listed, at, f)
            }
            Choose::Path(clauses) => self.path(clauses, at, f),
        }
    }

    fn one_of_opset(&mut self, opset: &Opset, at: Span, f: &mut Frame) -> Eval<Value> {
        if opset.entries.is_empty() {
            return self.nothing_to_choose(at);
        }
        let labels = opset.entries.iter().map(|e| e.label.to_string()).collect();
        let texts = opset.entries.iter().map(|e| e.text.clone()).collect();
        let of = self.decide(Domain::One(labels), at, f, || SiteText::One(texts))?;
        Ok(varied(of, opset.entries.iter().map(|e| e.value.clone())))
    }

    fn one_of(
        &mut self,
        items: Vec<Value>,
        texts: Vec<(String, Expr)>,
        at: Span,
        f: &mut Frame,
    ) -> Eval<Value> {
        if items.is_empty() {
            return self.nothing_to_choose(at);
        }
        let (labels, texts) = texts.into_iter().unzip();
        let of = self.decide(Domain::One(labels), at, f, || SiteText::One(texts))?;
        let all: Vec<_> = items
            .into_iter()
            .enumerate()
            .map(|(i, v)| (Gate::Alt { of, alt: i as u32 }, v))
            .collect();
        match all.iter().all(|(_, v)| v.is_map_like()) {
            true => self.join(all, at),
            false => Ok(Value::Varied(Rc::new(all))),
        }
    }

    fn nothing_to_choose<T>(&mut self, at: Span) -> Eval<T> {
        self.fail(
            Diag::new("E0305", "there is nothing to choose from")
                .label(at, "no alternative here")
                .help("give at least one alternative"),
        )
    }

    /// Makes a decision at a place, or finds it again.
    pub(super) fn decide(
        &mut self,
        domain: Domain,
        at: Span,
        f: &Frame,
        text: impl FnOnce() -> SiteText,
    ) -> Eval<DecisionId> {
        let label = f.label.to_string();
        let (of, same) = self.sites.decide(&f.instance, at, &f.indices, &label, &domain, text);
        if same {
            return Ok(of);
        }
        let name = self.sites.decisions[of.index()].name.clone();
        self.fail(
            Diag::new("E0315", format!("`{name}` offers different alternatives in two places"))
                .label(at, "a shared choice must offer the same everywhere")
                .help("make the alternatives independent of where the design is applied"),
        )
    }

    /// The candidates of a `choose k of`, each with its text.
    fn candidates(
        &mut self,
        of: &Expr,
        ops: Option<Rc<Opset>>,
        f: &mut Frame,
    ) -> Eval<Vec<Listed>> {
        let parts: Vec<&Expr> = match &*of.kind {
            ExprKind::List(items) => items.iter().collect(),
            _ => vec![of],
        };
        let mut out = Vec::new();
        for part in parts {
            let value = self.eval(part, f)?;
            let (value, own, text) = match value {
                Value::Via(via) => {
                    (via.input.clone(), Some(Rc::clone(&via.ops)), via.input_text.clone())
                }
                value => (value, None, part.clone()),
            };
            let own = own.or_else(|| ops.clone());
            let many = matches!(value, Value::List(_) | Value::Family(_) | Value::Record(_));
            let items = if many { self.items(&value, part.span)? } else { vec![value.clone()] };
            let texts = match many {
                true => element_texts(&text, &value, items.len()),
                false => vec![(show(&text), text.clone())],
            };
            for (item, (label, text)) in items.into_iter().zip(texts) {
                out.push((label, text, item, own.clone()));
            }
        }
        Ok(out)
    }

    fn picks(
        &mut self,
        k: i64,
        k_at: Span,
        (ordered, repeats): (bool, bool),
        listed: Vec<Listed>,
        at: Span,
        f: &mut Frame,
    ) -> Eval<Value> {
        let most = if repeats { i64::from(u16::MAX) } else { listed.len() as i64 };
        if k < 1 || k > most || listed.is_empty() {
            return self.fail(
                Diag::new("E0304", format!("cannot choose {k} of {} inputs", listed.len()))
                    .label(k_at, format!("between 1 and {}", most.max(0)))
                    .label(at, "candidates counted here")
                    .help("choose fewer, or add `with repeats`"),
            );
        }
        let domain = Picks {
            k: k as u32,
            ordered,
            repeats,
            candidates: listed
                .iter()
                .map(|(label, _, _, ops)| Candidate {
                    label: label.clone(),
                    ops: ops.iter().flat_map(|o| &o.entries).map(|e| e.label.to_string()).collect(),
                })
                .collect(),
        };
        let text = || {
            let ops = |o: &Option<Rc<Opset>>| {
                o.iter().flat_map(|o| &o.entries).map(|e| e.text.clone()).collect()
            };
            SiteText::Picks(listed.iter().map(|(_, t, _, o)| (t.clone(), ops(o))).collect())
        };
        let of = self.decide(Domain::Picks(domain), at, f, text)?;
        let candidates = listed
            .into_iter()
            .map(|(label, _, value, ops)| PickCandidate { label, value, ops })
            .collect();
        let name = f.unique("pick");
        let scope = self.build.scope(f.scope, &name);
        Ok(Value::Picks(Rc::new(PicksValue { of, k: k as u32, candidates, scope, at })))
    }

    /// Each candidate through each of its operators, with the pick that it is.
    fn options(&mut self, picks: &PicksValue, f: &mut Frame) -> Eval<Vec<(Pick, Value)>> {
        let mut out = Vec::new();
        for (c, candidate) in picks.candidates.iter().enumerate() {
            let ops = match &candidate.ops {
                None => vec![("".into(), Value::Same)],
                Some(ops) => {
                    ops.entries.iter().map(|e| (e.label.clone(), e.value.clone())).collect()
                }
            };
            let outer = f.scope;
            f.scope = self.build.scope(outer, &scope_word(&candidate.label));
            for (o, (label, op)) in ops.into_iter().enumerate() {
                let pick = Pick { candidate: c as u16, op: o as u16 };
                let inner = f.scope;
                if !label.is_empty() {
                    f.scope = self.build.scope(inner, &label);
                }
                let value = self.apply(&op, vec![candidate.value.clone()], picks.at, f);
                f.scope = inner;
                match value {
                    Ok(value) => out.push((pick, value)),
                    Err(e) => {
                        f.scope = outer;
                        return Err(e);
                    }
                }
            }
            f.scope = outer;
        }
        Ok(out)
    }

    /// The picks summed: one term for each candidate and operator, whatever their order.
    pub(super) fn picks_sum(&mut self, picks: &PicksValue, f: &mut Frame) -> Eval<Value> {
        let of = picks.of;
        let options = self.options(picks, f)?;
        let terms = options.into_iter().map(|(pick, v)| (Gate::Pick { of, pick }, v)).collect();
        self.join_one_type(terms, picks.at, f)
    }

    /// The picks one by one.
    pub(super) fn slots(&mut self, value: &Value, at: Span) -> Eval<Vec<Value>> {
        let Value::Picks(picks) = value else {
            return self.expected("a choice of inputs", value, at);
        };
        let mut f = self.module_frame(super::module::ModuleId(0), "pick");
        f.scope = picks.scope;
        let options = self.options(picks, &mut f)?;
        let of = picks.of;
        (0..picks.k)
            .map(|slot| {
                let terms = options
                    .iter()
                    .map(|(pick, v)| (Gate::Slot { of, slot, pick: *pick }, v.clone()))
                    .collect();
                self.join(terms, picks.at)
            })
            .collect()
    }

    /// A map read through an open operator: one decision, made where it is consumed.
    pub(super) fn via(&mut self, via: &Via, f: &mut Frame) -> Eval<Value> {
        if let Value::List(_) | Value::Family(_) = &via.input {
            let items = self.items(&via.input, via.at)?;
            let texts = element_texts(&via.input_text, &via.input, items.len());
            let mut out = Vec::new();
            for (n, (input, (_, input_text))) in items.into_iter().zip(texts).enumerate() {
                f.indices.push(n as i64);
                let one = Via { input, input_text, ops: Rc::clone(&via.ops), at: via.at };
                let value = self.via(&one, f);
                f.indices.pop();
                out.push(value?);
            }
            return Ok(Value::List(Rc::new(out)));
        }
        let labels = via.ops.entries.iter().map(|e| e.label.to_string()).collect();
        let text = || {
            let ops = via.ops.entries.iter().map(|e| e.text.clone()).collect();
            SiteText::Via(via.input_text.clone(), ops)
        };
        let named = format!("{}.{}", f.label, show(&via.input_text));
        let outer = std::mem::replace(&mut f.label, named.into());
        let of = self.decide(Domain::One(labels), via.at, f, text);
        f.label = outer;
        let of = of?;
        let ops = varied(of, via.ops.entries.iter().map(|e| e.value.clone()));
        let outer = f.scope;
        f.scope = self.build.scope(outer, &scope_word(&show(&via.input_text)));
        let value = self.apply(&ops, vec![via.input.clone()], via.at, f);
        f.scope = outer;
        value
    }

    /// Values behind gates: one map where all are maps of one type, else a varied value. Absent
    /// alternatives contribute nothing.
    pub(super) fn join(&mut self, terms: Vec<(Gate, Value)>, at: Span) -> Eval<Value> {
        let present: Vec<&(Gate, Value)> =
            terms.iter().filter(|(_, v)| !matches!(v, Value::Absent)).collect();
        if present.is_empty() {
            return Ok(Value::Absent);
        }
        let maps: Option<Vec<(Gate, Map)>> = present
            .iter()
            .map(|(g, v)| match v {
                Value::Map(m) => Some((*g, *m)),
                _ => None,
            })
            .collect();
        match maps {
            Some(maps) if maps.iter().all(|(_, m)| m.ty == maps[0].1.ty) => {
                Ok(Value::Map(self.mix(&maps, at)))
            }
            _ => Ok(Value::Varied(Rc::new(terms))),
        }
    }

    /// Joins what must be of one type.
    fn join_one_type(&mut self, terms: Vec<(Gate, Value)>, at: Span, f: &mut Frame) -> Eval<Value> {
        let mut flat = Vec::new();
        for (gate, value) in terms {
            flat.push((gate, self.map_of(value, at, f)?));
        }
        let joined = self.join(flat, at)?;
        match &joined {
            Value::Varied(terms) => {
                let types: Vec<String> = terms
                    .iter()
                    .filter_map(|(_, v)| match v {
                        Value::Map(m) => Some(m.ty.to_string()),
                        _ => None,
                    })
                    .collect();
                let other = types.iter().find(|t| *t != &types[0]).cloned().unwrap_or_default();
                let first = types.first().cloned().unwrap_or_default();
                self.fail(
                    Diag::new("E0407", format!("alternatives differ in type: {first} and {other}"))
                        .label(at, "these are summed, so they must have one type")
                        .help("bring each to one width and scale: `x > fit(C, s)`"),
                )
            }
            _ => Ok(joined),
        }
    }

    /// A mix of maps of one type.
    pub(super) fn mix(&mut self, terms: &[(Gate, Map)], at: Span) -> Map {
        let ty = terms[0].1.ty;
        let inputs: Vec<(NodeId, Option<Gate>)> =
            terms.iter().map(|(g, m)| (m.node, Some(*g))).collect();
        let scope = self.build.graph.graph[terms[0].1.node].scope;
        Map { node: self.build.node(Kernel::Mix, ty, &inputs, scope, None, at), ty }
    }

    pub(super) fn match_expr(
        &mut self,
        of: &Expr,
        arms: &[Arm],
        at: Span,
        f: &mut Frame,
    ) -> Eval<Value> {
        let value = self.eval(of, f)?;
        self.match_value(&value, arms, at, f)
    }

    fn match_value(&mut self, value: &Value, arms: &[Arm], at: Span, f: &mut Frame) -> Eval<Value> {
        if let Value::Varied(terms) = value {
            let labels = self.alternative_labels(terms);
            let picked = terms
                .iter()
                .enumerate()
                .map(|(i, (gate, v))| {
                    let label = labels.get(i).map(|l| Value::Label(l.as_str().into()));
                    let v = match (v, label) {
                        (Value::Num(_) | Value::Scale(_) | Value::Bool(_), _) | (_, None) => {
                            v.clone()
                        }
                        (_, Some(label)) => label,
                    };
                    Ok((*gate, self.match_value(&v, arms, at, f)?))
                })
                .collect::<Eval<Vec<_>>>()?;
            return self.join(picked, at);
        }
        for arm in arms {
            if self.matches(value, &arm.pattern, f)? {
                return self.eval(&arm.value, f);
            }
        }
        self.fail(
            Diag::new("E0316", format!("no arm takes {}", value.show()))
                .label(at, "this `match`")
                .help(format!("add `{} => …` or `else => …`", value.show())),
        )
    }

    /// Labels of the alternatives, where the gates are those of a decision with labels.
    fn alternative_labels(&self, terms: &[(Gate, Value)]) -> Vec<String> {
        let label = |gate: &Gate| match gate {
            Gate::Alt { of, alt } => match &self.sites.decisions[of.index()].domain {
                Domain::One(labels) => labels.get(*alt as usize).cloned(),
                _ => None,
            },
            _ => None,
        };
        terms.iter().map_while(|(g, _)| label(g)).collect()
    }

    fn matches(&mut self, value: &Value, pattern: &Pattern, f: &mut Frame) -> Eval<bool> {
        match pattern {
            Pattern::Else(_) => Ok(true),
            Pattern::Value(e) => {
                if let (ExprKind::Name(word), Value::Label(label)) = (&*e.kind, value) {
                    return Ok(**label == **word);
                }
                let wanted = self.eval(e, f)?;
                Ok(same_value(value, &wanted))
            }
            Pattern::Range(from, to, included) => {
                let Some(n) = value.as_ratio() else { return Ok(false) };
                let mut end = |e: &Option<Expr>| match e {
                    Some(e) => Ok(self.eval(e, f)?.as_ratio()),
                    None => Ok(None),
                };
                let (from, to) = (end(from)?, end(to)?);
                let below = to.is_none_or(|t| n < t || (*included && n == t));
                Ok(from.is_none_or(|s| n >= s) && below)
            }
        }
    }

    fn path(&mut self, clauses: &[PathClause], at: Span, f: &mut Frame) -> Eval<Value> {
        let lattice = self.lattice(clauses, at, f)?;
        let of = self.decide(Domain::Path(lattice.clone()), at, f, || SiteText::Path)?;
        Ok(Value::Path(Rc::new(PathValue::Open(of, lattice))))
    }

    fn lattice(&mut self, clauses: &[PathClause], at: Span, f: &mut Frame) -> Eval<Lattice> {
        let (mut layers, mut scales) = (None, None);
        let (mut first, mut exits) = (None, None);
        let mut moves = Moves { up: true, stay: true, down: true };
        let mut weigh = Normalise::Source;
        for clause in clauses {
            match &clause.kind {
                PathClauseKind::Layers(e) => layers = Some((self.whole(e, f)?, e.span)),
                PathClauseKind::Scales(e) => scales = Some((self.scales(e, f)?, e.span)),
                PathClauseKind::First(e) => first = Some((self.scales(e, f)?, e.span)),
                PathClauseKind::Exits(e) => exits = Some((self.scales(e, f)?, e.span)),
                PathClauseKind::Moves(names) => moves = self.moves(names)?,
                PathClauseKind::Weigh(name) => weigh = self.weigh(name)?,
            }
        }
        let (Some((layers, layers_at)), Some((scales, scales_at))) = (layers, scales) else {
            return self.fail(
                Diag::new("E0209", "a path needs `layers` and `scales`")
                    .label(at, "one is missing")
                    .help("such as `choose path { layers 12  scales /4 /8 /16 /32 }`"),
            );
        };
        if !(1..=200).contains(&layers) {
            return self.fail(
                Diag::new("E0309", format!("a path cannot have {layers} layers"))
                    .label(layers_at, "between 1 and 200"),
            );
        }
        self.check_scales(&scales, scales_at)?;
        let first = self.scale_indices(first, &scales)?;
        let first = first.unwrap_or_else(|| vec![0]);
        let every = (0..scales.len() as u8).collect();
        let exits = self.scale_indices(exits, &scales)?.unwrap_or(every);
        let lattice = Lattice { layers: layers as u8, scales, first, moves, exits, weigh };
        self.check_lattice(lattice, at)
    }

    /// Every layer must be reachable, and every exit.
    fn check_lattice(&mut self, lattice: Lattice, at: Span) -> Eval<Lattice> {
        let passable = lattice.passable();
        let last = passable.last().cloned().unwrap_or_default();
        if !last.iter().any(|&p| p) {
            return self.fail(
                Diag::new("E0503", "no path reaches an exit")
                    .label(at, "these moves do not lead there")
                    .help("allow more moves, or other scales in `exits`"),
            );
        }
        if let Some(&exit) = lattice.exits.iter().find(|&&e| !last[e as usize]) {
            let scale = lattice.scales[exit as usize];
            // Exits that were not written are all scales; the unreachable ones just drop out.
            if lattice.exits.len() < lattice.scales.len() {
                return self.fail(
                    Diag::new("E0502", format!("no path reaches the exit {scale}"))
                        .label(at, "one move per layer")
                        .help("add layers, or drop this exit"),
                );
            }
        }
        Ok(lattice)
    }

    fn check_scales(&mut self, scales: &[Scale], at: Span) -> Eval<()> {
        for pair in scales.windows(2) {
            if let [Scale::Down(a), Scale::Down(b)] = pair
                && *b != a * 2
            {
                return self.fail(
                    Diag::new("E0504", format!("scales skip from /{a} to /{b}"))
                        .label(at, "a move crosses one scale")
                        .help(format!("put /{} between them, finest first", a * 2)),
                );
            }
        }
        Ok(())
    }

    fn scale_indices(
        &mut self,
        chosen: Option<(Vec<Scale>, Span)>,
        scales: &[Scale],
    ) -> Eval<Option<Vec<u8>>> {
        let Some((chosen, at)) = chosen else { return Ok(None) };
        let mut out = Vec::new();
        for scale in chosen {
            match scales.iter().position(|s| *s == scale) {
                Some(i) => out.push(i as u8),
                None => {
                    return self.fail(
                        Diag::new("E0501", format!("{scale} is not a scale of this path"))
                            .label(at, "not among `scales`"),
                    );
                }
            }
        }
        out.sort_unstable();
        out.dedup();
        Ok(Some(out))
    }

    /// A list of scales; `any` is every scale.
    fn scales(&mut self, e: &Expr, f: &mut Frame) -> Eval<Vec<Scale>> {
        let value = self.eval(e, f)?;
        let items = self.items(&value, e.span)?;
        let mut out = Vec::new();
        for item in items {
            match item {
                Value::Scale(scale) => out.push(scale),
                other => return self.expected("a scale such as `/8`", &other, e.span),
            }
        }
        Ok(out)
    }

    fn moves(&mut self, names: &[Name]) -> Eval<Moves> {
        let mut moves = Moves { up: false, stay: false, down: false };
        for name in names {
            match name.value.as_str() {
                "up" => moves.up = true,
                "stay" => moves.stay = true,
                "down" => moves.down = true,
                other => {
                    return self.fail(
                        Diag::new("E0505", format!("`{other}` is not a move"))
                            .label(name.span, "here")
                            .help("moves are `up`, `stay` and `down`"),
                    );
                }
            }
        }
        Ok(moves)
    }

    fn weigh(&mut self, name: &Name) -> Eval<Normalise> {
        match name.value.as_str() {
            "source" => Ok(Normalise::Source),
            "target" => Ok(Normalise::Target),
            other => self.fail(
                Diag::new("E0506", format!("arrows cannot be weighed by `{other}`"))
                    .label(name.span, "here")
                    .help(
                        "`source`: those that leave a node sum to one; `target`: those that enter",
                    ),
            ),
        }
    }
}

/// A value behind each alternative of a decision.
fn varied(of: DecisionId, values: impl Iterator<Item = Value>) -> Value {
    let terms = values.enumerate().map(|(i, v)| (Gate::Alt { of, alt: i as u32 }, v)).collect();
    Value::Varied(Rc::new(terms))
}

/// Whether two plain values are the same.
pub(super) fn same_value(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Bool(x), Value::Bool(y)) => x == y,
        (Value::Label(x) | Value::Str(x), Value::Label(y) | Value::Str(y)) => x == y,
        (Value::Scale(x), Value::Scale(y)) => x == y,
        (Value::Size(x), Value::Size(y)) => x == y,
        _ => match (a.as_ratio(), b.as_ratio()) {
            (Some(x), Some(y)) => x == y,
            _ => false,
        },
    }
}

/// Label and text of each element of a list-like expression.
pub(super) fn element_texts(of: &Expr, value: &Value, n: usize) -> Vec<(String, Expr)> {
    if let ExprKind::List(items) = &*of.kind
        && items.len() == n
    {
        return items.iter().map(|e| (show(e), e.clone())).collect();
    }
    let base = match &*of.kind {
        ExprKind::Slice(x, ..) => x,
        _ => of,
    };
    let indices: Vec<i64> = match value {
        Value::Family(items) => items.keys().copied().collect(),
        _ => (0..n as i64).collect(),
    };
    indices
        .into_iter()
        .map(|i| {
            let index = Expr { kind: Box::new(ExprKind::Int(i)), span: of.span };
            let kind = ExprKind::Index(base.clone(), index);
            let text = Expr { kind: Box::new(kind), span: of.span };
            (show(&text), text)
        })
        .collect()
}

/// A short label for an expression.
pub(super) fn show(e: &Expr) -> String {
    match &*e.kind {
        ExprKind::Name(name) => name.clone(),
        ExprKind::Int(n) => n.to_string(),
        ExprKind::Float(text) => text.clone(),
        ExprKind::Scale(n) => format!("/{n}"),
        ExprKind::Bool(b) => b.to_string(),
        ExprKind::Str(text) => text.clone(),
        ExprKind::It => "it".to_string(),
        ExprKind::Index(x, i) => format!("{}[{}]", show(x), show(i)),
        ExprKind::Field(x, name) => format!("{}.{}", show(x), name.value),
        ExprKind::Call(x, _) => show(x),
        ExprKind::Binary(BinaryOp::Pipe, x, y) => format!("{}_{}", show(x), show(y)),
        _ => "x".to_string(),
    }
}

/// A label as a part of a scope's name.
pub(super) fn scope_word(label: &str) -> String {
    let word: String = label
        .chars()
        .filter(|c| *c != ']')
        .map(|c| if c.is_alphanumeric() || c == '_' { c } else { '_' })
        .collect();
    word.trim_start_matches('_').to_owned()
}

/// The index of a map's node, for code that only has values.
pub(super) fn node_of(value: &Value) -> Option<NodeId> {
    match value {
        Value::Map(map) => Some(map.node),
        _ => None,
    }
}
