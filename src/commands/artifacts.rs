//! `windlass artifacts`: what the tasks of a release on Taskcluster left, and one of it written to a file.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{
    args::ArtifactsArgs,
    ground::Ground,
    output::{Cell, Style, Tone, bytes, columns, time},
    seen::{Seen, There, seen},
};
use crate::{
    domain::{failure::Failure, task::Task},
    log::sanitise::plain,
    taskcluster::{Artifact, Storage},
};

/// Whoever needs it has to fetch it before then.
const SOON: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Nobody keeps more in one file of a release.
const CAP: u64 = 64 * 1024 * 1024 * 1024;

/// An artifact with the task, and the run of it, that left it.
struct Left {
    task: Task,
    run: u32,
    artifact: Artifact,
}

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
    let left = left(&there).await?;
    match &args.get {
        Some(name) => get(ground, &there, &left, name, args).await,
        None => list(ground, &left),
    }
}

/// Of the task that is named, or of all that make the release: what its last run left.
async fn left(there: &There) -> Result<Vec<Left>, Failure> {
    let named = |task: &&Task| *task.id() == there.named.id && !there.is_group();
    let tasks: Vec<&Task> = match there.detailed.tasks.iter().find(named) {
        Some(task) => vec![task],
        None => there.detailed.steps().collect(),
    };
    let mut left = Vec::new();
    for task in tasks {
        let Some(run) = there.named.run.or_else(|| task.status.last_run().map(|run| run.id)) else { continue };
        let artifacts = there.cluster.deployment.artifacts(task.id(), Some(run)).await?;
        left.extend(artifacts.into_iter().map(|artifact| Left { task: task.clone(), run, artifact }));
    }
    Ok(left)
}

fn list(ground: &Ground, left: &[Left]) -> Result<u8, Failure> {
    let now = Timestamp::now();
    ground.output.result(
        || {
            let rows: Vec<_> = left
                .iter()
                .map(|Left { task, run, artifact }| {
                    json!({
                        "task": task.id(), "task_name": task.name(), "run": run, "name": artifact.name,
                        "storage": artifact.storage.word(), "content_type": artifact.content_type,
                        "size": artifact.content_length, "expires": artifact.expires,
                    })
                })
                .collect();
            json!({"schema": "windlass.artifacts/1", "artifacts": rows})
        },
        |style| if left.is_empty() { "there are no artifacts".to_owned() } else { table(style, left, now) },
    )?;
    Ok(0)
}

fn table(style: Style, left: &[Left], now: Timestamp) -> String {
    let rows = left.iter().map(|Left { task, run, artifact }| {
        let (ends, tone) = ends(artifact.expires, now);
        let kind = if artifact.storage == Storage::Error { Tone::Bad } else { Tone::Dim };
        vec![
            Cell::toned(plain(task.name()), Tone::Dim),
            Cell::toned(format!("run {run}"), Tone::Dim),
            Cell::toned(plain(&artifact.name), Tone::Bold),
            Cell::toned(artifact.storage.word(), kind),
            Cell::new(artifact.content_length.map(bytes).unwrap_or_default()),
            Cell::toned(ends, tone),
        ]
    });
    columns(style, &rows.collect::<Vec<_>>())
}

/// Until when it is there, and how that is to be taken.
fn ends(expires: Timestamp, now: Timestamp) -> (String, Tone) {
    let left = expires.duration_since(now);
    match () {
        () if left <= SignedDuration::ZERO => (format!("expired {}", time(expires)), Tone::Bad),
        () if left < SOON => (format!("only until {}", time(expires)), Tone::Notice),
        () => (format!("until {}", time(expires)), Tone::Dim),
    }
}

async fn get(ground: &Ground, there: &There, left: &[Left], name: &str, args: &ArtifactsArgs) -> Result<u8, Failure> {
    let found: Vec<&Left> = left.iter().filter(|left| left.artifact.name == name).collect();
    let Left { task, run, artifact } = match found[..] {
        [only] => only,
        [] => {
            let names = left.iter().map(|left| left.artifact.name.as_str());
            let near = crate::domain::nearest::nearest(name, names);
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
                "name the task instead of the release",
            ));
        }
    };
    let file = args.output.clone().map_or_else(|| file_name(name), Ok)?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let unwritten = |e: std::io::Error| {
        Failure::failed(format!("{} is not written", file.display()), e.to_string(), "choose another: --output FILE")
    };
    if !args.force && file.exists() {
        return Err(Failure::usage(
            format!("{} is there already", file.display()),
            "what is in it would be lost",
            "choose another (--output FILE), or replace it: --force",
        ));
    }
    let temporary = tempfile::Builder::new().prefix(".windlass-").tempfile_in(folder).map_err(unwritten)?;
    let mut sink = tokio::fs::File::from_std(temporary.reopen().map_err(unwritten)?);
    let deployment = &there.cluster.deployment;
    let arrived = deployment.download(task.id(), Some(*run), &artifact.name, CAP, &mut sink).await?;
    sink.sync_all().await.map_err(unwritten)?;
    let kept = if args.force {
        temporary.persist(&file).map_err(|e| e.error)
    } else {
        temporary.persist_noclobber(&file).map_err(|e| e.error)
    };
    kept.map_err(unwritten)?;
    ground.output.result(
        || {
            json!({
                "schema": "windlass.artifact/1", "task": task.id(), "run": run, "name": artifact.name,
                "file": file, "size": arrived.bytes, "sha256": arrived.sha256, "expires": artifact.expires,
            })
        },
        |_| format!("{}  {}  {}", file.display(), bytes(arrived.bytes), arrived.sha256),
    )?;
    Ok(0)
}

/// The last part of an artifact's name, as a file in the current folder.
fn file_name(name: &str) -> Result<PathBuf, Failure> {
    let last = name.rsplit('/').next().unwrap_or(name);
    let fits = !last.is_empty() && !last.starts_with('.') && last.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if fits {
        return Ok(PathBuf::from(last));
    }
    Err(Failure::usage(
        format!("`{}` gives no name for a file", plain(name)),
        "it is empty, hidden, or has characters that do not belong into one",
        "say where it goes: --output FILE",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_others_lead_to_no_other_folder() {
        assert_eq!(file_name("public/docker-image-shasum256.txt").unwrap(), Path::new("docker-image-shasum256.txt"));
        for name in ["public/..", "public/", "public/.bashrc", "a/b\\..\\c", "public/a b", "x/\u{1b}[2J"] {
            assert_eq!(file_name(name).unwrap_err().kind.exit_code(), 2, "{name:?}");
        }
    }

    #[test]
    fn what_ends_soon_is_told() {
        let now: Timestamp = "2026-11-23T06:00:00Z".parse().unwrap();
        for (expires, told, tone) in [
            ("2026-11-23T05:59:59Z", "expired 2026-11-23 05:59:59", Tone::Bad),
            ("2026-11-24T06:00:00Z", "only until 2026-11-24 06:00:00", Tone::Notice),
            ("2027-11-24T06:00:00Z", "until 2027-11-24 06:00:00", Tone::Dim),
        ] {
            assert_eq!(ends(expires.parse().unwrap(), now), (told.to_owned(), tone));
        }
    }
}
