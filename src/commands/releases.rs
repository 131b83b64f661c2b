//! `windlass releases`: the list, newest first.

use serde_json::json;

use super::{
    args::ImageArg,
    ground::Ground,
    json,
    output::{Cell, Style, Tone, columns, time},
};
use crate::{
    domain::{failure::Failure, release::Release},
    journal::ReleaseFilter,
};

pub async fn run(ground: &Ground, image: &ImageArg, limit: usize) -> Result<u8, Failure> {
    let journal = ground.journal().await?;
    let filter = ReleaseFilter { image: image.image.clone(), ..ReleaseFilter::default() };
    let mut listing = journal.releases(filter, limit).await?;
    for release in &mut listing.releases {
        ground.check_alive(&journal, release).await?;
    }
    for damaged in &listing.damaged {
        ground.output.note(&damaged.to_string());
    }
    let seen = there(ground, image, limit).await;
    let mut releases = listing.releases;
    if let Some(Ok(seen)) = &seen {
        releases.extend(seen.iter().cloned());
        releases.sort_by_key(|release| std::cmp::Reverse(release.started));
        releases.truncate(limit);
    }
    let releases = &releases;
    ground.output.result(
        || json!({"schema": "windlass.releases/1", "releases": releases.iter().map(json::release).collect::<Vec<_>>()}),
        |style| text(style, releases),
    )?;
    match seen {
        // What there is of this machine has been told.
        Some(Err(failure)) => Err(failure),
        _ => Ok(u8::from(!listing.damaged.is_empty())),
    }
}

/// The releases on Taskcluster, where the project has some.
async fn there(ground: &Ground, image: &ImageArg, limit: usize) -> Option<Result<Vec<Release>, Failure>> {
    let project = ground.project().ok().filter(|project| project.taskcluster.is_some())?;
    let first = project.images.first().map(|image| image.name.clone());
    if image.image.is_some() && image.image != first {
        return None;
    }
    let seen = async { ground.remote().await?.releases(limit).await };
    Some(seen.await)
}

fn text(style: Style, releases: &[Release]) -> String {
    if releases.is_empty() {
        return "no release yet: windlass release makes the first one".to_owned();
    }
    let rows: Vec<Vec<Cell>> = releases.iter().map(|r| row(style, r)).collect();
    columns(style, &rows)
}

fn row(style: Style, release: &Release) -> Vec<Cell> {
    let plan = &release.plan;
    let (sign, tone) = style.state(release.state);
    let (outcome, outcome_tone) = match (release.verdict(), &release.failure) {
        (Some(verdict), None) => style.verdict(verdict),
        (_, Some(failure)) => (failure.what.clone(), Tone::Bad),
        (None, None) => (format!("{:?}", release.state).to_lowercase(), tone),
    };
    vec![
        Cell::toned(sign, tone),
        Cell::toned(plan.release.as_str(), Tone::Bold),
        Cell::new(time(release.started)),
        Cell::new(&plan.image),
        Cell::new(plan.source.branch.as_deref().unwrap_or("-")),
        Cell::new(plan.source.commit.short()),
        Cell::toned(outcome, outcome_tone),
    ]
}
