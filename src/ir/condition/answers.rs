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
