//! The push step: by image id, frozen tags first, the registry's answer cross-checked after the first tag.

use super::{local::Run, preflight, preflight::Ready};
use crate::{
    domain::{
        digest::Digest,
        event::{Built, Event, Step},
        failure::Failure,
        observation::{Content, Observation},
        plan::{PlannedTag, TagKind},
        record::{IdKind, Record},
        reference::Tag,
    },
    engine::PushEvent,
    registry::Client,
};

/// What the registry now serves, hashed by us.
pub struct Pushed {
    pub tags: Vec<PlannedTag>,
    pub manifest: Digest,
    pub config: Option<Digest>,
    pub index: Option<Digest>,
}

pub async fn push(run: &mut Run<'_, '_>, ready: &Ready) -> Result<Pushed, Failure> {
    run.start(Step::Push).await?;
    let at = run.at;
    let plan = run.plan().clone();
    let built = run.release.built.clone().ok_or_else(|| {
        Failure::failed("there is no image to push", "the build step left none", "release again: windlass release")
    })?;
    at.or_cancelled(Step::Push, preflight::frozen_tags_are_free(&ready.client, &plan)).await?;
    let mut tags = plan.tags.clone();
    tags.sort_by_key(|t| t.kind);
    let mut first: Option<Pushed> = None;
    for PlannedTag { tag, kind } in tags {
        if kind == TagKind::Moving
            && !plan.move_tags
            && let Some(why) = at.or_cancelled(Step::Push, newer_release(run, ready, &tag)).await?
        {
            run.emit(Event::TagLeft { tag, why }).await?;
            continue;
        }
        run.emit(Event::PushIntended { tag: tag.clone(), kind }).await?;
        let pushed = {
            let mut on = |event: PushEvent| run.pushing(&tag, &event);
            let work =
                ready.engine.push(&built.image_id, &plan.repository, &tag, Some(&ready.login), &mut on, at.permit);
            at.or_cancelled(Step::Push, async { work.await.map_err(Failure::from) }).await?
        };
        run.emit(Event::Pushed { tag: tag.clone(), kind, digest: pushed.digest.clone(), size: pushed.size }).await?;
        match &mut first {
            None => {
                let served =
                    at.or_cancelled(Step::Push, cross_check(&ready.client, &tag, &pushed.digest, &built)).await?;
                first = Some(served.with(PlannedTag { tag, kind }));
            }
            Some(served) if served.top() == &pushed.digest => served.tags.push(PlannedTag { tag, kind }),
            Some(served) => {
                return Err(Failure::failed(
                    format!("{tag} was pushed as another image than the first tag"),
                    format!("the first is {}, {tag} is {}", served.top().short(), pushed.digest.short()),
                    "something else writes to this engine or repository: see `windlass tags --fresh`",
                ));
            }
        }
    }
    let pushed = first.ok_or_else(|| {
        Failure::failed(
            "no tag was pushed",
            run.release.left.iter().map(|(_, why)| why.as_str()).collect::<Vec<_>>().join("; "),
            "release the newest commit, or say --move to point the tag back",
        )
    })?;
    let names: Vec<&str> = pushed.tags.iter().map(|t| t.tag.as_str()).collect();
    let mut note = format!("{}  {}", pushed.top().short(), names.join(", "));
    for (tag, why) in &run.release.left {
        note.push_str(&["; ", tag.as_str(), " left alone: ", why].concat());
    }
    run.succeed(Step::Push, note).await?;
    Ok(pushed)
}

impl Pushed {
    fn with(mut self, tag: PlannedTag) -> Self {
        self.tags.push(tag);
        self
    }

    /// The digest a tag points to.
    pub fn top(&self) -> &Digest {
        self.index.as_ref().unwrap_or(&self.manifest)
    }
}

/// The bytes behind the first tag are fetched and hashed, and their config must be the image that was built:
/// on difference nothing more is pushed.
async fn cross_check(client: &Client, tag: &Tag, pushed: &Digest, built: &Built) -> Result<Pushed, Failure> {
    let differs = |why: String| {
        Failure::failed(
            format!("the registry does not serve what was pushed to {tag}"),
            why,
            "nothing more was pushed; somebody else may write to this tag: see `windlass tags --fresh`",
        )
    };
    let content = match client.observe(tag, &|_| None, true).await {
        Observation::Seen { content, .. } => content,
        Observation::Absent { .. } => return Err(differs("the tag is not there".to_owned())),
        Observation::Corrupt { expected, actual } => {
            return Err(differs(format!("it serves bytes of {} for {}", actual.short(), expected.short())));
        }
        Observation::Unreadable { why } => return Err(differs(why)),
        other => return Err(unanswered(&format!("{tag} was pushed but cannot be read back"), &other)),
    };
    if &content.digest != pushed {
        return Err(differs(format!("the engine pushed {}, the tag shows {}", pushed.short(), content.digest.short())));
    }
    let image = content.image_for(built.platform.as_ref());
    let config = image.map(|i| i.config.clone());
    if built.id_kind == IdKind::Config && config.as_ref() != Some(&built.image_id) {
        let found = config.as_ref().map_or("no image of this platform", |c| c.short());
        return Err(differs(format!("the image built is {}, the tag shows {found}", built.image_id.short())));
    }
    let manifest = image.map_or_else(|| content.digest.clone(), |i| i.manifest.clone());
    let index = content.index.then(|| content.digest.clone());
    Ok(Pushed { tags: Vec::new(), manifest, config, index })
}

/// The registry did not say what a tag shows.
fn unanswered(what: &str, observation: &Observation) -> Failure {
    match observation {
        Observation::Denied { why } => Failure::not_allowed(what, why, "give the login the right to pull as well"),
        Observation::Unreachable { why } => Failure::unreachable(what, why, "once it answers: windlass tags --fresh"),
        _ => Failure::unreachable(what, "the registry asks to slow down", "wait, then: windlass tags --fresh"),
    }
}

/// Why the moving tag must be left alone: it shows a release whose commit is no ancestor of ours.
async fn newer_release(run: &Run<'_, '_>, ready: &Ready, tag: &Tag) -> Result<Option<String>, Failure> {
    let at = run.at;
    let plan = run.plan();
    let shown = match ready.client.observe(tag, &|_| None, true).await {
        Observation::Seen { content, .. } => content,
        // What is not there, or is no image, is not a release of ours.
        Observation::Absent { .. } | Observation::Corrupt { .. } | Observation::Unreadable { .. } => return Ok(None),
        other => return Err(unanswered(&format!("it cannot be told what {tag} shows"), &other)),
    };
    let records = at.journal.records(&plan.repository).await?;
    let Some(record) = records.iter().find(|r| shows(&shown, r)) else { return Ok(None) };
    let theirs = format!("it shows release {} of commit {}", record.release, record.commit.short());
    Ok(match at.checkout.is_ancestor(&record.commit, &plan.source.commit).await? {
        Some(true) => None,
        Some(false) => Some(format!("{theirs}, which is not an ancestor of {}", plan.source.commit.short())),
        None => Some(format!("{theirs}, which this clone does not have (git fetch --unshallow, or --move)")),
    })
}

fn shows(content: &Content, record: &Record) -> bool {
    record.top_digests().any(|d| d == &content.digest)
        || record.config().is_some_and(|config| content.images.iter().any(|i| &i.config == config))
}
