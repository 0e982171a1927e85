//! The softmax relaxation of a space: from parameters to the weights of leaves, and back.
//!
//! A [`Relaxation`] is the map alone; the parameters are a vector that the caller owns, so that
//! an optimiser can move it and a checkpoint can keep it. What competes with what:
//!
//! | decision | one softmax over | after |
//! |---|---|---|
//! | alternatives | the alternatives | DARTS (arXiv 1806.09055) Eq. 2 |
//! | picks that are summed | the operators of each candidate; all candidates are kept | Auto-DeepLab (arXiv 1901.02985) Eq. 2-4 |
//! | the same, with bare candidates among them | all options, times the number of picks | |
//! | picks that are used apart | all options, in every slot | |
//! | a path | the arrows that leave a node, or that enter it | Auto-DeepLab Eq. 7-8; FasterSeg (arXiv 1912.10917) Eq. 1 |
//!
//! With `w_i = c p_i`, `p = softmax(theta)` and a loss `L`, the chain rule is
//! `dL/dtheta_i = c p_i (dL/dw_i - sum_j p_j dL/dw_j)`.

mod chain;
mod layout;
mod spared;
#[cfg(test)]
mod tests;

pub use layout::Boundary;

use super::leaf::LeafState;
use crate::decode::{Arrow, Score};
use crate::ir::decision::{Normalise, Value};
use crate::ir::{Binding, Decision, Domain, Gate};
use crate::supernet::Switch;
use chain::LastVisit;
use layout::{Form, Layout};
use num_traits::Zero;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use spared::Spared;

/// The standard deviation of initial parameters (the authors of DARTS and the public
/// re-implementations of Auto-DeepLab draw from 1e-3 N(0, 1)).
const SPREAD: f64 = 1e-3;

/// Why a space cannot be relaxed. The text fits a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A decision that has no value.
    #[error("`{decision}` has nothing to choose from")]
    Empty {
        /// The decision's name.
        decision: String,
    },
    /// A last visit where arrows into a node compete.
    #[error(
        "the network reads the last visit of a scale, which has a probability only where the \
         arrows that leave a node sum to one; `{decision}` weighs them by target"
    )]
    LastByTarget {
        /// The decision's name.
        decision: String,
    },
}

/// How the weight of a leaf comes out of the parameters.
#[derive(Clone, Debug, PartialEq)]
enum Reading {
    /// No member takes it.
    Never,
    /// It has no parameter: weight 1.
    Always,
    /// The sum of the mixing weights of some parameters.
    Sum(Vec<usize>),
    /// A probability under the chain of a path decision, by its index.
    Last(usize, LastVisit),
    /// A probability under the slots of picks.
    Spared(Spared),
}

/// The map from parameters to the weights of leaves.
#[derive(Clone, Debug, PartialEq)]
pub struct Relaxation {
    names: Vec<String>,
    forms: Vec<Form>,
    layout: Layout,
    readings: Vec<Reading>,
}

/// What a strategy thinks of one decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Opinion {
    /// The decision's name.
    pub decision: String,
    /// The mixing weights.
    pub weights: Score,
    /// The entropy of every softmax in nats, in the order of the parameters.
    pub entropy: Vec<f64>,
}

impl Relaxation {
    /// The relaxation of `decisions` as `leaves` read them.
    pub fn new<'a>(
        decisions: &[Decision],
        leaves: impl IntoIterator<Item = &'a Gate>,
        boundary: Boundary,
    ) -> Result<Relaxation, Refusal> {
        let leaves: Vec<&Gate> = leaves.into_iter().collect();
        let by_slot: Vec<usize> = leaves
            .iter()
            .filter(|gate| {
                matches!(gate, Gate::Slot { .. } | Gate::Taken { .. } | Gate::Spared { .. })
            })
            .map(|gate| gate.decision().index())
            .collect();
        let mut layout = Layout::default();
        let mut forms = Vec::with_capacity(decisions.len());
        for (i, decision) in decisions.iter().enumerate() {
            if decision.domain.count().is_zero() {
                return Err(Refusal::Empty { decision: decision.name.clone() });
            }
            forms.push(layout.add(decision, by_slot.contains(&i), boundary));
        }
        let read = |gate: &&Gate| {
            let reading = reading(gate, decisions, &forms)?;
            Ok(if matches!(&reading, Reading::Sum(of) if layout.is_settled(of)) {
                Reading::Always
            } else {
                reading
            })
        };
        let readings = leaves.iter().map(read).collect::<Result<_, _>>()?;
        let names = decisions.iter().map(|d| d.name.clone()).collect();
        Ok(Relaxation { names, forms, layout, readings })
    }

    /// How many parameters there are.
    pub fn len(&self) -> usize {
        self.layout.len()
    }

    /// Whether nothing is left to search.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Initial parameters, N(0, 1e-3) by the Box-Muller transform; they depend on the seed alone.
    pub fn init(&self, seed: u64) -> Vec<f64> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut normal = || {
            // One minus a number from [0, 1) is never zero.
            let (u, v) = (1.0 - rng.random::<f64>(), rng.random::<f64>());
            SPREAD * (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
        };
        (0..self.len()).map(|_| normal()).collect()
    }

    /// Parameters that all but single out one member: `sharp` for what it takes, 0 for the rest.
    /// Candidates that it does not take mix their operators evenly.
    pub fn one_hot(&self, binding: &Binding, sharp: f64) -> Vec<f64> {
        let mut times = vec![0_u32; self.len()];
        for (form, value) in self.forms.iter().zip(&binding.0) {
            taken(form, value).into_iter().for_each(|param| times[param] += 1);
        }
        // Where all options compete, one that is picked twice weighs twice as much.
        let logit = |times| if times == 0 { 0.0 } else { sharp + f64::from(times).ln() };
        times.into_iter().map(logit).collect()
    }

    /// The state of every leaf, in the order they were given.
    pub fn weights(&self, params: &[f64]) -> Vec<LeafState> {
        let probs = self.softmax(params);
        let mixing = self.scaled(&probs);
        let weigh = |reading: &Reading| match reading {
            Reading::Never => LeafState::Off,
            Reading::Always => LeafState::On(1.0),
            Reading::Sum(of) => LeafState::On(of.iter().map(|&p| mixing[p]).sum()),
            Reading::Last(path, last) => {
                let probability =
                    self.chain(*path, &probs, |arrows, probs| last.probability(arrows, probs));
                LeafState::On(probability)
            }
            Reading::Spared(spared) => LeafState::On(spared.weight(&probs)),
        };
        self.readings.iter().map(weigh).collect()
    }

    /// How every leaf enters a run that asks for gradients. A leaf that no parameter moves counts
    /// fully.
    pub fn switches(&self) -> Vec<Switch> {
        let switch = |reading: &Reading| match reading {
            Reading::Never => Switch::Off,
            Reading::Always => Switch::Whole,
            Reading::Sum(_) | Reading::Last(..) | Reading::Spared(_) => Switch::Weighted,
        };
        self.readings.iter().map(switch).collect()
    }

    /// The gradient with respect to the parameters, from that with respect to the leaves'
    /// weights. Entries of leaves that are off are not read.
    pub fn backward(&self, params: &[f64], by_weight: &[f64]) -> Vec<f64> {
        assert_eq!(by_weight.len(), self.readings.len(), "one slope per leaf");
        let probs = self.softmax(params);
        let mut by_mixing = vec![0.0; self.len()];
        let mut by_prob = vec![0.0; self.len()];
        for (reading, slope) in self.readings.iter().zip(by_weight) {
            match reading {
                Reading::Never | Reading::Always => {}
                Reading::Sum(of) => of.iter().for_each(|&p| by_mixing[p] += slope),
                Reading::Spared(spared) => spared.backward(&probs, *slope, &mut by_prob),
                Reading::Last(path, last) => {
                    let local = self.chain(*path, &probs, |arrows, p| last.gradient(arrows, p));
                    let first = self.first_arrow(*path);
                    for (i, d) in local.into_iter().enumerate() {
                        by_prob[first + i] += slope * d;
                    }
                }
            }
        }
        for (total, scaled) in by_prob.iter_mut().zip(self.scaled(&by_mixing)) {
            *total += scaled;
        }
        self.through_softmax(&probs, &by_prob)
    }

    /// The mixing weights of every decision: what [`decode`](crate::decode::decode) takes.
    pub fn scores(&self, params: &[f64]) -> Vec<Score> {
        let mixing = self.scaled(&self.softmax(params));
        self.forms.iter().map(|form| form.score(&mixing)).collect()
    }

    /// The mixing weights and entropies of every decision, for reports.
    pub fn opinions(&self, params: &[f64]) -> Vec<Opinion> {
        let probs = self.softmax(params);
        let opinion = |((name, form), weights): ((&String, &Form), Score)| {
            let groups = self.layout.groups.iter().filter(|g| form.holds(g.params.start));
            let entropy = groups.map(|g| entropy(&probs[g.params.clone()])).collect();
            Opinion { decision: name.clone(), weights, entropy }
        };
        self.names.iter().zip(&self.forms).zip(self.scores(params)).map(opinion).collect()
    }

    /// Every parameter's probability within its group.
    fn softmax(&self, params: &[f64]) -> Vec<f64> {
        assert_eq!(params.len(), self.len(), "parameters belong to the relaxation they came from");
        let mut probs = params.to_vec();
        for group in &self.layout.groups {
            softmax(&mut probs[group.params.clone()]);
        }
        probs
    }

    /// Every entry times what its group sums to.
    fn scaled(&self, values: &[f64]) -> Vec<f64> {
        let mut values = values.to_vec();
        for group in &self.layout.groups {
            values[group.params.clone()].iter_mut().for_each(|v| *v *= group.scale);
        }
        values
    }

    /// `dL/dtheta_i = p_i (dL/dp_i - sum_j p_j dL/dp_j)` within every group.
    fn through_softmax(&self, probs: &[f64], by_prob: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; self.len()];
        for group in &self.layout.groups {
            let mean: f64 = group.params.clone().map(|j| probs[j] * by_prob[j]).sum();
            for i in group.params.clone() {
                out[i] = probs[i] * (by_prob[i] - mean);
            }
        }
        out
    }

    /// Asks something of the arrows of a path decision and their probabilities.
    fn chain<T>(&self, path: usize, probs: &[f64], ask: impl Fn(&[Arrow], &[f64]) -> T) -> T {
        match &self.forms[path] {
            Form::Path { params, arrows } => ask(arrows, &probs[params.clone()]),
            _ => ask(&[], &[]),
        }
    }

    /// The parameter of a path decision's first arrow.
    fn first_arrow(&self, path: usize) -> usize {
        match &self.forms[path] {
            Form::Path { params, .. } => params.start,
            _ => 0,
        }
    }
}

/// The parameters of what a value takes, as often as it takes them.
fn taken(form: &Form, value: &Value) -> Vec<usize> {
    match (form, value) {
        (Form::One(params), Value::One(alt)) => vec![params.start + *alt as usize],
        (Form::Candidates(_), Value::Picks(picks)) => {
            picks.iter().flat_map(|pick| form.pick(*pick)).collect()
        }
        (Form::Slots { .. }, Value::Picks(picks)) => {
            let at = |(slot, pick): (usize, _)| form.pick(pick).into_iter().nth(slot);
            picks.iter().copied().enumerate().filter_map(at).collect()
        }
        (Form::Path { params, arrows }, Value::Path(steps)) => {
            let on = |a: &Arrow| {
                let before = a.layer.checked_sub(1).map(|layer| steps[layer as usize]);
                before == a.from && steps.get(a.layer as usize) == Some(&a.to)
            };
            params.clone().zip(arrows).filter(|(_, arrow)| on(arrow)).map(|(p, _)| p).collect()
        }
        _ => Vec::new(),
    }
}

/// How the weight of a leaf comes out of the parameters.
fn reading(gate: &Gate, decisions: &[Decision], forms: &[Form]) -> Result<Reading, Refusal> {
    let index = gate.decision().index();
    let (Some(decision), Some(form)) = (decisions.get(index), forms.get(index)) else {
        return Ok(Reading::Never);
    };
    Ok(match (*gate, form, &decision.domain) {
        (Gate::Alt { alt, .. }, Form::One(params), _) => {
            sum(params.clone().skip(alt as usize).take(1).collect())
        }
        (Gate::Pick { pick, .. }, ..) => sum(form.pick(pick)),
        (Gate::Slot { slot, pick, .. }, Form::Slots { .. }, _) => {
            sum(form.pick(pick).into_iter().skip(slot as usize).take(1).collect())
        }
        (Gate::Taken { candidate, .. }, Form::Slots { .. }, Domain::Picks(picks)) => {
            spared(form.of_candidate(candidate), picks.can_spare(candidate), true)
        }
        (Gate::Spared { candidate, .. }, Form::Slots { .. }, Domain::Picks(picks)) => {
            spared(form.of_candidate(candidate), picks.can_spare(candidate), false)
        }
        (Gate::Arrow { layer, from, to, .. }, Form::Path { params, arrows }, _) => {
            let at = arrows.iter().position(|a| *a == Arrow { layer, from, to });
            sum(at.map(|at| params.start + at).into_iter().collect())
        }
        (Gate::Visit { layer, at, .. }, Form::Path { arrows, .. }, _) => {
            visited(arrows.iter().any(|a| (a.layer, a.to) == (layer, at)))
        }
        (Gate::Exit { at, .. }, Form::Path { arrows, .. }, _) => {
            let last = arrows.last().map(|a| a.layer);
            visited(arrows.iter().any(|a| Some(a.layer) == last && a.to == at))
        }
        (Gate::Last { layer, at, .. }, Form::Path { arrows, .. }, Domain::Path(lattice)) => {
            if lattice.weigh == Normalise::Target {
                return Err(Refusal::LastByTarget { decision: decision.name.clone() });
            }
            let last = LastVisit { layer, at };
            let paths = last.probability(arrows, &vec![1.0; arrows.len()]);
            if paths > 0.0 { Reading::Last(index, last) } else { Reading::Never }
        }
        _ => Reading::Never,
    })
}

/// What cannot be taken is spared always, and what cannot be spared is taken always.
fn spared(slots: Vec<Vec<usize>>, can_spare: bool, taken: bool) -> Reading {
    let can_take = !slots.iter().all(Vec::is_empty);
    match (can_take, can_spare) {
        (true, true) => Reading::Spared(Spared { slots, taken }),
        (can_take, _) if can_take == taken => Reading::Always,
        _ => Reading::Never,
    }
}

fn sum(params: Vec<usize>) -> Reading {
    if params.is_empty() { Reading::Never } else { Reading::Sum(params) }
}

fn visited(some: bool) -> Reading {
    if some { Reading::Always } else { Reading::Never }
}

/// Turns logits into probabilities, in place.
fn softmax(row: &mut [f64]) {
    let top = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    row.iter_mut().for_each(|x| *x = (*x - top).exp());
    let total: f64 = row.iter().sum();
    row.iter_mut().for_each(|x| *x /= total);
}

/// The entropy of a distribution in nats; 0 ln 0 is 0.
fn entropy(probs: &[f64]) -> f64 {
    let term = |p: &f64| if *p > 0.0 { -p * p.ln() } else { 0.0 };
    probs.iter().map(term).sum()
}
