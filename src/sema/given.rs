//! `decisions = [...]`: a list that takes the decisions of a definition, one by one in the order in
//! which they are made.

use super::eval::{Eval, Evaluator};
use super::frame::Frame;
use super::module::ItemRef;
use super::params::config_of;
use super::value::{Design, DesignKind, Value};
use crate::diag::Diag;
use crate::ir::decision::{Domain, Pick, Picks, Value as Taken};
use crate::maps::IndexSet;
use crate::source::Span;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// The argument that such a list is given as.
pub(in crate::sema) const DECISIONS: &str = "decisions";

/// A place where a decision is made.
type Place = (Span, Vec<i64>);

/// A list of decisions that are taken, and who asked for each.
#[derive(Debug)]
pub(crate) struct Given {
    items: Vec<Value>,
    at: Span,
    places: RefCell<IndexSet<Place>>,
    applied: Cell<bool>,
}

impl Given {
    /// The list among a design's configuration.
    pub(super) fn of(design: &Design) -> Option<Rc<Given>> {
        let DesignKind::Item(item) = &design.kind else { return None };
        if has_own(item) {
            return None;
        }
        let (_, value, at) = design.config.iter().rev().find(|(name, ..)| **name == *DECISIONS)?;
        let items = match value {
            Value::List(items) => items.to_vec(),
            one => vec![one.clone()],
        };
        let (places, applied) = (RefCell::default(), Cell::new(false));
        Some(Rc::new(Given { items, at: *at, places, applied }))
    }

    /// The element for a place: the next one, or the same again.
    fn element(&self, place: Place) -> (usize, Option<&Value>) {
        let at = self.places.borrow_mut().insert_full(place).0;
        (at, self.items.get(at))
    }
}

impl Evaluator<'_> {
    /// What a list says of a decision here; nothing where it is left open.
    pub(super) fn taken(&mut self, domain: &Domain, at: Span, f: &Frame) -> Eval<Option<Taken>> {
        let Some(given) = f.instance.given.clone() else { return Ok(None) };
        let (number, element) = given.element((at, f.indices.clone()));
        let Some(element) = element else {
            let many = given.items.len();
            return self.fail(
                Diag::new("E0320", format!("`{DECISIONS}` gives {many}, and there are more"))
                    .label(given.at, "ends before this one")
                    .label(at, format!("number {}", number + 1))
                    .help(format!("give one more: {}", form(domain))),
            );
        };
        match value_of(element, domain) {
            Some(value) => Ok(Some(value)),
            None => self.fail(
                Diag::new("E0320", format!("element {} of `{DECISIONS}` does not fit", number + 1))
                    .label(given.at, "given here")
                    .label(at, "what it is to decide")
                    .help(format!("give {}", form(domain))),
            ),
        }
    }

    /// Notes that a definition with such a list is applied.
    pub(super) fn given_applied(&mut self, f: &Frame) {
        if let Some(given) = &f.instance.given
            && !given.applied.replace(true)
        {
            self.given.push(Rc::clone(given));
        }
    }

    /// Reports the lists that have more elements than decisions were made.
    pub(super) fn check_given(&mut self) -> Eval<()> {
        for given in std::mem::take(&mut self.given) {
            let made = given.places.borrow().len();
            if made < given.items.len() {
                let many = given.items.len();
                return self.fail(
                    Diag::new(
                        "E0320",
                        format!("`{DECISIONS}` gives {many}, for {made} to be taken"),
                    )
                    .label(given.at, "has more than there is to decide")
                    .help("`segc check` lists what is open without it, in order"),
                );
            }
        }
        Ok(())
    }
}

/// Whether an item has an argument of that name, which then is nothing but that.
pub(super) fn has_own(item: &ItemRef) -> bool {
    config_of(item).iter().any(|param| param.name.value == DECISIONS)
}

/// What an element must look like.
fn form(domain: &Domain) -> String {
    match domain {
        Domain::One(labels) => {
            format!("a number from 0 to {}, or a label as a string", labels.len().max(1) - 1)
        }
        Domain::Picks(picks) => {
            let through = picks.candidates.iter().any(|c| !c.ops.is_empty());
            let k = picks.k;
            match through {
                true => format!("a list of {k} inputs, then their {k} operators"),
                false => format!("a list of {k} inputs"),
            }
        }
        Domain::Path(lattice) => {
            format!("a list of {} scales that the path may take", lattice.layers)
        }
    }
}

/// The value of a domain that an element stands for.
fn value_of(element: &Value, domain: &Domain) -> Option<Taken> {
    let value = match domain {
        Domain::One(labels) => Taken::One(index(element, labels)?),
        Domain::Picks(picks) => Taken::Picks(picks_of(element, picks)?),
        Domain::Path(lattice) => {
            let Value::List(items) = element else { return None };
            let step = |item: &Value| match item {
                Value::Scale(s) => lattice.scales.iter().position(|have| have == s),
                _ => None,
            };
            let steps = items.iter().map(|item| u8::try_from(step(item)?).ok());
            Taken::Path(steps.collect::<Option<_>>()?)
        }
    };
    domain.rank(&value).map(|_| value)
}

fn index(element: &Value, labels: &[String]) -> Option<u32> {
    let found = match element {
        Value::Num(n) if n.is_integer() => usize::try_from(*n.numer()).ok(),
        Value::Str(word) | Value::Label(word) => labels.iter().position(|l| **l == **word),
        _ => None,
    };
    found.filter(|at| *at < labels.len()).map(|at| at as u32)
}

/// Inputs first, then operators: `[i, j, f, g]`.
fn picks_of(element: &Value, picks: &Picks) -> Option<Vec<Pick>> {
    let items = match element {
        Value::List(items) => items.to_vec(),
        one => vec![one.clone()],
    };
    let k = picks.k as usize;
    let through = picks.candidates.iter().any(|c| !c.ops.is_empty());
    if items.len() != if through { 2 * k } else { k } {
        return None;
    }
    let labels: Vec<String> = picks.candidates.iter().map(|c| c.label.clone()).collect();
    let pick = |slot: usize| {
        let candidate = index(&items[slot], &labels)?;
        let ops = &picks.candidates[candidate as usize].ops;
        let op = match items.get(k + slot) {
            Some(item) if !ops.is_empty() => index(item, ops)?,
            _ => 0,
        };
        Some(Pick { candidate: candidate as u16, op: op as u16 })
    };
    let mut all: Vec<Pick> = (0..k).map(pick).collect::<Option<_>>()?;
    if !picks.ordered {
        all.sort_unstable();
    }
    Some(all)
}
