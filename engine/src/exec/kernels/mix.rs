//! Mixing nodes: the weighted sum over the alternatives that are on.

use tch::{TchError, Tensor};

/// One alternative that is on and has a value.
#[derive(Debug)]
pub struct Term<'a> {
    /// Its value.
    pub value: &'a Tensor,
    /// Its mixing weight, a tensor without dimensions, which may want a gradient. Without one it
    /// counts fully, and the value goes through untouched.
    pub weight: Option<&'a Tensor>,
}

/// The weighted sum of `terms`; nothing where there are none.
pub fn mix(terms: &[Term<'_>]) -> Result<Option<Tensor>, TchError> {
    let Some((first, rest)) = terms.split_first() else { return Ok(None) };
    let mut acc = match first.weight {
        Some(weight) => first.value.f_mul(weight)?,
        None => first.value.shallow_clone(),
    };
    for term in rest {
        acc = match term.weight {
            // One pass, and no product kept.
            Some(weight) => acc.f_addcmul(term.value, weight)?,
            None => acc.f_add(term.value)?,
        };
    }
    Ok(Some(acc))
}
