//! `windlass release` where a hook begins releases: payload, schema and scopes are looked at, and it is fired once.

use std::io::Read as _;

use serde_json::{Value, json};

use super::{
    args::ReleaseArgs,
    begin::{agreed, followed},
    ground::Ground,
    json,
    release::who,
};
use crate::{
    domain::{failure::Failure, name::ReleaseId},
    release::{
        cluster_hook::{self, Prepared},
        detach::Leaving,
    },
};

/// The services take no larger request.
const MOST: u64 = 1024 * 1024;

pub async fn run(
    ground: &Ground,
    hook: (&str, &str),
    args: &ReleaseArgs,
    leaving: Option<Leaving>,
) -> Result<u8, Failure> {
    let journal = ground.journal().await?;
    let payload = if args.payload_stdin { read("payload", "release --payload-stdin")? } else { json!({}) };
    let cluster = ground.remote_to_change().await?;
    let prepared = cluster_hook::prepare(&cluster, hook, payload).await?;
    let shown = (|| plan_json(&prepared), || prepared.rows());
    let Some(permit) = agreed(ground, &args.manner, prepared.refused(), shown, true).await? else { return Ok(0) };
    let fired = cluster_hook::fire(&cluster, &prepared, &journal, &who(), permit).await?;
    if let Some(leaving) = leaving {
        leaving.ready(&ReleaseId::from(&fired.group));
        return Ok(0);
    }
    if let Some(remark) = fired.remark.filter(|_| !ground.output.json) {
        ground.output.note(remark);
    }
    let document = json!({
        "schema": "windlass.trigger/1",
        "release": fired.group,
        "hook": prepared.name(),
        "begun": true,
        "remark": fired.remark,
    });
    let of = format!("the hook {}", prepared.name());
    Box::pin(followed(ground, &cluster, (&fired.group, &of), document, args.manner.detach)).await
}

/// What is piped in as this, to this command.
pub(super) fn read(what: &str, command: &str) -> Result<Value, Failure> {
    let refused = |why: String| {
        let next = format!("pipe one JSON document into windlass {command}");
        Failure::usage(format!("the {what} could not be read"), why, next)
    };
    let mut text = String::new();
    std::io::stdin().lock().take(MOST + 1).read_to_string(&mut text).map_err(|e| refused(e.to_string()))?;
    if text.len() as u64 > MOST {
        return Err(refused("more than 1 MiB came".to_owned()));
    }
    serde_json::from_str(&text).map_err(|e| refused(e.to_string()))
}

/// `windlass.trigger-plan/1`.
fn plan_json(prepared: &Prepared) -> Value {
    json!({
        "schema": "windlass.trigger-plan/1",
        "deployment": prepared.host,
        "hook": prepared.name(),
        "payload": prepared.payload,
        "scopes": json::scopes(&prepared.scopes),
        "warnings": prepared.warnings,
        "refused": prepared.refused(),
    })
}
