//! The syntax tree: what the text says, with places, before names mean anything.

use crate::source::Span;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Its text.
    pub span: Span,
}

/// A name and where it stands.
pub type Name = Spanned<String>;

/// A whole file.
#[derive(Clone, Debug, Default)]
pub struct File {
    /// Lines of `//!`, without the marker.
    pub docs: Vec<String>,
    /// What it declares, in textual order.
    pub items: Vec<Item>,
    /// Every `//` comment with its marker, in textual order. The printer puts them back.
    pub comments: Vec<Spanned<String>>,
}

/// A declaration.
#[derive(Clone, Debug)]
pub struct Item {
    /// Lines of `///`, without the marker.
    pub docs: Vec<String>,
    /// What is declared.
    pub kind: ItemKind,
    /// From its first word to its last; documentation not included.
    pub span: Span,
}

/// The kinds of declaration.
#[derive(Clone, Debug)]
pub enum ItemKind {
    /// `use std.ops.{a, b} with C = 1`.
    Use(Use),
    /// `const F = 8`.
    Const(Const),
    /// `opset O { a = x  b }`.
    Opset(Opset),
    /// `op f(k: int) = …`.
    Op(Op),
    /// `cell`, `head`, `stem`, `encoder`, `decoder`, `net`.
    Definition(Definition),
    /// `trellis t(stem) along path { at s { … } }`.
    Trellis(Trellis),
    /// `let x = …`.
    Let(Let),
    /// `search`, `train`, `data`, `bench`.
    Block(Block),
}

/// An import.
#[derive(Clone, Debug)]
pub struct Use {
    /// The module's path: `std`, `ops`.
    pub module: Vec<Name>,
    /// What is taken from it.
    pub names: UseNames,
    /// Constants set in it.
    pub overrides: Vec<(Name, Expr)>,
}

/// What an import takes.
#[derive(Clone, Debug)]
pub enum UseNames {
    /// `use std.ops.sep_conv`: the last part of the path is the name.
    Last,
    /// `.*`.
    All(Span),
    /// `.{a, b}`.
    These(Vec<Name>),
}

/// A constant.
#[derive(Clone, Debug)]
pub struct Const {
    /// Its name.
    pub name: Name,
    /// Its value, unless overridden.
    pub value: Expr,
}

/// An ordered set of labelled operators.
#[derive(Clone, Debug)]
pub struct Opset {
    /// Its name.
    pub name: Name,
    /// The operators.
    pub entries: Vec<Entry>,
}

/// A labelled value of an opset or of a `choose`.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Lines of `///`.
    pub docs: Vec<String>,
    /// Its label.
    pub label: Name,
    /// Its value; where none is written, the label is also the name of the value.
    pub value: Option<Expr>,
}

/// An operator: an expression over `it`.
#[derive(Clone, Debug)]
pub struct Op {
    /// Its name.
    pub name: Name,
    /// Its configuration.
    pub config: Vec<Parameter>,
    /// What it is.
    pub body: Expr,
}

/// What a definition is for. All roles mean the same; messages use the word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// A searched or repeated unit.
    Cell,
    /// What turns features into logits.
    Head,
    /// From the image to the first map.
    Stem,
    /// Exposes taps.
    Encoder,
    /// Reads taps.
    Decoder,
    /// A whole network.
    Net,
}

impl Role {
    /// Its keyword.
    pub fn word(self) -> &'static str {
        match self {
            Role::Cell => "cell",
            Role::Head => "head",
            Role::Stem => "stem",
            Role::Encoder => "encoder",
            Role::Decoder => "decoder",
            Role::Net => "net",
        }
    }
}

/// A body over named maps.
#[derive(Clone, Debug)]
pub struct Definition {
    /// Its role.
    pub role: Role,
    /// Its name.
    pub name: Name,
    /// Its configuration.
    pub config: Vec<Parameter>,
    /// The maps that it reads.
    pub maps: Vec<Parameter>,
    /// What it does.
    pub body: Vec<Statement>,
}

/// A body that is instantiated at every node of a lattice that a path can take.
#[derive(Clone, Debug)]
pub struct Trellis {
    /// Its name.
    pub name: Name,
    /// Its configuration.
    pub config: Vec<Parameter>,
    /// The maps that it reads, the one before the first layer last.
    pub maps: Vec<Parameter>,
    /// The path that it follows.
    pub along: Expr,
    /// The name of the scale in the body.
    pub scale: Name,
    /// What happens at a node.
    pub body: Vec<Statement>,
    /// What happens to the arrows that enter it.
    pub arrow: Arrow,
}

/// How a node of a trellis reads the arrows that enter it.
#[derive(Clone, Debug)]
pub struct Arrow {
    /// Lines of `///`.
    pub docs: Vec<String>,
    /// Whether the body is evaluated for every arrow and the results are mixed (`per arrow`), or
    /// the arrows are mixed first (`on mix`).
    pub per_arrow: bool,
    /// The name of the map.
    pub map: Name,
    /// The node's output.
    pub value: Expr,
    /// Its text.
    pub span: Span,
}

/// A parameter of a definition.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: Name,
    /// Whether a map may be absent.
    pub optional: bool,
    /// Its type, where one is written.
    pub ty: Option<TypeName>,
    /// Its default.
    pub default: Option<Expr>,
}

/// `int`, `width`, `[map]`.
#[derive(Clone, Debug)]
pub struct TypeName {
    /// The innermost name.
    pub name: Name,
    /// How many brackets are around it.
    pub lists: u32,
}

/// A compile-time binding.
#[derive(Clone, Debug)]
pub struct Let {
    /// What is bound; several names take a list apart.
    pub binder: Binder,
    /// To what.
    pub value: Expr,
}

/// What a binding binds.
#[derive(Clone, Debug)]
pub enum Binder {
    /// One name.
    Name(Name),
    /// A list of them.
    List(Vec<Binder>, Span),
}

/// A block of a plan: `search net { clause… }`.
#[derive(Clone, Debug)]
pub struct Block {
    /// `search`, `train`, `data` or `bench`.
    pub kind: Name,
    /// The network it speaks of.
    pub subject: Option<Name>,
    /// Its clauses.
    pub clauses: Vec<Clause>,
}

/// One line of a plan.
#[derive(Clone, Debug)]
pub struct Clause {
    /// Lines of `///`.
    pub docs: Vec<String>,
    /// Its first word.
    pub name: Name,
    /// What follows.
    pub args: Vec<Argument>,
    /// Its text.
    pub span: Span,
}

/// A statement of a body.
#[derive(Clone, Debug)]
pub struct Statement {
    /// Lines of `///`.
    pub docs: Vec<String>,
    /// What it says.
    pub kind: StatementKind,
    /// Its text.
    pub span: Span,
}

/// The kinds of statement.
#[derive(Clone, Debug)]
pub enum StatementKind {
    /// `let x = …`.
    Let(Let),
    /// `node x[i] = … for i in …`.
    Node {
        /// Built even if nothing reads it.
        keep: bool,
        /// What is named.
        target: Target,
        /// Its map.
        value: Expr,
        /// Repetition.
        each: Option<Each>,
    },
    /// `out …`.
    Out {
        /// In training only.
        aux: bool,
        /// What is yielded; a single output may have no name.
        outs: Vec<(Option<Target>, Expr)>,
        /// Repetition.
        each: Option<Each>,
    },
    /// `tap stage[k] = x`.
    Tap(Target, Expr),
    /// `for i in 1..=n { … }`.
    For(Each, Vec<Statement>),
    /// `x = …`, of a node that is there.
    Rebind(Name, Expr),
}

/// What a node statement names: `x`, `H[i]`.
#[derive(Clone, Debug)]
pub struct Target {
    /// The name.
    pub name: Name,
    /// Indices.
    pub indices: Vec<Expr>,
}

/// `for x in xs`.
#[derive(Clone, Debug)]
pub struct Each {
    /// What takes each value.
    pub binder: Binder,
    /// The values.
    pub over: Expr,
}

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
    /// `-x`, `not x`, `tied x`.
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
