//! What the registry answers for tags, and the bytes behind them hashed: one run asks each digest once, and
//! stops when further answers would be the same refusal.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicUsize, Ordering},
};

use futures_util::{StreamExt as _, future::try_join_all, stream};
use jiff::Timestamp;
use tokio::sync::{OnceCell, Semaphore};

use super::{
    client::Client,
    error::RegistryError,
    manifest::{Manifest, Reference},
    sharing::Shared,
};
use crate::{
    domain::{
        digest::Digest,
        observation::{Content, Hashed, Observation, ObservedImage},
        reference::{Platform, Tag},
    },
    image::{Config, Document, read_config, read_manifest},
};

/// What earlier runs hashed, by digest, and when.
type Known<'a> = &'a (dyn Fn(&Digest) -> Option<(Content, Timestamp)> + Send + Sync);

/// An index inside an index is allowed by the specification; nobody needs more.
const DEEPEST_INDEX: usize = 2;
/// After so many requests in a row without a useful answer, the rest of a run is not asked.
const PATIENCE: usize = 8;

impl Client {
    /// What this tag shows.
    ///
    /// `fresh`: its manifest and config are fetched and hashed now. Otherwise its digest is asked for by HEAD, and
    /// what `known` has for that digest is reported as hashed earlier; anything else is fetched and hashed.
    pub async fn observe(&self, tag: &Tag, known: Known<'_>, fresh: bool) -> Observation {
        let run = Run::new(self, known, fresh);
        // On the heap, as the many of `observe_all` are: callers need not become large.
        Box::pin(run.look(tag, fresh)).await
    }

    /// What these tags show, in their order; as [`Self::observe`] does, but many at once and each digest once.
    ///
    /// Digests are asked for by HEAD, which Docker Hub does not count, and each distinct one is then fetched and
    /// hashed. A refused login or a rate limit ends the run: the tags not yet asked get that answer.
    pub async fn observe_all(&self, tags: &[Tag], known: Known<'_>, fresh: bool) -> Vec<(Tag, Observation)> {
        let run = Run::new(self, known, fresh);
        let run = &run;
        // More at once than may ask: who waits for another's work needs no place.
        let at_once = 4 * self.concurrency();
        // Each future owns its tag: borrowed ones would keep this from being spawned.
        stream::iter(tags.to_vec())
            .map(|tag| async move {
                let observation = run.look(&tag, false).await;
                (tag, observation)
            })
            .buffered(at_once)
            .collect()
            .await
    }
}

/// A manifest that was hashed and read.
struct Read {
    media_type: String,
    document: Document,
}

struct Run<'a> {
    client: &'a Client,
    known: Known<'a>,
    fresh: bool,
    places: Semaphore,
    /// Why nothing more is asked.
    ended: OnceLock<RegistryError>,
    in_vain: AtomicUsize,
    manifests: Shared<Read>,
    configs: Shared<Config>,
    visible: OnceCell<bool>,
}

impl<'a> Run<'a> {
    fn new(client: &'a Client, known: Known<'a>, fresh: bool) -> Self {
        Self {
            client,
            known,
            fresh,
            places: Semaphore::new(client.concurrency()),
            ended: OnceLock::new(),
            in_vain: AtomicUsize::new(0),
            manifests: Shared::new(),
            configs: Shared::new(),
            visible: OnceCell::new(),
        }
    }

    /// `by_tag`: the manifest is fetched under its tag, which saves a HEAD where nothing can be shared.
    async fn look(&self, tag: &Tag, by_tag: bool) -> Observation {
        Box::pin(self.try_to_look(tag, by_tag)).await.unwrap_or_else(Observation::from)
    }

    async fn try_to_look(&self, tag: &Tag, by_tag: bool) -> Result<Observation, RegistryError> {
        let name = Reference::Tag(tag.clone());
        let digest = if by_tag {
            let Some(manifest) = self.asking(self.client.manifest(&name)).await? else {
                return Ok(self.absent().await);
            };
            let digest = manifest.digest.clone();
            self.manifests.get(&digest, async { self.read(&manifest) }).await?;
            digest
        } else {
            let Some(digest) = self.asking(self.client.head(&name)).await? else { return Ok(self.absent().await) };
            digest
        };
        if !self.fresh
            && let Some((content, at)) = (self.known)(&digest)
        {
            return Ok(Observation::Seen { content, hashed: Hashed::Earlier(at) });
        }
        let top = self.manifest(&digest).await?;
        let images = self.images(&digest, &top, None, 0).await?;
        let index = matches!(top.document, Document::Index(_));
        let content = Content { digest, media_type: top.media_type.clone(), index, images };
        Ok(Observation::Seen { content, hashed: Hashed::Now })
    }

    async fn absent(&self) -> Observation {
        let asked = || async { self.asking(async { Ok(self.client.may_list().await) }).await.unwrap_or(false) };
        Observation::Absent { visible: *self.visible.get_or_init(asked).await }
    }

    /// The images of a manifest: itself, or those of an index.
    async fn images(
        &self,
        digest: &Digest,
        read: &Read,
        platform: Option<&Platform>,
        depth: usize,
    ) -> Result<Vec<ObservedImage>, RegistryError> {
        match &read.document {
            Document::Artifact => Ok(Vec::new()),
            Document::Image { config, layers } => {
                let claims = self.config(&config.digest).await?;
                Ok(vec![ObservedImage {
                    manifest: digest.clone(),
                    config: config.digest.clone(),
                    platform: platform.or(claims.platform.as_ref()).cloned(),
                    diff_ids: claims.diff_ids.clone(),
                    layers: layers.iter().map(|layer| layer.digest.clone()).collect(),
                    created: claims.created,
                    labels: claims.labels.clone(),
                }])
            }
            Document::Index(_) if depth == DEEPEST_INDEX => Err(RegistryError::Unreadable {
                what: self.name(digest),
                why: format!("indexes are nested more than {DEEPEST_INDEX} deep"),
            }),
            Document::Index(children) => {
                let images = children.iter().map(|child| async move {
                    let read = self.manifest(&child.digest).await?;
                    Box::pin(self.images(&child.digest, &read, child.platform.as_ref(), depth + 1)).await
                });
                Ok(try_join_all(images).await?.into_iter().flatten().collect())
            }
        }
    }

    async fn manifest(&self, digest: &Digest) -> Result<Arc<Read>, RegistryError> {
        let fetch = async {
            let found = self.asking(self.client.manifest(&Reference::Digest(digest.clone()))).await?;
            self.read(&found.ok_or_else(|| RegistryError::Unreadable {
                what: self.name(digest),
                why: "the registry names it and does not have it".to_owned(),
            })?)
        };
        self.manifests.get(digest, fetch).await
    }

    fn read(&self, manifest: &Manifest) -> Result<Read, RegistryError> {
        let document = read_manifest(&manifest.media_type, &manifest.bytes)
            .map_err(|why| RegistryError::Unreadable { what: self.name(&manifest.digest), why })?;
        Ok(Read { media_type: manifest.media_type.clone(), document })
    }

    async fn config(&self, digest: &Digest) -> Result<Arc<Config>, RegistryError> {
        let fetch = async {
            let bytes = self.asking(self.client.config(digest)).await?;
            read_config(&bytes).map_err(|why| RegistryError::Unreadable {
                what: format!("config {} of {}", digest.short(), self.client.repository()),
                why,
            })
        };
        self.configs.get(digest, fetch).await
    }

    fn name(&self, digest: &Digest) -> String {
        self.client.name(&Reference::Digest(digest.clone()))
    }

    /// Waits for a place, asks, and notes whether asking on makes sense.
    async fn asking<T>(&self, request: impl Future<Output = Result<T, RegistryError>>) -> Result<T, RegistryError> {
        let _place = self.places.acquire().await.expect("the semaphore is never closed");
        if let Some(error) = self.ended.get() {
            return Err(error.clone());
        }
        let outcome = request.await;
        let ends = match &outcome {
            Err(error) if error.ends_a_run() => Some(error),
            Err(error @ (RegistryError::Unreachable { .. } | RegistryError::Denied { .. })) => {
                let in_vain = self.in_vain.fetch_add(1, Ordering::Relaxed) + 1;
                (in_vain >= PATIENCE).then_some(error)
            }
            _ => {
                self.in_vain.store(0, Ordering::Relaxed);
                None
            }
        };
        if let Some(error) = ends {
            self.ended.get_or_init(|| error.clone());
        }
        outcome
    }
}
