//! `windlass release`: plan, ask, and have it carried out. On Taskcluster see `begin.rs`.

use std::{
    io::{IsTerminal as _, Write as _},
    path::Path,
};

use serde_json::json;

use super::{
    args::{On, ReleaseArgs},
    begin,
    carry_out::{self, Job, Prepared},
    ground::Ground,
    output::{Cell, Style, Tone, columns},
};
use crate::{
    config::{Project, from_home},
    domain::{
        archive::{ArchiveSource, PlannedArchive},
        audit::Act,
        failure::Failure,
        plan::{Plan, Runner},
        preview::{Change, Preview},
        wishes::Wishes,
    },
    git::Checkout,
    journal::Journal,
    release::plan,
    taskcluster::Inside,
};

pub async fn run(ground: &Ground, args: ReleaseArgs) -> Result<u8, Failure> {
    let project = ground.project()?;
    let on = match args.on {
        Some(On::Local) => Runner::Local,
        Some(On::Taskcluster) => Runner::Taskcluster,
        None => project.runner,
    };
    if on == Runner::Taskcluster {
        return Box::pin(begin::run(ground, project, args)).await;
    }
    let journal = ground.journal().await?;
    let manner = &args.manner;
    let (git_ref, branch, platform, archive) = (args.git_ref, args.branch, args.platform, args.from_archive);
    let local = args.on == Some(On::Local);
    let wishes = Wishes { git_ref, branch, platform, archive, move_tags: manner.move_tags, local };
    let prepared = prepare(ground, &journal, args.image.image.as_deref(), &wishes).await?;
    if manner.dry_run {
        return tell_plan(ground, &prepared.preview(ground, &journal).await?);
    }
    let permit = ground.permit("release")?;
    if !manner.yes && !ground.detached {
        let next = "look at `windlass release --dry-run`, then `windlass release --yes`";
        let what = async || Ok(text(ground.output.err, &prepared.preview(ground, &journal).await?));
        confirm(ground, what, next).await?;
    }
    if manner.detach {
        return carry_out::detached(ground, permit).await;
    }
    Box::pin(carry_out::run(ground, &journal, prepared, permit)).await
}

/// A release of this image, or of the only one.
pub async fn prepare(
    ground: &Ground,
    journal: &Journal,
    image: Option<&str>,
    wishes: &Wishes,
) -> Result<Prepared, Failure> {
    let project = ground.project()?;
    let image = project.image(image)?;
    let checkout = Checkout::open(&project.root).await?;
    let plan = plan::make(&project, image, &checkout, journal, wishes, &who(), &ground.paths.run()).await?;
    let plan = match &wishes.archive {
        Some(source) => of_archive(ground, &project, plan, source.clone()).await?,
        None => plan,
    };
    let job = Job { act: Act::Release, beginning: plan.into(), from_worktree: wishes.git_ref.is_some() };
    Ok(Prepared { project, checkout, job })
}

/// The plan for this archive, by a name that means the same from anywhere, and later.
async fn of_archive(
    ground: &Ground,
    project: &Project,
    mut plan: Plan,
    source: ArchiveSource,
) -> Result<Plan, Failure> {
    plan.archive = Some(match source {
        ArchiveSource::File(path) => {
            let whole = std::path::absolute(from_home(Path::new(&path), &*ground.environment)).map_err(|e| {
                Failure::usage(format!("`{path}` is no file"), e.to_string(), "name the file of the archive")
            })?;
            let source = ArchiveSource::File(whole.to_string_lossy().into_owned());
            PlannedArchive { source, root: None, doubt: None }
        }
        ArchiveSource::Artifact { task, run, name } => {
            let root = project.taskcluster.as_ref().map(|taskcluster| taskcluster.root_url.clone());
            let root = root.ok_or_else(|| {
                Failure::usage(
                    "it is not known where the task is",
                    "an artifact is of a task of a Taskcluster deployment, and windlass.toml names none",
                    "name it: root-url under [taskcluster]",
                )
            })?;
            let cluster = ground.remote_to_change().await?;
            let last = match run {
                Some(_) => run,
                None => cluster.deployment.status(&task).await?.last_run().map(|run| run.id),
            };
            let run = Some(last.ok_or_else(|| {
                Failure::failed(
                    format!("the task {task} has left nothing"),
                    "it has not begun",
                    format!("wait for it: windlass show {task} --watch"),
                )
            })?);
            let inside = Inside::of(&*ground.environment)?.filter(|inside| inside.root == root);
            let doubt = cluster.doubt((&task, &name), inside.as_ref().map(|inside| &inside.run.task), &plan).await?;
            let doubt = match doubt {
                Some(doubt) if project.policy.pushed => return Err(doubt),
                doubt => doubt.map(|doubt| doubt.why),
            };
            // Nobody vouches for what it is made of, whatever the commit is.
            plan.source.reviewed &= doubt.is_none();
            PlannedArchive { source: ArchiveSource::Artifact { task, run, name }, root: Some(root), doubt }
        }
    });
    Ok(plan)
}

/// `user@host`, for records and the vault.
pub fn who() -> String {
    let user = std::env::var("USER").or_else(|_| std::env::var("LOGNAME"));
    let user = user.unwrap_or_else(|_| match rustix::process::getuid() {
        id if id.is_root() => "root".to_owned(),
        id => format!("uid-{}", id.as_raw()),
    });
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    format!("{user}@{host}")
}

/// `--dry-run`
pub fn tell_plan(ground: &Ground, preview: &Preview) -> Result<u8, Failure> {
    let now = |change: &Change| change.now.as_ref().map(|shown| shown.digest.clone());
    let tags: Vec<_> = preview.changes.iter().map(|change| json!({"tag": change.tag, "digest": now(change)})).collect();
    ground.output.result(
        || json!({"schema": "windlass.plan/1", "plan": preview.plan, "tags_now": tags}),
        |style| text(style, preview),
    )?;
    Ok(0)
}

pub fn text(style: Style, preview: &Preview) -> String {
    let rows: Vec<Vec<Cell>> = preview
        .rows(style.signs())
        .into_iter()
        .map(|(label, value)| {
            let tone = if label == "image" { Tone::Bold } else { Tone::Plain };
            vec![Cell::toned(label, Tone::Dim), Cell::toned(value, tone)]
        })
        .collect();
    columns(style, &rows)
}

/// Says what will happen and asks. Without somebody to ask, nothing happens.
pub async fn confirm(
    ground: &Ground,
    what: impl AsyncFnOnce() -> Result<String, Failure>,
    next: &str,
) -> Result<(), Failure> {
    let refused = |why: &str| Err(Failure::usage("nothing was done", why, next));
    if ground.output.json || !std::io::stdin().is_terminal() {
        return refused("a confirmation is needed and there is nobody to ask");
    }
    ground.output.note(&what().await?);
    let mut err = std::io::stderr().lock();
    let asked = err.write_all(b"Go on? [y/N] ").and_then(|()| err.flush());
    let mut answer = String::new();
    if asked.is_err() || std::io::stdin().read_line(&mut answer).is_err() {
        return refused("the answer could not be read");
    }
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => refused("it was not confirmed"),
    }
}
