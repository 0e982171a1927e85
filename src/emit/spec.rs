//! A member as a spec: partial evaluation of the author's own text.
//!
//! Choices are replaced by what was chosen, loops that hold choices are unrolled, definitions
//! that several designs share get a copy for each; everything else, names and comments included,
//! stays as the author wrote it. What the network does not need is left out.

mod apart;
mod assemble;
mod chosen;
mod residual;
mod unread;
mod voids;
mod words;

use crate::ir::decision::Binding;
use crate::sema::{Program, Space};
use crate::syntax::ast::File;
use crate::syntax::print;

/// The text of a closed spec: [`tree`], printed.
pub fn text(
    program: &Program,
    space: &Space,
    binding: &Binding,
    net: &str,
    header: &[String],
) -> String {
    print(&tree(program, space, binding, net, header))
}

/// The tree of a closed spec: the network `net` with every decision bound.
///
/// `header` lines are added to the file's documentation. Imports of the user's own modules are
/// copied in, so that the file stands alone beside the standard library.
pub fn tree(
    program: &Program,
    space: &Space,
    binding: &Binding,
    net: &str,
    header: &[String],
) -> File {
    let mut residual = residual::Residual::new(program, space, binding, net);
    assemble::file(&mut residual, net, header)
}
