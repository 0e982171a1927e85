//! Steps under a watch: when each was done, until there are enough of them.

use super::super::progress::Timer;
use crate::exec::run::Watch;
use crate::torch::process;
use segc::forecast::machine::{self, Ticks};
use segc::forecast::time::{self, Pace};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// The least number of steps from which a pace is read: one to warm up, two that are alike.
const LEAST: usize = 3;
/// Steps in an epoch of what is tried, at most.
pub(super) const EPOCH: u64 = 12;
/// Images are read for the first time in this share of the time for a kind of steps, at most.
const READING: f64 = 0.3;

/// A moment.
#[derive(Clone, Copy)]
pub(super) struct Stamp {
    at: Instant,
    processor_s: f64,
}

/// What was spent since a moment, in seconds.
#[derive(Clone, Copy, Default)]
pub(super) struct Spent {
    /// Of time.
    pub(super) passed_s: f64,
    /// Of processors, by this process.
    pub(super) processor_s: f64,
}

impl Stamp {
    pub(super) fn now() -> Stamp {
        Stamp { at: Instant::now(), processor_s: process::processor_s() }
    }

    /// When this process began.
    pub(super) fn of_process() -> Stamp {
        let now = Instant::now();
        let age = machine::age_s().unwrap_or(0.0);
        let at = now.checked_sub(Duration::from_secs_f64(age)).unwrap_or(now);
        Stamp { at, processor_s: 0.0 }
    }

    pub(super) fn since(&self) -> Spent {
        Spent {
            passed_s: self.at.elapsed().as_secs_f64(),
            processor_s: process::processor_s() - self.processor_s,
        }
    }
}

/// Steps that were run: what was spent until each was done, and the epoch that it was of.
struct Pass {
    done: Vec<(Spent, u64)>,
    over: Spent,
}

impl Pass {
    /// The same by one clock.
    fn by(&self, clock: fn(Spent) -> f64) -> time::Pass {
        let done = self.done.iter().map(|(spent, epoch)| (clock(*spent), *epoch)).collect();
        time::Pass { done, over: clock(self.over) }
    }
}

/// The pace of steps of one kind, by two clocks.
#[derive(Clone, Copy, Default)]
pub(super) struct Paces {
    /// By time that passes.
    pub(super) passed: Pace,
    /// By time of processors.
    pub(super) processor: Pace,
}

impl Paces {
    /// One of them.
    pub(super) fn by(&self, clock: Clock) -> Pace {
        match clock {
            Clock::Passed => self.passed,
            Clock::Processor => self.processor,
        }
    }
}

impl Spent {
    /// One of them.
    pub(super) fn by(&self, clock: Clock) -> f64 {
        match clock {
            Clock::Passed => self.passed_s,
            Clock::Processor => self.processor_s,
        }
    }
}

/// What time is told by.
#[derive(Clone, Copy)]
pub(super) enum Clock {
    /// Time that passes.
    Passed,
    /// Time of processors.
    Processor,
}

/// Whoever measures, for as long as all kinds of steps take.
pub(super) struct Measuring {
    timer: Timer,
    begun: Instant,
    ticks: Option<Ticks>,
    /// Whether the user wants no more of it.
    pub(super) stopped: bool,
}

impl Measuring {
    pub(super) fn new(all: Duration) -> Measuring {
        let timer = Timer::new("measuring", all);
        Measuring { timer, begun: Instant::now(), ticks: Ticks::now(), stopped: false }
    }

    /// Runs steps until there are enough of them, and says when each was done.
    fn pass<E>(
        &mut self,
        enough: &dyn Fn(usize, Duration) -> bool,
        per_epoch: u64,
        run: &dyn Fn(Watch<'_>) -> Result<(), E>,
    ) -> Result<Pass, E> {
        let (begun, mut done) = (Stamp::now(), Vec::new());
        run(&mut |at| {
            let since = begun.since();
            done.push((since, at.step.saturating_sub(1) / per_epoch.max(1)));
            self.stopped |= self.timer.show();
            match self.stopped || enough(done.len(), Duration::from_secs_f64(since.passed_s)) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        })?;
        Ok(Pass { done, over: begun.since() })
    }

    /// Steps over images that nobody has read, and over the same again, within about `time`; epochs
    /// of what is run have `per_epoch` steps, and the whole run has `all` of this kind.
    pub(super) fn both<E>(
        &mut self,
        time: Duration,
        (per_epoch, all): (u64, u64),
        run: &dyn Fn(Watch<'_>) -> Result<(), E>,
    ) -> Result<Paces, E> {
        let reading = time.mul_f64(READING);
        let cold = |steps: usize, took: Duration| {
            steps as u64 >= per_epoch || (steps >= LEAST && took > reading)
        };
        let cold = self.pass(&cold, per_epoch, run)?;
        if self.stopped {
            return Ok(Paces::default());
        }
        let rest = time.saturating_sub(Duration::from_secs_f64(cold.over.passed_s));
        let warm = |steps: usize, took: Duration| {
            let whole = steps as u64 > all.max(2 * per_epoch);
            steps >= LEAST && (took > rest || whole)
        };
        let warm = self.pass(&warm, per_epoch, run)?;
        let of = |clock: fn(Spent) -> f64| Pace::of(&cold.by(clock), &warm.by(clock));
        Ok(Paces { passed: of(|spent| spent.passed_s), processor: of(|spent| spent.processor_s) })
    }

    /// Takes the bar away; how long it all took, in seconds, and what share of the processors others
    /// took meanwhile.
    pub(super) fn done(self) -> (f64, Option<f64>) {
        self.timer.done();
        let others = self.ticks.and_then(|then| Some(Ticks::now()?.others_since(&then)));
        (self.begun.elapsed().as_secs_f64(), others)
    }
}
