//! One mistake in a file, shown as compilers show theirs: where, the line, a caret, what was probably meant.

use std::{fmt, ops::Range};

use unicode_width::UnicodeWidthStr as _;

/// Lines are shown up to this many columns, around the mistake.
const SHOWN: usize = 160;

/// A mistake in a file. All texts are fit for a terminal: what controls it is replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// As it should be shown: relative to the current folder where that is shorter.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    pub message: String,
    /// What to write instead.
    pub suggestion: Option<String>,
    /// The line the mistake is in.
    pub source: String,
    /// Characters of that line that are wrong, at least one.
    pub length: usize,
}

impl Diagnostic {
    /// A mistake at these bytes of `text`.
    #[must_use]
    pub fn at(file: &str, text: &str, span: Range<usize>, message: &str, suggestion: Option<&str>) -> Self {
        let start = text.floor_char_boundary(span.start.min(text.len()));
        let begin = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let end = text[start..].find('\n').map_or(text.len(), |newline| start + newline);
        let stop = text.floor_char_boundary(span.end.clamp(start, end));
        Self {
            file: file.chars().map(printable).collect(),
            line: text[..begin].matches('\n').count() + 1,
            column: text[begin..start].chars().count() + 1,
            message: message.chars().map(printable).collect(),
            suggestion: suggestion.map(|text| text.chars().map(printable).collect()),
            source: text[begin..end].trim_end_matches('\r').chars().map(printable).collect(),
            length: text[start..stop].chars().count().max(1),
        }
    }

    /// The same place, with something else to say of it.
    #[must_use]
    pub fn saying(&self, message: &str, suggestion: Option<&str>) -> Self {
        Self {
            message: message.chars().map(printable).collect(),
            suggestion: suggestion.map(|text| text.chars().map(printable).collect()),
            ..self.clone()
        }
    }
}

/// Files come from others: neither control characters nor those that reorder text may reach a terminal.
fn printable(c: char) -> char {
    match c {
        '\t' => ' ',
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' => char::REPLACEMENT_CHARACTER,
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let skipped = if self.column + self.length > SHOWN { (self.column - 1).saturating_sub(SHOWN / 4) } else { 0 };
        let chars = |from: usize, count: usize| self.source.chars().skip(from).take(count).collect::<String>();
        let before = chars(skipped, self.column - 1 - skipped).width();
        let wrong = chars(self.column - 1, self.length.min(SHOWN / 2)).width().max(1);
        let gutter = self.line.to_string();
        let margin = " ".repeat(gutter.len());
        writeln!(f, "{}", self.message)?;
        writeln!(f, "{margin}--> {}:{}:{}", self.file, self.line, self.column)?;
        writeln!(f, "{margin} |")?;
        writeln!(f, "{gutter} | {}", chars(skipped, SHOWN))?;
        write!(f, "{margin} | {}{}", " ".repeat(before), "^".repeat(wrong))?;
        if let Some(suggestion) = &self.suggestion {
            write!(f, " {suggestion}")?;
        }
        writeln!(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, wrong: &str) -> Diagnostic {
        let start = text.find(wrong).unwrap();
        Diagnostic::at("windlass.toml", text, start..start + wrong.len(), "unknown key", Some("did you mean `x`?"))
    }

    #[test]
    fn it_looks_like_a_compilers() {
        assert_eq!(
            shown("[a]\r\nkey = \"ü\" # xs\r\n", "xs").to_string(),
            "unknown key\n --> windlass.toml:2:13\n  |\n2 | key = \"ü\" # xs\n  |             ^^ did you mean `x`?\n"
        );
    }

    #[test]
    fn the_caret_stands_under_wide_characters_and_tabs() {
        let text = shown("\t漢 = y", "y").to_string();
        assert!(text.ends_with("\n1 |  漢 = y\n  |       ^ did you mean `x`?\n"), "{text}");
    }

    #[test]
    fn a_long_line_is_shown_around_the_mistake() {
        let text = shown(&format!("k = \"{}\" wrong {}", "a".repeat(500), "b".repeat(500)), "wrong").to_string();
        let lines: Vec<&str> = text.lines().collect();
        let caret = lines[4].find('^').unwrap();
        assert_eq!(&lines[3][caret..caret + 5], "wrong");
        assert!(lines[3].len() < 170);
    }

    #[test]
    fn nothing_in_the_file_controls_the_terminal() {
        let text = Diagnostic::at("f", "a\x1b[2J\u{202e}b", 0..1, "unknown `\x1b`", None).to_string();
        assert!(!text.contains(['\x1b', '\u{202e}']), "{text:?}");
    }

    #[test]
    fn positions_outside_the_text_are_its_end() {
        let end = Diagnostic::at("f", "ab\n", 90..95, "unfinished", None);
        assert_eq!((end.line, end.column, end.length), (2, 1, 1));
        let middle = Diagnostic::at("f", "é", 1..2, "half a character", None);
        assert_eq!((middle.line, middle.column), (1, 1));
    }
}
