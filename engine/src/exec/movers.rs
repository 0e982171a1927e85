//! What moves a network's weights: one optimiser for all of them, or one for each of several parts.

use super::executor::{Executor, Hold};
use super::optim::{self, Memory, Optim};
use segc::ir::WeightId;
use segc::search::parts::Owner;
use segc::search::plan::{Optimiser, Phase};
use std::collections::BTreeMap;
use tch::{TchError, Tensor};

/// One optimiser, and the largest norm of its gradient.
#[derive(Debug)]
struct Mover {
    optim: Optim,
    clip: Option<f64>,
}

impl Mover {
    fn new(rule: &Optimiser) -> Self {
        Mover { optim: Optim::new(rule), clip: rule.clip() }
    }
}

/// Optimisers, and which tensor is whose.
#[derive(Debug)]
pub struct Movers {
    all: Vec<Mover>,
    /// By place among an executor's parameters; empty where the first has them all.
    owners: Vec<Option<usize>>,
}

impl Movers {
    /// One optimiser for everything.
    pub fn whole(rule: &Optimiser) -> Self {
        Movers { all: vec![Mover::new(rule)], owners: Vec::new() }
    }

    /// The optimisers of a phase, none of which remembers anything yet.
    pub fn of(phase: &Phase, network: &Executor<'_>) -> Self {
        let owner = |name: &str| match phase.owner(set_of(name)) {
            Owner::Mover(mover) => Some(mover),
            Owner::Frozen | Owner::Nobody | Owner::Both(..) => None,
        };
        let owners = network.params().iter().map(|param| owner(&param.name)).collect();
        let all = phase.weights.iter().map(|mover| Mover::new(&mover.rule)).collect();
        Movers { all, owners }
    }

    /// Which of them moves the tensor at a place.
    fn owner(&self, place: usize) -> Option<usize> {
        if self.owners.is_empty() { Some(0) } else { self.owners.get(place).copied().flatten() }
    }

    /// Moves `params` against their gradients, each at the rate of its optimiser. The gradients'
    /// memory is used up.
    ///
    /// # Errors
    /// When libtorch has no memory.
    pub fn step(
        &mut self,
        params: &[&Tensor],
        gradients: Vec<(usize, Tensor)>,
        rates: &[f64],
    ) -> Result<(), TchError> {
        let mut shares: Vec<Vec<(usize, Tensor)>> = self.all.iter().map(|_| Vec::new()).collect();
        for (place, gradient) in gradients {
            if let Some(share) = self.owner(place).and_then(|owner| shares.get_mut(owner)) {
                share.push((place, gradient));
            }
        }
        for ((mover, mut share), rate) in self.all.iter_mut().zip(shares).zip(rates) {
            if let Some(most) = mover.clip {
                optim::clip(&mut share, most)?;
            }
            mover.optim.step(params, &mut share, *rate)?;
        }
        Ok(())
    }

    /// What they remember, by place.
    pub fn memory(&self) -> BTreeMap<usize, &Memory> {
        let each = self.all.iter().flat_map(|mover| mover.optim.memory());
        each.map(|(place, memory)| (*place, memory)).collect()
    }

    /// Gives back what they remembered.
    pub fn remember(&mut self, memory: BTreeMap<usize, Memory>) {
        for (place, memory) in memory {
            if let Some(mover) = self.owner(place).and_then(|owner| self.all.get_mut(owner)) {
                mover.optim.remember(place, memory);
            }
        }
    }
}

/// What keeps still in a phase, by weight set.
pub fn holds(phase: &Phase, network: &Executor<'_>) -> Vec<Hold> {
    let graph = network.graph();
    let hold = |id| match (phase.frozen.holds(&graph.weight_name(WeightId(id))), phase.frozen.norms)
    {
        (true, _) => Hold::All,
        (false, true) => Hold::Statistics,
        (false, false) => Hold::Free,
    };
    (0..graph.weights.len() as u32).map(hold).collect()
}

/// The weight set of a tensor, by their names.
fn set_of(tensor: &str) -> &str {
    tensor.rsplit_once('.').map_or(tensor, |(set, _)| set)
}

#[cfg(test)]
mod tests {
    use super::*;
    use segc::search::Schedule;
    use segc::search::optim::AdamRule;
    use segc::search::plan::{AdamPlan, Sgd};
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct File {
        starts: [Vec<f64>; 2],
        slopes: Vec<[Vec<f64>; 2]>,
        cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        name: String,
        rules: Vec<Rule>,
        accumulate: usize,
        trace: Vec<Vec<f64>>,
    }

    #[derive(Deserialize)]
    struct Rule {
        kind: String,
        lr: f64,
        #[serde(default)]
        momentum: f64,
        weight_decay: Option<f64>,
        #[serde(default)]
        nesterov: bool,
        betas: Option<[f64; 2]>,
        eps: Option<f64>,
        clip: Option<f64>,
    }

    impl Rule {
        fn optimiser(&self) -> Optimiser {
            let rate = Schedule::constant(self.lr);
            let decay = self.weight_decay.unwrap_or(0.0);
            match (self.kind.as_str(), self.betas, self.eps) {
                ("adam", Some(betas), Some(eps)) => {
                    let rule = AdamRule { betas, eps, decay };
                    Optimiser::Adam(AdamPlan { rate, rule, clip: self.clip })
                }
                _ => {
                    let (momentum, nesterov) = (self.momentum, self.nesterov);
                    Optimiser::Sgd(Sgd { rate, momentum, decay, nesterov, clip: self.clip })
                }
            }
        }
    }

    /// The mean of the slopes of a step; the first tensor has none in the third.
    fn gradients(file: &File, step: usize, accumulate: usize) -> Vec<(usize, Tensor)> {
        let rows = &file.slopes[step * accumulate..(step + 1) * accumulate];
        let mean = |which: usize| {
            let sum = |at: usize| rows.iter().map(|row| row[which][at]).sum::<f64>();
            let mean = (0..file.starts[which].len()).map(|at| sum(at) / accumulate as f64);
            Tensor::from_slice(&mean.collect::<Vec<_>>())
        };
        (0..2).filter(|which| *which == 1 || step != 2).map(|which| (which, mean(which))).collect()
    }

    #[test]
    fn ten_steps_of_each_optimiser_are_those_of_pytorch() {
        let text = include_str!("../../../tests/fixtures/train/optimisers.json");
        let file: File = serde_json::from_str(text).expect("the fixture is valid");
        assert_eq!(file.cases.len(), 14);
        for case in &file.cases {
            let params = file.starts.each_ref().map(|start| Tensor::from_slice(start));
            let all: Vec<_> = case.rules.iter().map(|r| Mover::new(&r.optimiser())).collect();
            let owners = if all.len() == 1 { vec![] } else { vec![Some(0), Some(1)] };
            let mut movers = Movers { all, owners };
            let rates: Vec<f64> = case.rules.iter().map(|rule| rule.lr).collect();
            for (step, want) in case.trace.iter().enumerate() {
                let gradients = gradients(&file, step, case.accumulate);
                movers.step(&params.each_ref(), gradients, &rates).expect("shapes fit");
                let got = Tensor::cat(&params, 0);
                let off = (got - Tensor::from_slice(want)).abs().max().double_value(&[]);
                assert!(off < 1e-6, "{}, step {step}: off by {off}", case.name);
            }
        }
    }

    #[test]
    fn what_nobody_owns_stays() {
        let rule = Rule {
            kind: "sgd".into(),
            lr: 0.1,
            momentum: 0.9,
            weight_decay: None,
            nesterov: false,
            betas: None,
            eps: None,
            clip: None,
        };
        let all = vec![Mover::new(&rule.optimiser())];
        let mut movers = Movers { all, owners: vec![None, Some(0)] };
        let params = [Tensor::from(1.0), Tensor::from(1.0)];
        let slopes = vec![(0, Tensor::from(1.0)), (1, Tensor::from(1.0))];
        movers.step(&params.each_ref(), slopes, &[0.5]).expect("shapes fit");
        assert_eq!(params.map(|x| x.double_value(&[])), [1.0, 0.5]);
        assert_eq!(movers.memory().keys().collect::<Vec<_>>(), [&1]);
    }
}
