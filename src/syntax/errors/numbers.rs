//! Numbers that are none, or that are too large.

use super::shortened;
use crate::diag::Diag;
use crate::source::Span;
use crate::syntax::parser::Rule;

/// What scales are.
pub(super) const SCALES: &str = "scales are `/1`, `/2`, `/4`, `/8`, `/16`, `/32`";

/// Judges the text of a number.
pub(in crate::syntax) fn check(rule: Rule, text: &str, at: Span) -> Option<Diag> {
    match rule {
        Rule::int if text.parse::<i64>().is_err() => Some(too_large(text, at, i64::MAX as u64)),
        Rule::size => {
            let part = text.split('x').find(|n| n.parse::<u32>().is_err())?;
            Some(too_large(part, at, u32::MAX.into()))
        }
        Rule::scale => match text.get(1..)?.parse::<u32>() {
            Ok(n) if n > 0 => None,
            n => Some(
                Diag::new("E0104", format!("`{}` is not a scale", shortened(text)))
                    .label(at, if n == Ok(0) { "divides by zero" } else { "too large" })
                    .help(SCALES),
            ),
        },
        _ => None,
    }
}

fn too_large(text: &str, at: Span, most: u64) -> Diag {
    Diag::new("E0109", format!("`{}` is too large", shortened(text)))
        .label(at, "here")
        .help(format!("the largest number here is {most}"))
}

/// A number with letters behind it that are no unit.
pub(super) fn unknown(at: Span, text: &str) -> Diag {
    Diag::new("E0109", format!("`{}` is not a number", shortened(text))).label(at, "here").help(
        "units are `us`, `ms`, `s`, `KB`, `MB`, `GB`, `KiB`, `MiB`, `GiB`, `fps`, `K`, `M`, `G`, \
         `%`; names begin with a letter",
    )
}
