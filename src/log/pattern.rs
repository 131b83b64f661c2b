//! What is looked for in a log: a regular expression in which a capital letter makes case matter.

use regex::{Regex, RegexBuilder};

#[derive(Debug, Clone)]
pub struct Pattern {
    typed: String,
    regex: Regex,
}

impl Pattern {
    /// # Errors
    /// When this is no regular expression.
    pub fn new(typed: &str) -> Result<Self, regex::Error> {
        let regex = RegexBuilder::new(typed).case_insensitive(!typed.chars().any(char::is_uppercase)).build()?;
        Ok(Self { typed: typed.to_owned(), regex })
    }

    /// As somebody typed it.
    pub fn as_str(&self) -> &str {
        &self.typed
    }

    pub fn regex(&self) -> &Regex {
        &self.regex
    }
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
}
