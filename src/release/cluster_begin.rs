//! Beginning a release on Taskcluster by a push of git: what is pushed and how it stands at the remote is looked at before;
//! then the build that GitHub's event makes of it is waited for.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use tokio::time::sleep;

use super::cluster::{Cluster, LOOK};
use crate::{
    config::{Project, Trigger},
    domain::{
        audit::{Act, AuditRow, Ended},
        beginning::{self, Beginning},
        failure::Failure,
        finding::CheckId,
        name::{Commit, ReleaseId},
        permission::MayWrite,
        plan::PlannedTag,
        policy::{self, GitFacts, Wanted},
        preview::Change,
        ref_push::{Ref, RefPush, before_a_push},
        task::TaskId,
        wishes::Wishes,
    },
    git::Checkout,
    journal::Journal,
    log::sanitise::plain,
    taskcluster::{Build, BuildState},
};

/// A push that begins a release, with all that is shown of it before.
pub struct Prepared {
    pub push: RefPush,
    pub host: String,
    /// `owner/repository` at GitHub.
    pub repository: String,
    /// That every release of the branch moves.
    pub tags: Vec<PlannedTag>,
    /// What these show now, of each image.
    pub changes: Vec<(String, Change)>,
    /// That could not be found out.
    pub warnings: Vec<String>,
    /// The builds of the commit that there are before, the newest first.
    before: Vec<Build>,
}

impl Prepared {
    /// The build that is there, where nothing is to be pushed.
    #[must_use]
    pub fn built(&self) -> Option<&TaskId> {
        self.push.is_there().then(|| self.before.first().map(|build| &build.group)).flatten()
    }

    /// That, for somebody to agree to who wished it so.
    #[must_use]
    pub fn beginning(&self, wishes: &Wishes) -> Beginning {
        let command = self.push.command();
        Beginning {
            host: self.host.clone(),
            rows: self.rows(),
            refused: self.push.refused(),
            words: beginning::words(wishes),
            said: format!("pushing {} to {}: its build is waited for", self.push.commit.short(), self.push.what.name()),
            agreed: Some(command),
            there: self.built().map(ReleaseId::from),
        }
    }

    /// Nothing but what was agreed to is pushed.
    ///
    /// # Errors
    /// When it would be another command by now.
    pub fn still(&self, agreed: Option<&str>) -> Result<(), Failure> {
        let command = self.push.command();
        match agreed {
            Some(agreed) if agreed != command => {
                Err(changed_since(&format!("{agreed} was agreed to, and by now it would be {command}")))
            }
            _ => Ok(()),
        }
    }

    /// Labels and what stands beside them.
    #[must_use]
    pub fn rows(&self) -> Vec<(&'static str, String)> {
        let Self { push, host, repository, changes, warnings, .. } = self;
        let mut rows = Vec::new();
        if push.is_there() {
            rows.push(("runs", "nothing: it is pushed already, and nothing is begun by it".to_owned()));
        } else {
            rows.push(("runs", push.command()));
        }
        rows.push(("commit", push.commit.to_string()));
        rows.push(("remote", push.stands()));
        rows.push(match (push.is_there(), self.built()) {
            (true, Some(group)) => ("follows", format!("its build {group} at {host}")),
            (true, None) => ("follows", format!("nothing: {host} has no build of it")),
            (false, _) => ("follows", format!("the build that {host} makes of it for {repository}")),
        });
        rows.extend(changes.iter().map(|(image, change)| (change.kind.word(), format!("{image}: {}", change.told()))));
        if changes.is_empty() {
            rows.push(("tags", "which ones its tasks write, their script decides".to_owned()));
        }
        rows.extend(warnings.iter().map(|warning| ("mind", warning.clone())));
        rows
    }
}

/// Why nothing is begun that somebody agreed to.
pub(super) fn changed_since(why: &str) -> Failure {
    Failure::failed("nothing was begun", plain(why), "look at what it would be now, and agree to that")
}

/// What a push would begin. Nothing is changed.
///
/// # Errors
/// When policy does not let it be released, git or the remote does not answer, or the deployment does not tell which builds
/// there are.
pub async fn prepare(
    cluster: &Cluster,
    project: &Project,
    checkout: &Checkout,
    trigger: &Trigger,
    wishes: &Wishes,
) -> Result<Prepared, Failure> {
    let (owner, name) = cluster.repository()?;
    let repository = format!("{owner}/{name}");
    let wanted_tag = match trigger {
        Trigger::GitTag => Some(wanted_tag(project, wishes)?),
        _ => None,
    };
    let git_ref = wanted_tag.as_ref().map(|tag| format!("refs/tags/{tag}")).or_else(|| wishes.git_ref.clone());
    let wanted = Wanted { git_ref, branch: wishes.branch.clone() };
    let policy = before_a_push(&project.policy, wanted_tag.is_some());
    let facts = checkout.facts(&wanted, &policy).await?;
    let source = policy::judge(&policy, &facts, &wanted)?;
    let what = match (wanted_tag, source.branch) {
        (Some(tag), _) => Ref::Tag(tag),
        (None, Some(branch)) => Ref::Branch(branch),
        (None, None) => return Err(no_branch(&source.commit)),
    };
    let GitFacts { remote, commit, .. } = facts;
    let remote = remote.ok_or_else(no_remote)?;
    let pushed = checkout.ref_push(remote, what, commit);
    let (push, before) = tokio::join!(pushed, builds(cluster, &source.commit));
    let (push, before) = (push?, before?);
    let tags = match &push.what {
        Ref::Branch(branch) => cluster.moving_tags(branch, Some(&push.commit)),
        Ref::Tag(_) => Vec::new(),
    };
    let host = cluster.deployment.root().host();
    Ok(Prepared { push, host, repository, tags, changes: Vec::new(), warnings: Vec::new(), before })
}

fn wanted_tag(project: &Project, wishes: &Wishes) -> Result<String, Failure> {
    let Some(name) = &wishes.git_ref else {
        return Err(Failure::usage(
            "it is not said which git tag begins the release",
            "this project's releases on Taskcluster are begun by a tag (`trigger` in windlass.toml)",
            "make it and name it: git tag vX, then windlass release --ref vX",
        ));
    };
    let tag = name.strip_prefix("refs/tags/").unwrap_or(name);
    if project.policy.allows_tag(tag) {
        return Ok(tag.to_owned());
    }
    Err(Failure::not_allowed(
        format!("the git tag {tag} may not be released"),
        format!("[policy] allows the git tags {}", project.policy.git_tags.join(", ")),
        "name one of these, or change [policy] in windlass.toml",
    ))
}

fn no_branch(commit: &Commit) -> Failure {
    Failure::usage(
        format!("it is not known which branch {} is pushed to", commit.short()),
        "nothing is checked out that is on one",
        "name it: --branch NAME",
    )
}

fn no_remote() -> Failure {
    Failure::usage(
        "there is nowhere to push to",
        "this repository has no remote",
        "add the one that the deployment hears of: git remote add origin URL",
    )
    .explained_by(CheckId::Git)
}

/// Those that are of releases, the newest first.
async fn builds(cluster: &Cluster, commit: &Commit) -> Result<Vec<Build>, Failure> {
    let (owner, name) = cluster.repository()?;
    let builds = cluster.deployment.builds(owner, name, Some(commit.as_str())).await?;
    Ok(builds.into_iter().filter(Build::is_release).collect())
}

/// Pushes it. What git prints is told line by line, made harmless.
///
/// # Errors
/// When git would refuse it, or did.
pub async fn push(
    checkout: &Checkout,
    prepared: &Prepared,
    journal: &Journal,
    who: &str,
    told: &mut (dyn FnMut(&str) + Send),
    permit: MayWrite,
) -> Result<(), Failure> {
    let push = &prepared.push;
    if let Some(refused) = push.refused() {
        return Err(refused);
    }
    let row = AuditRow::begun(Timestamp::now(), who, Act::Trigger, &push.command());
    let work = async {
        checkout.push(push, &mut |line| told(&plain(line)), permit).await.map_err(|error| {
            let failure = Failure::from(error);
            Failure { why: plain(&failure.why), ..failure }
        })?;
        Ok(((), Ended::with(None, None)))
    };
    journal.audited(row, work).await
}

/// Waits for the build that the push begins: until its group has tasks. `None`: there was none in this time.
///
/// # Errors
/// When the deployment does not tell, or the build made no task.
pub async fn begun(cluster: &Cluster, prepared: &Prepared, within: Duration) -> Result<Option<TaskId>, Failure> {
    let before: HashSet<&TaskId> = prepared.before.iter().map(|build| &build.group).collect();
    let since = Instant::now();
    loop {
        let found = builds(cluster, &prepared.push.commit).await?;
        if let Some(build) = found.iter().find(|build| !before.contains(&build.group)) {
            if build.state == BuildState::Error {
                return Err(made_no_task(&prepared.repository, build));
            }
            // The service lists a build before it has made its tasks.
            match cluster.deployment.task_group(&build.group).await {
                Ok(tasks) if !tasks.is_empty() => return Ok(Some(build.group.clone())),
                Ok(_) => {}
                Err(error) if error.is_absent() => {}
                Err(error) => return Err(error.into()),
            }
        }
        let left = within.saturating_sub(since.elapsed());
        if left.is_zero() {
            return Ok(None);
        }
        sleep(LOOK.min(left)).await;
    }
}

fn made_no_task(repository: &str, build: &Build) -> Failure {
    let sha = plain(&build.sha);
    Failure::failed(
        "the build made no task",
        format!("why is told in a comment alone: https://github.com/{repository}/commit/{sha}"),
        format!("windlass doctor {} and {} look for the cause", CheckId::Yml, CheckId::Grants),
    )
    .explained_by(CheckId::Yml)
}
