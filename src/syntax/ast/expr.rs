//! The syntax tree's expressions.

use super::{Each, Entry, Name};
use crate::source::Span;

/// An expression with its place.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it says.
    pub kind: Box<ExprKind>,
    /// Its text.
    pub span: Span,
}

/// The kinds of expression.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// A name.
    Name(String),
    /// `it`.
    It,
    /// `absent`.
    Absent,
    /// A whole number.
    Int(i64),
    /// A number with a point or an exponent, as written.
    Float(String),
    /// A number with a unit, as written.
    Quantity(String, String),
    /// `/8`.
    Scale(u32),
    /// `512x1024`.
    Size(Vec<u32>),
    /// A string without its quotes.
    Str(String),
    /// `true`, `false`.
    Bool(bool),
    /// `[a, b]`.
    List(Vec<Expr>),
    /// `[x for x in xs]`.
    Comprehension(Expr, Each),
    /// `(a, b)`; one in parentheses is not kept.
    Tuple(Vec<Expr>),
    /// `f(a, k = b)`.
    Call(Expr, Vec<Argument>),
    /// `x[i]`.
    Index(Expr, Expr),
    /// `x[..i]`, `x[i..]`: from (included), to, whether the end is included.
    Slice(Expr, Option<Expr>, Option<Expr>, bool),
    /// `x.y`.
    Field(Expr, Name),
    /// `-x`, `not x`, `tied x`, `slice x`.
    Unary(UnaryOp, Expr),
    /// `a > b` and the like.
    Binary(BinaryOp, Expr, Expr),
    /// `choose …`.
    Choose(Choose),
    /// `match x { … }`.
    Match(Expr, Vec<Arm>),
    /// `0.025 -> 0.001 cosine`.
    Schedule {
        /// The first value.
        from: Expr,
        /// The last value.
        to: Expr,
        /// The curve's name.
        curve: Name,
        /// Its parameter.
        power: Option<Expr>,
    },
}

/// Operators before a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `-`.
    Minus,
    /// `not`.
    Not,
    /// `tied`: one set of weights, wherever it is applied.
    Tied,
    /// `slice`: a width that leading channels of one kernel make, whichever it is.
    Slice,
}

/// Operators between values, loosest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BinaryOp {
    /// `or`.
    Or,
    /// `and`.
    And,
    /// `above`: greater.
    Above,
    /// `below`: less.
    Below,
    /// `is`: equal.
    Is,
    /// `..=`.
    RangeIncl,
    /// `..`.
    RangeExcl,
    /// `+`.
    Plus,
    /// `-`.
    Minus,
    /// `via`.
    Via,
    /// `>`.
    Pipe,
    /// `*`.
    Times,
    /// `/`.
    Divide,
}

/// An argument of a call or of a clause.
#[derive(Clone, Debug)]
pub struct Argument {
    /// Its name, where it is given by name.
    pub name: Option<Name>,
    /// Its value.
    pub value: Expr,
}

/// An arm of a `match`.
#[derive(Clone, Debug)]
pub struct Arm {
    /// What it takes.
    pub pattern: Pattern,
    /// Its value.
    pub value: Expr,
}

/// What an arm takes.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// Whatever is left.
    Else(Span),
    /// One value or label.
    Value(Expr),
    /// From (included), to, whether the end is included.
    Range(Option<Expr>, Option<Expr>, bool),
}

/// A choice.
#[derive(Clone, Debug)]
pub enum Choose {
    /// `choose { a = x, b }`.
    Labelled(Vec<Entry>),
    /// `choose one of xs`, `choose xs`; the flag says that `one of` is written.
    One(Expr, bool),
    /// `choose ordered 2 of xs with repeats via S`.
    Picks {
        /// Whether the order counts.
        ordered: bool,
        /// How many.
        k: Expr,
        /// Of what.
        of: Expr,
        /// Whether one may be picked again.
        repeats: bool,
        /// The operators behind each.
        via: Option<Expr>,
    },
    /// `choose path { … }`.
    Path(Vec<PathClause>),
}

/// A clause of `choose path`.
#[derive(Clone, Debug)]
pub struct PathClause {
    /// Which.
    pub kind: PathClauseKind,
    /// Its text.
    pub span: Span,
}

/// The kinds of clause of `choose path`.
#[derive(Clone, Debug)]
pub enum PathClauseKind {
    /// How many layers are searched.
    Layers(Expr),
    /// The scales, finest first: literals or a list.
    Scales(Expr),
    /// The scales that the first layer may have.
    First(Expr),
    /// The scales that the last layer may have.
    Exits(Expr),
    /// `up`, `stay`, `down`.
    Moves(Vec<Name>),
    /// `source` or `target`.
    Weigh(Name),
}
