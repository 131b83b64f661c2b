//! The Taskcluster deployment: is one there, and do its clock and ours agree.

use jiff::SignedDuration;

use super::examination::Examination;
use crate::{
    domain::finding::{Finding, Owner},
    taskcluster::skewed,
};

/// Where it may be noticed. Hawk takes 15 minutes, certificates 5. Source: measured on v106.
const NOTICED: SignedDuration = SignedDuration::from_secs(60);
const CERTIFICATES: SignedDuration = SignedDuration::from_mins(5);
const REQUESTS: SignedDuration = SignedDuration::from_mins(15);

pub(super) async fn check(examination: &Examination) -> Finding {
    let deployment = match examination.deployment() {
        Ok(access) => &access.deployment,
        Err(finding) => return finding,
    };
    if let Err(error) = deployment.ping().await {
        return Finding::failed(&error.into(), Owner::You);
    }
    let host = deployment.root().host();
    let temporary = deployment.credentials().is_some_and(|credentials| credentials.certificate.is_some());
    let answers = Finding::pass(format!("{host} answers"));
    Finding::together(vec![answers, clock(deployment.ahead().unwrap_or_default(), temporary)])
}

/// `ahead`: our clock minus theirs.
fn clock(ahead: SignedDuration, temporary: bool) -> Finding {
    let fix = "set the clock by the network: timedatectl set-ntp true";
    let evidence = || format!("this machine's clock is {}", skewed(ahead.as_secs()));
    let limit = if temporary { CERTIFICATES } else { REQUESTS };
    match ahead.abs() {
        apart if apart < NOTICED => Finding::pass("its clock agrees with this machine's"),
        apart if apart < limit => Finding::warn(evidence(), Owner::MachineAdmin, fix),
        _ => Finding::fail(format!("{}: signed requests are refused", evidence()), Owner::MachineAdmin, fix),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_judged_by_what_the_services_take() {
        for (ahead, temporary, word, said) in [
            (0, false, "pass", "agrees"),
            (-59, true, "pass", "agrees"),
            (61, false, "warn", "this machine's clock is 61 s fast"),
            (-290, true, "warn", "5 min slow"),
            (300, true, "fail", "this machine's clock is 5 min fast: signed requests are refused"),
            (300, false, "warn", "5 min fast"),
            (-900, false, "fail", "15 min slow: signed requests are refused"),
        ] {
            let finding = clock(SignedDuration::from_secs(ahead), temporary);
            assert_eq!(finding.outcome.word(), word, "{ahead}");
            assert!(finding.evidence.contains(said), "{ahead}: {}", finding.evidence);
        }
    }
}
