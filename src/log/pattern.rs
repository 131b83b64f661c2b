//! What is looked for in a log: a regular expression in which a capital letter makes case matter.

use std::{borrow::Cow, convert::Infallible, ops::Range};

use regex::{Regex, RegexBuilder};
use regex_syntax::ast::{self, Ast, ClassSetItem, Literal, LiteralKind, Visitor, parse::Parser};

use super::{
    decoded::Decoded,
    errors, steps,
    wrap::{AROUND, cut},
};

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
        let regex = RegexBuilder::new(typed).case_insensitive(!has_capital(typed)).build()?;
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
        self.find(text, usize::MAX)
    }

    /// The first place of [`Self::found_in`], without a look at what comes after it.
    pub fn first_in(&self, text: &[u8]) -> Option<Range<usize>> {
        self.find(text, 1).pop()
    }

    fn find(&self, text: &[u8], most: usize) -> Vec<Range<usize>> {
        let text = of_the_same_length(text);
        let find = |text: &str| -> Vec<Range<usize>> {
            let found = self.regex.find_iter(text).map(|found| found.range());
            found.filter(|range| !range.is_empty()).take(most).collect()
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

/// Whether a capital letter is among what is looked for. Those of `\S`, `\p{Lu}`, `\x4A` and `(?P<Name>` only write the
/// pattern.
fn has_capital(typed: &str) -> bool {
    Parser::new().parse(typed).is_ok_and(|pattern| ast::visit(&pattern, Capitals(false)).is_ok_and(|found| found))
}

struct Capitals(bool);

impl Capitals {
    fn look_at(&mut self, letter: &Literal) {
        self.0 |= letter.kind == LiteralKind::Verbatim && letter.c.is_uppercase();
    }
}

impl Visitor for Capitals {
    type Output = bool;
    type Err = Infallible;

    fn finish(self) -> Result<bool, Infallible> {
        Ok(self.0)
    }

    fn visit_pre(&mut self, part: &Ast) -> Result<(), Infallible> {
        if let Ast::Literal(letter) = part {
            self.look_at(letter);
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), Infallible> {
        match item {
            ClassSetItem::Literal(letter) => self.look_at(letter),
            ClassSetItem::Range(range) => {
                self.look_at(&range.start);
                self.look_at(&range.end);
            }
            _ => {}
        }
        Ok(())
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

/// A part of a line that is too long to be held. What one part ends with, the next one begins with.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// Without the line's LF.
    pub text: &'a [u8],
    /// The line begins or ends with it.
    pub begins: bool,
    pub ends: bool,
}

impl Part<'_> {
    /// Where a pattern is found first, in bytes of the part; colour codes inside of it hide nothing. Neither end of the
    /// part is taken for one of the line, nor what a cut went through for text: the part beside it has that whole.
    pub fn first(&self, pattern: &Regex) -> Option<usize> {
        let around = usize::try_from(AROUND).unwrap_or(usize::MAX);
        let near = self.text.len().saturating_sub(2 * around);
        let from = if self.begins { 0 } else { cut(self.text, around) };
        let end = if self.ends { self.text.len() } else { near + cut(&self.text[near..], around) };
        // What is after the end that can be judged by tells whether a match ends there too, or the line goes on with it.
        let text = of_the_same_length(self.text.get(from..)?);
        let decoded = Decoded::without_colours(text.as_bytes());
        let bare = decoded.as_ref().map_or(Some(&*text), |bare| std::str::from_utf8(&bare.bytes).ok())?;
        // What is before it is not the beginning of the line.
        let first = if self.begins { 0 } else { bare.chars().next().map_or(0, char::len_utf8) };
        // The end that comes first of all that could be found. Is it after what can be judged by, the next part tells.
        // Looking for another one, from every later place on, would take the square of the part's length.
        let shortest = pattern.shortest_match_at(bare, first)?;
        let last = shortest.checked_sub(1);
        let passed = decoded.as_ref().map_or(shortest, |bare| last.map_or(0, |at| bare.source(&(at..shortest)).end));
        if !self.ends && (from + passed > end || shortest == bare.len()) {
            return None;
        }
        let at = pattern.find_at(bare, first)?.start();
        Some(
            from + if at == bare.len() {
                text.len()
            } else {
                decoded.map_or(at, |bare| bare.source(&(at..at + 1)).start)
            },
        )
    }
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
    use proptest::prelude::*;

    use super::*;
    use crate::log::{hostile, sanitise::sanitise};

    #[test]
    fn a_capital_letter_makes_case_matter() {
        let found = |typed, line| Pattern::new(typed).unwrap().regex().is_match(line);
        assert!(found("error", "An ERROR") && found("ERR.R", "An ERROR"));
        assert!(!found("Error", "An ERROR"));
        assert!(Pattern::new("(").is_err());
        for typed in [r"error\S+", r"\Werror", r"\p{Lu}error|error", r"(?P<Name>error)", r"\x65\x72ror", "(?U)error"] {
            assert!(
                !has_capital(typed) && found(typed, " ERROR:x"),
                "{typed}: what writes a pattern is not looked for"
            );
        }
        for typed in [r"\SError", r"\p{Lu}rRor", r"\pLE", r"\x65R", "(?:E)", "[A-Z]", r"\\E", "(?i)É"] {
            assert!(has_capital(typed), "{typed}");
        }
    }

    #[test]
    fn it_is_found_through_colours_and_bytes_that_are_no_text() {
        let found = |typed: &str, text: &[u8]| Pattern::new(typed).unwrap().found_in(text);
        assert_eq!(found("error", b"an Error, error"), [3..8, 10..15]);
        assert_eq!(found("error", b"an \x1b[31mer\x1b[1mror\x1b[0m!"), vec![8..17; 1]);
        assert_eq!(found("x", b"\xff\xfex"), vec![2..3; 1]);
        assert_eq!(found("a*", b"baabba"), [1..3, 5..6]);
    }

    #[test]
    fn an_end_of_a_part_is_none_of_the_line() {
        let first = |typed: &str, text: &str, begins, ends| {
            Part { text: text.as_bytes(), begins, ends }.first(Pattern::new(typed).unwrap().regex())
        };
        let text = "a".to_owned() + &"b".repeat(600) + "c";
        assert_eq!(first("^a", &text, true, false), Some(0));
        assert_eq!(first("^.", &text, false, false), None);
        assert_eq!((first("c$", &text, true, true), first("b$", &text, true, false)), (Some(601), None));
        assert_eq!(first("b+", &text, false, false).map(|at| at > 1), Some(true));
        assert_eq!((first("b+c?$", &text, true, false), first("b*", &text, true, false)), (None, Some(0)));
    }

    #[test]
    fn what_a_cut_went_through_is_left_to_the_other_part() {
        for (unit, hidden) in [("\x1b[38;5;9mx", "[0-9;]"), ("日", r"\W|\x{fffd}|\?"), ("e\u{301}", r"^\u{301}")] {
            let line = unit.repeat(1000).into_bytes();
            let hidden = Pattern::new(hidden).unwrap();
            for at in 0..unit.len() * 3 {
                let after = Part { text: &line[at..], begins: at == 0, ends: true };
                let before = Part { text: &line[..line.len() - at], begins: true, ends: at == 0 };
                let found = [after, before].map(|part| part.first(hidden.regex()));
                assert_eq!(found, [None; 2], "{unit:?} cut at {at}");
            }
        }
    }

    #[test]
    fn a_match_as_long_as_the_part_is_found_up_to_where_it_can_be_judged() {
        let around = usize::try_from(AROUND).unwrap();
        for unit in ["y", "\x1b[31my"] {
            for after in [around - 2, around - 1, around, around + 1] {
                let text = "X".to_owned() + &unit.repeat(100_000) + "Z" + &"w".repeat(after);
                let found = |typed: &str| {
                    let part = Part { text: text.as_bytes(), begins: true, ends: false };
                    part.first(Pattern::new(typed).unwrap().regex())
                };
                let expected = (after >= around).then_some(0);
                assert_eq!(
                    (found("Xy+Z"), found("Xy+Z$"), found(r"Xy+Z\b")),
                    (expected, None, None),
                    "{after} after it"
                );
            }
        }
    }

    proptest! {
        /// A line in two parts that lie over each other, wherever it is cut: through characters and colour codes too.
        #[test]
        fn what_is_in_a_line_is_in_one_of_its_parts_and_nothing_else(
            said in hostile::line(),
            cut in any::<prop::sample::Index>(),
            typed in prop::sample::select(vec!["a", r"\W", r"\[", "3", "^a", "b$", "日", r"\x{fffd}", ".", "[0-9]m", r"\bb"]),
        ) {
            let line: Vec<u8> = sanitise(&said).into_bytes().into_iter().filter(|byte| *byte != b'\n').collect();
            // Of a line that repeats itself, nothing new is at its cut.
            let line = line.repeat(4 + 3000 / line.len().max(1));
            let pattern = Pattern::new(typed).unwrap();
            let at = cut.index(line.len() + 1);
            let overlap = (at + 1000).min(line.len());
            let parts = [
                Part { text: &line[..overlap], begins: true, ends: overlap == line.len() },
                Part { text: &line[at.min(overlap)..], begins: at == 0, ends: true },
            ];
            let whole = pattern.first_in(&line).map(|found| found.start);
            let first = parts[0].first(pattern.regex());
            let second = parts[1].first(pattern.regex()).map(|found| at + found);
            prop_assert_eq!(first.or(second), whole);
            prop_assert!(second.is_none_or(|second| whole.is_some_and(|whole| whole <= second)));
        }
    }
}
