//! What the header of an emitted spec says of its origin, read back. [`winner`](super::winner)
//! writes it.

use num_bigint::BigUint;

/// Where an emitted spec says that it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated {
    /// The space's file, as it was called then.
    pub spec: String,
    /// The space's fingerprint.
    pub fingerprint: String,
    /// Constants of the space that were overridden.
    pub set: Vec<(String, String)>,
    /// The member's rank.
    pub rank: BigUint,
}

/// Reads the documentation of a file, line by line; nothing where it names no space and rank.
pub fn stated(docs: &[String]) -> Option<Stated> {
    let field = |word: &str| {
        let rest = |line: &'_ String| Some(line.trim().strip_prefix(word)?.trim().to_owned());
        docs.iter().rev().find_map(rest)
    };
    let space = field("space  ")?;
    let (spec, fingerprint) = space.rsplit_once("  ")?;
    let rank = field("rank  ")?.split(" of ").next()?.parse().ok()?;
    Some(Stated {
        spec: spec.trim().to_owned(),
        fingerprint: fingerprint.trim().to_owned(),
        set: field("with  ").map(|text| settings(&text)).unwrap_or_default(),
        rank,
    })
}

/// `F = 20, P = [/4, /8]`: a comma in brackets or quotes belongs to a value.
fn settings(text: &str) -> Vec<(String, String)> {
    let (mut depth, mut quoted) = (0, false);
    let parts = text.split(|c: char| {
        match c {
            '"' => quoted = !quoted,
            '(' | '[' | '{' if !quoted => depth += 1,
            ')' | ']' | '}' if !quoted => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0 && !quoted
    });
    let pair = |part: &str| part.split_once('=').map(|(n, v)| (n.trim().into(), v.trim().into()));
    parts.filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Option<Stated> {
        stated(&lines.iter().map(|l| format!(" {l}")).collect::<Vec<_>>())
    }

    #[test]
    fn a_header_names_space_settings_and_rank() {
        let found = read(&[
            "A space of mine.",
            "",
            "space     specs/my space.seg  314d54fdab67",
            "with      F = 20, P = [/4, /8], S = \"a, b\"",
            "rank      90 of 22500",
        ]);
        let pair = |n: &str, v: &str| (n.to_owned(), v.to_owned());
        let stated = Stated {
            spec: "specs/my space.seg".into(),
            fingerprint: "314d54fdab67".into(),
            set: vec![pair("F", "20"), pair("P", "[/4, /8]"), pair("S", "\"a, b\"")],
            rank: 90u32.into(),
        };
        assert_eq!(found, Some(stated));
    }

    #[test]
    fn documentation_of_other_kinds_states_nothing() {
        assert_eq!(read(&["space is large", "rank  first"]), None);
        assert_eq!(read(&[]), None);
    }
}
