//! Finds out which actions a decision task offers and what one would do, and has it done.

use super::Shared;
use crate::{
    commands::release::who,
    console::{
        dialogs::Answer,
        request::{Act, Request},
    },
    domain::{action::Offer, failure::Failure, name::ReleaseId, task::Task},
    release::{
        cluster::{Cluster, Detailed},
        cluster_action::{self, Offered, Prepared, Wanted, offered},
        cluster_hook,
    },
};

impl Shared {
    pub(super) async fn prepare_action(&self, request: &Request) -> Result<Answer, Failure> {
        let (Request::Actions { release, .. } | Request::Act(Act { release, .. })) = request else {
            return Err(Failure::failed("this is about no action", request.title(), "report this"));
        };
        self.ground.permit("action")?;
        let (cluster, detailed) = self.to_change(release).await?;
        let offered = offered(&cluster, &detailed, self.ground.hook_groups()).await?;
        let Request::Act(act) = request else {
            let tasks: Vec<&Task> = detailed.steps().collect();
            return Ok(Answer::Actions(offered.offers(&tasks)));
        };
        if act.input.is_none() {
            let task = act.task.as_ref().and_then(|id| detailed.tasks.iter().find(|task| task.id() == id));
            if let Some(offer) = offered.offer(&act.name, task).filter(Offer::asks) {
                return Ok(Answer::Input(Box::new(offer)));
            }
        }
        let prepared = prepared(&cluster, &detailed, &offered, act).await?;
        match prepared.refused() {
            Some(refused) => Err(refused),
            None => Ok(Answer::Act { rows: prepared.rows(), payload: prepared.hook.payload.to_string() }),
        }
    }

    /// Fires the hook with what was shown. Gives the group of the task that it made, and what is said of it.
    pub(super) async fn act(&self, act: &Act, shown: &str) -> Result<(ReleaseId, String), Failure> {
        let permit = self.ground.permit("action")?;
        let (cluster, detailed) = self.to_change(&act.release).await?;
        let offered = offered(&cluster, &detailed, self.ground.hook_groups()).await?;
        let prepared = prepared(&cluster, &detailed, &offered, act).await?;
        let payload = prepared.hook.payload.to_string();
        if payload != shown {
            return Err(Failure::failed(
                format!("{} was not done", act.name),
                "what its hook would be fired with has changed since it was shown",
                format!("look at it again, or do it by the command: windlass {}", act.words().join(" ")),
            ));
        }
        let journal = self.journal().await?;
        let fired = cluster_hook::fire(&cluster, &prepared.hook, journal, &who(), permit).await?;
        let remark = fired.remark.map(|remark| format!(" ({remark})")).unwrap_or_default();
        let said = format!("{}: its hook made the task {}{remark}", act.name, fired.task);
        Ok((ReleaseId::from(&fired.group), said))
    }
}

async fn prepared(cluster: &Cluster, detailed: &Detailed, offered: &Offered, act: &Act) -> Result<Prepared, Failure> {
    let input = act
        .input
        .as_deref()
        .map(serde_json::from_str)
        .transpose()
        .map_err(|e| Failure::usage(format!("{} is not given this", act.name), e.to_string(), "type it as JSON"))?;
    let wanted = Wanted { name: &act.name, task: act.task.as_ref(), input };
    cluster_action::prepare(cluster, detailed, offered, wanted).await
}
