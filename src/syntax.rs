//! Text to syntax tree and back. Pest's types do not leave this module.

pub mod ast;
mod errors;
mod expr;
mod items;
mod parser;

use crate::diag::Sink;
use crate::source::FileId;

/// Parses a file. What cannot be parsed is reported and left out of the tree.
pub fn parse(file: FileId, text: &str, diags: &mut Sink) -> ast::File {
    items::parse_file(file, text, diags)
}
