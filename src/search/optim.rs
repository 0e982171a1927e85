//! Adam on plain vectors, with the semantics of PyTorch's `torch.optim.Adam`.

use serde::{Deserialize, Serialize};

/// What stays fixed over a run. The defaults are PyTorch's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdamRule {
    /// How slowly the means of the gradient and of its square move.
    pub betas: [f64; 2],
    /// Added to the denominator.
    pub eps: f64,
    /// L2 penalty: this times the parameter is added to its gradient (not decoupled).
    pub decay: f64,
}

impl Default for AdamRule {
    fn default() -> Self {
        AdamRule { betas: [0.9, 0.999], eps: 1e-8, decay: 0.0 }
    }
}

/// The memory of Adam (Kingma and Ba, arXiv 1412.6980, Algorithm 1).
///
/// One step at rate `r`, the `t`-th, moves a parameter `x` with gradient `dx` by
/// ```text
/// g = dx + decay x
/// m = b1 m + (1 - b1) g              v = b2 v + (1 - b2) g^2
/// x = x - r (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)
/// ```
/// so that the first step is about `r` long, whatever the gradient:
/// ```
/// use segc::search::optim::{Adam, AdamRule};
/// let mut x = [1.0];
/// Adam::new(1).step(&AdamRule::default(), 0.1, &mut x, &[123.0]);
/// assert!((x[0] - 0.9_f64).abs() < 1e-9);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Adam {
    /// Steps done.
    steps: u64,
    /// The mean of the gradient.
    mean: Vec<f64>,
    /// The mean of its square.
    square: Vec<f64>,
}

impl Adam {
    /// For a vector of this length.
    pub fn new(len: usize) -> Self {
        Adam { steps: 0, mean: vec![0.0; len], square: vec![0.0; len] }
    }

    /// Steps done.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Moves the parameters against their gradient.
    pub fn step(&mut self, rule: &AdamRule, rate: f64, params: &mut [f64], gradient: &[f64]) {
        assert_eq!(params.len(), self.mean.len(), "the memory belongs to these parameters");
        assert_eq!(params.len(), gradient.len(), "one slope per parameter");
        self.steps += 1;
        let [b1, b2] = rule.betas;
        let [bias1, bias2] = rule.betas.map(|b| 1.0 - b.powf(self.steps as f64));
        for (i, (x, slope)) in params.iter_mut().zip(gradient).enumerate() {
            let g = slope + rule.decay * *x;
            let (m, v) = (&mut self.mean[i], &mut self.square[i]);
            *m = b1 * *m + (1.0 - b1) * g;
            *v = b2 * *v + (1.0 - b2) * g * g;
            *x -= rate / bias1 * *m / ((*v / bias2).sqrt() + rule.eps);
        }
    }
}

/// The Euclidean length of a gradient.
///
/// ```
/// assert_eq!(segc::search::optim::norm(&[3.0, 4.0]), 5.0);
/// ```
pub fn norm(gradient: &[f64]) -> f64 {
    gradient.iter().map(|g| g * g).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Case {
        name: String,
        rate: f64,
        rule: AdamRule,
        start: Vec<f64>,
        gradients: Vec<Vec<f64>>,
        trace: Vec<Vec<f64>>,
    }

    fn cases() -> Vec<Case> {
        let text = include_str!("../../tests/fixtures/search/adam.json");
        serde_json::from_str(text).expect("the fixture is valid")
    }

    #[test]
    fn ten_steps_follow_the_reference() {
        for case in cases() {
            let (mut x, mut adam) = (case.start.clone(), Adam::new(case.start.len()));
            for (gradient, want) in case.gradients.iter().zip(&case.trace) {
                adam.step(&case.rule, case.rate, &mut x, gradient);
                for (got, want) in x.iter().zip(want) {
                    let off = (got - want).abs() / want.abs().max(1e-3);
                    assert!(off < 1e-12, "{}: {got} is not {want}", case.name);
                }
            }
            assert_eq!(adam.steps(), 10);
        }
    }

    #[test]
    fn a_memory_that_was_written_and_read_goes_on_to_the_same_bits() {
        let case = cases().pop().expect("some case");
        let (mut x, mut adam) = (case.start.clone(), Adam::new(case.start.len()));
        let mut other = None::<(Vec<f64>, Adam)>;
        for (i, gradient) in case.gradients.iter().enumerate() {
            adam.step(&case.rule, case.rate, &mut x, gradient);
            if let Some((x, adam)) = &mut other {
                adam.step(&case.rule, case.rate, x, gradient);
            }
            if i == 4 {
                let text = serde_json::to_string(&(&x, &adam)).expect("writes");
                other = Some(serde_json::from_str(&text).expect("reads"));
            }
        }
        assert_eq!(other, Some((x, adam)));
    }
}
