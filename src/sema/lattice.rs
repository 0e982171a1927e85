//! `choose path`: a lattice of layers and scales from its clauses.

use super::eval::{Eval, Evaluator};
use super::frame::Frame;
use super::sites::SiteText;
use super::value::{PathValue, Value};
use crate::diag::Diag;
use crate::ir::decision::{Domain, Lattice, Moves, Normalise, Value as Taken};
use crate::ir::shape::Scale;
use crate::source::Span;
use crate::syntax::ast::*;
use std::rc::Rc;

impl Evaluator<'_> {
    pub(super) fn path(&mut self, clauses: &[PathClause], at: Span, f: &mut Frame) -> Eval<Value> {
        let lattice = self.lattice(clauses, at, f)?;
        if let Some(Taken::Path(steps)) = self.taken(&Domain::Path(lattice.clone()), at, f)? {
            let scales = steps.iter().map(|s| lattice.scales[*s as usize]).collect();
            return Ok(Value::Path(Rc::new(PathValue::Closed(scales))));
        }
        let of = self.decide(Domain::Path(lattice.clone()), at, f, || SiteText::Path)?;
        Ok(Value::Path(Rc::new(PathValue::Open(of, lattice))))
    }

    pub(super) fn lattice(
        &mut self,
        clauses: &[PathClause],
        at: Span,
        f: &mut Frame,
    ) -> Eval<Lattice> {
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
                    .label(layers_at, "out of range")
                    .help("between 1 and 200"),
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
        self.warn_of_unreached(&lattice, &passable, at);
        Ok(lattice)
    }

    /// Scales that no path passes.
    fn warn_of_unreached(&mut self, lattice: &Lattice, passable: &[Vec<bool>], at: Span) {
        let unreached = |s: &usize| !passable.iter().any(|layer| layer[*s]);
        let missed: Vec<String> = (0..lattice.scales.len())
            .filter(unreached)
            .map(|s| lattice.scales[s].to_string())
            .collect();
        if missed.is_empty() {
            return;
        }
        let s = if missed.len() == 1 { "" } else { "s" };
        self.diags.push(
            Diag::new("W0903", format!("no path passes scale{s} {}", missed.join(", ")))
                .label(at, "one move per layer does not lead there and to an exit")
                .help(format!("add layers, or drop {} from `scales`", missed.join(" "))),
        );
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
                        Diag::new("E0501", format!("`{scale}` is not a scale of this path"))
                            .label(at, "not among `scales`")
                            .help(format!("its scales are {}", shown(scales))),
                    );
                }
            }
        }
        out.sort_unstable();
        out.dedup();
        Ok(Some(out))
    }

    /// A list of scales.
    pub(super) fn scales(&mut self, e: &Expr, f: &mut Frame) -> Eval<Vec<Scale>> {
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
                        Diag::new("E0507", format!("`{other}` is not a move"))
                            .label(name.span, "not a move")
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
                Diag::new("E0508", format!("arrows cannot be weighed by `{other}`"))
                    .label(name.span, "neither `source` nor `target`")
                    .help(
                        "`source`: those that leave a node sum to one; `target`: those that enter",
                    ),
            ),
        }
    }
}

fn shown(scales: &[Scale]) -> String {
    scales.iter().map(|s| format!("`{s}`")).collect::<Vec<_>>().join(", ")
}
