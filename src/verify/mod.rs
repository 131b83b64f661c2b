//! The use case behind the side-by-side table: registry and record, joined by tag, judged.

pub mod find;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path,
};

use jiff::Timestamp;

use crate::{
    attest,
    domain::{
        digest::Digest,
        failure::Failure,
        observation::{Content, Hashed, Observation},
        record::{Known, RecordSource},
        reference::{Repository, Tag},
        release::{Release, ReleaseState},
        table::{Row, Table},
        verdict::{Judgement, Verdict, is_image_of, judge},
    },
    journal::{Journal, ReleaseFilter},
    registry::{Client, RegistryError, is_referrer_tag},
    release::lock,
};

/// What is asked, of whom.
pub struct Question<'a> {
    pub repository: &'a Repository,
    pub client: &'a Client,
    pub journal: &'a Journal,
    /// Where the locks are: whether a release without a record still runs.
    pub locks: &'a Path,
    /// A folder whose records count beside the journal's.
    pub folder: Option<&'a Path>,
    /// Only these tags; without them all that the registry lists or a record names.
    pub tags: Option<Vec<Tag>>,
    /// Fetch and hash everything now, whatever is known.
    pub fresh: bool,
}

/// Reads the registry and the records, and judges.
///
/// # Errors
/// When the tags cannot be listed or the journal cannot be read. What fails for one tag is its verdict.
pub async fn table(question: &Question<'_>) -> Result<Table, Failure> {
    let known = records(question.journal, question.repository, question.folder).await?;
    let tags = if let Some(tags) = &question.tags {
        tags.clone()
    } else {
        let listed = match question.client.tags().await {
            // Before its first release a repository is not there, and that is no error.
            Err(RegistryError::NotFound { .. }) => Vec::new(),
            listed => listed?,
        };
        let recorded = known.iter().flat_map(|k| &k.record.tags).map(|t| t.tag.clone());
        let all: BTreeSet<Tag> = listed.into_iter().filter(|t| !is_referrer_tag(t)).chain(recorded).collect();
        all.into_iter().collect()
    };
    let cached =
        if question.fresh { HashMap::new() } else { question.journal.contents_of(question.repository).await? };
    let known_content = |digest: &Digest| cached.get(digest).map(|known| (known.content.clone(), known.hashed_at));
    let as_of = Timestamp::now();
    let observed = question.client.observe_all(&tags, &known_content, question.fresh).await;
    remember(question, &observed, as_of).await?;
    let unrecorded = without_record(question).await?;
    let rows = observed.into_iter().map(|(tag, observation)| row(tag, observation, &known, &unrecorded)).collect();
    Ok(Table { as_of, rows })
}

fn row(tag: Tag, observation: Observation, known: &[Known], unrecorded: &[Release]) -> Row {
    let named = known.iter().find(|k| k.record.names(&tag));
    // A record that a task left may name no tag that is written once: such a tag is joined to it by its image.
    let newest = named.or_else(|| {
        let Observation::Seen { content, .. } = &observation else { return None };
        known.iter().find(|k| !k.record.knows_its_tags() && is_image_of(&k.record, content))
    });
    let mut judgement = judge(&tag, newest, known, &observation);
    // An earlier record that names the tag says nothing of what a later release left under it.
    if of_no_record(judgement.verdict)
        && let Observation::Seen { content, .. } = &observation
        && let Some(release) = unrecorded.iter().find(|r| r.made(content) && r.pushes.iter().any(|p| p.tag == tag))
    {
        let id = &release.plan.release;
        let why = match release.state {
            ReleaseState::Pending | ReleaseState::Running => format!("release {id}, which is running, built it"),
            _ => format!("built by {id}, which ended before record: windlass rerun {id} --from record"),
        };
        judgement = Judgement { verdict: Verdict::NotRecorded, why };
    }
    let kind = newest.and_then(|k| k.record.tags.iter().find(|t| t.tag == tag)).map(|t| t.kind);
    Row { tag, kind, observation, known: newest.cloned(), judgement }
}

/// What the tag shows is in no record.
fn of_no_record(verdict: Verdict) -> bool {
    matches!(
        verdict,
        Verdict::NotRecorded
            | Verdict::Mismatch
            | Verdict::SameFilesNewConfig
            | Verdict::OtherPlatformOnly
            | Verdict::Uncomparable
    )
}

/// Releases that pushed something and left no record, or not yet.
async fn without_record(question: &Question<'_>) -> Result<Vec<Release>, Failure> {
    let filter = ReleaseFilter { repositories: vec![question.repository.clone()], ..ReleaseFilter::default() };
    let listing = question.journal.releases(filter, 200).await?;
    let mut releases: Vec<Release> =
        listing.releases.into_iter().filter(|r| r.record.is_none() && !r.pushes.is_empty()).collect();
    if releases.iter().any(|release| release.ended.is_none()) {
        let alive = lock::holder(question.locks, question.repository)?;
        for release in releases.iter_mut().filter(|release| alive.as_ref() != Some(&release.plan.release)) {
            release.found_dead();
        }
    }
    Ok(releases)
}

/// All records of a repository, the newest first.
pub async fn records(journal: &Journal, repository: &Repository, folder: Option<&Path>) -> Result<Vec<Known>, Failure> {
    let from_journal = journal.records(repository).await?;
    let mut known: Vec<Known> =
        from_journal.into_iter().map(|record| Known { record, source: RecordSource::Journal }).collect();
    let seen = journal.seen_records(Some(repository)).await?;
    let several = folder.is_some() || !seen.is_empty();
    known.extend(seen);
    if let Some(folder) = folder {
        for record in attest::read_all(folder)? {
            if &record.repository == repository && !known.iter().any(|k| k.record.release == record.release) {
                known.push(Known { record, source: RecordSource::Folder(folder.display().to_string()) });
            }
        }
    }
    if several {
        known.sort_by_key(|k| std::cmp::Reverse(k.record.when));
    }
    Ok(known)
}

/// Keeps every change of a tag's digest with its time, and what is behind each digest.
async fn remember(question: &Question<'_>, observed: &[(Tag, Observation)], at: Timestamp) -> Result<(), Failure> {
    let mut contents = BTreeMap::new();
    let mut seen = Vec::new();
    for (tag, observation) in observed {
        match observation {
            Observation::Seen { content, hashed } => {
                seen.push((tag.clone(), Some(content.digest.clone())));
                if *hashed == Hashed::Now {
                    contents.insert(content.digest.clone(), content.clone());
                }
            }
            Observation::Absent { visible: true } => seen.push((tag.clone(), None)),
            _ => {}
        }
    }
    let contents: Vec<Content> = contents.into_values().collect();
    question.journal.remember_contents(&contents, at).await?;
    question.journal.observe(question.repository, &seen, at).await?;
    Ok(())
}

/// Fetches and hashes every layer of what the tags show, each image once. What does not hash is `corrupt`.
///
/// # Errors
/// When the layers cannot be fetched. One that cannot be unpacked here is said through `note`.
pub async fn deep(client: &Client, table: &mut Table, note: &mut (dyn FnMut(&str) + Send)) -> Result<(), Failure> {
    let mut checked: HashMap<Digest, Option<String>> = HashMap::new();
    for row in &mut table.rows {
        let Some(images) = row.content().map(|content| content.images.clone()) else { continue };
        for image in images {
            if !checked.contains_key(&image.manifest) {
                let outcome = match client.verify_layers(&image, |_| {}).await {
                    Ok(()) => None,
                    Err(error @ RegistryError::Uncheckable { .. }) => {
                        note(&error.to_string());
                        None
                    }
                    Err(error @ (RegistryError::Corrupt { .. } | RegistryError::NotFound { .. })) => {
                        Some(error.to_string())
                    }
                    Err(other) => return Err(other.into()),
                };
                checked.insert(image.manifest.clone(), outcome);
            }
            if let Some(Some(why)) = checked.get(&image.manifest) {
                row.judgement = Judgement { verdict: Verdict::Corrupt, why: format!("a layer of the image: {why}") };
            }
        }
    }
    Ok(())
}
