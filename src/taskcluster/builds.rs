//! The builds of a repository, as the GitHub service lists them. All pages are read once; whoever looks again reads on
//! from the last page that began as it does now.
//!
//! The service sorts by the time of the last change, the oldest first, and a page's token is an offset. So a build that
//! changes moves to the end, as a new one comes there, and those behind it move up: a page that begins with a build that
//! has not changed since has, with those after it, all that has. Services after 106 begin with the newest: there the
//! pages are read until one has a build that has not changed.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
};

use jiff::Timestamp;
use serde::Deserialize;

use super::{
    error::TaskclusterError,
    pages::Page,
    queue::LIMIT,
    service::Service,
    transport::{Call, Deployment},
};
use crate::domain::task::TaskId;

/// What an event of a repository led to. Source: github, `builds`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Build {
    /// The commit.
    pub sha: String,
    pub state: BuildState,
    #[serde(rename = "taskGroupId")]
    pub group: TaskId,
    /// `push`, `release.published`, `pull_request.opened` and more.
    #[serde(rename = "eventType", default)]
    pub event: String,
    pub created: Timestamp,
    pub updated: Timestamp,
    #[serde(rename = "pullRequestNumber", default)]
    pub pull_request: Option<u64>,
}

impl Build {
    /// A push, a git tag or a release at GitHub began it.
    #[must_use]
    pub fn is_release(&self) -> bool {
        self.pull_request.is_none() && !self.event.starts_with("pull_request") && self.event != "issue_comment"
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum BuildState {
    Pending,
    Success,
    /// No task could be made: the reason is in a comment on the commit alone.
    Error,
    Failure,
    Cancelled,
    Other(String),
}

impl From<String> for BuildState {
    fn from(word: String) -> Self {
        match word.as_str() {
            "pending" => Self::Pending,
            "success" => Self::Success,
            "error" => Self::Error,
            "failure" => Self::Failure,
            "cancelled" => Self::Cancelled,
            _ => Self::Other(word),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BuildsPage {
    builds: Vec<Build>,
    continuation_token: Option<String>,
}

impl Page for BuildsPage {
    type Item = Build;

    fn parts(self) -> (Vec<Build>, Option<String>) {
        (self.builds, self.continuation_token)
    }
}

/// The builds of one repository, as they were when it was last looked.
#[derive(Debug, Default)]
pub struct Builds {
    /// Each with a place: of two that were made at once, the later one in the list is the newer.
    known: HashMap<TaskId, (usize, Build)>,
    places: usize,
    /// The group of the build at the end of the list.
    last: Option<TaskId>,
    /// The tokens of all pages but the first, in their order: none where the list begins with the newest.
    pages: Vec<String>,
}

impl Builds {
    /// At most so many, the newest first.
    #[must_use]
    pub fn newest(&self, limit: usize) -> Vec<Build> {
        let mut builds: Vec<&(usize, Build)> = self.known.values().collect();
        builds.sort_by_key(|(place, build)| Reverse((build.created, build.updated, *place)));
        builds.into_iter().take(limit).map(|(_, build)| build.clone()).collect()
    }

    /// It was like that when it was last looked.
    fn has(&self, build: &Build) -> bool {
        self.known.get(&build.group).is_some_and(|(_, known)| known == build)
    }

    /// One of these has moved to the end of the list.
    fn has_changed(&self, builds: &[Build]) -> bool {
        builds.iter().any(|build| self.known.get(&build.group).is_some_and(|(_, known)| known != build))
    }

    /// Whether these are the end of the list that is known: whatever was last is among them.
    fn go_on(&self, builds: &[Build]) -> bool {
        is_steady(builds) && builds.iter().any(|build| self.last.as_ref() == Some(&build.group))
    }

    fn take(&mut self, mut builds: Vec<Build>) {
        self.last = builds.last().map(|build| build.group.clone());
        if !begin_oldest(&builds) {
            builds.reverse();
        }
        for build in builds {
            self.places += 1;
            self.known.insert(build.group.clone(), (self.places, build));
        }
    }
}

fn begin_oldest(builds: &[Build]) -> bool {
    builds.is_sorted_by_key(|build| build.updated)
}

/// The oldest is first, and none moved to the end while the pages were read: one behind it would have been passed by.
fn is_steady(builds: &[Build]) -> bool {
    let mut groups = HashSet::new();
    begin_oldest(builds) && builds.iter().all(|build| groups.insert(&build.group))
}

impl Deployment {
    /// All builds of a repository, or of one commit of it, the newest first.
    ///
    /// # Errors
    /// When we may not know.
    pub async fn builds(&self, owner: &str, repo: &str, sha: Option<&str>) -> Result<Vec<Build>, TaskclusterError> {
        let call = call(owner, repo);
        let call = sha.map_or_else(|| call.clone(), |sha| call.clone().query("sha", sha));
        let mut builds = Builds::default();
        self.read_all(&call, &mut builds).await?;
        Ok(builds.newest(usize::MAX))
    }

    /// Looks at the builds of a repository again.
    ///
    /// # Errors
    /// As [`Deployment::builds`].
    pub async fn look_at_builds(&self, owner: &str, repo: &str, known: &mut Builds) -> Result<(), TaskclusterError> {
        let call = call(owner, repo);
        while let Some(token) = known.pages.last().cloned() {
            let mut pages = self.turn::<BuildsPage>(call.clone(), Some(token));
            let mut builds = pages.next().await?.unwrap_or_default();
            if !builds.first().is_some_and(|first| known.has(first)) {
                // So many have changed that some of them were before it.
                known.pages.pop();
                continue;
            }
            let mut following = Vec::new();
            loop {
                following.extend(pages.following().map(ToOwned::to_owned));
                let Some(more) = pages.next().await? else { break };
                builds.extend(more);
            }
            if known.go_on(&builds) {
                // Where one moved while several pages were read, they are read again the next time.
                if !known.has_changed(&builds) {
                    known.pages.extend(following);
                }
                known.take(builds);
                return Ok(());
            }
            known.pages.clear();
        }
        self.read_all(&call, known).await
    }

    /// From the beginning; where the list begins with the newest, until what is known is reached.
    async fn read_all(&self, call: &Call, known: &mut Builds) -> Result<(), TaskclusterError> {
        let mut pages = self.turn::<BuildsPage>(call.clone(), None);
        let (mut builds, mut tokens) = (Vec::new(), Vec::new());
        while let Some(more) = pages.next().await? {
            let reached = more.last().is_some_and(|last| known.has(last));
            builds.extend(more);
            if reached && !begin_oldest(&builds) {
                break;
            }
            tokens.extend(pages.following().map(ToOwned::to_owned));
        }
        known.pages = if is_steady(&builds) { tokens } else { Vec::new() };
        known.take(builds);
        Ok(())
    }
}

fn call(owner: &str, repo: &str) -> Call {
    Call::get(Service::Github, "/builds", "github:list-builds", format!("list the builds of {owner}/{repo}"))
        .query("limit", LIMIT)
        .query("organization", stored(owner))
        .query("repository", stored(repo))
}

/// A name as the service keeps it. Source: github, `sanitizeGitHubField`.
fn stored(name: &str) -> String {
    name.replace('.', "%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_of_new_kinds_are_read() {
        let page = r#"{"builds":[{"organization":"mozilla","repository":"balrog","sha":"abc","state":"success",
            "taskGroupId":"f18OCIBgRoSL6-8OrQg82Q","eventType":"release.published","eventId":"Unknown",
            "created":"2026-11-23T06:14:14.898Z","updated":"2026-11-23T06:20:00.000Z"},
            {"organization":"mozilla","repository":"balrog","sha":"abd","state":"dreaming",
            "taskGroupId":"LHIFqN2-Twa_NSAVguP9dw","eventType":"merge_group.checks_requested","eventId":"Unknown",
            "created":"2026-11-23T06:14:14.898Z","updated":"2026-11-23T06:20:00.000Z","pullRequestNumber":7}],
            "continuationToken":"qzxkXG8ZWa"}"#;
        let (builds, token) = serde_json::from_str::<BuildsPage>(page).unwrap().parts();
        assert_eq!(token.as_deref(), Some("qzxkXG8ZWa"));
        assert_eq!((&builds[0].state, builds[0].event.as_str()), (&BuildState::Success, "release.published"));
        assert_eq!((&builds[1].state, builds[1].pull_request), (&BuildState::Other("dreaming".into()), Some(7)));
    }

    #[test]
    fn a_dot_in_a_name_is_a_percent_sign_at_the_service() {
        assert_eq!(stored("a.b-c_d"), "a%b-c_d");
    }
}
