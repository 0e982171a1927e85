//! What a search has come to: parameters to architecture to spec.

use crate::decode::{DecodeError, Decoded, decode};
use crate::diag::{Severity, Sink};
use crate::emit;
use crate::ir::sample::Sampler;
use crate::ir::{Binding, canon, member};
use crate::search::plan::SearchPlan;
use crate::search::{Refusal, Relaxation};
use crate::sema::{self, Net, Program, Space};

/// Why no architecture can be read off.
#[derive(Debug, thiserror::Error)]
pub enum WinnerError {
    /// The strategy cannot mix this space.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The rules of decoding do not fit the space.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The parameters are those of another space.
    #[error("the checkpoint has {has} architecture parameters, this space needs {needs}")]
    Count {
        /// In the checkpoint.
        has: usize,
        /// Of the space.
        needs: usize,
    },
}

/// The best member by the parameters of a search over `net`.
pub fn winner(
    space: &Space,
    net: &Net,
    plan: &SearchPlan,
    params: &[f64],
) -> Result<Decoded, WinnerError> {
    let relaxation = Relaxation::new(space.decisions(), &net.graph.leaves, plan.boundary)?;
    if relaxation.len() != params.len() {
        return Err(WinnerError::Count { has: params.len(), needs: relaxation.len() });
    }
    Ok(decode(space.decisions(), &relaxation.scores(params), &plan.decode)?)
}

/// Where a spec comes from, for its header.
#[derive(Clone, Debug)]
pub struct Origin<'a> {
    /// The spec's file name.
    pub spec: &'a str,
    /// Fingerprint of the space.
    pub fingerprint: &'a str,
    /// Constants that were overridden.
    pub set: &'a [(String, String)],
    /// How the member was found: `gradient, seed 1, 12 epochs`; nothing where it was asked for.
    pub found: Option<String>,
}

/// A text that does not describe the member it was written for: nobody is given it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the member {rank} of `{net}` cannot be written as a spec: {why}")]
pub struct Unfaithful {
    /// The member's rank.
    pub rank: String,
    /// The network.
    pub net: String,
    /// What is wrong with the text.
    pub why: String,
}

/// A member as a spec, its header saying where it comes from. The text is read again, and its
/// network compared with the member.
///
/// # Errors
/// If they are not the same network. No spec is known for which this happens.
pub fn spec_of(
    program: &Program,
    space: &Space,
    net: &str,
    binding: &Binding,
    origin: &Origin<'_>,
    decoded: Option<&Decoded>,
) -> Result<String, Unfaithful> {
    let header = header(space, binding, origin, decoded);
    let text = emit::spec::text(program, space, binding, net, &header);
    match unfaithful(space, net, binding, &text) {
        None => Ok(text),
        Some(why) => {
            let rank = Sampler::of(space.decisions()).rank(binding);
            let rank = rank.map_or_else(|| "?".to_string(), |rank| rank.to_string());
            Err(Unfaithful { rank, net: net.to_string(), why })
        }
    }
}

/// What keeps a text from being the spec of a member.
fn unfaithful(space: &Space, net: &str, binding: &Binding, text: &str) -> Option<String> {
    let mut diags = Sink::default();
    let again = sema::analyse(&sema::load("emitted.seg", None, text, &[], &mut diags), &mut diags);
    if let Some(error) = diags.finish().iter().find(|d| d.severity() == Severity::Error) {
        return Some(format!("{}: {}", error.code, error.message));
    }
    if let Some(open) = again.decisions().first() {
        return Some(format!("`{}` would still be open", open.name));
    }
    let got = member::member(&again.nets.get(net)?.graph, &Binding(Vec::new()));
    let wanted = member::member(&space.nets.get(net)?.graph, binding);
    canon::matching(&wanted, &got).is_none().then(|| "it would be another network".to_string())
}

fn header(
    space: &Space,
    binding: &Binding,
    origin: &Origin<'_>,
    decoded: Option<&Decoded>,
) -> Vec<String> {
    let sampler = Sampler::of(space.decisions());
    let mut lines = vec![format!("space     {}  {}", origin.spec, origin.fingerprint)];
    if !origin.set.is_empty() {
        let set: Vec<String> = origin.set.iter().map(|(n, v)| format!("{n} = {v}")).collect();
        lines.push(format!("with      {}", set.join(", ")));
    }
    if let Some(rank) = sampler.rank(binding) {
        lines.push(format!("rank      {rank} of {}", sampler.count()));
    }
    if let Some(found) = &origin.found {
        lines.push(format!("strategy  {found}"));
    }
    let Some(decoded) = decoded else { return lines };
    lines.push("scores    (log weight, margin to the next best)".to_string());
    for (decision, verdict) in space.decisions().iter().zip(&decoded.verdicts) {
        let margin = verdict.margin.map_or("-".to_string(), |m| format!("{m:.4}"));
        lines.push(format!("  {:<12} {:>10.4} {margin:>10}", decision.name, verdict.log_weight));
    }
    lines
}
