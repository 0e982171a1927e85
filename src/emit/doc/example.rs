//! What an item of the standard library costs, in one application of it.
//!
//! Its documentation gives the application in a line ``Example: `…` ``; otherwise arguments are made
//! up from its parameters. There are three maps: `image`, `3 @ /1`; `x`, `64 @ /8`; `y`, `64 @ /4`.

use crate::cost::{self, Question};
use crate::diag::Sink;
use crate::ir::Size;
use crate::sema;
use crate::syntax::ast::{Item, ItemKind, Parameter};

/// The image of examples.
pub const IMAGE: Size = Size { h: 512, w: 1024 };

/// An application and what it costs.
#[derive(Clone, Debug)]
pub struct Example {
    /// The application.
    pub text: String,
    /// The type of its result.
    pub ty: String,
    /// Trainable parameters.
    pub params: u64,
    /// Multiply-adds on one image.
    pub macs: u64,
}

/// The maps of an example: they cost nothing.
const MAPS: &str = "
  node x = concat([image > pool(max, 1, stride = 8) for i in 0..22]) > channels(0, 64)
  node y = concat([image > pool(max, 1, stride = 4) for i in 0..22]) > channels(0, 64)
";

/// The example that a line of documentation gives.
pub(super) fn given(line: &str) -> Option<&str> {
    line.strip_prefix("Example: `")?.strip_suffix('`')
}

/// An application of an item and what it costs; nothing where none is given and what is made up
/// does not work.
pub(super) fn of(module: &str, item: &Item) -> Option<Example> {
    let given = item.docs.iter().find_map(|line| given(line));
    let text = given.map(str::to_owned).or_else(|| made_up(item))?;
    let spec = format!("use {module}.*\nnet n(image) {{{MAPS}  out {text}\n}}\n");
    let mut diags = Sink::default();
    let space = sema::analyse(&sema::load("example", None, &spec, &[], &mut diags), &mut diags);
    if diags.has_errors() {
        return None;
    }
    let graph = &space.nets.get("n")?.graph;
    let question = Question { input: IMAGE, batch: 1, train: false };
    let costs = cost::exact(graph, question).ok()?;
    let ty = graph.node(graph.outputs.first()?.node).ty.to_string();
    Some(Example { text, ty, params: costs.params, macs: costs.macs })
}

/// An application with arguments by the names and types of parameters.
fn made_up(item: &Item) -> Option<String> {
    let (name, config, maps) = match &item.kind {
        ItemKind::Op(op) => (&op.name.value, &op.config, vec!["x"]),
        ItemKind::Definition(def) => {
            let map = |p: &Parameter| if p.name.value == "image" { "image" } else { "x" };
            (&def.name.value, &def.config, def.maps.iter().map(map).collect())
        }
        _ => return None,
    };
    let needed = config.iter().filter(|p| p.default.is_none());
    let args: Vec<&str> = needed.map(argument).collect();
    let args = if args.is_empty() { String::new() } else { format!("({})", args.join(", ")) };
    Some(match maps.as_slice() {
        [one] => format!("{one} > {name}{args}"),
        several => format!("{name}{args}({})", several.join(", ")),
    })
}

fn argument(parameter: &Parameter) -> &'static str {
    let ty = parameter.ty.as_ref().map_or("", |ty| ty.name.value.as_str());
    match (parameter.name.value.as_str(), ty) {
        ("classes", _) => "19",
        (_, "width") => "64",
        (_, "scale") => "/16",
        (_, "bool") => "true",
        _ => "3",
    }
}
