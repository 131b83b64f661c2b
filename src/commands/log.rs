//! `windlass log`: the build log as it was spooled.

use std::{
    io::Read as _,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;

use super::{
    args::ReleaseArg,
    ground::Ground,
    seen::{Seen, There, seen},
    tail::Tail,
};
use crate::{
    domain::{failure::Failure, name::ReleaseId, release::Release, task::TaskState},
    journal::Journal,
    log::{bare::bare, pattern::Pattern},
    release::{
        attach::{Follower, News},
        cluster_log::{self, Fetching},
    },
    spool::{self, Text},
};

/// Between two looks at what has come in.
const LOOK: Duration = Duration::from_millis(200);

/// Where the log of a release lies.
pub fn file(ground: &Ground, release: &Release) -> PathBuf {
    ground.paths.logs().join(format!("{}.log", release.plan.release))
}

pub async fn run(ground: &Ground, wanted: &ReleaseArg, follow: bool, grep: Option<&str>) -> Result<u8, Failure> {
    let pattern = grep
        .map(|text| {
            Pattern::new(text)
                .map_err(|e| Failure::usage(format!("`{text}` is no regular expression"), e.to_string(), "correct it"))
        })
        .transpose()?;
    let journal = ground.journal().await?;
    let release = match seen(ground, &journal, wanted).await? {
        Seen::Here(release) => *release,
        Seen::There(there) => return self::there(ground, &there, follow, pattern.as_ref()).await,
    };
    if follow {
        self::follow(ground, &journal, &release, pattern.as_ref()).await?;
    }
    let file = file(ground, &release);
    if !file.exists() {
        return Err(Failure::failed(
            format!("release {} has no log", release.plan.release),
            "it ended before its build began, took its image from another release, or the log was deleted",
            match &release.plan.parent {
                Some(parent) if release.built.is_some() => {
                    format!("see the log of that release: windlass log {parent}")
                }
                _ => format!("see what happened: windlass show {}", release.plan.release),
            },
        ));
    }
    if follow {
        return Ok(0);
    }
    print(ground, &file, pattern.as_ref())
}

/// The log of a task on Taskcluster: of the one that is named, else of the one that tells the most.
async fn there(ground: &Ground, there: &There, follow: bool, pattern: Option<&Pattern>) -> Result<u8, Failure> {
    let named = there.detailed.tasks.iter().find(|task| *task.id() == there.named.id && !there.is_group());
    let none = |why: &str| {
        let next = format!("see how it stands: windlass show {}", there.named.id);
        Failure::failed(format!("{} has no log", there.named.id), why, next)
    };
    let task = named.or_else(|| there.detailed.telling()).ok_or_else(|| none("no task of it has begun"))?;
    let run = there.named.run.or_else(|| task.status.last_run().map(|run| run.id));
    let run = run.ok_or_else(|| none(&task.status.words(Timestamp::now())))?;
    let state = task.status.runs.iter().find(|known| known.id == run).map(|run| &run.state);
    let follow = match state {
        Some(TaskState::Running) if !follow => {
            ground.output.note("it is running: its log is followed to its end");
            true
        }
        Some(TaskState::Pending) if !follow => return Err(none(&task.status.words(Timestamp::now()))),
        _ => follow,
    };
    let file = ground.paths.logs().join(format!("{}.log", ReleaseId::of_run(task.id(), run)));
    let fetching = Fetching {
        task: task.id().clone(),
        run,
        file: file.clone(),
        redaction: ground.redaction(),
        grown: Arc::new(|_| {}),
    };
    let mut tail = Tail::at(file.clone());
    let show = |lines: Vec<String>| {
        for line in lines.iter().filter(|line| pattern.is_none_or(|pattern| pattern.regex().is_match(&bare(line)))) {
            ground.output.raw(format!("{line}\n").as_bytes())?;
        }
        Ok::<_, Failure>(())
    };
    let mut fetch = std::pin::pin!(cluster_log::fetch(&there.cluster, fetching));
    let missing = loop {
        tokio::select! {
            ended = &mut fetch => break ended?,
            () = tokio::time::sleep(LOOK), if follow => {
                while let Some(lines) = tail.more()? {
                    show(lines)?;
                }
            }
        }
    };
    if !follow && file.exists() {
        print(ground, &file, pattern)?;
    } else if file.exists() {
        while let Some(lines) = tail.more()? {
            show(lines)?;
        }
        tail.rest()?.map_or(Ok(()), |line| show(vec![line]))?;
    }
    match missing {
        Some(why) if file.exists() => {
            ground.output.note(&why);
            Ok(0)
        }
        Some(why) => Err(none(&why)),
        None => Ok(0),
    }
}

/// All of it, or the lines that the pattern finds.
fn print(ground: &Ground, file: &Path, pattern: Option<&Pattern>) -> Result<u8, Failure> {
    let unreadable = |e: std::io::Error| {
        Failure::failed("the log cannot be read", e.to_string(), format!("look at the file {}", file.display()))
    };
    let Some(pattern) = pattern else {
        let mut log = std::fs::File::open(file).map_err(unreadable)?;
        let mut chunk = vec![0; 256 * 1024];
        loop {
            match log.read(&mut chunk).map_err(unreadable)? {
                0 => return Ok(0),
                n => ground.output.raw(&chunk[..n])?,
            }
        }
    };
    let mut written = Ok(());
    let reader = spool::Reader::open(file)?;
    let mut unread = Ok(());
    reader.grep(pattern.regex(), false, |_, line| {
        match line {
            Text::Whole(line) => written = ground.output.raw(format!("{line}\n").as_bytes()),
            // Its LF goes along.
            Text::Long(bytes) => {
                unread = reader.bytes_at(bytes.start..bytes.end + 1, |part| {
                    if written.is_ok() {
                        written = ground.output.raw(part);
                    }
                });
            }
        }
        if written.is_ok() && unread.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    unread?;
    written.map(|()| 0)
}

/// Until the release has ended.
async fn follow(
    ground: &Ground,
    journal: &Journal,
    release: &Release,
    pattern: Option<&Pattern>,
) -> Result<(), Failure> {
    let plan = &release.plan;
    let mut follower = Follower::open(&ground.paths, journal, &plan.release, &plan.repository, release.seq).await?;
    let mut tail = Tail::of(ground, release);
    let write = |line: &str| {
        if pattern.is_none_or(|pattern| pattern.regex().is_match(&bare(line))) {
            ground.output.raw(format!("{line}\n").as_bytes())
        } else {
            Ok(())
        }
    };
    loop {
        match follower.next().await? {
            News::Log { .. } => {
                while let Some(lines) = tail.more()? {
                    lines.iter().try_for_each(|line| write(line))?;
                }
            }
            News::Event(_) | News::Progress(_) => {}
            News::Ended | News::Interrupted => return tail.rest()?.map_or(Ok(()), |line| write(&line)),
        }
    }
}
