//! The credentials for the Taskcluster deployment: whose, until when, and whether they are accepted.

use jiff::{SignedDuration, Timestamp};

use super::examination::Examination;
use crate::{
    domain::{
        finding::{CheckId, Finding, Owner},
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
    findings.push(match deployment.current_scopes().await {
        Ok(scopes) => Finding::pass(format!(
            "{} is accepted, with {} scopes, from {}",
            credentials.client_id,
            scopes.iter().count(),
            credentials.source
        )),
        Err(error @ TaskclusterError::Unreachable { .. }) => {
            drop(error);
            return Finding::needs(CheckId::Cluster);
        }
        Err(error) => Finding::failed(&error.into(), Owner::You),
    });
    findings.push(match credentials.expiry() {
        Some(expiry) => lasting(expiry, now, credentials),
        None => permanent(deployment.client(&credentials.client_id).await, now, credentials),
    });
    Finding::together(findings)
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
