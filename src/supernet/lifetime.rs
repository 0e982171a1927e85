//! How long values live, and whose memory may be written over.

use super::{ValueId, Values};
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

/// For every step: the values that no later step reads, and whether it may write over its first
/// input, which is when nothing reads that memory again. Outputs live on.
pub fn lifetimes(steps: &[impl Access], outputs: &[Option<ValueId>]) -> Vec<(Values, bool)> {
    let last = last_uses(steps, outputs);
    let roots = roots(steps);
    // When the memory behind a root is read for the last time.
    let mut end = vec![0; steps.len()];
    for (root, last) in roots.iter().zip(&last) {
        end[*root as usize] = (*last).max(end[*root as usize]);
    }
    let in_place = |at: usize| {
        let step = &steps[at];
        let mut inputs = step.inputs().map(|input| roots[input as usize]);
        let overwrites = step.adds() || matches!(step.kernel(), Kernel::Act(_) | Kernel::Add);
        let Some(root) = inputs.next().filter(|_| overwrites) else { return false };
        // The caller's values stay as they are.
        let given = matches!(steps[root as usize].kernel(), Kernel::Input(_));
        !given && end[root as usize] == at && inputs.all(|other| other != root)
    };
    let mut all: Vec<(Values, bool)> =
        (0..steps.len()).map(|at| (Values::new(), in_place(at))).collect();
    for (value, last) in last.iter().enumerate() {
        if let Some((free, _)) = all.get_mut(*last) {
            free.push(value as ValueId);
        }
    }
    all
}

/// The last step that reads each value, its own where none does; past the end for outputs.
fn last_uses(steps: &[impl Access], outputs: &[Option<ValueId>]) -> Vec<usize> {
    let mut last: Vec<usize> = (0..steps.len()).collect();
    for (at, step) in steps.iter().enumerate() {
        step.inputs().for_each(|input| last[input as usize] = at);
    }
    for value in outputs.iter().flatten() {
        last[*value as usize] = usize::MAX;
    }
    last
}

/// For each value, the first one whose memory it may share.
fn roots(steps: &[impl Access]) -> Vec<ValueId> {
    let mut roots: Vec<ValueId> = Vec::with_capacity(steps.len());
    for (at, step) in steps.iter().enumerate() {
        let first = step.inputs().next().filter(|_| shares_memory(step.kernel()));
        roots.push(first.map_or(at as ValueId, |first| roots[first as usize]));
    }
    roots
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
