//! `windlass cancel`: ends a release that runs, and says what it has done until then.

use std::fmt::Write as _;

use super::{
    args::ReleaseArg,
    ground::Ground,
    json,
    output::{Cell, Style, Tone, columns},
};
use crate::{
    domain::{
        failure::Failure,
        release::{Release, ReleaseState},
    },
    release::attach::{self, Follower, News},
};

pub async fn run(ground: &Ground, wanted: &ReleaseArg) -> Result<u8, Failure> {
    let permit = ground.permit("cancel")?;
    let journal = ground.journal().await?;
    let release = ground.release(&journal, wanted).await?;
    let (id, repository) = (&release.plan.release, &release.plan.repository);
    attach::cancel(&ground.paths, &journal, id, repository, permit).await?;
    let mut follower = Follower::open(&ground.paths, &journal, id, repository, release.seq).await?;
    while !matches!(follower.next().await?, News::Ended | News::Interrupted) {}
    let release = ground.release_of(&journal, id).await?;
    if release.state != ReleaseState::Cancelled {
        return Err(Failure::failed(
            format!("release {id} ended before it could be cancelled"),
            format!("by the time it was told, it had {}", format!("{:?}", release.state).to_lowercase()),
            format!("see what it did: windlass show {id}"),
        ));
    }
    ground.output.result(|| json::one_release(&release), |style| text(style, &release))?;
    Ok(0)
}

fn text(style: Style, release: &Release) -> String {
    let (sign, tone) = style.state(release.state);
    let mut text = format!("{} release {} is cancelled\n", style.paint(tone, sign), release.plan.release);
    if release.pushes.is_empty() {
        text.push_str("  nothing of it was pushed\n");
        return text;
    }
    let _ = writeln!(text, "  {} already has of it:", release.plan.repository);
    let rows = release.pushes.iter().map(|push| {
        let digest = push.digest.as_ref().map(|d| Cell::new(d.short()));
        vec![
            Cell::new(format!("    {}", push.tag)),
            digest.unwrap_or_else(|| Cell::toned("perhaps: its push was begun", Tone::Notice)),
        ]
    });
    text.push_str(&columns(style, &rows.collect::<Vec<_>>()));
    text
}
