//! What is looked for in a log: a regular expression in which a capital letter makes case matter.

use std::{borrow::Cow, ops::Range};

use regex::{Regex, RegexBuilder};

use super::{decoded::Decoded, errors, steps};

#[derive(Debug, Clone)]
pub struct Pattern {
    typed: String,
    regex: Regex,
    /// Lines that count as none of it, though it is in them.
    except: Option<fn(&str) -> bool>,
}

impl Pattern {
    /// # Errors
    /// When this is no regular expression.
    pub fn new(typed: &str) -> Result<Self, regex::Error> {
        let regex = RegexBuilder::new(typed).case_insensitive(!typed.chars().any(char::is_uppercase)).build()?;
        Ok(Self { typed: typed.to_owned(), regex, except: None })
    }

    /// Of lines that say that something went wrong.
    pub fn errors() -> Self {
        let typed = "what looks like an error".to_owned();
        Self { typed, regex: errors::pattern().clone(), except: Some(steps::begins_step) }
    }

    /// As somebody typed it.
    pub fn as_str(&self) -> &str {
        &self.typed
    }

    /// Whether a line counts as none of it, though it is in the line.
    pub fn leaves_out(&self, line: &str) -> bool {
        self.except.is_some_and(|except| except(line))
    }

    pub fn regex(&self) -> &Regex {
        &self.regex
    }

    /// Where in this text it is, in bytes; colour codes inside of it hide nothing. An empty match is none.
    pub fn found_in(&self, text: &[u8]) -> Vec<Range<usize>> {
        let text = of_the_same_length(text);
        let find = |text: &str| -> Vec<Range<usize>> {
            self.regex.find_iter(text).map(|found| found.range()).filter(|range| !range.is_empty()).collect()
        };
        match Decoded::without_colours(text.as_bytes()) {
            None => find(&text),
            // Colour codes are ASCII: what is left is as valid as it was.
            Some(bare) => std::str::from_utf8(&bare.bytes)
                .map(find)
                .unwrap_or_default()
                .into_iter()
                .map(|found| bare.source(&found))
                .collect(),
        }
    }
}

/// Lines that have a pattern, or with `invert` those that do not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    pub pattern: Pattern,
    pub invert: bool,
}

impl Filter {
    /// Leaves every line.
    #[expect(clippy::missing_panics_doc, reason = "nothing is a regular expression")]
    pub fn none() -> Self {
        Self { pattern: Pattern::new("").expect("nothing is a regular expression"), invert: false }
    }
}

/// Lines that are looked for: those that pass, among those that are left by another filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub filter: Filter,
    pub within: Option<Filter>,
}

/// Bytes that are no text become question marks, one each.
fn of_the_same_length(text: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|_| '?'));
    }
    Cow::Owned(out)
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.typed == other.typed
    }
}

impl Eq for Pattern {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capital_letter_makes_case_matter() {
        let found = |typed, line| Pattern::new(typed).unwrap().regex().is_match(line);
        assert!(found("error", "An ERROR") && found("ERR.R", "An ERROR"));
        assert!(!found("Error", "An ERROR"));
        assert!(Pattern::new("(").is_err());
    }

    #[test]
    fn it_is_found_through_colours_and_bytes_that_are_no_text() {
        let found = |typed: &str, text: &[u8]| Pattern::new(typed).unwrap().found_in(text);
        assert_eq!(found("error", b"an Error, error"), [3..8, 10..15]);
        assert_eq!(found("error", b"an \x1b[31mer\x1b[1mror\x1b[0m!"), vec![8..17; 1]);
        assert_eq!(found("x", b"\xff\xfex"), vec![2..3; 1]);
        assert_eq!(found("a*", b"baabba"), [1..3, 5..6]);
    }
}
