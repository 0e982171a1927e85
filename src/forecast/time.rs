//! How long a run will take, from steps that were measured. A step is measured among others, as a
//! run takes them: at first, when images are read for the first time; then when they are known; and
//! where one epoch ends and the next begins.

use serde::{Deserialize, Serialize};

/// A row of steps that was measured, from its start on. All times are seconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pass {
    /// When each step was done, and the epoch that it was of.
    pub done: Vec<(f64, u64)>,
    /// When all was over, the last checkpoint written.
    pub over: f64,
}

/// How long the steps of one kind take. All times are seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pace {
    /// What the very first step takes beside the others: kernels are chosen, memory is touched.
    pub once_s: f64,
    /// What a step takes beside the others while its images are read for the first time.
    pub reading_s: f64,
    /// A step.
    pub step_s: f64,
    /// What lies between two epochs: a checkpoint is written, the next images are asked for.
    pub between_s: f64,
    /// A checkpoint.
    pub checkpoint_s: f64,
    /// Steps that were measured.
    pub steps: u64,
}

impl Pace {
    /// From a pass over images that nobody had read, and one over the same images again.
    pub fn of(cold: &Pass, warm: &Pass) -> Pace {
        let (first, rest) = cold.spans();
        let (_, spans) = warm.spans();
        let (within, across): (Vec<_>, Vec<_>) = spans.iter().partition(|(_, new)| !new);
        let checkpoint_s =
            [cold, warm].iter().filter_map(|pass| pass.checkpoint()).fold(0.0, f64::max);
        let times = |spans: &[(f64, bool)]| spans.iter().map(|(s, _)| *s).collect::<Vec<_>>();
        let (within, across) = (times(&within), times(&across));
        // Epochs of one step have no step that is not the first of its epoch.
        let step_s = mean(&within)
            .or_else(|| Some((mean(&across)? - checkpoint_s).max(0.0)))
            .or_else(|| mean(&times(&rest)))
            .unwrap_or(first);
        // One that met a busy disk says little of the others.
        let between_s = median(across).map_or(checkpoint_s, |s| (s - step_s).max(0.0));
        let reading = mean(&times(&rest)).map_or(0.0, |s| s - step_s);
        Pace {
            once_s: (first - step_s - reading.max(0.0)).max(0.0),
            reading_s: reading.max(0.0),
            step_s,
            between_s,
            checkpoint_s,
            steps: (cold.done.len() + warm.done.len()) as u64,
        }
    }
}

impl Pass {
    /// How long the first step took, and each of the others; of those, whether it began an epoch.
    fn spans(&self) -> (f64, Vec<(f64, bool)>) {
        let first = self.done.first().map_or(0.0, |(at, _)| *at);
        let pairs = self.done.iter().zip(self.done.iter().skip(1));
        let rest = pairs.map(|((a, before), (b, epoch))| (b - a, before != epoch));
        (first, rest.collect())
    }

    /// How long the checkpoint at the end took.
    fn checkpoint(&self) -> Option<f64> {
        self.done.last().map(|(at, _)| (self.over - at).max(0.0))
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// How long a run is expected to take.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// What it does, in its order.
    pub rows: Vec<Row>,
    /// All of it, in seconds.
    pub total_s: f64,
    /// Steps that were measured for it.
    pub measured_steps: u64,
    /// How long measuring took, in seconds.
    pub measured_s: f64,
    /// Seconds of processors that all of it takes, by the same steps: busy machines do not matter to
    /// it.
    pub processor_s: f64,
    /// The share of the processors that others took meanwhile, from 0 to 1; nothing where nobody
    /// knows.
    pub others: Option<f64>,
}

/// Something that a run does so often.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// What, in words.
    pub what: String,
    /// How long it takes once, in seconds.
    pub each_s: f64,
    /// How often.
    pub times: u64,
}

impl Estimate {
    /// Adds what is done so often, unless it never is.
    pub fn add(&mut self, what: impl Into<String>, each_s: f64, times: u64) {
        if times > 0 {
            self.total_s += each_s * times as f64;
            self.rows.push(Row { what: what.into(), each_s, times });
        }
    }
}

/// A stretch of steps of one kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// Steps.
    pub steps: u64,
    /// Of them, those in an epoch.
    pub per_epoch: u64,
    /// Checkpoints within epochs; their ends have one in any case.
    pub checkpoints: u64,
}

impl Stretch {
    /// Epochs, the last perhaps cut short.
    pub fn epochs(&self) -> u64 {
        self.steps.div_ceil(self.per_epoch.max(1))
    }
}

impl Estimate {
    /// Adds a stretch of steps called `what`, at a pace; `unread` says whether nobody has read its
    /// images before.
    pub fn steps(&mut self, what: &str, stretch: Stretch, pace: &Pace, unread: bool) {
        self.add(format!("warming up for {what}"), pace.once_s, u64::from(pace.once_s >= SHOWN_S));
        if unread && pace.reading_s > 0.0 {
            let first = stretch.per_epoch.min(stretch.steps);
            self.add("reading images for the first time", pace.reading_s, first);
        }
        self.add(what, pace.step_s, stretch.steps);
        self.add("ends of epochs, with a checkpoint", pace.between_s, stretch.epochs());
        self.add("checkpoints within epochs", pace.checkpoint_s, stretch.checkpoints);
    }
}

/// What takes less, in seconds, is no row of its own.
const SHOWN_S: f64 = 0.01;

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    /// Epochs of four steps: the first step 3 s more, reading 0.5 s a step, steps of 1 s, checkpoints
    /// of 0.25 s, as the run itself would take them.
    fn timeline(epochs: u64, cold: bool) -> Pass {
        let (mut now, mut done) = (0.0, Vec::new());
        for epoch in 0..epochs {
            for step in 0..4 {
                let first = if epoch + step == 0 { 3.0 } else { 0.0 };
                let saved = if epoch > 0 && step == 0 { 0.25 } else { 0.0 };
                let reading = if cold && epoch == 0 { 0.5 } else { 0.0 };
                now += 1.0 + first + saved + reading;
                done.push((now, epoch));
            }
        }
        Pass { done, over: now + 0.25 }
    }

    #[test]
    fn a_pace_tells_apart_what_happens_once_at_first_always_and_between_epochs() {
        let pace = Pace::of(&timeline(1, true), &timeline(3, false));
        assert!(near(pace.once_s, 3.0) && near(pace.reading_s, 0.5), "{pace:?}");
        assert!(near(pace.step_s, 1.0) && near(pace.between_s, 0.25), "{pace:?}");
        assert!(near(pace.checkpoint_s, 0.25) && pace.steps == 16, "{pace:?}");
    }

    #[test]
    fn the_estimate_of_a_run_is_as_long_as_the_run() {
        let pace = Pace::of(&timeline(1, true), &timeline(3, false));
        let stretch = Stretch { steps: 400, per_epoch: 4, checkpoints: 0 };
        let mut estimate = Estimate::default();
        estimate.steps("steps", stretch, &pace, true);
        let run = timeline(100, true);
        assert!(near(estimate.total_s, run.over), "{estimate:?} {}", run.over);
    }

    #[test]
    fn few_steps_are_better_than_none() {
        let one = Pass { done: vec![(2.0, 0)], over: 2.5 };
        let pace = Pace::of(&one, &Pass::default());
        assert!(near(pace.step_s, 2.0) && near(pace.between_s, 0.5), "{pace:?}");
        // Epochs of one step: each is the first of its own.
        let done = (0..4).map(|n| (1.0 + 1.5 * n as f64, n)).collect();
        let each = Pass { done, over: 6.0 };
        let pace = Pace::of(&each, &each);
        assert!(near(pace.step_s, 1.0) && near(pace.between_s, 0.5), "{pace:?}");
    }
}
