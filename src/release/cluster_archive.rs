//! What an archive that a task of Taskcluster left is worth: it is judged as what a task records is, so that what a pull
//! request's task left is not pushed as if it had been reviewed.

use super::cluster::Cluster;
use crate::{
    domain::{
        failure::{Failure, FailureKind},
        finding::CheckId,
        name::Commit,
        origin::left_only_claimed,
        plan::Plan,
        task::TaskId,
    },
    log::sanitise::plain,
};

impl Cluster {
    /// Why what this task left under this name is not what the plan releases; `None`: it is. `own` is the task that this
    /// process runs in.
    ///
    /// # Errors
    /// When there is no such task, or the services do not answer.
    pub async fn doubt(
        &self,
        (task, name): (&TaskId, &str),
        own: Option<&TaskId>,
        plan: &Plan,
    ) -> Result<Option<Failure>, Failure> {
        // Whoever defined the own task chose what it begins with; that it may read the login shows when it does.
        if let Some(own) = own
            && let Ok(own) = self.deployment.task(own).await
            && own.definition.dependencies.contains(task)
        {
            return Ok(None);
        }
        let (claimed, commit) = match self.judged(task, plan).await {
            Err(denied) if denied.kind == FailureKind::NotAllowed => {
                (Some(format!("what began it is not known: {}", denied.why)), None)
            }
            judged => judged?,
        };
        let what = format!("what the task {task} left is not released");
        let name = plain(name);
        if let Some(why) = claimed {
            let next = format!(
                "look at it first, windlass artifacts {task} --get {name}; what you have seen is released as a file: \
                 windlass release --from-archive FILE"
            );
            let why = plain(&format!("it is only claimed: {why}"));
            return Ok(Some(Failure::not_allowed(what, why, next).explained_by(CheckId::Yml)));
        }
        Ok(commit.filter(|commit| *commit != plan.source.commit).map(|commit| {
            let why = format!("it was made of {}, and {} is released", commit.short(), plan.source.commit.short());
            let next = format!("release that commit: windlass release --ref {commit} --from-archive {task}:{name}");
            Failure::not_allowed(what, why, next).explained_by(CheckId::Git)
        }))
    }

    /// Why it is only claimed, and of which commit it is.
    async fn judged(&self, id: &TaskId, plan: &Plan) -> Result<(Option<String>, Option<Commit>), Failure> {
        let task = self.deployment.task(id).await?;
        let group = self.tasks_of(&task.status.task_group_id).await?;
        let origin = self.origin_of(&task).await?;
        let began = self.began(&origin, &group).await;
        let claimed = left_only_claimed(&origin, began.as_ref(), &task, &group, self.terms(&plan.secret));
        Ok((claimed, origin.commit))
    }
}
