//! Beginning a release on Taskcluster by making the tasks of a `.taskcluster.yml`: the GitHub service renders it for a push of
//! this branch and commit, and they are made with our own scopes. Their ids are fixed before, so that none is made twice.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{cluster::Cluster, cluster_again::is_lost, cluster_begin::changed_since};
use crate::{
    config::Project,
    domain::{
        again::Asked,
        audit::{Act, AuditRow, Ended},
        beginning::{self, Beginning},
        failure::Failure,
        finding::CheckId,
        name::Commit,
        permission::MayWrite,
        plan::PlannedTag,
        policy::{self, Wanted},
        scope::Expression,
        task::{Definition, TaskId},
        task_scopes::to_create,
        wishes::Wishes,
    },
    git::Checkout,
    journal::Journal,
    log::sanitise::plain,
    taskcluster::Event,
};

/// Routes by which the GitHub service reports on builds of its own: of these it knows nothing.
const REPORTS: [&str; 2] = ["checks", "statuses"];
/// The services take no larger request.
const MOST: usize = 1024 * 1024;

/// One task that is to be made.
pub struct Planned {
    pub id: TaskId,
    pub name: String,
    pub scopes: Asked,
    definition: Value,
    narrowed: Option<Vec<String>>,
}

/// Tasks that begin a release, with all that is shown of them before.
pub struct Prepared {
    pub file: String,
    pub branch: String,
    pub commit: Commit,
    pub host: String,
    pub group: TaskId,
    pub tasks: Vec<Planned>,
    /// That every release of the branch moves.
    pub tags: Vec<PlannedTag>,
    refused: Option<Failure>,
    made: Made,
}

/// What the file makes of a push of this commit to this branch: the tasks, as they were shown to whoever agreed to them.
#[derive(Serialize, Deserialize)]
struct Made {
    branch: String,
    commit: Commit,
    tasks: Vec<(TaskId, Value)>,
}

impl Prepared {
    /// That, for somebody to agree to who wished it so.
    #[must_use]
    pub fn beginning(&self, wishes: &Wishes) -> Beginning {
        let count = match self.tasks.len() {
            1 => "the task".to_owned(),
            count => format!("the {count} tasks"),
        };
        Beginning {
            host: self.host.clone(),
            rows: self.rows(),
            refused: self.refused(),
            words: beginning::words(wishes),
            agreed: Some(json!(self.made).to_string()),
            said: format!("making {count} of {}", self.file),
            there: None,
        }
    }

    #[must_use]
    pub fn refused(&self) -> Option<Failure> {
        self.refused.clone()
    }

    /// Labels and what stands beside them.
    #[must_use]
    pub fn rows(&self) -> Vec<(&'static str, String)> {
        let Self { file, branch, commit, host, group, tasks, tags, .. } = self;
        let mut rows = vec![
            ("makes", format!("the tasks of {file} for a push of {} to {branch}, at {host}", commit.short())),
            ("group", group.to_string()),
        ];
        for Planned { id, name, scopes, .. } in tasks {
            rows.push(("task", format!("{name} ({id})")));
            rows.push(("scopes", scopes.words()));
        }
        rows.extend(tags.iter().map(|planned| (planned.kind.word(), planned.tag.to_string())));
        let why = "no push begins them: what they record is only claimed, and compared with nothing";
        rows.push(("mind", why.to_owned()));
        rows
    }
}

/// What would be made; of what somebody agreed to elsewhere, just that. Nothing is changed.
///
/// # Errors
/// When policy does not let it be released, the commit has no such file, or that makes no tasks, and when something else was
/// agreed to.
pub async fn prepare(
    cluster: &Cluster,
    project: &Project,
    checkout: &Checkout,
    (file, agreed): (&str, Option<&str>),
    wishes: &Wishes,
) -> Result<Prepared, Failure> {
    let wanted = Wanted { git_ref: wishes.git_ref.clone(), branch: wishes.branch.clone() };
    let facts = checkout.facts(&wanted, &project.policy).await?;
    let source = policy::judge(&project.policy, &facts, &wanted)?;
    let Some(branch) = source.branch else {
        let what = format!("it is not known of which branch {} is", source.commit.short());
        return Err(Failure::usage(what, "the tasks are those of a push to one", "name it: --branch NAME"));
    };
    let made = match agreed {
        Some(agreed) => agreed_to(agreed, &branch, &source.commit)?,
        None => rendered(cluster, checkout, file, (&branch, &source.commit)).await?,
    };
    let deployment = &cluster.deployment;
    let scopes = match deployment.current_scopes().await {
        Err(error) if error.is_denied() => None,
        scopes => Some(scopes?),
    };
    let mut tasks = Vec::new();
    for (id, definition) in made.tasks.clone() {
        let (definition, needs, name) = own(definition)
            .map_err(|why| Failure::failed(format!("{file} makes a task that is none"), plain(&why), "correct it"))?;
        let narrowed = scopes.as_ref().and_then(|scopes| needs.narrowed(scopes));
        tasks.push(Planned { id, name, scopes: Asked::beside(scopes.as_ref(), needs), definition, narrowed });
    }
    let Some(group) = tasks.first().map(|task| task.definition["taskGroupId"].clone()) else {
        let what = format!("{file} makes no task of a push to {branch}");
        return Err(Failure::failed(what, "its conditions leave none", "correct it, or release another branch")
            .explained_by(CheckId::Yml));
    };
    let group = serde_json::from_value(group).map_err(|e| {
        Failure::failed(format!("{file} makes tasks of no group"), e.to_string(), "leave out taskGroupId")
    })?;
    let host = deployment.root().host();
    let all = Expression::all(tasks.iter().map(|task| task.scopes.needs.clone()));
    let signed = deployment.credentials().is_some();
    let refused = Asked::beside(scopes.as_ref(), all).refused_by(&host, signed, plain, "make these tasks");
    let (tags, commit) = (cluster.moving_tags(&branch, Some(&source.commit)), source.commit);
    Ok(Prepared { file: file.to_owned(), branch, commit, host, group, tasks, tags, refused, made })
}

async fn rendered(
    cluster: &Cluster,
    checkout: &Checkout,
    file: &str,
    (branch, commit): (&str, &Commit),
) -> Result<Made, Failure> {
    let (owner, name) = cluster.repository()?;
    let text = checkout.file(commit, &checkout.prefix().join(file)).await?;
    let text = text.filter(|text| text.len() <= MOST).ok_or_else(|| {
        let what = format!("{file} is not there, or larger than 1 MiB");
        Failure::usage(what, format!("in {}", commit.short()), "commit it: windlass init --taskcluster")
    })?;
    let overrides = json!({"ref": format!("refs/heads/{branch}"), "after": commit});
    let event = Event { tasks_for: "github-push", action: None, overrides };
    let tasks = cluster.deployment.render(&text, &event, owner, name).await?.tasks;
    Ok(Made { branch: branch.to_owned(), commit: commit.clone(), tasks })
}

fn agreed_to(agreed: &str, branch: &str, commit: &Commit) -> Result<Made, Failure> {
    let made: Made = serde_json::from_str(agreed)
        .map_err(|error| changed_since(&format!("what was agreed to cannot be read: {error}")))?;
    if made.branch != branch || made.commit != *commit {
        let (of, to) = (made.commit.short(), &made.branch);
        let now = commit.short();
        return Err(changed_since(&format!("a push of {of} to {to} was agreed to, and it would be {now} to {branch}")));
    }
    Ok(made)
}

/// The definition as we make it, what that needs, and its name.
fn own(mut definition: Value) -> Result<(Value, Expression, String), String> {
    if let Some(routes) = definition.get_mut("routes").and_then(Value::as_array_mut) {
        routes.retain(|route| route.as_str().is_none_or(|route| !REPORTS.contains(&route)));
    }
    let mut read: Definition = serde_json::from_value(definition.clone()).map_err(|e| e.to_string())?;
    // What the queue fills in.
    for (field, otherwise) in [(&mut read.project_id, "none"), (&mut read.scheduler_id, "-")] {
        if field.is_empty() {
            otherwise.clone_into(field);
        }
    }
    if let (true, Some(provisioner), Some(kind)) =
        (read.task_queue_id.is_empty(), definition["provisionerId"].as_str(), definition["workerType"].as_str())
    {
        read.task_queue_id = format!("{provisioner}/{kind}");
    }
    let name = plain(&read.metadata.name);
    Ok((definition, to_create(&read), name))
}

/// Makes them, in their order. What is made is told.
///
/// # Errors
/// When one is refused, and when it is not known whether one was made; those before it are there.
pub async fn make(
    cluster: &Cluster,
    prepared: &Prepared,
    journal: &Journal,
    who: &str,
    told: &mut (dyn FnMut(&Planned) + Send),
    permit: MayWrite,
) -> Result<(), Failure> {
    if let Some(refused) = prepared.refused() {
        return Err(refused);
    }
    let ids: Vec<&str> = prepared.tasks.iter().map(|task| task.id.as_str()).collect();
    let row = AuditRow::begun(Timestamp::now(), who, Act::Trigger, &format!("tasks {}", ids.join(" ")));
    let work = async {
        for (n, task) in prepared.tasks.iter().enumerate() {
            let Planned { id, name, definition, narrowed, .. } = task;
            let made = cluster.deployment.create_task(id, definition, narrowed.as_deref(), permit).await;
            made.map_err(|error| {
                let failure = if is_lost(&error) {
                    let what = format!("whether {name} was made is not known");
                    let next = format!("look before you try again: windlass show {id}");
                    Failure::unreachable(what, error.to_string(), next).explained_by(CheckId::Cluster)
                } else {
                    Failure::from(error)
                };
                match n {
                    0 => failure,
                    _ => Failure {
                        why: format!("{}\nmade before it: {}", failure.why, ids[..n].join(", ")),
                        next: format!("{}; end those: windlass cancel {}", failure.next, prepared.group),
                        ..failure
                    },
                }
            })?;
            told(task);
        }
        Ok(((), Ended::with(None, None)))
    };
    journal.audited(row, work).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_of_ours_reports_to_no_build_of_github() {
        let made = own(json!({
            "provisionerId": "proj", "workerType": "ci", "taskGroupId": "f18OCIBgRoSL6-8OrQg82Q",
            "routes": ["checks", "index.a.b"], "scopes": ["secrets:get:x"], "metadata": {"name": "push\u{1b}[2J"},
            "created": "2026-11-23T06:14:14Z", "deadline": "2026-11-23T07:14:14Z",
        }));
        let (definition, needs, name) = made.unwrap();
        assert_eq!((definition["routes"].clone(), name.as_str()), (json!(["index.a.b"]), "push"));
        let needs = needs.to_string();
        for scope in [
            "secrets:get:x",
            "queue:route:index.a.b",
            "queue:create-task:lowest:proj/ci",
            "project:none",
            "scheduler-id:-",
        ] {
            assert!(needs.contains(scope), "{needs}");
        }
        assert!(!needs.contains("checks"), "{needs}");
        // One that has none stays as it is.
        let bare = json!({
            "taskQueueId": "proj/ci", "taskGroupId": "f18OCIBgRoSL6-8OrQg82Q", "metadata": {"name": "push"},
            "created": "2026-11-23T06:14:14Z", "deadline": "2026-11-23T07:14:14Z",
        });
        assert_eq!(own(bare.clone()).unwrap().0, bare);
        assert!(own(json!({})).is_err());
    }
}
