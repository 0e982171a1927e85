//! Text that may be broken into lines: the printer builds it from the tree, and `render` decides
//! where lines end. What a piece would take on one line is known when it is built, so that every
//! decision is taken in constant time.

use std::rc::Rc;

/// A piece of text that may be broken.
#[derive(Clone, Debug)]
pub(super) struct Doc {
    pub(super) node: Node,
    /// Its width on one line; nothing where it cannot be on one line.
    pub(super) flat: Option<usize>,
    /// The width up to where it may first be broken, and whether there is such a place.
    pub(super) head: (usize, bool),
}

/// What a piece is.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Text(String),
    /// A space, or nothing; a new line where the group around it is broken.
    Line(bool),
    /// A new line, unless one has just begun.
    Fresh,
    /// An empty line.
    Blank,
    /// A comment behind code; a new line follows, whatever comes.
    Remark(String),
    /// Only where the group around it is broken.
    Broken(&'static str),
    /// Only where the group around it is on one line.
    Flat(&'static str),
    Concat(Vec<Doc>),
    /// Indented by so much.
    Nest(usize, Box<Doc>),
    /// On one line if it fits there, else broken everywhere.
    Group(Box<Doc>),
    /// As many on a line as fit.
    Fill(Vec<Doc>),
    /// `a > b > c`: links are broken before where they do not fit.
    Chain(Vec<Doc>),
    /// The first on one line if it fits there, else the second.
    Either(Box<Doc>, Box<Doc>),
    /// What stands in both halves of an [`Node::Either`].
    Shared(Rc<Doc>),
    /// What stands behind `=`: on the same line, or on a line of its own if it fits only there.
    Hang(Box<Doc>),
}

impl Doc {
    fn new(node: Node, flat: Option<usize>, head: (usize, bool)) -> Doc {
        Doc { node, flat, head }
    }

    pub(super) fn text(text: impl Into<String>) -> Doc {
        let text = text.into();
        let width = text.chars().count();
        Doc::new(Node::Text(text), Some(width), (width, false))
    }

    pub(super) fn nil() -> Doc {
        Doc::text("")
    }

    /// A space or a new line.
    pub(super) fn line() -> Doc {
        Doc::new(Node::Line(true), Some(1), (0, true))
    }

    /// Nothing or a new line.
    pub(super) fn soft() -> Doc {
        Doc::new(Node::Line(false), Some(0), (0, true))
    }

    pub(super) fn fresh() -> Doc {
        Doc::new(Node::Fresh, None, (0, true))
    }

    pub(super) fn blank() -> Doc {
        Doc::new(Node::Blank, None, (0, true))
    }

    pub(super) fn remark(text: &str) -> Doc {
        Doc::new(Node::Remark(text.to_string()), None, (0, true))
    }

    pub(super) fn if_broken(text: &'static str) -> Doc {
        Doc::new(Node::Broken(text), Some(0), (text.len(), false))
    }

    pub(super) fn if_flat(text: &'static str) -> Doc {
        Doc::new(Node::Flat(text), Some(text.len()), (0, false))
    }

    pub(super) fn concat(parts: Vec<Doc>) -> Doc {
        let flat = parts.iter().map(|p| p.flat).sum();
        let head = head_of(&parts);
        Doc::new(Node::Concat(parts), flat, head)
    }

    pub(super) fn nest(by: usize, inner: Doc) -> Doc {
        let (flat, head) = (inner.flat, inner.head);
        Doc::new(Node::Nest(by, Box::new(inner)), flat, head)
    }

    pub(super) fn group(inner: Doc) -> Doc {
        let (flat, head) = (inner.flat, inner.head);
        Doc::new(Node::Group(Box::new(inner)), flat, head)
    }

    pub(super) fn fill(parts: Vec<Doc>) -> Doc {
        let (flat, head) = spaced(&parts);
        Doc::new(Node::Fill(parts), flat, head)
    }

    pub(super) fn chain(parts: Vec<Doc>) -> Doc {
        let (flat, head) = spaced(&parts);
        Doc::new(Node::Chain(parts), flat, head)
    }

    pub(super) fn either(flat: Doc, broken: Doc) -> Doc {
        let (width, head) = (flat.flat, broken.head);
        Doc::new(Node::Either(Box::new(flat), Box::new(broken)), width, head)
    }

    pub(super) fn shared(inner: &Rc<Doc>) -> Doc {
        Doc::new(Node::Shared(Rc::clone(inner)), inner.flat, inner.head)
    }

    /// Begins with the space behind `=`.
    pub(super) fn hang(inner: Doc) -> Doc {
        let flat = inner.flat.map(|w| w + 1);
        Doc::new(Node::Hang(Box::new(inner)), flat, (0, true))
    }

    pub(super) fn then(self, next: Doc) -> Doc {
        Doc::concat(vec![self, next])
    }
}

/// Width and head of parts with a space or a new line between them.
fn spaced(parts: &[Doc]) -> (Option<usize>, (usize, bool)) {
    let flat: Option<usize> = parts.iter().map(|p| p.flat).sum();
    let (width, breaks) = parts.first().map_or((0, false), |p| p.head);
    (flat.map(|w| w + parts.len().saturating_sub(1)), (width, breaks || parts.len() > 1))
}

fn head_of(parts: &[Doc]) -> (usize, bool) {
    let mut width = 0;
    for part in parts {
        width += part.head.0;
        if part.head.1 {
            return (width, true);
        }
    }
    (width, false)
}
