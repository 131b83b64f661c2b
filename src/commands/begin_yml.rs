//! `windlass release` where the tasks of a `.taskcluster.yml` are made by us: each is shown with the scopes that it needs.

use serde_json::{Value, json};

use super::{
    args::ReleaseArgs,
    begin::{agreed, followed},
    ground::Ground,
    json,
    release::who,
};
use crate::{
    config::Project,
    domain::{failure::Failure, name::ReleaseId, wishes::Wishes},
    git::Checkout,
    release::{
        cluster_yml::{self, Planned, Prepared},
        detach::{self, Leaving},
    },
};

pub async fn run(
    ground: &Ground,
    project: &Project,
    file: &str,
    args: &ReleaseArgs,
    leaving: Option<Leaving>,
) -> Result<u8, Failure> {
    let agreed_to = if ground.detached { detach::agreed_to()? } else { None };
    let journal = ground.journal().await?;
    let cluster = ground.remote_to_change().await?;
    let checkout = Checkout::open(&project.root).await?;
    let wishes = Wishes { git_ref: args.git_ref.clone(), branch: args.branch.clone(), ..Wishes::default() };
    let prepared = cluster_yml::prepare(&cluster, project, &checkout, (file, agreed_to.as_deref()), &wishes).await?;
    let shown = (|| plan_json(&prepared), || prepared.rows());
    let Some(permit) = agreed(ground, &args.manner, prepared.refused(), shown, true).await? else { return Ok(0) };
    let output = ground.output;
    let mut told = |task: &Planned| {
        if !output.json {
            output.note(&format!("{}: {} is made", task.name, task.id));
        }
    };
    cluster_yml::make(&cluster, &prepared, &journal, &who(), &mut told, permit).await?;
    if let Some(leaving) = leaving {
        leaving.ready(&ReleaseId::from(&prepared.group));
        return Ok(0);
    }
    let document = json!({
        "schema": "windlass.trigger/1",
        "release": prepared.group,
        "commit": prepared.commit,
        "tasks": prepared.tasks.iter().map(|task| json!({"task": task.id, "name": task.name})).collect::<Vec<_>>(),
        "begun": true,
    });
    let of = (&prepared.group, prepared.commit.short());
    Box::pin(followed(ground, &cluster, of, document, args.manner.detach)).await
}

/// `windlass.trigger-plan/1`.
fn plan_json(prepared: &Prepared) -> Value {
    let task =
        |Planned { id, name, scopes, .. }: &Planned| json!({"task": id, "name": name, "scopes": json::scopes(scopes)});
    json!({
        "schema": "windlass.trigger-plan/1",
        "deployment": prepared.host,
        "file": prepared.file,
        "ref": format!("refs/heads/{}", prepared.branch),
        "commit": prepared.commit,
        "release": prepared.group,
        "tasks": prepared.tasks.iter().map(task).collect::<Vec<_>>(),
        "tags": prepared.tags,
        "refused": prepared.refused(),
    })
}
