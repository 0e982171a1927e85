//! Parts of a network by name, and what moves the weights of each.

use serde::{Deserialize, Serialize};

/// What keeps still in training.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    /// Parts that do not change: neither their weights nor the statistics of their norms, by which
    /// they compute as in evaluation.
    pub parts: Vec<String>,
    /// Whether all norms compute by their running statistics, which stay as they are. Their scale
    /// and shift move with the rest.
    pub norms: bool,
}

/// What moves a weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The optimiser at this place.
    Mover(usize),
    /// Nothing: it is frozen.
    Frozen,
    /// Two optimisers, which cannot be.
    Both(usize, usize),
    /// Nothing that is said.
    Nobody,
}

/// Whether a weight, by its full name, belongs to a part. A part is named by a stretch of what
/// weights' names have between dots.
///
/// ```
/// use segc::search::parts::within;
/// let weight = "out.resnet.stage1.conv";
/// assert!(within(weight, "resnet") && within(weight, "resnet.stage1") && within(weight, "out"));
/// assert!(!within(weight, "stage") && !within(weight, "out.stage1") && !within(weight, ""));
/// ```
pub fn within(weight: &str, part: &str) -> bool {
    let words: Vec<&str> = weight.split('.').collect();
    let wanted: Vec<&str> = part.split('.').collect();
    words.windows(wanted.len()).any(|stretch| stretch == wanted)
}

impl Frozen {
    /// Whether a weight is of a frozen part.
    pub fn holds(&self, weight: &str) -> bool {
        self.parts.iter().any(|part| within(weight, part))
    }
}

/// What moves a weight, given the parts of each optimiser; one without parts takes what is left.
pub fn owner(weight: &str, movers: &[&[String]], frozen: &Frozen) -> Owner {
    if frozen.holds(weight) {
        return Owner::Frozen;
    }
    let named = |parts: &[String]| parts.iter().any(|part| within(weight, part));
    let mut own = (0..movers.len()).filter(|at| named(movers[*at]));
    match (own.next(), own.next()) {
        (Some(one), Some(other)) => Owner::Both(one, other),
        (Some(one), None) => Owner::Mover(one),
        (None, _) => match movers.iter().position(|parts| parts.is_empty()) {
            Some(rest) => Owner::Mover(rest),
            None => Owner::Nobody,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_parts_go_first_and_the_rest_to_who_names_none() {
        let parts = |names: &[&str]| names.iter().map(|n| n.to_string()).collect::<Vec<_>>();
        let (encoder, none, head) = (parts(&["encoder"]), parts(&[]), parts(&["head", "fuse"]));
        let frozen = Frozen { parts: parts(&["encoder.stem"]), norms: false };
        let of = |weight, movers: &[&[String]]| owner(weight, movers, &frozen);
        let movers: [&[String]; 3] = [&encoder, &none, &head];
        assert_eq!(of("encoder.stem.conv", &movers), Owner::Frozen);
        assert_eq!(of("encoder.block.conv", &movers), Owner::Mover(0));
        assert_eq!(of("out.fuse.conv", &movers), Owner::Mover(2));
        assert_eq!(of("out.other", &movers), Owner::Mover(1));
        assert_eq!(of("out.other", &[&encoder, &head]), Owner::Nobody);
        assert_eq!(of("encoder.head.conv", &movers), Owner::Both(0, 2));
    }
}
