//! Schedules: a number that changes over a run, such as a learning rate or a temperature.

use serde::{Deserialize, Serialize};

/// The way from one value to another. `t` is the share of the run that is done, from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Curve {
    /// `from`, always.
    Constant,
    /// `from + (to - from) t`.
    Linear,
    /// `to + (from - to) (1 + cos(pi t)) / 2` (SGDR, arXiv 1608.03983, Eq. 5).
    Cosine,
    /// `to + (from - to) (1 - t)^power` (DeepLab, arXiv 1606.00915, Sec. 4.1.2).
    Poly {
        /// The exponent.
        power: f64,
    },
    /// `from (to / from)^t`: every step multiplies by the same factor. Both ends are positive.
    Exponential,
    /// `from gamma^n` after `n` intervals of length `every`, and never past `to`.
    Step {
        /// The length of an interval as a share of the run.
        every: f64,
        /// What the value is multiplied by.
        gamma: f64,
    },
}

/// A number that changes over a run.
///
/// ```
/// use segc::search::schedule::{Curve, Schedule};
/// let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
/// let rate = |curve| Schedule { from: 0.025, to: 0.001, curve };
///
/// assert_eq!(rate(Curve::Constant).at(0.7), 0.025);
/// assert!(near(rate(Curve::Linear).at(0.25), 0.019));
/// // 0.001 + 0.024 * (1 + cos(pi/4)) / 2
/// assert!(near(rate(Curve::Cosine).at(0.25), 0.021_485_281_374_238_57));
/// assert!(near(rate(Curve::Cosine).at(0.5), 0.013));
/// // 0.001 + 0.024 * 0.75^0.9
/// assert!(near(rate(Curve::Poly { power: 0.9 }).at(0.25), 0.019_525_348_161_365_69));
/// // 0.025 * 0.04^0.5
/// assert!(near(rate(Curve::Exponential).at(0.5), 0.005));
/// // After 30 of 90 epochs, 30 each: one drop.
/// let step = rate(Curve::Step { every: 30.0 / 90.0, gamma: 0.1 });
/// assert!(near(step.at_step(29, 90), 0.025) && near(step.at_step(30, 90), 0.0025));
/// // Two drops would go past the end value.
/// assert!(near(step.at_step(60, 90), 0.001));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// The value at the start.
    pub from: f64,
    /// The value at the end.
    pub to: f64,
    /// The way between.
    pub curve: Curve,
}

impl std::fmt::Display for Schedule {
    /// As specs write it: `0.1 -> 0 poly 0.9`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Schedule { from, to, curve } = *self;
        match curve {
            Curve::Constant => write!(f, "{from}"),
            Curve::Linear => write!(f, "{from} -> {to} linear"),
            Curve::Cosine => write!(f, "{from} -> {to} cosine"),
            Curve::Poly { power } => write!(f, "{from} -> {to} poly {power}"),
            Curve::Exponential => write!(f, "{from} -> {to} exp"),
            Curve::Step { gamma, .. } => write!(f, "{from} -> {to} step {gamma}"),
        }
    }
}

impl Schedule {
    /// The same value throughout.
    pub fn constant(value: f64) -> Self {
        Schedule { from: value, to: value, curve: Curve::Constant }
    }

    /// The value when the share `progress` of the run is done; held at both ends.
    pub fn at(&self, progress: f64) -> f64 {
        let t = progress.clamp(0.0, 1.0);
        let Schedule { from, to, curve } = *self;
        match curve {
            Curve::Constant => from,
            Curve::Linear => from + (to - from) * t,
            Curve::Cosine => to + (from - to) * (1.0 + (std::f64::consts::PI * t).cos()) / 2.0,
            Curve::Poly { power } => to + (from - to) * (1.0 - t).powf(power),
            Curve::Exponential => from * (to / from).powf(t),
            Curve::Step { every, gamma } => {
                // A step that falls on the end of an interval is past it, whatever the rounding.
                let value = from * gamma.powf((t / every + 1e-9).floor());
                if from >= to { value.max(to) } else { value.min(to) }
            }
        }
    }

    /// The value at a step of a run of `total` steps; step 0 is the first.
    pub fn at_step(&self, step: u64, total: u64) -> f64 {
        self.at(step as f64 / total.max(1) as f64)
    }

    /// The value at a step of a run of `total` steps whose first `warm_up` rise evenly to the
    /// start value; the curve spans the rest.
    ///
    /// ```
    /// let halved = segc::search::Schedule::constant(0.5);
    /// let all: Vec<f64> = (0..6).map(|step| halved.after(4, step, 6)).collect();
    /// assert_eq!(all, [0.125, 0.25, 0.375, 0.5, 0.5, 0.5]);
    /// ```
    pub fn after(&self, warm_up: u64, step: u64, total: u64) -> f64 {
        if step < warm_up {
            return self.from * ((step + 1) as f64 / warm_up as f64);
        }
        self.at_step(step - warm_up, total.saturating_sub(warm_up))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_curve_starts_at_its_start_and_ends_at_its_end() {
        let curves = [
            Curve::Linear,
            Curve::Cosine,
            Curve::Poly { power: 0.9 },
            Curve::Exponential,
            Curve::Step { every: 0.1, gamma: 0.5 },
        ];
        for curve in curves {
            let schedule = Schedule { from: 0.05, to: 0.001, curve };
            assert!((schedule.at(0.0) - 0.05).abs() < 1e-15, "{curve:?}");
            assert!((schedule.at(1.0) - 0.001).abs() < 1e-15, "{curve:?}");
            assert_eq!(schedule.at(2.0), schedule.at(1.0), "{curve:?}");
        }
    }

    /// A case of `tests/fixtures/train/make.py`.
    #[derive(Deserialize)]
    struct Case {
        curve: String,
        from: f64,
        to: f64,
        number: Option<f64>,
        warm_up: u64,
        rates: Vec<f64>,
    }

    #[test]
    fn ten_steps_of_each_curve_are_those_of_pytorch_after_a_warm_up_too() {
        let text = include_str!("../../tests/fixtures/train/schedules.json");
        let cases: Vec<Case> = serde_json::from_str(text).expect("the fixture is valid");
        assert_eq!(cases.len(), 10);
        for case in cases {
            let curve = match (case.curve.as_str(), case.number) {
                ("linear", _) => Curve::Linear,
                ("cosine", _) => Curve::Cosine,
                ("exp", _) => Curve::Exponential,
                ("poly", Some(power)) => Curve::Poly { power },
                ("step", Some(gamma)) => Curve::Step { every: 0.2, gamma },
                other => panic!("{other:?}"),
            };
            let schedule = Schedule { from: case.from, to: case.to, curve };
            let total = case.rates.len() as u64;
            for (step, want) in case.rates.iter().enumerate() {
                let got = schedule.after(case.warm_up, step as u64, total);
                assert!((got - want).abs() < 1e-12, "{} {step}: {got}, {want}", case.curve);
            }
        }
    }

    #[test]
    fn ten_intervals_are_ten_drops() {
        let halve = Curve::Step { every: 0.1, gamma: 0.5 };
        let schedule = Schedule { from: 1.0, to: 0.0, curve: halve };
        for step in 0..100 {
            let want = 0.5_f64.powi(step / 10);
            assert!((schedule.at_step(step as u64, 100) - want).abs() < 1e-12, "step {step}");
        }
    }
}
