//! The plan of a run: what it is asked to do, what it is made from, what it will do and what that
//! takes. Plain data, written as JSON; a run that is given a plan does exactly that, or says what has
//! changed since.

use super::digest::{Source, changes};
use super::need::Need;
use super::time::Estimate;
use crate::ir::Size;
use crate::search::Schedule;
use crate::search::plan::{Mover, Optimiser};
use serde::{Deserialize, Serialize};

/// The form of a plan's file.
pub const SCHEMA: &str = "segc.plan/1";

/// What a run will do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunPlan {
    /// Version of segc.
    pub segc: String,
    /// Version of libtorch.
    pub libtorch: String,
    /// What the run is asked to do.
    pub orders: Orders,
    /// What it is made from.
    pub sources: Vec<Source>,
    /// The space, of a search.
    pub space: Option<Space>,
    /// What members cost; of a training, the network.
    pub costs: Option<Costs>,
    /// What is done, in order.
    pub stages: Vec<Stage>,
    /// Memory.
    pub memory: Memory,
    /// Time.
    pub time: Estimate,
    /// What is written.
    pub disk: Disk,
}

/// Whether a run searches or trains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A space is searched.
    Search,
    /// A finished network is trained.
    Train,
}

impl Kind {
    /// The command that does it.
    pub fn command(self) -> &'static str {
        match self {
            Kind::Search => "search",
            Kind::Train => "train",
        }
    }
}

/// What a run is asked to do: all that decides what comes of it, beside its [`Source`]s.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orders {
    /// Whether it searches or trains.
    pub kind: Kind,
    /// The spec, seen from where the program runs.
    pub spec: String,
    /// Constants that are overridden.
    pub set: Vec<(String, String)>,
    /// The network.
    pub net: String,
    /// The network that is written at the end, of a search.
    pub emit: Option<String>,
    /// Where chance starts.
    pub seed: u64,
    /// The dataset's folder, where it is not the spec's.
    pub data: Option<String>,
    /// Times through the dataset, where they are not the spec's.
    pub epochs: Option<u32>,
    /// Images in a batch, where they are not the spec's.
    pub batch: Option<u32>,
    /// Weights to start from.
    pub init: Option<String>,
    /// Where it computes: `cpu`, `cuda:0`.
    pub device: String,
    /// Threads on the processor.
    pub threads: u32,
}

/// A space of networks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Space {
    /// Every combination of all decisions, in decimal digits.
    pub assignments: String,
    /// Its decisions.
    pub decisions: Vec<Decision>,
}

/// A decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Its name.
    pub name: String,
    /// What it is about, in words.
    pub of: String,
    /// Its values, in decimal digits.
    pub count: String,
}

/// What members cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Costs {
    /// The input: `1x3x512x1024`.
    pub input: String,
    /// Parameters, least and most.
    pub params: [u64; 2],
    /// Multiply-adds, least and most.
    pub macs: [u64; 2],
    /// Parameters of all alternatives together, of a search.
    pub supernet_params: Option<u64>,
}

/// A stretch of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// What it is called.
    pub name: String,
    /// Epochs; the last is cut short where a number of steps is asked for.
    pub epochs: u64,
    /// Steps.
    pub steps: u64,
    /// Images of an epoch.
    pub images: u64,
    /// The split that they are of.
    pub split: String,
    /// Images in a batch.
    pub batch: u32,
    /// Batches to a step.
    pub accumulate: u32,
    /// The size of images in a batch.
    pub input: Size,
    /// What moves.
    pub movers: Vec<Moved>,
    /// Trainable parameters that keep still.
    pub frozen_params: u64,
    /// Times that the network is judged.
    pub judgements: u64,
}

/// What an optimiser moves, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Moved {
    /// What: `weights`, `architecture`, or the parts of a network.
    pub what: String,
    /// Parameters.
    pub params: u64,
    /// The optimiser and what stays fixed.
    pub rule: String,
    /// The learning rate's schedule, as specs write it.
    pub rate: String,
    /// The rate at the first step of the stretch and at its last.
    pub rates: [f64; 2],
    /// Steps in which the rate rises to where its schedule begins.
    pub warm_up: u64,
}

impl Moved {
    /// What `rule` does with so many parameters; `rates` are those of the stretch's first and last
    /// step.
    pub fn of(what: String, params: u64, rule: &Optimiser, rates: [f64; 2]) -> Moved {
        let rate = rule.schedule().to_string();
        Moved { what, params, rule: rule_text(rule), rate, rates, warm_up: 0 }
    }

    /// What one of a phase's optimisers does, in `steps` steps.
    pub fn of_mover(mover: &Mover, params: u64, steps: u64) -> Moved {
        let what = match mover.on.as_slice() {
            [] => "weights".to_owned(),
            parts => parts.join(", "),
        };
        let rates = [mover.rate(0, steps), mover.rate(steps.saturating_sub(1), steps)];
        Moved { warm_up: mover.warm_up, ..Moved::of(what, params, &mover.rule, rates) }
    }
}

/// An optimiser without its rate: `sgd momentum 0.9 decay 3e-4 clip 5`.
fn rule_text(rule: &Optimiser) -> String {
    let mut words = match rule {
        Optimiser::Sgd(sgd) => {
            let nesterov = if sgd.nesterov { " (Nesterov)" } else { "" };
            vec![format!("sgd momentum {}{nesterov}", sgd.momentum), decay(sgd.decay)]
        }
        Optimiser::Adam(adam) => {
            let [b1, b2] = adam.rule.betas;
            vec![format!("adam betas {b1} {b2}"), decay(adam.rule.decay)]
        }
    };
    words.extend(rule.clip().map(|clip| format!("clip {clip}")));
    words.retain(|word| !word.is_empty());
    words.join(" ")
}

fn decay(decay: f64) -> String {
    match decay {
        0.0 => String::new(),
        small if small < 1e-2 => format!("decay {small:e}"),
        decay => format!("decay {decay}"),
    }
}

/// The rates of a schedule at two shares of a run.
pub fn rates(schedule: &Schedule, from: f64, to: f64) -> [f64; 2] {
    [schedule.at(from), schedule.at(to)]
}

/// The memory that a run takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// What takes it, as predicted from the spec alone.
    #[serde(flatten)]
    pub need: Need,
    /// The most that the process holds, as predicted from the spec alone.
    pub predicted_bytes: u64,
    /// The most that the process held while steps were measured, with what images that were not read
    /// then will take; nothing where the system does not say.
    pub measured_bytes: Option<u64>,
    /// What may be taken here; nothing where the system does not say.
    pub room_bytes: Option<u64>,
}

/// What a run writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// A checkpoint.
    pub checkpoint_bytes: u64,
    /// The log.
    pub log_bytes: u64,
    /// Weights and spec at the end.
    pub results_bytes: u64,
}

impl Disk {
    /// The most that the run's folder takes: a checkpoint is written before the one before it goes.
    pub fn most(&self) -> u64 {
        2 * self.checkpoint_bytes + self.log_bytes + self.results_bytes
    }
}

/// Why a plan cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// It is of another form.
    #[error("its form is `{0}`, and this segc reads `{SCHEMA}`")]
    Form(String),
    /// It is JSON of another kind.
    #[error("it is JSON, but no plan: a plan says `\"schema\": \"{SCHEMA}\"`")]
    NoPlan,
    /// It is damaged.
    #[error("it is damaged: {0}")]
    Damaged(#[from] serde_json::Error),
}

/// The plan that a file holds, recognised by its content; nothing where it is none: specs never
/// begin with a brace.
///
/// # Errors
/// Where it begins like one and cannot be read.
pub fn read(bytes: &[u8]) -> Result<Option<RunPlan>, PlanError> {
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Ok(None);
    }
    let value: serde_json::Value = serde_json::from_slice(bytes)?;
    match value.get("schema").and_then(|schema| schema.as_str()) {
        Some(SCHEMA) => Ok(Some(serde_json::from_value(value)?)),
        Some(other) if family(other) == family(SCHEMA) => Err(PlanError::Form(other.to_owned())),
        _ => Err(PlanError::NoPlan),
    }
}

/// What a form's name begins with, before its number.
fn family(schema: &str) -> &str {
    schema.split('/').next().unwrap_or_default()
}

impl RunPlan {
    /// What has changed since the plan was made, given what the run would be made from now and the
    /// versions of segc and libtorch, one line for each.
    pub fn changes(&self, now: &[Source], segc: &str, libtorch: &str) -> Vec<String> {
        let mut all = changes(&self.sources, now);
        for (what, then, now) in
            [("segc", &self.segc, segc), ("libtorch", &self.libtorch, libtorch)]
        {
            if then != now {
                all.push(format!("{what} was {then} and is {now}"));
            }
        }
        all
    }
}

impl Orders {
    /// The command that plans it again, to be written to `file`.
    pub fn command(&self, file: &str) -> String {
        let mut words = vec![format!("segc plan {}", quoted(&self.spec))];
        words
            .extend(self.set.iter().map(|(n, v)| format!("--set {}", quoted(&format!("{n}={v}")))));
        words.push(format!("--net {}", quoted(&self.net)));
        let mut option = |name: &str, value: Option<String>| {
            words.extend(value.map(|value| format!("--{name} {}", quoted(&value))));
        };
        option("data", self.data.clone());
        option("epochs", self.epochs.map(|n| n.to_string()));
        option("batch", self.batch.map(|n| n.to_string()));
        option("init", self.init.clone());
        option("seed", Some(self.seed.to_string()));
        option("device", Some(self.device.clone()).filter(|device| device != "cpu"));
        option("threads", Some(self.threads.to_string()));
        words.push(format!("-o {}", quoted(file)));
        words.join(" ")
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,+".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_are_known_by_what_they_hold() {
        assert!(matches!(read(b"//! A spec.\nnet a(image) { out image }"), Ok(None)));
        assert!(matches!(read(b""), Ok(None)));
        let of_form = |schema: &str| {
            let text = serde_json::json!({ "schema": schema }).to_string();
            read(format!("\n {text}").as_bytes()).expect_err("no plan")
        };
        assert!(matches!(of_form("segc.cost/1"), PlanError::NoPlan));
        assert!(matches!(of_form(SCHEMA), PlanError::Damaged(_)));
        assert!(matches!(read(b"{ net"), Err(PlanError::Damaged(_))));
        let next = SCHEMA.replace('1', "2");
        let said = format!("its form is `{next}`, and this segc reads `{SCHEMA}`");
        assert_eq!(of_form(&next).to_string(), said);
    }

    #[test]
    fn the_command_that_plans_again_is_fit_for_a_shell() {
        let orders = Orders {
            kind: Kind::Search,
            spec: "my space.seg".into(),
            set: vec![("P".into(), "[/4, /8]".into())],
            net: "quick".into(),
            emit: None,
            seed: 3,
            data: None,
            epochs: None,
            batch: Some(4),
            init: None,
            device: "cpu".into(),
            threads: 2,
        };
        assert_eq!(
            orders.command("night.plan"),
            "segc plan 'my space.seg' --set 'P=[/4, /8]' --net quick --batch 4 --seed 3 --threads 2 \
             -o night.plan"
        );
    }
}
