//! How fast finished networks are, and what memory they take, measured in turn: one run of each,
//! again and again, so that whatever slows the machine down meets all of them.

use super::executor::{ExecError, Executor, Mode, Wanted};
use super::inference::{Choice, Prepared};
use crate::torch::memory;
use segc::search::LeafState;
use serde::Serialize;
use std::time::{Duration, Instant};
use tch::{Device, Kind, Tensor};

/// How a network is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Prepared for inference: [`Prepared`].
    Prepared,
    /// Kernel by kernel, as in training.
    Plain,
}

/// A network to be measured.
#[derive(Debug)]
pub struct Subject<'b, 'g> {
    /// Its name in the results.
    pub name: String,
    /// The network.
    pub network: &'b Executor<'g>,
    /// The states of its leaves; none for a finished network.
    pub states: &'b [LeafState],
    /// Shape of its input, N x C x H x W.
    pub input: [i64; 4],
    /// How it is run.
    pub how: How,
}

/// How long measuring goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Amount {
    /// So many runs of each network.
    Runs(u32),
    /// So many seconds for all networks together, at least three runs each.
    Seconds(f64),
}

/// How measuring is done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Runs of each network before any is counted.
    pub warm_up: u32,
    /// How long it goes on.
    pub amount: Amount,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { warm_up: 3, amount: Amount::Runs(20) }
    }
}

/// What was measured of one network.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Timing {
    /// The network.
    pub name: String,
    /// How it was run.
    pub how: How,
    /// Shape of its input, N x C x H x W.
    pub input: [i64; 4],
    /// Runs that were counted.
    pub runs: usize,
    /// Half of the runs took no longer.
    pub median_ms: f64,
    /// 95 of 100 runs took no longer.
    pub p95_ms: f64,
    /// The fastest run.
    pub min_ms: f64,
    /// Images per second at the median.
    pub fps: f64,
    /// Trainable parameters.
    pub params: u64,
    /// Weights, and the most that one run held beside them; nothing where that is not counted.
    pub peak_bytes: Option<u64>,
}

/// A network that is ready, and its runs so far.
struct Ready<'b, 'g> {
    subject: &'b Subject<'b, 'g>,
    image: Tensor,
    prepared: Option<Prepared<'g>>,
    took: Vec<Duration>,
    peak: Option<u64>,
}

impl Ready<'_, '_> {
    /// One run, until its result is there; how long it took.
    fn run(&self) -> Result<Duration, ExecError> {
        let network = self.subject.network;
        let device = network.options().device;
        synchronise(device);
        let begun = Instant::now();
        match &self.prepared {
            Some(prepared) => drop(prepared.forward(&self.image)?),
            None => {
                let images = std::slice::from_ref(&self.image);
                let states = self.subject.states;
                drop(network.forward(images, states, Mode::Eval, Wanted::Nothing)?);
            }
        }
        synchronise(device);
        Ok(begun.elapsed())
    }

    /// What one run holds at most, beside what was there before, with the weights.
    fn measure_memory(&mut self) -> Result<(), ExecError> {
        let network = self.subject.network;
        let device = network.options().device;
        let before = memory::usage(device)?.live;
        memory::reset_peak(device)?;
        self.run()?;
        let most = memory::usage(device)?.peak.saturating_sub(before);
        let weights: usize = network.tensors().iter().map(|t| t.numel() * element(t)).sum();
        // Nothing is counted before someone asks for it.
        self.peak = (most > 0).then_some(most + weights as u64);
        Ok(())
    }

    fn timing(mut self) -> Timing {
        self.took.sort_unstable();
        let at = |share: f64| {
            let last = self.took.len().saturating_sub(1);
            let place = (share * last as f64).ceil() as usize;
            self.took.get(place).map_or(0.0, |took| took.as_secs_f64() * 1e3)
        };
        let trained = |p: &super::executor::Param<'_>| p.role.trainable();
        let params = self.subject.network.params();
        let params = params.iter().filter(|p| trained(p)).map(|p| p.tensor.numel() as u64).sum();
        let Subject { name, how, input, .. } = self.subject;
        Timing {
            name: name.clone(),
            how: *how,
            input: *input,
            runs: self.took.len(),
            median_ms: at(0.5),
            p95_ms: at(0.95),
            min_ms: at(0.0),
            fps: input[0] as f64 * 1e3 / at(0.5).max(1e-9),
            params,
            peak_bytes: self.peak,
        }
    }
}

/// Bytes of one value.
fn element(tensor: &Tensor) -> usize {
    tensor.kind().elt_size_in_bytes()
}

/// Waits for what a device was given to do.
fn synchronise(device: Device) {
    if let Device::Cuda(index) = device {
        tch::Cuda::synchronize(index as i64);
    }
}

/// Measures all subjects in turn. `watch` is told how many rounds are done.
pub fn bench(
    subjects: &[Subject<'_, '_>],
    settings: Settings,
    watch: &mut dyn FnMut(u32),
) -> Result<Vec<Timing>, ExecError> {
    memory::keep_all(true);
    let timings = in_turn(subjects, settings, watch);
    memory::keep_all(false);
    timings
}

fn in_turn(
    subjects: &[Subject<'_, '_>],
    settings: Settings,
    watch: &mut dyn FnMut(u32),
) -> Result<Vec<Timing>, ExecError> {
    let mut ready = subjects.iter().map(prepare).collect::<Result<Vec<_>, _>>()?;
    for one in &mut ready {
        for _ in 0..settings.warm_up {
            one.run()?;
        }
        one.measure_memory()?;
    }
    let begun = Instant::now();
    let mut rounds = 0;
    while goes_on(settings.amount, rounds, begun.elapsed()) {
        for one in &mut ready {
            let took = one.run()?;
            one.took.push(took);
        }
        rounds += 1;
        watch(rounds);
    }
    Ok(ready.into_iter().map(Ready::timing).collect())
}

fn goes_on(amount: Amount, rounds: u32, elapsed: Duration) -> bool {
    match amount {
        Amount::Runs(runs) => rounds < runs.max(1),
        Amount::Seconds(seconds) => rounds < 3 || elapsed.as_secs_f64() < seconds,
    }
}

fn prepare<'b, 'g>(subject: &'b Subject<'b, 'g>) -> Result<Ready<'b, 'g>, ExecError> {
    let options = subject.network.options();
    // Values hardly matter for time, but zeros would be denormal-free and too kind.
    let image = Tensor::f_randn(subject.input.as_slice(), (Kind::Float, options.device))?;
    let prepared = match subject.how {
        How::Plain => None,
        How::Prepared => {
            Some(Prepared::new(subject.network, subject.states, &image, Choice::Measured)?)
        }
    };
    Ok(Ready { subject, image, prepared, took: vec![], peak: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::executor::Options;
    use crate::exec::toy;
    use segc::ir::builder::Builder;

    #[test]
    fn several_networks_are_measured_alike() {
        toy::calm();
        let graph = |width| {
            let mut b = Builder::new();
            let x = b.input(3);
            let x = b.add(toy::conv(width, 3, 2), &[x]);
            b.output("out", x);
            b.finish()
        };
        let (small, large) = (graph(2), graph(64));
        let network = |graph| Executor::new(graph, Options::default()).expect("names differ");
        let (small, large) = (network(&small), network(&large));
        let subject = |name: &str, network, how| Subject {
            name: name.into(),
            network,
            states: &[],
            input: [2, 3, 64, 64],
            how,
        };
        let subjects = [
            subject("small", &small, How::Plain),
            subject("large", &large, How::Plain),
            subject("large, prepared", &large, How::Prepared),
        ];
        let settings = Settings { warm_up: 1, amount: Amount::Runs(5) };
        let mut rounds = 0;
        let timings = bench(&subjects, settings, &mut |done| rounds = done).expect("they run");
        assert_eq!(rounds, 5);
        for timing in &timings {
            assert_eq!(timing.runs, 5);
            assert!(timing.min_ms > 0.0 && timing.min_ms <= timing.median_ms);
            assert!(timing.median_ms <= timing.p95_ms && timing.fps > 0.0);
        }
        assert_eq!(timings.iter().map(|t| t.params).collect::<Vec<_>>(), [54, 1728, 1728]);
        let text = serde_json::to_string(&timings).expect("plain data");
        assert!(text.contains("\"how\":\"prepared\""));
    }

    #[test]
    fn seconds_bound_the_whole() {
        assert!(goes_on(Amount::Seconds(1.0), 2, Duration::from_secs(9)));
        assert!(!goes_on(Amount::Seconds(1.0), 3, Duration::from_secs(9)));
        assert!(goes_on(Amount::Seconds(1.0), 99, Duration::from_millis(999)));
        assert!(!goes_on(Amount::Runs(2), 2, Duration::ZERO));
    }
}
