//! The engine: which one is meant and why, whether it lets us in, and whether it can build what the project needs.

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
        Ok(Endpoint::Tcp { host, .. }) if !is_this_machine(&host) => {
            let fix = "use TLS (DOCKER_TLS_VERIFY and certificates) or ssh://: the registry's login goes over it";
            Finding::warn(format!("{said}; nothing on the way is encrypted"), Owner::You, fix)
        }
        _ => Finding::pass(said),
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// `by` is what named the engine: the first thing to look at when it is the wrong one.
fn failed(by: &Named, failure: &Failure) -> Finding {
    let owner = if failure.kind == FailureKind::NotAllowed { Owner::MachineAdmin } else { Owner::You };
    let finding = Finding::failed(failure, owner);
    Finding { evidence: format!("{} (named by {by})", finding.evidence), ..finding }
}
