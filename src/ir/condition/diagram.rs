//! Multi-valued decision diagrams, ordered and reduced: equal functions have equal ids.

use super::answers::Answers;
use crate::maps::{HashMap, IndexMap, IndexSet};
use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;
use smallvec::{SmallVec, smallvec};
use std::hash::BuildHasher;

/// A node of a [`Diagram`]: a function of the choices to true or false.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cond(u32);

impl Cond {
    /// Never.
    pub const FALSE: Cond = Cond(0);
    /// Always.
    pub const TRUE: Cond = Cond(1);

    /// Whether it is [`Cond::FALSE`] or [`Cond::TRUE`].
    pub fn is_constant(self) -> bool {
        self.0 < 2
    }
}

/// A store of diagrams over the same levels.
#[derive(Clone)]
pub struct Diagram {
    sizes: Vec<u32>,
    /// Level, where the children begin, and which of `supports` it has.
    nodes: Vec<(u32, u32, u32)>,
    children: Vec<Cond>,
    /// Sets of levels; the first is empty.
    supports: IndexSet<Box<[u32]>>,
    unions: HashMap<(u32, u32), u32>,
    /// A level, and one of `supports` below it, to both together.
    joined: HashMap<(u32, u32), u32>,
    /// All nodes, by level and children.
    unique: HashTable<Cond>,
    ands: Answers,
    ors: Answers,
    nots: Fast<u32>,
    given: Fast<(u32, u32, u32)>,
    without: Fast<(u32, u32, bool)>,
    limit: usize,
}

/// The children of a node. Most choices have few values.
type Kids = SmallVec<[Cond; 16]>;

type Fast<K> = HashMap<K, Cond>;

/// Where what is left is something, and what.
pub type Parts = SmallVec<[(Cond, Cond); 4]>;

/// Nodes that there is room for from the start.
const ROOM: usize = 1 << 14;

impl Diagram {
    /// No diagrams yet over levels of these sizes.
    pub fn new(sizes: Vec<u32>, limit: usize) -> Diagram {
        // The two constants lie below every level.
        let bottom = (sizes.len() as u32, 0, 0);
        Diagram {
            sizes,
            nodes: vec![bottom, bottom],
            children: Vec::new(),
            supports: IndexSet::from_iter([Box::default()]),
            unions: HashMap::default(),
            joined: HashMap::default(),
            unique: HashTable::with_capacity(ROOM),
            ands: Answers::default(),
            ors: Answers::default(),
            nots: Fast::default(),
            given: Fast::default(),
            without: Fast::default(),
            limit,
        }
    }

    /// Whether more nodes were asked for than allowed; answers since then are not to be trusted.
    pub fn overflowed(&self) -> bool {
        self.children.len() > self.limit
    }

    /// The most children of nodes that are made.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// The level that a function reads first; the number of levels for constants.
    pub fn level(&self, f: Cond) -> u32 {
        self.nodes[f.0 as usize].0
    }

    /// The function that is left when the first level that `f` reads takes a value.
    pub fn child(&self, f: Cond, value: u32) -> Cond {
        self.children[(self.nodes[f.0 as usize].1 + value) as usize]
    }

    /// The function of a value per level.
    pub fn eval(&self, mut f: Cond, values: &[u32]) -> bool {
        while !f.is_constant() {
            f = self.child(f, values[self.level(f) as usize]);
        }
        f == Cond::TRUE
    }

    /// That a choice takes a value; never where there is no such choice.
    pub fn is(&mut self, level: Option<u32>, value: u32) -> Cond {
        level.map_or(Cond::FALSE, |level| self.among(level, |v| v == value))
    }

    /// That a choice's value is among some.
    pub fn among(&mut self, level: u32, holds: impl Fn(u32) -> bool) -> Cond {
        let leaf = |v| if holds(v) { Cond::TRUE } else { Cond::FALSE };
        let kids: Kids = (0..self.sizes[level as usize]).map(leaf).collect();
        self.make(level, &kids)
    }

    /// That the values of two choices fit; the first has the lower level.
    pub fn pairs(&mut self, a: u32, b: u32, fits: impl Fn(u32, u32) -> bool) -> Cond {
        let size = self.sizes[a as usize];
        let kids: Kids = (0..size).map(|x| self.among(b, |y| fits(x, y))).collect();
        self.make(a, &kids)
    }

    /// What each value of a choice leads to: functions that read later choices.
    pub fn choose(&mut self, level: u32, kids: &[Cond]) -> Cond {
        debug_assert!(kids.iter().all(|kid| self.level(*kid) > level));
        self.make(level, kids)
    }

    fn make(&mut self, level: u32, kids: &[Cond]) -> Cond {
        if kids.windows(2).all(|two| two[0] == two[1]) {
            return kids.first().copied().unwrap_or(Cond::FALSE);
        }
        let hash = FxBuildHasher.hash_one((level, kids));
        let same = |other: &Cond| self.level(*other) == level && self.children_of(*other) == kids;
        if let Some(known) = self.unique.find(hash, same) {
            return *known;
        }
        if self.overflowed() {
            return Cond::FALSE;
        }
        let id = Cond(self.nodes.len() as u32);
        let support = self.support_of(level, kids);
        self.nodes.push((level, self.children.len() as u32, support));
        self.children.extend_from_slice(kids);
        let Diagram { sizes, nodes, children, unique, .. } = self;
        unique.insert_unique(hash, id, |other| {
            let (level, start, _) = nodes[other.0 as usize];
            let kids = &children[start as usize..][..sizes[level as usize] as usize];
            FxBuildHasher.hash_one((level, kids))
        });
        id
    }

    /// The children of a node that is no constant.
    fn children_of(&self, f: Cond) -> &[Cond] {
        let (level, start, _) = self.nodes[f.0 as usize];
        &self.children[start as usize..][..self.sizes[level as usize] as usize]
    }

    /// Both.
    #[inline]
    pub fn and(&mut self, f: Cond, g: Cond) -> Cond {
        match (f, g) {
            (Cond::FALSE, _) | (_, Cond::FALSE) => Cond::FALSE,
            (Cond::TRUE, other) | (other, Cond::TRUE) => other,
            _ if f == g => f,
            _ => self.and_of_two(f, g),
        }
    }

    fn and_of_two(&mut self, f: Cond, g: Cond) -> Cond {
        let pair = (f.min(g), f.max(g));
        if let Some(known) = self.ands.get(pair) {
            return known;
        }
        let out = self.descend(f, g, Diagram::and);
        self.ands.insert(pair, out);
        out
    }

    /// One or both.
    #[inline]
    pub fn or(&mut self, f: Cond, g: Cond) -> Cond {
        match (f, g) {
            (Cond::TRUE, _) | (_, Cond::TRUE) => Cond::TRUE,
            (Cond::FALSE, other) | (other, Cond::FALSE) => other,
            _ if f == g => f,
            _ => self.or_of_two(f, g),
        }
    }

    fn or_of_two(&mut self, f: Cond, g: Cond) -> Cond {
        let pair = (f.min(g), f.max(g));
        if let Some(known) = self.ors.get(pair) {
            return known;
        }
        let out = self.descend(f, g, Diagram::or);
        self.ors.insert(pair, out);
        out
    }

    /// One or more of some: put together in pairs, so that what comes of few is small.
    pub fn any(&mut self, mut of: SmallVec<[Cond; 8]>) -> Cond {
        while of.len() > 1 {
            let or = |two: &[Cond]| two[1..].iter().fold(two[0], |a, b| self.or(a, *b));
            of = of.chunks(2).map(or).collect();
        }
        of.first().copied().unwrap_or(Cond::FALSE)
    }

    /// Not.
    pub fn not(&mut self, f: Cond) -> Cond {
        if f.is_constant() {
            return if f == Cond::TRUE { Cond::FALSE } else { Cond::TRUE };
        }
        if let Some(known) = self.nots.get(&f.0) {
            return *known;
        }
        let kids = self.mapped(f, Diagram::not);
        let out = self.make(self.level(f), &kids);
        self.nots.insert(f.0, out);
        out
    }

    fn descend(&mut self, f: Cond, g: Cond, op: impl Fn(&mut Self, Cond, Cond) -> Cond) -> Cond {
        let level = self.level(f).min(self.level(g));
        let start = |d: &Diagram, x: Cond| (d.level(x) == level).then(|| d.nodes[x.0 as usize].1);
        let (left, right) = (start(self, f), start(self, g));
        // Many values of a choice lead to the same.
        let mut last = ((f, g), None);
        let kids: Kids = (0..self.sizes[level as usize])
            .map(|v| {
                let child = |at: u32| self.children[(at + v) as usize];
                let both = (left.map_or(f, child), right.map_or(g, child));
                match last {
                    (known, Some(kid)) if known == both => kid,
                    _ => {
                        let kid = op(self, both.0, both.1);
                        last = (both, Some(kid));
                        kid
                    }
                }
            })
            .collect();
        self.make(level, &kids)
    }

    /// What is made of each child of a node; once of those that come one after another and are equal.
    fn mapped(&mut self, f: Cond, mut of: impl FnMut(&mut Self, Cond) -> Cond) -> Kids {
        let (level, start, _) = self.nodes[f.0 as usize];
        let mut last = None;
        let values = 0..self.sizes[level as usize];
        let each = |v| {
            let child = self.children[(start + v) as usize];
            match last {
                Some((known, kid)) if known == child => kid,
                _ => {
                    let kid = of(self, child);
                    last = Some((child, kid));
                    kid
                }
            }
        };
        values.map(each).collect()
    }

    /// What is left when a choice takes a value.
    #[inline]
    pub fn given(&mut self, f: Cond, level: u32, value: u32) -> Cond {
        let own = self.level(f);
        if own >= level {
            return if own == level { self.child(f, value) } else { f };
        }
        self.given_below(f, level, value)
    }

    fn given_below(&mut self, f: Cond, level: u32, value: u32) -> Cond {
        let own = self.level(f);
        let key = (f.0, level, value);
        if let Some(known) = self.given.get(&key) {
            return *known;
        }
        let kids = self.mapped(f, |d, child| d.given(child, level, value));
        let out = self.make(own, &kids);
        self.given.insert(key, out);
        out
    }

    /// That it holds for some value of a choice.
    pub fn exists(&mut self, f: Cond, level: u32) -> Cond {
        self.without(f, level, true)
    }

    /// That it holds for every value of a choice.
    pub fn for_all(&mut self, f: Cond, level: u32) -> Cond {
        self.without(f, level, false)
    }

    /// That it holds for some value of a choice, or for all.
    fn without(&mut self, f: Cond, level: u32, some: bool) -> Cond {
        let own = self.level(f);
        if own > level {
            return f;
        }
        if own == level {
            let values = 0..self.sizes[level as usize];
            let kids: Kids = values.map(|value| self.child(f, value)).collect();
            return match some {
                true => kids.into_iter().fold(Cond::FALSE, |any, kid| self.or(any, kid)),
                false => kids.into_iter().fold(Cond::TRUE, |all, kid| self.and(all, kid)),
            };
        }
        let key = (f.0, level, some);
        if let Some(known) = self.without.get(&key) {
            return *known;
        }
        let kids = self.mapped(f, |d, child| d.without(child, level, some));
        let out = self.make(own, &kids);
        self.without.insert(key, out);
        out
    }

    /// A function as a sum of products: where the first holds, which reads levels that are `own` only,
    /// what is left is the second, which reads none of them. The first ones never hold together.
    /// `known` are such parts of others; of a function that reads some of these levels, by them.
    pub fn apart(
        &mut self,
        f: Cond,
        own: &impl Fn(u32) -> bool,
        known: &mut HashMap<Cond, Parts>,
    ) -> Parts {
        if f == Cond::FALSE {
            return Parts::new();
        }
        // Before what is known: that may be of other levels.
        let first = self.support(f).iter().copied().find(|level| own(*level));
        let Some(level) = first else { return smallvec![(Cond::TRUE, f)] };
        if let Some(known) = known.get(&f) {
            return known.clone();
        }
        let size = self.sizes[level as usize];
        let mut by_rest: IndexMap<Cond, Vec<Cond>> = IndexMap::default();
        for value in 0..size {
            let given = self.given(f, level, value);
            for (here, rest) in self.apart(given, own, known) {
                let kids = by_rest.entry(rest).or_insert_with(|| vec![Cond::FALSE; size as usize]);
                kids[value as usize] = here;
            }
        }
        let choose = |(rest, kids): (Cond, Vec<Cond>)| (self.choose(level, &kids), rest);
        let parts: Parts = by_rest.into_iter().map(choose).collect();
        known.insert(f, parts.clone());
        parts
    }

    /// That it holds for some values of all choices but these.
    pub fn project(&mut self, f: Cond, kept: &[u32]) -> Cond {
        self.project_on(f, kept, &mut Fast::default())
    }

    fn project_on(&mut self, f: Cond, kept: &[u32], known: &mut Fast<u32>) -> Cond {
        if f.is_constant() {
            return f;
        }
        if let Some(known) = known.get(&f.0) {
            return *known;
        }
        let level = self.level(f);
        let kids = self.mapped(f, |d, child| d.project_on(child, kept, known));
        let out = match kept.contains(&level) {
            true => self.make(level, &kids),
            false => kids.into_iter().fold(Cond::FALSE, |any, kid| self.or(any, kid)),
        };
        known.insert(f.0, out);
        out
    }

    /// Functions of another store over the same levels.
    pub fn adopt(&mut self, from: &Diagram, of: &[Cond]) -> Vec<Cond> {
        let mut known = Fast::default();
        of.iter().map(|f| self.adopt_one(from, *f, &mut known)).collect()
    }

    fn adopt_one(&mut self, from: &Diagram, f: Cond, known: &mut Fast<u32>) -> Cond {
        if f.is_constant() {
            return f;
        }
        if let Some(own) = known.get(&f.0) {
            return *own;
        }
        let level = from.level(f);
        let kids: Kids = (0..self.sizes[level as usize])
            .map(|v| self.adopt_one(from, from.child(f, v), known))
            .collect();
        let own = self.make(level, &kids);
        known.insert(f.0, own);
        own
    }

    /// The levels that a function reads, in order.
    pub fn support(&self, f: Cond) -> &[u32] {
        &self.supports[self.nodes[f.0 as usize].2 as usize]
    }

    /// The support of a node: its level and those of its children, which lie below.
    fn support_of(&mut self, level: u32, kids: &[Cond]) -> u32 {
        let mut below = 0;
        let mut last = 0;
        for kid in kids {
            let own = self.nodes[kid.0 as usize].2;
            if own != last {
                below = self.union(below, own);
                last = own;
            }
        }
        if let Some(known) = self.joined.get(&(level, below)) {
            return *known;
        }
        let all = [&[level], &self.supports[below as usize][..]].concat();
        let joined = self.supports.insert_full(all.into()).0 as u32;
        self.joined.insert((level, below), joined);
        joined
    }

    fn union(&mut self, a: u32, b: u32) -> u32 {
        if a == b || b == 0 {
            return a;
        }
        if a == 0 {
            return b;
        }
        let key = (a.min(b), a.max(b));
        if let Some(known) = self.unions.get(&key) {
            return *known;
        }
        let mut all = [&self.supports[a as usize][..], &self.supports[b as usize][..]].concat();
        all.sort_unstable();
        all.dedup();
        let union = self.supports.insert_full(all.into()).0 as u32;
        self.unions.insert(key, union);
        union
    }
}
