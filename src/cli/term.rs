//! Where a command prints: stdout for results, stderr for the rest, each coloured or not.

use super::failure::Failure;
use crate::diag::Style;
use clap::ValueEnum;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Columns where nothing says how many there are.
const WIDTH: usize = 100;

/// What a command prints to.
pub struct Term {
    out: io::BufWriter<io::Stdout>,
    /// Colours of stdout.
    pub paint: Paint,
    /// Colours of stderr.
    pub err: Paint,
    /// Columns.
    pub width: usize,
}

impl Term {
    /// The process's own.
    pub fn new(colour: Colour) -> Term {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        let coloured = |terminal: bool| match colour {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => {
                terminal && !no_color && std::env::var_os("TERM") != Some("dumb".into())
            }
        };
        Term {
            out: io::BufWriter::new(io::stdout()),
            paint: Paint { on: coloured(io::stdout().is_terminal()) },
            err: Paint { on: coloured(io::stderr().is_terminal()) },
            width: terminal_size::terminal_size().map_or(WIDTH, |(w, _)| usize::from(w.0).max(40)),
        }
    }

    /// How diagnostics are drawn.
    pub fn diag_style(&self) -> Style {
        Style { colour: self.err.on, width: self.width.min(WIDTH) }
    }

    /// Prints a line of a result.
    pub fn line(&mut self, text: impl Display) -> Result<(), Failure> {
        Ok(writeln!(self.out, "{text}")?)
    }

    /// Prints a result as it is.
    pub fn text(&mut self, text: &str) -> Result<(), Failure> {
        Ok(self.out.write_all(text.as_bytes())?)
    }

    /// Sees to it that everything is printed.
    pub fn flush(&mut self) -> Result<(), Failure> {
        Ok(self.out.flush()?)
    }

    /// Prints a table, indented, its first row dim.
    pub fn table(&mut self, rows: &Rows) -> Result<(), Failure> {
        for (i, line) in rows.draw(self.width).lines().enumerate() {
            let line = line.trim_end();
            match i {
                0 if rows.headed => self.line(self.paint.dim(line))?,
                _ => self.line(line)?,
            }
        }
        Ok(())
    }
}

/// ANSI colours, or none.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    /// Whether there are any.
    pub on: bool,
}

impl Paint {
    fn wrap(self, code: &str, text: impl Display) -> String {
        if self.on { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
    }

    /// For titles.
    pub fn bold(self, text: impl Display) -> String {
        self.wrap("1", text)
    }

    /// For what explains.
    pub fn dim(self, text: impl Display) -> String {
        self.wrap("2", text)
    }

    /// For errors.
    pub fn red(self, text: impl Display) -> String {
        self.wrap("1;31", text)
    }

    /// For what is well.
    pub fn green(self, text: impl Display) -> String {
        self.wrap("32", text)
    }

    /// For remedies.
    pub fn cyan(self, text: impl Display) -> String {
        self.wrap("36", text)
    }
}

/// A table without lines: columns apart by two blanks.
#[derive(Clone, Debug)]
pub struct Rows {
    headed: bool,
    aligned: String,
    rows: Vec<Vec<String>>,
}

impl Rows {
    /// A table with a head. `aligned` has a letter per column: `l` for words, `r` for numbers.
    pub fn headed(aligned: impl Into<String>, head: &[&str]) -> Rows {
        let head = head.iter().map(|h| (*h).to_owned()).collect();
        Rows { headed: true, aligned: aligned.into(), rows: vec![head] }
    }

    /// One without.
    pub fn plain(aligned: impl Into<String>) -> Rows {
        Rows { headed: false, aligned: aligned.into(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn push<const N: usize>(&mut self, row: [String; N]) {
        self.rows.push(row.to_vec());
    }

    /// The table as Markdown has it.
    pub fn markdown(&self) -> String {
        let escaped = |cell: &String| cell.replace('|', "\\|");
        let line = |row: &Vec<String>| {
            format!("| {} |\n", row.iter().map(escaped).collect::<Vec<_>>().join(" | "))
        };
        let rule = self.aligned.chars().map(|c| if c == 'r' { "---:" } else { "---" });
        let rule = format!("| {} |\n", rule.collect::<Vec<_>>().join(" | "));
        let mut lines = self.rows.iter().map(line);
        let head = lines.next().unwrap_or_default();
        [head, rule].into_iter().chain(lines).collect()
    }

    /// Adds a row whose length is known only now.
    pub fn push_all(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    /// Whether there is nothing below the head.
    pub fn is_empty(&self) -> bool {
        self.rows.len() == usize::from(self.headed)
    }

    fn draw(&self, width: usize) -> String {
        let mut table = Table::new();
        table.load_style(comfy_table::presets::NOTHING);
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(width.min(usize::from(u16::MAX)) as u16);
        for row in &self.rows {
            table.add_row(row);
        }
        for (i, (column, letter)) in table.column_iter_mut().zip(self.aligned.chars()).enumerate() {
            column.set_padding((if i == 0 { 2 } else { 1 }, 1));
            column.set_cell_alignment(match letter {
                'r' => CellAlignment::Right,
                _ => CellAlignment::Left,
            });
        }
        table.to_string()
    }
}
