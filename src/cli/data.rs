//! `segc data`: makes street scenes, and says what a dataset folder holds.

use super::args::{self, Format};
use super::failure::Failure;
use super::json;
use super::number::{grouped, plural};
use super::term::{Rows, Term};
use crate::data::info::{self, SplitReport};
use crate::data::synth::{self, SynthConfig};
use crate::ir::Size;
use clap::Subcommand;
use indicatif::{ProgressBar, ProgressStyle};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::PathBuf;

/// Arguments of `segc data`.
#[derive(Clone, Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Debug, Subcommand)]
enum Command {
    /// Draw street scenes by chance, in the folders of Cityscapes, with its 19 classes
    Synth(Synth),
    /// Say what a dataset folder holds
    Info(Info),
}

#[derive(Clone, Debug, clap::Args)]
struct Synth {
    /// The folder
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
    /// Scenes to train on
    #[arg(long, value_name = "N", default_value_t = 500)]
    train: usize,
    /// Scenes to judge by
    #[arg(long, value_name = "N", default_value_t = 100)]
    val: usize,
    /// Rows x columns
    #[arg(long, value_name = "HxW", default_value = "256x512", value_parser = args::size)]
    size: Size,
    /// Where chance starts
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Threads [default: one per core]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
}

#[derive(Clone, Debug, clap::Args)]
struct Info {
    /// The folder
    dir: PathBuf,
    /// How to report
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(args: &Args, term: &mut Term) -> Result<(), Failure> {
    match &args.command {
        Command::Synth(args) => synth(args, term),
        Command::Info(args) => describe(args, term),
    }
}

fn synth(args: &Synth, term: &mut Term) -> Result<(), Failure> {
    let cores = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let config = SynthConfig {
        train: args.train,
        val: args.val,
        size: crate::data::Size::new(args.size.h, args.size.w),
        seed: args.seed,
        threads: args.threads.unwrap_or_else(cores),
    };
    let bar = progress_bar(args.train + args.val);
    let told = |done: usize, _all: usize| {
        bar.set_position(done as u64);
        ControlFlow::Continue(())
    };
    let written = synth::write(&config, &args.out, &told);
    bar.finish_and_clear();
    let summary = written?;
    let scenes = plural(summary.scenes, "scene");
    let done = if summary.reused { "holds these scenes already:" } else { "holds" };
    term.line(format_args!("`{}` {done} {scenes} of {}", args.out.display(), args.size))
}

/// Shown on a terminal only, and on stderr.
fn progress_bar(scenes: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} scenes, {eta} left");
    ProgressBar::new(scenes as u64).with_style(style.expect("the template is right"))
}

fn describe(args: &Info, term: &mut Term) -> Result<(), Failure> {
    let report = info::report(&args.dir)?;
    if args.format == Format::Json {
        return json::print("segc.data/1", &report, term);
    }
    for (i, split) in report.splits.iter().enumerate() {
        if i > 0 {
            term.line("")?;
        }
        print_split(split, term)?;
    }
    Ok(())
}

fn print_split(split: &SplitReport, term: &mut Term) -> Result<(), Failure> {
    let sizes: Vec<String> =
        split.sizes.iter().map(|(size, n)| format!("{} of {size}", plural(*n, "image"))).collect();
    let ignored = percent(split.ignored_pixels, split.labelled_pixels + split.ignored_pixels);
    let bold = term.paint.bold(&split.name);
    term.line(format_args!("{bold}  {}, {ignored} of the pixels ignored", sizes.join(", ")))?;
    let mut rows = Rows::headed("lrrrr", &["class", "images", "pixels", "share", "weight"]);
    for class in &split.classes {
        rows.push([
            class.name.to_owned(),
            grouped(class.images),
            grouped(class.pixels),
            format!("{:.2} %", class.frequency * 100.0),
            format!("{:.2}", class.weight),
        ]);
    }
    term.table(&rows)?;
    let Some(most) = &split.majority else { return Ok(()) };
    term.line(format_args!(
        "  `{}` everywhere would score {:.1} % mIoU, {:.1} % of the pixels right",
        most.name,
        most.miou * 100.0,
        most.pixel_accuracy * 100.0
    ))
}

fn percent(part: u64, whole: u64) -> String {
    format!("{:.1} %", part as f64 * 100.0 / whole.max(1) as f64)
}
