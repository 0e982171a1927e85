//! A member as the text of a spec: the one place where lists of members call the emitter.

use super::read::Judged;
use crate::ir::decision::Binding;
use crate::run::{self, winner};

/// The closed spec of a member. Its header says which space it is of, and its rank there.
pub(super) fn text(
    judged: &Judged,
    set: &[(String, String)],
    net: &str,
    binding: &Binding,
) -> String {
    let (program, space) = (&judged.program, &judged.space);
    let fingerprint = run::fingerprint(program, set);
    let origin = winner::Origin { spec: &judged.name, fingerprint: &fingerprint, set, found: None };
    winner::spec_of(program, space, net, binding, &origin, None)
}
