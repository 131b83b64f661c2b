//! The push step: by image id, frozen tags first, the registry's answer cross-checked after the first tag.

use super::{
    Surroundings,
    archive::{self, Sendable},
    held::{self, unanswered},
    local::Run,
    preflight::Access,
};
use crate::{
    archive::Image,
    domain::{
        digest::Digest,
        event::{Built, Event, Step},
        failure::Failure,
        observation::{Content, Observation},
        plan::{Plan, PlannedTag, TagKind},
        record::{IdKind, Record},
        reference::Tag,
    },
    engine::{self, Engine, PushEvent},
    git::Checkout,
    journal::Journal,
    registry::Client,
};

/// What has the image that is pushed.
pub enum Holder {
    Engine(Engine),
    /// It goes from there to the registry.
    Archive(Image),
}

/// What the registry now serves, hashed by us.
pub struct Pushed {
    pub tags: Vec<PlannedTag>,
    pub manifest: Digest,
    pub config: Option<Digest>,
    pub index: Option<Digest>,
    /// Lowest first.
    pub layers: Vec<Digest>,
}

/// `resumed`: an earlier release with this plan may have pushed some of it.
pub async fn push(run: &mut Run<'_, '_>, access: &Access, holder: &Holder, resumed: bool) -> Result<Pushed, Failure> {
    run.start(Step::Push).await?;
    let at = run.at;
    let plan = run.plan().clone();
    let built = run.release.built.clone().ok_or_else(nothing_built)?;
    let ours = resumed.then_some(&run.release);
    let mut held = at.or_cancelled(Step::Push, held::frozen_tags(&access.client, &plan, ours)).await?;
    let mut tags = plan.tags.clone();
    tags.sort_by_key(|t| t.kind);
    let mut first: Option<Pushed> = None;
    let mut sent: Option<Sendable> = None;
    for PlannedTag { tag, kind } in tags {
        if kind == TagKind::Moving
            && !plan.move_tags
            && let Some(why) =
                at.or_cancelled(Step::Push, newer_release(&access.client, at.journal, at.checkout, &plan, &tag)).await?
        {
            run.emit(Event::TagLeft { tag, why }).await?;
            continue;
        }
        let there = held.iter().position(|held| held.tag == tag);
        let pushed = if let Some(there) = there.map(|at| held.swap_remove(at)) {
            engine::Pushed { digest: there.digest, size: there.size }
        } else {
            goes_on(at).await?;
            if let Holder::Archive(image) = holder
                && sent.is_none()
            {
                let work = Box::pin(archive::send(run, access, image, &tag));
                sent = Some(at.or_cancelled(Step::Push, work).await?);
                goes_on(at).await?;
            }
            run.emit(Event::PushIntended { tag: tag.clone(), kind }).await?;
            match (holder, &sent) {
                (Holder::Engine(engine), _) => {
                    let mut on = |event: PushEvent| run.pushing(&tag, &event);
                    let login = Some(&access.login);
                    let work = engine.push(&built.image_id, &plan.repository, &tag, login, &mut on, at.permit);
                    at.or_cancelled(Step::Push, async { work.await.map_err(Failure::from) }).await?
                }
                (Holder::Archive(_), Some(sent)) => {
                    let put = access.client.put_manifest(&tag, &sent.media_type, sent.bytes.clone(), at.permit);
                    let digest = at.or_cancelled(Step::Push, async { put.await.map_err(Failure::from) }).await?;
                    engine::Pushed { digest, size: sent.bytes.len() as u64 }
                }
                (Holder::Archive(_), None) => return Err(nothing_built()),
            }
        };
        run.emit(Event::Pushed { tag: tag.clone(), kind, digest: pushed.digest.clone(), size: pushed.size }).await?;
        match &mut first {
            None => {
                let served =
                    at.or_cancelled(Step::Push, cross_check(&access.client, &tag, &pushed.digest, &built)).await?;
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
    let mut note = pushed.note();
    for (tag, why) in &run.release.left {
        note.push_str(&["; ", tag.as_str(), " left alone: ", why].concat());
    }
    run.succeed(Step::Push, note).await?;
    Ok(pushed)
}

/// Inside a task: its run is not over. Of one that is nothing more is pushed, since another may do the same by now.
async fn goes_on(at: &Surroundings<'_>) -> Result<(), Failure> {
    match at.own_task {
        Some(task) => task.check_goes_on().await,
        None => Ok(()),
    }
}

/// What an earlier release with this plan pushed, as the registry shows it now. A tag that shows something else today
/// is none of ours.
pub async fn read_back(run: &mut Run<'_, '_>, access: &Access) -> Result<Pushed, Failure> {
    let at = run.at;
    let built = run.release.built.clone().ok_or_else(nothing_built)?;
    let mut first: Option<Pushed> = None;
    for PlannedTag { tag, kind } in run.plan().tags.clone() {
        let known = run.release.pushes.iter().find(|push| push.tag == tag).cloned();
        let looking = held::holds(&access.client, &tag, &run.release);
        let Some(held) = at.or_cancelled(Step::Record, looking).await? else {
            if run.release.left.iter().all(|(left, _)| left != &tag) {
                let why = if known.is_some() { "it shows another image by now" } else { "it was not pushed" };
                run.emit(Event::TagLeft { tag, why: why.to_owned() }).await?;
            }
            continue;
        };
        if known.is_none_or(|push| push.digest.as_ref() != Some(&held.digest)) {
            let (digest, size) = (held.digest.clone(), held.size);
            run.emit(Event::Pushed { tag: tag.clone(), kind, digest, size }).await?;
        }
        match &mut first {
            None => {
                let served =
                    at.or_cancelled(Step::Record, cross_check(&access.client, &tag, &held.digest, &built)).await?;
                first = Some(served.with(PlannedTag { tag, kind }));
            }
            Some(served) => served.tags.push(PlannedTag { tag, kind }),
        }
    }
    first.ok_or_else(|| {
        Failure::failed(
            "there is nothing to record",
            format!("no tag of {} shows the image that was built", run.plan().repository),
            format!("push it: windlass rerun {} --from push", run.plan().release),
        )
    })
}

fn nothing_built() -> Failure {
    Failure::failed("there is no image to push", "the build step left none", "release again: windlass release")
}

impl Pushed {
    pub(super) fn with(mut self, tag: PlannedTag) -> Self {
        self.tags.push(tag);
        self
    }

    pub(super) fn note(&self) -> String {
        let names: Vec<&str> = self.tags.iter().map(|t| t.tag.as_str()).collect();
        format!("{}  {}", self.top().short(), names.join(", "))
    }

    /// The digest a tag points to.
    pub fn top(&self) -> &Digest {
        self.index.as_ref().unwrap_or(&self.manifest)
    }
}

/// The bytes behind the first tag are fetched and hashed, and their config must be the image that was built:
/// on difference nothing more is pushed.
pub(super) async fn cross_check(client: &Client, tag: &Tag, pushed: &Digest, built: &Built) -> Result<Pushed, Failure> {
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
        return Err(differs(format!("{} was pushed, the tag shows {}", pushed.short(), content.digest.short())));
    }
    let image = content.image_for(built.platform.as_ref());
    let config = image.map(|i| i.config.clone());
    if built.id_kind == IdKind::Config && config.as_ref() != Some(&built.image_id) {
        let found = config.as_ref().map_or("no image of this platform", |c| c.short());
        return Err(differs(format!("the image built is {}, the tag shows {found}", built.image_id.short())));
    }
    let manifest = image.map_or_else(|| content.digest.clone(), |i| i.manifest.clone());
    let index = content.index.then(|| content.digest.clone());
    let layers = image.map(|image| image.layers.clone()).unwrap_or_default();
    Ok(Pushed { tags: Vec::new(), manifest, config, index, layers })
}

/// Why the moving tag must be left alone: it shows a release whose commit is no ancestor of ours.
pub(super) async fn newer_release(
    client: &Client,
    journal: &Journal,
    checkout: &Checkout,
    plan: &Plan,
    tag: &Tag,
) -> Result<Option<String>, Failure> {
    let shown = match client.observe(tag, &|_| None, true).await {
        Observation::Seen { content, .. } => content,
        // What is not there, or is no image, is not a release of ours.
        Observation::Absent { .. } | Observation::Corrupt { .. } | Observation::Unreadable { .. } => return Ok(None),
        other => return Err(unanswered(&format!("it cannot be told what {tag} shows"), &other)),
    };
    let records = journal.records(&plan.repository).await?;
    let Some(record) = records.iter().find(|r| shows(&shown, r)) else { return Ok(None) };
    let theirs = format!("it shows release {} of commit {}", record.release, record.commit.short());
    Ok(match checkout.is_ancestor(&record.commit, &plan.source.commit).await? {
        Some(true) => None,
        Some(false) => Some(format!("{theirs}, which is not an ancestor of {}", plan.source.commit.short())),
        None => Some(format!("{theirs}, which this clone does not have (git fetch --unshallow, or --move)")),
    })
}

fn shows(content: &Content, record: &Record) -> bool {
    record.top_digests().any(|d| d == &content.digest)
        || record.config().is_some_and(|config| content.images.iter().any(|i| &i.config == config))
}
