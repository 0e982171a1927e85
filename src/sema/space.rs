//! The space that a file describes.

use super::body::Aux;
use super::build::Builder;
use super::eval::{Eval, Evaluator};
use super::load::Program;
use super::memo::Memory;
use super::module::ItemRef;
use super::networks::{Networks, Wanted};
use super::plan::{KnownNets, Plans, plans};
use super::sites::Sites;
use super::value::Value;
use crate::diag::{Diag, Sink};
use crate::ir::decision::Decision;
use crate::ir::graph::{DecisionGraph, Output};
use crate::ir::kernel::Kernel;
use crate::ir::shape::{MapType, Scale};
use crate::maps::IndexMap;
use crate::source::{FileId, Span};
use crate::syntax::ast::{Definition, ExprKind, Statement, StatementKind, Target};
use std::sync::Arc;

/// A network of a space.
#[derive(Clone, Debug)]
pub struct Net {
    /// Its graph.
    pub graph: Arc<DecisionGraph>,
    /// Its name in the text.
    pub at: Span,
}

/// Everything that a file describes, resolved and typed.
#[derive(Debug, Default)]
pub struct Space {
    /// The decisions with their places; networks share them.
    pub sites: Sites,
    /// The networks, in textual order.
    pub nets: IndexMap<String, Net>,
    /// What is to be done with them.
    pub plans: Plans,
}

impl Space {
    /// All decisions.
    pub fn decisions(&self) -> &[Decision] {
        &self.sites.decisions
    }
}

/// Judges a program. Mistakes go to `diags`; what could be understood comes back.
pub fn analyse(program: &Program, diags: &mut Sink) -> Space {
    analyse_early(program, diags, None)
}

/// The same; a network may be wanted before all is judged.
pub fn analyse_early(program: &Program, diags: &mut Sink, wanted: Option<Wanted<'_>>) -> Space {
    analyse_with(program, diags, Memory::Kept, wanted)
}

pub(super) fn analyse_with(
    program: &Program,
    diags: &mut Sink,
    memory: Memory,
    wanted: Option<Wanted<'_>>,
) -> Space {
    super::names::check(program, diags);
    let Some(root) = program.modules.first() else { return Space::default() };
    let networks = Networks::of(program, root, memory);
    let mut space = networks.elaborated(diags, wanted);
    if root.ast.items.is_empty() && !diags.has_errors() {
        diags.push(nothing_declared(root.file));
    }
    let known = KnownNets { names: &networks.names(), graphs: &space.nets };
    space.plans = plans(program, &mut space.sites, known, diags);
    space
}

impl Evaluator<'_> {
    /// Elaborates a network: its maps are images of three channels.
    pub(super) fn net(&mut self, item: &ItemRef, def: &Definition) -> Eval<DecisionGraph> {
        let at = def.name.span;
        let mut images = Vec::new();
        for n in 0..def.maps.len() {
            let ty = MapType::new(3, Scale::Down(1));
            let kernel = Kernel::Input(n as u32);
            let node = self.build.node(kernel, ty, &[], super::build::ROOT, None, at);
            images.push(Value::Map(super::value::Map { node, ty }));
        }
        let mut f = self.module_frame(item.module, "");
        let kind = super::value::DesignKind::Item(item.clone());
        if let Value::Design(d) = super::eval::design(kind) {
            f.instance = self.instance(&f, at, &def.name.value, &d);
            self.bind_config(item, &d, at, &mut f)?;
        }
        self.bind_maps(&def.name, &def.maps, images, at, &mut f)?;
        let value = self.body(&def.body, &mut f)?;
        self.check_given()?;
        let outputs = self.outputs(value, def, &mut f)?;
        let mut graph = std::mem::replace(&mut self.build, Builder::new()).graph;
        graph.outputs = outputs;
        Ok(graph)
    }

    /// An output, in training only or not, has a type that no decision changes.
    pub(super) fn check_single_type(&mut self, name: &str, value: &Value, at: Span) -> Eval<()> {
        let mut types: Vec<String> = match value {
            Value::Varied(terms) => terms.iter().map(|(_, v)| v.show()).collect(),
            Value::Map(map) if map.ty.slice.is_some() => {
                vec![format!("{} channels", self.width_of(map.ty).show())]
            }
            Value::Cases(cases) => {
                cases.iter().filter_map(|case| Some(case.map?.ty.to_string())).collect()
            }
            _ => return Ok(()),
        };
        types.dedup();
        types.truncate(4);
        self.fail(
            Diag::new("E0412", format!("output `{name}` has no single type"))
                .label(at, types.join(", "))
                .help(
                    "bring every alternative to one width and scale: `> conv(1, 19) > resize(/1)`",
                ),
        )
    }

    fn outputs(
        &mut self,
        value: Value,
        def: &Definition,
        f: &mut super::frame::Frame,
    ) -> Eval<Vec<Output>> {
        let named: Vec<(String, Value)> = match value {
            Value::Record(fields) => {
                fields.iter().flat_map(|(n, v)| one_by_one(n.clone(), v.clone())).collect()
            }
            other => vec![("out".to_string(), other)],
        };
        let mut outputs = Vec::new();
        for (name, value) in named {
            let at = out_span(&def.body, &name).unwrap_or(def.name.span);
            let value = self.map_of(value, at, f)?;
            self.check_single_type(&name, &value, at)?;
            match value {
                Value::Map(map) => outputs.push(Output { name, node: map.node, aux: false }),
                _ => {
                    return self.fail(
                        Diag::new("E0413", format!("`{}` yields no map", def.name.value))
                            .label(def.name.span, "nothing comes out")
                            .help("end the network with `out x`"),
                    );
                }
            }
        }
        let aux: Vec<Aux> = std::mem::take(&mut self.aux);
        outputs.extend(aux.into_iter().map(|(name, node)| Output { name, node, aux: true }));
        Ok(outputs)
    }
}

/// A file without a declaration.
fn nothing_declared(file: FileId) -> Diag {
    Diag::new("W0904", "this file declares nothing")
        .label(Span { file, start: 0, end: 0 }, "no declaration")
        .help("a network begins with `net name(image) {`")
}

/// Results by name; those with an index one by one.
fn one_by_one(name: String, value: Value) -> Vec<(String, Value)> {
    match value {
        Value::Family(items) => {
            items.iter().map(|(i, v)| (format!("{name}[{i}]"), v.clone())).collect()
        }
        other => vec![(name, other)],
    }
}

/// Where an output is given: with its very index, or where one that is computed may be it.
fn out_span(statements: &[Statement], name: &str) -> Option<Span> {
    let base = name.split('[').next().unwrap_or_default();
    written(statements, &|t| t.is_some_and(|t| written_name(t).as_deref() == Some(name)))
        .or_else(|| written(statements, &|t| t.map_or("out", |t| &t.name.value) == base))
}

/// A target as it is written, where its index is a number.
fn written_name(target: &Target) -> Option<String> {
    match target.indices.as_slice() {
        [] => Some(target.name.value.clone()),
        [i] => match &*i.kind {
            ExprKind::Int(n) => Some(format!("{}[{n}]", target.name.value)),
            _ => None,
        },
        _ => None,
    }
}

/// The first output or tap with such a target.
fn written(statements: &[Statement], wanted: &dyn Fn(Option<&Target>) -> bool) -> Option<Span> {
    statements.iter().find_map(|s| match &s.kind {
        StatementKind::Out { outs, .. } => {
            outs.iter().find(|(target, _)| wanted(target.as_ref())).map(|(_, e)| e.span)
        }
        StatementKind::Tap(target, e) if wanted(Some(target)) => Some(e.span),
        StatementKind::For(_, body) => written(body, wanted),
        _ => None,
    })
}
