//! Numbers with decimals as exact fractions, and back: `0.5` is 1/2. Called where numbers are read
//! and where they are shown.

use num_rational::Ratio;
use num_traits::CheckedMul;

/// More decimals than this are not shown as decimals.
const LONGEST: u32 = 18;

/// The number that a text such as `0.125` or `3e-4` stands for, where 64-bit fractions hold it.
pub(super) fn exact(text: &str) -> Option<Ratio<i64>> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, decimals) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let decimals = decimals.trim_end_matches('0');
    let digits: i64 = format!("{whole}{decimals}").parse().ok()?;
    let exponent =
        exponent.parse::<i32>().ok()?.checked_sub(i32::try_from(decimals.len()).ok()?)?;
    let power = Ratio::from_integer(10_i64.checked_pow(exponent.unsigned_abs())?);
    let power = if exponent < 0 { power.recip() } else { power };
    Ratio::from_integer(digits).checked_mul(&power)
}

/// A fraction with decimals, where they end: 1/8 is `0.125`, 1/3 is nothing.
pub(super) fn text(n: Ratio<i64>) -> Option<String> {
    let (numer, denom) = (i128::from(*n.numer()), i128::from(*n.denom()));
    let places = (0..=LONGEST).find(|places| 10_i128.pow(*places) % denom == 0)?;
    let digits = (numer * (10_i128.pow(places) / denom)).unsigned_abs();
    let sign = if numer < 0 { "-" } else { "" };
    let places = places as usize;
    // At least one digit stands before the point.
    let digits = format!("{digits:0>width$}", width = places + 1);
    let (whole, decimals) = digits.split_at(digits.len() - places);
    Some(match decimals.is_empty() {
        true => format!("{sign}{whole}"),
        false => format!("{sign}{whole}.{decimals}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact_and_come_back_as_they_were() {
        for (given, shown) in [
            ("0.5", "0.5"),
            ("3e-4", "0.0003"),
            ("12.50", "12.5"),
            ("1.5e2", "150"),
            ("0.9", "0.9"),
        ] {
            assert_eq!(exact(given).and_then(text).as_deref(), Some(shown), "{given}");
        }
        assert_eq!(exact("0.5"), Some(Ratio::new(1, 2)));
        assert_eq!(text(Ratio::new(-9, 8)).as_deref(), Some("-1.125"));
    }

    #[test]
    fn what_64_bits_do_not_hold_is_not_exact() {
        assert_eq!(exact("1e-30"), None);
        assert_eq!(exact("0.12345678901234567890123"), None);
        assert_eq!(text(Ratio::new(1, 3)), None);
    }
}
