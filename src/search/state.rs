//! Where a search stands: what a checkpoint keeps besides the network's weights and the memory
//! of their optimiser. A search that goes on from it ends as one that was never stopped.

use super::optim::{Adam, AdamRule};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// The state between two steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SearchState {
    /// Epochs that are finished.
    pub epoch: u64,
    /// Steps of the current epoch that are finished.
    pub step: u64,
    /// The architecture's parameters, as its relaxation lays them out.
    pub params: Vec<f64>,
    /// The memory of their optimiser.
    pub adam: Adam,
    /// The strategy's own chance. That of the data depends on epoch and sample alone.
    pub rng: RngPosition,
}

impl SearchState {
    /// Before the first step.
    pub fn new(params: Vec<f64>, seed: u64) -> Self {
        let adam = Adam::new(params.len());
        SearchState { epoch: 0, step: 0, params, adam, rng: RngPosition { seed, word: 0 } }
    }

    /// Moves the parameters against their gradient.
    pub fn descend(&mut self, rule: &AdamRule, rate: f64, gradient: &[f64]) {
        self.adam.step(rule, rate, &mut self.params, gradient);
    }
}

/// A place in a stream of random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RngPosition {
    /// The stream.
    pub seed: u64,
    /// How many 32-bit words were drawn from it.
    pub word: u64,
}

impl RngPosition {
    /// The generator at this place.
    pub fn generator(self) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_word_pos(self.word.into());
        rng
    }

    /// The place a generator has come to.
    #[must_use]
    pub fn after(self, rng: &ChaCha8Rng) -> Self {
        let word = u64::try_from(rng.get_word_pos()).expect("no search draws 2^64 words");
        RngPosition { word, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;

    #[test]
    fn a_state_that_was_written_and_read_goes_on_to_the_same_bits() {
        let mut state = SearchState::new(vec![0.25, -1.0 / 3.0], 7);
        let advance = |state: &mut SearchState| {
            let mut rng = state.rng.generator();
            let gradient = [rng.random::<f64>(), rng.random::<f64>()];
            state.rng = state.rng.after(&rng);
            state.descend(&AdamRule::default(), 3e-3, &gradient);
            state.step += 1;
        };
        (0..5).for_each(|_| advance(&mut state));
        let text = serde_json::to_string(&state).expect("writes");
        let mut copy: SearchState = serde_json::from_str(&text).expect("reads");
        assert_eq!(copy, state);
        (0..5).for_each(|_| [&mut state, &mut copy].into_iter().for_each(advance));
        assert_eq!(copy, state);
        assert_eq!(state.rng.word, 40);
    }
}
