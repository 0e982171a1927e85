//! Specs drawn by chance, right by construction. Together they use every construct of the
//! language, every kernel and every kind of choice; the tests that use them count that they do.
//!
//! A spec is a network whose statements come from a table of templates. A template reads maps that
//! are there, and leaves new ones; what it leaves open is drawn.

mod choices;
mod kernels;
mod parts;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;

/// A spec of two files.
pub(crate) struct Generated {
    /// The first file.
    pub(crate) main: String,
    /// What it imports as `parts`.
    pub(crate) parts: &'static str,
}

/// The file that all generated specs can import from.
const PARTS: &str = "\
//! Parts that generated specs import.

const P = 4

op point = conv(1, P) > bn

cell pair(x, y?) {
  out sum(x > conv(3, P) > bn, y > conv(1, P))
}
";

/// A map that statements can read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Map {
    pub(crate) name: String,
    pub(crate) width: u32,
    pub(crate) scale: u32,
}

/// A spec in the making.
pub(crate) struct Draft {
    rng: ChaCha8Rng,
    uses: BTreeSet<&'static str>,
    items: Vec<String>,
    body: Vec<String>,
    maps: Vec<Map>,
    named: u32,
    plan: Plan,
}

/// A search that mixes alternatives, and maps of several types, are not for one spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    Open,
    Mixes,
    SeveralTypes,
}

type Template = fn(&mut Draft);

/// How many statements of templates a network has.
const STATEMENTS: usize = 5;

/// The spec of a number. Templates come round in turn, so that a run of numbers uses all.
pub(crate) fn spec(number: u64) -> Generated {
    let templates: Vec<Template> =
        [kernels::TEMPLATES, choices::TEMPLATES, parts::TEMPLATES].concat();
    let image = Map { name: "image".to_string(), width: 3, scale: 1 };
    let mut draft = Draft {
        rng: ChaCha8Rng::seed_from_u64(number),
        uses: BTreeSet::from(["use std.ops.*"]),
        items: Vec::new(),
        body: Vec::new(),
        maps: vec![image],
        named: 0,
        plan: Plan::Open,
    };
    let x = draft.name("x");
    draft.node(&x, "image > conv(3, 8, stride = 2) > bn", 8, 2);
    for turn in 0..STATEMENTS {
        let at = number as usize * STATEMENTS + turn;
        // Neighbours in the table rarely meet otherwise.
        templates[at * 7 % templates.len()](&mut draft);
    }
    draft.finish()
}

impl Draft {
    /// A number below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.rng.random_range(0..n)
    }

    /// One of several.
    pub(crate) fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    /// Whether this may be a spec that mixes alternatives, or one of several types; it is from now on.
    pub(crate) fn may(&mut self, plan: Plan) -> bool {
        let may = self.plan == Plan::Open || self.plan == plan;
        self.plan = if may { plan } else { self.plan };
        may
    }

    /// A name that is not used yet.
    pub(crate) fn name(&mut self, stem: &str) -> String {
        self.named += 1;
        format!("{stem}{}", self.named)
    }

    /// A declaration before the network.
    pub(crate) fn item(&mut self, text: String) {
        if !self.items.contains(&text) {
            self.items.push(text);
        }
    }

    /// An import.
    pub(crate) fn uses(&mut self, text: &'static str) {
        self.uses.insert(text);
    }

    /// A statement of the network.
    pub(crate) fn line(&mut self, text: String) {
        self.body.push(text);
    }

    /// A map that later statements can read.
    pub(crate) fn leaves(&mut self, name: &str, width: u32, scale: u32) -> Map {
        let map = Map { name: name.to_string(), width, scale };
        self.maps.push(map.clone());
        map
    }

    /// `node name = text`.
    pub(crate) fn node(&mut self, name: &str, text: &str, width: u32, scale: u32) -> Map {
        self.line(format!("node {name} = {text}"));
        self.leaves(name, width, scale)
    }

    /// A map to read, neither the image nor a coarse one.
    pub(crate) fn map(&mut self) -> Map {
        let fit = |m: &&Map| m.name != "image" && m.scale <= 8 && m.width <= 24;
        let all: Vec<Map> = self.maps.iter().filter(fit).cloned().collect();
        self.of(&all)
    }

    /// Another map of the type of one that is there.
    pub(crate) fn twin(&mut self, x: &Map) -> Map {
        let name = self.name("t");
        let op = self.of(&["conv(3) > bn", "dw(3)", "relu > conv(1)", "pool(max)"]);
        self.node(&name, &format!("{} > {op}", x.name), x.width, x.scale)
    }

    fn finish(mut self) -> Generated {
        let last: Vec<Map> = self.maps.iter().rev().take(4).cloned().collect();
        let parts: Vec<String> = last.iter().map(|m| format!("{} > resize(/2)", m.name)).collect();
        self.line(format!(
            "out concat({}) > conv(1, 19, bias = true) > resize(/1)",
            parts.join(", ")
        ));
        let body: Vec<String> = self.body.iter().map(|line| format!("  {line}\n")).collect();
        let uses: Vec<&str> = self.uses.iter().copied().collect();
        let main = format!(
            "//! Drawn by chance.\n{}\n{}\n/// What is searched.\nnet main(image) {{\n{}}}\n",
            uses.join("\n"),
            self.items.join("\n"),
            body.concat()
        );
        Generated { main, parts: PARTS }
    }
}
