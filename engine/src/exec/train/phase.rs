//! One phase of a training under way: what it takes, and what it needs to take its steps.

use super::{Course, TrainJob};
use crate::exec::average::Average;
use crate::exec::criterion::Criterion;
use crate::exec::executor::Executor;
use crate::exec::feed::Feed;
use crate::exec::learn::Learner;
use crate::exec::optim::Memory;
use crate::exec::run::RunError;
use segc::search::paths::Path;
use segc::search::plan::{Length, Phase, TrainPlan};
use std::collections::BTreeMap;
use tch::Tensor;

/// How long a phase takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    /// Steps of the phases before.
    pub(super) before: u64,
    /// Steps in an epoch.
    pub(super) per_epoch: u64,
    /// Steps in all.
    pub(super) steps: u64,
}

/// Steps in an epoch of so many batches, and steps of a phase in all.
///
/// # Errors
/// When there are not the batches for a single step, or the phase never gets beyond its warm-up.
pub fn length(phase: &Phase, batches: u64) -> Result<(u64, u64), RunError> {
    let per_epoch = batches / u64::from(phase.accumulate.max(1));
    if per_epoch == 0 {
        return Err(RunError::Plan(format!(
            "a step takes {} batches and an epoch has {batches}: accumulate less, or take smaller \
             batches",
            phase.accumulate
        )));
    }
    let steps = match phase.length {
        Length::Epochs(epochs) => epochs * per_epoch,
        Length::Steps(steps) => steps,
    };
    if let Some(mover) = phase.weights.iter().find(|mover| mover.warm_up >= steps) {
        return Err(RunError::Plan(format!(
            "the warm-up of {} steps is as long as the training, which has {steps}",
            mover.warm_up
        )));
    }
    Ok((per_epoch, steps))
}

/// The stretches of a plan's phases, in order.
///
/// # Errors
/// When a phase has not the images for a single step, or never gets beyond its warm-up.
pub(super) fn stretches(
    plan: &TrainPlan,
    courses: &[Course<'_>],
) -> Result<Vec<Stretch>, RunError> {
    let (mut all, mut before) = (Vec::new(), 0);
    for (phase, course) in plan.phases.iter().zip(courses) {
        let (per_epoch, steps) = length(phase, course.images.batches() as u64)?;
        all.push(Stretch { before, per_epoch, steps });
        before += steps;
    }
    Ok(all)
}

/// A phase at one of its steps.
pub(super) struct Running<'j, 'g> {
    /// What it does.
    pub(super) phase: &'j Phase,
    /// How long it takes.
    pub(super) stretch: Stretch,
    /// What moves the weights, and by which loss.
    pub(super) learner: Learner<'j, 'g>,
    /// The images, from its step on.
    pub(super) batches: Feed<'j>,
    /// The means of the weights.
    pub(super) average: Option<Average>,
    /// Summands that are left out at random.
    paths: Vec<Path>,
}

/// What a checkpoint kept for a phase.
pub(super) type Memories = (BTreeMap<usize, Memory>, BTreeMap<usize, Tensor>);

impl<'j, 'g> Running<'j, 'g> {
    /// The phase at place `at`, when `step` of its steps are done; from its start where there is
    /// nothing to remember.
    pub(super) fn begin(
        job: TrainJob<'j, 'g>,
        (at, step): (usize, u64),
        stretch: Stretch,
        memories: Option<Memories>,
    ) -> Result<Self, RunError> {
        let none = || RunError::Plan(format!("the plan has no phase {at}, or no images for it"));
        let phase = job.plan.phases.get(at).ok_or_else(none)?;
        let course = job.courses.get(at).ok_or_else(none)?;
        let network: &Executor<'g> = job.network;
        let criterion = Criterion::of(&phase.loss, &course.shares, &course.teachers, network)?;
        let mut learner = Learner::of(network, phase, criterion);
        let average = match (phase.average, memories) {
            (None, None) => None,
            (Some(rule), None) => Some(Average::new(rule, network)?),
            (rule, Some((memory, averages))) => {
                learner.movers.remember(memory);
                rule.map(|rule| Average::resumed(rule, averages))
            }
        };
        let each = u64::from(phase.accumulate.max(1));
        let batches = Feed::of_first(&course.images, step * each, stretch.per_epoch * each);
        let drop = phase.drop_path.as_ref();
        let paths = drop.map_or_else(Vec::new, |drop| drop.paths(network.graph()));
        Ok(Running { phase, stretch, learner, batches, average, paths })
    }

    /// Takes a step, the `step`-th of the phase; its loss and the rates that it was taken at.
    pub(super) fn step(&mut self, step: u64) -> Result<(f64, Vec<f64>, usize), RunError> {
        let rate = self.phase.weights.iter().map(|mover| mover.rate(step, self.stretch.steps));
        let rates: Vec<f64> = rate.collect();
        self.drop_paths(step);
        let (batches, mut images) = (&mut self.batches, 0);
        let next = || {
            let batch = batches.take()?;
            images += batch.n;
            Ok(batch)
        };
        let loss = self.learner.together(self.phase.accumulate, next, &rates)?;
        if let Some(average) = self.average.as_mut().filter(|_| loss.is_finite()) {
            average.count(self.learner.network)?;
        }
        Ok((loss, rates, images))
    }

    /// How often each path is left out in a step.
    fn drop_paths(&mut self, step: u64) {
        let Some(drop) = &self.phase.drop_path else { return };
        let rate = drop.rate.at_step(step, self.stretch.steps);
        self.learner.drops.resize(self.learner.network.graph().graph.node_count(), 0.0);
        for path in &self.paths {
            self.learner.drops[path.node.index()] = rate * path.depth;
        }
    }
}
