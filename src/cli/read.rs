//! Reading a spec for a command, and choosing the network that the command is about.

use super::args::{Input, Spec};
use super::failure::Failure;
use super::term::Term;
use crate::diag::{self, Diag, Severity, Sink, did_you_mean};
use crate::ir::Size;
use crate::search::plan::DataSpec;
use crate::sema::plan::Plans;
use crate::sema::{self, Net, Program, Space, Wanted};
use crate::source::Sources;
use std::io::Read;
use std::path::Path;

/// A spec that was read and judged.
#[derive(Debug)]
pub struct Judged {
    /// What messages call it.
    pub name: String,
    /// Its text.
    pub text: String,
    /// It and what it imports.
    pub program: Program,
    /// What it describes.
    pub space: Space,
    /// What is wrong with it, by file and place.
    pub diags: Vec<Diag>,
}

impl Judged {
    /// Whether nothing but warnings was found.
    pub fn is_right(&self) -> bool {
        self.diags.iter().all(|d| d.severity() != Severity::Error)
    }
}

/// Reads and judges a spec. Mistakes are in the result; a file that cannot be read is a failure.
pub fn judge(path: &Path, set: &[(String, String)]) -> Result<Judged, Failure> {
    judge_early(path, set, None)
}

/// The same; a network may be wanted before all is judged.
fn judge_early(
    path: &Path,
    set: &[(String, String)],
    wanted: Option<Wanted<'_>>,
) -> Result<Judged, Failure> {
    let mut diags = Sink::default();
    let name = if is_stdin(path) { "<stdin>".into() } else { path.display().to_string() };
    let text = match String::from_utf8(bytes(path)?) {
        Ok(text) => text,
        Err(error) => {
            diags.push(not_text(&name, error.utf8_error().valid_up_to()));
            let program = Program::default();
            let space = sema::analyse(&program, &mut diags);
            let text = String::new();
            return Ok(Judged { name, text, program, space, diags: diags.finish() });
        }
    };
    let place = (!is_stdin(path)).then_some(path);
    let program = sema::load(&name, place, &text, set, &mut diags);
    let space = sema::analyse_early(&program, &mut diags, wanted);
    Ok(Judged { name, text, program, space, diags: diags.finish() })
}

/// Reads a spec that has to be right: mistakes are printed, and end the command.
pub fn right(spec: &Spec, term: &Term) -> Result<Judged, Failure> {
    right_early(spec, term, None)
}

/// The same; a network may be wanted before all is judged.
pub fn right_early(
    spec: &Spec,
    term: &Term,
    wanted: Option<Wanted<'_>>,
) -> Result<Judged, Failure> {
    let judged = judge_early(&spec.file, &spec.set.pairs(), wanted)?;
    print_diags(&judged.diags, &judged.program.sources, term);
    if judged.is_right() { Ok(judged) } else { Err(Failure::Spec) }
}

/// Draws diagnostics on stderr.
pub fn print_diags(diags: &[Diag], sources: &Sources, term: &Term) {
    if !diags.is_empty() {
        eprint!("{}", diag::render(diags, sources, term.diag_style()));
    }
}

/// Whether `-` is meant.
pub fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// A file's bytes, or standard input's.
pub fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    if is_stdin(path) {
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().read_to_end(&mut bytes);
        read.map_err(|e| Failure::machine(format!("cannot read standard input: {e}")))?;
        return Ok(bytes);
    }
    std::fs::read(path).map_err(|error| Failure::file("read", path, &error))
}

/// The mistake of a file whose bytes are no text.
pub fn not_text(name: &str, byte: usize) -> Diag {
    let message = format!("`{name}` is not text: byte {byte} is not UTF-8");
    Diag::new("E0108", message).help("save it as UTF-8")
}

/// The network that a command is about.
#[derive(Clone, Copy, Debug)]
pub struct Chosen<'a> {
    /// Its name.
    pub name: &'a str,
    /// The network.
    pub net: &'a Net,
    /// Why it is this one, in a few words.
    pub why: &'static str,
}

/// The network that is asked for; else the one that the search block names, else the only one,
/// else the last.
pub fn choose<'a>(judged: &'a Judged, asked: Option<&str>) -> Result<Chosen<'a>, Failure> {
    let nets = &judged.space.nets;
    let find =
        |name: &str, why| nets.get_key_value(name).map(|(name, net)| Chosen { name, net, why });
    if let Some(asked) = asked {
        return find(asked, "as asked").ok_or_else(|| no_net(judged, asked));
    }
    let searched = judged.space.plans.search.keys().next();
    let last = || {
        let why = if nets.len() == 1 { "the only one" } else { "the last one" };
        nets.last().map(|(name, net)| Chosen { name, net, why })
    };
    let searched = searched.and_then(|name| find(name, "named by the search block"));
    searched.or_else(last).ok_or_else(|| {
        let message = format!("`{}` describes no network", judged.name);
        Failure::with_help(message, "a network begins with `net name(image) {`")
    })
}

fn no_net(judged: &Judged, asked: &str) -> Failure {
    let known = || judged.space.nets.keys().map(String::as_str);
    let help = match did_you_mean(asked, known()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it has {}", known().collect::<Vec<_>>().join(", ")),
    };
    Failure::with_help(format!("`{}` has no network `{asked}`", judged.name), help)
}

/// The input that costs are reported at where the command line says none.
const DEFAULT_INPUT: (u32, u32) = (512, 1024);

/// The input that the spec's plans for a network speak of (`bench` before `train` before
/// `search`), and which of them it was.
pub fn planned_input(plans: &Plans, net: &str) -> (Input, &'static str) {
    let bench = plans.bench.get(net).and_then(|(plan, _)| plan.inputs.first());
    if let Some(&[batch, channels, h, w]) = bench {
        return (Input { batch, channels, size: Size { h, w } }, "the bench block's");
    }
    let picture = |data: &DataSpec| data.crop.or(data.size).map(|s| Input::picture(s.h, s.w));
    if let Some(input) = plans.train.get(net).and_then(|(plan, _)| picture(&plan.last().data)) {
        return (input, "the train block's");
    }
    if let Some(input) = plans.search.get(net).and_then(|(plan, _)| picture(&plan.data)) {
        return (input, "the search block's");
    }
    (Input::picture(DEFAULT_INPUT.0, DEFAULT_INPUT.1), "the default")
}

/// The images of a training step as a network's search block says, else its train block.
pub fn planned_batch(plans: &Plans, net: &str) -> Option<Input> {
    let searched = plans.search.get(net).map(|(plan, _)| &plan.data);
    let data = searched.or_else(|| plans.train.get(net).map(|(plan, _)| &plan.last().data))?;
    let size = data.crop.or(data.size)?;
    Some(Input { batch: data.batch, ..Input::picture(size.h, size.w) })
}
