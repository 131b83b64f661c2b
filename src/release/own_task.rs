//! What a release that runs inside a task needs of that task: that its run goes on, a secret that it may read, and its
//! record as artifacts of the run. All of it is asked through the task's proxy, in the task's name.

use bytes::Bytes;
use jiff::Timestamp;

use super::Environment;
use crate::{
    attest,
    config::{self, Project, Settings, Storage, Trigger},
    doctor,
    domain::{
        failure::Failure,
        finding::CheckId,
        permission::MayWrite,
        plan::{Plan, Source},
        record::{Record, RecordSource},
        scope::Scopes,
        task::{Run, Status, reason_words},
        task_run::TaskRun,
        written::time,
    },
    log::sanitise::plain,
    taskcluster::{Deployment, File, Inside, Keep, TaskclusterError},
};

/// A `release.json` has a few thousand bytes.
const CAP: u32 = 256 * 1024;

/// The task that this process runs in, at the proxy that signs for it.
pub struct OwnTask {
    pub run: TaskRun,
    deployment: Deployment,
    at: config::Taskcluster,
}

impl OwnTask {
    /// The task that this process runs in; `None` outside of one.
    ///
    /// # Errors
    /// When the plan cannot be carried out inside a task: without a proxy, or with a secret that no task can have.
    pub fn of(
        environment: &Environment,
        settings: &Settings,
        project: &Project,
        plan: &Plan,
    ) -> Result<Option<Self>, Failure> {
        let Some(Inside { run, root, proxy }) = Inside::of(&environment)? else { return Ok(None) };
        let (false, Some(at)) = (plan.store.is_vault(), &project.taskcluster) else {
            return Err(Failure::usage(
                format!("{} cannot be read inside a task", plan.secret),
                "windlass.toml has it in the vault, which is kept on the machine of whoever set it",
                format!(
                    "set [secret] store = \"taskcluster\" and [taskcluster] root-url, and have secrets:get:{} granted to \
                     the task's role",
                    plan.secret
                ),
            )
            .explained_by(CheckId::Secret));
        };
        let Some(proxy) = proxy else {
            return Err(Failure::usage(
                format!("{run} has no proxy that signs for it"),
                "TASKCLUSTER_PROXY_URL is not set: the task did not ask for one, and has no credentials itself",
                "set `features.taskclusterProxy: true` in the task's payload",
            )
            .explained_by(CheckId::Yml));
        };
        let settings = settings.clone();
        let allowed = std::sync::Arc::new(move |host: &str| settings.allows_plain_http(host));
        let deployment = Deployment::by_proxy(root, proxy, allowed)?;
        Ok(Some(Self { run, deployment, at: at.clone() }))
    }

    /// Sees to it that the run is not over. One that is takes no artifacts, and another may do the same by now.
    ///
    /// # Errors
    /// When it is over, or nobody answers.
    pub async fn check_goes_on(&self) -> Result<(), Failure> {
        let status = match self.deployment.status(&self.run.task).await {
            Ok(status) => status,
            Err(error) if error.is_unauthenticated() => {
                return Err(Failure::failed(
                    format!("{} has lost its credentials", self.run),
                    error.to_string(),
                    "they end with the worker's claim: have the task run again",
                )
                .explained_by(CheckId::Pool));
            }
            // Whether it goes on is found out when it is given its artifacts.
            Err(error) if error.is_denied() => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        match status.runs.iter().find(|run| run.id == self.run.run) {
            Some(run) if run.state.is_over() => Err(self.over(&status, run)),
            _ => Ok(()),
        }
    }

    fn over(&self, status: &Status, run: &Run) -> Failure {
        let reason = run.reason_resolved.as_deref().unwrap_or_default();
        let words = reason_words(reason).unwrap_or("the queue ended it");
        let (why, next, check) = match reason {
            "deadline-exceeded" => {
                let next = "it is too late to run it again: push again, or make a new task with a later deadline";
                (format!("{words}: {} UTC", time(status.deadline)), next, Some(CheckId::Dates))
            }
            _ if status.runs.iter().any(|other| other.id > run.id) => {
                let next = "leave it to that run: it does all of this again";
                (format!("{words}, and the queue began another run"), next, Some(CheckId::Pool))
            }
            _ => (words.to_owned(), "have the task run again", None),
        };
        Failure::failed(format!("{} is over", self.run), why, next).explained_by(check)
    }

    /// Why the secret is not given to the task.
    pub async fn no_secret(&self, plan: &Plan, denied: Failure) -> Failure {
        let what = format!("{} may not read the secret {}", self.run, plan.secret);
        let failure = self.denied(&format!("secrets:get:{}", plan.secret), what, &plan.source, denied).await;
        match self.deployment.secret_names().await {
            Ok(known) if !known.names.contains(&plan.secret) => {
                Failure { why: format!("{}; and there is no secret of this name", failure.why), ..failure }
            }
            _ => failure,
        }
    }

    /// Why something is not given to the task: who lacks this scope.
    pub async fn denied(&self, scope: &str, what: String, source: &Source, denied: Failure) -> Failure {
        // Of a run that is over, not even the credentials are accepted for long.
        if let Err(over) = self.check_goes_on().await {
            return over;
        }
        let task = self.deployment.task(&self.run.task).await.ok();
        let asks = task.map(|task| task.definition.scopes.iter().map(String::as_str).collect::<Scopes>());
        let role = self.role(asks.as_ref(), source);
        let gives = match &role {
            Some(role) => self.deployment.expand(&[format!("assume:{role}")]).await.ok(),
            None => None,
        };
        let named = role.unwrap_or_else(|| "that makes the task".to_owned());
        let asks = asks.map(|scopes| scopes.satisfy(scope));
        let gives = gives.map(|scopes| scopes.satisfy(scope));
        let ask = format!("write {scope} into the task's `scopes` in .taskcluster.yml, and push again");
        let grant = || doctor::grant(self.deployment.root(), &named, scope);
        let (why, next, check) = match (gives, asks) {
            (Some(false), Some(true)) => (format!("the role {named} lacks {scope}"), grant(), CheckId::Grants),
            (Some(false), _) => (
                format!("the role {named} lacks {scope}, and so the task does not have it either"),
                format!("{}; then {ask}", grant()),
                CheckId::Grants,
            ),
            (Some(true), Some(false)) => (
                format!("the task's `scopes` do not have {scope}, which its role {named} may give it"),
                ask,
                CheckId::Yml,
            ),
            (None, Some(false)) => (
                format!("the task's `scopes` do not have {scope}; whether the role {named} may give it is not known"),
                format!("{}; then {ask}", grant()),
                CheckId::Grants,
            ),
            // The services do not say more.
            (_, None | Some(true)) => (
                format!("{}: the role {named} needs {scope}, and the task's `scopes` have to have it", denied.why),
                format!("{}; then {ask}", grant()),
                CheckId::Grants,
            ),
        };
        Failure { what, why, next, ..denied }.explained_by(check)
    }

    /// The role that gives the task its scopes: the one among them, else the one that what began it gives. Source:
    /// taskcluster-github, "roles"; hooks, "role of a hook".
    fn role(&self, scopes: Option<&Scopes>, source: &Source) -> Option<String> {
        let assumed =
            |scopes: &Scopes| scopes.iter().find_map(|s| s.strip_prefix("assume:repo:").map(ToOwned::to_owned));
        if let Some(repo) = scopes.and_then(assumed) {
            return Some(format!("repo:{}", plain(&repo)));
        }
        if let Trigger::Hook { group, id } = &self.at.trigger {
            return Some(format!("hook-id:{group}/{id}"));
        }
        let github = self.at.github.as_deref()?;
        let tag = source.git_ref.as_deref().and_then(|full| full.strip_prefix("refs/tags/"));
        let of = match (tag, &source.branch) {
            (Some(tag), _) => format!("tag:{tag}"),
            (None, branch) => format!("branch:{}", branch.as_deref()?),
        };
        Some(format!("repo:github.com/{github}:{of}"))
    }

    /// Makes the record artifacts of the run: the image id alone, and the whole of it. Gives the word on where they are.
    ///
    /// # Errors
    /// When the run takes no artifacts, and when the upload fails. What was attached stays.
    pub async fn attach(&self, record: &Record, permit: MayWrite) -> Result<String, Failure> {
        let now = Timestamp::now();
        let (wanted, end) = (self.at.artifact_expires.end(now), self.end().await?);
        let expires = end.map_or(wanted, |end| wanted.min(end));
        let keep = match self.at.storage {
            Storage::S3 => Keep::InBucket,
            Storage::Object => Keep::AsObject,
        };
        // Without a line feed at its end, as the first such artifacts were.
        let shasum = Bytes::from(record.image_id.to_string());
        let whole = Bytes::from(attest::to_json(record));
        let files =
            [(self.at.artifact.clone(), "text/plain", shasum), (self.at.record_artifact(), "application/json", whole)];
        for (name, media, bytes) in files.clone() {
            let file = File { name, media, bytes, expires };
            match self.deployment.attach(&self.run, &file, keep, permit).await {
                Ok(()) => {}
                // An object is written once: what an earlier attempt left there may be all that is wanted.
                Err(error) if error.status() == Some(409) && self.has(&file, record).await => {}
                Err(error) => return Err(self.unattached(&file.name, error).await),
            }
        }
        let names = files.map(|(name, ..)| name).join(", ");
        Ok(format!("{names} of {}, until {} UTC", self.run, time(expires)))
    }

    /// Where the record is, once it is attached.
    pub fn place(&self) -> String {
        let TaskRun { task, run } = &self.run;
        RecordSource::Task { task: task.clone(), run: *run, place: self.at.record_artifact() }.to_string()
    }

    /// When the task expires, and its artifacts with it; `None` where we may not know.
    async fn end(&self) -> Result<Option<Timestamp>, Failure> {
        match self.deployment.status(&self.run.task).await {
            Ok(status) => Ok(status.expires),
            Err(error) if error.is_denied() => Ok(None),
            Err(error) => Err(self.unattached(&self.at.artifact, error).await),
        }
    }

    /// The run has this file already, as far as it tells what was built and where it went.
    async fn has(&self, file: &File, record: &Record) -> bool {
        let TaskRun { task, run } = &self.run;
        let Ok(there) = self.deployment.read_small(task, Some(*run), &file.name, CAP).await else { return false };
        let told = serde_json::from_slice::<Record>(&there).ok();
        // Taken up again, the same record has another release and another time.
        let same = |told: Record| {
            Record { release: record.release.clone(), who: record.who.clone(), when: record.when, ..told } == *record
        };
        there == file.bytes || told.is_some_and(same)
    }

    async fn unattached(&self, name: &str, error: TaskclusterError) -> Failure {
        let what = format!("{name} was not attached to {}", self.run);
        let status = error.status();
        if matches!(status, Some(401 | 409))
            && let Err(over) = self.check_goes_on().await
        {
            return Failure { what, why: format!("{}: {}", over.what, over.why), ..over };
        }
        let failure = Failure::from(error);
        let next = match status {
            Some(409) => {
                "the run has another artifact of that name: take it out of the task's own artifacts, or give \
                 [taskcluster] artifact another name"
            }
            Some(400) => "[taskcluster] artifact-expires must not be later than the end of the task: shorten it",
            Some(403) => "the proxy is not that of this run: give the process the environment of its own task",
            _ => failure.next.as_str(),
        };
        Failure { what, next: next.to_owned(), ..failure }
    }
}
