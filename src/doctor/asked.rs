//! What the checks ask of Taskcluster and of the checkout, each thing once, by whichever check needs it first.

use std::{
    collections::BTreeSet,
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::{examination::Examination, untold::untold};
use crate::{
    config::{Project, Taskcluster, Trigger},
    domain::{
        failure::Failure,
        finding::{CheckId, Finding, Owner},
        holdings::StoreKind,
        name::SecretName,
        plan::Runner,
        task::{Task, TaskId},
    },
    git::{Checkout, Head},
    taskcluster::{Build, Deployment, Event, TaskclusterError},
};

/// The services take no larger request; no such file is as large.
const MOST: u64 = 1024 * 1024;
/// Each is a role to be asked about. Older branches are seldom released any more.
const BRANCHES: usize = 8;

#[derive(Default)]
pub(super) struct Asked {
    head: OnceCell<Result<Head, Failure>>,
    branches: OnceCell<Vec<String>>,
    builds: OnceCell<Result<Vec<Build>, TaskclusterError>>,
    next: OnceCell<Result<Next, Finding>>,
    newest: OnceCell<Result<Newest, Finding>>,
}

/// A project's place on Taskcluster.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub deployment: &'a Deployment,
    pub config: &'a Taskcluster,
    pub project: &'a Project,
}

/// The tasks that the next release would begin with.
pub(super) struct Next {
    /// What makes them of what: `.taskcluster.yml for a push to main`.
    pub from: String,
    pub tasks: Vec<Value>,
    /// The text of which GitHub's events make them; `None` where something else does.
    pub text: Option<String>,
    /// What whoever makes them claims for them, roles not expanded; `None`: we make them, with our own.
    pub claims: Option<Vec<String>>,
}

/// The tasks of the newest release, in the order in which they were made.
pub(super) struct Newest {
    pub group: TaskId,
    pub tasks: Vec<Task>,
}

impl<'a> At<'a> {
    /// Owner and name of the repository at GitHub.
    pub fn github(&self) -> Result<(&'a str, &'a str), Finding> {
        self.config.github.as_deref().and_then(|name| name.split_once('/')).ok_or_else(|| {
            let fix = "name it where GitHub's events make tasks: [taskcluster] github = \"owner/repository\"";
            Finding::cannot_tell("windlass.toml names no repository at GitHub", Owner::You, fix)
        })
    }

    /// The secrets that tasks of this project are to read.
    pub fn secrets(&self) -> BTreeSet<&'a SecretName> {
        let images = self.project.images.iter().map(|image| &image.secret);
        let read_by_tasks = self.project.runner == Runner::Taskcluster;
        images.filter(|secret| read_by_tasks || secret.store != StoreKind::Vault).map(|secret| &secret.name).collect()
    }
}

impl Examination {
    /// The error is what the checks of releases there say where there are none, or none can be looked at.
    pub fn taskcluster(&self) -> Result<At<'_>, Finding> {
        let deployment = &self.deployment()?.deployment;
        let project = self.machine.project.as_ref().map_err(|_| Finding::needs(CheckId::Config))?;
        let config = project.taskcluster.as_ref().ok_or_else(|| Finding::needs(CheckId::Config))?;
        let here = project.runner == Runner::Local
            && config.trigger == Trigger::GitPush
            && config.github.is_none()
            && config.index.is_empty();
        if here {
            return Err(Finding::pass("releases run on this machine: no task is made for them"));
        }
        Ok(At { deployment, config, project })
    }

    /// What is checked out.
    pub async fn head(&self, at: At<'_>) -> Result<&Head, Finding> {
        let look = || async { Ok(Checkout::open(&at.project.root).await?.head().await?) };
        self.asked.head.get_or_init(look).await.as_ref().map_err(|_| Finding::needs(CheckId::Git))
    }

    /// The branches that policy lets be released and that are there, the newest first. None where git does not tell.
    pub async fn branches(&self, at: At<'_>) -> &[String] {
        let look = || async {
            let known = async { Checkout::open(&at.project.root).await?.branches().await };
            let released = |branch: &String| at.project.policy.allows_branch(branch);
            known.await.unwrap_or_default().into_iter().filter(released).take(BRANCHES).collect()
        };
        self.asked.branches.get_or_init(look).await
    }

    /// The branch that a release is most likely of: what is checked out, unless policy does not let that go.
    async fn branch<'a>(&'a self, at: At<'a>, head: &'a Head) -> &'a str {
        let policy = &at.project.policy;
        if let Some(ours) = head.branch.as_deref().filter(|branch| policy.allows_branch(branch)) {
            return ours;
        }
        let named = || policy.named_branches().next();
        let there = self.branches(at).await.first().map(String::as_str);
        there.or_else(named).or(head.branch.as_deref()).unwrap_or("main")
    }

    /// All builds of the repository, the newest first.
    pub async fn builds(&self, at: At<'_>) -> Result<&[Build], Finding> {
        let (owner, repository) = at.github()?;
        let ask = || at.deployment.builds(owner, repository, None);
        let builds = self.asked.builds.get_or_init(ask).await.as_deref();
        builds.map_err(|error| untold(&format!("which builds {owner}/{repository} has"), error.clone()))
    }

    pub async fn next_tasks(&self, at: At<'_>) -> Result<&Next, Finding> {
        let made = self.asked.next.get_or_init(|| self.make_next(at)).await.as_ref();
        made.map_err(Clone::clone)
    }

    async fn make_next(&self, at: At<'_>) -> Result<Next, Finding> {
        if let Trigger::Hook { group, id } = &at.config.trigger {
            return match at.deployment.hook(group, id).await {
                Ok(hook) => Ok(Next {
                    from: format!("the hook {group}/{id}"),
                    tasks: vec![hook.task],
                    text: None,
                    claims: Some(vec![format!("assume:hook-id:{group}/{id}")]),
                }),
                Err(error) if error.is_absent() => Err(Finding::fail(
                    format!("there is no hook {group}/{id}: {error}"),
                    Owner::You,
                    "correct `trigger` in [taskcluster] of windlass.toml, or have the hook made again",
                )),
                Err(error) => Err(untold(&format!("what the hook {group}/{id} makes"), error)),
            };
        }
        let (owner, repository) = at.github()?;
        let head = self.head(at).await?;
        let file = Yml::of(at).await?;
        let branch = self.branch(at, head).await;
        let (event, what) = if at.config.trigger == Trigger::GitTag {
            let event = Event { tasks_for: "github-release", action: Some("published"), overrides: json!({}) };
            (event, "a release".to_owned())
        } else {
            let overrides = json!({"ref": format!("refs/heads/{branch}")});
            (Event { tasks_for: "github-push", action: None, overrides }, format!("a push to {branch}"))
        };
        let from = format!("{} for {what}", file.shown);
        match at.deployment.render(&file.text, &event, owner, repository).await {
            Ok(made) => Ok(Next {
                from,
                tasks: made.tasks.into_iter().map(|(_, task)| task).collect(),
                text: (!matches!(at.config.trigger, Trigger::Yml(_))).then_some(file.text),
                claims: match at.config.trigger {
                    Trigger::Yml(_) => None,
                    _ => Some(made.scopes.iter().map(ToOwned::to_owned).collect()),
                },
            }),
            Err(error) if error.status() == Some(400) => Err(Finding::fail(
                format!("{from} makes no tasks: {error}"),
                Owner::You,
                format!("correct {}: nothing is built before", file.shown),
            )),
            Err(error) => Err(untold(&format!("what {from} makes"), error)),
        }
    }

    pub async fn newest(&self, at: At<'_>) -> Result<&Newest, Finding> {
        let newest = self.asked.newest.get_or_init(|| self.find_newest(at)).await.as_ref();
        newest.map_err(Clone::clone)
    }

    async fn find_newest(&self, at: At<'_>) -> Result<Newest, Finding> {
        let group = if let Trigger::Hook { group, id } = &at.config.trigger {
            let fires = at.deployment.last_fires(group, id).await;
            let fires = fires.map_err(|error| untold(&format!("what came of the hook {group}/{id}"), error))?;
            if let Some(why) = fires.first().and_then(|fire| fire.error.as_ref()) {
                return Err(Finding::fail(
                    format!("the last fire of the hook {group}/{id} made no task: {why}"),
                    Owner::TaskclusterAdmin,
                    "have what it names corrected, in the hook or in its role; then fire it again",
                ));
            }
            fires.into_iter().next().map(|fire| fire.task)
        } else if let (None, Some(path)) = (&at.config.github, at.config.index.first()) {
            match at.deployment.indexed(path).await {
                Ok(task) => match at.deployment.status(&task).await {
                    Ok(status) => Some(status.task_group_id),
                    Err(error) => return Err(untold(&format!("of which group {task} is"), error)),
                },
                Err(error) if error.is_absent() => None,
                Err(error) => return Err(untold(&format!("which task is at {path}"), error)),
            }
        } else {
            // What a pull request makes is no release.
            let builds = self.builds(at).await?;
            builds.iter().find(|build| build.is_release()).map(|build| build.group.clone())
        };
        let Some(group) = group else {
            return Err(Finding::pass("there was no release yet: nothing has a deadline"));
        };
        match at.deployment.task_group(&group).await {
            Ok(tasks) => Ok(Newest { group, tasks }),
            Err(error) if error.is_absent() => {
                Err(Finding::pass(format!("the tasks of the newest release, {group}, have expired: {error}")))
            }
            Err(error) => Err(untold(&format!("how the newest release, {group}, stands"), error)),
        }
    }
}

/// The file of tasks.
struct Yml {
    text: String,
    shown: String,
}

impl Yml {
    async fn of(at: At<'_>) -> Result<Self, Finding> {
        let (folder, name) = if let Trigger::Yml(name) = &at.config.trigger {
            (at.project.root.clone(), name.as_str())
        } else {
            let checkout = Checkout::open(&at.project.root).await.map_err(|_| Finding::needs(CheckId::Git))?;
            (checkout.top().to_owned(), ".taskcluster.yml")
        };
        let shown = name.to_owned();
        match read(&folder, name) {
            Ok(text) => Ok(Self { text, shown }),
            Err(why) => Err(Finding::fail(
                format!("{}: {why}", folder.join(name).display()),
                Owner::You,
                format!("add {shown}: GitHub's events make tasks of it alone"),
            )),
        }
    }
}

/// The text goes to the deployment that the project names: a link must not send another file of this machine there.
fn read(folder: &Path, name: &str) -> Result<String, String> {
    let real = |path: PathBuf| path.canonicalize().map_err(|why| why.to_string());
    let path = real(folder.join(name))?;
    if !path.starts_with(real(folder.to_owned())?) {
        return Err("it is a link that leads out of the project".to_owned());
    }
    let file = File::open(&path).map_err(|why| why.to_string())?;
    let mut text = String::new();
    file.take(MOST + 1).read_to_string(&mut text).map_err(|why| why.to_string())?;
    if text.len() as u64 > MOST {
        return Err(format!("it is larger than {} KiB", MOST / 1024));
    }
    Ok(text)
}

/// How far ahead something is; nothing where it is past.
pub(super) fn left(at: Timestamp, now: Timestamp) -> String {
    let hours = at.duration_since(now).as_hours();
    match hours {
        ..=0 => "within the hour".to_owned(),
        1..=47 => format!("in {hours} hours"),
        _ => format!("in {} days", hours / 24),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;

    #[test]
    fn no_file_outside_the_project_is_sent_anywhere() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("inside");
        fs::create_dir(&inside).unwrap();
        fs::write(folder.path().join("secret"), "a key").unwrap();
        symlink("../secret", inside.join(".taskcluster.yml")).unwrap();
        assert!(read(&inside, ".taskcluster.yml").unwrap_err().contains("leads out"));
        fs::write(inside.join("real.yml"), "version: 1").unwrap();
        symlink("real.yml", inside.join("linked.yml")).unwrap();
        assert_eq!(read(&inside, "linked.yml").unwrap(), "version: 1");
        fs::write(inside.join("huge.yml"), "x".repeat(1024 * 1024 + 1)).unwrap();
        assert!(read(&inside, "huge.yml").unwrap_err().contains("larger"));
    }

    #[test]
    fn time_that_is_left_is_told_in_hours_and_days() {
        let now = "2026-11-21T09:30:00Z".parse().unwrap();
        for (at, told) in [
            ("2026-11-21T09:00:00Z", "within the hour"),
            ("2026-11-21T10:00:00Z", "within the hour"),
            ("2026-11-22T09:30:00Z", "in 24 hours"),
            ("2026-12-01T09:30:00Z", "in 10 days"),
        ] {
            assert_eq!(left(at.parse().unwrap(), now), told);
        }
    }
}
