//! The registry: does it answer, is the way to it encrypted, is the repository there, how often may it be asked.

use super::examination::{Examination, Subject};
use crate::{
    domain::{
        failure::Failure,
        finding::{Finding, Owner},
    },
    registry::{Hello, Presence, RateLimit, RegistryError},
};

pub(super) async fn check(examination: &Examination, subject: &Subject) -> Finding {
    let hello = match examination.hello(subject).await {
        Ok(hello) => hello,
        Err(error) => return Finding::failed(&Failure::from(error.clone()), Owner::You),
    };
    // Without a login it is asked as nobody: what a login may do, other checks tell.
    let login = examination.login(subject).await.ok();
    let presence = match examination.client(subject, login) {
        Ok(client) => client.presence().await,
        Err(error) => Err(error),
    };
    Finding::together(vec![way(hello), repository(&subject.image.repository.to_string(), presence)])
}

fn way(hello: &Hello) -> Finding {
    let host = &hello.host;
    match hello {
        Hello { tls: true, .. } => Finding::pass(format!("{host} answers over TLS")),
        Hello { loopback: true, .. } => {
            Finding::pass(format!("{host} answers over plain HTTP, which stays on this machine"))
        }
        _ => Finding::warn(
            format!(
                "{host} answers over plain HTTP, as your settings allow (plain-http): the login can be read on the way"
            ),
            Owner::RegistryAdmin,
            "give the registry a certificate, then take it out of plain-http in your settings",
        ),
    }
}

fn repository(name: &str, presence: Result<(Presence, Option<RateLimit>), RegistryError>) -> Finding {
    match presence {
        Ok((Presence::Exists, None)) => Finding::pass(format!("{name} is there")),
        Ok((Presence::Exists, Some(RateLimit { limit, remaining }))) => {
            let evidence = format!("{name} is there; {remaining} of {limit} requests are left");
            if remaining > limit / 10 {
                return Finding::pass(evidence);
            }
            Finding::warn(evidence, Owner::You, "wait, or use a login with a higher limit")
        }
        Ok((Presence::Unseen, _)) => Finding::pass(format!(
            "{name} is not there, or not for this login to see; most registries make it with the first push"
        )),
        Err(limited @ RegistryError::RateLimited { .. }) => {
            let failure = Failure::from(limited);
            Finding::warn(format!("{}: {}", failure.what, failure.why), Owner::You, failure.next)
        }
        // Whose fault that is, the login's own check says.
        Err(denied) if denied.is_denied() => Finding::pass(format!("whether {name} is there: {denied}")),
        Err(error) => Finding::failed(&error.into(), Owner::RegistryAdmin),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn hello(tls: bool, loopback: bool) -> Hello {
        let epoch = Timestamp::UNIX_EPOCH;
        Hello { host: "images.lan".into(), tls, loopback, date: None, asked: epoch, answered: epoch }
    }

    #[test]
    fn only_what_leaves_this_machine_must_be_encrypted() {
        for (tls, loopback, word) in [(true, false, "pass"), (false, true, "pass"), (false, false, "warn")] {
            assert_eq!(way(&hello(tls, loopback)).outcome.word(), word);
        }
    }

    #[test]
    fn a_limit_that_is_nearly_used_up_is_warned_about() {
        for (remaining, word) in [(100, "pass"), (11, "pass"), (10, "warn"), (0, "warn")] {
            let limit = Some(RateLimit { limit: 100, remaining });
            assert_eq!(repository("a/b", Ok((Presence::Exists, limit))).outcome.word(), word, "{remaining}");
        }
    }
}
