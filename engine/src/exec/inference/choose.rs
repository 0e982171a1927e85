//! Which way a convolution is done: by measuring both on its own input.

use super::super::executor::ExecError;
use super::lower::Unit;
use super::{Choice, Way, fused, geometry, plain};
use crate::torch::PackedConv;
use segc::ir::kernel::{Act, Conv, Kernel};
use std::collections::HashMap;
use std::time::{Duration, Instant};
use tch::Tensor;

/// Runs of each way; the fastest counts, since whatever disturbs makes slower.
const RUNS: usize = 5;
/// The other way must be so much faster, or chance decides.
const BETTER: f64 = 0.98;

/// What two convolutions share that take equally long.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    conv: Conv,
    act: Option<Act>,
    adds: bool,
    input: [i64; 4],
}

/// Decides, and remembers for convolutions of the same shape.
pub(super) struct Chooser {
    choice: Choice,
    known: HashMap<Key, bool>,
}

impl Chooser {
    pub(super) fn new(choice: Choice) -> Self {
        Chooser { choice, known: HashMap::new() }
    }

    /// The way for a unit that is about to run on `inputs`; nothing where it is no convolution.
    pub(super) fn decide(
        &mut self,
        unit: &Unit,
        inputs: &[&Tensor],
    ) -> Result<Option<Way>, ExecError> {
        let (Kernel::Conv(conv), Some(x)) = (unit.kernel, inputs.last()) else { return Ok(None) };
        let (n, c, h, w) = x.size4()?;
        let input = [n, c, h, w];
        let (weight, bias) = unit.conv_weights()?;
        let packed = PackedConv::new(weight, bias, geometry(&conv), fused(unit.act), input);
        // What oneDNN does not have is done by libtorch, whatever was chosen.
        let Ok(packed) = packed else { return Ok(Some(Way::Plain)) };
        let other = if unit.adds { inputs.first().copied() } else { None };
        let wins = match self.choice {
            Choice::Plain => false,
            Choice::Packed => true,
            Choice::Measured => {
                let key = Key { conv, act: unit.act, adds: unit.adds, input };
                match self.known.get(&key) {
                    Some(known) => *known,
                    None => {
                        let wins = wins(&packed, unit, &conv, x, other)?;
                        self.known.insert(key, wins);
                        wins
                    }
                }
            }
        };
        Ok(Some(if wins { Way::Packed(Box::new(packed)) } else { Way::Plain }))
    }
}

/// Whether the prepacked way is faster.
fn wins(
    packed: &PackedConv,
    unit: &Unit,
    conv: &Conv,
    x: &Tensor,
    other: Option<&Tensor>,
) -> Result<bool, ExecError> {
    let (mut ours, mut theirs) = (Duration::MAX, Duration::MAX);
    // Interleaved, so that a slow moment meets both. The first round warms up.
    for run in 0..=RUNS {
        let begun = Instant::now();
        drop(match other {
            Some(other) => packed.forward_add(x, other)?,
            None => packed.forward(x)?,
        });
        let middle = Instant::now();
        drop(plain(unit, conv, x, other)?);
        if run > 0 {
            ours = ours.min(middle - begun);
            theirs = theirs.min(middle.elapsed());
        }
    }
    Ok(ours.as_secs_f64() < BETTER * theirs.as_secs_f64())
}
