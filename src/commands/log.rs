//! `windlass log`: the build log as it was spooled.

use std::path::PathBuf;

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
            "it ended before its build began, or the log was deleted",
            format!("see what happened: windlass show {}", release.plan.release),
        ));
    }
    let reader = spool::Reader::open(&file)?;
    match pattern {
        None => reader.copy(&mut |bytes| ground.output.raw(bytes))?,
        Some(pattern) => reader.grep(&pattern, false, &mut |_, line| ground.output.raw(format!("{line}\n").as_bytes()))?,
    }
    Ok(0)
}
