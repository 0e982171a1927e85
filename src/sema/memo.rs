//! Applications that were expanded before are copied, not evaluated again.
//!
//! A searched network applies one cell hundreds of times: to maps of the same types, with the
//! same configuration and the same decisions. What it expands to is then the same but for its
//! inputs, its scope and its weights, and lies in one stretch of the graph. The graph is node by
//! node the one that evaluation gives; `same_graphs_without_memory` holds it to that.

use super::build::{Home, Mark};
use super::eval::Evaluator;
use super::frame::Instance;
use super::module::{ItemRef, ModuleId};
use super::value::{Design, InstanceId, Map, Value};
use crate::ir::graph::{NodeId, ScopeId};
use crate::ir::shape::{MapType, Scale};
use crate::source::Span;
use indexmap::IndexMap;
use num_rational::Ratio;
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// What tells an item from others.
type ItemKey = (ModuleId, usize);

/// Everything that an expansion depends on, but for inputs, scope and place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    item: ItemKey,
    config: Vec<(Rc<str>, Plain)>,
    maps: Vec<Option<MapType>>,
    /// Whose decisions it takes; nothing where it makes none.
    instance: Option<InstanceId>,
}

/// A plain value that can be compared.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Plain {
    Num(Ratio<i64>),
    Float(u64),
    Quantity(u64, Rc<str>),
    Bool(bool),
    Str(Rc<str>),
    Label(Rc<str>),
    Scale(Scale),
    Size(Rc<[u32]>),
    List(Vec<Plain>),
    Same,
}

/// What one application made: a stretch of the graph.
#[derive(Debug)]
pub(super) struct Stretch {
    pub(super) from: Mark,
    pub(super) to: Mark,
    /// The scope around it.
    pub(super) outer: ScopeId,
    /// The maps that it reads.
    pub(super) inputs: Vec<NodeId>,
    /// The application's place in the text.
    pub(super) at: Span,
}

impl Stretch {
    /// Where a node, or an input, is after copying.
    pub(super) fn node(&self, id: NodeId, inputs: &[NodeId], first: u32) -> NodeId {
        match (id.index() as u32).checked_sub(self.from.nodes) {
            Some(n) => NodeId::new((first + n) as usize),
            None => {
                let port = self.inputs.iter().position(|i| *i == id);
                port.and_then(|p| inputs.get(p)).copied().unwrap_or(id)
            }
        }
    }

    /// Where a scope is after copying.
    pub(super) fn scope(&self, id: ScopeId, outer: ScopeId, home: Home) -> ScopeId {
        if id == self.outer { outer } else { ScopeId(id.0 - self.from.scopes + home.scopes) }
    }
}

/// A stretch with its result.
#[derive(Debug)]
struct Template {
    stretch: Stretch,
    value: Value,
    /// What it applies, so that a definition that contains itself is still found.
    items: Vec<ItemKey>,
    /// How deep it nests.
    depth: usize,
}

/// Whether expansions are remembered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Memory {
    /// As always.
    #[default]
    Kept,
    /// Everything is evaluated, for comparison.
    #[cfg(test)]
    Off,
}

/// What was expanded so far.
#[derive(Debug, Default)]
pub(super) struct Memo {
    mode: Memory,
    templates: FxHashMap<Key, Rc<Template>>,
    /// What scopes were filled with.
    homes: FxHashMap<ScopeId, (Rc<Template>, Home)>,
    /// Everything that was applied while something is recorded.
    applied: Vec<ItemKey>,
    deepest: usize,
    recording: usize,
    /// How often something happened that a copy would miss.
    effects: u32,
}

/// A recording that was begun.
pub(super) struct Recording {
    key: Key,
    from: Mark,
    inputs: Vec<NodeId>,
    applied: usize,
    deepest: usize,
    effects: u32,
    asked: u32,
}

impl Memo {
    pub(super) fn new(mode: Memory) -> Memo {
        Memo { mode, ..Memo::default() }
    }

    /// Notes something that copies of the application under way would miss.
    pub(super) fn effect(&mut self) {
        self.effects += 1;
    }
}

impl Evaluator<'_> {
    /// The key of an application, where all that it depends on can be compared.
    pub(super) fn memo_key(&self, item: &ItemRef, d: &Design, maps: &[Value]) -> Option<Key> {
        if self.memo.mode != Memory::Kept {
            return None;
        }
        let config =
            d.config.iter().map(|(n, v, _)| Some((Rc::clone(n), plain(v)?))).collect::<Option<_>>();
        let maps = maps
            .iter()
            .map(|v| match v {
                Value::Map(m) => Some(Some(m.ty)),
                Value::Absent => Some(None),
                _ => None,
            })
            .collect::<Option<_>>();
        Some(Key { item: item.key(), config: config?, maps: maps?, instance: None })
    }

    /// Copies an earlier expansion, if there is one.
    pub(super) fn recall(
        &mut self,
        key: &mut Key,
        instance: Option<&Rc<Instance>>,
        maps: &[Value],
        outer: ScopeId,
        at: Span,
    ) -> Option<Value> {
        let found = match self.memo.templates.get(key) {
            Some(found) => found,
            None => {
                key.instance = Some(*instance?.id.get()?);
                let found = self.memo.templates.get(key);
                key.instance = None;
                found?
            }
        };
        let template = Rc::clone(found);
        if self.would_differ(&template) {
            return None;
        }
        let home = self.home(&template, outer)?;
        self.note(&template);
        let inputs = nodes(maps);
        let first = self.build.graph.graph.node_count() as u32;
        self.build.stamp(&template.stretch, &inputs, outer, home, at);
        let moved = |m: &Map| Map { node: template.stretch.node(m.node, &inputs, first), ..*m };
        rebased(&template.value, &moved)
    }

    /// Where the stack decides, evaluation must.
    fn would_differ(&self, template: &Template) -> bool {
        let again = |key: &ItemKey| self.stack.iter().any(|(k, _)| k == key);
        self.stack.len() + template.depth > super::apply::DEEPEST
            || template.items.iter().any(again)
    }

    /// The scopes and weights for a copy: new ones, or those that the scope has from the same.
    fn home(&mut self, template: &Rc<Template>, outer: ScopeId) -> Option<Home> {
        if self.build.untouched(outer) {
            let home = self.build.furnish(&template.stretch, outer);
            self.memo.homes.insert(outer, (Rc::clone(template), home));
            return Some(home);
        }
        let (here, home) = self.memo.homes.get(&outer)?;
        Rc::ptr_eq(here, template).then_some(*home)
    }

    fn note(&mut self, template: &Template) {
        if self.memo.recording > 0 {
            self.memo.applied.extend(&template.items);
            self.memo.deepest = self.memo.deepest.max(self.stack.len() + template.depth);
        }
    }

    /// Begins to record an application that is evaluated into a scope.
    pub(super) fn record(
        &mut self,
        key: Option<Key>,
        maps: &[Value],
        outer: ScopeId,
    ) -> Option<Recording> {
        if let Some((template, home)) = self.memo.homes.get(&outer) {
            let template = Rc::clone(template);
            self.build.reveal(&template.stretch, *home);
        }
        let key = key.filter(|_| self.build.untouched(outer))?;
        let inputs = nodes(maps);
        // With one map given twice it could not be told which of the two is read.
        if inputs.iter().enumerate().any(|(i, node)| inputs[..i].contains(node)) {
            return None;
        }
        self.memo.recording += 1;
        let recording = Recording {
            key,
            from: self.build.mark(),
            inputs,
            applied: self.memo.applied.len(),
            deepest: std::mem::replace(&mut self.memo.deepest, self.stack.len()),
            effects: self.memo.effects,
            asked: self.sites.asked,
        };
        Some(recording)
    }

    /// Notes that an item is applied.
    pub(super) fn applied(&mut self, key: ItemKey) {
        if self.memo.recording > 0 {
            self.memo.applied.push(key);
            self.memo.deepest = self.memo.deepest.max(self.stack.len());
        }
    }

    /// Ends a recording; what can be copied is kept.
    pub(super) fn recorded(
        &mut self,
        recording: Recording,
        value: Option<&Value>,
        d: &Design,
        outer: ScopeId,
        at: Span,
    ) {
        let Recording { mut key, from, inputs, applied, deepest, effects, asked } = recording;
        let depth = self.memo.deepest - self.stack.len();
        self.memo.deepest = self.memo.deepest.max(deepest);
        self.memo.recording -= 1;
        let items = self.items_since(applied);
        if self.sites.asked != asked {
            // Decisions of an instance that nothing else names are never asked for again.
            key.instance = d.instance.as_ref().and_then(|i| i.id.get().copied());
            if key.instance.is_none() {
                return;
            }
        }
        let stretch = Stretch { from, to: self.build.mark(), outer, inputs, at };
        let Some(value) = value.and_then(|v| rebased(v, &|m| *m)) else { return };
        if self.memo.effects == effects && self.build.closed(&stretch) {
            let home = Home { scopes: from.scopes, weights: from.weights };
            let template = Rc::new(Template { stretch, value, items, depth });
            self.memo.homes.insert(outer, (Rc::clone(&template), home));
            self.memo.templates.insert(key, template);
        }
    }

    fn items_since(&mut self, applied: usize) -> Vec<ItemKey> {
        let mut items = self.memo.applied[applied..].to_vec();
        items.sort_unstable();
        items.dedup();
        self.memo.applied.truncate(applied);
        if self.memo.recording > 0 {
            self.memo.applied.extend(&items);
        }
        items
    }
}

fn nodes(maps: &[Value]) -> Vec<NodeId> {
    let node = |v: &Value| match v {
        Value::Map(m) => Some(m.node),
        _ => None,
    };
    maps.iter().filter_map(node).collect()
}

fn plain(value: &Value) -> Option<Plain> {
    Some(match value {
        Value::Num(n) => Plain::Num(*n),
        Value::Float(x) => Plain::Float(x.to_bits()),
        Value::Quantity(x, unit) => Plain::Quantity(x.to_bits(), Rc::clone(unit)),
        Value::Bool(b) => Plain::Bool(*b),
        Value::Str(s) => Plain::Str(Rc::clone(s)),
        Value::Label(s) => Plain::Label(Rc::clone(s)),
        Value::Scale(s) => Plain::Scale(*s),
        Value::Size(s) => Plain::Size(Rc::clone(s)),
        Value::List(items) => Plain::List(items.iter().map(plain).collect::<Option<_>>()?),
        Value::Same => Plain::Same,
        Value::Family(_)
        | Value::Design(_)
        | Value::Opset(_)
        | Value::Map(_)
        | Value::Absent
        | Value::Record(_)
        | Value::Varied(_)
        | Value::Via(_)
        | Value::Picks(_)
        | Value::Path(_)
        | Value::Trellis(_)
        | Value::Poison => return None,
    })
}

/// A value with its maps replaced; nothing where it holds what cannot be copied.
fn rebased(value: &Value, moved: &dyn Fn(&Map) -> Map) -> Option<Value> {
    let all = |items: &[Value]| -> Option<Vec<Value>> {
        items.iter().map(|v| rebased(v, moved)).collect()
    };
    Some(match value {
        Value::Map(m) => Value::Map(moved(m)),
        Value::Absent => Value::Absent,
        Value::List(items) => Value::List(Rc::new(all(items)?)),
        Value::Family(items) => {
            let items = items.iter().map(|(k, v)| Some((*k, rebased(v, moved)?)));
            Value::Family(Rc::new(items.collect::<Option<IndexMap<_, _>>>()?))
        }
        Value::Record(fields) => {
            let fields = fields.iter().map(|(k, v)| Some((k.clone(), rebased(v, moved)?)));
            Value::Record(Rc::new(fields.collect::<Option<IndexMap<_, _>>>()?))
        }
        Value::Varied(terms) => {
            let terms = terms.iter().map(|(g, v)| Some((*g, rebased(v, moved)?)));
            Value::Varied(Rc::new(terms.collect::<Option<Vec<_>>>()?))
        }
        other => {
            plain(other)?;
            other.clone()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::Memory;
    use crate::diag::Sink;
    use crate::ir::graph::DecisionGraph;
    use crate::sema::{Space, load, space::analyse_with};
    use std::path::Path;

    fn space(name: &str, text: &str, memory: Memory) -> Space {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs").join(name);
        let mut diags = Sink::default();
        let program = load(name, Some(&path), text, &[], &mut diags);
        let space = analyse_with(&program, &mut diags, memory);
        assert!(!diags.has_errors(), "{name}: {:?}", diags.finish());
        space
    }

    /// Two graphs are one and the same: nodes, edges, leaves, scopes, weights, names.
    fn assert_same(name: &str, a: &DecisionGraph, b: &DecisionGraph) {
        assert_eq!(a.graph.node_count(), b.graph.node_count(), "{name}");
        for ((i, x), (_, y)) in a.nodes().zip(b.nodes()) {
            assert_eq!(format!("{x:?}"), format!("{y:?}"), "{name}: node {i:?}");
            assert_eq!(a.inputs(i), b.inputs(i), "{name}: inputs of {i:?}");
        }
        assert!(a.leaves.iter().eq(b.leaves.iter()), "{name}: leaves");
        assert_eq!(a.scopes, b.scopes, "{name}: scopes");
        assert_eq!(format!("{:?}", a.weights), format!("{:?}", b.weights), "{name}: weights");
        assert_eq!(format!("{:?}", a.outputs), format!("{:?}", b.outputs), "{name}: outputs");
    }

    fn same_without_memory(name: &str, text: &str) {
        let (kept, off) = (space(name, text, Memory::Kept), space(name, text, Memory::Off));
        let (a, b) = (&kept.sites, &off.sites);
        assert_eq!(format!("{:?}", a.decisions), format!("{:?}", b.decisions), "{name}");
        assert_eq!(format!("{:?}", a.sites), format!("{:?}", b.sites), "{name}: sites");
        assert_eq!(a.instances, b.instances, "{name}: instances");
        assert_eq!(a.items, b.items, "{name}: items");
        assert_eq!(format!("{:?}", a.lanes), format!("{:?}", b.lanes), "{name}: lanes");
        assert_eq!(format!("{:?}", a.loops), format!("{:?}", b.loops), "{name}: loops");
        assert!(kept.nets.keys().eq(off.nets.keys()), "{name}");
        for (net, graph) in &kept.nets {
            assert_same(&format!("{name}: {net}"), &graph.graph, &off.nets[net].graph);
        }
    }

    /// Small spaces, each with something that copying could get wrong.
    const TRICKY: &[(&str, &str)] = &[
        (
            "a mix lives where its first term does",
            "
            op flip = choose { skip = same  pool = pool(max, 3) }
            net n(x) { node a = x > conv(3, 8)  node b = a > flip  node c = b > flip  out c }",
        ),
        (
            "one design under several types",
            "
            cell c(x) { node y = x > choose { a = conv(1, 8)  b = conv(3, 8) }  out y }
            let d = c
            net n(x) { node a = x > d  node b = a > d  node e = b > d  out e > d }",
        ),
        (
            "tied weights, twice of one type and once of another",
            "
            op block = conv(3) > bn > conv(1) > bn
            cell two(x) { node y = x > block > block  out y > relu }
            net n(x) {
              let t = tied two
              node a = x > conv(1, 8)
              node b = a > two > t
              out b > t > two > t
            }",
        ),
        (
            "what is kept is kept once",
            "
            op block = conv(3) > bn
            cell c(x) { keep node dead = x > block  out x > block }
            net n(x) { keep node a = x > block  node b = x > block  out b > c > c }",
        ),
        (
            "outputs of training come from every application",
            "
            cell c(x) { node y = x > conv(3)  aux out y = y  out y }
            net n(x) { node a = x > c  out a > c }",
        ),
        (
            "one map read twice, then two",
            "
            cell join(x, y) { out (x > conv(3)) + (y > conv(5)) }
            net n(x) { node a = join(x, x)  node b = join(x, a)  out join(a, b) }",
        ),
        (
            "named results, taps and absent inputs",
            "
            encoder e(x, y?) { tap low = x > conv(3)  out sum(x > conv(1), y) }
            net n(x) {
              node a = e(x, absent)  node b = e(a.out, absent)  node c = e(b.out, b.low)
              out concat(e(c.out, c.low).out, c.low)
            }",
        ),
        (
            "types that depend on a choice",
            "
            op widen = choose { eight = conv(1, 8)  six = conv(1, 16) }
            cell c(x) { node y = x > widen > conv(3)  out y > conv(1, 4) }
            let d = c
            net n(x) { node a = x > d  node b = a > d  out x > c > d > c }",
        ),
        (
            "picks with operators, applied again",
            "
            opset O { a = conv(3)  same  z = conv(1) > bn }
            cell c(x, y) {
              node h[1] = sum(choose 2 of [x, y] with repeats via O)
              node h[2] = sum(choose ordered 2 of [x via O, h[..2] via O] with repeats)
              out concat(h) > conv(1, 8)
            }
            let d = c
            net n(x) {
              node a = x > conv(1, 8)  node b = d(a, a)  node e = d(a, b)
              out d(d(b, e), c(b, e))
            }",
        ),
    ];

    #[test]
    fn tricky_spaces_have_the_same_graphs_without_memory() {
        for (name, text) in TRICKY {
            same_without_memory(name, text);
        }
    }

    #[test]
    fn shipped_specs_have_the_same_graphs_without_memory() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs");
        for folder in [folder.clone(), folder.join("published")] {
            for entry in std::fs::read_dir(folder).expect("specs are there") {
                let path = entry.expect("a file").path();
                if path.extension().is_some_and(|e| e == "seg") {
                    let text = std::fs::read_to_string(&path).expect("a text");
                    same_without_memory(&path.display().to_string(), &text);
                }
            }
        }
    }
}
