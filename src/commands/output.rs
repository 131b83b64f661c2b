//! How results and errors are written: people's text with or without colour, or one JSON document.

use std::{
    ffi::OsString,
    io::{self, IsTerminal as _, Write},
    os::fd::AsFd,
};

use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;

use crate::{
    domain::{
        failure::Failure,
        release::{ReleaseState, StepState},
        sign::Signs,
        verdict::Verdict,
    },
    log::sanitise::sanitise,
};

pub use crate::domain::{
    sign::Tone,
    written::{bytes, seconds, time},
};

/// Colour and characters that the reader's terminal takes.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    colour: bool,
    signs: Signs,
    /// Of the terminal, where it is one.
    columns: Option<usize>,
}

impl Style {
    /// `NO_COLOR` and `CLICOLOR_FORCE` win over whether it is a terminal; characters follow the locale.
    pub fn new(environment: &dyn Fn(&str) -> Option<OsString>, terminal: bool) -> Self {
        let set = |name: &str| environment(name).is_some_and(|v| !v.is_empty() && v != "0");
        let dumb = environment("TERM").is_some_and(|t| t == "dumb");
        let colour = !set("NO_COLOR") && (set("CLICOLOR_FORCE") || (terminal && !dumb));
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(environment).find(|v| !v.is_empty());
        let unicode = locale.is_none_or(|l| {
            let name = l.to_string_lossy().to_uppercase();
            name.contains("UTF-8") || name.contains("UTF8")
        });
        Self { colour, signs: if unicode { Signs::Unicode } else { Signs::Ascii }, columns: None }
    }

    /// On this terminal, if it is one: tables leave out what it has no room for.
    fn on(self, terminal: impl AsFd) -> Self {
        let size = rustix::termios::tcgetwinsize(terminal).ok();
        // A terminal that does not know its width says 0.
        Self { columns: size.map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0), ..self }
    }

    pub fn columns(self) -> Option<usize> {
        self.columns
    }

    /// Without colour, with every character.
    pub fn plain() -> Self {
        Self { colour: false, signs: Signs::Unicode, columns: None }
    }

    pub fn paint(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            _ if !self.colour => return text.to_owned(),
            Tone::Plain => return text.to_owned(),
            Tone::Dim => "2",
            Tone::Bold => "1",
            Tone::Good => "32",
            Tone::Notice => "33",
            Tone::Bad => "31",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    /// Whether words may be told apart by colour as well.
    pub fn colour(self) -> bool {
        self.colour
    }

    pub fn signs(self) -> Signs {
        self.signs
    }

    /// `unicode`, or `ascii` where the locale has no more.
    pub fn glyph<'a>(self, unicode: &'a str, ascii: &'a str) -> &'a str {
        self.signs.glyph(unicode, ascii)
    }

    pub fn verdict(self, verdict: Verdict) -> (String, Tone) {
        self.signs.verdict(verdict)
    }

    pub fn step_sign(self, state: StepState) -> (&'static str, Tone) {
        self.signs.step(state)
    }

    pub fn state(self, state: ReleaseState) -> (&'static str, Tone) {
        self.signs.release(state)
    }
}

/// Where results (stdout) and progress and errors (stderr) go.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    pub json: bool,
    pub out: Style,
    pub err: Style,
    /// stderr is a terminal: progress may rewrite its line.
    pub live: bool,
}

impl Output {
    pub fn new(json: bool, environment: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let live = io::stderr().is_terminal();
        Self {
            json,
            out: Style::new(environment, io::stdout().is_terminal()).on(io::stdout()),
            err: Style::new(environment, live),
            live: live && !json,
        }
    }

    /// A result: the one JSON document, or the text people read.
    pub fn result(self, json: impl FnOnce() -> Value, text: impl FnOnce(Style) -> String) -> Result<(), Failure> {
        self.raw(self.words(json, text).as_bytes())
    }

    /// The result of something that was done whoever reads of it: a reader or a terminal that went away meanwhile
    /// changes nothing.
    pub fn last(self, json: impl FnOnce() -> Value, text: impl FnOnce(Style) -> String) -> Result<(), Failure> {
        match io::stdout().lock().write_all(self.words(json, text).as_bytes()) {
            Err(e) if !is_gone(&e) => Err(unwritten(&e)),
            _ => Ok(()),
        }
    }

    fn words(self, json: impl FnOnce() -> Value, text: impl FnOnce(Style) -> String) -> String {
        let mut words = if self.json { json().to_string() } else { readable(&text(self.out)) };
        if !words.ends_with('\n') {
            words.push('\n');
        }
        words
    }

    /// Bytes to stdout. A reader that went away (`| head`) ends the command quietly.
    pub fn raw(self, bytes: &[u8]) -> Result<(), Failure> {
        match io::stdout().lock().write_all(bytes) {
            Ok(()) => Ok(()),
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
            Err(e) => Err(unwritten(&e)),
        }
    }

    /// Progress and remarks, for people alone.
    pub fn note(self, text: &str) {
        if !self.json {
            // Nobody can be told when stderr itself is gone.
            let _ = writeln!(io::stderr().lock(), "{}", readable(text));
        }
    }

    /// The three lines of an error, or its JSON object.
    pub fn failure(self, failure: &Failure) {
        let text = if self.json {
            serde_json::to_string(failure).unwrap_or_else(|e| e.to_string())
        } else {
            let label = |name: &str| self.err.paint(Tone::Dim, name);
            readable(&format!(
                "{} {}\n{} {}\n{} {}",
                self.err.paint(Tone::Bad, "error:"),
                self.err.paint(Tone::Bold, &failure.what),
                label("  why:"),
                failure.why.trim_end().replace('\n', "\n       "),
                label(" next:"),
                failure.advice()
            ))
        };
        let _ = writeln!(io::stderr().lock(), "{text}");
    }
}

/// As people read it: lines, in our colours. Whoever else had a word in it (branches, authors, engines, files), nothing of
/// that acts on their terminal, or shows in another order than it is.
pub fn readable(text: &str) -> String {
    let mut lines: String = text.lines().map(|line| sanitise(line.as_bytes()) + "\n").collect();
    if !text.ends_with('\n') {
        lines.pop();
    }
    lines
}

fn unwritten(error: &io::Error) -> Failure {
    Failure::failed("the result could not be written", error.to_string(), "see where stdout goes")
}

/// A pipe without a reader, or a terminal that hung up.
fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe || error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error())
}

/// A cell of a table.
pub struct Cell {
    pub text: String,
    pub tone: Tone,
}

impl Cell {
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), tone: Tone::Plain }
    }

    pub fn toned(text: impl Into<String>, tone: Tone) -> Self {
        Self { text: text.into(), tone }
    }
}

/// Rows as columns of equal width, two spaces apart, nothing behind the last.
pub fn columns(style: Style, rows: &[Vec<Cell>]) -> String {
    let widths = widths(rows);
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (i, cell) in row.iter().enumerate() {
            line.push_str(&style.paint(cell.tone, &cell.text));
            if i + 1 < row.len() {
                line.push_str(&" ".repeat(widths[i] - cell.text.width() + 2));
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The width of each column.
pub fn widths(rows: &[Vec<Cell>]) -> Vec<usize> {
    let mut widths = Vec::new();
    for row in rows {
        widths.resize(widths.len().max(row.len()), 0);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.text.width());
        }
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_our_colours_and_nothing_that_acts_on_their_terminal() {
        let style = Style { colour: true, signs: Signs::Unicode, columns: None };
        let ours = format!("{}  two\n\n\tthree\n", style.paint(Tone::Bad, "one"));
        assert_eq!(readable(&ours), ours);
        assert_eq!(readable("no end"), "no end");
        let theirs = "fix-\u{202e}gnp.exe \u{1b}]52;c;ZXZpbA==\u{7}\u{9b}2J\u{0}of \u{2066}them\n";
        assert_eq!(readable(theirs), "fix-gnp.exe of them\n");
    }
}
