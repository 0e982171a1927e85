//! Syntax tree back to text: the one printer, of `fmt` and of everything that emits specs.
//!
//! It keeps what the tree keeps: documentation, comments (their places say between which parts
//! they stand) and, where the tree has places, the author's empty lines and the entries that he
//! put on one line. A tree without places is laid out as if a person had written it. Parentheses
//! are not in the tree; they are printed where precedence asks for them.

mod braces;
mod chain;
mod choose;
mod doc;
mod entries;
mod expr;
mod items;
mod render;
mod statements;
mod weave;

use super::ast::{Expr, File};
use doc::Doc;
use weave::{Printer, Rows};

/// The canonical text of a file.
pub fn print(file: &File) -> String {
    let mut printer = Printer::new(file);
    let mut rows = Rows::new();
    printer.file_docs(file, &mut rows);
    printer.items(&file.items, &mut rows);
    printer.remaining(&mut rows);
    render::render(&rows.finish())
}

/// The text of an expression, on one line where it can be; its comments are left out.
pub fn print_expr(expr: &Expr) -> String {
    let file = File::default();
    let doc = Printer::new(&file).expr(expr);
    let text = render::render(&Doc::group(doc));
    text.trim_end().to_string()
}
