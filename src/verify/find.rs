//! What a digest is: image, manifest, index, layer, diff id, log; of which release.

use serde::Serialize;

use crate::{
    domain::{
        digest::{Digest, SHORTEST},
        failure::Failure,
        observation::Content,
        record::Record,
    },
    journal::Journal,
    registry::{Client, Reference},
};

/// A digest, or the beginning of one.
pub struct Sought {
    hex: String,
}

impl Sought {
    /// # Errors
    /// When it is no hexadecimal text of 7 to 64 digits.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        Digest::digits(text).map(|hex| Self { hex }).ok_or_else(|| {
            Failure::usage(
                format!("`{text}` is not a digest"),
                format!("sha256: and {SHORTEST} to 64 hexadecimal digits are expected"),
                "copy it from `docker images --no-trunc`, a record or `windlass tags --json`",
            )
        })
    }

    /// The beginning of what is sought, as digests are written.
    pub fn prefix(&self) -> String {
        format!("sha256:{}", self.hex)
    }

    fn is(&self, digest: &Digest) -> bool {
        digest.hex().starts_with(&self.hex)
    }

    fn whole(&self) -> Option<Digest> {
        self.prefix().parse().ok()
    }
}

/// One thing that the digest is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub digest: Digest,
    pub what: &'static str,
    pub release: Option<String>,
    pub repository: Option<String>,
    pub sentence: String,
}

/// Looks in the records, in what was observed before, and, for a whole digest, in the repositories.
///
/// # Errors
/// When the journal cannot be read. A repository that does not answer finds nothing.
pub async fn find(sought: &Sought, journal: &Journal, clients: &[Client]) -> Result<Vec<Finding>, Failure> {
    let mut found = Vec::new();
    let seen = journal.seen_records(None).await?.into_iter().map(|known| known.record);
    for record in journal.all_records().await?.into_iter().chain(seen) {
        found.extend(in_record(sought, &record));
    }
    if found.is_empty() {
        for content in journal.contents_with(&sought.prefix()).await? {
            found.extend(in_content(sought, &content));
        }
    }
    if found.is_empty()
        && let Some(digest) = sought.whole()
    {
        for client in clients {
            if let Some(manifest) = client.manifest(&Reference::Digest(digest.clone())).await? {
                let repository = client.repository();
                found.push(Finding {
                    sentence: format!(
                        "{} is a manifest in {repository} ({}), of no record",
                        digest.short(),
                        manifest.media_type
                    ),
                    what: "manifest",
                    release: None,
                    repository: Some(repository.to_string()),
                    digest: digest.clone(),
                });
            }
        }
    }
    found.sort_by(|a, b| a.sentence.cmp(&b.sentence));
    found.dedup();
    Ok(found)
}

fn in_record(sought: &Sought, record: &Record) -> Vec<Finding> {
    let named = [
        (Some(&record.image_id), "image id"),
        (record.config_digest.as_ref(), "config"),
        (record.manifest_digest.as_ref(), "manifest"),
        (record.index_digest.as_ref(), "index"),
        (record.log_digest.as_ref(), "build log"),
        (record.context_digest.as_ref(), "build context"),
        (record.dockerfile_digest.as_ref(), "Dockerfile"),
    ];
    let layers = record.diff_ids.iter().map(|d| (Some(d), "diff id (an uncompressed layer)"));
    let mut found: Vec<Finding> = Vec::new();
    for (digest, what) in named.into_iter().chain(layers) {
        let Some(digest) = digest.filter(|d| sought.is(d)) else { continue };
        if found.iter().any(|f| &f.digest == digest) {
            continue;
        }
        let tags: Vec<&str> = record.tags.iter().map(|t| t.tag.as_str()).collect();
        found.push(Finding {
            sentence: format!(
                "{} is the {what} of release {}: commit {} as {} {}",
                digest.short(),
                record.release,
                record.commit.short(),
                record.repository,
                tags.join(", ")
            ),
            what,
            release: Some(record.release.to_string()),
            repository: Some(record.repository.to_string()),
            digest: digest.clone(),
        });
    }
    found
}

fn in_content(sought: &Sought, content: &Content) -> Vec<Finding> {
    let top = if content.index { "index" } else { "manifest" };
    let mut named = vec![(&content.digest, top)];
    for image in &content.images {
        named.extend([(&image.manifest, "manifest"), (&image.config, "config (the image id)")]);
        named.extend(image.layers.iter().map(|d| (d, "compressed layer")));
        named.extend(image.diff_ids.iter().map(|d| (d, "diff id (an uncompressed layer)")));
    }
    let hit = named.into_iter().find(|(digest, _)| sought.is(digest));
    hit.map(|(digest, what)| Finding {
        sentence: format!(
            "{} is a {what} seen in a registry, under {}, of no record",
            digest.short(),
            content.digest.short()
        ),
        what,
        release: None,
        repository: None,
        digest: digest.clone(),
    })
    .into_iter()
    .collect()
}
