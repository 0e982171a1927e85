//! Axes: where a value lies, and which values are written beside.

/// How an axis spaces its values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Evenly.
    #[default]
    Linear,
    /// By their logarithm; values up to 0 have no place.
    Log,
}

/// An axis: what it shows, from where to where.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What is written beside it.
    pub name: String,
    /// How values are spaced.
    pub scale: Scale,
    /// The least value and the greatest.
    pub ends: (f64, f64),
    /// What is written behind every value, such as ` %`.
    pub unit: &'static str,
    /// Whether only whole values are written.
    pub whole: bool,
}

/// Values that are written beside an axis at most, about.
const TICKS: f64 = 5.0;

impl Axis {
    /// An even axis over all of some values, with nothing to spare.
    #[must_use]
    pub fn over(name: impl Into<String>, values: impl IntoIterator<Item = f64>) -> Axis {
        let finite = values.into_iter().filter(|v| v.is_finite());
        let ends = finite.fold(None, |ends: Option<(f64, f64)>, v| match ends {
            None => Some((v, v)),
            Some((low, high)) => Some((low.min(v), high.max(v))),
        });
        let ends = match ends.unwrap_or((0.0, 1.0)) {
            (low, high) if high > low => (low, high),
            (only, _) => (only - only.abs().max(1.0) * 0.05, only + only.abs().max(1.0) * 0.05),
        };
        Axis { name: name.into(), scale: Scale::Linear, ends, unit: "", whole: false }
    }

    /// The same that also reaches `value`.
    #[must_use]
    pub fn with(mut self, value: f64) -> Axis {
        self.ends = (self.ends.0.min(value), self.ends.1.max(value));
        self
    }

    /// The same with room at both ends: a share of its length.
    #[must_use]
    pub fn wider(mut self, share: f64) -> Axis {
        let (low, high) = self.ends;
        self.ends = match self.scale {
            Scale::Linear => {
                let more = (high - low) * share;
                (low - more, high + more)
            }
            Scale::Log => {
                let more = (high / low).powf(share);
                (low / more, high * more)
            }
        };
        self
    }

    /// The same by logarithms, where all its values have one.
    #[must_use]
    pub fn log(mut self) -> Axis {
        if self.ends.0 > 0.0 {
            self.scale = Scale::Log;
        }
        self
    }

    /// The same with a unit behind every value.
    #[must_use]
    pub fn unit(mut self, unit: &'static str) -> Axis {
        self.unit = unit;
        self
    }

    /// The same of whole values.
    #[must_use]
    pub fn whole(mut self) -> Axis {
        self.whole = true;
        self
    }

    /// Where a value lies: 0 at the least, 1 at the greatest.
    #[must_use]
    pub fn at(&self, value: f64) -> f64 {
        let (low, high) = self.ends;
        match self.scale {
            Scale::Linear => (value - low) / (high - low),
            Scale::Log => (value / low).ln() / (high / low).ln(),
        }
    }

    /// The values that are written beside it, each with its text.
    #[must_use]
    pub fn ticks(&self) -> Vec<(f64, String)> {
        let (low, high) = self.ends;
        match self.scale {
            Scale::Log if high / low >= 30.0 => self.written(decades(low, high)),
            Scale::Linear | Scale::Log => self.written(even(low, high, self.whole)),
        }
    }

    /// Values with as many decimals as tell them apart.
    fn written(&self, values: Vec<f64>) -> Vec<(f64, String)> {
        let least = values.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
        let most = values.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
        let write = |value: f64| format!("{}{}", number(value, least, most), self.unit);
        values.into_iter().map(|value| (value, write(value))).collect()
    }
}

/// Multiples of 1, 2 or 5 times a power of ten.
fn even(low: f64, high: f64, whole: bool) -> Vec<f64> {
    let rough = (high - low) / TICKS;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|m| m * power).into_iter().find(|step| *step >= rough);
    let step = step.unwrap_or(power);
    let step = if whole { step.max(1.0).round() } else { step };
    let (first, last) = ((low / step - 1e-6).ceil() as i64, (high / step + 1e-6).floor() as i64);
    (first..=last).map(|k| k as f64 * step).collect()
}

/// Powers of ten, and between them 2 and 5 times as much where there are few.
fn decades(low: f64, high: f64) -> Vec<f64> {
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let each: &[f64] = if last - first > 3 { &[1.0] } else { &[1.0, 2.0, 5.0] };
    let all = (first..=last).flat_map(|p| each.iter().map(move |m| m * 10f64.powi(p)));
    all.filter(|v| (low * 0.999..=high * 1.001).contains(v)).collect()
}

/// A value beside others that lie `step` apart and are at most `most`.
fn number(value: f64, step: f64, most: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if most < 1e-3 {
        return trimmed(&format!("{value:.1e}"));
    }
    let thousands = [(1e9, " G"), (1e6, " M"), (1e4, " k")];
    if let Some((_, unit)) = thousands.iter().find(|(from, _)| most >= *from) {
        let divisor = if *unit == " k" {
            1e3
        } else if *unit == " M" {
            1e6
        } else {
            1e9
        };
        return format!("{}{unit}", decimals(value / divisor, step / divisor));
    }
    decimals(value, step.min(value.abs()))
}

fn decimals(value: f64, step: f64) -> String {
    let digits = (-step.log10() - 1e-9).ceil().clamp(0.0, 8.0) as usize;
    format!("{value:.digits$}")
}

/// `1.0e-4` as `1e-4`.
fn trimmed(text: &str) -> String {
    text.replace(".0e", "e")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis) -> Vec<String> {
        axis.ticks().into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn values_are_round_and_few() {
        let axis = Axis::over("loss", [0.31, 2.9]);
        assert_eq!(texts(&axis), ["1", "2"]);
        assert_eq!(texts(&Axis::over("loss", [0.5, 0.9])), ["0.5", "0.6", "0.7", "0.8", "0.9"]);
        assert_eq!(texts(&Axis::over("epoch", [1.0, 3.0]).whole()), ["1", "2", "3"]);
        assert_eq!(
            texts(&Axis::over("mIoU", [0.0, 40.0]).unit(" %")),
            ["0 %", "10 %", "20 %", "30 %", "40 %"]
        );
        assert_eq!(texts(&Axis::over("MACs", [0.0, 4e9])), ["0", "1 G", "2 G", "3 G", "4 G"]);
    }

    #[test]
    fn small_and_far_apart_values_have_powers() {
        assert_eq!(
            texts(&Axis::over("rate", [1e-5, 1e-1]).log()),
            ["0.00001", "0.0001", "0.001", "0.01", "0.1"]
        );
        assert_eq!(texts(&Axis::over("rate", [0.0, 4e-4])), ["0", "1e-4", "2e-4", "3e-4", "4e-4"]);
    }

    #[test]
    fn places_follow_the_scale() {
        let axis = Axis::over("", [1.0, 100.0]);
        assert!((axis.at(50.5) - 0.5).abs() < 1e-12);
        assert!((axis.log().at(10.0) - 0.5).abs() < 1e-12);
        assert_eq!(Axis::over("", [0.0, 1.0]).log().scale, Scale::Linear);
    }

    #[test]
    fn one_value_or_none_still_has_an_axis() {
        for axis in [Axis::over("", [3.0]), Axis::over("", []), Axis::over("", [f64::NAN, 0.0])] {
            assert!(axis.ends.1 > axis.ends.0 && !axis.ticks().is_empty(), "{axis:?}");
        }
    }
}
