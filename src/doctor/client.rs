//! The credentials for the Taskcluster deployment: whose, until when, and whether they are accepted.

use jiff::{SignedDuration, Timestamp};

use super::examination::Examination;
use crate::{
    domain::{
        finding::{CheckId, Finding, Owner},
        root_url::RootUrl,
        written::time,
    },
    taskcluster::{Access, Client, Credentials, TaskclusterError, Unfit},
};

/// Who is told in time can sign in before the next release.
const SOON: SignedDuration = SignedDuration::from_hours(24);

pub(super) async fn check(examination: &Examination) -> Finding {
    let Access { deployment, unfit } = match examination.deployment() {
        Ok(access) => access,
        Err(finding) => return finding,
    };
    if deployment.is_by_proxy() {
        let host = deployment.root().host();
        return match deployment.current_scopes().await {
            Ok(scopes) => Finding::pass(format!(
                "{host} is asked in the name of this task, with {} scopes: its proxy signs (auth, scopes/current: 200)",
                scopes.iter().count()
            )),
            Err(error) => Finding::failed(&error.into(), Owner::You),
        };
    }
    let mut findings: Vec<Finding> = unfit.iter().map(passed_over).collect();
    let Some(credentials) = deployment.credentials() else {
        findings.push(Finding::warn(
            format!(
                "{} is asked as nobody: what anybody may read is seen, and nothing is changed",
                deployment.root().host()
            ),
            Owner::You,
            "sign in where you mean to change something: windlass signin",
        ));
        return Finding::together(findings);
    };
    let now = Timestamp::now();
    let (scopes, with_query) = tokio::join!(deployment.current_scopes(), deployment.accepts_queries());
    findings.push(match (scopes, with_query) {
        (Ok(scopes), Err(error)) if error.is_unauthenticated() => Finding::fail(
            format!(
                "{} is accepted, with {} scopes, but not where an address has a query: {error}",
                credentials.client_id,
                scopes.iter().count()
            ),
            Owner::MachineAdmin,
            "look at the proxy between here and there: it changes addresses after they were signed",
        ),
        (Ok(scopes), _) => Finding::pass(format!(
            "{} is accepted, with {} scopes, from {} (auth, scopes/current: 200)",
            credentials.client_id,
            scopes.iter().count(),
            credentials.source
        )),
        (Err(TaskclusterError::Unreachable { .. }), _) => return Finding::needs(CheckId::Cluster),
        (Err(TaskclusterError::Refused(refusal)), _) if refusal.message.contains("Bad mac") => {
            let (why, fix) = bad_mac(credentials, deployment.root());
            Finding::fail(format!("{refusal}: {why}"), Owner::You, fix)
        }
        (Err(error), _) => Finding::failed(&error.into(), Owner::You),
    });
    findings.push(match credentials.expiry() {
        Some(expiry) => lasting(expiry, now, credentials),
        None => permanent(deployment.client(&credentials.client_id).await, now, credentials),
    });
    Finding::together(findings)
}

/// Why a signature does not fit: the service tells no more than that. Source: measured on v106.
fn bad_mac(credentials: &Credentials, root: &RootUrl) -> (String, String) {
    let from = &credentials.source;
    let (why, fix) = if credentials.lack_certificate() {
        ("the token is of temporary credentials, and their certificate is not there", "add the certificate")
    } else if credentials.certificate.is_some() {
        (
            "the token is not that of the certificate, or whoever issued it has another by now",
            "get new ones (windlass signin)",
        )
    } else if root.has_port() {
        (
            "the token is wrong, or the deployment has another host or port than the root URL: behind a port that is \
             forwarded it does not know what was signed",
            "check `root-url` and the token",
        )
    } else {
        ("the token is wrong, or was reset", "correct it, or get new ones (windlass signin)")
    };
    (why.to_owned(), format!("{fix}: {from}"))
}

fn passed_over(unfit: &Unfit) -> Finding {
    Finding::warn(format!("credentials are passed over, {unfit}"), Owner::You, "complete them, or take them away")
}

fn permanent(client: Result<Client, TaskclusterError>, now: Timestamp, credentials: &Credentials) -> Finding {
    match client {
        Ok(client) if client.disabled => Finding::fail(
            format!("{} is disabled", client.client_id),
            Owner::TaskclusterAdmin,
            "have it enabled, or get others: windlass signin",
        ),
        Ok(client) => lasting(client.expires, now, credentials),
        Err(error) => Finding::cannot_tell(
            format!("until when they last: {error}"),
            Owner::TaskclusterAdmin,
            format!(
                "have auth:get-client:{} granted, or look at the deployment's page of clients",
                credentials.client_id
            ),
        ),
    }
}

fn lasting(expiry: Timestamp, now: Timestamp, credentials: &Credentials) -> Finding {
    let left = expiry.duration_since(now);
    let until = format!("until {} UTC", time(expiry));
    if left <= SignedDuration::ZERO {
        return Finding::fail(
            format!("the credentials of {} lasted {until}", credentials.client_id),
            Owner::You,
            "get new ones: windlass signin",
        );
    }
    let evidence = format!("they last {until}");
    if left < SOON {
        return Finding::warn(evidence, Owner::You, "get new ones before a long release: windlass signin");
    }
    Finding::pass(evidence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::taskcluster::Source;

    #[test]
    fn a_signature_that_does_not_fit_has_one_of_four_causes() {
        let certificate = r#"{"start":1795414000000,"expiry":1795417600000}"#;
        for (root, token, certificate, said) in [
            ("https://tc.example", "x".repeat(43), None, "their certificate is not there"),
            ("https://tc.example", "x".repeat(43), Some(certificate), "not that of the certificate"),
            ("https://tc.example", "x".repeat(44), None, "the token is wrong, or was reset"),
            ("http://127.0.0.1:8080", "x".repeat(44), None, "another host or port than the root URL"),
        ] {
            let root: RootUrl = root.parse().unwrap();
            let made = Credentials::new(
                root.clone(),
                "me".into(),
                token.into(),
                certificate.map(Into::into),
                Source::Environment,
            );
            let (why, fix) = bad_mac(&made.unwrap(), &root);
            assert!(why.contains(said), "{why}");
            assert!(fix.ends_with(": the environment"), "{fix}");
        }
    }

    #[test]
    fn an_end_is_told_before_it_comes() {
        let now: Timestamp = "2026-11-21T09:30:00Z".parse().unwrap();
        let root = "https://tc.example".parse().unwrap();
        let made = Credentials::new(root, "me".into(), "token".into(), None, Source::Environment).unwrap();
        for (expiry, word, said) in [
            ("2026-11-21T09:30:00Z", "fail", "the credentials of me lasted until 2026-11-21 09:30:00 UTC"),
            ("2026-11-22T09:29:59Z", "warn", "they last until"),
            ("2026-11-22T09:30:00Z", "pass", "they last until"),
        ] {
            let finding = lasting(expiry.parse().unwrap(), now, &made);
            assert_eq!(finding.outcome.word(), word, "{expiry}");
            assert!(finding.evidence.starts_with(said), "{}", finding.evidence);
        }
    }
}
