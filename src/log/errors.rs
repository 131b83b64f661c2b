//! Lines in which a build says that something went wrong: as compilers, package managers, shells and builders write
//! them. Not for counting: what only speaks of errors, `0 errors` or `errors.go`, is none.

use std::sync::LazyLock;

use regex::Regex;

/// A word for an error with a colon after it, or a sentence that nobody writes who means something else.
const ERROR: &str = concat!(
    r"(?i)(?:^|[\s\]\x1b(>m.])(?:(?:fatal |internal |compiler )?error(?:\[\w+\])?|fatal|panic|\w+exception): ",
    r"|(?-i)(?:^|[\s\]m])E: |npm ERR!|Traceback \(most recent call last\)|\*\*\* .*Error \d",
    r"|(?i)[\w)]: (?:command )?not found|: no such file or directory|: permission denied",
    r"|undefined reference to|returned a non-zero code|did not complete successfully",
    r"|(?-i)[a-z]Error: ",
);

static PATTERN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(ERROR).expect("a fixed expression, which a test compiles"));

/// What finds such a line; for those who search a whole log.
#[must_use]
pub fn pattern() -> &'static Regex {
    &PATTERN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tools_say_when_they_fail_is_found() {
        for line in [
            "ERROR: failed to solve: process \"/bin/sh -c x\" did not complete successfully: exit code: 1",
            "error: could not compile `app` (bin \"app\")",
            "error[E0308]: mismatched types",
            "\x1b[31merror: it is red\x1b[0m",
            "main.c:3:10: fatal error: missing.h: No such file or directory",
            "E: Unable to locate package nothing",
            "npm ERR! code ELIFECYCLE",
            "Traceback (most recent call last):",
            "ModuleNotFoundError: No module named 'x'",
            "make: *** [Makefile:3: all] Error 2",
            "/bin/sh: 1: wget: not found",
            "bash: line 1: nothing: command not found",
            "cat: /nowhere: No such file or directory",
            "fatal: not a git repository",
            "Exception in thread: java.lang.IllegalStateException: x",
            "#7 0.21 error: it is one of BuildKit's",
            "The command '/bin/sh -c false' returned a non-zero code: 1",
        ] {
            assert!(pattern().is_match(line), "{line}");
        }
    }

    #[test]
    fn what_only_speaks_of_errors_is_none() {
        for line in [
            "0 errors, 3 warnings",
            "cc -Werror -c errors.c",
            "Compiling thiserror v2.0.0",
            "Setting up libgpg-error0:amd64 (1.47-3)",
            "test handles_an_error ... ok",
            "Step 3/4 : RUN echo fine",
            "page not found handler registered",
            "",
        ] {
            assert!(!pattern().is_match(line), "{line}");
        }
    }
}
