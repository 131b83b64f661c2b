//! The engine: which one is meant and why, whether it lets us in, and whether it can build what the project needs.

use std::net::IpAddr;

use super::examination::Examination;
use crate::{
    domain::{
        failure::{Failure, FailureKind},
        finding::{Finding, Owner},
        plan::Builder,
    },
    engine::{
        Endpoint,
        context::{Named, named, resolve},
    },
};

pub(super) async fn check(examination: &Examination) -> Finding {
    let environment = &*examination.machine.environment;
    let named = match named(&environment) {
        Ok(named) => named,
        Err(error) => return Finding::failed(&error.into(), Owner::You),
    };
    let engine = match examination.engine().await {
        Ok(engine) => engine,
        Err(failure) => return failed(&named, failure),
    };
    let about = engine.about();
    let builder = if about.buildkit { "BuildKit" } else { "the classic builder" };
    let platform = about.platform.as_ref().map_or_else(String::new, |platform| format!(" for {platform}"));
    let said = format!("{about} at {} by {named}, building with {builder}{platform}", about.endpoint);
    let wants_buildkit = |subject: &&super::Subject| subject.image.builder == Builder::BuildKit;
    if !about.buildkit
        && let Some(subject) = examination.subjects().iter().find(wants_buildkit)
    {
        let evidence = format!("{said}; {} asks for BuildKit", subject.image.name);
        return Finding::fail(evidence, Owner::You, "set builder = \"auto\", or use Docker 18.09 or newer");
    }
    match resolve(&environment) {
        Ok(endpoint) if is_open_to_readers(&endpoint) => {
            let fix = "use TLS (DOCKER_TLS_VERIFY and certificates) or ssh://: the registry's login goes over it";
            Finding::warn(format!("{said}; nothing on the way is encrypted"), Owner::You, fix)
        }
        _ => Finding::pass(said),
    }
}

/// Whoever is on the way can read along.
fn is_open_to_readers(endpoint: &Endpoint) -> bool {
    let loopback =
        |host: &str| host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    matches!(endpoint, Endpoint::Tcp { host, .. } if !loopback(host))
}

/// `by` is what named the engine: the first thing to look at when it is the wrong one.
fn failed(by: &Named, failure: &Failure) -> Finding {
    let owner = if failure.kind == FailureKind::NotAllowed { Owner::MachineAdmin } else { Owner::You };
    let finding = Finding::failed(failure, owner);
    Finding { evidence: format!("{} (named by {by})", finding.evidence), ..finding }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_tcp_is_for_this_machine_alone() {
        for (host, open) in [
            ("tcp://10.0.0.1:2375", true),
            ("tcp://localhost.example.com", true),
            ("tcp://localhost:2375", false),
            ("tcp://127.0.0.1:2375", false),
            ("tcp://[::1]:2375", false),
            ("ssh://far", false),
            ("unix:///var/run/docker.sock", false),
        ] {
            assert_eq!(is_open_to_readers(&Endpoint::parse(host).unwrap()), open, "{host}");
        }
    }
}
