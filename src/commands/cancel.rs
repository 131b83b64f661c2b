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
    turns::{Turn, Way, turns},
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
            Seen::Here(release) => Looked::Here(here(release, args)?),
            Seen::There(there) => Looked::There(Box::new(Box::pin(cluster_ending::look(*there, args)).await?)),
        })
    };
    turns(ground, &journal, way, &args.releases, look).await
}

/// A release that is to be ended.
enum Looked {
    /// One of this machine.
    Here(Box<Release>),
    There(Box<cluster_ending::Looked>),
}

fn here(release: Box<Release>, args: &CancelArgs) -> Result<Box<Release>, Failure> {
    if args.dry_run || args.seal || args.task.is_some() {
        return Err(Failure::usage(
            format!("release {} has no tasks", release.plan.release),
            "it runs on this machine; --task, --seal and --dry-run are for releases on Taskcluster",
            format!("end it: windlass cancel {}", release.plan.release),
        ));
    }
    Ok(release)
}

impl Turn for Looked {
    fn named(&self) -> String {
        match self {
            Self::Here(release) => release.plan.release.to_string(),
            Self::There(there) => there.named(),
        }
    }

    fn refused(&self) -> Option<Failure> {
        match self {
            Self::Here(_) => None,
            Self::There(there) => there.refused(),
        }
    }

    fn asks(&self) -> bool {
        match self {
            Self::Here(_) => false,
            Self::There(there) => there.asks(),
        }
    }

    fn outlives(&self) -> bool {
        false
    }

    async fn shown(&self, ground: &Ground, journal: &Journal) -> Result<String, Failure> {
        match self {
            Self::Here(release) => Ok(format!("release {} of this machine is ended\n", release.plan.release)),
            Self::There(there) => there.shown(ground, journal).await,
        }
    }

    async fn tell(&self, ground: &Ground, journal: &Journal) -> Result<(), Failure> {
        match self {
            // Said before: of these there is no plan.
            Self::Here(_) => Ok(()),
            Self::There(there) => there.tell(ground, journal).await,
        }
    }

    async fn carry_out(self, ground: &Ground, journal: &Journal, permit: MayWrite) -> Result<u8, Failure> {
        match self {
            Self::Here(release) => end(ground, journal, &release, permit).await,
            Self::There(there) => Box::pin(there.carry_out(ground, journal, permit)).await,
        }
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
