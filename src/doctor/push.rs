//! The right to push. Only an upload that the registry begins proves it; ours is called off at once.

use super::examination::{Examination, Subject};
use crate::{
    domain::finding::{CheckId, Finding, Owner},
    log::sanitise::plain,
    registry::{PushRight, RegistryError},
};

pub(super) async fn check(examination: &Examination, subject: &Subject) -> Finding {
    let repository = &subject.image.repository;
    let login = match examination.login(subject).await {
        Ok(login) => login,
        Err(untold) => return untold,
    };
    let Some(permit) = examination.machine.permit else {
        let evidence = "read-only: an upload that is begun and called off would tell";
        return Finding::cannot_tell(evidence, Owner::You, "run it without read-only: windlass doctor push");
    };
    let user = plain(&login.username);
    let probed = match examination.client(subject, Some(login)) {
        Ok(client) => client.probe_push(permit).await,
        Err(error) => Err(error),
    };
    match probed {
        Ok(PushRight::May) => {
            Finding::pass(format!("{user} may push to {repository}: an upload was begun and called off"))
        }
        Ok(PushRight::MayNot { why }) => {
            let fix =
                format!("give {user} the right to push to {repository}, or store another login: windlass secret set");
            Finding::fail(why, Owner::RegistryAdmin, fix)
        }
        Err(denied) if denied.is_denied() => Finding::needs(CheckId::Login),
        Err(RegistryError::Unreachable { .. } | RegistryError::RateLimited { .. }) => Finding::needs(CheckId::Registry),
        Err(error) => Finding::failed(&error.into(), Owner::RegistryAdmin),
    }
}
