//! Scores of the networks that are compared.

use super::{Entry, stem};
use segc::cli::failure::Failure;
use segc::cli::score::Score;
use segc::diag::did_you_mean;

/// Gives each score to the networks that it names.
pub(super) fn give(entries: &mut [Entry<'_>], scores: &[Score]) -> Result<(), Failure> {
    for score in scores {
        let value = score.read()?;
        let meant = |entry: &&mut Entry<'_>| {
            let named = [entry.label.as_str(), entry.judged.name.as_str(), stem(entry), entry.net];
            named.contains(&score.name.as_str())
        };
        let mut meant: Vec<_> = entries.iter_mut().filter(meant).collect();
        match meant.as_mut_slice() {
            [one] => one.score = Some(value),
            [] => return Err(nobody(score, entries)),
            all => return Err(several(score, all.len())),
        }
    }
    Ok(())
}

fn nobody(score: &Score, entries: &[Entry<'_>]) -> Failure {
    let known = || entries.iter().map(|entry| entry.label.as_str());
    let help = match did_you_mean(&score.name, known()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("what is timed here: {}", known().collect::<Vec<_>>().join(", ")),
    };
    Failure::with_help(format!("`--score {}=…` names no network here", score.name), help)
}

fn several(score: &Score, count: usize) -> Failure {
    Failure::with_help(
        format!("`--score {}=…` names {count} networks here", score.name),
        "name it as its file is named",
    )
}
