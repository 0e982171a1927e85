//! Scores of networks, as `--score` names them: numbers, or files that hold one.

use super::failure::Failure;
use crate::run::log::{self, Lines, TrainLine};
use crate::run::{self, Plan};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// `--score NAME=SCORE`.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// The network that has it: as the table calls it, or its file.
    pub name: String,
    /// Where it is written.
    pub from: From,
}

/// Where a score is written.
#[derive(Clone, Debug, PartialEq)]
pub enum From {
    /// On the command line, a fraction of 1.
    Number(f64),
    /// In a report of `segc eval --format json`, or in the folder of a run.
    Path(PathBuf),
}

impl FromStr for Score {
    type Err = String;

    fn from_str(text: &str) -> Result<Score, String> {
        let pair = text.rsplit_once('=').map(|(name, score)| (name.trim(), score.trim()));
        let Some((name, score)) = pair.filter(|(n, s)| !n.is_empty() && !s.is_empty()) else {
            return Err("write NAME=SCORE, for example small=0.71".to_owned());
        };
        let percent = score.strip_suffix('%').map(str::trim_end);
        let fraction = match (percent.unwrap_or(score).parse::<f64>(), percent) {
            (Ok(value), Some(_)) => value / 100.0,
            (Ok(value), None) => value,
            (Err(_), Some(_)) => return Err(format!("`{score}` is no number")),
            (Err(_), None) => {
                let from = From::Path(PathBuf::from(score));
                return Ok(Score { name: name.to_owned(), from });
            }
        };
        if !(0.0..=1.0).contains(&fraction) {
            return Err(format!(
                "a score is a fraction of 1 or a percentage: 0.71 or 71%, not {score}"
            ));
        }
        Ok(Score { name: name.to_owned(), from: From::Number(fraction) })
    }
}

impl Score {
    /// The score, a fraction of 1.
    ///
    /// # Errors
    /// When it is in a file that cannot be read, or that holds none.
    pub fn read(&self) -> Result<f64, Failure> {
        match &self.from {
            From::Number(score) => Ok(*score),
            From::Path(path) if path.is_dir() => of_run(path),
            From::Path(path) => of_report(path),
        }
    }
}

/// The newest mIoU of a training, or of the training of a search's winner.
fn of_run(dir: &Path) -> Result<f64, Failure> {
    let miou = match run::open(dir)?.plan {
        Some(Plan::Train(_)) => {
            let Lines { lines, .. } = log::metrics::<TrainLine>(dir)?;
            lines.iter().rev().find_map(|line| match line {
                TrainLine::Epoch { scores, .. } => scores.as_ref()?.miou,
                TrainLine::Step { .. } => None,
            })
        }
        Some(Plan::Search(_)) | None => {
            log::against(dir)?.and_then(|against| Some(against.rivals.first()?.miou))
        }
    };
    miou.ok_or_else(|| {
        Failure::with_help(
            format!("the run in `{}` was not judged", dir.display()),
            "name the run of a training, or of a search with `--against`",
        )
    })
}

/// The mIoU of a report of `segc eval`.
fn of_report(path: &Path) -> Result<f64, Failure> {
    /// What of a report is needed.
    #[derive(serde::Deserialize)]
    struct Report {
        schema: String,
        miou: Option<f64>,
    }
    let text = std::fs::read(path).map_err(|error| Failure::file("read", path, &error))?;
    let report = serde_json::from_slice::<Report>(&text).ok();
    let miou = report.filter(|report| report.schema == "segc.eval/1").and_then(|r| r.miou);
    miou.ok_or_else(|| {
        Failure::with_help(
            format!("`{}` holds no score", path.display()),
            "write one with `segc eval … --format json`, or give a number: NAME=0.71",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_is_a_fraction_a_percentage_or_a_file() {
        let number = |text: &str| match text.parse::<Score>().map(|score| score.from) {
            Ok(From::Number(value)) => Some(value),
            _ => None,
        };
        assert_eq!([number("a=0.71"), number("a=71 %")], [Some(0.71), Some(0.71)]);
        let file = Score { name: "a=b".into(), from: From::Path("runs/a".into()) };
        assert_eq!("a=b=runs/a".parse(), Ok(file));
        for wrong in ["0.7", "a=", "=0.7", "a=71", "a=-0.1", "a=x%", "a=NaN"] {
            assert!(wrong.parse::<Score>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn reports_of_eval_are_read_and_others_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).expect("written");
            Score { name: "a".into(), from: From::Path(path) }.read()
        };
        let good = write("good.json", r#"{"schema":"segc.eval/1","miou":0.5,"images":3}"#);
        assert_eq!(good.ok(), Some(0.5));
        for other in ["{}", "no", r#"{"schema":"segc.eval/1","miou":null}"#] {
            let error = write("other.json", other).expect_err("no score").to_string();
            assert!(error.contains("other.json") && error.contains("no score"), "{error}");
        }
        let empty = Score { name: "a".into(), from: From::Path(dir.path().into()) };
        assert!(empty.read().is_err());
    }
}
