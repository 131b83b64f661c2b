//! The secret: it is there, bound to this repository, holds what the recipe says, and is neither weak nor old.

use jiff::Timestamp;

use super::examination::{Examination, Subject};
use crate::{
    domain::{
        failure::Failure,
        finding::{Finding, Owner},
        holdings::{ends_soon, expiry},
        written::age,
    },
    log::sanitise::plain,
    secrets::{Entry, check_strength},
};

/// Registries and auditors ask for a new one at least once a year.
const OLD_DAYS: i64 = 365;

pub(super) async fn check(examination: &Examination, subject: &Subject) -> Finding {
    let name = &subject.image.secret.name;
    match examination.entry(subject).await {
        Err(untold) => untold,
        Ok(None) => {
            let evidence = format!("there is no secret {name} in the vault");
            Finding::fail(evidence, Owner::You, "windlass secret set --username USER --password-stdin")
        }
        Ok(Some(entry)) => judged(subject, entry, Timestamp::now()),
    }
}

fn judged(subject: &Subject, entry: &Entry, now: Timestamp) -> Finding {
    let source = &subject.image.secret;
    let login = match entry.login_for(&source.recipe, &subject.image.repository) {
        Ok(login) => login,
        Err(error) => return Finding::failed(&Failure::from(error), Owner::You),
    };
    let set = entry.set.zip(entry.by.as_ref()).map(|(set, by)| format!(", set {} by {by}", age(now, set)));
    let end = entry.expires.map(|at| format!(", expires: {}", expiry(Some(at))));
    let (user, repository) = (plain(&login.username), &subject.image.repository);
    let evidence =
        format!("{}: {user} for {repository}{}{}", source.name, set.unwrap_or_default(), end.unwrap_or_default());
    if let Err(weak) = check_strength(&source.recipe, &entry.document) {
        return Finding::fail(format!("{evidence}; {weak}"), Owner::You, "store another: windlass secret set");
    }
    if ends_soon(entry.expires, now) {
        let fix = format!("store it anew with a later end: windlass secret set {} --expires TIME", source.name);
        return Finding::warn(evidence, Owner::You, fix);
    }
    if entry.set.is_some_and(|set| now.duration_since(set).as_hours() / 24 > OLD_DAYS) {
        let fix = "make a new token at the registry and store it: windlass secret set";
        return Finding::warn(evidence, Owner::You, fix);
    }
    Finding::pass(evidence)
}
