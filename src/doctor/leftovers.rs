//! What releases leave in `run/` when they are killed: worktrees and sockets. Locks are meant to stay: the kernel
//! frees them.

use std::{fs, io, path::Path};

use crate::{
    domain::{
        finding::{Finding, Owner},
        name::ReleaseId,
    },
    release::lock,
};

pub(super) fn check(run: &Path) -> Finding {
    let living = match lock::living(run) {
        Ok(living) => living,
        Err(error) => return Finding::failed(&error.into(), Owner::You),
    };
    let mut names: Vec<String> = match fs::read_dir(run) {
        Ok(entries) => entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            let fix = format!("make {} yours, or set WINDLASS_HOME to a folder that is", run.display());
            return Finding::fail(format!("{} cannot be read: {error}", run.display()), Owner::You, fix);
        }
    };
    names.sort();
    let left = names.iter().filter_map(|name| left_over(run, name, &living));
    Finding::together(std::iter::once(Finding::pass(alive(&living))).chain(left).collect())
}

fn alive(living: &[Option<ReleaseId>]) -> String {
    if living.is_empty() {
        return "no release is running".to_owned();
    }
    let name =
        |id: &Option<ReleaseId>| id.as_ref().map_or("one that does not say its id".to_owned(), ToString::to_string);
    format!("running now: {}", living.iter().map(name).collect::<Vec<_>>().join(", "))
}

/// A worktree does not say whose it is: while any release lives, it may be that one's.
fn left_over(run: &Path, name: &str, living: &[Option<ReleaseId>]) -> Option<Finding> {
    let path = run.join(name);
    let shown = path.display();
    if name.starts_with("worktree-") && living.is_empty() {
        let fix = format!("git -C {shown}/files worktree remove --force --force {shown}/files; rm -rf {shown}");
        return Some(Finding::warn(format!("{shown} is the worktree of a release that died"), Owner::You, fix));
    }
    let id: ReleaseId = name.strip_suffix(".sock")?.parse().ok()?;
    if living.contains(&Some(id.clone())) {
        return None;
    }
    let fix = format!("rm {shown} (what became of it: windlass show {id})");
    Some(Finding::warn(format!("{shown} is the socket of {id}, which is not running"), Owner::You, fix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::lock::RunLock;

    fn id(number: u8) -> ReleaseId {
        ReleaseId::from_random([number; 10])
    }

    #[test]
    fn what_the_living_use_is_no_left_over() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("run");
        assert_eq!(check(&run), Finding::pass("no release is running"));
        let held = RunLock::acquire(&run, &"docker.io/a/b".parse().unwrap(), &id(1)).unwrap();
        drop(RunLock::acquire(&run, &"docker.io/a/c".parse().unwrap(), &id(2)).unwrap());
        fs::create_dir(run.join("worktree-x1")).unwrap();
        fs::write(run.join(format!("{}.sock", id(1))), "").unwrap();
        assert_eq!(check(&run), Finding::pass(format!("running now: {}", id(1))), "a free lock is none");
        drop(held);
        let finding = check(&run);
        assert_eq!(finding.outcome.word(), "warn");
        for said in ["worktree-x1 is the worktree of a release that died", "which is not running"] {
            assert!(finding.evidence.contains(said), "{finding:?}");
        }
        let fix = &finding.outcome.remedy().unwrap().fix;
        assert!(fix.contains("git -C ") && fix.contains(&format!("windlass show {}", id(1))), "{fix}");
    }

    #[test]
    fn a_folder_that_cannot_be_read_is_a_failure() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("run");
        fs::write(&file, "").unwrap();
        assert_eq!(check(&file).outcome.word(), "fail");
    }
}
