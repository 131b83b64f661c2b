//! What a check says that Taskcluster does not answer: which scope is missing, or which other check tells more.

use crate::{
    domain::{
        failure::Failure,
        finding::{CheckId, Finding, Owner},
    },
    taskcluster::TaskclusterError,
};

/// `what` is not known: `whether the role x may read y`.
pub(super) fn untold(what: &str, error: TaskclusterError) -> Finding {
    match error {
        TaskclusterError::Unreachable { .. } => Finding::needs(CheckId::Cluster),
        error if error.is_denied() => {
            let TaskclusterError::Refused(refusal) = error else { return Finding::needs(CheckId::Client) };
            let (needed, fix) = match &refusal.missing {
                Some(missing) => (
                    format!("needs {}", missing.0),
                    format!(
                        "sign in with that scope (windlass signin), or have {} granted to your client or role",
                        missing.0
                    ),
                ),
                None => (
                    refusal.message.clone(),
                    "sign in as somebody who may (windlass signin), or have it granted".to_owned(),
                ),
            };
            let evidence = format!("{what} cannot be told: {} answers {}, {needed}", refusal.service, refusal.status);
            Finding::cannot_tell(evidence, Owner::TaskclusterAdmin, fix)
        }
        error if error.is_of_nobody() => {
            let Failure { why, next, .. } = error.into();
            Finding::cannot_tell(format!("{what} cannot be told: {why}"), Owner::TaskclusterAdmin, next)
        }
        error if error.is_unauthenticated() => Finding::needs(CheckId::Client),
        error if error.status().is_some_and(|status| status >= 500) => {
            let failure = Failure::from(error);
            Finding::blocked(
                format!("{what} cannot be told: {}: {}", failure.what, failure.why),
                Owner::TaskclusterAdmin,
                failure.next,
            )
        }
        error => Finding::failed(&error.into(), Owner::You),
    }
}
