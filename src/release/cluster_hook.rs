//! Beginning a release on Taskcluster by a hook: what it is fired with is held against its schema before, and it is fired
//! once. Where the answer is lost, its fires tell what came of it.

use std::collections::HashSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{cluster::Cluster, cluster_again::is_lost};
use crate::{
    domain::{
        again::Asked,
        audit::{Act, AuditRow, Ended},
        beginning::{Beginning, Takes},
        failure::Failure,
        finding::CheckId,
        payload,
        permission::MayWrite,
        scope::Expression,
        task::TaskId,
    },
    journal::Journal,
    log::sanitise::plain,
    taskcluster::{Fire, Hook, TaskclusterError},
};

/// A fire of a hook, with all that is shown of it before.
pub struct Prepared {
    pub group: String,
    pub id: String,
    pub host: String,
    pub payload: Value,
    pub scopes: Asked,
    pub warnings: Vec<String>,
    narrowed: Option<Vec<String>>,
    hook: Hook,
    refused: Vec<Failure>,
    /// The fires that there were before; `None`: we may not know them.
    before: Option<HashSet<TaskId>>,
}

impl Prepared {
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.group, self.id)
    }

    /// Why it is not fired.
    #[must_use]
    pub fn refused(&self) -> Option<Failure> {
        self.refused.first().cloned()
    }

    /// That, for somebody to agree to.
    #[must_use]
    pub fn beginning(&self) -> Beginning {
        let given = (self.payload != json!({})).then(|| self.payload.to_string());
        let words = ["release", "--payload-stdin", "--yes"].into_iter();
        Beginning {
            host: self.host.clone(),
            rows: self.rows(),
            refused: self.refused(),
            words: words.filter(|word| given.is_some() || *word != "--payload-stdin").map(str::to_owned).collect(),
            agreed: given,
            said: format!("firing the hook {}: its task is waited for", self.name()),
            there: None,
        }
    }

    /// Labels and what stands beside them.
    #[must_use]
    pub fn rows(&self) -> Vec<(&'static str, String)> {
        let about = self.hook.metadata.description.as_str();
        let mut rows = vec![
            ("fires", format!("the hook {} at {}", self.name(), self.host)),
            ("hook", format!("{}: {about}", self.hook.metadata.name)),
            ("payload", self.payload.to_string()),
            ("scopes", self.scopes.words()),
            ("tags", "which ones its tasks write, their script decides".to_owned()),
        ];
        rows.extend(self.warnings.iter().map(|warning| ("mind", warning.clone())));
        rows.extend(self.refused.iter().map(|refused| ("mind", refused.to_string())));
        rows
    }
}

/// What is to be done about a hook that cannot be fired: whoever named it knows.
#[derive(Clone, Copy)]
pub(super) struct Advice {
    /// It is not there.
    pub gone: &'static str,
    /// It does not take the payload.
    pub unfit: &'static str,
}

const TRIGGER: Advice = Advice {
    gone: "correct `trigger` in [taskcluster] of windlass.toml, or have the hook made again",
    unfit: "give it as its schema says: --payload-stdin",
};

/// What the hook that begins releases takes.
///
/// # Errors
/// When there is no such hook, or the deployment does not answer.
pub async fn takes(cluster: &Cluster, (group, id): (&str, &str)) -> Result<Takes, Failure> {
    let hook = cluster.deployment.hook(group, id).await.map_err(|error| not_there(group, id, error, TRIGGER))?;
    Ok(Takes { hook: format!("{group}/{id}"), about: hook.metadata.description, schema: hook.trigger_schema })
}

fn not_there(group: &str, id: &str, error: TaskclusterError, advice: Advice) -> Failure {
    if !error.is_absent() {
        return Failure::from(error);
    }
    Failure::failed(format!("there is no hook {group}/{id}"), error.to_string(), advice.gone).explained_by(CheckId::Yml)
}

/// What firing the hook that begins releases would be. Nothing is changed.
///
/// # Errors
/// When there is no such hook, or the deployment does not answer.
pub async fn prepare(cluster: &Cluster, hook: (&str, &str), payload: Value) -> Result<Prepared, Failure> {
    prepare_any(cluster, hook, payload, TRIGGER).await
}

/// The same of any hook.
pub(super) async fn prepare_any(
    cluster: &Cluster,
    (group, id): (&str, &str),
    payload: Value,
    advice: Advice,
) -> Result<Prepared, Failure> {
    let deployment = &cluster.deployment;
    let looked =
        tokio::join!(deployment.hook(group, id), deployment.current_scopes(), deployment.last_fires(group, id));
    let hook = looked.0.map_err(|error| not_there(group, id, error, advice))?;
    let scopes = match looked.1 {
        Err(error) if error.is_denied() => None,
        scopes => Some(scopes?),
    };
    let before = match looked.2 {
        Err(error) if error.is_denied() => None,
        fires => Some(fires?.into_iter().map(|fire| fire.task).collect()),
    };
    let host = deployment.root().host();
    let needs = Expression::from(format!("hooks:trigger-hook:{group}/{id}"));
    let narrowed = scopes.as_ref().and_then(|scopes| needs.narrowed(scopes));
    let asked = Asked::beside(scopes.as_ref(), needs);
    let signed = deployment.credentials().is_some();
    let checked = payload::check(&hook.trigger_schema, &payload);
    let mut refused: Vec<Failure> = Vec::new();
    if let Some(why) = checked.told() {
        let what = format!("the hook {group}/{id} does not take this payload");
        refused.push(Failure::usage(what, plain(&why), advice.unfit));
    }
    refused.extend(asked.refused_by(&host, signed, plain, &format!("fire the hook {group}/{id}")));
    let mut warnings = Vec::new();
    if !checked.unchecked.is_empty() {
        let words: Vec<&str> = checked.unchecked.iter().map(String::as_str).collect();
        warnings.push(format!("of its schema {} is looked at by the service alone", words.join(", ")));
    }
    let (group, id) = (group.to_owned(), id.to_owned());
    Ok(Prepared { group, id, host, payload, scopes: asked, warnings, narrowed, hook, refused, before })
}

/// What was begun.
pub struct Fired {
    /// The task that the hook made.
    pub task: TaskId,
    /// Its group.
    pub group: TaskId,
    /// What was not as usual.
    pub remark: Option<&'static str>,
}

/// Fires it, once.
///
/// # Errors
/// When it is refused, when the hook made no task, and when it is not known what came of it.
pub async fn fire(
    cluster: &Cluster,
    prepared: &Prepared,
    journal: &Journal,
    who: &str,
    permit: MayWrite,
) -> Result<Fired, Failure> {
    if let Some(refused) = prepared.refused() {
        return Err(refused);
    }
    let row = AuditRow::begun(Timestamp::now(), who, Act::Trigger, &format!("hook {}", prepared.name()));
    let work = async {
        let Prepared { group, id, payload, narrowed, .. } = prepared;
        let answer = cluster.deployment.trigger_hook(group, id, payload, narrowed.as_deref(), permit).await;
        let (task, remark) = match answer {
            Ok(Some(task)) => (task, None),
            Ok(None) => return Err(declined(prepared)),
            Err(error) if is_lost(&error) => (
                after_lost(cluster, prepared, &error).await?,
                Some("the answer was lost; its fires show this one since"),
            ),
            Err(error) => return Err(not_fired(prepared, error)),
        };
        let group = cluster.deployment.status(&task).await.map_or(task.clone(), |status| status.task_group_id);
        Ok((Fired { task, group, remark }, Ended::with(None, None)))
    };
    journal.audited(row, work).await
}

fn declined(prepared: &Prepared) -> Failure {
    Failure::failed(
        format!("the hook {} declined", prepared.name()),
        "it was fired, and its template made no task of this payload",
        "look at what its template does of which payload; nothing was begun",
    )
}

fn not_fired(prepared: &Prepared, error: TaskclusterError) -> Failure {
    let role = format!("hook-id:{}", prepared.name());
    let told = error.to_string();
    if error.is_denied() && told.contains(&role) {
        return Failure::not_allowed(
            format!("the hook {} made no task: its role may not", prepared.name()),
            plain(&told),
            format!("have the role {role} granted what is missing"),
        )
        .explained_by(CheckId::Grants);
    }
    Failure::from(error)
}

/// The fire that is new since: fires do not tell who fired, so that of several nobody knows which is ours.
async fn after_lost(cluster: &Cluster, prepared: &Prepared, error: &TaskclusterError) -> Result<TaskId, Failure> {
    let unknown = |why: String| {
        Failure::unreachable(
            format!("whether the hook {} was fired is not known", prepared.name()),
            format!("the answer was lost ({error}), and {why}"),
            "look before you try again, since each time is another release: windlass releases",
        )
        .explained_by(CheckId::Cluster)
    };
    let Some(before) = &prepared.before else {
        return Err(unknown("its fires are not told to you".to_owned()));
    };
    let fires = cluster.deployment.last_fires(&prepared.group, &prepared.id).await;
    let fires = fires.map_err(|untold| unknown(format!("its fires are not told ({untold})")))?;
    let new: Vec<&Fire> =
        fires.iter().filter(|fire| fire.fired_by == "triggerHook" && !before.contains(&fire.task)).collect();
    match new.as_slice() {
        [] => Err(unknown("no fire since is listed yet".to_owned())),
        [Fire { error: Some(why), .. }] => Err(Failure::failed(
            format!("the hook {} made no task", prepared.name()),
            why.clone(),
            "have what it names corrected, in the hook or in its role; then fire it again",
        )),
        [only] => Ok(only.task.clone()),
        several => Err(unknown(format!("{} fires are listed since", several.len()))),
    }
}
