//! Steps under a watch: when each was done, until there are enough of them.

use super::super::progress::Timer;
use crate::exec::run::Progress;
use segc::forecast::machine::Ticks;
use segc::forecast::time::Pass;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// The least number of steps from which a pace is read: one to warm up, two that are alike.
const LEAST: usize = 3;
/// Steps in an epoch of what is tried, at most.
pub(super) const EPOCH: u64 = 12;
/// Images are read for the first time in this share of the time for a kind of steps, at most.
const READING: f64 = 0.3;

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
        run: &dyn Fn(&mut dyn FnMut(&Progress) -> ControlFlow<()>) -> Result<(), E>,
    ) -> Result<Pass, E> {
        let begun = Instant::now();
        let mut pass = Pass::default();
        run(&mut |at| {
            let epoch = at.step.saturating_sub(1) / per_epoch.max(1);
            pass.done.push((begun.elapsed().as_secs_f64(), epoch));
            self.stopped |= self.timer.show();
            match self.stopped || enough(pass.done.len(), begun.elapsed()) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        })?;
        pass.over = begun.elapsed().as_secs_f64();
        Ok(pass)
    }

    /// Steps over images that nobody has read, and over the same again, within about `time`; epochs
    /// of what is run have `per_epoch` steps, and the whole run has `all` of this kind.
    pub(super) fn both<E>(
        &mut self,
        time: Duration,
        (per_epoch, all): (u64, u64),
        run: &dyn Fn(&mut dyn FnMut(&Progress) -> ControlFlow<()>) -> Result<(), E>,
    ) -> Result<(Pass, Pass), E> {
        let reading = time.mul_f64(READING);
        let cold = |steps: usize, took: Duration| {
            steps as u64 >= per_epoch || (steps >= LEAST && took > reading)
        };
        let cold = self.pass(&cold, per_epoch, run)?;
        if self.stopped {
            return Ok((cold, Pass::default()));
        }
        let rest = time.saturating_sub(Duration::from_secs_f64(cold.over));
        let warm = |steps: usize, took: Duration| {
            let whole = steps as u64 > all.max(2 * per_epoch);
            steps >= LEAST && (took > rest || whole)
        };
        let warm = self.pass(&warm, per_epoch, run)?;
        Ok((cold, warm))
    }

    /// Takes the bar away; how long it all took, in seconds, and what share of the processors others
    /// took meanwhile.
    pub(super) fn done(self) -> (f64, Option<f64>) {
        self.timer.done();
        let others = self.ticks.and_then(|then| Some(Ticks::now()?.others_since(&then)));
        (self.begun.elapsed().as_secs_f64(), others)
    }
}
