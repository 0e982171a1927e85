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
    /// Those of steps, some of whose values are outputs.
    pub fn of(steps: &[impl Access], outputs: &[Option<ValueId>]) -> Lifetimes {
        let last = last_uses(steps, outputs);
        let roots = roots(steps);
        // When the memory behind a root is read for the last time.
        let mut end: Vec<ValueId> = vec![0; steps.len()];
        for (root, last) in roots.iter().zip(&last) {
            let end = &mut end[*root as usize];
            *end = last.unwrap_or(ValueId::MAX).max(*end);
        }
        let in_place = |(at, step): (usize, _)| writes_over(steps, &roots, &end, at, step);
        Lifetimes { in_place: steps.iter().enumerate().map(in_place).collect(), last }
    }
}

fn writes_over<S: Access>(
    steps: &[S],
    roots: &[ValueId],
    end: &[ValueId],
    at: usize,
    step: &S,
) -> bool {
    if !step.adds() && !matches!(step.kernel(), Kernel::Act(_) | Kernel::Add) {
        return false;
    }
    let mut inputs = step.inputs().map(|input| roots[input as usize]);
    let Some(root) = inputs.next() else { return false };
    // The caller's values stay as they are.
    let given = matches!(steps[root as usize].kernel(), Kernel::Input(_));
    !given && end[root as usize] as usize == at && inputs.all(|other| other != root)
}

/// The last step that reads each value, its own where none does; none for outputs.
fn last_uses(steps: &[impl Access], outputs: &[Option<ValueId>]) -> Vec<Option<ValueId>> {
    let mut last: Vec<Option<ValueId>> = (0..steps.len() as ValueId).map(Some).collect();
    for (at, step) in (0..).zip(steps) {
        step.inputs().for_each(|input| last[input as usize] = Some(at));
    }
    for value in outputs.iter().flatten() {
        last[*value as usize] = None;
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
