//! The syntax tree: what the text says, with places, before names mean anything.

mod expr;

pub use expr::*;

use crate::source::{FileId, Span};

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
    /// Where they stand.
    pub docs_span: Span,
    /// What it declares, in textual order.
    pub items: Vec<Item>,
    /// Every `//` comment, in textual order. The printer puts them back.
    pub comments: Vec<Comment>,
    /// Names whose declarations could not be parsed. Those who look names up need not complain
    /// about these again.
    pub lost: Vec<Name>,
    /// Where lines begin; empty for a tree that no text was parsed to.
    pub lines: Lines,
}

/// A `//` comment.
#[derive(Clone, Debug)]
pub struct Comment {
    /// Its text with its marker.
    pub text: String,
    /// Its place.
    pub span: Span,
    /// Whether it stands alone on its line, or behind something.
    pub alone: bool,
}

/// Where the lines of a file begin.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    /// The file.
    pub file: FileId,
    /// The offset of every line's first byte.
    pub starts: Vec<u32>,
}

impl Lines {
    /// The lines of a text.
    pub fn of(file: FileId, text: &str) -> Lines {
        let ends = text.bytes().enumerate().filter(|(_, b)| *b == b'\n');
        let starts = std::iter::once(0).chain(ends.map(|(at, _)| at as u32 + 1)).collect();
        Lines { file, starts }
    }

    /// The line, from zero, that an offset lies in.
    pub fn line(&self, at: u32) -> u32 {
        self.starts.partition_point(|s| *s <= at).saturating_sub(1) as u32
    }
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
    /// `search`, `train`, `data`, `bench`, `controller`.
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
    /// `search`, `train`, `data`, `bench` or `controller`.
    pub kind: Name,
    /// The network it speaks of.
    pub subject: Option<Name>,
    /// Its clauses.
    pub clauses: Vec<Clause>,
    /// Its phases, behind the clauses.
    pub phases: Vec<Phase>,
}

impl Block {
    /// What all of its clauses are given, those of its phases too.
    pub fn arguments(&self) -> impl Iterator<Item = &Argument> {
        let phases = self.phases.iter().flat_map(|phase| &phase.clauses);
        self.clauses.iter().chain(phases).flat_map(|clause| &clause.args)
    }
}

/// A stretch of a plan: `phase name { clause… }`.
#[derive(Clone, Debug)]
pub struct Phase {
    /// Lines of `///`.
    pub docs: Vec<String>,
    /// The word `phase`.
    pub word: Name,
    /// Its name.
    pub name: Option<Name>,
    /// Its clauses.
    pub clauses: Vec<Clause>,
    /// Its text.
    pub span: Span,
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
