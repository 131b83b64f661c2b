//! The clocks: date tags come from ours, tokens are judged by the registry's, images are dated by the engine's.

use jiff::{SignedDuration, Timestamp};

use super::examination::Examination;
use crate::domain::finding::{CheckId, Finding, Owner};

/// `Date` is to the second, and an answer takes its time.
const UNNOTICED: SignedDuration = SignedDuration::from_secs(10);
/// Token services and Hawk take this much. Source: distribution, `registry/auth/token` (`Leeway`); hawk 1.2.
const TAKEN: SignedDuration = SignedDuration::from_secs(60);

pub(super) async fn check(examination: &Examination) -> Finding {
    let mut findings: Vec<Finding> = Vec::new();
    for subject in examination.subjects() {
        let finding = match examination.hello(subject).await {
            Ok(hello) => compared(&hello.host, hello.date, hello.asked, hello.answered),
            Err(_) => Finding::needs(CheckId::Registry),
        };
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    }
    findings.push(match examination.engine().await {
        Ok(engine) => match engine.state().await {
            Ok(state) => compared("the engine", state.time, state.asked, state.answered),
            Err(error) => Finding::failed(&error.into(), Owner::You),
        },
        Err(_) => Finding::needs(CheckId::Engine),
    });
    Finding::together(findings)
}

/// `theirs` was read between `asked` and `answered` by our clock.
fn compared(whose: &str, theirs: Option<Timestamp>, asked: Timestamp, answered: Timestamp) -> Finding {
    let Some(theirs) = theirs else {
        return Finding::cannot_tell(format!("{whose} does not tell its time"), Owner::You, "compare by hand: date -u");
    };
    let apart = theirs.duration_since(theirs.clamp(asked, answered));
    let seconds = apart.as_secs().unsigned_abs();
    let fix = "set the clocks by the network: timedatectl set-ntp true";
    let evidence = match apart {
        apart if apart.abs() <= UNNOTICED => return Finding::pass(format!("{whose} agrees with this machine")),
        apart if apart.is_positive() => format!("{whose} is {seconds} s ahead of this machine"),
        _ => format!("{whose} is {seconds} s behind this machine"),
    };
    if apart.abs() <= TAKEN {
        return Finding::warn(evidence, Owner::MachineAdmin, fix);
    }
    Finding::fail(format!("{evidence}: tokens may be refused, and date tags lie"), Owner::MachineAdmin, fix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_judged_by_its_size() {
        let asked: Timestamp = "2026-11-21T09:30:00Z".parse().unwrap();
        let answered: Timestamp = "2026-11-21T09:30:02Z".parse().unwrap();
        for (theirs, word, said) in [
            ("2026-11-21T09:30:01Z", "pass", "the engine agrees with this machine"),
            ("2026-11-21T09:30:12Z", "pass", "agrees"),
            ("2026-11-21T09:29:50Z", "pass", "agrees"),
            ("2026-11-21T09:30:32Z", "warn", "the engine is 30 s ahead"),
            ("2026-11-21T09:29:00Z", "warn", "60 s behind"),
            ("2026-11-21T09:28:59Z", "fail", "61 s behind"),
            ("2027-11-21T09:30:00Z", "fail", "ahead"),
        ] {
            let finding = compared("the engine", Some(theirs.parse().unwrap()), asked, answered);
            assert_eq!(finding.outcome.word(), word, "{theirs}: {finding:?}");
            assert!(finding.evidence.contains(said), "{theirs}: {finding:?}");
        }
        assert_eq!(compared("x", None, asked, answered).outcome.word(), "cannot-tell");
    }
}
