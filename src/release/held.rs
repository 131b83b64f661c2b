//! What tags hold before anything is written to them: nothing, our own image, or somebody else's.

use crate::{
    domain::{
        digest::Digest,
        failure::Failure,
        observation::Observation,
        plan::{Plan, TagKind},
        reference::Tag,
        release::Release,
    },
    registry::{Client, Reference},
};

/// A tag that shows our image already.
pub struct Held {
    pub tag: Tag,
    pub digest: Digest,
    pub size: u64,
}

/// A frozen tag is written once; those that already hold what `ours` built are the answer. The login itself is judged
/// by the next step: a refusal is no finding here, and the tags are asked for again right before the push.
pub async fn frozen_tags(client: &Client, plan: &Plan, ours: Option<&Release>) -> Result<Vec<Held>, Failure> {
    let mut held = Vec::new();
    for tag in plan.tags.iter().filter(|t| t.kind == TagKind::Frozen) {
        let digest = match client.head(&Reference::Tag(tag.tag.clone())).await {
            Ok(None) => continue,
            Err(refused) if refused.is_denied() => return Ok(Vec::new()),
            found => found?,
        };
        let found = match ours {
            Some(ours) => holds(client, &tag.tag, ours).await?,
            None => None,
        };
        held.push(found.ok_or_else(|| {
            let digest = digest.as_ref().map_or("another image", |digest| digest.short());
            Failure::failed(
                format!("the frozen tag {} is taken", tag.tag),
                format!("{} already has it, as {digest}", plan.repository),
                "a frozen tag is written once: release again for a new date tag",
            )
        })?);
    }
    Ok(held)
}

/// Whether a tag shows the image of this release, by bytes that are fetched and hashed now.
pub async fn holds(client: &Client, tag: &Tag, ours: &Release) -> Result<Option<Held>, Failure> {
    let Some(manifest) = client.manifest(&Reference::Tag(tag.clone())).await? else { return Ok(None) };
    match client.observe(tag, &|_| None, true).await {
        Observation::Seen { content, .. } if content.digest == manifest.digest && ours.made(&content) => {
            Ok(Some(Held { tag: tag.clone(), digest: manifest.digest, size: manifest.bytes.len() as u64 }))
        }
        Observation::Seen { .. }
        | Observation::Absent { .. }
        | Observation::Corrupt { .. }
        | Observation::Unreadable { .. } => Ok(None),
        other => Err(unanswered(&format!("it cannot be told what {tag} shows"), &other)),
    }
}

/// The registry did not say what a tag shows.
pub fn unanswered(what: &str, observation: &Observation) -> Failure {
    match observation {
        Observation::Denied { why } => Failure::not_allowed(what, why, "give the login the right to pull as well"),
        Observation::Unreachable { why } => Failure::unreachable(what, why, "once it answers: windlass tags --fresh"),
        _ => Failure::unreachable(what, "the registry asks to slow down", "wait, then: windlass tags --fresh"),
    }
}
