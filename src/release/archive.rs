//! The archive step, which is there in place of a build: the image is read from an archive, checked, and then sent to the
//! registry from there, without an engine.

use std::{
    collections::BTreeMap,
    fs::File,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use tokio::{task::spawn_blocking, time::interval};

use super::{Surroundings, cluster_again::services_now, local::Run, preflight::Access, progress::Progress};
use crate::{
    archive::{Archive, ArchiveError, Image, Layer, Reading, Stored, Wanted},
    domain::{
        archive::{ArchiveSource, Archived, PlannedArchive},
        digest::Digest,
        event::{Built, Event, PushedLayer, Step},
        failure::Failure,
        finding::CheckId,
        plan::Plan,
        record::IdKind,
        reference::{Repository, Tag},
        task::TaskId,
        written::{bytes, time},
    },
    log::sanitise::plain,
    registry::{Client, RegistryError},
    secrets::{Vault, VaultPaths},
    signin,
    taskcluster::{Deployment, Storage, TaskclusterError},
};

/// Between two tellings of how far it is.
const PACE: Duration = Duration::from_millis(100);
/// Layers that are sent at once. More bring nothing: each is packed on all processors.
const AT_ONCE: usize = 2;
/// Nobody keeps more in one file of a release.
const CAP: u64 = 64 * 1024 * 1024 * 1024;

/// The whole step.
pub async fn archive(run: &mut Run<'_, '_>) -> Result<Image, Failure> {
    run.start(Step::Archive).await?;
    let at = run.at;
    let plan = run.plan().clone();
    let (image, from) = at.or_cancelled(Step::Archive, read(run)).await?;
    super::preflight::same_platform(run, &plan, image.platform.as_ref(), "the image of the archive is").await?;
    let size: u64 = image.layers.iter().map(Layer::size).sum();
    let labelled = |revision: &String| format!(", labelled as of {}", revision.chars().take(12).collect::<String>());
    let labelled = image.revision.as_ref().map(labelled).unwrap_or_default();
    let layers = match image.layers.len() {
        1 => "1 layer".to_owned(),
        count => format!("{count} layers"),
    };
    let note = format!("{}  {}, {layers}, {}{labelled}", image.id.short(), from.layout, bytes(size));
    run.emit(Event::Built(built(&image, from))).await?;
    run.succeed(Step::Archive, note).await?;
    Ok(image)
}

/// The image that was read before, by this release's plan. The archive may be another by now.
pub async fn again(run: &mut Run<'_, '_>, first: Step) -> Result<Image, Failure> {
    let at = run.at;
    let (image, _) = at.or_cancelled(first, read(run)).await?;
    match &run.release.built {
        Some(built) if built.image_id != image.id => Err(Failure::failed(
            "the archive holds another image by now",
            format!("{} was read from it, and it holds {}", built.image_id.short(), image.id.short()),
            "release what it holds now: windlass release --from-archive",
        )),
        _ => Ok(image),
    }
}

fn built(image: &Image, from: Archived) -> Built {
    Built {
        image_id: image.id.clone(),
        id_kind: IdKind::Config,
        diff_ids: image.diff_ids(),
        platform: image.platform.clone(),
        builder: "archive".to_owned(),
        engine: from.layout.clone(),
        dockerfile_digest: None,
        context_digest: None,
        log_digest: None,
        log_clipped: false,
        steps: 0,
        cached: 0,
        archive: Some(Box::new(from)),
    }
}

/// What can be known of the archive before it is read: that it is there.
pub async fn is_there(run: &Run<'_, '_>, plan: &PlannedArchive) -> Result<(), Failure> {
    match &plan.source {
        ArchiveSource::File(path) => open_file(path.clone()).await.map(drop),
        ArchiveSource::Artifact { task, run: attempt, name } => {
            let deployment = deployment(run.at, plan)?;
            let found = match deployment.artifact(task, *attempt, name).await {
                Ok(found) => found,
                Err(error) => return Err(not_given(run.at, run.plan(), (task, name), error).await),
            };
            if found.storage == Storage::Error {
                return Err(Failure::failed(
                    format!("the task {task} left no {}", plain(name)),
                    "its worker could not make or upload it",
                    format!("see why: windlass artifacts {task}"),
                ));
            }
            // The queue tells of it until it is swept.
            if found.expires <= services_now(&deployment) {
                return Err(expired(task, name, &format!("it was kept until {} UTC", time(found.expires))));
            }
            Ok(())
        }
    }
}

/// Why an artifact is not given. Source: queue, `getArtifact`: 410 of one that has expired, and 404 once it is swept.
async fn not_given(
    at: &Surroundings<'_>,
    plan: &Plan,
    (task, name): (&TaskId, &str),
    error: TaskclusterError,
) -> Failure {
    let named = plain(name);
    match (error.status(), at.own_task) {
        (Some(410), _) => expired(task, name, "the queue does not give it any more"),
        (Some(404), _) if error.is_absent() => Failure::failed(
            format!("the task {task} has no {named}"),
            "it left none of that name, or that has expired and was swept: the queue does not tell",
            format!("see what it left: windlass artifacts {task}"),
        )
        .explained_by(CheckId::Dates),
        (_, Some(own)) if error.is_denied() => {
            let what = format!("{} may not have {named} of the task {task}", own.run);
            own.denied(&format!("queue:get-artifact:{named}"), what, &plan.source, error.into()).await
        }
        _ => error.into(),
    }
}

fn expired(task: &TaskId, name: &str, why: &str) -> Failure {
    let named = plain(name);
    let next = format!(
        "have it made again, windlass rerun {task}, and release that: windlass release --from-archive {task}:{named}"
    );
    Failure::failed(format!("{named} of the task {task} has expired"), why, next).explained_by(CheckId::Dates)
}

/// Fetches, unpacks, reads and checks, and tells how far that is.
async fn read(run: &mut Run<'_, '_>) -> Result<(Image, Archived), Failure> {
    let at = run.at;
    let plan = run.plan().clone();
    let planned = plan.archive.clone().ok_or_else(|| {
        Failure::failed(
            "there is no archive to read",
            "the plan names none",
            "release again: windlass release --from-archive",
        )
    })?;
    let reading = Ended(Arc::new(Reading::default()));
    // Also where all of it takes less than a moment.
    run.progress(Progress::Archive { bytes: 0 });
    let mut work = Box::pin(open(at, &plan, &planned, &reading.0));
    let mut ticks = interval(PACE);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            _ = ticks.tick() => run.progress(Progress::Archive { bytes: reading.0.bytes.load(Ordering::Relaxed) }),
        }
    }
}

/// Ends the threads that read, once nobody waits for them.
struct Ended(Arc<Reading>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.ended.store(true, Ordering::Relaxed);
    }
}

async fn open(
    at: &Surroundings<'_>,
    plan: &Plan,
    planned: &PlannedArchive,
    reading: &Arc<Reading>,
) -> Result<(Image, Archived), Failure> {
    let name = plain(&planned.source.to_string());
    let file = match &planned.source {
        ArchiveSource::File(path) => open_file(path.clone()).await?,
        ArchiveSource::Artifact { task, run, name } => {
            let deployment = deployment(at, planned)?;
            let unwritten = |source| {
                ArchiveError::Unwritten { folder: at.paths.state.display().to_string(), source }.of(&plain(name))
            };
            // Without a name: it is gone with this process, however that ends.
            let file = tempfile::tempfile_in(&at.paths.state).map_err(unwritten)?;
            let mut sink = tokio::fs::File::from_std(file.try_clone().map_err(unwritten)?);
            if let Err(error) = deployment.download(task, *run, name, CAP, &mut sink).await {
                return Err(not_given(at, plan, (task, name), error).await);
            }
            file
        }
    };
    let (scratch, reading) = (at.paths.state.clone(), Arc::clone(reading));
    let (repository, platform) = (plan.repository.clone(), plan.build.platform.clone());
    let read = spawn_blocking(move || {
        let archive = Archive::open(file, &scratch, &reading)?;
        let wanted = Wanted { repository: &repository, platform: platform.as_ref() };
        let image = archive.image(wanted, &reading)?;
        Ok::<_, ArchiveError>((image, archive.sha256))
    });
    let (image, sha256) = match read.await {
        Ok(read) => read.map_err(|error| error.of(&name))?,
        Err(e) => return Err(Failure::failed(format!("{name} was not read"), e.to_string(), "report this")),
    };
    let archived = Archived { from: planned.clone(), layout: image.layout.word().to_owned(), sha256 };
    Ok((image, archived))
}

/// On a thread of its own: whatever is there, opening it must not hold anything up.
async fn open_file(path: String) -> Result<File, Failure> {
    let name = plain(&path);
    let opened = spawn_blocking(move || {
        // Opening a pipe would wait for somebody to write into it.
        if !std::fs::metadata(&path)?.is_file() {
            return Err(ArchiveError::NotAnArchive {
                why: "it is no file whose bytes can be read in any order".to_owned(),
            });
        }
        Ok(File::open(&path)?)
    });
    match opened.await {
        Ok(opened) => opened.map_err(|error| error.of(&name)),
        Err(e) => Err(Failure::failed(format!("{name} was not opened"), e.to_string(), "report this")),
    }
}

fn deployment(at: &Surroundings<'_>, planned: &PlannedArchive) -> Result<Deployment, Failure> {
    let root = planned.root.clone().ok_or_else(|| {
        Failure::usage(
            "it is not known where the task is",
            "an artifact is of a task of a Taskcluster deployment",
            "name it in windlass.toml: root-url under [taskcluster]",
        )
        .explained_by(CheckId::Client)
    })?;
    let vault = || {
        let paths = VaultPaths { vault: at.paths.vault(), identity: at.paths.identity() };
        Ok(Vault::open(paths, at.passphrase)?)
    };
    Ok(signin::access(root, &at.environment, at.settings, at.paths, vault)?.deployment)
}

/// What is put under each tag: the manifest, with its media type. All that it refers to is in the registry before.
pub struct Sendable {
    pub media_type: String,
    pub bytes: Bytes,
}

/// Has the registry have all of the image: what it has already is not sent, what another of its repositories has is taken
/// over from there. Nothing is tagged.
pub async fn send(run: &mut Run<'_, '_>, access: &Access, image: &Image, tag: &Tag) -> Result<Sendable, Failure> {
    let at = run.at;
    let known = known(run, image).await?;
    let layers: BTreeMap<&Digest, &Layer> = image.layers.iter().map(|layer| (&layer.diff_id, layer)).collect();
    let total = layers.values().map(|layer| layer.size()).sum();
    let (count, taken) = (layers.len(), Arc::new(AtomicU64::new(0)));
    let mut kept: BTreeMap<Digest, Stored> = BTreeMap::new();
    let sending = stream::iter(layers.into_values()).map(|layer| {
        let (client, taken) = (&access.client, Arc::clone(&taken));
        let known = known.get(&layer.diff_id);
        async move { send_layer(client, layer, known, taken, at).await }
    });
    let mut sending = std::pin::pin!(sending.buffer_unordered(AT_ONCE));
    // A quick registry has all of it before the first tick.
    run.progress(Progress::Layers { tag: tag.clone(), layers: count, sent: 0, total });
    let mut ticks = interval(PACE);
    loop {
        tokio::select! {
            biased;
            sent = sending.next() => match sent {
                None => break,
                Some(sent) => {
                    let layer = sent?;
                    kept.insert(layer.diff_id.clone(), Stored { digest: layer.digest.clone(), size: layer.size });
                    if !run.release.layers.contains(&layer) {
                        run.emit(Event::LayerPushed(layer)).await?;
                    }
                }
            },
            _ = ticks.tick() => {
                let sent = taken.load(Ordering::Relaxed).min(total);
                run.progress(Progress::Layers { tag: tag.clone(), layers: count, sent, total });
            }
        }
    }
    if access.client.blob(&image.id).await?.is_none() {
        access.client.send_bytes("the image's config", image.config.clone(), at.permit).await?;
    }
    let stored: Vec<Stored> = image.layers.iter().filter_map(|layer| kept.get(&layer.diff_id).cloned()).collect();
    let (media_type, bytes) = image.manifest(&stored);
    Ok(Sendable { media_type, bytes })
}

/// How a layer's content is kept in the registry, and which of its repositories have it so.
struct Known {
    digest: Digest,
    repositories: Vec<Repository>,
}

/// What is known of the image's layers: what this release has sent, or the one that it takes up; and what releases to this
/// registry have recorded.
async fn known(run: &Run<'_, '_>, image: &Image) -> Result<BTreeMap<Digest, Known>, Failure> {
    let own = run.plan().repository.clone();
    let mut known: BTreeMap<Digest, Known> = BTreeMap::new();
    let mut add = |diff_id: &Digest, digest: &Digest, repository: &Repository| {
        let Some(layer) = image.layers.iter().find(|layer| layer.diff_id == *diff_id) else { return };
        // What is packed already goes as it is, or not at all.
        if layer.packed.as_ref().is_some_and(|packed| packed != digest) {
            return;
        }
        let at =
            known.entry(diff_id.clone()).or_insert_with(|| Known { digest: digest.clone(), repositories: Vec::new() });
        if at.digest == *digest && !at.repositories.contains(repository) {
            at.repositories.push(repository.clone());
        }
    };
    for layer in &run.release.layers {
        add(&layer.diff_id, &layer.digest, &own);
    }
    // The newest first, and of this repository before others.
    let mut records = run.at.journal.all_records().await?;
    records.retain(|record| record.repository.host() == own.host() && record.layers.len() == record.diff_ids.len());
    records.sort_by_key(|record| record.repository != own);
    for record in &records {
        for (diff_id, digest) in record.diff_ids.iter().zip(&record.layers) {
            add(diff_id, digest, &record.repository);
        }
    }
    Ok(known)
}

async fn send_layer(
    client: &Client,
    layer: &Layer,
    known: Option<&Known>,
    taken: Arc<AtomicU64>,
    at: &Surroundings<'_>,
) -> Result<PushedLayer, RegistryError> {
    let pushed = |digest: &Digest, size| PushedLayer { diff_id: layer.diff_id.clone(), digest: digest.clone(), size };
    if let Some(digest) = layer.packed.as_ref().or(known.map(|known| &known.digest))
        && let Some(size) = there(client, digest, known, at).await?
    {
        taken.fetch_add(layer.size(), Ordering::Relaxed);
        return Ok(pushed(digest, size));
    }
    let what = format!("layer {}", layer.diff_id.short());
    let first = AtomicBool::new(true);
    let make = || {
        // A second try reads what the first has counted.
        let count = first.swap(false, Ordering::Relaxed);
        layer.stream(if count { Arc::clone(&taken) } else { Arc::default() })
    };
    let kept = client.send_blob(&what, layer.packed.as_ref(), make, at.permit).await?;
    Ok(pushed(&kept.digest, kept.size))
}

/// How many bytes the registry has of this layer, or takes over from another repository; `None`: they have to be sent.
async fn there(
    client: &Client,
    digest: &Digest,
    known: Option<&Known>,
    at: &Surroundings<'_>,
) -> Result<Option<u64>, RegistryError> {
    if let Some(size) = client.blob(digest).await? {
        return Ok(Some(size));
    }
    for from in known.iter().filter(|known| known.digest == *digest).flat_map(|known| &known.repositories) {
        if client.mount(digest, from, at.permit).await?
            && let Some(size) = client.blob(digest).await?
        {
            return Ok(Some(size));
        }
    }
    Ok(None)
}
