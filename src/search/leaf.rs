//! What the executor is told about each leaf of a decision graph.

use crate::ir::{Binding, Gate};
use crate::supernet::Switch;
use serde::{Deserialize, Serialize};

/// Whether what a leaf switches is executed, and with which weight.
///
/// `On(0.0)` is executed and has a gradient; `Off` is not executed and has none.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeafState {
    /// Not executed.
    Off,
    /// Executed, its output times this weight.
    On(f64),
}

impl LeafState {
    /// The weight; zero where it is off.
    pub fn weight(self) -> f64 {
        match self {
            LeafState::Off => 0.0,
            LeafState::On(weight) => weight,
        }
    }

    /// How it enters a run that asks for no gradients: there is nothing to multiply by one.
    pub fn switch(self) -> Switch {
        match self {
            LeafState::Off => Switch::Off,
            LeafState::On(1.0) => Switch::Whole,
            LeafState::On(_) => Switch::Weighted,
        }
    }

    /// Whether it is executed.
    pub fn is_on(self) -> bool {
        matches!(self, LeafState::On(_))
    }
}

/// The leaves of a member: what it takes is on, as often as it takes it.
pub fn of_member<'a>(
    leaves: impl IntoIterator<Item = &'a Gate>,
    binding: &Binding,
) -> Vec<LeafState> {
    let state = |gate: &Gate| match binding.get(gate.decision()).map_or(0, |v| gate.weight(v)) {
        0 => LeafState::Off,
        times => LeafState::On(f64::from(times)),
    };
    leaves.into_iter().map(state).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::DecisionId;
    use crate::ir::decision::{Pick, Value};

    #[test]
    fn a_repeated_pick_weighs_twice_and_what_is_not_taken_is_off() {
        let of = DecisionId(0);
        let (a, b) = (Pick { candidate: 0, op: 1 }, Pick { candidate: 1, op: 0 });
        let leaves = [Gate::Pick { of, pick: a }, Gate::Pick { of, pick: b }];
        let binding = Binding(vec![Value::Picks(vec![a, a])]);
        let states = of_member(&leaves, &binding);
        assert_eq!(states, [LeafState::On(2.0), LeafState::Off]);
        assert_eq!(states[0].switch(), Switch::Weighted);
        assert_eq!(LeafState::On(1.0).switch(), Switch::Whole);
    }
}
