//! `windlass log`: the build log as it was spooled.

use std::{io::Read as _, ops::ControlFlow, path::PathBuf};

use super::{args::ReleaseArg, ground::Ground};
use crate::{
    domain::{failure::Failure, release::Release},
    spool,
};

/// Where the log of a release lies.
pub fn file(ground: &Ground, release: &Release) -> PathBuf {
    ground.paths.logs().join(format!("{}.log", release.plan.release))
}

pub async fn run(ground: &Ground, wanted: &ReleaseArg, grep: Option<&str>) -> Result<u8, Failure> {
    let pattern = grep
        .map(|text| {
            regex::RegexBuilder::new(text)
                .case_insensitive(!text.chars().any(char::is_uppercase))
                .build()
                .map_err(|e| Failure::usage(format!("`{text}` is no regular expression"), e.to_string(), "correct it"))
        })
        .transpose()?;
    let journal = ground.journal().await?;
    let release = ground.release(&journal, wanted).await?;
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
    spool::Reader::open(&file)?.grep(&pattern, false, |_, line| {
        written = ground.output.raw(format!("{line}\n").as_bytes());
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    written.map(|()| 0)
}
