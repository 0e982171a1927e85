//! Arguments that several commands share.

use crate::ir::Size;
use clap::ValueEnum;
use std::path::PathBuf;
use std::str::FromStr;

/// How a command reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Human,
    /// For programs; `docs/json.md` describes it
    Json,
}

/// A spec, and what overrides it.
#[derive(Clone, Debug, clap::Args)]
pub struct Spec {
    /// The spec; `-` reads it from standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would take it for the help of the group")]
    pub set: Settings,
}

/// Constants from the command line.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Settings {
    /// Override a `const` of the spec
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub set: Vec<Setting>,
}

impl Settings {
    /// As the loader takes them.
    pub fn pairs(&self) -> Vec<(String, String)> {
        self.set.iter().map(|s| (s.name.clone(), s.value.clone())).collect()
    }
}

impl From<Vec<(String, String)>> for Settings {
    fn from(pairs: Vec<(String, String)>) -> Settings {
        let setting = |(name, value)| Setting { name, value };
        Settings { set: pairs.into_iter().map(setting).collect() }
    }
}

/// One constant from the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// An expression of the language.
    pub value: String,
}

impl FromStr for Setting {
    type Err = String;

    fn from_str(text: &str) -> Result<Setting, String> {
        match text.split_once('=').map(|(n, v)| (n.trim(), v.trim())) {
            Some((name, value)) if !name.is_empty() && !value.is_empty() => {
                Ok(Setting { name: name.to_owned(), value: value.to_owned() })
            }
            _ => Err("write NAME=VALUE, for example F=20".to_owned()),
        }
    }
}

/// A network's input: images, channels, rows, columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input {
    /// Images at once.
    pub batch: u32,
    /// Channels of an image.
    pub channels: u32,
    /// Rows and columns.
    pub size: Size,
}

impl Input {
    /// One picture of this size.
    pub fn picture(h: u32, w: u32) -> Input {
        Input { batch: 1, channels: 3, size: Size { h, w } }
    }
}

impl std::fmt::Display for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}x{}x{}", self.batch, self.channels, self.size)
    }
}

impl FromStr for Input {
    type Err = String;

    /// `1x3x1024x2048`, or `1024x2048` for one picture.
    fn from_str(text: &str) -> Result<Input, String> {
        let sides: Result<Vec<u32>, _> = text.split(['x', 'X', '×']).map(str::parse).collect();
        match sides.as_deref() {
            Ok(sides) if sides.contains(&0) => Err("no side can be 0".to_owned()),
            Ok([h, w]) => Ok(Input::picture(*h, *w)),
            Ok([batch, 3, h, w]) => {
                Ok(Input { batch: *batch, channels: 3, size: Size { h: *h, w: *w } })
            }
            Ok([_, channels, _, _]) => Err(format!("pictures have 3 channels, not {channels}")),
            _ => Err("write images x channels x rows x columns: 1x3x1024x2048".to_owned()),
        }
    }
}

/// Rows and columns of a picture: `256x512`.
pub fn size(text: &str) -> Result<Size, String> {
    let sides: Result<Vec<u32>, _> = text.split('x').map(str::parse).collect();
    match sides.as_deref() {
        Ok([h, w]) if *h > 0 && *w > 0 => Ok(Size { h: *h, w: *w }),
        _ => Err("write rows x columns: 256x512".to_owned()),
    }
}

/// The largest factor of an image's size: 16 times each side is 256 times the memory.
const LARGEST: f64 = 16.0;

/// A factor of an image's size: `0.75`.
pub fn factor(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(factor) if factor > 0.0 && factor <= LARGEST => Ok(factor),
        _ => Err(format!("write numbers above 0, up to {LARGEST}: 0.75,1,1.25")),
    }
}

/// An amount of memory: `24GiB`, `512 MiB`.
pub fn bytes(text: &str) -> Result<u64, String> {
    let units = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40)];
    let found = units.iter().find_map(|(unit, bits)| {
        let number: f64 = text.trim().strip_suffix(unit)?.trim().parse().ok()?;
        (number > 0.0 && number < 1e6).then(|| (number * f64::from(1u32 << (bits - 10))) as u64)
    });
    found.map(|kib| kib << 10).ok_or_else(|| "write 24GiB or 512MiB".to_owned())
}

/// A time in seconds: `2.5`.
pub fn seconds(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds.is_finite() => Ok(seconds),
        _ => Err("write a number of seconds above 0: 2.5".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_four_numbers_or_two() {
        let full: Input = "1x3x1024x2048".parse().expect("an input");
        assert_eq!("1024x2048".parse(), Ok(full));
        assert_eq!(full.to_string(), "1x3x1024x2048");
        for wrong in ["", "1024", "1x3x0x4", "1x4x8x8", "axb"] {
            assert!(wrong.parse::<Input>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn memory_has_a_unit() {
        assert_eq!(bytes("1.5 GiB"), Ok(3 << 29));
        assert_eq!(bytes("64MiB"), Ok(64 << 20));
        for wrong in ["64", "64MB", "-1GiB", "0GiB", "GiB", "NaNGiB", "infTiB", ""] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn factors_are_positive_and_finite() {
        assert_eq!(factor(" 0.75"), Ok(0.75));
        for wrong in ["0", "-1", "NaN", "inf", "17", "", "x"] {
            assert!(factor(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_are_positive_and_finite() {
        assert_eq!(seconds("2.5"), Ok(2.5));
        for wrong in ["0", "-1", "inf", "NaN", "2s"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn settings_have_a_name_and_a_value() {
        let set = |name: &str, value: &str| Setting { name: name.into(), value: value.into() };
        assert_eq!("F=20".parse(), Ok(set("F", "20")));
        assert_eq!("P = [/4, /8]".parse(), Ok(set("P", "[/4, /8]")));
        assert!("F".parse::<Setting>().is_err() && "=2".parse::<Setting>().is_err());
    }
}
