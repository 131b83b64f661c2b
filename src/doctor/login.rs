//! The login: the registry accepts it, refuses a wrong one, and lets it pull.

use super::examination::{Examination, Subject};
use crate::{
    domain::{
        failure::FailureKind,
        finding::{CheckId, Finding, Owner},
        proof::LoginProof,
    },
    rotation::check::check as prove,
};

pub(super) async fn check(examination: &Examination, subject: &Subject) -> Finding {
    let repository = &subject.image.repository;
    let login = match examination.login(subject).await {
        Ok(login) => login,
        Err(untold) => return untold,
    };
    // Without the right to change something: the upload is another check's.
    match prove(repository, &login, &examination.machine.registry, None).await {
        Err(failure) => match failure.kind {
            FailureKind::Unreachable => Finding::needs(CheckId::Registry),
            FailureKind::NotAllowed => Finding::failed(&failure, Owner::You),
            _ => Finding::failed(&failure, Owner::RegistryAdmin),
        },
        Ok(report) => {
            let user = &report.username;
            let said = match report.login {
                LoginProof::Proven => format!("{} accepts {user}, and refuses a wrong password", repository.host()),
                LoginProof::Open => format!("{} asks for no login", repository.host()),
            };
            if report.may_pull {
                return Finding::pass(said);
            }
            let fix = format!("give {user} the right to pull from {repository}: releases are read back");
            Finding::warn(format!("{said}; {user} may not pull"), Owner::RegistryAdmin, fix)
        }
    }
}
