//! What a maintainer is told when the registry refuses: every shape of refusal as error, observation and failure.

use windlass::domain::{
    failure::{Failure, FailureKind},
    observation::Observation,
};

use super::{by_tag, client, nothing_known, tag};
use crate::support::fake_registry::{Answer, FakeRegistry, MANIFEST};

#[tokio::test]
async fn refusals_have_a_kind_and_their_reason() {
    let cases: [(Answer, FailureKind, &str); 7] = [
        (Answer::refusal(403, "DENIED", "no access"), FailureKind::NotAllowed, "403 DENIED: no access"),
        (Answer::status(401), FailureKind::NotAllowed, "401"),
        (Answer::refusal(500, "UNKNOWN", "disk full"), FailureKind::Unreachable, "500 UNKNOWN: disk full"),
        (Answer::refusal(400, "NAME_INVALID", "bad"), FailureKind::Failed, ""),
        (Answer::ok("text/plain", "go away\r\nnow").with_status(403), FailureKind::NotAllowed, "403: go away"),
        (Answer::ok("text/html", "<html>no</html>").with_status(403), FailureKind::NotAllowed, "403"),
        (Answer::json(r#"{"detail":"blocked"}"#).with_status(403), FailureKind::NotAllowed, "403: blocked"),
    ];
    for (answer, kind, why) in cases {
        let registry = FakeRegistry::answering({
            let answer = answer.clone();
            move |_| answer.clone()
        });
        let error = client(&registry.repository("team/app"), None).manifest(&by_tag("latest")).await.unwrap_err();
        let failure = Failure::from(error);
        assert_eq!(failure.kind, kind, "{answer:?}: {failure:?}");
        assert!(failure.why.contains(why), "{answer:?}: {failure:?}");
        assert!(!failure.next.is_empty() && !failure.why.contains('\n') && !failure.why.contains("<html>"));
    }
}

#[tokio::test]
async fn refusals_are_never_a_missing_tag() {
    type Expected = fn(&Observation) -> bool;
    let cases: [(Answer, Expected); 6] = [
        (Answer::status(403), |o| matches!(o, Observation::Denied { .. })),
        (Answer::status(401), |o| matches!(o, Observation::Denied { .. })),
        (Answer::login_asked(), |o| matches!(o, Observation::Denied { why } if why.contains("asks for a login"))),
        (Answer::status(429).header("Retry-After", "60"), |o| {
            *o == Observation::RateLimited { retry_after_seconds: Some(60) }
        }),
        (Answer::status(500), |o| matches!(o, Observation::Unreachable { .. })),
        (
            Answer::ok("text/html; charset=utf-8", "<html>Sign in</html>"),
            |o| matches!(o, Observation::Unreadable { why } if why.contains("a web page was served in its place")),
        ),
    ];
    for (answer, expected) in cases {
        let registry = FakeRegistry::answering({
            let answer = answer.clone();
            move |_| answer.clone()
        });
        for fresh in [true, false] {
            let seen = client(&registry.repository("x"), None).observe(&tag("latest"), &nothing_known, fresh).await;
            assert!(expected(&seen), "{answer:?}: {seen:?}");
        }
    }
}

#[tokio::test]
async fn what_is_no_manifest_is_said_to_be_none() {
    for (answer, why) in [
        (Answer::ok("application/vnd.docker.distribution.manifest.v1+prettyjws", "{}"), "schema 1"),
        (Answer::ok("application/json", "{}"), "served as application/json"),
        (Answer::status(200).body("{}"), "without a media type"),
        (Answer::ok(MANIFEST, "{}"), "without a config"),
        (Answer::ok(MANIFEST, "not JSON"), "is unreadable"),
    ] {
        let registry = FakeRegistry::answering(move |_| answer.clone());
        let seen = client(&registry.repository("x"), None).observe(&tag("latest"), &nothing_known, true).await;
        assert!(matches!(&seen, Observation::Unreadable { why: found } if found.contains(why)), "{seen:?}");
    }
}
