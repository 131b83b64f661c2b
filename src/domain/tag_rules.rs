//! `[tags]`: which tags a release pushes.

use std::collections::BTreeMap;

use super::{
    failure::Failure,
    plan::{PlannedTag, TagKind},
    template::{Field, NoTag, Template, Values},
};

/// Templates of the tags, and the branches' names in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagRules {
    /// Re-pointed by each release.
    pub moving: Vec<Template>,
    /// Written once.
    pub frozen: Vec<Template>,
    /// `{alias}` of a branch; branches that are not here go by their own name.
    pub alias: BTreeMap<String, String>,
}

impl Default for TagRules {
    fn default() -> Self {
        let template = |text: &str| text.parse().expect("the default templates are valid: a test plans with them");
        Self {
            moving: vec![template("{alias}")],
            frozen: vec![template("{branch}-{date}")],
            alias: ["master", "main"].map(|branch| (branch.to_owned(), "latest".to_owned())).into(),
        }
    }
}

/// The tags of a release cannot be named.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoTags {
    #[error(transparent)]
    NoTag(#[from] NoTag),
    #[error("the tag `{tag}` would be both moving (`{moving}`) and frozen (`{frozen}`)")]
    BothKinds { tag: String, moving: String, frozen: String },
}

impl TagRules {
    /// What `{alias}` stands for on this branch.
    #[must_use]
    pub fn alias_of<'a>(&'a self, branch: &'a str) -> &'a str {
        self.alias.get(branch).map_or(branch, String::as_str)
    }

    /// Some tag needs this value.
    #[must_use]
    pub fn need(&self, field: Field) -> bool {
        self.frozen.iter().chain(&self.moving).any(|template| template.needs(field))
    }

    /// The tags of a release, frozen ones first, none twice. `values.alias` is not looked at: it follows
    /// from the branch.
    ///
    /// # Errors
    /// When a value is not known, a text gives no tag, or one tag would be moving and frozen.
    pub fn plan(&self, values: &Values) -> Result<Vec<PlannedTag>, NoTags> {
        let alias = values.branch.as_deref().map(|branch| self.alias_of(branch).to_owned());
        let values = Values { alias, ..values.clone() };
        let frozen = self.frozen.iter().map(|template| (template, TagKind::Frozen));
        let moving = self.moving.iter().map(|template| (template, TagKind::Moving));
        let mut planned: Vec<(PlannedTag, &Template)> = Vec::new();
        for (template, kind) in frozen.chain(moving) {
            let tag = template.render_tag(&values)?;
            match planned.iter().find(|(other, _)| other.tag == tag) {
                None => planned.push((PlannedTag { tag, kind }, template)),
                Some((other, _)) if other.kind == kind => {}
                Some((_, frozen)) => {
                    return Err(NoTags::BothKinds {
                        tag: tag.to_string(),
                        moving: template.to_string(),
                        frozen: frozen.to_string(),
                    });
                }
            }
        }
        Ok(planned.into_iter().map(|(tag, _)| tag).collect())
    }
}

impl From<NoTags> for Failure {
    fn from(no_tags: NoTags) -> Self {
        match no_tags {
            NoTags::NoTag(no_tag) => no_tag.into(),
            NoTags::BothKinds { .. } => Self::usage(
                "the tags cannot be planned",
                no_tags.to_string(),
                "change one of the two templates in [tags] of windlass.toml",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(branch: Option<&str>) -> Values {
        Values {
            branch: branch.map(ToOwned::to_owned),
            commit: Some("a88b0c2a88b0c2a88b0c2a88b0c2a88b0c2a88b0".parse().unwrap()),
            date: Some("2026-11-21T09:30:00Z".parse().unwrap()),
            ..Values::default()
        }
    }

    fn rules(moving: &[&str], frozen: &[&str]) -> TagRules {
        let parse = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        TagRules { moving: parse(moving), frozen: parse(frozen), ..TagRules::default() }
    }

    fn plan(rules: &TagRules, branch: &str) -> Vec<String> {
        let word = |kind| if kind == TagKind::Frozen { "frozen" } else { "moving" };
        let planned = rules.plan(&values(Some(branch))).unwrap();
        planned.iter().map(|planned| format!("{} {}", word(planned.kind), planned.tag)).collect()
    }

    #[test]
    fn by_default_a_date_tag_and_a_branch_tag() {
        assert_eq!(plan(&TagRules::default(), "master"), ["frozen master-2026-11-21-09-30-00", "moving latest"]);
        assert_eq!(plan(&TagRules::default(), "rel/1"), ["frozen rel-1-2026-11-21-09-30-00", "moving rel-1"]);
    }

    #[test]
    fn no_tag_is_planned_twice() {
        assert_eq!(plan(&rules(&["{alias}", "latest", "{branch}"], &[]), "main"), ["moving latest", "moving main"]);
    }

    #[test]
    fn one_tag_cannot_be_moving_and_frozen() {
        let error = rules(&["latest"], &["{alias}"]).plan(&values(Some("main"))).unwrap_err();
        assert_eq!(error.to_string(), "the tag `latest` would be both moving (`latest`) and frozen (`{alias}`)");
        assert_eq!(Failure::from(error).kind.exit_code(), 2);
    }

    #[test]
    fn without_a_branch_only_tags_that_do_without_can_be_planned() {
        let failure = Failure::from(TagRules::default().plan(&values(None)).unwrap_err());
        assert_eq!((failure.kind.exit_code(), failure.next.as_str()), (2, "name the branch: --branch NAME"));
        assert!(rules(&[], &["{short}"]).plan(&values(None)).is_ok());
    }
}
