//! Progress bars of runs.

use super::interrupt;
use crate::exec::bench::Amount;
use crate::exec::run::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// A bar with loss, mIoU, throughput and the time that is left; on stderr.
pub(super) struct Bar {
    bar: ProgressBar,
}

impl Bar {
    /// A bar named after what runs.
    pub(super) fn new(name: &str) -> Bar {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template(
            "{prefix:>12} {wide_bar:.cyan/dim} {pos}/{len} steps  {msg}",
        );
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_prefix(name.to_string());
        Bar { bar }
    }

    /// Shows where the run stands, and says whether to go on.
    pub(super) fn show(&self, at: &Progress) -> ControlFlow<()> {
        self.bar.set_length(at.steps);
        self.bar.set_position(at.step);
        let mut parts = Vec::new();
        if let (done, all @ 2..) = at.phase {
            parts.push(format!("phase {}/{all}", (done + 1).min(all)));
        }
        parts.push(format!("epoch {}/{}", (at.epoch + 1).min(at.epochs), at.epochs));
        parts.push(format!("loss {:.3}", at.loss));
        if let Some(loss) = at.arch_loss {
            parts.push(format!("arch {loss:.3}"));
        }
        if let Some(miou) = at.miou {
            parts.push(format!("mIoU {:.1} %", 100.0 * miou));
        }
        parts.push(format!("{:.1} img/s", at.images_per_s));
        parts.push(format!("{} left", indicatif::HumanDuration(at.left)));
        self.bar.set_message(parts.join("  "));
        interrupt::go_on()
    }

    /// Takes the bar away.
    pub(super) fn done(&self) {
        self.bar.finish_and_clear();
    }
}

/// A bar that counts pictures, with the time that is left; on stderr.
pub(super) fn pictures(name: &'static str, all: usize) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(all as u64), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template(
        "{prefix:>12} {wide_bar:.cyan/dim} {pos}/{len} pictures  {eta} left",
    );
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.with_prefix(name)
}

/// A bar that fills with the time that something may take; on stderr.
pub(super) struct Timer {
    bar: ProgressBar,
    begun: Instant,
    all: Duration,
}

impl Timer {
    /// A bar named after what takes so much time.
    pub(super) fn new(name: &'static str, all: Duration) -> Timer {
        let length = u64::try_from(all.as_millis()).unwrap_or(u64::MAX);
        let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{prefix:>12} {wide_bar:.cyan/dim} {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Timer { bar: bar.with_prefix(name), begun: Instant::now(), all }
    }

    /// Shows how far it is, and says whether to stop.
    pub(super) fn show(&self) -> bool {
        let passed = self.begun.elapsed();
        self.bar.set_position(u64::try_from(passed.as_millis()).unwrap_or(u64::MAX));
        let left = self.all.saturating_sub(passed);
        self.bar.set_message(format!("about {} left", indicatif::HumanDuration(left)));
        interrupt::go_on().is_break()
    }

    /// Takes the bar away.
    pub(super) fn done(&self) {
        self.bar.finish_and_clear();
    }
}

/// A bar over the rounds of a comparison.
pub(super) struct Rounds {
    bar: ProgressBar,
    amount: Amount,
}

/// A bar that counts rounds, or seconds where they are what is asked for; on stderr.
pub(super) fn rounds(amount: Amount) -> Rounds {
    let (length, unit) = match amount {
        Amount::Runs(runs) => (u64::from(runs), "rounds"),
        Amount::Seconds(seconds) => (seconds.ceil() as u64, "seconds"),
    };
    let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
    let template = format!("{{prefix:>12}} {{wide_bar:.cyan/dim}} {{pos}}/{{len}} {unit}");
    let style = ProgressStyle::with_template(&template);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    Rounds { bar: bar.with_prefix("bench"), amount }
}

impl Rounds {
    /// Shows how many rounds are done.
    pub(super) fn show(&self, done: u32) {
        self.bar.set_position(match self.amount {
            Amount::Runs(_) => u64::from(done),
            Amount::Seconds(_) => self.bar.elapsed().as_secs(),
        });
    }

    /// Takes the bar away.
    pub(super) fn done(&self) {
        self.bar.finish_and_clear();
    }
}
