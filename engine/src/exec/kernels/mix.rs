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

/// The weighted sum of `terms`; nothing where there are none. One tensor is made, whatever their
/// number: the gradients need terms and weights, but no partial sum.
pub fn mix(terms: &[Term<'_>]) -> Result<Option<Tensor>, TchError> {
    let Some((first, rest)) = terms.split_first() else { return Ok(None) };
    let Some((second, others)) = rest.split_first() else {
        return match first.weight {
            Some(weight) => first.value.f_mul(weight).map(Some),
            None => Ok(Some(first.value.shallow_clone())),
        };
    };
    let mut acc = match (first.weight, second.weight) {
        (Some(a), Some(b)) => first.value.f_mul(a)?.f_addcmul_(second.value, b)?,
        (Some(a), None) => second.value.f_addcmul(first.value, a)?,
        (None, Some(b)) => first.value.f_addcmul(second.value, b)?,
        (None, None) => first.value.f_add(second.value)?,
    };
    for term in others {
        let _same = match term.weight {
            Some(weight) => acc.f_addcmul_(term.value, weight)?,
            None => acc.f_add_(term.value)?,
        };
    }
    Ok(Some(acc))
}
