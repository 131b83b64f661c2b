//! `.dockerignore`, as docker reads it. Not gitignore: patterns are rooted at the context, the last match wins, and a
//! pattern that matches a folder matches all that is in it.
//!
//! Sources: docker's documentation of the file; the behaviour of docker 20.10 and 28 with both builders, which
//! `tests/engine/dockerignore.rs` compares with ours on one tree.

use std::path::{Path, PathBuf};

use regex::RegexSet;

use super::EngineError;

/// How far exceptions (`!rule`) reach into folders that a rule excludes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// The classic builder, and BuildKit before Docker 23: such a folder is entered only when the text of an
    /// exception begins with its path. `*` with `!**/*.py` keeps no file of a subfolder.
    Named,
    /// BuildKit since Docker 23: such a folder is entered when an exception can match anything in it.
    Anywhere,
}

/// The rules of one file.
pub(super) struct Rules {
    file: PathBuf,
    reach: Reach,
    listed: Vec<Rule>,
    set: RegexSet,
}

struct Rule {
    /// Cleaned, without the `!`.
    pattern: String,
    exception: bool,
    expression: String,
}

impl Rules {
    /// Reads the text of `file`, which is named in errors.
    ///
    /// # Errors
    /// [`EngineError::BadIgnoreRule`] for what docker refuses, too.
    pub(super) fn parse(text: &str, file: &Path, reach: Reach) -> Result<Self, EngineError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut rules = Vec::new();
        for (number, line) in text.lines().enumerate() {
            // Only in the first column: ` #x` is a name.
            if line.starts_with('#') {
                continue;
            }
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            let bad = |why: &str| EngineError::BadIgnoreRule {
                file: file.to_owned(),
                line: number + 1,
                why: format!("`{line}`: {why}"),
            };
            let (exception, pattern) = match line.strip_prefix('!') {
                Some(rest) => (true, rest.trim()),
                None => (false, line),
            };
            if pattern.is_empty() {
                return Err(bad("an exception to nothing"));
            }
            let pattern = clean(pattern);
            let expression = expression(&pattern).ok_or_else(|| bad("a [ without its ], or a \\ at the end"))?;
            rules.push(Rule { pattern, exception, expression });
        }
        Self::of(rules, file.to_owned(), reach)
    }

    fn of(rules: Vec<Rule>, file: PathBuf, reach: Reach) -> Result<Self, EngineError> {
        let set = RegexSet::new(rules.iter().map(|rule| &rule.expression)).map_err(|error| {
            EngineError::BadIgnoreRule { file: file.clone(), line: rules.len(), why: error.to_string() }
        })?;
        Ok(Self { file, reach, listed: rules, set })
    }

    /// No rule at all.
    pub(super) fn none() -> Self {
        Self { file: PathBuf::new(), reach: Reach::Named, listed: Vec::new(), set: RegexSet::empty() }
    }

    /// The same rules with one more at the end: this very path is kept. Does nothing where it is kept anyway.
    pub(super) fn keeping(mut self, path: &str) -> Result<Self, EngineError> {
        if !self.ignores(Path::new(path)) {
            return Ok(self);
        }
        let expression = format!("^{}$", regex::escape(path));
        self.listed.push(Rule { pattern: path.to_owned(), exception: true, expression });
        Self::of(self.listed, self.file, self.reach)
    }

    /// Whether the context leaves out this path, given relative to the context.
    pub(super) fn ignores(&self, path: &Path) -> bool {
        let text = path.to_string_lossy();
        self.set.matches(&text).iter().next_back().is_some_and(|last| !self.listed[last].exception)
    }

    /// Whether a folder that is left out may hold something that is not.
    pub(super) fn may_keep_below(&self, folder: &Path) -> bool {
        let folder = folder.to_string_lossy();
        self.listed.iter().filter(|rule| rule.exception).any(|rule| match self.reach {
            Reach::Named => is_or_begins(&rule.pattern, &folder),
            Reach::Anywhere => can_match_below(&rule.pattern, &folder),
        })
    }
}

fn is_or_begins(pattern: &str, folder: &str) -> bool {
    pattern.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn can_match_below(pattern: &str, folder: &str) -> bool {
    let mut parts = pattern.split('/');
    for name in folder.split('/') {
        match parts.next() {
            // The exception is for a folder further up, and so for all below it.
            None => return true,
            Some(part) if part.contains("**") => return true,
            Some(part) if part.contains(['*', '?', '[', '\\']) => {}
            Some(part) if part == name => {}
            Some(_) => return false,
        }
    }
    true
}

/// What docker makes of a pattern before it compares: without `.`, `..`, doubled and trailing slashes, and without
/// the slash in front, which only says once more that patterns are rooted.
fn clean(pattern: &str) -> String {
    let rooted = pattern.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in pattern.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            other => parts.push(other),
        }
    }
    match (parts.is_empty(), rooted) {
        (true, true) => "/".to_owned(),
        (true, false) => ".".to_owned(),
        (false, _) => parts.join("/"),
    }
}

/// The regular expression of a pattern: Go's `filepath.Match`, and `**` for any number of folders. `None` for what Go
/// calls a bad pattern.
fn expression(pattern: &str) -> Option<String> {
    let mut out = String::from("(?s)^");
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '*' if rest.peek() == Some(&'*') => {
                rest.next();
                if rest.peek() == Some(&'/') {
                    rest.next();
                }
                out.push_str(if rest.peek().is_none() { ".*" } else { "(?:.*/)?" });
            }
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '\\' => push_literal(&mut out, rest.next()?),
            '[' => push_class(&mut out, &mut rest)?,
            other => push_literal(&mut out, other),
        }
    }
    // A rule for a folder is one for everything in it.
    out.push_str("(?:/.*)?$");
    Some(out)
}

fn push_literal(out: &mut String, c: char) {
    out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
}

/// `[abc]`, `[a-z]`, `[^abc]`; a `!` is a character like others here.
fn push_class(out: &mut String, rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<()> {
    let negated = rest.next_if_eq(&'^').is_some();
    let mut ranges = Vec::new();
    while rest.peek() != Some(&']') || ranges.is_empty() {
        let mut bound = || match rest.next()? {
            '\\' => rest.next(),
            '-' | ']' => None,
            other => Some(other),
        };
        let low = bound()?;
        let high = if rest.next_if_eq(&'-').is_some() {
            match rest.next()? {
                '\\' => rest.next()?,
                '-' | ']' => return None,
                other => other,
            }
        } else {
            low
        };
        ranges.push((low, high));
    }
    rest.next();
    // A range that runs backwards matches nothing; the regex crate would refuse it.
    ranges.retain(|(low, high)| low <= high);
    match (ranges.is_empty(), negated) {
        (true, false) => out.push_str("[^\\s\\S]"),
        (true, true) => out.push('.'),
        (false, _) => {
            out.push_str(if negated { "[^" } else { "[" });
            for (low, high) in ranges {
                push_class_char(out, low);
                out.push('-');
                push_class_char(out, high);
            }
            out.push(']');
        }
    }
    Some(())
}

fn push_class_char(out: &mut String, c: char) {
    use std::fmt::Write as _;
    write!(out, "\\x{{{:x}}}", u32::from(c)).expect("writing to a String cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Rules {
        Rules::parse(text, Path::new(".dockerignore"), Reach::Named).unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn what_a_pattern_leaves_out() {
        for (pattern, path, ignored) in [
            ("node_modules", "node_modules", true),
            ("node_modules", "node_modules/a/b.js", true),
            ("node_modules", "web/node_modules", false),
            ("**/node_modules", "web/a/node_modules/x", true),
            ("**/node_modules", "node_modules", true),
            ("*.log", "a.log", true),
            ("*.log", "a/b.log", false),
            ("**/*.tmp", "a/b/c.tmp", true),
            ("**/*.tmp", "c.tmp", true),
            ("/rooted", "rooted", true),
            ("./a/b", "a/b", true),
            ("a//b/../c", "a/c", true),
            ("../a", "a", false),
            ("/../a", "a", true),
            ("target/", "target", true),
            ("a/**", "a/b/c", true),
            ("a/**", "a", false),
            ("a/**/z", "a/z", true),
            ("a/**/z", "a/b/c/z", true),
            ("a**b", "ab", true),
            ("a**b", "ax/b", true),
            ("fil?.txt", "file.txt", true),
            ("fil?.txt", "fil/.txt", false),
            ("[ab].txt", "a.txt", true),
            ("[!a].txt", "!.txt", true),
            ("[!a].txt", "b.txt", false),
            ("[^a].txt", "b.txt", true),
            ("[a-c]", "b", true),
            ("[z-a]", "m", false),
            ("[&&~~]", "&", true),
            ("a+b.txt", "a+b.txt", true),
            ("{a,b}", "{a,b}", true),
            ("{a,b}", "a", false),
            ("a.b", "axb", false),
            ("\\*", "*", true),
            ("\\*", "x", false),
            ("é?", "éü", true),
            (" #name", "#name", true),
            (".", "a", false),
            ("/", "a", false),
        ] {
            assert_eq!(rules(pattern).ignores(Path::new(path)), ignored, "`{pattern}` on {path}");
        }
    }

    #[test]
    fn the_last_match_wins() {
        let rules = rules("\u{feff}# comment\n*.md\n!README*.md\nREADME-secret.md\n\n  docs \n!docs/keep\n");
        for (path, ignored) in [
            ("CHANGES.md", true),
            ("README.md", false),
            ("README-secret.md", true),
            ("docs/x", true),
            ("docs/keep/deep", false),
        ] {
            assert_eq!(rules.ignores(Path::new(path)), ignored, "{path}");
        }
    }

    #[test]
    fn excluded_folders_are_entered_for_exceptions_only() {
        let text = "*\n!src/lib\n!**/*.py\n";
        let named = rules(text);
        let anywhere = Rules::parse(text, Path::new("x"), Reach::Anywhere).unwrap();
        assert!(named.may_keep_below(Path::new("src")));
        assert!(!named.may_keep_below(Path::new("srcs")));
        assert!(!named.may_keep_below(Path::new("other")));
        assert!(anywhere.may_keep_below(Path::new("other")));
        let plain = Rules::parse("*\n!src/*/x\n", Path::new("x"), Reach::Anywhere).unwrap();
        assert!(plain.may_keep_below(Path::new("src/any")));
        assert!(!plain.may_keep_below(Path::new("node_modules")));
    }

    #[test]
    fn a_file_that_must_be_sent_is_kept() {
        let rules = rules("*").keeping("docker/Dockerfile").unwrap();
        assert!(!rules.ignores(Path::new("docker/Dockerfile")));
        assert!(rules.ignores(Path::new("docker/other")));
        assert!(rules.may_keep_below(Path::new("docker")));
    }

    #[test]
    fn bad_rules_are_named_with_their_line() {
        for (text, line) in [("a\n!", 2), ("[a", 1), ("[]", 1), ("x\\", 1), ("[-a]", 1), ("# fine\n\n[a-]", 3)] {
            let error = Rules::parse(text, Path::new("d"), Reach::Named).err().unwrap_or_else(|| panic!("{text}"));
            assert!(error.to_string().starts_with(&format!("d, line {line}: ")), "{error}");
        }
    }

    #[test]
    fn names_that_are_not_utf8_match_wildcards() {
        use std::os::unix::ffi::OsStrExt as _;
        let name = Path::new(std::ffi::OsStr::from_bytes(b"b\xff.log"));
        assert!(rules("*.log").ignores(name));
        assert!(rules("b?.log").ignores(name));
    }
}
