//! Training of a finished network, and its evaluation.

#[cfg(test)]
mod tests;

use super::checkpoint;
use super::criterion::Criterion;
use super::executor::{Executor, Mode, Wanted};
use super::feed::Feed;
use super::journal::Journal;
use super::learn::{Learner, tensors};
use super::loss::predict;
use super::run::{Mean, Pace, Progress, Purpose, RunError, Watch, due, finite, seed_step};
use super::search::LOG;
use segc::data::Loader;
use segc::data::metrics::{Confusion, Scores};
use segc::search::plan::{Length, TrainPlan};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Images that a network is judged by.
#[derive(Clone, Copy)]
pub struct Judge<'j> {
    /// The images.
    pub images: &'j Loader,
    /// Number of classes.
    pub classes: usize,
    /// Epochs from one judgement to the next; the last epoch is judged in any case.
    pub epochs: u64,
}

/// A training to be done.
#[derive(Clone, Copy)]
pub struct TrainJob<'j, 'g> {
    /// The network, with the weights that it starts from.
    pub network: &'j Executor<'g>,
    /// What to do.
    pub plan: &'j TrainPlan,
    /// The images.
    pub images: &'j Loader,
    /// What part of the labelled pixels each class makes up, where the loss has to know it.
    pub shares: &'j [f64],
    /// What it is judged by, if at all.
    pub judge: Option<Judge<'j>>,
    /// The run's folder, which is there.
    pub dir: &'j Path,
    /// Steps between checkpoints; the end of an epoch is one in any case.
    pub checkpoint_steps: u64,
    /// Whether to go on from the folder's checkpoint, if it has one.
    pub resume: bool,
}

/// What a training has come to.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// Steps that are done.
    pub steps: u64,
    /// The scores of the newest judgement.
    pub scores: Option<Scores>,
    /// Whether the training is over; otherwise it was asked to stop, and can go on.
    pub finished: bool,
}

/// What a checkpoint keeps beside tensors.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Stand {
    /// Finished steps.
    step: u64,
    /// The losses of this epoch.
    loss: Mean,
    /// The newest judgement, as counts row by row.
    judged: Option<Vec<Vec<u64>>>,
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
    /// A step.
    Step { step: u64, loss: f64, rate: f64 },
    /// The end of an epoch.
    Epoch { epoch: u64, step: u64, loss: Option<f64>, scores: Option<&'e Scores> },
}

/// Trains, from the start or from the folder's checkpoint, until the plan is done or `watch` says
/// stop.
pub fn train(job: &TrainJob<'_, '_>, watch: Watch<'_>) -> Result<Trained, RunError> {
    let mut training = Training::begin(*job)?;
    while training.stand.step < training.steps {
        let loss = training.step()?;
        let closed = training.close_epoch()?;
        let go_on = watch(&training.progress(loss)).is_continue();
        if closed || !go_on || due(training.stand.step, job.checkpoint_steps) {
            training.save()?;
        }
        if !go_on {
            break;
        }
    }
    let (steps, finished) = (training.stand.step, training.stand.step == training.steps);
    Ok(Trained { steps, scores: training.stand.scores(), finished })
}

/// Counts a network's predictions over all images of a loader, by its first main output.
pub fn evaluate(
    network: &Executor<'_>,
    images: &Loader,
    classes: usize,
) -> Result<Confusion, RunError> {
    let mut confusion = Confusion::new(classes);
    for batch in images.epoch(0) {
        let batch = batch?;
        let (input, labels) = tensors(&batch, network)?;
        let pass = network.forward(&[input], &[], Mode::Eval, Wanted::Nothing)?;
        let output = pass.outputs.first();
        let output = output.ok_or_else(|| RunError::Plan("the network has no output".into()))?;
        let predicted = predict(&output.value, &labels)?.f_to_device(tch::Device::Cpu)?;
        let predicted: Vec<u8> = Vec::try_from(predicted.f_reshape([-1])?)?;
        confusion.record(&batch.labels, &predicted)?;
    }
    Ok(confusion)
}

/// A training under way.
struct Training<'j, 'g> {
    job: TrainJob<'j, 'g>,
    learner: Learner<'j, 'g>,
    stand: Stand,
    fingerprint: String,
    journal: Journal,
    pace: Pace,
    batches: Feed<'j>,
    /// Steps in an epoch.
    per_epoch: u64,
    /// Steps in all.
    steps: u64,
}

impl<'j, 'g> Training<'j, 'g> {
    fn begin(job: TrainJob<'j, 'g>) -> Result<Self, RunError> {
        let TrainJob { network, plan, dir, .. } = job;
        let fingerprint = checkpoint::fingerprint(plan, network);
        let criterion = Criterion::of(&plan.loss, job.shares, network)?;
        let mut learner = Learner::new(network, &plan.weights, criterion);
        let (mut stand, mut log_bytes) = (Stand::default(), 0);
        if !job.resume {
            checkpoint::forget(dir)?;
        } else if let Some(resumed) = checkpoint::load(dir, &fingerprint, network, &plan.weights)? {
            learner.optim = resumed.optim;
            stand = resumed.state;
            log_bytes = resumed.log_bytes;
        }
        let per_epoch = job.images.batches() as u64;
        let steps = match plan.length {
            Length::Epochs(epochs) => epochs * per_epoch,
            Length::Steps(steps) => steps,
        };
        let batches = Feed::new(job.images, stand.step);
        let journal = Journal::open(&dir.join(LOG), log_bytes)?;
        let pace = Pace::new();
        Ok(Training { job, learner, stand, fingerprint, journal, pace, batches, per_epoch, steps })
    }

    fn step(&mut self) -> Result<f64, RunError> {
        let (plan, at) = (self.job.plan, self.stand.step);
        let rate = plan.weights.rate(at as f64 / self.steps as f64);
        let batch = self.batches.take()?;
        self.pace.step(batch.n);
        seed_step(plan.seed, at, Purpose::Weights);
        let loss = self.learner.weights(&batch, &[], rate)?;
        finite(loss, at / self.per_epoch, at % self.per_epoch)?;
        self.stand.loss.add(loss);
        self.stand.step += 1;
        self.journal.line(&Entry::Step { step: at, loss, rate })?;
        Ok(loss)
    }

    /// Judges and notes an epoch that has just ended; whether one has.
    fn close_epoch(&mut self) -> Result<bool, RunError> {
        let step = self.stand.step;
        let over = step == self.steps;
        if !over && !step.is_multiple_of(self.per_epoch) {
            return Ok(false);
        }
        let epoch = step.div_ceil(self.per_epoch);
        let mut scores = None;
        if let Some(judge) = self.job.judge
            && (over || due(epoch, judge.epochs))
        {
            let confusion = evaluate(self.job.network, judge.images, judge.classes)?;
            scores = Some(confusion.scores());
            let rows = confusion.counts().chunks(judge.classes.max(1)).map(<[u64]>::to_vec);
            self.stand.judged = Some(rows.collect());
        }
        let (loss, scores) = (self.stand.loss.value(), scores.as_ref());
        self.journal.line(&Entry::Epoch { epoch, step, loss, scores })?;
        self.stand.loss = Mean::default();
        Ok(true)
    }

    fn save(&mut self) -> Result<(), RunError> {
        let name = format!("{:08}", self.stand.step);
        let log_bytes = self.journal.settled()?;
        let of = (self.job.network, &self.learner.optim);
        checkpoint::save(self.job.dir, &name, &self.fingerprint, of, log_bytes, &self.stand)
    }

    fn progress(&self, loss: f64) -> Progress {
        let (step, steps) = (self.stand.step, self.steps);
        Progress {
            epoch: step / self.per_epoch,
            epochs: steps.div_ceil(self.per_epoch),
            step,
            steps,
            loss,
            arch_loss: None,
            miou: self.stand.scores().and_then(|scores| scores.miou),
            images_per_s: self.pace.images_per_s(),
            left: self.pace.left(steps - step),
        }
    }
}
