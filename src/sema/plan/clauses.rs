//! The clauses of plans, each to its piece of plain data.

use super::SynthPlan;
use super::block::Clauses;
use super::fields::Call;
use crate::data::format;
use crate::decode::Rules;
use crate::diag::{Diag, did_you_mean, listed};
use crate::ir::Size;
use crate::search::optim::AdamRule;
use crate::search::plan::{AdamPlan, DataSpec, Length, Mover, Optimiser, Order, Sgd};
use crate::search::relax::Boundary;
use crate::search::schedule::Schedule;
use crate::sema::eval::{Eval, Evaluator, Reported};
use crate::sema::space::Net;
use crate::sema::value::Value;
use crate::source::Span;
use crate::syntax::ast::{Clause, Expr, ExprKind};

const SGD: (&str, &[&str]) = ("sgd", &["rate", "momentum", "decay", "nesterov", "clip"]);
const ADAM: (&str, &[&str]) = ("adam", &["rate", "betas", "eps", "decay", "clip"]);

impl Evaluator<'_> {
    /// `data cityscapes(split = "train", crop = 321x321, batch = 2)`.
    pub(super) fn data_spec(&mut self, clause: &Clause) -> Eval<DataSpec> {
        const PARAMS: &[&str] = &["split", "size", "crop", "zoom", "flip", "colour", "batch"];
        let value = self.only(clause)?;
        let known: Vec<(&str, &[&str])> = format::ALL.iter().map(|f| (f.name, PARAMS)).collect();
        let call = self.call_of(value, "data format", &known)?;
        let split = match call.get("split").map(|e| &*e.kind) {
            Some(ExprKind::Str(text)) => Ok(text.clone()),
            Some(_) => call.get("split").map_or(Err(Reported), |e| self.not_a_string("train", e)),
            None => Ok("train".to_string()),
        };
        let size = self.size_maybe(call.get("size"));
        let crop = self.size_maybe(call.get("crop"));
        let zoom = call.get("zoom").map(|e| self.zoom(e)).transpose();
        let flip = self.bool_or(call.get("flip"), false);
        let colour = call.get("colour").map(|e| self.share(e, "a share")).transpose();
        let batch = call.get("batch").map_or(Ok(1), |e| self.count(e, 1..=4096));
        call.judged?;
        Ok(DataSpec {
            dataset: call.name.value.clone(),
            split: split?,
            size: size?,
            crop: crop?,
            zoom: zoom?,
            flip: flip?,
            colour: colour?,
            batch: batch? as u32,
        })
    }

    /// `zoom = [0.5, 2]`: least and most.
    fn zoom(&mut self, e: &Expr) -> Eval<[f64; 2]> {
        let [least, most] = self.pair(e)?;
        if least > 0.0 && least <= most {
            return Ok([least, most]);
        }
        self.fail(
            Diag::new("E0319", format!("images cannot be zoomed by {least} to {most}"))
                .label(e.span, "the least, then the most")
                .help("both above 0, the smaller one first: `zoom = [0.5, 2]`"),
        )
    }

    /// Two numbers of at least zero.
    fn pair(&mut self, e: &Expr) -> Eval<[f64; 2]> {
        let ExprKind::List(items) = &*e.kind else {
            return self.wrong("two numbers such as [0.5, 2.0]", e.span);
        };
        let [low, high] = items.as_slice() else {
            return self.wrong("two numbers such as [0.5, 2.0]", e.span);
        };
        Ok([self.number(low)?, self.number(high)?])
    }

    /// `epochs 40, arch_from = 20`.
    pub(super) fn epochs(&mut self, clause: &Clause) -> Eval<(u64, u64)> {
        let (bare, named) = self.named(clause, &["arch_from"])?;
        let [epochs] = bare.as_slice() else {
            return self.wrong("one number of epochs", clause.span);
        };
        let epochs_n = self.count(epochs, 1..=1_000_000)? as u64;
        let from = match named.first() {
            Some((_, e)) => self.count(e, 0..=1_000_000)? as u64,
            None => 0,
        };
        if from >= epochs_n {
            return self.fail(
                Diag::new("E0611", "the architecture would never move")
                    .label(clause.span, format!("it rests for {from} of {epochs_n} epochs"))
                    .help(format!("`epochs {epochs_n}, arch_from = {}`", epochs_n / 2)),
            );
        }
        Ok((epochs_n, from))
    }

    /// `epochs 10` or `steps 1000`.
    pub(super) fn length(&mut self, all: &Clauses<'_>) -> Eval<Length> {
        match (all.get("epochs"), all.get("steps")) {
            (Some(clause), None) => {
                Ok(Length::Epochs(self.count_of(clause, 1..=1_000_000)? as u64))
            }
            (None, Some(clause)) => {
                Ok(Length::Steps(self.count_of(clause, 1..=1_000_000_000)? as u64))
            }
            (None, None) if all.judged.is_err() => Err(Reported),
            (None, None) => self.fail(
                Diag::new("E0607", "this block does not say how long to train")
                    .label(all.at, "missing in here")
                    .help("add `epochs 10` or `steps 1000`"),
            ),
            (Some(one), Some(other)) => self.fail(
                Diag::new("E0203", "the length of the training is given twice")
                    .label(other.span, "again here")
                    .label(one.span, "first here")
                    .help("keep one of them"),
            ),
        }
    }

    /// `strategy gradient(order = first, boundary = plain)`.
    pub(super) fn strategy(&mut self, clause: Option<&Clause>) -> Eval<(Order, Boundary)> {
        let Some(clause) = clause else { return Ok((Order::First, Boundary::Plain)) };
        let value = self.only(clause)?;
        let call = self.call_of(value, "strategy", &[("gradient", &["order", "boundary"])])?;
        let word = |e: Option<&Expr>| match e.map(|e| (&*e.kind, e.span)) {
            Some((ExprKind::Name(name), span)) => Some((name.clone(), span)),
            Some((_, span)) => Some((String::new(), span)),
            None => None,
        };
        let order = match word(call.get("order")) {
            None => Order::First,
            Some((name, _)) if name == "first" => Order::First,
            Some((_, span)) => return self.wrong("`first`", span),
        };
        let boundary = match word(call.get("boundary")) {
            None => Boundary::Plain,
            Some((name, _)) if name == "plain" => Boundary::Plain,
            Some((name, _)) if name == "scaled" => Boundary::Scaled,
            Some((_, span)) => return self.wrong("`plain` or `scaled`", span),
        };
        call.judged?;
        Ok((order, boundary))
    }

    /// `weights sgd(…)` or `weights adam(…)`, of a search.
    pub(super) fn optimiser(&mut self, clause: &Clause) -> Eval<Optimiser> {
        let value = self.only(clause)?;
        let call = self.call_of(value, "optimiser", &[SGD, ADAM])?;
        self.rule(&call, value.span)
    }

    /// `sgd(…, on = encoder, warm_up = 500)`, of a training.
    pub(super) fn mover(&mut self, e: &Expr, net: Option<&Net>) -> Eval<Mover> {
        let more = |(name, params): (&'static str, &[&'static str])| {
            (name, [params, &["on", "warm_up"]].concat())
        };
        let known = [SGD, ADAM].map(more);
        let known: Vec<(&str, &[&str])> = known.iter().map(|(n, p)| (*n, &p[..])).collect();
        let call = self.call_of(e, "optimiser", &known)?;
        let on = call.get("on").map_or(Ok(Vec::new()), |e| self.parts(e, net));
        let warm_up = call.get("warm_up").map_or(Ok(0), |e| self.count(e, 0..=1_000_000_000));
        let rule = self.rule(&call, e.span);
        Ok(Mover { on: on?, warm_up: warm_up? as u64, rule: rule? })
    }

    fn rule(&mut self, call: &Call<'_>, at: Span) -> Eval<Optimiser> {
        if call.name.value == "adam" {
            return Ok(Optimiser::Adam(self.adam(call, at)?));
        }
        let rate = self.rate(call, at);
        let momentum = self.number_or(call.get("momentum"), 0.0);
        let decay = self.number_or(call.get("decay"), 0.0);
        let nesterov = self.bool_or(call.get("nesterov"), false);
        let clip = call.get("clip").map(|e| self.number(e)).transpose();
        call.judged?;
        let (momentum, decay, nesterov) = (momentum?, decay?, nesterov?);
        Ok(Optimiser::Sgd(Sgd { rate: rate?, momentum, decay, nesterov, clip: clip? }))
    }

    /// `arch adam(…)`.
    pub(super) fn arch_optimiser(&mut self, clause: &Clause) -> Eval<AdamPlan> {
        let value = self.only(clause)?;
        let call = self.call_of(value, "optimiser of the architecture", &[ADAM])?;
        self.adam(&call, value.span)
    }

    fn adam(&mut self, call: &Call<'_>, at: Span) -> Eval<AdamPlan> {
        let default = AdamRule::default();
        let betas = call.get("betas").map_or(Ok(default.betas), |e| self.betas(e));
        let rate = self.rate(call, at);
        let eps = self.number_or(call.get("eps"), default.eps);
        let decay = self.number_or(call.get("decay"), 0.0);
        let clip = call.get("clip").map(|e| self.number(e)).transpose();
        call.judged?;
        let rule = AdamRule { betas: betas?, eps: eps?, decay: decay? };
        Ok(AdamPlan { rate: rate?, rule, clip: clip? })
    }

    /// `betas = [0.9, 0.999]`: what of the past is kept.
    fn betas(&mut self, e: &Expr) -> Eval<[f64; 2]> {
        let betas = self.pair(e)?;
        if betas.iter().all(|b| (0.0..1.0).contains(b)) {
            return Ok(betas);
        }
        let [first, second] = betas;
        self.fail(
            Diag::new("E0319", format!("`betas` cannot be {first} and {second}"))
                .label(e.span, "out of range")
                .help("both at least 0, and below 1: `betas = [0.9, 0.999]`"),
        )
    }

    fn rate(&mut self, call: &Call<'_>, at: Span) -> Eval<Schedule> {
        match call.get("rate") {
            Some(e) => self.schedule(e),
            // One that is not known may be it, misspelt.
            None if call.judged.is_err() => Err(Reported),
            None => self.fail(
                Diag::new("E0209", format!("`{}` needs the argument `rate`", call.name.value))
                    .label(at, "not given here")
                    .help("a number, or a schedule: `rate = 0.025 -> 0.001 cosine`"),
            ),
        }
    }

    /// `decode inputs = 2, distinct = true, avoid = [none]`.
    pub(super) fn decode_rules(&mut self, clause: Option<&Clause>) -> Eval<Rules> {
        let mut rules = Rules::default();
        let Some(clause) = clause else { return Ok(rules) };
        let (bare, named) = self.named(clause, &["inputs", "distinct", "avoid"])?;
        if let Some(extra) = bare.first() {
            return self.wrong("arguments by name: inputs, distinct, avoid", extra.span);
        }
        for (name, e) in named {
            match name.value.as_str() {
                "inputs" => {
                    let inputs = self.count(e, 1..=64)? as u32;
                    self.picks_fit(inputs, e.span)?;
                    rules.inputs = Some(inputs);
                }
                "distinct" => rules.distinct = self.bool_or(Some(e), false)?,
                _ => rules.avoid = self.labels(e)?,
            }
        }
        Ok(rules)
    }

    /// Labels of alternatives: each must be one somewhere in the space.
    fn labels(&mut self, e: &Expr) -> Eval<Vec<String>> {
        /// Labels that a message lists.
        const FEW: usize = 8;
        let items = match &*e.kind {
            ExprKind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(e),
        };
        let known = self.sites.labels();
        let mut out = Vec::new();
        for item in items {
            let (ExprKind::Name(label) | ExprKind::Str(label)) = &*item.kind else {
                return self.wrong("labels such as [none, \"16\"]", item.span);
            };
            if !known.contains(label) {
                let near = did_you_mean(label, known.iter().map(String::as_str));
                let all: Vec<&String> = known.iter().take(FEW).collect();
                let help = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None if known.is_empty() => "nothing is open in this file".to_owned(),
                    None if known.len() > FEW => format!("labels are {}, …", listed(&all)),
                    None => format!("labels are {}", listed(&all)),
                };
                return self.fail(
                    Diag::new("E0603", format!("no alternative is labelled `{label}`"))
                        .label(item.span, "not in this space")
                        .help(help),
                );
            }
            out.push(label.clone());
        }
        Ok(out)
    }

    pub(super) fn seed(&mut self, clause: Option<&Clause>) -> Eval<u64> {
        match clause {
            Some(clause) => Ok(self.count_of(clause, 0..=i64::MAX)? as u64),
            None => Ok(0),
        }
    }

    pub(super) fn truth(&mut self, clause: Option<&Clause>, default: bool) -> Eval<bool> {
        match clause {
            Some(clause) => {
                let value = self.only(clause)?;
                self.bool_or(Some(value), default)
            }
            None => Ok(default),
        }
    }

    /// `input 1x3x512x1024, 1x3x1024x2048`.
    pub(super) fn inputs(&mut self, clause: &Clause) -> Eval<Vec<[u32; 4]>> {
        let mut out = Vec::new();
        for arg in &clause.args {
            let mut f = self.plan_frame();
            match self.eval(&arg.value, &mut f)? {
                Value::Size(dims) => match <[u32; 4]>::try_from(&*dims) {
                    Ok(shape) if !shape.contains(&0) => out.push(shape),
                    _ => return self.wrong("a shape such as 1x3x512x1024", arg.value.span),
                },
                _ => return self.wrong("a shape such as 1x3x512x1024", arg.value.span),
            }
        }
        Ok(out)
    }

    /// `synth train = 160, val = 40, size = 96x192, seed = 1`.
    pub(super) fn synth(&mut self, clause: &Clause) -> Eval<SynthPlan> {
        let (bare, named) = self.named(clause, &["train", "val", "size", "seed"])?;
        if let Some(extra) = bare.first() {
            return self.wrong("arguments by name: train, val, size, seed", extra.span);
        }
        let mut plan = SynthPlan { train: 200, val: 50, size: Size { h: 128, w: 256 }, seed: 0 };
        for (name, e) in named {
            match name.value.as_str() {
                "train" => plan.train = self.count(e, 1..=1_000_000)? as u32,
                "val" => plan.val = self.count(e, 1..=1_000_000)? as u32,
                "size" => plan.size = self.size(e)?,
                _ => plan.seed = self.count(e, 0..=i64::MAX)? as u64,
            }
        }
        Ok(plan)
    }
}
