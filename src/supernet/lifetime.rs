//! How long values live, and whose memory may be written over.

use super::ValueId;
use crate::ir::Kernel;

/// How one step treats memory. Steps come in order; a step's index is its value's name.
pub trait Access {
    /// What it computes.
    fn kernel(&self) -> &Kernel;

    /// What it reads, in order.
    fn inputs(&self) -> impl Iterator<Item = ValueId>;

    /// Whether its first input is but added to what it computes.
    fn adds(&self) -> bool {
        false
    }
}

/// What is known of each of some steps, in order.
pub struct Lifetimes {
    /// Whether it may write over its first input, which is when nothing reads that memory again.
    pub in_place: Vec<bool>,
    /// The last step that reads its value, its own where none does; none for outputs, which live on.
    pub last: Vec<Option<ValueId>>,
}

impl Lifetimes {
    /// Those of so many steps, some of whose values are outputs.
    pub fn of<S: Access>(
        count: usize,
        step: impl Fn(ValueId) -> S,
        outputs: &[Option<ValueId>],
    ) -> Lifetimes {
        let steps = Steps { count: count as ValueId, step };
        let (last, roots) = steps.uses(outputs);
        // When the memory behind a root is read for the last time.
        let mut end: Vec<ValueId> = vec![0; count];
        for (root, last) in roots.iter().zip(&last) {
            let end = &mut end[*root as usize];
            *end = last.unwrap_or(ValueId::MAX).max(*end);
        }
        let in_place = (0..steps.count).map(|at| steps.writes_over(&roots, &end, at)).collect();
        Lifetimes { in_place, last }
    }
}

/// Some steps, in order.
struct Steps<F> {
    count: ValueId,
    step: F,
}

impl<S: Access, F: Fn(ValueId) -> S> Steps<F> {
    fn writes_over(&self, roots: &[ValueId], end: &[ValueId], at: ValueId) -> bool {
        let step = (self.step)(at);
        if !step.adds() && !matches!(step.kernel(), Kernel::Act(_) | Kernel::Add) {
            return false;
        }
        let mut inputs = step.inputs().map(|input| roots[input as usize]);
        let Some(root) = inputs.next() else { return false };
        // The caller's values stay as they are.
        let given = matches!((self.step)(root).kernel(), Kernel::Input(_));
        !given && end[root as usize] == at && inputs.all(|other| other != root)
    }

    /// For each value, the last step that reads it, its own where none does and none for outputs;
    /// and the first value whose memory it may share.
    fn uses(&self, outputs: &[Option<ValueId>]) -> (Vec<Option<ValueId>>, Vec<ValueId>) {
        let mut last: Vec<Option<ValueId>> = (0..self.count).map(Some).collect();
        let mut roots: Vec<ValueId> = Vec::with_capacity(self.count as usize);
        for at in 0..self.count {
            let step = (self.step)(at);
            step.inputs().for_each(|input| last[input as usize] = Some(at));
            let first = step.inputs().next().filter(|_| shares_memory(step.kernel()));
            roots.push(first.map_or(at, |first| roots[first as usize]));
        }
        for value in outputs.iter().flatten() {
            last[*value as usize] = None;
        }
        (last, roots)
    }
}

/// Whether the result may lie in its first input's memory.
fn shares_memory(kernel: &Kernel) -> bool {
    match kernel {
        // A resize to the size that is there already hands its input on; so does a shuffle of one
        // group, and a shift by nothing might.
        Kernel::Slice { .. }
        | Kernel::Resize { .. }
        | Kernel::Shuffle { .. }
        | Kernel::Shift { .. }
        | Kernel::Given
        | Kernel::Dropout { .. } => true,
        Kernel::Input(_)
        | Kernel::Conv(_)
        | Kernel::Deconv(_)
        | Kernel::Norm(_)
        | Kernel::Act(_)
        | Kernel::Pool { .. }
        | Kernel::GlobalPool
        | Kernel::Add
        | Kernel::Mul
        | Kernel::Concat
        | Kernel::Zero
        | Kernel::Mix => false,
    }
}
