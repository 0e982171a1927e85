//! A member as the text of a spec: the one place where lists of members call the emitter.

use super::failure::Failure;
use super::read::Judged;
use crate::ir::decision::Binding;
use crate::run::{self, winner};

/// The closed spec of a member. Its header says which space it is of, and its rank there.
pub(super) fn text(
    judged: &Judged,
    set: &[(String, String)],
    net: &str,
    binding: &Binding,
) -> Result<String, Failure> {
    let (program, space) = (&judged.program, &judged.space);
    let fingerprint = run::fingerprint(program, set);
    let origin = winner::Origin { spec: &judged.name, fingerprint: &fingerprint, set, found: None };
    Ok(winner::spec_of(program, space, net, binding, &origin, None)?)
}

impl From<winner::Unfaithful> for Failure {
    fn from(unfaithful: winner::Unfaithful) -> Failure {
        Failure::with_help(
            unfaithful.to_string(),
            "this is a bug of segc: please report it with the spec",
        )
    }
}
