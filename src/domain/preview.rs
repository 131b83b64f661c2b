//! What a release will do, as it is shown before anybody says yes.

use super::{
    digest::Digest,
    plan::{Plan, TagKind},
    reference::Tag,
};

/// A plan, and what its tags show before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    pub plan: Plan,
    /// `None`: the registry has no such tag.
    pub tags_now: Vec<(Tag, Option<Digest>)>,
}

impl Preview {
    /// Labels and what stands beside them, the image first.
    #[must_use]
    pub fn rows(&self) -> Vec<(&'static str, String)> {
        let plan = &self.plan;
        let source = &plan.source;
        let state = match (source.dirty, source.reviewed) {
            (true, _) => "with uncommitted changes",
            (false, true) => "clean, reviewed",
            (false, false) => "clean, unreviewed",
        };
        let branch = source.branch.as_deref().unwrap_or("-");
        let mut rows = vec![
            ("image", format!("{} to {}", plan.image, plan.repository)),
            ("commit", format!("{} of {branch}, {state}", source.commit.short())),
            ("build", format!("{} in {}", plan.build.dockerfile, plan.build.context)),
            ("secret", plan.secret.to_string()),
        ];
        for tag in &plan.tags {
            let shown = self.tags_now.iter().find(|(t, _)| t == &tag.tag).and_then(|(_, digest)| digest.as_ref());
            let (kind, change) = match (tag.kind, shown) {
                (TagKind::Frozen, None) => ("frozen", "new".to_owned()),
                (TagKind::Frozen, Some(digest)) => ("frozen", format!("taken by {}: {}", digest.short(), taken(plan))),
                (TagKind::Moving, None) => ("moving", "new".to_owned()),
                (TagKind::Moving, Some(digest)) => ("moving", format!("{} is replaced", digest.short())),
            };
            rows.push((kind, format!("{}  {change}", tag.tag)));
        }
        rows
    }
}

/// What happens at a frozen tag that is there already.
fn taken(plan: &Plan) -> String {
    match &plan.parent {
        None => "the release would stop".to_owned(),
        Some(parent) => format!("the release would stop, unless that is the image of {parent}"),
    }
}
