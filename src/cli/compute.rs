//! The commands that need libtorch. Their arguments are described here, for `segc` to judge and
//! to explain; `segc-engine` parses the same ones and does the work.

use super::args::{self, Input, Settings, Spec};
use super::failure::Failure;
use crate::ir::Size;
use clap::ValueEnum;
use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;

/// Where a command computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Device {
    /// The processor.
    #[default]
    Cpu,
    /// A CUDA device, by number.
    Cuda(u32),
}

impl FromStr for Device {
    type Err = String;

    fn from_str(text: &str) -> Result<Device, String> {
        let number = |text: &str| text.parse().map(Device::Cuda);
        match (text, text.strip_prefix("cuda:")) {
            ("cpu", _) => Ok(Device::Cpu),
            ("cuda", _) => Ok(Device::Cuda(0)),
            (_, Some(n)) => number(n).map_err(|_| format!("`{n}` is no device number")),
            _ => Err("write cpu, cuda or cuda:1".to_owned()),
        }
    }
}

impl std::fmt::Display for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Device::Cpu => f.write_str("cpu"),
            Device::Cuda(n) => write!(f, "cuda:{n}"),
        }
    }
}

/// What every computation takes.
#[derive(Clone, Debug, clap::Args)]
pub struct Machine {
    /// Where to compute: cpu, cuda, cuda:1 [default: cpu]
    #[arg(long, value_name = "DEVICE")]
    pub device: Option<Device>,
    /// Threads on the processor [default: one per core]
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// How much memory there is, such as 24GiB [default: what is free]
    #[arg(long, value_name = "SIZE", value_parser = args::bytes)]
    pub memory: Option<u64>,
}

impl Machine {
    /// Where to compute.
    pub fn device(&self) -> Device {
        self.device.unwrap_or_default()
    }

    /// Threads on the processor: those that were asked for, else one per core.
    pub fn threads(&self) -> NonZeroUsize {
        let all = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        self.threads.unwrap_or_else(all)
    }
}

/// How a network looks at an image.
#[derive(Clone, Debug, clap::Args)]
pub struct Looking {
    /// Look at each image at these factors of its size; the mean of the probabilities decides
    #[arg(long, value_name = "FACTORS", value_delimiter = ',', default_value = "1",
          value_parser = args::factor)]
    pub scales: Vec<f64>,
    /// Look at each image mirrored, too
    #[arg(long)]
    pub flip: bool,
    /// Look through a window that slides over the image
    #[arg(long, value_name = "HxW", value_parser = args::size)]
    pub window: Option<Size>,
    /// How far the window moves down and to the right [default: half of it]
    #[arg(long, value_name = "HxW", value_parser = args::size, requires = "window")]
    pub stride: Option<Size>,
}

/// Arguments of `segc plan`.
#[derive(Clone, Debug, clap::Args)]
pub struct Plan {
    /// The spec; a plan that was made before is shown
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Constants that are overridden.
    #[command(flatten)]
    pub set: Settings,
    /// The file to write the plan to, for `segc search` or `segc train` [default: only print it]
    #[arg(short, long, value_name = "PLAN")]
    pub out: Option<PathBuf>,
    /// The network: a search is planned where its decisions are open, else its training [default:
    /// the one that the search block names, else the train block]
    #[arg(long, value_name = "NAME")]
    pub net: Option<String>,
    /// The dataset's folder [default: the spec's data block says]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Times through the dataset, of a training [default: the train block says]
    #[arg(long, value_name = "N")]
    pub epochs: Option<u32>,
    /// Images in a batch [default: the block says]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub batch: Option<u32>,
    /// Weights that a training starts from, by name and shape
    #[arg(long, value_name = "FILE")]
    pub init: Option<PathBuf>,
    /// Where chance starts [default: the block says]
    #[arg(long)]
    pub seed: Option<u64>,
    /// How long to measure; three steps of each kind are measured in any case
    #[arg(long, value_name = "S", default_value_t = 20.0, value_parser = args::seconds)]
    pub seconds: f64,
    /// Where, and on how many threads.
    #[command(flatten)]
    pub machine: Machine,
    /// How to report
    #[arg(long, value_enum, default_value_t)]
    pub format: super::args::Format,
}

/// Arguments of `segc search`.
#[derive(Clone, Debug, clap::Args)]
pub struct Search {
    /// The spec with its `search` block, or what `segc plan` has made of it
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Constants that are overridden.
    #[command(flatten)]
    pub set: Settings,
    /// The run's folder; the winner becomes RUN/arch.seg, what it inherits RUN/arch.safetensors
    #[arg(short, long, value_name = "RUN")]
    pub out: PathBuf,
    /// Where chance starts [default: the block says]
    #[arg(long)]
    pub seed: Option<u64>,
    /// Images in a batch [default: the search block says]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub batch: Option<u32>,
    /// Train the winner and so many random members alike, and compare them
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub against: u32,
    /// Go on with the run that the folder holds
    #[arg(long)]
    pub resume: bool,
    /// The dataset's folder [default: the spec's data block says]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Where, and on how many threads.
    #[command(flatten)]
    pub machine: Machine,
}

/// Arguments of `segc train`.
#[derive(Clone, Debug, clap::Args)]
pub struct Train {
    /// The spec of a finished network, or what `segc plan` has made of it; `-` reads a spec from
    /// standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Constants that are overridden.
    #[command(flatten)]
    pub set: Settings,
    /// The run's folder
    #[arg(short, long, value_name = "RUN")]
    pub out: PathBuf,
    /// The network [default: the one that the train block names, else the last]
    #[arg(long, value_name = "NAME")]
    pub net: Option<String>,
    /// The dataset's folder [default: the spec's data block says]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Times through the dataset [default: the train block says]
    #[arg(long, value_name = "N")]
    pub epochs: Option<u32>,
    /// Images in a batch [default: the train block says]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub batch: Option<u32>,
    /// Weights to start from, by name and shape
    #[arg(long, value_name = "FILE")]
    pub init: Option<PathBuf>,
    /// Where chance starts [default: the block says]
    #[arg(long)]
    pub seed: Option<u64>,
    /// Go on with the run that the folder holds
    #[arg(long)]
    pub resume: bool,
    /// Where, and on how many threads.
    #[command(flatten)]
    pub machine: Machine,
}

/// Arguments of `segc eval`.
#[derive(Clone, Debug, clap::Args)]
pub struct Eval {
    /// The spec of a finished network, and what overrides it.
    #[command(flatten)]
    pub spec: Spec,
    /// Its weights
    #[arg(long, value_name = "FILE")]
    pub weights: PathBuf,
    /// The network [default: the one that the train block names, else the last]
    #[arg(long, value_name = "NAME")]
    pub net: Option<String>,
    /// The dataset's folder [default: the spec's data block says]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The split to judge by
    #[arg(long, value_name = "NAME", default_value = "val")]
    pub split: String,
    /// Images in a batch [default: the train block's, 8 at most]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub batch: Option<u32>,
    /// How it looks at the images.
    #[command(flatten)]
    pub looking: Looking,
    /// Name the images that it is worst at, by mIoU
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub worst: usize,
    /// A folder for their pictures: image, truth and prediction side by side
    #[arg(short, long, value_name = "DIR", requires = "worst")]
    pub out: Option<PathBuf>,
    /// Write into the folder although it is not empty
    #[arg(long, requires = "out")]
    pub force: bool,
    /// Where, and on how many threads.
    #[command(flatten)]
    pub machine: Machine,
    /// How to report
    #[arg(long, value_enum, default_value_t)]
    pub format: super::args::Format,
}

/// Arguments of `segc infer`.
#[derive(Clone, Debug, clap::Args)]
pub struct Infer {
    /// The spec of a finished network, and what overrides it.
    #[command(flatten)]
    pub spec: Spec,
    /// A picture, or a folder of pictures and folders: .png, .jpg, .jpeg
    #[arg(value_name = "PICTURES")]
    pub input: PathBuf,
    /// The network's weights
    #[arg(long, value_name = "FILE")]
    pub weights: PathBuf,
    /// The folder for NAME_labelIds.png, NAME_colour.png and NAME_overlay.png of each picture
    #[arg(short, long, value_name = "DIR")]
    pub out: PathBuf,
    /// Write over files that are there
    #[arg(long)]
    pub force: bool,
    /// The network [default: the one that the train block names, else the last]
    #[arg(long, value_name = "NAME")]
    pub net: Option<String>,
    /// The size at which pictures are looked at [default: the train block's, else their own]
    #[arg(long, value_name = "HxW", value_parser = args::size)]
    pub size: Option<Size>,
    /// How it looks at the pictures.
    #[command(flatten)]
    pub looking: Looking,
    /// Where, and on how many threads.
    #[command(flatten)]
    pub machine: Machine,
}

/// With how many bits a network computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Precision {
    /// 32 bits
    #[default]
    Fp32,
    /// 16 bits, of them 10 of mantissa; on CUDA devices
    Fp16,
    /// 16 bits, of them 7 of mantissa
    Bf16,
}

/// How measurements are reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Tables {
    /// For people
    #[default]
    Human,
    /// For programs; `docs/json.md` describes it
    Json,
    /// Tables for READMEs and papers' notes
    Markdown,
}

/// Arguments of `segc bench`.
#[derive(Clone, Debug, clap::Args)]
pub struct Bench {
    /// Specs of finished networks
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Constants that are overridden.
    #[command(flatten)]
    pub set: Settings,
    /// Images x channels x rows x columns [default: the bench block says]
    #[arg(long, value_name = "1x3xHxW", conflicts_with = "inputs")]
    pub input: Option<Input>,
    /// Several inputs, for time against size: 256x512,512x1024
    #[arg(long, value_name = "INPUTS", value_delimiter = ',')]
    pub inputs: Vec<Input>,
    /// Images at once [default: the input says]
    #[arg(long, value_name = "N")]
    pub batch: Option<std::num::NonZeroU32>,
    /// The network of each spec [default: the one that its bench block names, else the last]
    #[arg(long, value_name = "NAME")]
    pub net: Option<String>,
    /// How often to run each before any run counts
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub warm_up: u32,
    /// How often to run each [default: 20]
    #[arg(long, value_name = "N", conflicts_with = "seconds",
          value_parser = clap::value_parser!(u32).range(1..))]
    pub runs: Option<u32>,
    /// How long to go on, over all; at least three runs of each
    #[arg(long, value_name = "S", value_parser = args::seconds)]
    pub seconds: Option<f64>,
    /// Beside each, the same network kernel by kernel, as in training
    #[arg(long)]
    pub plain: bool,
    /// With how many bits to compute
    #[arg(long, value_enum, default_value_t)]
    pub precision: Precision,
    /// The mIoU of a network: a number, a report of `segc eval --format json`, a run's folder
    #[arg(long, value_name = "NAME=SCORE")]
    pub score: Vec<super::score::Score>,
    /// Draw mIoU against latency where scores are known, and time against size where there are several inputs
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Where, and on how many threads.
    #[command(flatten)]
    pub machine: Machine,
    /// How to report
    #[arg(long, value_enum, default_value_t)]
    pub format: Tables,
}

/// Lets `segc-engine` take over; comes back only when that fails.
#[cfg(feature = "torch")]
pub(super) fn hand_over(argv: &[OsString]) -> Result<(), Failure> {
    Err(super::launch::exec_engine(argv.iter().skip(1).cloned()).into())
}

/// Says that there is nobody to hand over to.
#[cfg(not(feature = "torch"))]
pub(super) fn hand_over(_argv: &[OsString]) -> Result<(), Failure> {
    Err(Failure::with_help(
        "this build of segc only reads, counts and draws",
        "build with `--features torch` to compute",
    ))
}
