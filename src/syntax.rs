//! Text to syntax tree and back. Pest's types do not leave this module.

pub mod ast;
mod depth;
mod errors;
mod expr;
mod file;
mod highlight;
mod items;
mod parser;
mod print;
mod recover;
mod same;
mod scan;
#[cfg(test)]
mod tests;

pub use highlight::{Hue, highlight};
pub use parser::productions;
pub use print::{print, print_expr};
pub use same::{same, same_expr};

use crate::diag::Sink;
use crate::source::FileId;

/// Parses a file. What cannot be parsed is reported and left out of the tree.
pub fn parse(file: FileId, text: &str, diags: &mut Sink) -> ast::File {
    file::parse_file(file, text, diags)
}
