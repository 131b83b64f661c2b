//! Proves what a login may do, without pushing anything.
//!
//! A token that was granted or an answer of `/v2/` proves nothing about the right to push: only an upload
//! that the registry begins does. And a registry that takes any password makes every proof worthless, so
//! a deliberately wrong one must be refused.

use secrecy::SecretString;

use crate::{
    domain::{
        failure::Failure,
        finding::CheckId,
        permission::MayWrite,
        proof::{LoginProof, PushProof, Report},
        recipe::Login,
        reference::Repository,
    },
    log::sanitise::plain,
    registry::{AuthOutcome, Client, Options, PushRight, Reference},
};

/// Checks a login on one repository, each part by a client of its own.
///
/// # Errors
/// A login that is refused, a registry that takes wrong passwords, or no answer.
pub async fn check(
    repository: &Repository,
    login: &Login,
    options: &Options,
    permit: Option<MayWrite>,
) -> Result<Report, Failure> {
    let client = Client::new(repository, Some(login.clone()), options)?;
    let proof = match client.authenticate().await? {
        AuthOutcome::Accepted => {
            wrong_password_is_refused(repository, login, options).await?;
            LoginProof::Proven
        }
        AuthOutcome::Open => LoginProof::Open,
        AuthOutcome::Refused { why } => return Err(refused(repository, login, &why)),
        AuthOutcome::LoginNeeded => return Err(refused(repository, login, "it asks for a login as if none had come")),
    };
    let push = match permit {
        None => PushProof::CannotTell,
        Some(permit) => match client.probe_push(permit).await? {
            PushRight::May => PushProof::May,
            PushRight::MayNot { why } => PushProof::MayNot { why },
        },
    };
    let some_tag = Reference::Tag("latest".parse().map_err(|_| impossible())?);
    let may_pull = match client.head(&some_tag).await {
        Ok(_) => true,
        Err(error) if error.is_denied() => false,
        Err(error) => return Err(error.into()),
    };
    Ok(Report { username: plain(&login.username), login: proof, push, may_pull })
}

fn refused(repository: &Repository, login: &Login, why: &str) -> Failure {
    Failure::not_allowed(
        format!("{} does not accept the login of {}", repository.host(), plain(&login.username)),
        why,
        "set the right one: windlass secret set --username USER --password-stdin",
    )
    .explained_by(CheckId::Login)
}

fn impossible() -> Failure {
    Failure::failed("`latest` is not a tag", "the grammar of tags changed", "report this")
}

async fn wrong_password_is_refused(repository: &Repository, login: &Login, options: &Options) -> Result<(), Failure> {
    let wrong = Login {
        username: login.username.clone(),
        password: SecretString::from("windlass-negative-control-not-a-password"),
    };
    match Client::new(repository, Some(wrong), options)?.authenticate().await? {
        AuthOutcome::Refused { .. } | AuthOutcome::LoginNeeded => Ok(()),
        AuthOutcome::Accepted | AuthOutcome::Open => Err(Failure::failed(
            format!("{} accepts a wrong password for {}", repository.host(), plain(&login.username)),
            "so that it accepts the right one proves nothing",
            "ask whoever runs the registry whether logins are checked at all",
        )),
    }
}
