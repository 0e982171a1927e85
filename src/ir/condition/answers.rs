//! What has been answered about pairs of conditions, as far as it is still remembered.

use super::Cond;
use rustc_hash::FxBuildHasher;
use std::hash::BuildHasher;

/// Places for answers at first.
const FEW: usize = 1 << 10;

/// Answers by pair, each at the one place that it may have: one that comes later takes it. What is
/// forgotten is worked out again; the more answers are given, the more places there are.
#[derive(Default)]
pub(super) struct Answers {
    /// A pair and its answer; nothing is asked of two constants, which an empty place has.
    places: Vec<(Cond, Cond, Cond)>,
    given: usize,
}

impl Clone for Answers {
    /// Without what is remembered: copies are made to ask other things.
    fn clone(&self) -> Answers {
        Answers::default()
    }
}

const EMPTY: (Cond, Cond, Cond) = (Cond::FALSE, Cond::FALSE, Cond::FALSE);

impl Answers {
    /// What was answered, if it is remembered.
    #[inline]
    pub(super) fn get(&self, (f, g): (Cond, Cond)) -> Option<Cond> {
        let &(a, b, answer) = self.places.get(place(f, g, self.places.len()))?;
        ((a, b) == (f, g)).then_some(answer)
    }

    /// Remembers an answer.
    pub(super) fn insert(&mut self, (f, g): (Cond, Cond), answer: Cond) {
        if self.given == self.places.len() {
            self.grow();
        }
        self.given += 1;
        let count = self.places.len();
        self.places[place(f, g, count)] = (f, g, answer);
    }

    fn grow(&mut self) {
        let count = (2 * self.places.len()).max(FEW);
        let known = std::mem::replace(&mut self.places, vec![EMPTY; count]);
        for entry in known.into_iter().filter(|entry| *entry != EMPTY) {
            self.places[place(entry.0, entry.1, count)] = entry;
        }
    }
}

/// The place of a pair among so many, a power of two.
fn place(f: Cond, g: Cond, count: usize) -> usize {
    FxBuildHasher.hash_one((f, g)) as usize & count.wrapping_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::condition::Diagram;

    #[test]
    fn what_is_remembered_is_what_was_answered() {
        let mut diagram = Diagram::new(vec![200], 1 << 20);
        let conds: Vec<Cond> = (0..200).map(|value| diagram.is(Some(0), value)).collect();
        let mut answers = Answers::default();
        let pairs = || (0..200).flat_map(|a| (a..200).map(move |b| (a, b)));
        let answer = |a: usize, b: usize| conds[(7 * a + b) % 200];
        for (a, b) in pairs() {
            let pair = (conds[a], conds[b]);
            assert_eq!(answers.get(pair), None);
            answers.insert(pair, answer(a, b));
            assert_eq!(answers.get(pair), Some(answer(a, b)));
        }
        let known = pairs().filter_map(|(a, b)| {
            let known = answers.get((conds[a], conds[b]))?;
            assert_eq!(known, answer(a, b));
            Some(known)
        });
        // There are as many places as answers at least, and no two pairs have to share one.
        assert!(known.count() > 10_000);
        assert!(answers.clone().get((conds[0], conds[1])).is_none());
    }
}
