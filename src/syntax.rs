//! Text to syntax tree and back. Pest's types do not leave this module.

pub mod ast;
mod depth;
mod errors;
mod expr;
mod file;
mod items;
mod parser;
mod print;
mod recover;
mod same;
mod scan;
#[cfg(test)]
mod tests;

pub use print::{print, print_expr};
pub use same::{same, same_expr};

use crate::diag::{Diag, Sink};
use crate::source::{FileId, Span};

/// Parses a file. What cannot be parsed is reported and left out of the tree.
pub fn parse(file: FileId, text: &str, diags: &mut Sink) -> ast::File {
    file::parse_file(file, text, diags)
}

/// The text of a file's bytes. Where they are not UTF-8, what is wrong, and the text as far as it
/// can be shown.
pub fn decode(file: FileId, bytes: Vec<u8>) -> (String, Option<Diag>) {
    match String::from_utf8(bytes) {
        Ok(text) => (text, None),
        Err(error) => {
            let start = error.utf8_error().valid_up_to() as u32;
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            // The replacement character, three bytes long, stands where the first wrong byte did.
            let span = Span { file, start, end: start + 3 };
            (text, Some(errors::not_text(span, "a byte that is not UTF-8")))
        }
    }
}
