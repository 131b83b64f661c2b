//! `windlass cancel`: ends releases that run, and says what they have done until then. Of one on Taskcluster see
//! `cluster_ending.rs`.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::{
    args::{CancelArgs, ReleaseArg},
    cluster_ending,
    ground::Ground,
    json,
    output::{Cell, Style, Tone, columns},
    seen::{Seen, seen_to_change},
    turns::{Looked, Turn, Way, turns},
};
use crate::{
    domain::{
        audit::{Act, AuditRow, Ended},
        failure::Failure,
        permission::MayWrite,
        release::{Release, ReleaseState},
    },
    journal::Journal,
    release::attach::{self, Follower, News},
};

pub async fn run(ground: &Ground, args: &CancelArgs) -> Result<u8, Failure> {
    if !args.dry_run {
        ground.permit("cancel")?;
    }
    if args.seal && args.releases.releases.len() > 1 {
        return Err(Failure::usage(
            "nothing was done",
            "sealing cannot be undone, and is done to one group at a time",
            "name one group: windlass cancel GROUP --seal",
        ));
    }
    let journal = ground.journal().await?;
    let way = Way { command: "cancel", dry_run: args.dry_run, yes: args.yes, detach: false };
    let look = async |wanted: &ReleaseArg| {
        Ok(match seen_to_change(ground, &journal, wanted).await? {
            Seen::Here(release) => Looked::Here(Box::new(here(*release, args)?)),
            Seen::There(there) => Looked::There(Box::new(Box::pin(cluster_ending::look(*there, args)).await?)),
        })
    };
    turns(ground, &journal, way, &args.releases, look).await
}

/// One of this machine, which is to be ended.
struct Here(Release);

fn here(release: Release, args: &CancelArgs) -> Result<Here, Failure> {
    if args.dry_run || args.seal || args.task.is_some() {
        return Err(Failure::usage(
            format!("release {} has no tasks", release.plan.release),
            "it runs on this machine; --task, --seal and --dry-run are for releases on Taskcluster",
            format!("end it: windlass cancel {}", release.plan.release),
        ));
    }
    Ok(Here(release))
}

impl Turn for Here {
    fn named(&self) -> String {
        self.0.plan.release.to_string()
    }

    fn refused(&self) -> Option<Failure> {
        None
    }

    fn asks(&self) -> bool {
        false
    }

    fn outlives(&self) -> bool {
        false
    }

    async fn shown(&self, _: &Ground, _: &Journal) -> Result<String, Failure> {
        Ok(format!("release {} of this machine is ended\n", self.0.plan.release))
    }

    async fn tell(&self, _: &Ground, _: &Journal) -> Result<(), Failure> {
        // Said before: of these there is no plan.
        Ok(())
    }

    async fn carry_out(self, ground: &Ground, journal: &Journal, permit: MayWrite) -> Result<u8, Failure> {
        end(ground, journal, &self.0, permit).await
    }
}

/// Ends a release of this machine.
async fn end(ground: &Ground, journal: &Journal, release: &Release, permit: MayWrite) -> Result<u8, Failure> {
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
