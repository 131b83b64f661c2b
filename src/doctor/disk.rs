//! Room on the disks: where the engine keeps images, and where windlass keeps logs and its journal.

use std::path::Path;

use super::examination::Examination;
use crate::domain::finding::{CheckId, Finding, Owner};

const MB: u64 = 1_000_000;

/// How much a disk should have left. With less than `least` a release is likely to fail.
struct Need {
    enough: u64,
    least: u64,
}

/// An image and its build cache.
const IMAGES: Need = Need { enough: 5000 * MB, least: 500 * MB };
/// A log may be a hundred megabytes.
const OWN: Need = Need { enough: 500 * MB, least: 50 * MB };

pub(super) async fn check(examination: &Examination) -> Finding {
    let own = &examination.machine.paths.state;
    // Before the first release the folder is not there: its disk is that of the folder it will be made in.
    let there = own.ancestors().find(|folder| folder.exists()).unwrap_or(own);
    let own = room("windlass's own files", there, &OWN, "delete old logs there, or set WINDLASS_HOME to another disk");
    Finding::together(vec![images(examination).await, own])
}

async fn images(examination: &Examination) -> Finding {
    let Ok(engine) = examination.engine().await else { return Finding::needs(CheckId::Engine) };
    let root = match engine.state().await {
        Ok(state) => state.root,
        Err(error) => return Finding::failed(&error.into(), Owner::You),
    };
    match root {
        Some(root) if engine.about().endpoint.starts_with("unix://") && root.exists() => {
            room("images", &root, &IMAGES, "make room: docker system df, then docker builder prune")
        }
        _ => {
            let fix = "look on the engine's machine: docker system df";
            Finding::cannot_tell("images: the engine's disk is not in sight from here", Owner::MachineAdmin, fix)
        }
    }
}

fn room(what: &str, folder: &Path, need: &Need, fix: &str) -> Finding {
    match rustix::fs::statvfs(folder) {
        Ok(disk) => judged(what, folder, disk.f_bavail.saturating_mul(disk.f_frsize), need, fix),
        Err(error) => {
            let evidence = format!("{what}: the disk of {} cannot be measured: {error}", folder.display());
            Finding::cannot_tell(evidence, Owner::You, format!("look at it: df {}", folder.display()))
        }
    }
}

fn judged(what: &str, folder: &Path, free: u64, need: &Need, fix: &str) -> Finding {
    let evidence = format!("{what}: {} MB free at {}", free / MB, folder.display());
    match free {
        free if free < need.least => Finding::fail(evidence, Owner::MachineAdmin, fix),
        free if free < need.enough => Finding::warn(evidence, Owner::MachineAdmin, fix),
        _ => Finding::pass(evidence),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_less_room_the_worse() {
        for (megabytes, word) in [(5000, "pass"), (4999, "warn"), (500, "warn"), (499, "fail")] {
            let finding = judged("images", Path::new("/x"), megabytes * MB, &IMAGES, "prune");
            assert_eq!(finding.outcome.word(), word);
            assert_eq!(finding.evidence, format!("images: {megabytes} MB free at /x"));
        }
        assert_eq!(room("x", Path::new("/nonexistent"), &OWN, "").outcome.word(), "cannot-tell");
    }
}
