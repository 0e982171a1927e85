//! Sites of a network that was elaborated on its own, put together with those of others: the outcome
//! is that of elaborating it after them.

use super::{Site, SiteKey, Sites};
use crate::ir::decision::{Decision, DecisionId};
use crate::sema::sites::InstanceKey;
use crate::sema::value::{InstanceId, PathValue};
use indexmap::map::Entry;

/// What another's numbers are here.
#[derive(Debug, Default)]
struct Renumbered {
    instances: Vec<InstanceId>,
    decisions: Vec<DecisionId>,
}

impl Renumbered {
    fn instance(&self, id: InstanceId) -> InstanceId {
        self.instances[id.0 as usize]
    }

    fn decision(&self, id: DecisionId) -> DecisionId {
        self.decisions[id.index()]
    }

    fn key(&self, (instance, at, indices): SiteKey) -> SiteKey {
        (self.instance(instance), at, indices)
    }

    fn site(&self, site: Site) -> Site {
        Site { decision: self.decision(site.decision), ..site }
    }
}

impl Sites {
    /// Adds what another network decides, after all that is here; what was made for both is one. What
    /// the other's decisions are called here comes back; nothing where one decision has two domains,
    /// which is a mistake: then no decision is added that comes after it.
    pub(in crate::sema) fn join(&mut self, other: Sites) -> Option<Vec<DecisionId>> {
        let mut new = Renumbered::default();
        for (key, item) in other.instances.into_iter().zip(other.items) {
            let parent = key.parent.map(|parent| new.instance(parent));
            let (at, fresh) = self.instances.insert_full(InstanceKey { parent, ..key });
            if fresh {
                self.items.push(item);
            }
            new.instances.push(InstanceId(at as u32));
        }
        // Each decision has one site, and they are in one order.
        for (decision, (key, site)) in other.decisions.into_iter().zip(other.sites) {
            let here = self.join_decision(new.key(key), site, decision)?;
            new.decisions.push(here);
        }
        for (key, site) in other.matches {
            let site = site.map(|site| new.site(site));
            match self.matches.entry(new.key(key)) {
                Entry::Vacant(place) => drop(place.insert(site)),
                Entry::Occupied(mut known) => {
                    let decision = |site: &Option<Site>| site.as_ref().map(|site| site.decision);
                    if decision(known.get()) != decision(&site) {
                        known.insert(None);
                    }
                }
            }
        }
        for (key, arm) in other.arms {
            let known = self.arms.entry(new.key(key)).or_insert(arm);
            if *known != arm {
                *known = None;
            }
        }
        for (key, mut elements) in other.unread {
            let candidates = elements.iter_mut().flat_map(|(_, candidates)| candidates);
            candidates.for_each(|(of, _)| *of = new.decision(*of));
            self.unread.insert(new.key(key), elements);
        }
        for (instance, mut path) in other.lanes {
            if let PathValue::Open(of, _) = &mut path {
                *of = new.decision(*of);
            }
            self.lanes.insert(new.instance(instance), path);
        }
        for (key, turns) in other.loops {
            self.loops.entry(new.key(key)).or_insert(turns);
        }
        self.retyped.extend(other.retyped.into_iter().map(|of| new.decision(of)));
        self.asked += other.asked;
        Some(new.decisions)
    }

    fn join_decision(
        &mut self,
        key: SiteKey,
        site: Site,
        decision: Decision,
    ) -> Option<DecisionId> {
        if let Some(known) = self.sites.get(&key) {
            let same = self.decisions[known.decision.index()].domain == decision.domain;
            return same.then_some(known.decision);
        }
        let id = DecisionId(self.decisions.len() as u32);
        let name = self.numbered(super::unnumbered(&decision.name).to_owned());
        self.decisions.push(Decision { name, ..decision });
        self.sites.insert(key, Site { decision: id, ..site });
        Some(id)
    }
}
