//! A training under way: its phases one after the other, its log, its judgements, its checkpoints.

use super::phase::{Running, Stretch, stretches};
use super::{BEST, TrainJob, Trained};
use crate::exec::checkpoint::{self, Kept};
use crate::exec::examples;
use crate::exec::journal::Journal;
use crate::exec::judge::evaluate;
use crate::exec::run::{Mean, Pace, Progress, Purpose, RunError, due, finite, seed_step};
use crate::exec::search::LOG;
use crate::exec::state;
use segc::data::metrics::{Confusion, Scores};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a checkpoint keeps beside tensors.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Stand {
    /// Finished phases.
    phase: usize,
    /// Finished steps of the phase under way.
    step: u64,
    /// The losses of this epoch.
    loss: Mean,
    /// The newest judgement, as counts row by row.
    judged: Option<Vec<Vec<u64>>>,
    /// The best mean intersection over union of all judgements.
    best: Option<f64>,
}

impl Stand {
    fn scores(&self) -> Option<Scores> {
        let rows = self.judged.as_deref()?;
        Confusion::from_rows(rows).map(|confusion| confusion.scores())
    }
}

/// A line of the log.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Entry<'e> {
    /// A step, at the rate of each optimiser.
    Step { phase: usize, step: u64, loss: f64, rates: &'e [f64] },
    /// The end of an epoch.
    Epoch { phase: usize, epoch: u64, step: u64, loss: Option<f64>, scores: Option<&'e Scores> },
}

/// A training under way.
pub(super) struct Training<'j, 'g> {
    job: TrainJob<'j, 'g>,
    stretches: Vec<Stretch>,
    /// The phase that the next step belongs to; the last one when all are done.
    running: Running<'j, 'g>,
    stand: Stand,
    fingerprint: String,
    journal: Journal,
    pace: Pace,
}

impl<'j, 'g> Training<'j, 'g> {
    pub(super) fn begin(job: TrainJob<'j, 'g>) -> Result<Self, RunError> {
        let TrainJob { network, plan, dir, .. } = job;
        let fingerprint = checkpoint::fingerprint(plan, network);
        let stretches = stretches(plan, job.courses)?;
        let (mut stand, mut memories, mut log_bytes) = (Stand::default(), None, 0);
        if !job.resume {
            checkpoint::forget(dir)?;
        } else if let Some(resumed) = checkpoint::load(dir, &fingerprint, network)? {
            memories = Some((resumed.memory, resumed.averages));
            stand = resumed.state;
            log_bytes = resumed.log_bytes;
        }
        let (at, stretch) = phase_at(&stretches, stand.phase)?;
        let running = Running::begin(job, (at, stand.step), stretch, memories)?;
        let journal = Journal::open(&dir.join(LOG), log_bytes)?;
        let pace = Pace::new();
        Ok(Training { job, stretches, running, stand, fingerprint, journal, pace })
    }

    /// Whether all phases are done.
    pub(super) fn is_over(&self) -> bool {
        self.stand.phase >= self.stretches.len()
    }

    /// Whether a checkpoint is due within an epoch.
    pub(super) fn is_due(&self) -> bool {
        due(self.stand.step, self.job.checkpoint_steps)
    }

    /// Takes a step; its loss.
    pub(super) fn step(&mut self) -> Result<f64, RunError> {
        let (step, stretch) = (self.stand.step, self.running.stretch);
        seed_step(self.job.plan.seed, stretch.before + step, Purpose::Weights);
        let (loss, rates, images) = self.running.step(step)?;
        self.pace.step(images);
        finite(loss, step / stretch.per_epoch, step % stretch.per_epoch)?;
        self.stand.loss.add(loss);
        self.stand.step += 1;
        let (phase, step) = (self.stand.phase, stretch.before + step);
        self.journal.line(&Entry::Step { phase, step, loss, rates: &rates })?;
        Ok(loss)
    }

    /// Judges and notes an epoch that has just ended, and goes on to the next phase where this one
    /// has; whether one has ended.
    pub(super) fn close_epoch(&mut self) -> Result<bool, RunError> {
        let (step, stretch) = (self.stand.step, self.running.stretch);
        let over = step == stretch.steps;
        if !over && !step.is_multiple_of(stretch.per_epoch) {
            return Ok(false);
        }
        if let Some(average) = self.running.average.as_ref().filter(|a| over || a.is_adopted()) {
            average.adopt(self.job.network)?;
        }
        let epoch = step.div_ceil(stretch.per_epoch);
        let scores = self.judge(epoch, over)?;
        let (phase, step) = (self.stand.phase, stretch.before + step);
        let (loss, scores) = (self.stand.loss.value(), scores.as_ref());
        self.journal.line(&Entry::Epoch { phase, epoch, step, loss, scores })?;
        self.stand.loss = Mean::default();
        if over {
            self.next_phase()?;
        }
        Ok(true)
    }

    /// Judges the network, or the means of its weights, where it is time to.
    fn judge(&mut self, epoch: u64, over: bool) -> Result<Option<Scores>, RunError> {
        let Some(judge) = self.job.judge.filter(|judge| over || due(epoch, judge.epochs)) else {
            return Ok(None);
        };
        let (network, best) = (self.job.network, self.stand.best);
        let (images, classes) = (judge.images, judge.palette.len());
        let shown = examples::places(images.samples(), judge.examples);
        let (dir, step) = (self.job.dir, self.done());
        let at_work = || {
            let (confusion, seen) = evaluate(network, images, classes, &shown)?;
            examples::write(dir, images, judge.palette, &seen, (step, judge.split))?;
            let miou = confusion.scores().miou;
            if miou.is_some_and(|miou| best.is_none_or(|best| miou > best)) {
                if let Some(name) = state::not_finite(network)? {
                    return Err(RunError::Diverged { name });
                }
                state::save(network, &self.job.dir.join(BEST), &BTreeMap::new())?;
            }
            Ok::<Confusion, RunError>(confusion)
        };
        let confusion = match &self.running.average {
            Some(average) => average.with(network, at_work)?,
            None => at_work()?,
        };
        let scores = confusion.scores();
        self.stand.best = [best, scores.miou].into_iter().flatten().reduce(f64::max);
        let rows = confusion.counts().chunks(classes.max(1)).map(<[u64]>::to_vec);
        self.stand.judged = Some(rows.collect());
        Ok(Some(scores))
    }

    /// Goes on to the start of the next phase, if there is one.
    fn next_phase(&mut self) -> Result<(), RunError> {
        self.stand.phase += 1;
        if let Some(stretch) = self.stretches.get(self.stand.phase) {
            self.stand.step = 0;
            self.running = Running::begin(self.job, (self.stand.phase, 0), *stretch, None)?;
        }
        Ok(())
    }

    /// Writes a checkpoint of where the training stands.
    pub(super) fn save(&mut self) -> Result<(), RunError> {
        let name = format!("{:08}", self.done());
        let log_bytes = self.journal.settled()?;
        let (memory, average) = (self.running.learner.movers.memory(), &self.running.average);
        let kept = Kept { network: self.job.network, memory, average: average.as_ref() };
        checkpoint::save(self.job.dir, &name, &self.fingerprint, &kept, log_bytes, &self.stand)
    }

    /// Finished steps of all phases.
    fn done(&self) -> u64 {
        self.running.stretch.before + self.stand.step
    }

    /// Steps of all phases.
    fn steps(&self) -> u64 {
        self.stretches.iter().map(|stretch| stretch.steps).sum()
    }

    pub(super) fn progress(&self, loss: f64) -> Progress {
        let (step, steps, stretch) = (self.done(), self.steps(), self.running.stretch);
        Progress {
            phase: (self.stand.phase, self.stretches.len()),
            epoch: self.stand.step / stretch.per_epoch,
            epochs: stretch.steps.div_ceil(stretch.per_epoch),
            step,
            steps,
            loss,
            arch_loss: None,
            miou: self.stand.scores().and_then(|scores| scores.miou),
            images_per_s: self.pace.images_per_s(),
            left: self.pace.left(steps - step),
        }
    }

    /// What it has come to.
    pub(super) fn result(&self) -> Trained {
        Trained { steps: self.done(), scores: self.stand.scores(), finished: self.is_over() }
    }
}

/// The phase under way when so many are done, and how long it takes; the last where all are.
fn phase_at(stretches: &[Stretch], done: usize) -> Result<(usize, Stretch), RunError> {
    let at = done.min(stretches.len().saturating_sub(1));
    let none = || RunError::Plan("the plan has no phase with images".into());
    stretches.get(at).map(|stretch| (at, *stretch)).ok_or_else(none)
}
