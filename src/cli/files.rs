//! Names of the files that members are written to, by a pattern over decisions.

use super::failure::Failure;
use crate::diag::did_you_mean;
use crate::ir::decision::{Binding, Decision};
use crate::maps::HashSet;
use num_bigint::BigUint;

/// A pattern, and the names that it gave so far.
#[derive(Debug)]
pub(super) struct Pattern {
    pieces: Vec<Piece>,
    given: HashSet<String>,
}

#[derive(Debug)]
enum Piece {
    Text(String),
    Rank,
    Net,
    /// What the `n`-th decision takes.
    Decision(usize),
}

impl Pattern {
    /// Reads `best_{encoder}_{method}`.
    pub(super) fn of(text: &str, decisions: &[Decision]) -> Result<Pattern, Failure> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('{') {
            let Some((name, after)) = behind.split_once('}') else {
                let message = format!("`{text}` has a `{{` that is not closed");
                return Err(Failure::with_help(message, "write a decision's name as `{name}`"));
            };
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(piece(name, decisions)?);
            rest = after;
        }
        pieces.push(Piece::Text(rest.strip_suffix(".seg").unwrap_or(rest).to_owned()));
        Ok(Pattern { pieces, given: HashSet::default() })
    }

    /// The name of a member's file; every member needs another one.
    pub(super) fn file(
        &mut self,
        decisions: &[Decision],
        binding: &Binding,
        rank: &BigUint,
        net: &str,
    ) -> Result<String, Failure> {
        let mut name = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => name.push_str(text),
                Piece::Rank => name.push_str(&rank.to_string()),
                Piece::Net => name.push_str(net),
                Piece::Decision(n) => {
                    let value = decisions[*n].domain.show(&binding.0[*n]);
                    name.extend(value.chars().map(plain));
                }
            }
        }
        name.push_str(".seg");
        if self.given.insert(name.clone()) {
            return Ok(name);
        }
        let message = format!("two members would be `{name}`");
        Err(Failure::with_help(message, "name every decision in the pattern, or `{rank}`"))
    }
}

fn piece(name: &str, decisions: &[Decision]) -> Result<Piece, Failure> {
    match name {
        "rank" => return Ok(Piece::Rank),
        "net" => return Ok(Piece::Net),
        _ => {}
    }
    if let Some(n) = decisions.iter().position(|d| d.name == name) {
        return Ok(Piece::Decision(n));
    }
    let known = || decisions.iter().map(|d| d.name.as_str());
    let help = match did_you_mean(name, known()) {
        Some(near) => format!("did you mean `{{{near}}}`?"),
        None => "`segc check` lists decisions; there are `{rank}` and `{net}` too".to_string(),
    };
    Err(Failure::with_help(format!("there is no decision `{name}`"), help))
}

/// What is sure to be fit for a file's name.
fn plain(c: char) -> char {
    if c.is_alphanumeric() || matches!(c, '-' | '.') { c } else { '_' }
}
