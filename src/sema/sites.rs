//! Decisions and where they were made: what lets two applications of one design agree, and what
//! the emitter replaces when decisions are bound.

mod join;

use super::frame::Instance;
use super::module::ModuleId;
use super::value::{InstanceId, PathValue};
use crate::ir::decision::{Decision, DecisionId, Domain};
use crate::maps::{HashMap, IndexMap, IndexSet};
use crate::source::Span;
use crate::syntax::ast::Expr;
use std::collections::BTreeSet;
use std::rc::Rc;

/// Where a decision is made: in which instance, at which place, under which loop indices.
pub type SiteKey = (InstanceId, Span, Vec<i64>);

/// A candidate of a decision that picks.
pub type Candidate = (DecisionId, u16);

/// What stands for each value of a decision in the text.
#[derive(Clone, Debug)]
pub enum SiteText {
    /// An expression for each alternative.
    One(Vec<Expr>),
    /// `x via O`: the input, and an operator for each alternative.
    Via(Expr, Vec<Expr>),
    /// For each candidate its expression and its operators' expressions.
    Picks(Vec<(Expr, Vec<Expr>)>),
    /// A list of scales.
    Path,
}

/// A place where a decision is made.
#[derive(Clone, Debug)]
pub struct Site {
    /// The decision.
    pub decision: DecisionId,
    /// What to write for its values.
    pub text: SiteText,
}

/// What tells an instance from others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InstanceKey {
    /// The instance around it; nothing at a module's own level.
    pub parent: Option<InstanceId>,
    /// The expression that made it.
    pub site: Span,
    /// Loop indices there.
    pub indices: Vec<i64>,
}

/// All decisions of a space, with their sites and instances.
#[derive(Clone, Debug, Default)]
pub struct Sites {
    /// The decisions.
    pub decisions: Vec<Decision>,
    /// Where each is made.
    pub sites: IndexMap<SiteKey, Site>,
    /// The instances that made decisions or ran loops, each after the one around it.
    pub instances: IndexSet<InstanceKey>,
    /// What each instance is an instance of, by module and item; by [`InstanceId`].
    pub items: Vec<Option<(ModuleId, usize)>>,
    /// Every `match` on a decision: the arm that each alternative takes. Nothing where different
    /// decisions come to the same place.
    pub matches: IndexMap<SiteKey, Option<Site>>,
    /// Every `match` on a plain value in a turn of a loop: which arm it takes. Nothing where it takes
    /// one or another.
    pub arms: IndexMap<SiteKey, Option<usize>>,
    /// Every `unread`: the text of each element, and the candidates that it is.
    pub unread: IndexMap<SiteKey, Vec<(Expr, Vec<Candidate>)>>,
    /// The path that each trellis follows, by instance.
    pub lanes: IndexMap<InstanceId, PathValue>,
    /// What every loop ran over: the index and the text of each element.
    pub loops: IndexMap<SiteKey, Vec<(i64, Expr)>>,
    /// Decisions whose operators change the type of what is picked.
    pub retyped: BTreeSet<DecisionId>,
    /// How often an instance was asked for, to decide something or to run a loop.
    pub(super) asked: u32,
    /// How often each name of a decision was wanted.
    names: HashMap<String, u32>,
}

impl Sites {
    /// The number of an instance; instances are numbered when they first decide something.
    pub(super) fn instance(&mut self, instance: &Rc<Instance>) -> InstanceId {
        self.asked += 1;
        if let Some(id) = instance.id.get() {
            return *id;
        }
        let parent = instance.parent.as_ref().map(|p| self.instance(p));
        let key = InstanceKey { parent, site: instance.site, indices: instance.indices.clone() };
        let (at, fresh) = self.instances.insert_full(key);
        if fresh {
            self.items.push(instance.item);
        }
        let id = InstanceId(at as u32);
        *instance.id.get_or_init(|| id)
    }

    /// The decision of a site: made at first, found again afterwards. The flag says whether the
    /// domain is the one that it was made with.
    pub(super) fn decide(
        &mut self,
        instance: &Rc<Instance>,
        at: Span,
        indices: &[i64],
        label: &str,
        domain: &Domain,
        text: impl FnOnce() -> SiteText,
    ) -> (DecisionId, bool) {
        let key = (self.instance(instance), at, indices.to_vec());
        if let Some(site) = self.sites.get(&key) {
            let same = self.decisions[site.decision.index()].domain == *domain;
            return (site.decision, same);
        }
        let decision = DecisionId(self.decisions.len() as u32);
        let name = self.fresh_name(instance, label, indices);
        self.decisions.push(Decision { name, domain: domain.clone(), at });
        self.sites.insert(key, Site { decision, text: text() });
        (decision, true)
    }

    /// Notes which text a `match` stands for under each alternative of a decision.
    pub(super) fn note_match(
        &mut self,
        instance: &Rc<Instance>,
        at: Span,
        indices: &[i64],
        decision: DecisionId,
        texts: Vec<Expr>,
    ) {
        let key = (self.instance(instance), at, indices.to_vec());
        let site = Site { decision, text: SiteText::One(texts) };
        let known = self.matches.entry(key).or_insert(Some(site));
        if known.as_ref().is_some_and(|site| site.decision != decision) {
            *known = None;
        }
    }

    /// Notes which arm a `match` on what a loop counts takes in a turn.
    pub(super) fn note_arm(
        &mut self,
        instance: &Rc<Instance>,
        at: Span,
        indices: &[i64],
        arm: usize,
    ) {
        let key = (self.instance(instance), at, indices.to_vec());
        let known = self.arms.entry(key).or_insert(Some(arm));
        if *known != Some(arm) {
            *known = None;
        }
    }

    /// Notes which candidates of which decisions the elements of an `unread` are.
    pub(super) fn note_unread(
        &mut self,
        instance: &Rc<Instance>,
        at: Span,
        indices: &[i64],
        elements: Vec<(Expr, Vec<Candidate>)>,
    ) {
        let key = (self.instance(instance), at, indices.to_vec());
        self.unread.insert(key, elements);
    }

    /// What is known of a place where a decision is made, or where one is matched.
    pub fn at(&self, key: &SiteKey) -> Option<&Site> {
        self.sites.get(key).or_else(|| self.matches.get(key)?.as_ref())
    }

    /// The places where decisions are made or matched.
    pub fn places(&self) -> impl Iterator<Item = &SiteKey> {
        let matched = self.matches.iter().filter(|(_, site)| site.is_some());
        self.sites.keys().chain(matched.map(|(key, _)| key)).chain(self.unread.keys())
    }

    /// Every label of an alternative or an operator.
    pub(super) fn labels(&self) -> std::collections::BTreeSet<String> {
        let labels = |d: &Decision| match &d.domain {
            Domain::One(labels) => labels.clone(),
            Domain::Picks(picks) => {
                picks.candidates.iter().flat_map(|c| c.ops.iter().cloned()).collect()
            }
            Domain::Path(_) => Vec::new(),
        };
        self.decisions.iter().flat_map(labels).collect()
    }

    /// Where a loop makes several decisions of one label, each is named by the loop's indices.
    fn fresh_name(&mut self, instance: &Rc<Instance>, label: &str, indices: &[i64]) -> String {
        let mut parts: Vec<&str> =
            Some(label.trim_start_matches('.')).filter(|l| !l.is_empty()).into_iter().collect();
        let mut at = Some(instance);
        while let Some(instance) = at {
            if !instance.name.is_empty() {
                parts.push(&instance.name);
            }
            at = instance.parent.as_ref();
        }
        parts.reverse();
        parts.dedup();
        let mut name = parts.join(".");
        if !label.is_empty() && !label.contains('[') {
            indices.iter().for_each(|index| name.push_str(&format!("[{index}]")));
        }
        self.numbered(name)
    }

    /// A name with the number that tells it from the same ones before.
    fn numbered(&mut self, name: String) -> String {
        let used = self.names.entry(name.clone()).or_insert(0);
        *used += 1;
        if *used == 1 { name } else { format!("{name}{NUMBER}{used}") }
    }
}

/// What comes before the number that tells a name from the same ones before; no name that is written has it.
pub(super) const NUMBER: char = '#';

/// A name without its number.
fn unnumbered(name: &str) -> &str {
    name.split(NUMBER).next().unwrap_or(name)
}
