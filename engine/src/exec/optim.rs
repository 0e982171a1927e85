//! Optimisers of weights: SGD and Adam with PyTorch's semantics, over tensors that need not all
//! have a gradient in every step. A tensor without one is left alone, its memory too.

use segc::search::optim::AdamRule;
use segc::search::plan::Optimiser;
use std::collections::BTreeMap;
use tch::{Kind, TchError, Tensor};

/// Gradients by the place of their tensor among an executor's parameters.
pub type ByPlace = [(usize, Tensor)];

/// What an optimiser remembers of one tensor.
#[derive(Debug)]
pub struct Memory {
    /// Steps in which it had a gradient.
    pub steps: u64,
    /// The momentum, or the mean of the gradient.
    pub mean: Tensor,
    /// The mean of the gradient's square, where the rule has one.
    pub square: Option<Tensor>,
}

/// An optimiser and all it remembers.
#[derive(Debug)]
pub struct Optim {
    rule: Optimiser,
    /// By place.
    memory: BTreeMap<usize, Memory>,
}

impl Optim {
    /// One that has seen nothing.
    pub fn new(rule: &Optimiser) -> Self {
        Optim { rule: rule.clone(), memory: BTreeMap::new() }
    }

    /// Gives back what it remembered of the tensor at a place.
    pub fn remember(&mut self, place: usize, memory: Memory) {
        self.memory.insert(place, memory);
    }

    /// What it remembers, by place.
    pub fn memory(&self) -> &BTreeMap<usize, Memory> {
        &self.memory
    }

    /// Moves `params` against their gradients at learning rate `rate`. The gradients' memory is
    /// used up.
    pub fn step(
        &mut self,
        params: &[&Tensor],
        gradients: &mut ByPlace,
        rate: f64,
    ) -> Result<(), TchError> {
        tch::no_grad(|| {
            for (place, gradient) in gradients {
                if let Some(param) = params.get(*place) {
                    let mut param = param.shallow_clone();
                    self.move_one(*place, &mut param, gradient, rate)?;
                }
            }
            Ok(())
        })
    }

    fn move_one(
        &mut self,
        place: usize,
        param: &mut Tensor,
        gradient: &mut Tensor,
        rate: f64,
    ) -> Result<(), TchError> {
        let decay = match &self.rule {
            Optimiser::Sgd(sgd) => sgd.decay,
            Optimiser::Adam(adam) => adam.rule.decay,
        };
        if decay != 0.0 {
            add_scaled(gradient, param, decay)?;
        }
        match &self.rule {
            Optimiser::Sgd(sgd) if sgd.momentum == 0.0 => add_scaled(param, gradient, -rate),
            Optimiser::Sgd(sgd) => {
                let (momentum, nesterov) = (sgd.momentum, sgd.nesterov);
                let velocity = self.velocity(place, param, gradient, momentum)?;
                if nesterov {
                    add_scaled(gradient, velocity, momentum)?;
                    return add_scaled(param, gradient, -rate);
                }
                add_scaled(param, velocity, -rate)
            }
            Optimiser::Adam(adam) => {
                let rule = adam.rule;
                self.adam(place, param, gradient, &rule, rate)
            }
        }
    }

    /// The momentum after this gradient. The first one is the gradient itself.
    fn velocity(
        &mut self,
        place: usize,
        param: &Tensor,
        gradient: &Tensor,
        momentum: f64,
    ) -> Result<&Tensor, TchError> {
        use std::collections::btree_map::Entry;
        let memory = match self.memory.entry(place) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                // Laid out as the parameter, as what a checkpoint brings back is.
                let mean = param.f_zeros_like()?;
                entry.insert(Memory { steps: 0, mean, square: None })
            }
        };
        let _same = memory.mean.f_mul_scalar_(momentum)?.f_add_(gradient)?;
        memory.steps += 1;
        Ok(&memory.mean)
    }

    fn adam(
        &mut self,
        place: usize,
        param: &mut Tensor,
        gradient: &Tensor,
        rule: &AdamRule,
        rate: f64,
    ) -> Result<(), TchError> {
        let zeros = || param.f_zeros_like();
        let memory = match self.memory.remove(&place) {
            Some(memory) => memory,
            None => Memory { steps: 0, mean: zeros()?, square: Some(zeros()?) },
        };
        let Memory { steps, mut mean, square } = memory;
        let mut square = square.map_or_else(zeros, Ok)?;
        let (steps, [b1, b2]) = (steps + 1, rule.betas);
        let _same = mean.f_mul_scalar_(b1)?;
        add_scaled(&mut mean, gradient, 1.0 - b1)?;
        let _same = square.f_mul_scalar_(b2)?;
        add_scaled(&mut square, &gradient.f_square()?, 1.0 - b2)?;
        let [bias1, bias2] = rule.betas.map(|b| 1.0 - b.powf(steps as f64));
        let root = square.f_sqrt()?.f_div_scalar(bias2.sqrt())?.f_add_scalar(rule.eps)?;
        add_scaled(param, &mean.f_div(&root)?, -rate / bias1)?;
        self.memory.insert(place, Memory { steps, mean, square: Some(square) });
        Ok(())
    }
}

/// `acc += by * x`, in one pass.
fn add_scaled(acc: &mut Tensor, x: &Tensor, by: f64) -> Result<(), TchError> {
    let by = Tensor::f_from_slice(&[by])?.f_reshape([0i64; 0])?.f_to_kind(acc.kind())?;
    let _same = acc.f_addcmul_(x, &by.f_to_device(acc.device())?)?;
    Ok(())
}

/// The Euclidean length of all gradients together.
pub fn norm(gradients: &ByPlace) -> Result<f64, TchError> {
    if gradients.is_empty() {
        return Ok(0.0);
    }
    let squares = gradients
        .iter()
        .map(|(_, gradient)| gradient.f_square()?.f_sum(Kind::Double))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(f64::try_from(Tensor::f_stack(&squares, 0)?.f_sum(Kind::Double)?)?.sqrt())
}

/// Shortens all gradients alike so that together they are no longer than `most`; their length
/// before.
pub fn clip(gradients: &mut ByPlace, most: f64) -> Result<f64, TchError> {
    let length = norm(gradients)?;
    if length > most {
        // PyTorch's `clip_grad_norm_` has the same small term.
        let factor = most / (length + 1e-6);
        for (_, gradient) in gradients {
            let _same = gradient.f_mul_scalar_(factor)?;
        }
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use segc::search::optim::Adam;
    use segc::search::plan::{AdamPlan, Sgd};
    use segc::search::schedule::Schedule;
    use tch::Device;

    fn sgd(momentum: f64, decay: f64, nesterov: bool) -> Optimiser {
        let rate = Schedule::constant(0.1);
        Optimiser::Sgd(Sgd { rate, momentum, decay, nesterov, clip: None })
    }

    /// Two steps of one number, starting at 1, with gradients 0.5 and -2.
    fn two_steps(rule: &Optimiser) -> f64 {
        let x = Tensor::from(1.0f64).set_requires_grad(true);
        let mut optim = Optim::new(rule);
        for slope in [0.5f64, -2.0] {
            let mut gradients = [(0, Tensor::from(slope))];
            optim.step(&[&x], &mut gradients, 0.1).expect("shapes fit");
        }
        x.double_value(&[])
    }

    #[test]
    fn sgd_is_pytorch_s() {
        // torch.optim.SGD by hand: g = dx + decay x; v = momentum v + g, first v = g.
        assert!((two_steps(&sgd(0.0, 0.0, false)) - 1.15).abs() < 1e-12);
        // v = 0.5, x = 0.95; v = 0.45 - 2, x = 0.95 + 0.155
        assert!((two_steps(&sgd(0.9, 0.0, false)) - 1.105).abs() < 1e-12);
        // g = 0.5, v = 0.5, x = 1 - 0.1 (0.5 + 0.45) = 0.905;
        // g = -2, v = -1.55, x = 0.905 + 0.1 (2 + 1.395)
        assert!((two_steps(&sgd(0.9, 0.0, true)) - 1.2445).abs() < 1e-12);
        // g = 0.6, x = 0.94; g = -2 + 0.094, x = 0.94 + 0.1906
        assert!((two_steps(&sgd(0.0, 0.1, false)) - 1.1306).abs() < 1e-12);
    }

    #[test]
    fn adam_is_that_of_the_architecture() {
        let rule = AdamRule { decay: 0.05, ..AdamRule::default() };
        let plan = AdamPlan { rate: Schedule::constant(0.1), rule, clip: None };
        let mut want = [1.0];
        let mut adam = Adam::new(1);
        for slope in [0.5, -2.0] {
            adam.step(&rule, 0.1, &mut want, &[slope]);
        }
        assert!((two_steps(&Optimiser::Adam(plan)) - want[0]).abs() < 1e-9);
    }

    #[test]
    fn what_has_no_gradient_stays_and_long_gradients_are_cut() {
        let (x, y) = (Tensor::from(1.0f64), Tensor::from(1.0f64));
        let mut optim = Optim::new(&sgd(0.9, 0.5, false));
        optim.step(&[&x, &y], &mut [(1, Tensor::from(1.0f64))], 0.1).expect("shapes fit");
        assert_eq!((x.double_value(&[]), optim.memory().len()), (1.0, 1));
        let mut gradients = [
            (0, Tensor::from_slice(&[3.0f32, 0.0])),
            (4, Tensor::full([2, 2], 2.0, (Kind::Float, Device::Cpu))),
        ];
        assert!((clip(&mut gradients, 10.0).expect("numbers") - 5.0).abs() < 1e-6);
        assert_eq!(clip(&mut gradients, 1.0).expect("numbers"), 5.0);
        assert!((norm(&gradients).expect("numbers") - 1.0).abs() < 1e-5);
    }
}
