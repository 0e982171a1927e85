//! From scores to an architecture: the best value for every decision.
//!
//! Decoding knows domains and tables of weights ([`Score`]), not the strategy that filled them.
//! Whatever the tables say, what comes out is a member of the space.

pub mod path;
mod picks;
pub mod score;
#[cfg(test)]
pub(crate) mod tests;

pub use score::{Arrow, Score, ScoredArrow, arrows};

use crate::ir::decision::Value;
use crate::ir::{Binding, Decision, Domain};
use serde::{Deserialize, Serialize};

/// How picks and labels are judged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// How many inputs are kept, where the author states it; a domain of picks that keeps
    /// another number is refused.
    pub inputs: Option<u32>,
    /// Whether picked candidates should differ also where the domain lets them repeat.
    pub distinct: bool,
    /// Labels that are taken only where nothing else is left, such as `none`.
    pub avoid: Vec<String>,
}

/// How one decision was won.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The natural logarithm of the product of the chosen weights.
    pub log_weight: f64,
    /// By how much, in the logarithm, the choice beat the next best; nothing where it has no
    /// rival of positive weight.
    pub margin: Option<f64>,
}

/// An architecture and how clearly it won.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decoded {
    /// A value for every decision.
    pub binding: Binding,
    /// The verdict of every decision.
    pub verdicts: Vec<Verdict>,
}

/// Why scores cannot be decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The rules and the domain disagree.
    #[error("decoding keeps {asked} inputs, but `{decision}` picks {has}")]
    Inputs {
        /// The decision's name.
        decision: String,
        /// What the rules say.
        asked: u32,
        /// What the domain says.
        has: u32,
    },
    /// The scores belong to another space.
    #[error("the scores of `{decision}` are those of another choice")]
    Shape {
        /// The decision's name.
        decision: String,
    },
    /// The domain is empty.
    #[error("`{decision}` has no value to choose")]
    Empty {
        /// The decision's name.
        decision: String,
    },
}

/// Whether the rules suit the decisions, which can be asked before a search.
pub fn check(decisions: &[Decision], rules: &Rules) -> Result<(), DecodeError> {
    for decision in decisions {
        if let (Domain::Picks(picks), Some(asked)) = (&decision.domain, rules.inputs)
            && picks.k != asked
        {
            let decision = decision.name.clone();
            return Err(DecodeError::Inputs { decision, asked, has: picks.k });
        }
    }
    Ok(())
}

/// The best value for every decision; `scores` go by decision.
pub fn decode(
    decisions: &[Decision],
    scores: &[Score],
    rules: &Rules,
) -> Result<Decoded, DecodeError> {
    check(decisions, rules)?;
    let mut decoded = Decoded { binding: Binding(Vec::new()), verdicts: Vec::new() };
    for (i, decision) in decisions.iter().enumerate() {
        let name = || decision.name.clone();
        let score = scores
            .get(i)
            .filter(|score| score.fits(&decision.domain))
            .ok_or_else(|| DecodeError::Shape { decision: name() })?;
        let (value, verdict) = best(&decision.domain, score, rules)
            .ok_or_else(|| DecodeError::Empty { decision: name() })?;
        decoded.binding.0.push(value);
        decoded.verdicts.push(verdict);
    }
    Ok(decoded)
}

/// The best value of one domain.
fn best(domain: &Domain, score: &Score, rules: &Rules) -> Option<(Value, Verdict)> {
    let picked = |(picks, verdict)| (Value::Picks(picks), verdict);
    match (domain, score) {
        (Domain::One(labels), Score::One(row)) => one(labels, row, rules),
        (Domain::Picks(domain), Score::Candidates(rows)) => {
            picks::shared(domain, rows, rules).map(picked)
        }
        (Domain::Picks(domain), Score::Slots(rows)) => {
            picks::slots(domain, rows, rules).map(picked)
        }
        (Domain::Path(lattice), Score::Path(rows)) => {
            path::best(lattice, rows).map(|(path, verdict)| (Value::Path(path), verdict))
        }
        _ => None,
    }
}

/// The alternative of the largest weight, the first of equals.
fn one(labels: &[String], row: &[f64], rules: &Rules) -> Option<(Value, Verdict)> {
    let avoided = |at: usize| labels.get(at).is_some_and(|label| rules.avoid.contains(label));
    let mut order: Vec<usize> = (0..row.len()).collect();
    order.sort_by(|&a, &b| avoided(a).cmp(&avoided(b)).then(row[b].total_cmp(&row[a])));
    let (&first, rest) = order.split_first()?;
    let rival = rest.first().filter(|&&at| avoided(at) == avoided(first));
    let log_weight = row[first].ln();
    let margin = gap(log_weight, rival.map(|&at| row[at].ln()));
    Some((Value::One(first as u32), Verdict { log_weight, margin }))
}

/// How far `best` lies above a rival; nothing where the rival has weight zero or there is none.
/// Two choices of weight zero are level.
fn gap(best: f64, rival: Option<f64>) -> Option<f64> {
    let rival = rival?;
    let level = best == rival;
    if level { Some(0.0) } else { Some(best - rival).filter(|gap| gap.is_finite()) }
}
