//! Rolls a moving tag back to the image of an earlier release, without engine or build: the manifest is fetched by its
//! digest, hashed, put under the tag byte for byte, read back and recorded. The record makes this release the newest
//! that names the tag.

use jiff::Timestamp;

use super::{
    local::{Beginning, Run, Work},
    plan::new_id,
    preflight::Access,
    push::{Pushed, cross_check},
};
use crate::{
    domain::{
        event::{Event, Step},
        failure::Failure,
        plan::{Plan, PlannedTag, TagKind, Trigger},
        reference::Tag,
        release::Release,
    },
    journal::Journal,
    registry::{Client, Manifest, Reference},
};

/// What pointing `tag` to the image of `target` will do. Nothing is changed yet.
///
/// # Errors
/// For a tag that is frozen or that no release ever moved, a release without a record, and an image that the registry
/// does not have any more.
pub async fn prepare(
    tag: &Tag,
    target: &Release,
    journal: &Journal,
    client: &Client,
    who: &str,
) -> Result<(Plan, Manifest), Failure> {
    is_moving(tag, target, journal).await?;
    let old = &target.plan;
    let Some(recorded) = &target.record else {
        return Err(Failure::usage(
            format!("{tag} cannot be pointed to release {}", old.release),
            "it left no record of what it built",
            format!("choose another of `windlass releases`, or take it up again: {}", target.take_up_command()),
        ));
    };
    let gone = |why: String| {
        Failure::failed(
            format!("the image of release {} cannot be had from the registry", old.release),
            why,
            format!("build it again: windlass rerun {}", old.release),
        )
    };
    let digest = recorded.record.index_digest.as_ref().or(recorded.record.manifest_digest.as_ref());
    let digest = digest.ok_or_else(|| gone("its record names no manifest".to_owned()))?;
    let found = client.manifest(&Reference::Digest(digest.clone())).await?;
    let manifest = found.ok_or_else(|| gone(format!("{} has no {digest} any more", old.repository)))?;
    let plan = Plan {
        release: new_id()?,
        trigger: Trigger::Point,
        parent: Some(old.release.clone()),
        tags: vec![PlannedTag { tag: tag.clone(), kind: TagKind::Moving }],
        move_tags: true,
        who: who.to_owned(),
        planned: Timestamp::now(),
        ..old.clone()
    };
    Ok((plan, manifest))
}

/// The release that puts this manifest, of `target`, under the tag.
#[must_use]
pub fn beginning(plan: Plan, manifest: Manifest, target: &Release) -> Beginning {
    let build = Event::StepReused { step: Step::Build, note: format!("of {}", target.plan.release) };
    let carried = target.built.clone().map(Event::Built).into_iter().chain([build]).collect();
    Beginning { plan, carried, work: Work::Point(manifest) }
}

async fn is_moving(tag: &Tag, target: &Release, journal: &Journal) -> Result<(), Failure> {
    let repository = &target.plan.repository;
    if journal.tag_used(repository, tag).await?.is_some() {
        return Err(Failure::failed(
            format!("{tag} is a frozen tag"),
            "a frozen tag is written once: whoever pulled it relies on that",
            "point a moving tag: see `windlass tags`",
        ));
    }
    let records = journal.records(repository).await?;
    if records.iter().all(|record| !record.names(tag)) {
        return Err(Failure::usage(
            format!("{tag} is no tag that releases move"),
            format!("no release of {repository} recorded it on this machine"),
            "name a moving tag of `windlass tags`",
        ));
    }
    Ok(())
}

pub(super) async fn push(run: &mut Run<'_, '_>, access: &Access, manifest: &Manifest) -> Result<Pushed, Failure> {
    run.start(Step::Push).await?;
    let at = run.at;
    let (Some(planned), Some(built)) = (run.plan().tags.first().cloned(), run.release.built.clone()) else {
        return Err(Failure::failed(
            "there is nothing to point",
            "the release that was named built no image",
            "name another: windlass releases",
        ));
    };
    let PlannedTag { tag, kind } = planned.clone();
    run.emit(Event::PushIntended { tag: tag.clone(), kind }).await?;
    let put = access.client.put_manifest(&tag, &manifest.media_type, manifest.bytes.clone(), at.permit);
    let digest = at.or_cancelled(Step::Push, async { put.await.map_err(Failure::from) }).await?;
    let size = manifest.bytes.len() as u64;
    run.emit(Event::Pushed { tag: tag.clone(), kind, digest: digest.clone(), size }).await?;
    let read_back = cross_check(&access.client, &tag, &digest, &built);
    let pushed = at.or_cancelled(Step::Push, read_back).await?.with(planned);
    run.succeed(Step::Push, pushed.note()).await?;
    Ok(pushed)
}
