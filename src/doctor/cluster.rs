//! The Taskcluster deployment: is one there, are its services well, and do its clock and ours agree.

use std::time::Duration;

use futures_util::future::join_all;
use jiff::SignedDuration;
use tokio::time::timeout;

use super::examination::Examination;
use crate::{
    config::Trigger,
    domain::{
        failure::Failure,
        finding::{Finding, Owner},
        plan::Runner,
    },
    taskcluster::{Service, TaskclusterError, skewed},
};

/// Where it may be noticed. Hawk takes 15 minutes, certificates 5. Source: measured on v106.
const NOTICED: SignedDuration = SignedDuration::from_secs(60);
const CERTIFICATES: SignedDuration = SignedDuration::from_mins(5);
const REQUESTS: SignedDuration = SignedDuration::from_mins(15);
/// A service that takes longer is told of by name, within the limit of a check.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) async fn check(examination: &Examination) -> Finding {
    let deployment = match examination.deployment() {
        Ok(access) => &access.deployment,
        Err(finding) => return finding,
    };
    if let Err(error) = deployment.ping().await {
        return Finding::failed(&error.into(), Owner::You);
    }
    let host = deployment.root().host();
    let temporary = deployment.credentials().is_some_and(|credentials| credentials.certificate.is_some());
    let answers = Finding::pass(format!("{host} answers"));
    let clock = clock(deployment.ahead().unwrap_or_default(), temporary);
    let services = used(examination);
    let asked = services.iter().map(|service| answer(*service, deployment.heartbeat(*service), PATIENCE));
    let unwell: Vec<Finding> = join_all(asked).await.into_iter().filter_map(Result::err).collect();
    let well = services.iter().map(|service| service.name()).collect::<Vec<_>>().join(", ");
    let well = Finding::pass(format!("the services that are used are well: {well} (__heartbeat__: 200)"));
    let services = if unwell.is_empty() { vec![well] } else { unwell };
    Finding::together([answers, clock].into_iter().chain(services).collect())
}

/// The services that this project's releases and secrets there go through. The one that has workers come is its pools'
/// own check's matter.
fn used(examination: &Examination) -> Vec<Service> {
    let mut used = vec![Service::Auth];
    if let Ok(project) = &examination.machine.project
        && (project.runner == Runner::Taskcluster || project.images.iter().any(|image| !image.secret.store.is_vault()))
    {
        used.push(Service::Secrets);
    }
    if let Ok(at) = examination.taskcluster() {
        used.extend([Service::Queue, Service::Object]);
        used.extend(at.config.github.is_some().then_some(Service::Github));
        used.extend(matches!(at.config.trigger, Trigger::Hook { .. }).then_some(Service::Hooks));
        used.extend((!at.config.index.is_empty()).then_some(Service::Index));
    }
    used
}

/// The error is what is to be said of a service that is not well.
async fn answer(
    service: Service,
    heartbeat: impl Future<Output = Result<(), TaskclusterError>>,
    patience: Duration,
) -> Result<(), Finding> {
    let again = "a task that ended as resource-unavailable meanwhile is safe to run again";
    let (evidence, next) = match timeout(patience, heartbeat).await {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) => {
            let Failure { what, why, next, .. } = error.into();
            (format!("{what}: {why}"), next)
        }
        Err(_) => (
            format!("{service} did not say within {} s that it is well", patience.as_secs()),
            "try again later; if it stays so, tell whoever runs the deployment".to_owned(),
        ),
    };
    Err(Finding::fail(evidence, Owner::TaskclusterAdmin, format!("{next}; {again}")))
}

/// `ahead`: our clock minus theirs.
fn clock(ahead: SignedDuration, temporary: bool) -> Finding {
    let fix = "set the clock by the network: timedatectl set-ntp true";
    let evidence = || format!("this machine's clock is {}", skewed(ahead.as_secs()));
    let limit = if temporary { CERTIFICATES } else { REQUESTS };
    match ahead.abs() {
        apart if apart < NOTICED => Finding::pass("its clock agrees with this machine's"),
        apart if apart < limit => Finding::warn(evidence(), Owner::MachineAdmin, fix),
        _ => Finding::fail(format!("{}: signed requests are refused", evidence()), Owner::MachineAdmin, fix),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_judged_by_what_the_services_take() {
        for (ahead, temporary, word, said) in [
            (0, false, "pass", "agrees"),
            (-59, true, "pass", "agrees"),
            (61, false, "warn", "this machine's clock is 61 s fast"),
            (-290, true, "warn", "5 min slow"),
            (300, true, "fail", "this machine's clock is 5 min fast: signed requests are refused"),
            (300, false, "warn", "5 min fast"),
            (-900, false, "fail", "15 min slow: signed requests are refused"),
        ] {
            let finding = clock(SignedDuration::from_secs(ahead), temporary);
            assert_eq!(finding.outcome.word(), word, "{ahead}");
            assert!(finding.evidence.contains(said), "{ahead}: {}", finding.evidence);
        }
    }
    #[tokio::test]
    async fn a_service_that_says_nothing_is_named() {
        let silent = answer(Service::Object, std::future::pending(), Duration::ZERO).await.unwrap_err();
        assert_eq!(
            (silent.outcome.word(), silent.evidence.as_str()),
            ("fail", "object did not say within 0 s that it is well")
        );
        assert_eq!(answer(Service::Object, std::future::ready(Ok(())), PATIENCE).await, Ok(()));
    }
}
