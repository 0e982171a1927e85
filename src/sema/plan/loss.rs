//! `loss`: a sum of terms, each with a factor, an account of pixels and the outputs that it judges.

use super::KnownNets;
use super::fields::Call;
use crate::diag::{Diag, did_you_mean, listed};
use crate::search::loss::{ClassWeights, Grid, Hard, Keep, Loss, On, Per, Pixels, Rule, Term};
use crate::sema::eval::{Eval, Evaluator};
use crate::sema::space::Net;
use crate::syntax::ast::{BinaryOp, Clause, Expr, ExprKind};

/// Losses with their arguments.
pub(super) const LOSSES: &[(&str, &[&str])] = &[
    ("cross_entropy", &["on", "at", "ignore", "weights", "per"]),
    ("ohem", &["threshold", "keep", "on", "at", "ignore", "weights", "per"]),
    ("distill", &["from", "weights", "by", "temperature", "per", "on", "at"]),
];

/// Those that a search can follow: it has no teacher.
pub(super) const OF_LABELS: &[(&str, &[&str])] = LOSSES.split_at(2).0;

/// The least probability of what counts as known, and the share of pixels that count in any case,
/// where a spec does not say.
const HARD: Hard = Hard { threshold: 0.7, keep: Keep::Share(1.0 / 16.0) };

impl Evaluator<'_> {
    /// `loss ohem(on = main) + 0.4 * cross_entropy(on = side)`.
    pub(super) fn loss(
        &mut self,
        clause: Option<&Clause>,
        known: &[(&str, &[&str])],
        net: &str,
        nets: KnownNets<'_>,
    ) -> Eval<Loss> {
        let Some(clause) = clause else { return Ok(Loss::default()) };
        let value = self.only(clause)?;
        let net = nets.graphs.get(net);
        let terms = summands(value).into_iter().map(|term| self.term(term, known, net, nets));
        // All of them are read before the first mistake ends it.
        let terms: Vec<Eval<Term>> = terms.collect();
        Ok(Loss { terms: terms.into_iter().collect::<Eval<_>>()? })
    }

    /// `ohem(…)` or `0.4 * ohem(…)`.
    fn term(
        &mut self,
        e: &Expr,
        known: &[(&str, &[&str])],
        net: Option<&Net>,
        nets: KnownNets<'_>,
    ) -> Eval<Term> {
        let (factor, call) = match &*e.kind {
            ExprKind::Binary(BinaryOp::Times, factor, call) => (self.number(factor), call),
            _ => (Ok(1.0), e),
        };
        let call = self.call_of(call, "loss", known)?;
        let teaches = call.name.value == "distill";
        // A teacher knows nothing of outputs that are there to help.
        let on = if teaches { On::Main } else { On::All };
        let on = call.get("on").map_or(Ok(on), |e| self.judged_outputs(e, net));
        let at = self.word(call.get("at"), &[("labels", Grid::Labels), ("output", Grid::Output)]);
        let rule = match teaches {
            true => self.distill(&call, net, nets).map(Rule::Distill),
            false => self.pixels(&call, net).map(Rule::Pixels),
        };
        call.judged?;
        Ok(Term { factor: factor?, on: on?, at: at?, rule: rule? })
    }

    fn pixels(&mut self, call: &Call<'_>, net: Option<&Net>) -> Eval<Pixels> {
        let ignore = call.get("ignore").map_or(Ok(255), |e| self.count(e, 0..=255));
        let classes = call.get("weights");
        let classes = classes.map_or(Ok(ClassWeights::Equal), |e| self.class_weights(e, net));
        let per = self.word(call.get("per"), &[("weight", Per::Weight), ("pixel", Per::Pixel)]);
        let hard = match call.name.value.as_str() {
            "ohem" => Some(self.hard(call)?),
            _ => None,
        };
        Ok(Pixels { ignore: ignore? as u8, classes: classes?, per: per?, hard })
    }

    /// `threshold = 0.7, keep = 0.0625`.
    fn hard(&mut self, call: &Call<'_>) -> Eval<Hard> {
        let threshold = match call.get("threshold") {
            Some(e) => self.share(e, "a probability")?,
            None => HARD.threshold,
        };
        let Some(e) = call.get("keep") else { return Ok(Hard { threshold, ..HARD }) };
        let keep = match self.number(e)? {
            share if share < 1.0 => Keep::Share(share),
            _ => Keep::Pixels(self.count(e, 1..=i64::MAX)? as u64),
        };
        Ok(Hard { threshold, keep })
    }

    /// A number from 0 to 1.
    pub(super) fn share(&mut self, e: &Expr, what: &str) -> Eval<f64> {
        let share = self.number(e)?;
        if share <= 1.0 {
            return Ok(share);
        }
        self.fail(
            Diag::new("E0319", format!("{share} is out of range here"))
                .label(e.span, format!("{what} is at most 1"))
                .help("between 0 and 1"),
        )
    }

    /// `weights = [1, 0.5, 2]` or `weights = inverse_log(1.02)`.
    fn class_weights(&mut self, e: &Expr, net: Option<&Net>) -> Eval<ClassWeights> {
        if let ExprKind::List(items) = &*e.kind {
            let listed: Vec<Eval<f64>> = items.iter().map(|item| self.number(item)).collect();
            let listed = listed.into_iter().collect::<Eval<Vec<f64>>>()?;
            self.one_for_each_class(e, listed.len(), net)?;
            return Ok(ClassWeights::Listed(listed));
        }
        let ExprKind::Call(callee, args) = &*e.kind else {
            return self.wrong("a weight for each class, or `inverse_log(1.02)`", e.span);
        };
        match (&*callee.kind, args.as_slice()) {
            (ExprKind::Name(name), [arg]) if name == "inverse_log" && arg.name.is_none() => {
                let offset = self.number(&arg.value)?;
                if offset > 1.0 {
                    return Ok(ClassWeights::InverseLog(offset));
                }
                self.fail(
                    Diag::new("E0319", format!("{offset} is out of range here"))
                        .label(arg.value.span, "rare classes would count endlessly or less than 0")
                        .help("above 1, such as `inverse_log(1.02)`"),
                )
            }
            _ => self.wrong("a weight for each class, or `inverse_log(1.02)`", e.span),
        }
    }

    /// A list of weights has as many as the network has classes.
    fn one_for_each_class(&mut self, e: &Expr, listed: usize, net: Option<&Net>) -> Eval<()> {
        let Some(net) = net else { return Ok(()) };
        let Some(output) = net.graph.outputs.first() else { return Ok(()) };
        let node = net.graph.node(output.node);
        if node.ty.width as usize == listed {
            return Ok(());
        }
        let (s, width) = (if listed == 1 { "" } else { "s" }, node.ty.width);
        self.fail(
            Diag::new("E0619", format!("{listed} weight{s} for {width} classes"))
                .label(e.span, format!("{listed} listed"))
                .label(node.at, format!("{width} classes come out here"))
                .help("list one for each class, or let them be counted: `inverse_log(1.02)`"),
        )
    }

    /// `on = main`, `on = aux`, `on = side`, `on = [main_out, side]`.
    pub(super) fn judged_outputs(&mut self, e: &Expr, net: Option<&Net>) -> Eval<On> {
        let items = match &*e.kind {
            ExprKind::Name(name) if name == "main" => return Ok(On::Main),
            ExprKind::Name(name) if name == "aux" => return Ok(On::Aux),
            ExprKind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(e),
        };
        let mut names = Vec::new();
        for item in items {
            let name = crate::sema::text::show(item);
            if let Some(net) = net {
                self.output_is_there(item, &name, net)?;
            }
            names.push(name);
        }
        Ok(On::Named(names))
    }

    fn output_is_there(&mut self, e: &Expr, name: &str, net: &Net) -> Eval<()> {
        let all = || net.graph.outputs.iter().map(|output| output.name.as_str());
        if all().any(|known| known == name) {
            return Ok(());
        }
        let help = match did_you_mean(name, all().chain(["main", "aux"])) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                let all: Vec<&str> = all().collect();
                format!("its outputs are {}; `main` and `aux` name all of a kind", listed(&all))
            }
        };
        self.fail(
            Diag::new("E0618", format!("no output is named `{name}`"))
                .label(e.span, "judged here")
                .label(net.at, "not among its outputs")
                .help(help),
        )
    }

    /// One of some words; the first where none is given.
    pub(super) fn word<T: Copy>(&mut self, e: Option<&Expr>, words: &[(&str, T)]) -> Eval<T> {
        let first = words.first().expect("there is a word to choose").1;
        let Some(e) = e else { return Ok(first) };
        let found = match &*e.kind {
            ExprKind::Name(name) => words.iter().find(|(word, _)| word == name),
            _ => None,
        };
        match found {
            Some((_, meaning)) => Ok(*meaning),
            None => {
                let all: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
                self.wrong(&all.join(" or "), e.span)
            }
        }
    }
}

/// The parts of `a + b + c`, in order.
fn summands(e: &Expr) -> Vec<&Expr> {
    let (mut all, mut rest) = (Vec::new(), e);
    while let ExprKind::Binary(BinaryOp::Plus, left, right) = &*rest.kind {
        all.push(right);
        rest = left;
    }
    all.push(rest);
    all.reverse();
    all
}
