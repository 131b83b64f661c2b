//! `windlass artifacts`: what the tasks of a release on Taskcluster left, and one of it written to a file.

use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::json;

use super::{
    args::ArtifactsArgs,
    ground::Ground,
    output::{Cell, Style, Tone, bytes, columns},
    seen::{Seen, There, seen},
};
use crate::{
    domain::{
        artifact::{Got, Left, ends},
        failure::Failure,
        nearest::nearest,
    },
    log::sanitise::plain,
    release::artifacts,
};

pub async fn run(ground: &Ground, args: &ArtifactsArgs) -> Result<u8, Failure> {
    let journal = ground.journal().await?;
    let there = match seen(ground, &journal, &args.release).await? {
        Seen::There(there) => *there,
        Seen::Here(release) => {
            return Err(Failure::usage(
                format!("release {} has no artifacts on Taskcluster", release.plan.release),
                "it ran on this machine",
                format!("its record is where `windlass show {}` says", release.plan.release),
            ));
        }
    };
    let named = (!there.is_group()).then_some((&there.named.id, there.named.run));
    let left = artifacts::left(&there.cluster, &there.detailed, named).await?;
    match &args.get {
        Some(name) => get(ground, &there, &left, name, args).await,
        None => list(ground, &left),
    }
}

fn list(ground: &Ground, left: &[Left]) -> Result<u8, Failure> {
    let now = Timestamp::now();
    ground.output.result(
        || {
            let row = |left: &Left| {
                json!({
                    "task": left.task, "task_name": left.task_name, "run": left.run, "name": left.name,
                    "storage": left.storage, "content_type": left.content_type, "size": left.size,
                    "expires": left.expires, "unmade": left.unmade,
                })
            };
            json!({"schema": "windlass.artifacts/1", "artifacts": left.iter().map(row).collect::<Vec<_>>()})
        },
        |style| if left.is_empty() { "there are no artifacts".to_owned() } else { table(style, left, now) },
    )?;
    Ok(0)
}

fn table(style: Style, left: &[Left], now: Timestamp) -> String {
    let rows = left.iter().map(|left| {
        let (ends, tone) = ends(left.expires, now);
        let mut row = vec![
            Cell::toned(left.task_name.clone(), Tone::Dim),
            Cell::toned(format!("run {}", left.run), Tone::Dim),
            Cell::toned(plain(&left.name), Tone::Bold),
            Cell::toned(plain(&left.storage), if left.is_error() { Tone::Bad } else { Tone::Dim }),
            Cell::new(left.size.map(bytes).unwrap_or_default()),
            Cell::toned(ends, tone),
        ];
        row.extend(left.unmade.as_ref().map(|why| Cell::new(why.clone())));
        row
    });
    columns(style, &rows.collect::<Vec<_>>())
}

async fn get(ground: &Ground, there: &There, left: &[Left], name: &str, args: &ArtifactsArgs) -> Result<u8, Failure> {
    let found: Vec<&Left> = left.iter().filter(|left| left.name == name).collect();
    let left = match found[..] {
        [only] => only,
        [] => {
            let near = nearest(name, left.iter().map(|left| left.name.as_str()));
            return Err(Failure::usage(
                format!("there is no artifact `{}`", plain(name)),
                "none of the tasks left one of that name",
                near.map_or_else(
                    || "see which there are: windlass artifacts RELEASE".to_owned(),
                    |near| format!("did you mean {}?", plain(near)),
                ),
            ));
        }
        _ => {
            return Err(Failure::usage(
                format!("`{}` is not one artifact", plain(name)),
                "several tasks left one of that name",
                "name the task and its run instead of the release: TASK.RUN",
            ));
        }
    };
    let file = match &args.output {
        Some(file) => file.clone(),
        None => PathBuf::from(left.file_name().ok_or_else(|| nameless(name))?),
    };
    let written = match artifacts::get(&there.cluster.deployment, left, &file, args.force).await? {
        Got::Written(written) => written,
        Got::Exists => {
            return Err(Failure::usage(
                format!("{} is there already", file.display()),
                "what is in it would be lost",
                "choose another (--output FILE), or replace it: --force",
            ));
        }
    };
    ground.output.result(
        || {
            json!({
                "schema": "windlass.artifact/1", "task": left.task, "run": left.run, "name": left.name,
                "file": file, "size": written.bytes, "sha256": written.sha256, "checked": written.checked,
                "expires": left.expires,
            })
        },
        |_| format!("{}  {}  {}", file.display(), bytes(written.bytes), written.told()),
    )?;
    Ok(0)
}

fn nameless(name: &str) -> Failure {
    Failure::usage(
        format!("`{}` gives no name for a file", plain(name)),
        "it is empty, hidden, or has characters that do not belong into one",
        "say where it goes: --output FILE",
    )
}
