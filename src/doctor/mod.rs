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

mod actions;
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
mod outsiders;
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

pub use examination::{Machine, Reach};
pub use grants::grant;

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

/// What has to be found out before a check begins, since somebody may have to be asked for a passphrase first.
#[derive(Debug, PartialEq, Eq)]
enum Before {
    Vault,
    Deployment,
}

fn before(check: CheckId, subject: Option<&Subject>) -> Option<Before> {
    match subject {
        // Those that are of an image look at its secret.
        Some(subject) if subject.image.secret.store.is_vault() => Some(Before::Vault),
        Some(_) => Some(Before::Deployment),
        None if check == CheckId::Vault => Some(Before::Vault),
        None => check.is_of_taskcluster().then_some(Before::Deployment),
    }
}

async fn report(examination: &Examination, check: CheckId, subject: Option<&Subject>) -> Report {
    match before(check, subject) {
        Some(Before::Vault) => examination.open_vault().await,
        Some(Before::Deployment) => examination.reach_deployment().await,
        None => {}
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
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;
    use crate::{
        config::{self, Paths},
        domain::failure::Failure,
        keeping::Learned,
        registry::Options,
        secrets::Passphrase,
    };

    #[tokio::test]
    async fn nobody_is_asked_for_a_passphrase_that_no_check_needs() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        let looks = Arc::new(AtomicUsize::new(0));
        let examination = |store: &str| {
            let secret = format!("[secret]\nname = \"project/x\"\nstore = \"{store}\"\n");
            let recipe = "recipe = { username = \"/u\", password = \"/p\" }\n";
            let image = "[[image]]\nname = \"app\"\nrepository = \"127.0.0.1:9/a/b\"\n";
            let at = "[taskcluster]\nroot-url = \"http://127.0.0.1:9\"\n";
            std::fs::write(folder.path().join("windlass.toml"), format!("{image}\n{secret}{recipe}\n{at}")).unwrap();
            let looks = Arc::clone(&looks);
            Examination::new(Machine {
                paths: Paths { state: home.clone(), data: home.clone(), config: home.clone() },
                environment: Arc::new(|_: &str| None),
                project: Ok(config::load(folder.path(), None).unwrap()),
                image: None,
                taskcluster: Some(Arc::new(move || {
                    looks.fetch_add(1, Ordering::Relaxed);
                    Err(Failure::failed("the vault is locked", "nobody can be asked", "ask")
                        .explained_by(CheckId::Vault))
                })),
                passphrase: Passphrase::asked(|question| panic!("{question}")),
                learned: Learned::default(),
                registry: Options::default(),
                user: "me".to_owned(),
                permit: None,
            })
        };
        let kept_there = examination("taskcluster");
        for (check, count) in [
            (CheckId::Config, 0),
            (CheckId::Leftovers, 0),
            (CheckId::Vault, 0),
            (CheckId::Cluster, 1),
            (CheckId::Client, 1),
        ] {
            report(&kept_there, check, None).await;
            assert_eq!(looks.load(Ordering::Relaxed), count, "{check}");
        }
        assert_eq!(report(&kept_there, CheckId::Cluster, None).await.finding, Finding::needs(CheckId::Vault));
        for (store, vault, count) in [("taskcluster", false, 2), ("vault", true, 2)] {
            let examination = examination(store);
            report(&examination, CheckId::Secret, examination.subjects().first()).await;
            assert_eq!(examination.vault().is_some(), vault, "{store}");
            assert_eq!(looks.load(Ordering::Relaxed), count, "{store}");
        }
    }

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
