//! What `segc check` says of a spec that is right: its networks, its decisions, the size of the
//! space, what its members cost.

use crate::cli::alike::told_as_one;
use crate::cli::args::Input;
use crate::cli::cost::{self, Bounds};
use crate::cli::count;
use crate::cli::failure::Failure;
use crate::cli::json::Decimal;
use crate::cli::number::{self, bytes, grouped, with_prefix};
use crate::cli::read::{self, Judged};
use crate::cli::term::{Rows, Term};
use crate::ir::count::assignments;
use crate::ir::kernel::Kernel;
use crate::ir::{Decision, Domain, MapType};
use crate::maps::IndexMap;
use crate::sema::Net;
use crate::syntax::ast::{ItemKind, Role};
use serde::Serialize;

/// What a right spec describes.
#[derive(Serialize)]
pub(super) struct Summary {
    networks: Vec<Network>,
    decisions: Vec<Open>,
    /// Of the network that commands take by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    space: Option<Size>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<cost::Report>,
    #[serde(skip_serializing_if = "Option::is_none")]
    supernet: Option<cost::Supernet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    controller: Option<Controller>,
    /// What a file without a network has.
    #[serde(skip)]
    declares: String,
}

/// Kernels up to which bounds are found while one waits; `segc cost` bounds larger spaces.
const QUICK: usize = 5_000;

#[derive(Serialize)]
struct Network {
    name: String,
    inputs: Vec<String>,
    outputs: Vec<Out>,
    kernels: usize,
    weights: usize,
    decisions: usize,
}

#[derive(Serialize)]
struct Out {
    name: String,
    /// `19 @ /1`.
    #[serde(rename = "type")]
    ty: String,
    aux: bool,
}

#[derive(Serialize)]
struct Open {
    name: String,
    kind: &'static str,
    count: Decimal,
    #[serde(skip)]
    what: String,
}

/// What would make the decisions one after another.
#[derive(Serialize)]
struct Controller {
    net: String,
    steps: usize,
    warm_up: u32,
    params: u64,
}

#[derive(Serialize)]
struct Size {
    net: String,
    /// Every combination of all decisions; `segc count` says more, and takes longer.
    assignments: Decimal,
}

impl Summary {
    pub(super) fn of(judged: &Judged, input: Option<Input>) -> Summary {
        let chosen = read::choose(judged, None).ok();
        let decisions = judged.space.decisions();
        let size = chosen.filter(|_| !decisions.is_empty()).map(|chosen| Size {
            net: chosen.name.to_owned(),
            assignments: Decimal(assignments(decisions)),
        });
        // Without `--input`, sizes that do not fit the default say nothing about the spec.
        let asked =
            chosen.map(|chosen| (chosen, cost::At::of(&judged.space.plans, chosen.name, input)));
        let quick = asked.filter(|(chosen, _)| {
            let graph = &chosen.net.graph;
            graph.leaves.is_empty() || graph.graph.node_count() <= QUICK
        });
        let costs = quick.and_then(|(chosen, at)| cost::measure(judged, chosen, at, false).ok());
        let supernet = match &costs {
            Some(costs) => costs.supernet,
            None => asked.and_then(|(chosen, at)| cost::supernet(chosen, at, false)),
        };
        Summary {
            networks: judged.space.nets.iter().map(|(name, net)| network(name, net)).collect(),
            decisions: decisions.iter().map(open).collect(),
            space: size,
            cost: costs,
            supernet,
            controller: chosen.and_then(|chosen| controller(judged, chosen.name)),
            declares: declares(judged),
        }
    }

    /// The images of a training step of all alternatives together, and the memory that it takes.
    pub(super) fn training(&self) -> Option<(Input, u64)> {
        self.supernet.map(|supernet| (supernet.train_input.0, supernet.train_peak_bytes))
    }

    pub(super) fn print(&self, name: &str, term: &mut Term) -> Result<(), Failure> {
        let (title, ok) = (term.paint.bold(name), term.paint.green("ok"));
        term.line(format_args!("{title}  {ok}"))?;
        self.print_networks(term)?;
        if self.networks.is_empty() {
            return Ok(());
        }
        self.print_decisions(term)?;
        let mut rows = Rows::plain("lrl");
        if let Some(space) = &self.space {
            let of = format!("of `{}`", space.net);
            rows.push(["assignments".into(), number::count(&space.assignments.0), of]);
        }
        if let Some(cost) = &self.cost {
            let at = format!("`{}` at {}", cost.net, cost.input);
            let pair = |b: Bounds| match b.min == b.max {
                true => with_prefix(b.min),
                false => format!("{} to {}", with_prefix(b.min).trim(), with_prefix(b.max)),
            };
            let pair = |b: Bounds| pair(b).trim().to_owned();
            rows.push(["params".into(), pair(cost.params), at]);
            if let Some(built) = cost.params_built.filter(|built| built.max > cost.params.max) {
                rows.push([
                    "with `keep`".into(),
                    pair(built),
                    "params of all that is built".into(),
                ]);
            }
            rows.push(["MACs".into(), pair(cost.macs), String::new()]);
        } else if self.space.is_some() {
            let how = "`segc cost` finds them, in a while".to_owned();
            rows.push(["params, MACs".into(), String::new(), how]);
        }
        if let Some(supernet) = &self.supernet {
            let need = bytes(supernet.train_peak_bytes);
            let at = format!("to train at {}", supernet.train_input.0);
            rows.push(["supernet".into(), need, at]);
        }
        if let Some(controller) = &self.controller {
            let steps = match controller.warm_up {
                0 => format!("in {}", number::plural(controller.steps, "step")),
                n => format!("in {}, {n} before them", number::plural(controller.steps, "step")),
            };
            rows.push([
                "controller".into(),
                format!("{} params", grouped(controller.params)),
                steps,
            ]);
        }
        if !rows.is_empty() {
            term.line("")?;
            term.table(&rows)?;
        }
        Ok(())
    }

    fn print_networks(&self, term: &mut Term) -> Result<(), Failure> {
        let mut rows = Rows::headed("lllrr", &["network", "reads", "yields", "kernels", "weights"]);
        for net in &self.networks {
            let outs = net.outputs.iter().map(|o| match (&o.name[..], o.aux) {
                ("out", false) => o.ty.clone(),
                (name, false) => format!("{name}: {}", o.ty),
                (name, true) => format!("{name}: {} (in training)", o.ty),
            });
            rows.push([
                net.name.clone(),
                net.inputs.join(", "),
                outs.collect::<Vec<_>>().join(", "),
                grouped(net.kernels),
                grouped(net.weights),
            ]);
        }
        if rows.is_empty() {
            return match self.declares.as_str() {
                "" => term.line("  no network"),
                all => term.line(format_args!("  no network: {all}, for other specs to use")),
            };
        }
        term.line("")?;
        term.table(&rows)
    }

    fn print_decisions(&self, term: &mut Term) -> Result<(), Failure> {
        if self.decisions.is_empty() {
            return term.line("\n  every decision is taken: a finished network");
        }
        let mut rows = Rows::headed("llr", &["decision", "of", "values"]);
        let row =
            |open: &Open| [open.name.clone(), open.what.clone(), number::count(&open.count.0)];
        for row in told_as_one(self.decisions.iter().map(row).collect()) {
            rows.push(row);
        }
        term.line("")?;
        term.table(&rows)
    }
}

/// What a file declares, by kind: `2 operators, 1 cell`.
fn declares(judged: &Judged) -> String {
    let mut kinds: IndexMap<&str, usize> = IndexMap::default();
    let items = judged.program.modules.first().map_or(&[][..], |m| &m.ast.items);
    for item in items {
        let kind = match &item.kind {
            ItemKind::Use(_) | ItemKind::Block(_) => continue,
            ItemKind::Const(_) => "constant",
            ItemKind::Let(_) => "binding",
            ItemKind::Opset(_) => "operator set",
            ItemKind::Op(_) => "operator",
            ItemKind::Trellis(_) => "trellis",
            ItemKind::Definition(def) => match def.role {
                Role::Cell => "cell",
                Role::Head => "head",
                Role::Stem => "stem",
                Role::Encoder => "encoder",
                Role::Decoder => "decoder",
                Role::Net => "network",
            },
        };
        *kinds.entry(kind).or_default() += 1;
    }
    let words: Vec<String> = kinds
        .into_iter()
        .map(|(kind, n)| match (kind, n) {
            ("trellis", n) if n > 1 => format!("{n} trellises"),
            (kind, n) => number::plural(n, kind),
        })
        .collect();
    words.join(", ")
}

fn network(name: &str, net: &Net) -> Network {
    let graph = &net.graph;
    let inputs = graph.nodes().filter(|(_, n)| matches!(n.kernel, Kernel::Input(_)));
    let mut decisions: Vec<_> = graph.leaves.iter().map(|gate| gate.decision()).collect();
    decisions.sort_unstable();
    decisions.dedup();
    Network {
        name: name.to_owned(),
        inputs: inputs.map(|(_, n)| show(n.ty)).collect(),
        outputs: graph
            .outputs
            .iter()
            .map(|o| Out { name: o.name.clone(), ty: show(graph.node(o.node).ty), aux: o.aux })
            .collect(),
        kernels: graph.graph.node_count(),
        weights: graph.weights.len(),
        decisions: decisions.len(),
    }
}

fn controller(judged: &Judged, net: &str) -> Option<Controller> {
    let (plan, _) = judged.space.plans.controller.get(net)?;
    let (net, steps) = (plan.net.clone(), plan.steps.len());
    Some(Controller { net, steps, warm_up: plan.warm_up, params: plan.params() })
}

fn show(ty: MapType) -> String {
    ty.to_string()
}

fn open(decision: &Decision) -> Open {
    Open {
        name: decision.name.clone(),
        kind: count::kind(&decision.domain),
        count: Decimal(decision.domain.count()),
        what: describe(&decision.domain),
    }
}

/// What a decision chooses, in a few words.
pub(in crate::cli) fn describe(domain: &Domain) -> String {
    match domain {
        Domain::One(labels) => format!("one of {}", few(labels)),
        Domain::Picks(picks) => {
            let ops = picks.candidates.iter().map(|c| c.ops.len()).max().unwrap_or(0);
            let mut text =
                format!("{} of {}", picks.k, number::plural(picks.candidates.len(), "input"));
            if ops > 0 {
                text = format!("{text} via {}", number::plural(ops, "operator"));
            }
            text
        }
        Domain::Path(lattice) => {
            let scales: Vec<String> = lattice.scales.iter().map(ToString::to_string).collect();
            format!("paths of {} layers over {}", lattice.layers, scales.join(" "))
        }
    }
}

/// Labels that are listed before the rest is only counted.
const FEW: usize = 6;

fn few(labels: &[String]) -> String {
    match labels.len() {
        0..=FEW => labels.join(", "),
        n => format!("{}, … ({n})", labels[..FEW - 1].join(", ")),
    }
}
