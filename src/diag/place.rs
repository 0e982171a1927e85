//! Where a span lies, in lines and columns. Both count from one; columns are characters.

use crate::source::Span;

/// First line and column of a span, and those just behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) end_line: usize,
    pub(super) end_column: usize,
}

impl Region {
    /// Where a span of a text lies.
    pub(super) fn of(text: &str, span: Span) -> Region {
        let (line, column) = position(text, span.start);
        let (end_line, end_column) = position(text, span.end);
        Region { line, column, end_line, end_column }
    }
}

fn position(text: &str, at: u32) -> (usize, usize) {
    let before = text.get(..at as usize).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;

    #[test]
    fn columns_are_characters() {
        let text = "über\näöü 𝄞 x\n";
        let at = text.find('x').expect("it is there") as u32;
        let span = |start, end| Span { file: FileId(0), start, end };
        let region =
            |line, column, end_line, end_column| Region { line, column, end_line, end_column };
        assert_eq!(Region::of(text, span(at, at + 1)), region(2, 7, 2, 8));
        assert_eq!(Region::of(text, span(0, at)), region(1, 1, 2, 7));
        assert_eq!(Region::of("", span(0, 0)), region(1, 1, 1, 1));
    }
}
