//! What each code means, at length, with a wrong example and a right one.

/// Every code with its page.
pub const PAGES: &[(&str, &str)] = &[
    ("E0101", include_str!("explain/E0101.md")),
    ("E0102", include_str!("explain/E0102.md")),
    ("E0103", include_str!("explain/E0103.md")),
    ("E0104", include_str!("explain/E0104.md")),
    ("E0105", include_str!("explain/E0105.md")),
    ("E0106", include_str!("explain/E0106.md")),
    ("E0107", include_str!("explain/E0107.md")),
    ("E0108", include_str!("explain/E0108.md")),
    ("E0109", include_str!("explain/E0109.md")),
];

/// The page of a code.
pub fn explain(code: &str) -> Option<&'static str> {
    PAGES.iter().find(|(known, _)| *known == code).map(|(_, page)| *page)
}
