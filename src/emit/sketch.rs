//! What a drawing of a network shows: not its kernels but its named parts, and of those only as
//! many as a person takes in at once.
//!
//! A part is a scope of the graph. The whole network shows the parts of its top; a trellis is
//! shown as a grid; cells are shown once each, apart from the places where they are used. The
//! backends (`dot`, `json`, `svg`) draw a [`Sketch`] and know nothing of graphs.

mod body;
mod grid;
mod tree;
mod words;

pub use grid::{Arrow, Grid};

use crate::ir::DecisionGraph;
use crate::ir::graph::ScopeId;
use body::Bodies;
use tree::Tree;

/// What is drawn of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sketch {
    /// The network's name.
    pub net: String,
    /// A line about it.
    pub about: String,
    /// The whole.
    pub whole: Body,
    /// Cells, each once.
    pub cells: Vec<Cell>,
}

/// A cell or a decoder, drawn once for all the places where it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// What it is declared as: `cell`, `decoder`.
    pub role: &'static str,
    /// Its name.
    pub name: String,
    /// How many scopes are made of it.
    pub places: usize,
    /// What is in it.
    pub body: Body,
}

/// Parts and what flows between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    /// What comes from outside, by name.
    pub inputs: Vec<String>,
    /// The parts, in the order of their first kernels.
    pub units: Vec<Unit>,
    /// What flows.
    pub links: Vec<Link>,
}

/// A part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Its full name in the graph; unique in a sketch's body.
    pub id: String,
    /// Its own name.
    pub label: String,
    /// What it is, in a few words.
    pub text: String,
    /// The type of what it yields.
    pub ty: String,
    /// The divisor of its scale; nothing where it has none.
    pub scale: Option<u32>,
    /// How many kernels it has.
    pub kernels: usize,
    /// What it is to the network.
    pub kind: Kind,
    /// Its operators, where it does nothing but join what they give.
    pub chips: Vec<Chip>,
    /// What is shown of its inside.
    pub inside: Inside,
}

/// What a part is to the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The network's input.
    Input,
    /// Something that computes.
    Part,
    /// What the network yields.
    Output,
    /// What it yields in training only.
    Aux,
}

/// What is shown of a part's inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inside {
    /// Nothing.
    Shut,
    /// Its parts.
    Open(Body),
    /// A trellis.
    Grid(Grid),
}

/// An operator at an input of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chip {
    /// What it is.
    pub label: String,
    /// How many alternatives there are; none where it is settled.
    pub alternatives: usize,
}

/// Where something flows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End {
    /// An input of the body.
    Input(usize),
    /// A part of it.
    Unit(usize),
}

/// That something flows into a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Where from.
    pub from: End,
    /// Into which part.
    pub to: usize,
    /// Through which of its operators.
    pub chip: Option<usize>,
    /// Whether a decision may switch it off.
    pub open: bool,
}

/// How many levels of scopes are opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depth(pub usize);

/// Parts up to which a definition is worth showing apart.
const MOST_PARTS: usize = 60;

/// Sketches a network. `cells` are roles and names of definitions to be shown apart.
pub fn sketch(
    graph: &DecisionGraph,
    net: &str,
    about: &str,
    cells: &[(&'static str, String)],
    depth: Depth,
) -> Sketch {
    let tree = Tree::of(graph);
    let bodies = Bodies { graph, tree: &tree };
    let whole = bodies.body(ScopeId(0), depth.0.saturating_sub(1));
    let cell = |(role, name): &(&'static str, String)| {
        let (scope, places) = bodies.representative(name)?;
        let body = bodies.body(scope, depth.0.saturating_sub(1));
        let worth = (2..=MOST_PARTS).contains(&body.units.len());
        worth.then(|| Cell { role, name: name.clone(), places, body })
    };
    let cells = cells.iter().filter_map(cell).collect();
    Sketch { net: net.to_owned(), about: about.to_owned(), whole, cells }
}

impl Sketch {
    /// Marks in the sketch of a space the paths that a member takes, by the member's own sketch.
    pub fn mark(&mut self, member: &Sketch) {
        self.whole.mark(&member.whole);
    }
}

impl Body {
    fn mark(&mut self, member: &Body) {
        for unit in &mut self.units {
            let same = member.units.iter().find(|other| other.id == unit.id);
            match (&mut unit.inside, same.map(|other| &other.inside)) {
                (Inside::Grid(grid), Some(Inside::Grid(other))) => grid.mark(other),
                (Inside::Open(body), Some(Inside::Open(other))) => body.mark(other),
                _ => {}
            }
        }
    }

    /// Parts in it, those inside others included.
    pub fn len(&self) -> usize {
        let inside = |unit: &Unit| match &unit.inside {
            Inside::Open(body) => body.len(),
            Inside::Grid(grid) => grid.nodes.len(),
            Inside::Shut => 0,
        };
        self.units.iter().map(|unit| 1 + inside(unit)).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.units.is_empty()
    }
}
