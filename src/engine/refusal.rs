//! Engines report failures as text under HTTP 200. What kind of failure a text means is decided here.
//!
//! Source of the texts: measured with Docker 20.10 and podman 4.3; those of Docker Hub from its documentation.

use std::sync::LazyLock;

use regex::Regex;

use super::EngineError;
use crate::{domain::reference::Repository, log::sanitise};

/// `… returned a non-zero code: 7`, `… exit code: 7`, `… exit status 7`.
static EXIT_CODE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:code: |exit status )(-?\d+)\s*$").expect("the pattern is a constant that the tests compile")
});

/// The classic builder looked at an image that somebody removed meanwhile; after `FROM scratch`, up to Docker 24, at all
/// that have no parent. Source: moby, `getLocalCachedImage` in `image/cache/cache.go`.
const CACHE_CHANGED: &str = "unable to find image \"sha256:";

const NO_SPACE: &str = "no space left on device";

/// Texts of transports, TLS included: nobody answered, or nobody that is trusted.
const NOT_REACHED: [&str; 13] = [
    "dial tcp",
    "connection refused",
    "connection reset",
    "no such host",
    "i/o timeout",
    "tls handshake",
    "x509:",
    "context deadline exceeded",
    "client.timeout exceeded",
    "network is unreachable",
    "server gave http response to https client",
    "temporary failure in name resolution",
    "unexpected eof",
];

/// Texts of registries that answer, but not now.
const NOT_NOW: [&str; 4] = ["500 internal", "502 bad gateway", "503 service", "504 gateway"];

/// Longer messages quote whole scripts.
const LONGEST: usize = 4000;

/// A remote text that may be shown, in lines as it came: nothing in it acts on a terminal, and it is not endless.
pub(super) fn plain(text: &str) -> String {
    let beginning = &text[..text.floor_char_boundary(8 * LONGEST)];
    let lines: Vec<String> = beginning.trim().lines().map(sanitise::plain).collect();
    lines.join("\n").chars().take(LONGEST).collect()
}

/// What a build's last message means. `step` is the step that failed.
pub(super) fn of_build(message: &str, step: Option<&str>) -> EngineError {
    let exit_code = EXIT_CODE.captures(message).and_then(|found| found[1].parse().ok());
    let message = plain(message);
    let text = message.to_ascii_lowercase();
    if text.contains(NO_SPACE) {
        return EngineError::DiskFull { doing: "building", message };
    }
    // A command that ran and failed may well have talked to a network of its own.
    if exit_code.is_none() {
        if text.starts_with(CACHE_CHANGED) {
            return EngineError::CacheChanged { message };
        }
        if ["pull access denied", "no basic auth credentials", "unauthorized:", "authorization failed", "denied:"]
            .iter()
            .any(|known| text.contains(known))
        {
            return EngineError::BaseDenied { message };
        }
        if NOT_REACHED.iter().chain(&NOT_NOW).chain(&["toomanyrequests"]).any(|known| text.contains(known)) {
            return EngineError::BaseUnreachable { message };
        }
    }
    EngineError::BuildFailed { message, exit_code, step: step.map(plain) }
}

/// What a push's error message means.
pub(super) fn of_push(message: &str, repository: &Repository) -> EngineError {
    let message = plain(message).split_whitespace().collect::<Vec<_>>().join(" ");
    let text = message.to_ascii_lowercase();
    let has = |known: &[&str]| known.iter().any(|known| text.contains(known));
    let registry = repository.host().to_owned();
    if has(&[NO_SPACE]) {
        EngineError::DiskFull { doing: "pushing", message }
    } else if has(&["does not exist locally", "no such image", "image not known"]) {
        EngineError::NoSuchImage { image: repository.to_string(), message }
    } else if has(&["no basic auth credentials"]) {
        EngineError::NoCredentials { registry, message }
    } else if has(&["toomanyrequests", "too many requests", "429"]) {
        EngineError::RateLimited { registry, message }
    } else if has(&["denied", "insufficient_scope", "insufficient scope", "403 forbidden"]) {
        EngineError::PushDenied { repository: repository.clone(), message }
    } else if has(&["unauthorized", "authentication required", "incorrect username or password", "401"]) {
        EngineError::Unauthorized { registry, message }
    } else if has(&NOT_REACHED) || has(&NOT_NOW) || text.ends_with(": eof") {
        EngineError::RegistryUnreachable { registry, message }
    } else {
        EngineError::PushFailed { repository: repository.clone(), message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::failure::{Failure, FailureKind};

    #[test]
    fn exit_codes_of_all_builders() {
        for (message, code) in [
            ("The command '/bin/sh -c x; exit 7' returned a non-zero code: 7", Some(7)),
            ("executor failed running [/bin/sh -c exit 1; exit 7]: exit code: 7", Some(7)),
            ("building at STEP \"RUN false\": while running runtime: exit status 1\n", Some(1)),
            ("process \"/bin/sh -c curl dial tcp\" did not complete successfully: exit code: 6", Some(6)),
            ("dockerfile parse error line 2: unknown instruction: RUM", None),
        ] {
            match of_build(message, Some("[1/1] RUN x")) {
                EngineError::BuildFailed { exit_code, step, .. } => {
                    assert_eq!(exit_code, code, "{message}");
                    assert_eq!(step.as_deref(), Some("[1/1] RUN x"));
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn nothing_in_a_message_acts_on_a_terminal() {
        let message = "failed [printf \u{1b}]52;c;aGk=\u{7}]:\r\n \u{202e}exit\u{9b}2J code: 7";
        let EngineError::BuildFailed { message, exit_code, step } = of_build(message, Some("[1/1] \u{9b}2J\u{2066}x"))
        else {
            panic!("a command failed")
        };
        assert_eq!((message.as_str(), exit_code), ("failed [printf ]:\nexit code: 7", Some(7)));
        assert_eq!(step.as_deref(), Some("[1/1] x"));
        assert_eq!(plain(&"\u{1b}[1mé".repeat(100_000)).chars().count(), 2000);
    }

    #[test]
    fn an_image_that_went_while_it_was_looked_at_is_not_the_dockerfiles_fault() {
        let message = format!("unable to find image \"sha256:{}\"", "2".repeat(64));
        let failure = Failure::from(of_build(&message, Some("Step 2/5 : LABEL a=b")));
        assert_eq!((failure.kind, &failure.why), (FailureKind::Failed, &message));
        assert!(failure.next.starts_with("run it again"), "{failure:?}");
        let said = of_build(&format!("{message}: exit code: 7"), None);
        assert!(matches!(said, EngineError::BuildFailed { exit_code: Some(7), .. }), "{said:?}");
    }

    #[test]
    fn base_images_that_cannot_be_had() {
        let kind = |message: &str| Failure::from(of_build(message, None)).kind;
        assert_eq!(kind("pull access denied for a/b, repository does not exist"), FailureKind::NotAllowed);
        let unknown = "Get \"https://nowhere/v2/\": dial tcp: lookup nowhere: no such host";
        assert_eq!(kind(unknown), FailureKind::Unreachable);
        assert_eq!(kind("write /x: no space left on device"), FailureKind::Failed);
    }

    #[test]
    fn pushes_fail_in_kinds_that_can_be_told_apart() {
        let repository: Repository = "reg.example.com/a/b".parse().unwrap();
        for (message, kind, said) in [
            ("unauthorized: authentication required", FailureKind::NotAllowed, "the registry refuses the login"),
            ("unauthorized: incorrect username or password", FailureKind::NotAllowed, "the registry refuses the login"),
            ("no basic auth credentials", FailureKind::NotAllowed, "the registry wants a login"),
            (
                "errors:\ndenied: requested access to the resource is denied\ndenied\n",
                FailureKind::NotAllowed,
                "the registry refuses the push",
            ),
            (
                "unauthorized: access to the requested resource is denied",
                FailureKind::NotAllowed,
                "the registry refuses the push",
            ),
            (
                "Get \"http://127.0.0.1:1/v2/\": dial tcp 127.0.0.1:1: connect: connection refused",
                FailureKind::Unreachable,
                "the registry cannot be reached by the engine",
            ),
            (
                "received unexpected HTTP status: 503 Service Unavailable",
                FailureKind::Unreachable,
                "the registry cannot be reached by the engine",
            ),
            (
                "toomanyrequests: Rate exceeded",
                FailureKind::Unreachable,
                "the registry limits how often it may be asked",
            ),
            (
                "An image does not exist locally with the tag: reg.example.com/a/b",
                FailureKind::Failed,
                "the image to push is gone",
            ),
            ("manifest invalid", FailureKind::Failed, "the push to reg.example.com/a/b failed"),
            ("open /x: no space left on device", FailureKind::Failed, "the engine's disk is full"),
        ] {
            let failure = Failure::from(of_push(message, &repository));
            assert_eq!((failure.kind, failure.what.as_str()), (kind, said), "{message}");
        }
    }
}
