//! What a release will do to its tags, found out before it begins: by what the registry shows now, by the records, and
//! by the rule that the push step follows.

use super::{
    local::{Beginning, Work},
    push::newer_release,
};
use crate::{
    domain::{
        digest::Digest,
        event::Step,
        failure::Failure,
        name::ReleaseId,
        plan::{PlannedTag, TagKind},
        preview::{Change, Next, Preview, Shown},
        record::Record,
        reference::{Repository, Tag},
    },
    git::Checkout,
    journal::Journal,
    registry::{Client, Reference},
};

/// Looks; changes nothing.
///
/// # Errors
/// When the registry does not say what a tag shows, or the journal or git fails.
pub async fn preview(
    beginning: &Beginning,
    client: &Client,
    checkout: &Checkout,
    journal: &Journal,
) -> Result<Preview, Failure> {
    let plan = &beginning.plan;
    let records = journal.records(&plan.repository).await?;
    let first = match &beginning.work {
        Work::Whole => Step::Preflight,
        Work::From(step, _) => *step,
        Work::Point(_) => Step::Push,
    };
    let mut changes = Vec::new();
    for PlannedTag { tag, kind } in &plan.tags {
        let now = client.head(&Reference::Tag(tag.clone())).await?;
        let now = now.map(|digest| Shown { release: recorded(&records, &digest), digest });
        let next = match &beginning.work {
            Work::Point(manifest) if is_there(&records, tag, now.as_ref(), &manifest.digest) => Next::Done,
            Work::Point(manifest) => {
                Next::Known(Shown { digest: manifest.digest.clone(), release: plan.parent.clone() })
            }
            _ if first > Step::Push => Next::Same,
            _ if *kind == TagKind::Frozen || plan.move_tags || now.is_none() => Next::Image,
            _ => newer_release(client, journal, checkout, plan, tag).await?.map_or(Next::Image, Next::LeftAlone),
        };
        changes.push(Change { tag: tag.clone(), kind: *kind, now, next });
    }
    Ok(Preview { plan: plan.clone(), first, changes })
}

/// What these tags show now, of a release that somebody else pushes.
///
/// # Errors
/// When the registry does not say, or the journal fails.
pub async fn shown(
    repository: &Repository,
    tags: &[PlannedTag],
    client: &Client,
    journal: &Journal,
) -> Result<Vec<Change>, Failure> {
    let records = journal.records(repository).await?;
    let mut changes = Vec::new();
    for PlannedTag { tag, kind } in tags {
        let now = client.head(&Reference::Tag(tag.clone())).await?;
        let now = now.map(|digest| Shown { release: recorded(&records, &digest), digest });
        changes.push(Change { tag: tag.clone(), kind: *kind, now, next: Next::Image });
    }
    Ok(changes)
}

/// Whether the tag shows this, and the newest record that names the tag has it.
fn is_there(records: &[Record], tag: &Tag, now: Option<&Shown>, wanted: &Digest) -> bool {
    let recorded = records.iter().find(|record| record.names(tag));
    now.is_some_and(|now| now.digest == *wanted)
        && recorded.is_some_and(|record| record.top_digests().any(|top| top == wanted))
}

/// The release that recorded this last, of the newest records first.
fn recorded(records: &[Record], digest: &Digest) -> Option<ReleaseId> {
    records.iter().find(|record| record.top_digests().any(|top| top == digest)).map(|record| record.release.clone())
}
