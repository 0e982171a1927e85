//! `segc graph`: a drawing of a network or of a space.

use super::args::Spec;
use super::failure::Failure;
use super::number::plural;
use super::read::{self, Chosen, Judged};
use super::term::Term;
use super::write;
use crate::emit::sketch::{Depth, Sketch, sketch};
use crate::emit::{dot, svg};
use crate::syntax::ast::{ItemKind, Role};
use clap::ValueEnum;
use std::path::PathBuf;

/// Arguments of `segc graph`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    spec: Spec,
    /// The network [default: the one that the search block names, else the last]
    #[arg(long, value_name = "NAME")]
    net: Option<String>,
    /// In which form [default: what FILE's ending says, else svg]
    #[arg(long, value_enum)]
    format: Option<Drawing>,
    /// How many levels of parts to open
    #[arg(long, value_name = "N", default_value_t = 1)]
    depth: usize,
    /// The file to write [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The forms of a drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Drawing {
    /// For Graphviz
    Dot,
    /// A picture
    Svg,
    /// For programs; `docs/json.md` describes it
    Json,
}

/// Parts from which on nobody would find anything.
const MOST: usize = 1500;

pub(super) fn run(args: &Args, term: &mut Term) -> Result<(), Failure> {
    let judged = read::right(&args.spec, term)?;
    let chosen = read::choose(&judged, args.net.as_deref())?;
    let sketch = draw(&judged, chosen, args.depth);
    if !is_of_use(&sketch) {
        let message = format!("a drawing of {} would be of no use", plural(parts(&sketch), "part"));
        return Err(Failure::with_help(message, "lower `--depth`"));
    }
    let text = match form(args) {
        Drawing::Dot => dot::document(&sketch),
        Drawing::Svg => svg::document(&sketch),
        Drawing::Json => {
            super::json::pretty("segc.graph/1", &crate::emit::json::value(&sketch)) + "\n"
        }
    };
    match &args.out {
        Some(path) if !read::is_stdin(path) => write::whole(path, text.as_bytes()),
        _ => term.text(&text),
    }
}

/// Whether somebody would find something in a drawing.
pub(super) fn is_of_use(sketch: &Sketch) -> bool {
    parts(sketch) <= MOST
}

fn parts(sketch: &Sketch) -> usize {
    sketch.whole.len() + sketch.cells.iter().map(|c| c.body.len()).sum::<usize>()
}

/// The form that is asked for, or that the file's ending means.
fn form(args: &Args) -> Drawing {
    let ending = args.out.as_ref().and_then(|path| path.extension()?.to_str());
    let meant = match ending {
        Some("dot" | "gv") => Drawing::Dot,
        Some("json") => Drawing::Json,
        _ => Drawing::Svg,
    };
    args.format.unwrap_or(meant)
}

/// The sketch of a network of a spec, or of one that stems from it.
pub(super) fn draw(judged: &Judged, chosen: Chosen, depth: usize) -> Sketch {
    let graph = &chosen.net.graph;
    let mut open: Vec<_> = graph.leaves.iter().map(|gate| gate.decision()).collect();
    open.sort_unstable();
    open.dedup();
    let kernels = plural(graph.graph.node_count(), "kernel");
    let about = match open.len() {
        0 => format!("{kernels}, every decision is taken"),
        n => format!("{kernels}, {} open", plural(n, "decision")),
    };
    sketch(graph, chosen.name, &about, &cells(judged), Depth(depth))
}

/// The cells and decoders that the spec itself declares.
fn cells(judged: &Judged) -> Vec<(&'static str, String)> {
    let items = judged.program.modules.first().map(|m| &m.ast.items);
    let cell = |kind: &ItemKind| match kind {
        ItemKind::Definition(d) if matches!(d.role, Role::Cell | Role::Decoder) => {
            Some((d.role.word(), d.name.value.clone()))
        }
        _ => None,
    };
    items.into_iter().flatten().filter_map(|item| cell(&item.kind)).collect()
}
