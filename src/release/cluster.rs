//! Releases that run on Taskcluster, as its services show them: groups of tasks that a push, a git tag, a release at
//! GitHub or a hook began. Nothing of them is journalled: the queue has the truth, and each look takes it from there.
//! Only the records that count are kept, since artifacts expire.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use futures_util::{StreamExt as _, stream};
use globset::{Glob, GlobSet, GlobSetBuilder};
use jiff::Timestamp;
use regex::Regex;

use super::cluster_log;
use crate::{
    config::{self, Image, Project},
    domain::{
        again::named,
        digest::Digest,
        event::Built,
        failure::Failure,
        name::{Commit, ReleaseId, SecretName},
        origin::{Began, Origin, Terms, began_for, not_released, only_claimed},
        plan::{BuildDefinition, Plan, PlannedTag, Runner, Source, TagKind, Trigger},
        policy::{self, Wanted},
        record::{IdKind, Known, RECORD_SCHEMA, Record, RecordSource, Review},
        release::{Recorded, Release, ReleaseState, StepId},
        root_url::RootUrl,
        shasum::Shasum,
        task::{Definition, Run, Task, TaskId, TaskState},
        task_run::TaskRun,
        template::Values,
        whose::{Mark, whose},
    },
    git::Checkout,
    journal::Journal,
    log::sanitise::plain,
    taskcluster::{Build, BuildState, Builds, Deployment, Fire, Known as Listed, TaskclusterError},
};

/// A digest artifact has 71 bytes, a `release.json` a few thousand.
const CAP: u32 = 256 * 1024;

/// Releases whose records are looked for before a verdict.
const NEWEST: usize = 10;
/// Between two looks at the tasks of a release that runs.
pub const LOOK: Duration = Duration::from_secs(3);
/// Groups that are looked at at the same time.
const AT_ONCE: usize = 4;

/// Where a project's releases are seen.
pub struct Cluster {
    pub deployment: Deployment,
    project: Project,
    at: config::Taskcluster,
    tasks: GlobSet,
    /// `None` where the project is in no checkout: then nobody can tell which branch a commit is on.
    checkout: Option<Checkout>,
    /// Whoever looks at them while another does waits for what that one finds.
    builds: tokio::sync::Mutex<Builds>,
    memory: Mutex<Memory>,
}

/// What was found out before: a console looks at the same release every few seconds, and little of it changes.
#[derive(Default)]
struct Memory {
    /// As the builds told it last.
    origins: HashMap<TaskId, Origin>,
    /// Asking git takes time; a fetch may tell more later.
    began: HashMap<TaskId, (Option<Began>, Instant)>,
    /// Which of the project's images groups are about, where their tasks were looked at.
    images: HashMap<TaskId, usize>,
    /// Of runs that are over, which leave nothing more.
    said: HashMap<(TaskId, u32), Option<Said>>,
    /// The groups that were looked at last.
    groups: HashMap<TaskId, (Listed, Vec<Task>)>,
}

/// A group of five hundred tasks is a megabyte.
const GROUPS: usize = 8;
/// How long what git does not know is not asked again.
const UNKNOWN: Duration = Duration::from_mins(1);

/// A release with what its tasks say was built.
pub struct Detailed {
    pub release: Release,
    pub tasks: Vec<Task>,
    /// The record that counts, and where it was found.
    pub known: Option<Known>,
}

impl Detailed {
    /// The tasks that make the release.
    pub fn steps(&self) -> impl Iterator<Item = &Task> {
        let ids = self.release.steps.iter().filter_map(|step| step.step.task());
        ids.filter_map(|id| self.tasks.iter().find(|task| task.id() == id))
    }

    /// The task that somebody names: by its id or by its name.
    ///
    /// # Errors
    /// When there is none, or there are several.
    pub fn named(&self, text: &str) -> Result<TaskId, Failure> {
        let ours: Vec<TaskId> = self.steps().map(|task| task.id().clone()).collect();
        named(self.release.plan.release.as_str(), &self.tasks, &ours, plain, text)
    }

    /// The task whose log tells the most.
    pub fn telling(&self) -> Option<&Task> {
        let id = self.release.steps.get(self.release.telling_task()?)?.step.task()?;
        self.tasks.iter().find(|task| task.id() == id)
    }
}

/// What a run of a task says was built.
#[derive(Clone)]
struct Said {
    image_id: Digest,
    kind: IdKind,
    /// `release.json`, where there is one that says the same.
    record: Option<Record>,
    run: u32,
    place: String,
    bytes: Digest,
}

impl Cluster {
    /// `deployment` gives the one at the project's root URL.
    ///
    /// # Errors
    /// When the project names no deployment, when that may not be spoken to, or a glob of its tasks is none.
    pub async fn new(
        project: Project,
        deployment: impl FnOnce(RootUrl) -> Result<Deployment, Failure>,
    ) -> Result<Self, Failure> {
        let Some(at) = project.taskcluster.clone() else {
            return Err(Failure::usage(
                "this project has no releases on Taskcluster",
                "windlass.toml names no deployment",
                "name it: [taskcluster] root-url",
            ));
        };
        let deployment = deployment(at.root_url.clone())?;
        let mut tasks = GlobSetBuilder::new();
        for glob in at.tasks.iter().filter_map(|glob| Glob::new(glob).ok()) {
            tasks.add(glob);
        }
        let tasks = tasks.build().map_err(|e| {
            Failure::usage("the tasks of a release cannot be told", e.to_string(), "correct [taskcluster] tasks")
        })?;
        let checkout = Checkout::open(&project.root).await.ok();
        Ok(Self {
            deployment,
            project,
            at,
            tasks,
            checkout,
            builds: tokio::sync::Mutex::default(),
            memory: Mutex::default(),
        })
    }

    /// Where this project's builds are listed: owner and name at GitHub.
    ///
    /// # Errors
    /// When the configuration does not say.
    pub fn repository(&self) -> Result<(&str, &str), Failure> {
        self.at.github.as_deref().and_then(|name| name.split_once('/')).ok_or_else(|| {
            Failure::usage(
                "it is not known where this project's builds are listed",
                "windlass.toml names no repository at GitHub",
                "name it: [taskcluster] github = \"owner/repository\"",
            )
        })
    }

    /// The newest releases, by what began them alone: one request, whatever their tasks.
    ///
    /// # Errors
    /// When the services do not say.
    pub async fn releases(&self, limit: usize) -> Result<Vec<Release>, Failure> {
        let origins = self.origins(limit).await?;
        let known = |group: &TaskId| self.memory().images.get(group).copied().unwrap_or_default();
        let seen = |origin: &Origin| Some(self.release(origin, self.project.images.get(known(&origin.group))?, None));
        Ok(origins.iter().filter_map(seen).collect())
    }

    async fn origins(&self, limit: usize) -> Result<Vec<Origin>, Failure> {
        let mut origins = Vec::new();
        origins.extend(self.built(limit).await?);
        if let config::Trigger::Hook { group, id } = &self.at.trigger {
            let fires = self.deployment.last_fires(group, id).await?;
            origins.extend(fires.into_iter().filter_map(|fire| {
                let Fire { task: group, at: began, error: None, task_state: state, .. } = fire else { return None };
                let changed = began;
                Some(Origin { group, trigger: Trigger::Hook, commit: None, remote: None, began, changed, state })
            }));
        }
        for path in &self.at.index {
            match self.deployment.indexed(path).await {
                Ok(task) => {
                    let task = self.deployment.task(&task).await?;
                    if origins.iter().all(|known: &Origin| known.group != task.status.task_group_id) {
                        origins.push(of_group(&task));
                    }
                }
                Err(error) if error.is_absent() => {}
                Err(error) => return Err(error.into()),
            }
        }
        // What a pull request makes is no release.
        origins.retain(|origin| origin.trigger != Trigger::PullRequest);
        origins.sort_by_key(|origin| std::cmp::Reverse(origin.began));
        origins.truncate(limit);
        self.memory().origins.extend(origins.iter().map(|origin| (origin.group.clone(), origin.clone())));
        Ok(origins)
    }

    /// What GitHub's builds say began groups; nothing where the configuration names no repository.
    async fn built(&self, limit: usize) -> Result<Vec<Origin>, TaskclusterError> {
        let Some((owner, repository)) = self.at.github.as_deref().and_then(|name| name.split_once('/')) else {
            return Ok(Vec::new());
        };
        let mut builds = self.builds.lock().await;
        self.deployment.look_at_builds(owner, repository, &mut builds).await?;
        let builds = builds.newest(limit);
        let remote = format!("https://github.com/{owner}/{repository}");
        Ok(builds.iter().map(|build| origin(build, &remote)).collect())
    }

    /// What a record has to satisfy.
    pub(super) fn terms<'a>(&'a self, secret: &'a SecretName) -> Terms<'a> {
        Terms { secret, pools: &self.at.pools, policy: &self.project.policy }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The tasks of a group, which are sent again only where something has changed.
    pub(super) async fn tasks_of(&self, group: &TaskId) -> Result<Vec<Task>, TaskclusterError> {
        let (mut listed, before) = self.memory().groups.get(group).cloned().unwrap_or_default();
        match self.deployment.task_group_if_changed(group, &mut listed).await? {
            None => Ok(before),
            Some(tasks) => {
                let mut memory = self.memory();
                if memory.groups.len() >= GROUPS {
                    memory.groups.clear();
                }
                memory.groups.insert(group.clone(), (listed, tasks.clone()));
                Ok(tasks)
            }
        }
    }

    /// The release that a task or a group of tasks is of, with its tasks and what they recorded.
    ///
    /// # Errors
    /// When there is none, or the services do not say.
    pub async fn detailed(&self, id: &TaskId, now: Timestamp) -> Result<Detailed, Failure> {
        let mut tasks = match self.tasks_of(id).await {
            Err(error) if error.is_absent() => Vec::new(),
            tasks => tasks?,
        };
        if tasks.is_empty() {
            let task = self.deployment.task(id).await?;
            tasks = self.tasks_of(&task.status.task_group_id).await?;
        }
        let Some(first) = tasks.iter().min_by_key(|task| task.definition.created) else {
            return Err(Failure::failed(
                format!("the group {id} has no tasks"),
                "none was made in it, or they have expired",
                "see the newest: windlass releases",
            ));
        };
        let origin = self.origin_of(first).await?;
        // What was made anew takes the place of what it was made from.
        let replaced: HashSet<TaskId> = tasks.iter().filter_map(Task::clone_of).collect();
        let current = || tasks.iter().filter(|task| !replaced.contains(task.id()));
        let mut ours: Vec<&Task> = current().filter(|task| self.tasks.is_match(task.name())).collect();
        if ours.is_empty() {
            ours = current().collect();
        }
        let ours = in_order(ours);
        let mut told = Vec::new();
        for task in &ours {
            told.extend(self.said(task).await?.map(|said| (*task, said)));
        }
        let image = self.image_of(&origin.group, &ours, &told)?;
        let began = self.began(&origin, &tasks).await;
        let mut release = self.release(&origin, image, began.as_ref());
        release.show_tasks(&ours, now);
        sanitise(&mut release);
        let mut known = None;
        for (task, said) in told {
            let terms = self.terms(&image.secret.name);
            let claimed = only_claimed(&origin, began.as_ref(), &task.definition, terms);
            note(&mut release, task.id(), &said, claimed.as_deref());
            if claimed.is_none() && known.is_none() {
                known = Some(record(&mut release, image, task, said));
            }
        }
        Ok(Detailed { release, tasks, known })
    }

    /// Looks for the records of the newest releases that have ended, and keeps those that count. What is kept already is
    /// not asked for again.
    ///
    /// # Errors
    /// When the services do not say, or the journal cannot be written.
    pub async fn keep_records(&self, journal: &Journal) -> Result<(), Failure> {
        let now = Timestamp::now();
        let ended = self.origins(NEWEST).await?.into_iter().filter(|origin| origin.state.is_over());
        let mut groups = Vec::new();
        for origin in ended {
            if !journal.has_seen(&ReleaseId::from(&origin.group)).await? {
                groups.push(origin.group);
            }
        }
        let found = stream::iter(groups).map(|group| async move { self.detailed(&group, now).await });
        let found: Vec<_> = found.buffered(AT_ONCE).collect().await;
        let mut known = Vec::new();
        for detailed in found {
            known.extend(detailed?.known);
        }
        Ok(journal.keep_seen(&known).await?)
    }

    /// The image that the tasks of this group are about, as they and what they recorded tell it.
    fn image_of(&self, group: &TaskId, tasks: &[&Task], told: &[(&Task, Said)]) -> Result<&Image, Failure> {
        let images = &self.project.images;
        let mark = |image| {
            let Image { name, repository, secret, .. }: &Image = image;
            Mark { name, repository, secret: &secret.name }
        };
        let marks: Vec<Mark<'_>> = images.iter().map(mark).collect();
        let definitions: Vec<&Definition> = tasks.iter().map(|task| &task.definition).collect();
        let recorded = told.iter().filter_map(|(_, said)| said.record.as_ref()).map(|record| &record.repository);
        let Some(at) = whose(&marks, &definitions, &recorded.collect::<Vec<_>>()) else {
            return self.project.image(None);
        };
        self.memory().images.insert(group.clone(), at);
        Ok(&images[at])
    }

    /// What began the group of this task, as GitHub's builds tell it.
    pub(super) async fn origin_of(&self, task: &Task) -> Result<Origin, Failure> {
        let group = &task.status.task_group_id;
        if let Some(known) = self.memory().origins.get(group) {
            return Ok(known.clone());
        }
        let built = match self.built(200).await {
            Err(error) if error.is_denied() || error.is_absent() => Vec::new(),
            built => built?,
        };
        {
            let mut memory = self.memory();
            memory.origins.extend(built.into_iter().map(|origin| (origin.group.clone(), origin)));
            if let Some(known) = memory.origins.get(group) {
                return Ok(known.clone());
            }
        }
        let origin = of_group(task);
        self.memory().origins.insert(group.clone(), origin.clone());
        Ok(origin)
    }

    /// Why this group was not begun by a push or a release of what policy allows; `None`: it was.
    ///
    /// # Errors
    /// When the services do not say.
    pub async fn not_released(&self, tasks: &[Task]) -> Result<Option<String>, Failure> {
        let Some(first) = tasks.first() else { return Ok(Some("it has no tasks".to_owned())) };
        let origin = self.origin_of(first).await?;
        let began = self.began(&origin, tasks).await;
        Ok(not_released(&origin, began.as_ref(), &self.project.policy))
    }

    /// What the group was begun for: as its tasks' roles say, else as git knows the commit.
    pub(super) async fn began(&self, origin: &Origin, tasks: &[Task]) -> Option<Began> {
        if let Some(began) = self.at.github.as_deref().and_then(|github| began_for(github, tasks)) {
            return Some(began);
        }
        if let Some((began, asked)) = self.memory().began.get(&origin.group)
            && (began.is_some() || asked.elapsed() < UNKNOWN)
        {
            return began.clone();
        }
        let began = self.began_in_git(origin.commit.as_ref()?).await;
        self.memory().began.insert(origin.group.clone(), (began.clone(), Instant::now()));
        began
    }

    async fn began_in_git(&self, commit: &Commit) -> Option<Began> {
        let wanted = Wanted { git_ref: Some(commit.to_string()), branch: None };
        let facts = self.checkout.as_ref()?.facts(&wanted, &self.project.policy).await.ok()?;
        let source = policy::judge(&self.project.policy, &facts, &wanted).ok()?;
        source.branch.map(Began::Branch)
    }

    fn release(&self, origin: &Origin, image: &Image, began: Option<&Began>) -> Release {
        let branch = match began {
            Some(Began::Branch(branch)) => Some(branch.clone()),
            _ => None,
        };
        let git_ref = match began {
            Some(Began::Branch(branch)) => Some(format!("refs/heads/{branch}")),
            Some(Began::Tag(tag)) => Some(format!("refs/tags/{tag}")),
            Some(Began::Release) | None => None,
        };
        let plan = Plan {
            release: ReleaseId::from(&origin.group),
            image: image.name.clone(),
            repository: image.repository.clone(),
            runner: Runner::Taskcluster,
            task: None,
            trigger: origin.trigger,
            parent: None,
            source: Source {
                commit: origin.commit.clone().unwrap_or_else(Commit::unknown),
                git_ref,
                branch,
                remote: origin.remote.clone(),
                reviewed: began.is_some(),
                dirty: false,
                committed: origin.began,
            },
            tags: match began {
                Some(Began::Branch(branch)) => self.moving_tags(branch, origin.commit.as_ref()),
                _ => Vec::new(),
            },
            build: BuildDefinition {
                context: image.context.clone(),
                dockerfile: image.dockerfile.clone(),
                target: image.target.clone(),
                platform: image.platform.clone(),
                args: std::collections::BTreeMap::new(),
                labels: std::collections::BTreeMap::new(),
                builder: image.builder,
            },
            store: image.secret.store.clone(),
            archive: None,
            secret: image.secret.name.clone(),
            recipe: image.secret.recipe.clone(),
            move_tags: false,
            who: self.deployment.root().host(),
            planned: origin.began,
        };
        // Later snapshots have higher numbers.
        let seq = u64::try_from(origin.changed.as_millisecond()).unwrap_or_default();
        let mut release = Release::new(plan, origin.began, seq);
        release.steps = Vec::new();
        release.state = match origin.state {
            TaskState::Completed => ReleaseState::Succeeded,
            TaskState::Failed | TaskState::Exception => ReleaseState::Failed,
            TaskState::Running => ReleaseState::Running,
            TaskState::Unscheduled | TaskState::Pending | TaskState::Other(_) => ReleaseState::Pending,
        };
        release.ended = origin.state.is_over().then_some(origin.changed);
        release
    }

    /// The tags that each release of this branch moves. Which frozen ones a task wrote, only its own record tells.
    #[must_use]
    pub fn moving_tags(&self, branch: &str, commit: Option<&Commit>) -> Vec<PlannedTag> {
        let values = Values {
            branch: Some(branch.to_owned()),
            alias: Some(self.project.tags.alias_of(branch).to_owned()),
            commit: commit.cloned(),
            date: None,
            version: None,
        };
        let tags = self.project.tags.moving.iter().filter_map(|template| template.render_tag(&values).ok());
        tags.map(|tag| PlannedTag { tag, kind: TagKind::Moving }).collect()
    }

    /// What the last run of a task that left something says was built. After a re-run that is not the newest run.
    async fn said(&self, task: &Task) -> Result<Option<Said>, Failure> {
        for run in task.status.runs.iter().rev() {
            if let Some(said) = self.said_by_run(task, run).await? {
                return Ok(Some(said));
            }
        }
        Ok(None)
    }

    async fn said_by_run(&self, task: &Task, run: &Run) -> Result<Option<Said>, Failure> {
        if !run.state.is_over() {
            return Ok(None);
        }
        let key = (task.id().clone(), run.id);
        if let Some(said) = self.memory().said.get(&key) {
            return Ok(said.clone());
        }
        let said = self.look_for_said(task, run).await?;
        // After an exception something may still be uploaded for a while.
        if said.is_some() || run.state != TaskState::Exception {
            self.memory().said.insert(key, said.clone());
        }
        Ok(said)
    }

    async fn look_for_said(&self, task: &Task, run: &Run) -> Result<Option<Said>, Failure> {
        let Some(bytes) = self.artifact(task, run, &self.at.artifact).await? else {
            return self.said_by_log(task, run).await;
        };
        // Several digests are of several images, and nobody says which is ours.
        let Shasum::One(image_id) = Shasum::read(&bytes) else { return Ok(None) };
        let whole = self.artifact(task, run, &self.at.record_artifact()).await?;
        let record = whole.and_then(|bytes| serde_json::from_slice::<Record>(&bytes).ok());
        let record = record.filter(|record| record.schema == RECORD_SCHEMA && record.image_id == image_id);
        let kind = record.as_ref().map_or(IdKind::Config, |record| record.id_kind);
        let (place, bytes) = (self.at.artifact.clone(), Digest::of(&bytes));
        Ok(Some(Said { image_id, kind, record, run: run.id, place, bytes }))
    }

    /// The digest that only the log has. It is the manifest's: the registry told it to whoever pushed.
    async fn said_by_log(&self, task: &Task, run: &Run) -> Result<Option<Said>, Failure> {
        let Some(pattern) = self.at.digest_in_log.as_deref() else { return Ok(None) };
        let Ok(pattern) = Regex::new(pattern) else { return Ok(None) };
        let Shasum::One(image_id) = cluster_log::digest(self, task, run.id, &pattern).await? else { return Ok(None) };
        let bytes = Digest::of(image_id.as_str().as_bytes());
        Ok(Some(Said { image_id, kind: IdKind::Manifest, record: None, run: run.id, place: "log".to_owned(), bytes }))
    }

    async fn artifact(&self, task: &Task, run: &Run, name: &str) -> Result<Option<Vec<u8>>, TaskclusterError> {
        match self.deployment.read_small(task.id(), Some(run.id), name, CAP).await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(TaskclusterError::NotMade { .. } | TaskclusterError::NotUploaded { .. }) => Ok(None),
            Err(error) if error.is_absent() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Puts what counts into the release.
fn record(release: &mut Release, image: &Image, task: &Task, said: Said) -> Known {
    let plan = &release.plan;
    let record = said.record.filter(|record| record.repository == image.repository).map(|mut record| {
        // Whatever it says of itself: it is found by the group that made it.
        record.release = plan.release.clone();
        record.runner = Runner::Taskcluster;
        record
    });
    let mut record = record.unwrap_or_else(|| Record {
        schema: RECORD_SCHEMA.to_owned(),
        release: plan.release.clone(),
        image: image.name.clone(),
        repository: image.repository.clone(),
        image_id: said.image_id.clone(),
        id_kind: said.kind,
        config_digest: (said.kind == IdKind::Config).then(|| said.image_id.clone()),
        manifest_digest: (said.kind == IdKind::Manifest).then(|| said.image_id.clone()),
        index_digest: None,
        diff_ids: Vec::new(),
        layers: Vec::new(),
        platform: image.platform.clone(),
        tags: plan.tags.clone(),
        commit: plan.source.commit.clone(),
        git_ref: plan.source.git_ref.clone(),
        remote: plan.source.remote.clone(),
        review: Review::Reviewed,
        dirty: false,
        dockerfile_digest: None,
        context_digest: None,
        archive: None,
        log_digest: None,
        log_clipped: false,
        runner: Runner::Taskcluster,
        task: None,
        engine: task.status.task_queue_id.clone(),
        who: task.definition.metadata.owner.clone(),
        when: task.status.last_run().and_then(|run| run.resolved.or(run.started)).unwrap_or(plan.planned),
    });
    record.task = Some(TaskRun { task: task.id().clone(), run: said.run });
    release.plan.tags.clone_from(&record.tags);
    release.built = Some(Built {
        image_id: record.image_id.clone(),
        id_kind: record.id_kind,
        diff_ids: record.diff_ids.clone(),
        platform: record.platform.clone(),
        builder: String::new(),
        engine: record.engine.clone(),
        dockerfile_digest: record.dockerfile_digest.clone(),
        context_digest: record.context_digest.clone(),
        log_digest: record.log_digest.clone(),
        log_clipped: record.log_clipped,
        steps: 0,
        cached: 0,
        archive: None,
    });
    release.record = Some(Recorded { path: said.place.clone(), sha256: said.bytes, record: record.clone() });
    let source = RecordSource::Task { task: task.id().clone(), run: said.run, place: said.place };
    Known { record, source }
}

/// By when they were made; of those that were made at once, what depends on another after it.
fn in_order(mut tasks: Vec<&Task>) -> Vec<&Task> {
    tasks.sort_by_key(|task| (task.definition.created, task.definition.dependencies.len()));
    let mut ordered: Vec<&Task> = Vec::with_capacity(tasks.len());
    while !tasks.is_empty() {
        let waits =
            |task: &Task| task.definition.dependencies.iter().any(|id| tasks.iter().any(|other| other.id() == id));
        let next = tasks.iter().position(|task| !waits(task)).unwrap_or(0);
        ordered.push(tasks.remove(next));
    }
    ordered
}

/// Whoever writes a task names it.
fn sanitise(release: &mut Release) {
    for step in &mut release.steps {
        if let StepId::Task { name, .. } = &mut step.step {
            *name = plain(name);
        }
        step.note = plain(&step.note);
        for failure in step.failure.iter_mut().chain(&mut release.failure) {
            failure.what = plain(&failure.what);
            failure.why = plain(&failure.why);
        }
    }
}

/// Beside the task that said it.
fn note(release: &mut Release, task: &TaskId, said: &Said, claimed: Option<&str>) {
    let step = release.steps.iter_mut().find(|step| step.step.task() == Some(task));
    if let Some(step) = step {
        let told = match claimed {
            None => format!("{}, recorded by run {}", said.image_id.short(), said.run),
            Some(why) => format!("{} only claimed: {why}", said.image_id.short()),
        };
        step.note = format!("{}  {told}", step.note);
    }
}

fn origin(build: &Build, remote: &str) -> Origin {
    Origin {
        group: build.group.clone(),
        trigger: if build.pull_request.is_some() { Trigger::PullRequest } else { trigger(&build.event) },
        commit: build.sha.parse().ok(),
        remote: Some(remote.to_owned()),
        began: build.created,
        changed: build.updated,
        state: match build.state {
            BuildState::Success => TaskState::Completed,
            BuildState::Failure | BuildState::Error => TaskState::Failed,
            BuildState::Cancelled => TaskState::Exception,
            BuildState::Pending | BuildState::Other(_) => TaskState::Running,
        },
    }
}

/// Source: taskcluster-github, `eventType` of a build: `push`, `tag`, `release`, `pull_request.opened` and others.
fn trigger(event: &str) -> Trigger {
    match event.split('.').next().unwrap_or(event) {
        "push" => Trigger::Push,
        "tag" => Trigger::Tag,
        "release" => Trigger::GithubRelease,
        "pull_request" | "issue_comment" => Trigger::PullRequest,
        _ => Trigger::Other,
    }
}

/// A group of which no service says what began it.
fn of_group(task: &Task) -> Origin {
    Origin {
        group: task.status.task_group_id.clone(),
        trigger: Trigger::Other,
        commit: None,
        remote: None,
        began: task.definition.created,
        changed: task.definition.created,
        state: task.status.state.clone(),
    }
}
