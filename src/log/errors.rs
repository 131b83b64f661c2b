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

/// A builder names the command that it begins, `#4 [2/2] RUN …` or `Step 2/2 : RUN …`: errors that the command speaks of
/// have not happened.
#[must_use]
pub fn is_announcement(line: &str) -> bool {
    let numbers = |text: &str| {
        text.rsplit(' ').next().is_some_and(|last| {
            last.split_once('/').is_some_and(|(step, of)| {
                [step, of].iter().all(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
            })
        })
    };
    let buildkit = line.strip_prefix('#').and_then(|rest| rest.split_once(" ["));
    let buildkit = buildkit.filter(|(number, _)| number.bytes().all(|b| b.is_ascii_digit()));
    let buildkit = buildkit.and_then(|(_, rest)| rest.split_once("] ")).map(|(stage, _)| stage);
    let classic = line.strip_prefix("Step ").and_then(|rest| rest.split_once(" : ")).map(|(step, _)| step);
    buildkit.or(classic).is_some_and(numbers)
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
    fn a_command_that_begins_is_told_from_what_it_says() {
        for line in ["#4 [2/2] RUN echo error: x", "#12 [builder 3/10] RUN x", "Step 4/6 : RUN echo error: x"] {
            assert!(is_announcement(line), "{line}");
        }
        for line in ["#4 0.2 error: [2/2] x", "error: it is broken", "#4 ERROR: [a] b", "[2/2] RUN x", ""] {
            assert!(!is_announcement(line), "{line}");
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
