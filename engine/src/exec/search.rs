//! Search by gradient: steps of the weights and of the architecture, in turn or by one batch. Which
//! images, how long, at which rates: the plan says. How the architecture's parameters become weights
//! of leaves, and gradients of leaves become theirs: the relaxation says.

#[cfg(test)]
mod tests;

use super::checkpoint::{self, Kept};
use super::criterion::Criterion;
use super::executor::Executor;
use super::feed::Feed;
use super::journal::Journal;
use super::learn::Learner;
use super::run::{Mean, Pace, Progress, Purpose, RunError, Watch, due, finite, seed_step};
use segc::data::Loader;
use segc::search::plan::{Order, SearchPlan};
use segc::search::relax::Opinion;
use segc::search::state::SearchState;
use segc::search::{LeafState, Relaxation, optim};
use segc::supernet::Switch;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The log's name in a run's folder.
pub const LOG: &str = "metrics.jsonl";

/// A search to be done.
#[derive(Clone, Copy)]
pub struct SearchJob<'j, 'g> {
    /// The supernet.
    pub network: &'j Executor<'g>,
    /// How parameters become weights of its leaves.
    pub relaxation: &'j Relaxation,
    /// What to do.
    pub plan: &'j SearchPlan,
    /// The images that move the weights.
    pub weights: &'j Loader,
    /// The images that move the architecture; used where the plan takes halves.
    pub arch: &'j Loader,
    /// What part of the labelled pixels each class makes up, where the loss has to know it.
    pub shares: &'j [f64],
    /// The run's folder, which is there.
    pub dir: &'j Path,
    /// Steps between checkpoints; the end of an epoch is one in any case.
    pub checkpoint_steps: u64,
    /// Whether to go on from the folder's checkpoint, if it has one.
    pub resume: bool,
}

/// What a search has come to.
#[derive(Clone, Debug, PartialEq)]
pub struct Searched {
    /// The architecture's parameters and where the search stands.
    pub state: SearchState,
    /// What they say of every decision.
    pub opinions: Vec<Opinion>,
    /// Whether the search is over; otherwise it was asked to stop, and can go on.
    pub finished: bool,
}

/// What a checkpoint keeps beside tensors.
#[derive(Debug, Serialize, Deserialize)]
struct Stand {
    search: SearchState,
    /// Losses of this epoch.
    loss: Mean,
    arch_loss: Mean,
}

/// A line of the log.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Entry<'e> {
    /// A step of the weights and, once it moves, one of the architecture.
    Step { epoch: u64, step: u64, loss: f64, arch_loss: Option<f64> },
    /// The end of an epoch: means over it, and what the parameters have come to.
    Epoch {
        epoch: u64,
        loss: Option<f64>,
        arch_loss: Option<f64>,
        rate: f64,
        arch_rate: Option<f64>,
        opinions: &'e [Opinion],
        /// All of them, so that the architecture can be read off at every epoch.
        params: &'e [f64],
    },
}

/// Searches, from the start or from the folder's checkpoint, until the plan is done or `watch` says
/// stop.
pub fn search(job: &SearchJob<'_, '_>, watch: Watch<'_>) -> Result<Searched, RunError> {
    let Order::First = job.plan.order;
    let mut search = Search::begin(*job)?;
    while search.stand.search.epoch < job.plan.epochs {
        if !search.epoch(watch)? {
            return Ok(search.result(false));
        }
    }
    Ok(search.result(true))
}

/// A search under way.
struct Search<'j, 'g> {
    job: SearchJob<'j, 'g>,
    learner: Learner<'j, 'g>,
    stand: Stand,
    fingerprint: String,
    journal: Journal,
    pace: Pace,
    /// Steps in an epoch.
    steps: u64,
    /// Which leaves get their weights from parameters.
    learned: Vec<bool>,
    batches: Feed<'j>,
    arch_batches: Feed<'j>,
}

impl<'j, 'g> Search<'j, 'g> {
    fn begin(job: SearchJob<'j, 'g>) -> Result<Self, RunError> {
        let SearchJob { network, relaxation, plan, dir, .. } = job;
        let fingerprint = checkpoint::fingerprint(plan, network);
        let criterion = Criterion::of(&plan.loss, job.shares, &[], network)?;
        let mut learner = Learner::new(network, &plan.weights, criterion);
        let mut stand = Stand {
            search: SearchState::new(relaxation.init(plan.seed), plan.seed),
            loss: Mean::default(),
            arch_loss: Mean::default(),
        };
        let mut log_bytes = 0;
        if !job.resume {
            checkpoint::forget(dir)?;
        } else if let Some(resumed) = checkpoint::load::<Stand>(dir, &fingerprint, network)? {
            learner.movers.remember(resumed.memory);
            stand = resumed.state;
            log_bytes = resumed.log_bytes;
        }
        let steps = job.weights.batches() as u64;
        let at = &stand.search;
        let batches = Feed::new(job.weights, at.epoch * steps + at.step);
        // As many batches as there were steps of the architecture.
        let since = at.epoch.checked_sub(plan.arch_from).map_or(0, |e| e * steps + at.step);
        let arch_batches = Feed::new(job.arch, since);
        let learned = relaxation.switches().iter().map(|s| *s == Switch::Weighted).collect();
        let journal = Journal::open(&dir.join(LOG), log_bytes)?;
        let pace = Pace::new();
        Ok(Search {
            job,
            learner,
            stand,
            fingerprint,
            journal,
            pace,
            steps,
            learned,
            batches,
            arch_batches,
        })
    }

    /// The rest of an epoch; whether to go on after it.
    fn epoch(&mut self, watch: Watch<'_>) -> Result<bool, RunError> {
        let mut go_on = true;
        while self.stand.search.step < self.steps {
            let (loss, arch_loss) = self.step()?;
            self.stand.search.step += 1;
            go_on = watch(&self.progress(loss, arch_loss)).is_continue();
            let at = self.stand.search.step;
            let due = due(at, self.job.checkpoint_steps) && at < self.steps;
            if due || (!go_on && at < self.steps) {
                self.save()?;
            }
            if !go_on && at < self.steps {
                return Ok(false);
            }
        }
        self.close_epoch()?;
        Ok(go_on)
    }

    /// A step of the weights and, if it is time, one of the architecture; their losses.
    fn step(&mut self) -> Result<(f64, Option<f64>), RunError> {
        let (epoch, step) = (self.stand.search.epoch, self.stand.search.step);
        let at = epoch * self.steps + step;
        let plan = self.job.plan;
        let rate = plan.weights.rate(at as f64 / (plan.epochs * self.steps) as f64);
        let arch_rate = plan.arch_rate(epoch, step, self.steps);
        let batch = self.batches.take()?;
        self.pace.step(batch.n);
        let states = self.states();
        seed_step(plan.seed, at, Purpose::Weights);
        let (loss, arch_loss) = match arch_rate {
            None => (self.learner.weights(&batch, &states, rate)?, None),
            Some(arch_rate) if plan.halves => {
                let loss = self.learner.weights(&batch, &states, rate)?;
                finite(loss, epoch, step)?;
                let other = self.arch_batches.take()?;
                seed_step(plan.seed, at, Purpose::Arch);
                let (arch_loss, slopes) = self.learner.leaves(&other, &states, &self.learned)?;
                self.descend(finite(arch_loss, epoch, step)?, &slopes, arch_rate);
                (loss, Some(arch_loss))
            }
            Some(arch_rate) => {
                let (loss, slopes) = self.learner.both(&batch, &states, &self.learned, rate)?;
                self.descend(finite(loss, epoch, step)?, &slopes, arch_rate);
                (loss, Some(loss))
            }
        };
        self.stand.loss.add(finite(loss, epoch, step)?);
        self.journal.line(&Entry::Step { epoch, step, loss, arch_loss })?;
        Ok((loss, arch_loss))
    }

    /// The leaves as the parameters want them.
    fn states(&self) -> Vec<LeafState> {
        self.job.relaxation.weights(&self.stand.search.params)
    }

    /// Moves the parameters, given the gradient by leaf.
    fn descend(&mut self, loss: f64, slopes: &[f64], rate: f64) {
        let arch = &self.job.plan.arch;
        let mut gradient = self.job.relaxation.backward(&self.stand.search.params, slopes);
        if let Some(most) = arch.clip {
            let length = optim::norm(&gradient);
            if length > most {
                gradient.iter_mut().for_each(|slope| *slope *= most / length);
            }
        }
        self.stand.search.descend(&arch.rule, rate, &gradient);
        self.stand.arch_loss.add(loss);
    }

    fn close_epoch(&mut self) -> Result<(), RunError> {
        let (plan, epoch) = (self.job.plan, self.stand.search.epoch);
        let opinions = self.job.relaxation.opinions(&self.stand.search.params);
        let last = self.steps.saturating_sub(1);
        let done = (epoch * self.steps + last) as f64 / (plan.epochs * self.steps) as f64;
        self.journal.line(&Entry::Epoch {
            epoch,
            loss: self.stand.loss.value(),
            arch_loss: self.stand.arch_loss.value(),
            rate: plan.weights.rate(done),
            arch_rate: plan.arch_rate(epoch, last, self.steps),
            opinions: &opinions,
            params: &self.stand.search.params,
        })?;
        self.stand.search.epoch += 1;
        self.stand.search.step = 0;
        (self.stand.loss, self.stand.arch_loss) = (Mean::default(), Mean::default());
        self.save()
    }

    fn save(&mut self) -> Result<(), RunError> {
        let at = &self.stand.search;
        if !at.params.iter().all(|param| param.is_finite()) {
            return Err(RunError::Diverged { name: "parameters of the architecture".into() });
        }
        let name = format!("{:04}-{:06}", at.epoch, at.step);
        let log_bytes = self.journal.settled()?;
        let (network, memory) = (self.job.network, self.learner.movers.memory());
        let kept = Kept { network, memory, average: None };
        checkpoint::save(self.job.dir, &name, &self.fingerprint, &kept, log_bytes, &self.stand)
    }

    fn progress(&self, loss: f64, arch_loss: Option<f64>) -> Progress {
        let (at, epochs) = (&self.stand.search, self.job.plan.epochs);
        let (step, steps) = (at.epoch * self.steps + at.step, epochs * self.steps);
        Progress {
            phase: (0, 1),
            epoch: at.epoch,
            epochs,
            step,
            steps,
            loss,
            arch_loss,
            miou: None,
            images_per_s: self.pace.images_per_s(),
            left: self.pace.left(steps - step),
        }
    }

    fn result(self, finished: bool) -> Searched {
        let opinions = self.job.relaxation.opinions(&self.stand.search.params);
        Searched { state: self.stand.search, opinions, finished }
    }
}
