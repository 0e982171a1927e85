//! Numbers for people: grouped by thousands, and rounded beside where they are long.

use num_bigint::BigUint;
use num_traits::ToPrimitive;

/// `10147427` as `10,147,427`.
pub fn grouped(n: impl ToString) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Digits from which on a rounded form is shown too.
const LONG: usize = 13;
/// Digits from which on only the rounded form is shown.
const ENDLESS: usize = 61;

/// A count: grouped, and where it is long, rounded too: `15,951,282,936,688,640,000 (1.60e19)`.
pub fn count(n: &BigUint) -> String {
    let digits = n.to_string();
    match digits.len() {
        0..LONG => grouped(digits),
        LONG..ENDLESS => format!("{} ({})", grouped(&digits), rounded(&digits)),
        _ => rounded(&digits),
    }
}

/// A count in a narrow column: grouped, or rounded where it is long.
pub fn short(n: &BigUint) -> String {
    let digits = n.to_string();
    if digits.len() < LONG { grouped(digits) } else { rounded(&digits) }
}

/// `1.60e19`: three digits, half up.
fn rounded(digits: &str) -> String {
    let lead: u32 = digits.get(..4).and_then(|d| d.parse().ok()).unwrap_or(0);
    let (lead, exponent) = match (lead + 5) / 10 {
        1000 => (100, digits.len()),
        lead => (lead, digits.len() - 1),
    };
    format!("{}.{:02}e{exponent}", lead / 100, lead % 100)
}

/// With a unit's prefix: `10.15 M`, `320.45 G`.
pub fn with_prefix(n: u64) -> String {
    let steps = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    let value = n.to_f64().unwrap_or(0.0);
    match steps.iter().find(|(step, _)| value >= *step) {
        Some((step, prefix)) => format!("{:.2} {prefix}", value / step),
        None => format!("{n} "),
    }
}

/// Bytes in binary units: `1.50 GiB`.
pub fn bytes(n: u64) -> String {
    let steps = [(1u64 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match steps.iter().find(|(step, _)| n >= *step) {
        Some((step, unit)) => format!("{:.2} {unit}", n as f64 / *step as f64),
        None => format!("{n} B"),
    }
}

/// `one network`, `3 networks`.
pub fn plural(n: usize, word: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{} {word}{s}", grouped(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(
            ["0", "999", "1000", "10147427"].map(grouped),
            ["0", "999", "1,000", "10,147,427"]
        );
    }

    #[test]
    fn long_counts_are_rounded_beside() {
        let text = |digits: &str| count(&digits.parse().expect("digits"));
        assert_eq!(text("28657"), "28,657");
        assert_eq!(text("556627761561600"), "556,627,761,561,600 (5.57e14)");
        assert_eq!(text("9999999999999"), "9,999,999,999,999 (1.00e13)");
        assert_eq!(text(&"1".repeat(70)), "1.11e69");
    }

    #[test]
    fn units_have_two_decimals() {
        assert_eq!(with_prefix(10_147_427), "10.15 M");
        assert_eq!(with_prefix(12), "12 ");
        assert_eq!(bytes(1536), "1.50 KiB");
    }
}
