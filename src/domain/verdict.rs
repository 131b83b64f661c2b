//! Record × observation → verdict: a total function. The words are the same everywhere.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    observation::{Content, Hashed, Observation, ObservedImage},
    record::{IdKind, Known, Record},
    reference::Tag,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The very bytes that were recorded, fetched and hashed in this run.
    Match,
    /// The recorded config (which pins every layer's content) under another manifest: another pusher.
    SameImageRepacked,
    /// HEAD names a digest whose bytes were hashed in an earlier run.
    MatchClaimed,
    /// Another index, with the recorded manifest still inside.
    IndexChanged,
    NotRecorded,
    Mismatch,
    /// The tag shows an image that is recorded, for another release.
    TagMoved,
    /// The same layers under another config: environment, command or labels differ.
    SameFilesNewConfig,
    OtherPlatformOnly,
    Missing,
    Corrupt,
    /// The record holds no identity that a registry can show.
    Uncomparable,
    Denied,
    RateLimited,
    Unreachable,
}

/// What a verdict means for whoever has to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    Good,
    Notice,
    Bad,
    Unknown,
}

impl Class {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Notice => "notice",
            Self::Bad => "bad",
            Self::Unknown => "unknown",
        }
    }

    /// How much it weighs beside others.
    #[must_use]
    pub fn weight(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::Notice => 1,
            Self::Unknown => 2,
            Self::Bad => 3,
        }
    }
}

impl Verdict {
    pub const ALL: [Self; 15] = [
        Self::Match,
        Self::SameImageRepacked,
        Self::MatchClaimed,
        Self::IndexChanged,
        Self::NotRecorded,
        Self::Mismatch,
        Self::TagMoved,
        Self::SameFilesNewConfig,
        Self::OtherPlatformOnly,
        Self::Missing,
        Self::Corrupt,
        Self::Uncomparable,
        Self::Denied,
        Self::RateLimited,
        Self::Unreachable,
    ];

    #[must_use]
    pub fn class(self) -> Class {
        match self {
            Self::Match | Self::SameImageRepacked => Class::Good,
            Self::MatchClaimed | Self::IndexChanged | Self::NotRecorded => Class::Notice,
            Self::Mismatch
            | Self::TagMoved
            | Self::SameFilesNewConfig
            | Self::OtherPlatformOnly
            | Self::Missing
            | Self::Corrupt => Class::Bad,
            Self::Uncomparable | Self::Denied | Self::RateLimited | Self::Unreachable => Class::Unknown,
        }
    }

    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::SameImageRepacked => "same-image-repacked",
            Self::MatchClaimed => "match-claimed",
            Self::IndexChanged => "index-changed",
            Self::NotRecorded => "not-recorded",
            Self::Mismatch => "mismatch",
            Self::TagMoved => "tag-moved",
            Self::SameFilesNewConfig => "same-files-new-config",
            Self::OtherPlatformOnly => "other-platform-only",
            Self::Missing => "missing",
            Self::Corrupt => "corrupt",
            Self::Uncomparable => "uncomparable",
            Self::Denied => "denied",
            Self::RateLimited => "rate-limited",
            Self::Unreachable => "unreachable",
        }
    }

    /// A sign that needs no colour.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self.class() {
            Class::Good => "✓",
            Class::Notice => "•",
            Class::Bad => "✗",
            Class::Unknown => "?",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    pub verdict: Verdict,
    /// The evidence in one sentence.
    pub why: String,
}

/// Judges one tag.
///
/// `record` is the newest that names the tag; `all` are all records of the repository, used to say which
/// release an image belongs to. That an image is another release's is known for certain, so it is said
/// before anything that is concluded from layers or platforms.
#[must_use]
pub fn judge(tag: &Tag, record: Option<&Known>, all: &[Known], observation: &Observation) -> Judgement {
    match observation {
        Observation::Seen { content, hashed } => judge_content(tag, record, all, content, *hashed),
        Observation::Absent { visible } => {
            let absent = if *visible {
                "the registry has no such tag"
            } else {
                "it is missing or not visible to this credential"
            };
            match record {
                Some(known) => say(Verdict::Missing, format!("{} recorded {tag}; {absent}", known.cite())),
                None => say(Verdict::Missing, format!("no record names {tag}, and {absent}")),
            }
        }
        Observation::Corrupt { expected, actual } => say(
            Verdict::Corrupt,
            format!("the registry serves bytes of {} where {} was claimed", actual.short(), expected.short()),
        ),
        Observation::Unreadable { why } => {
            say(Verdict::Corrupt, format!("what the registry serves is no image: {why}"))
        }
        Observation::Denied { why } => say(Verdict::Denied, why.clone()),
        Observation::RateLimited { retry_after_seconds: None } => {
            say(Verdict::RateLimited, "the registry asks to slow down".to_owned())
        }
        Observation::RateLimited { retry_after_seconds: Some(seconds) } => {
            say(Verdict::RateLimited, format!("the registry asks to wait {seconds} s"))
        }
        Observation::Unreachable { why } => say(Verdict::Unreachable, why.clone()),
    }
}

fn say(verdict: Verdict, why: String) -> Judgement {
    Judgement { verdict, why }
}

fn judge_content(tag: &Tag, record: Option<&Known>, all: &[Known], content: &Content, hashed: Hashed) -> Judgement {
    let Some(known) = record else {
        let why = match all.iter().find(|k| is_image_of(&k.record, content)) {
            Some(other) => format!("no record names {tag}; its image is that of {}", other.cite()),
            None => format!("no record names {tag} or its image"),
        };
        return say(Verdict::NotRecorded, why);
    };
    let judgement = compare(known, all, content);
    match (judgement.verdict.class(), hashed) {
        (Class::Good, Hashed::Earlier(at)) => {
            let earlier = at.strftime("%Y-%m-%d %H:%M:%S UTC");
            let why = match judgement.verdict {
                Verdict::Match => {
                    let found = content.digest.short();
                    format!("the registry names {found}, hashed {earlier}; recorded by {}", known.cite())
                }
                _ => format!("the registry names what was hashed {earlier}: {}", judgement.why),
            };
            say(Verdict::MatchClaimed, why)
        }
        _ => judgement,
    }
}

fn compare(known: &Known, all: &[Known], content: &Content) -> Judgement {
    let record = &known.record;
    let release = known.cite();
    let found = content.digest.short();
    if record.top_digests().any(|d| d == &content.digest) {
        return say(Verdict::Match, format!("{found} hashed; recorded by {release}"));
    }
    let inside = |manifest| content.images.iter().any(|i| Some(&i.manifest) == manifest);
    if content.index && record.manifest_digest.is_some() && inside(record.manifest_digest.as_ref()) {
        return say(
            Verdict::IndexChanged,
            format!("{release} recorded another index than {found}; its manifest is inside"),
        );
    }
    if record.config().is_some_and(|config| content.images.iter().any(|i| &i.config == config)) {
        // An artifact with an image id alone says nothing of a manifest: its image is all there is to compare.
        if !content.index && record.top_digests().next().is_none() {
            let id = record.image_id.short();
            return say(Verdict::Match, format!("{found} hashed, with the image {id}; recorded by {release}"));
        }
        return say(Verdict::SameImageRepacked, format!("the image of {release} under another manifest, {found}"));
    }
    if let Some(other) = all.iter().find(|k| k.record.release != record.release && is_image_of(&k.record, content)) {
        return say(Verdict::TagMoved, format!("shows the image of {}, not of {release}", other.cite()));
    }
    let Some(image) = content.image_for(record.platform.as_ref()) else {
        let wanted = record.platform.as_ref().map_or("one platform", |p| p.as_str());
        return say(
            Verdict::OtherPlatformOnly,
            format!("{release} recorded {wanted}; {found} has {}", platforms(&content.images)),
        );
    };
    if !record.diff_ids.is_empty() && image.diff_ids == record.diff_ids {
        return say(
            Verdict::SameFilesNewConfig,
            format!(
                "the files of {release} under config {}: environment, command or labels differ",
                image.config.short()
            ),
        );
    }
    if record.config().is_none() && record.diff_ids.is_empty() && record.manifest_digest.is_none() {
        return say(
            Verdict::Uncomparable,
            format!("{release} recorded {}, which no registry shows", kind_in_words(record.id_kind)),
        );
    }
    // A hash is compared with one of its kind.
    let (kind, recorded, shown) = match (record.config(), record.top_digests().next()) {
        (None, Some(manifest)) => ("the manifest ", manifest, &content.digest),
        (config, _) => ("", config.unwrap_or(&record.image_id), &image.config),
    };
    say(
        Verdict::Mismatch,
        format!(
            "{release} recorded {kind}{}; the registry shows {kind}{} of no record",
            recorded.short(),
            shown.short()
        ),
    )
}

/// This content is the image that was recorded.
#[must_use]
pub fn is_image_of(record: &Record, content: &Content) -> bool {
    record.top_digests().any(|d| d == &content.digest || content.images.iter().any(|i| &i.manifest == d))
        || record.config().is_some_and(|config| content.images.iter().any(|i| &i.config == config))
}

fn platforms(images: &[ObservedImage]) -> String {
    let names: Vec<&str> =
        images.iter().map(|i| i.platform.as_ref().map_or("an unnamed platform", |p| p.as_str())).collect();
    if names.is_empty() { "no image".to_owned() } else { names.join(", ") }
}

fn kind_in_words(kind: IdKind) -> &'static str {
    match kind {
        IdKind::Config => "a config digest",
        IdKind::Manifest => "a manifest digest of the engine's own store",
        IdKind::Index => "an index digest of the engine's own store",
        IdKind::Unknown => "an id of unknown kind",
    }
}

#[cfg(test)]
mod tests;
