//! How long values live, and whose memory may be written over.

use super::{ValueId, Values};
use crate::ir::Kernel;

/// How one step treats memory. Steps come in order; a step's index is its value's name.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// What it reads.
    pub inputs: Values,
    /// Whether its result may lie in its first input's memory.
    pub shares: bool,
    /// Whether it could write its result over its first input.
    pub overwrites: bool,
    /// Whether its value is the caller's, and must stay as it is.
    pub given: bool,
}

impl Access {
    /// How a kernel treats memory; its inputs are to be filled in.
    pub fn of(kernel: &Kernel) -> Access {
        Access {
            inputs: Values::new(),
            shares: shares_memory(kernel),
            overwrites: matches!(kernel, Kernel::Act(_) | Kernel::Add),
            given: matches!(kernel, Kernel::Input(_)),
        }
    }
}

/// For every step: the values that no later step reads, and whether it may write over its first
/// input, which is when nothing reads that memory again. Outputs live on.
pub fn lifetimes(steps: &[Access], outputs: &[Option<ValueId>]) -> Vec<(Values, bool)> {
    let last = last_uses(steps, outputs);
    let roots = roots(steps);
    // When the memory behind a root is read for the last time.
    let mut end = vec![0; steps.len()];
    for (root, last) in roots.iter().zip(&last) {
        end[*root as usize] = (*last).max(end[*root as usize]);
    }
    let in_place = |(at, step): (usize, &Access)| {
        let [first, rest @ ..] = step.inputs.as_slice() else { return false };
        let root = roots[*first as usize];
        let alone = rest.iter().all(|other| roots[*other as usize] != root);
        step.overwrites && alone && end[root as usize] == at && !steps[root as usize].given
    };
    let mut all: Vec<(Values, bool)> =
        steps.iter().enumerate().map(|step| (Values::new(), in_place(step))).collect();
    for (value, last) in last.iter().enumerate() {
        if let Some((free, _)) = all.get_mut(*last) {
            free.push(value as ValueId);
        }
    }
    all
}

/// The last step that reads each value, its own where none does; past the end for outputs.
fn last_uses(steps: &[Access], outputs: &[Option<ValueId>]) -> Vec<usize> {
    let mut last: Vec<usize> = (0..steps.len()).collect();
    for (at, step) in steps.iter().enumerate() {
        step.inputs.iter().for_each(|input| last[*input as usize] = at);
    }
    for value in outputs.iter().flatten() {
        last[*value as usize] = usize::MAX;
    }
    last
}

/// For each value, the first one whose memory it may share.
fn roots(steps: &[Access]) -> Vec<ValueId> {
    let mut roots: Vec<ValueId> = Vec::with_capacity(steps.len());
    for (at, step) in steps.iter().enumerate() {
        roots.push(match step.inputs.first() {
            Some(first) if step.shares => roots[*first as usize],
            _ => at as ValueId,
        });
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
