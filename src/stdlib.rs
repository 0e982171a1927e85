//! The standard library: `.seg` files, embedded, read by the same code as the user's.

/// Every module with its text; to add one, add its line.
pub const MODULES: &[(&str, &str)] = &[
    ("std.decoders", include_str!("../stdlib/decoders.seg")),
    ("std.encoders", include_str!("../stdlib/encoders.seg")),
    ("std.heads", include_str!("../stdlib/heads.seg")),
    ("std.ops", include_str!("../stdlib/ops.seg")),
    ("std.stems", include_str!("../stdlib/stems.seg")),
];

/// The text of a module: `std.ops`.
pub fn module(path: &str) -> Option<&'static str> {
    MODULES.iter().find(|(name, _)| *name == path).map(|(_, text)| *text)
}
