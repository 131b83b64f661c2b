//! `windlass log`: the build log as it was spooled.

use std::{io::Read as _, ops::ControlFlow, path::PathBuf};

use super::{args::ReleaseArg, ground::Ground, tail::Tail};
use crate::{
    domain::{failure::Failure, release::Release},
    journal::Journal,
    log::{bare::bare, pattern::Pattern},
    release::attach::{Follower, News},
    spool::{self, Text},
};

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
    let release = ground.release(&journal, wanted).await?;
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
    let unreadable = |e: std::io::Error| {
        Failure::failed("the log cannot be read", e.to_string(), format!("look at the file {}", file.display()))
    };
    let Some(pattern) = pattern else {
        let mut log = std::fs::File::open(&file).map_err(unreadable)?;
        let mut chunk = vec![0; 256 * 1024];
        loop {
            match log.read(&mut chunk).map_err(unreadable)? {
                0 => return Ok(0),
                n => ground.output.raw(&chunk[..n])?,
            }
        }
    };
    let mut written = Ok(());
    let reader = spool::Reader::open(&file)?;
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
