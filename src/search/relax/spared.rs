//! The weight of "no pick takes this candidate": slots choose independently of each other, so that
//! it is the product over slots of the probability that the slot takes another.

/// The parameters that take the candidate, slot by slot.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spared {
    pub(super) slots: Vec<Vec<usize>>,
    /// Whether the opposite is meant: that some pick takes it.
    pub(super) taken: bool,
}

impl Spared {
    /// `prod_s (1 - sum_i p_si)`, or one minus that.
    pub(super) fn weight(&self, probs: &[f64]) -> f64 {
        let spared: f64 = self.others(probs).product();
        if self.taken { 1.0 - spared } else { spared }
    }

    /// Adds the gradient with respect to the probabilities, times `slope`.
    pub(super) fn backward(&self, probs: &[f64], slope: f64, by_prob: &mut [f64]) {
        let others: Vec<f64> = self.others(probs).collect();
        let sign = if self.taken { slope } else { -slope };
        for (at, slot) in self.slots.iter().enumerate() {
            let rest = others.iter().enumerate().filter(|(i, _)| *i != at);
            let rest: f64 = rest.map(|(_, other)| other).product();
            slot.iter().for_each(|&param| by_prob[param] += sign * rest);
        }
    }

    /// By slot: the probability of anything else.
    fn others<'a>(&'a self, probs: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
        self.slots.iter().map(|slot| 1.0 - slot.iter().map(|&param| probs[param]).sum::<f64>())
    }
}
