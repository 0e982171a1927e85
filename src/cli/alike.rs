//! Rows of a table that a loop makes: alike but for its indices, and told as one.

/// So many rows in a row are told apart.
const FEW: usize = 3;

/// The rows, where more than a [few](FEW) next to each other differ in nothing but the indices of their
/// names told as one: `width[0][1] to [3][2] (12)`. Its figures are those of each.
pub(super) fn told_as_one<const N: usize>(rows: Vec<[String; N]>) -> Vec<[String; N]> {
    let mut told = Vec::new();
    let same = |a: &[String; N], b: &[String; N]| {
        indices(&a[0]).is_some() && stem(&a[0]) == stem(&b[0]) && a[1..] == b[1..]
    };
    for run in rows.chunk_by(same) {
        match run {
            [first, .., last] if run.len() > FEW => {
                let mut row = first.clone();
                let to = indices(&last[0]).unwrap_or_default();
                row[0] = format!("{} to {to} ({})", first[0], run.len());
                told.push(row);
            }
            few => told.extend_from_slice(few),
        }
    }
    told
}

/// A name without the indices at its end.
fn stem(name: &str) -> &str {
    indices(name).map_or(name, |indices| &name[..name.len() - indices.len()])
}

/// The indices at the end of a name.
fn indices(name: &str) -> Option<&str> {
    let at = name.ends_with(']').then(|| name.find('[')).flatten()?;
    name.get(at..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_one_loop_are_one_and_others_stay() {
        let row = |name: &str, of: &str| [name.to_owned(), of.to_owned()];
        let mut rows = vec![row("w[0]", "3"), row("w[1]", "3")];
        assert_eq!(told_as_one(rows.clone()), rows);
        rows.extend([row("w[2]", "3"), row("w[3]", "3"), row("w[4]", "5"), row("path", "7")]);
        let told = told_as_one(rows);
        assert_eq!(told, [row("w[0] to [3] (4)", "3"), row("w[4]", "5"), row("path", "7")]);
    }
}
