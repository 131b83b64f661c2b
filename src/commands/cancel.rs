//! `windlass cancel`: ends a release that runs, and says what it has done until then. Of one on Taskcluster see
//! `cluster_ending.rs`.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::{
    args::CancelArgs,
    cluster_ending,
    ground::Ground,
    json,
    output::{Cell, Style, Tone, columns},
    seen::{Seen, seen_to_change},
};
use crate::{
    domain::{
        audit::{Act, AuditRow, Ended},
        failure::Failure,
        release::{Release, ReleaseState},
    },
    journal::Journal,
    release::attach::{self, Follower, News},
};

pub async fn run(ground: &Ground, args: &CancelArgs) -> Result<u8, Failure> {
    if !args.dry_run {
        ground.permit("cancel")?;
    }
    let journal = ground.journal().await?;
    match seen_to_change(ground, &journal, &args.release).await? {
        Seen::Here(release) => here(ground, &journal, &release, args).await,
        Seen::There(there) => Box::pin(cluster_ending::run(ground, &journal, *there, args)).await,
    }
}

/// Of this machine.
async fn here(ground: &Ground, journal: &Journal, release: &Release, args: &CancelArgs) -> Result<u8, Failure> {
    if args.dry_run || args.seal || args.task.is_some() {
        return Err(Failure::usage(
            format!("release {} has no tasks", release.plan.release),
            "it runs on this machine; --task, --seal and --dry-run are for releases on Taskcluster",
            format!("end it: windlass cancel {}", release.plan.release),
        ));
    }
    let permit = ground.permit("cancel")?;
    let (id, repository) = (&release.plan.release, &release.plan.repository);
    let row = AuditRow::begun(Timestamp::now(), &super::release::who(), Act::Cancel, id.as_str());
    let work = async {
        attach::cancel(&ground.paths, journal, id, repository, permit).await?;
        let mut follower = Follower::open(&ground.paths, journal, id, repository, release.seq).await?;
        while !matches!(follower.next().await?, News::Ended | News::Interrupted) {}
        let release = ground.release_of(journal, id).await?;
        if release.state != ReleaseState::Cancelled {
            return Err(Failure::failed(
                format!("release {id} ended before it could be cancelled"),
                format!("by the time it was told, it had {}", format!("{:?}", release.state).to_lowercase()),
                format!("see what it did: windlass show {id}"),
            ));
        }
        Ok((release, Ended::with(None, None)))
    };
    let release = journal.audited(row, work).await?;
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
