//! `windlass doctor`: everything a release stands on, looked at one by one, before it is needed.
//!
//! A check is a file here with one function, from an `Examination` to a [`Finding`]: pass, warn, fail or cannot
//! tell, with what was seen, what to do, and who can. Checks share what is costly to find out (the project, the
//! engine, the registry's greeting), so they run all at once in any order; one that finds the thing it needs not
//! working says which check tells more. Nothing is changed but for the upload that `push` begins and calls off.
//!
//! ```text
//! Machine ─► Examination ─┬─ config git engine disk vault journal clock leftovers session   once
//!                         ├─ cluster client github grants yml pool dates                     where Taskcluster is used
//!                         └─ registry secret login push                                     for each image
//! ```

mod artifacts;
mod asked;
mod client;
mod clock;
mod cluster;
mod config;
mod dates;
mod disk;
mod draft;
mod engine;
mod examination;
mod git;
mod github;
mod grants;
mod journal;
mod leftovers;
mod login;
mod pool;
mod push;
mod registry;
mod secret;
mod session;
mod untold;
mod vault;
mod yml;

use std::time::Duration;

use futures_util::future::join_all;

pub use examination::Machine;

use examination::{Examination, Subject};

pub use crate::domain::finding::Report;

use crate::domain::finding::{CheckId, Finding, Outcome, Owner};

/// How long a check may take. A registry that swallows every packet is given up after three tries of ten seconds.
const LIMIT: Duration = Duration::from_secs(45);

/// Runs the check that is wanted, or all of them. `tell` hears of each report as soon as it is there; they are given in
/// the order of [`CheckId::ALL`].
pub async fn examine<Told: Future<Output = ()>>(
    machine: Machine,
    wanted: Option<CheckId>,
    tell: impl Fn(Report) -> Told,
) -> Vec<Report> {
    let examination = Examination::new(machine);
    let checks: Vec<CheckId> = match wanted {
        Some(wanted) => vec![wanted],
        None => CheckId::concerning(examination.machine.taskcluster.is_some()).collect(),
    };
    let runs = checks.into_iter().flat_map(|check| {
        let subjects: Vec<Option<&Subject>> = match examination.subjects() {
            [] => vec![None],
            subjects if check.is_of_an_image() => subjects.iter().map(Some).collect(),
            _ => vec![None],
        };
        subjects.into_iter().map(move |subject| (check, subject)).collect::<Vec<_>>()
    });
    let (examination, tell) = (&examination, &tell);
    let told = runs.map(|(check, subject)| async move {
        let report = report(examination, check, subject).await;
        tell(report.clone()).await;
        report
    });
    join_all(told).await
}

/// What the findings mean for the exit code: 1 when a check fails; else 4 when one could not be carried out,
/// because what it needs does not work or did not answer; else 0.
#[must_use]
pub fn exit_code(reports: &[Report]) -> u8 {
    let any = |is: fn(&Outcome) -> bool| reports.iter().any(|report| is(&report.finding.outcome));
    if any(|outcome| matches!(outcome, Outcome::Fail(_))) {
        1
    } else if any(|outcome| matches!(outcome, Outcome::Blocked(_))) {
        4
    } else {
        0
    }
}

fn looks_into_vault(check: CheckId) -> bool {
    matches!(check, CheckId::Registry | CheckId::Vault | CheckId::Secret | CheckId::Login | CheckId::Push)
}

async fn report(examination: &Examination, check: CheckId, subject: Option<&Subject>) -> Report {
    if looks_into_vault(check) {
        examination.open_vault().await;
    }
    let finding = tokio::time::timeout(LIMIT, finding(examination, check, subject)).await.unwrap_or_else(|_| {
        let evidence = format!("it did not end within {} seconds", LIMIT.as_secs());
        Finding::blocked(evidence, Owner::You, "look at the network and the load of this machine, then run it again")
    });
    Report { check, image: subject.map(|subject| subject.image.name.clone()), finding }
}

async fn finding(examination: &Examination, check: CheckId, subject: Option<&Subject>) -> Finding {
    match (check, subject) {
        (CheckId::Config, _) => config::check(examination),
        (CheckId::Git, _) => git::check(examination).await,
        (CheckId::Engine, _) => engine::check(examination).await,
        (CheckId::Disk, _) => disk::check(examination).await,
        (CheckId::Vault, _) => vault::check(examination),
        (CheckId::Journal, _) => journal::check(examination).await,
        (CheckId::Clock, _) => clock::check(examination).await,
        (CheckId::Leftovers, _) => leftovers::check(&examination.machine.paths.run()),
        (CheckId::Session, _) => session::check(std::path::Path::new("/"), &examination.machine.user),
        (CheckId::Cluster, _) => cluster::check(examination).await,
        (CheckId::Client, _) => client::check(examination).await,
        (CheckId::Github, _) => github::check(examination).await,
        (CheckId::Grants, _) => grants::check(examination).await,
        (CheckId::Yml, _) => yml::check(examination).await,
        (CheckId::Pool, _) => pool::check(examination).await,
        (CheckId::Dates, _) => dates::check(examination).await,
        (CheckId::Registry, Some(subject)) => registry::check(examination, subject).await,
        (CheckId::Secret, Some(subject)) => secret::check(examination, subject).await,
        (CheckId::Login, Some(subject)) => login::check(examination, subject).await,
        (CheckId::Push, Some(subject)) => push::check(examination, subject).await,
        (CheckId::Registry | CheckId::Secret | CheckId::Login | CheckId::Push, None) => Finding::needs(CheckId::Config),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_is_the_worst_finding() {
        let code = |findings: &[Finding]| {
            let report = |finding: &Finding| Report { check: CheckId::Git, image: None, finding: finding.clone() };
            exit_code(&findings.iter().map(report).collect::<Vec<_>>())
        };
        let (warn, cannot_tell) = (Finding::warn("", Owner::You, ""), Finding::cannot_tell("", Owner::You, ""));
        let (fail, blocked) = (Finding::fail("", Owner::You, ""), Finding::needs(CheckId::Engine));
        assert_eq!(code(&[Finding::pass(""), warn.clone(), cannot_tell]), 0);
        assert_eq!(code(&[warn, blocked.clone()]), 4);
        assert_eq!(code(&[blocked, fail]), 1);
    }
}
