//! Texts with placeholders, as in `{branch}-{date}`: tags and build arguments. Not a language: there are
//! no conditions and no functions, so that a tag can be told from its template by eye.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{failure::Failure, name::Commit, nearest::nearest, reference::Tag};

/// What a placeholder stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// The branch that is released.
    Branch,
    /// The branch's name in tags: `latest` for `master`.
    Alias,
    /// The commit, whole.
    Commit,
    /// The commit's first seven digits.
    Short,
    /// When the release was planned, UTC, as `2026-11-21-09-30-00`.
    Date,
    /// From the git tag `v*` at the commit, or from a file of the project.
    Version,
}

impl Field {
    pub const ALL: [Self; 6] = [Self::Branch, Self::Alias, Self::Commit, Self::Short, Self::Date, Self::Version];

    /// The word between the braces.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Branch => "branch",
            Self::Alias => "alias",
            Self::Commit => "commit",
            Self::Short => "short",
            Self::Date => "date",
            Self::Version => "version",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Field(Field),
}

/// A text with placeholders. `{{` and `}}` stand for the braces themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Template {
    source: String,
    parts: Vec<Part>,
}

/// A text that is no template. `at` counts bytes from the start of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTemplate {
    #[error("there is no placeholder `{{{name}}}`")]
    Unknown { name: String, nearest: Option<&'static str>, at: usize },
    #[error("`{{` is not closed")]
    NotClosed { at: usize },
    #[error("`}}` closes nothing")]
    NotOpened { at: usize },
}

impl BadTemplate {
    /// The bytes of the text that are wrong.
    #[must_use]
    pub fn span(&self) -> std::ops::Range<usize> {
        match self {
            Self::Unknown { name, at, .. } => *at..at + name.len() + 2,
            Self::NotClosed { at } | Self::NotOpened { at } => *at..at + 1,
        }
    }

    /// What to write instead.
    #[must_use]
    pub fn suggestion(&self) -> String {
        match self {
            Self::Unknown { nearest: Some(nearest), .. } => format!("did you mean `{{{nearest}}}`?"),
            Self::Unknown { nearest: None, .. } => {
                format!("placeholders are {}", Field::ALL.map(|field| format!("{{{}}}", field.name())).join(" "))
            }
            Self::NotClosed { .. } => "write `{{` for a brace itself".to_owned(),
            Self::NotOpened { .. } => "write `}}` for a brace itself".to_owned(),
        }
    }
}

/// What the placeholders of one release stand for; `None` is not known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Values {
    pub branch: Option<String>,
    /// Computed from `branch` by [`super::tag_rules::TagRules::alias_of`].
    pub alias: Option<String>,
    pub commit: Option<Commit>,
    pub date: Option<Timestamp>,
    pub version: Option<String>,
}

impl Values {
    /// The text of a placeholder.
    #[must_use]
    pub fn get(&self, field: Field) -> Option<String> {
        match field {
            Field::Branch => self.branch.clone(),
            Field::Alias => self.alias.clone(),
            Field::Commit => self.commit.as_ref().map(ToString::to_string),
            Field::Short => self.commit.as_ref().map(|commit| commit.short().to_owned()),
            Field::Date => self.date.map(|date| date.strftime("%Y-%m-%d-%H-%M-%S").to_string()),
            Field::Version => self.version.clone(),
        }
    }
}

/// A template needs a value that is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{template}` needs the {}, and it is not known", .field.name())]
pub struct MissingValue {
    pub template: String,
    pub field: Field,
}

/// A template gives no tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoTag {
    #[error(transparent)]
    Missing(#[from] MissingValue),
    #[error("`{template}` became `{text}`, of which a tag can keep nothing")]
    NothingLeft { template: String, text: String },
    /// Cutting it would take the date off the end, and two releases would claim one frozen tag.
    #[error("`{template}` became {length} characters long; a tag has at most 128")]
    TooLong { template: String, length: usize },
}

impl Template {
    /// The placeholder is in this template.
    #[must_use]
    pub fn needs(&self, field: Field) -> bool {
        self.parts.contains(&Part::Field(field))
    }

    /// The text, with every placeholder replaced.
    ///
    /// # Errors
    /// When a placeholder's value is not known.
    pub fn render(&self, values: &Values) -> Result<String, MissingValue> {
        self.render_with(ToOwned::to_owned, |field| values.get(field))
    }

    /// The text in another language: what stands there as `literal` writes it, and each placeholder as `value` does.
    ///
    /// # Errors
    /// When a placeholder has no value.
    pub fn render_with(
        &self,
        literal: impl Fn(&str) -> String,
        value: impl Fn(Field) -> Option<String>,
    ) -> Result<String, MissingValue> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(part) => text.push_str(&literal(part)),
                Part::Field(field) => match value(*field) {
                    Some(value) => text.push_str(&value),
                    None => return Err(MissingValue { template: self.source.clone(), field: *field }),
                },
            }
        }
        Ok(text)
    }

    /// The text, made valid as a tag: `feature/x` becomes `feature-x`.
    ///
    /// # Errors
    /// When a value is not known, or the text is nothing a tag can be made of.
    pub fn render_tag(&self, values: &Values) -> Result<Tag, NoTag> {
        let text = self.render(values)?;
        let template = self.source.clone();
        match Tag::made_valid(&text) {
            None => Err(NoTag::NothingLeft { template, text }),
            Some(_) if text.chars().count() > 128 => Err(NoTag::TooLong { template, length: text.chars().count() }),
            Some(tag) => Ok(tag),
        }
    }
}

impl FromStr for Template {
    type Err = BadTemplate;

    fn from_str(source: &str) -> Result<Self, BadTemplate> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = source;
        while let Some(brace) = rest.find(['{', '}']) {
            let at = source.len() - rest.len() + brace;
            literal.push_str(&rest[..brace]);
            let (this, after) = rest[brace..].split_at(1);
            if let Some(after) = after.strip_prefix(this) {
                literal.push_str(this);
                rest = after;
                continue;
            }
            if this == "}" {
                return Err(BadTemplate::NotOpened { at });
            }
            let name = match after.find(['{', '}']) {
                Some(end) if after[end..].starts_with('}') => &after[..end],
                _ => return Err(BadTemplate::NotClosed { at }),
            };
            let field = Field::ALL.into_iter().find(|field| field.name() == name).ok_or_else(|| {
                let nearest = nearest(name, Field::ALL.map(Field::name));
                BadTemplate::Unknown { name: name.to_owned(), nearest, at }
            })?;
            if !literal.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut literal)));
            }
            parts.push(Part::Field(field));
            rest = &after[name.len() + 1..];
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Text(literal));
        }
        Ok(Self { source: source.to_owned(), parts })
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

impl TryFrom<String> for Template {
    type Error = BadTemplate;

    fn try_from(text: String) -> Result<Self, BadTemplate> {
        text.parse()
    }
}

impl From<Template> for String {
    fn from(template: Template) -> Self {
        template.source
    }
}

impl From<MissingValue> for Failure {
    fn from(missing: MissingValue) -> Self {
        let next = match missing.field {
            Field::Branch | Field::Alias => "name the branch: --branch NAME",
            Field::Version => {
                "put a git tag such as v1.2.3 on the commit, or set version = { file = …, pointer = … } in [tags]"
            }
            Field::Commit | Field::Short => "commit the project and release that commit",
            Field::Date => "use {date} in templates of tags only",
        };
        Self::usage("a template cannot be filled in", missing.to_string(), next)
    }
}

impl From<NoTag> for Failure {
    fn from(no_tag: NoTag) -> Self {
        match no_tag {
            NoTag::Missing(missing) => missing.into(),
            other => Self::usage(
                "a tag cannot be named",
                other.to_string(),
                "change the template in [tags], or give the branch a short name for tags: alias = { BRANCH = \"NAME\" }",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values() -> Values {
        Values {
            branch: Some("release/1.x".into()),
            alias: Some("latest".into()),
            commit: Some("a88b0c2a88b0c2a88b0c2a88b0c2a88b0c2a88b0".parse().unwrap()),
            date: Some("2026-11-21T10:30:00+01:00".parse().unwrap()),
            version: Some("1.2.3".into()),
        }
    }

    fn template(text: &str) -> Template {
        text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    #[test]
    fn every_placeholder_has_its_value() {
        for (text, rendered) in [
            ("{branch}", "release/1.x"),
            ("{alias}", "latest"),
            ("{commit}", "a88b0c2a88b0c2a88b0c2a88b0c2a88b0c2a88b0"),
            ("{short}", "a88b0c2"),
            ("{date}", "2026-11-21-09-30-00"),
            ("{version}", "1.2.3"),
            ("{branch}-{date}", "release/1.x-2026-11-21-09-30-00"),
            (r#"{{"v": "{version}"}}"#, r#"{"v": "1.2.3"}"#),
            ("", ""),
        ] {
            assert_eq!(template(text).render(&values()).unwrap(), rendered, "{text}");
        }
        assert_eq!(
            template("{branch}-{date}").render_tag(&values()).unwrap().as_str(),
            "release-1.x-2026-11-21-09-30-00"
        );
    }

    #[test]
    fn mistakes_are_located_and_explained() {
        for (text, span, message, suggestion) in [
            ("a-{brnch}", 2..9, "there is no placeholder `{brnch}`", "did you mean `{branch}`?"),
            ("{Date}", 0..6, "there is no placeholder `{Date}`", "did you mean `{date}`?"),
            (
                "{}",
                0..2,
                "there is no placeholder `{}`",
                "placeholders are {branch} {alias} {commit} {short} {date} {version}",
            ),
            ("x{date", 1..2, "`{` is not closed", "write `{{` for a brace itself"),
            ("{date{short}", 0..1, "`{` is not closed", "write `{{` for a brace itself"),
            ("x}", 1..2, "`}` closes nothing", "write `}}` for a brace itself"),
        ] {
            let error = text.parse::<Template>().unwrap_err();
            assert_eq!((error.span(), error.to_string().as_str()), (span, message), "{text}");
            assert_eq!(error.suggestion(), suggestion, "{text}");
        }
    }

    #[test]
    fn what_is_not_known_is_named() {
        let error = template("v{version}").render(&Values::default()).unwrap_err();
        assert_eq!(error.to_string(), "`v{version}` needs the version, and it is not known");
        assert_eq!(Failure::from(error).kind.exit_code(), 2);
    }

    #[test]
    fn a_tag_is_never_cut_short() {
        let long = Values { branch: Some("b".repeat(120)), ..values() };
        assert!(matches!(template("{branch}-{date}").render_tag(&long), Err(NoTag::TooLong { length: 140, .. })));
        let nothing = Values { branch: Some("//".into()), ..values() };
        assert!(matches!(template("{branch}").render_tag(&nothing), Err(NoTag::NothingLeft { .. })));
    }

    #[test]
    fn serde_is_the_text() {
        let json = r#""{alias}-{{x}}""#;
        let parsed: Template = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&parsed).unwrap(), json);
        assert!(serde_json::from_str::<Template>(r#""{nope}""#).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_a_template_once_its_braces_are_doubled(text in ".{0,60}") {
            let escaped = text.replace('{', "{{").replace('}', "}}");
            prop_assert_eq!(template(&escaped).render(&Values::default()).unwrap(), text);
        }

        #[test]
        fn parsing_never_panics_and_points_inside(text in r"[{}a-z é-]{0,30}") {
            match text.parse::<Template>() {
                Ok(parsed) => prop_assert_eq!(parsed.to_string(), text),
                Err(error) => prop_assert!(text.get(error.span()).is_some()),
            }
        }

        #[test]
        fn it_needs_what_it_cannot_be_filled_in_without(picks in proptest::collection::vec(0usize..6, 0..4)) {
            let text: String = picks.iter().flat_map(|i| ["-{", Field::ALL[*i].name(), "}"]).collect();
            let parsed = template(&text);
            for (i, field) in Field::ALL.into_iter().enumerate() {
                prop_assert_eq!(parsed.needs(field), picks.contains(&i));
            }
            prop_assert_eq!(parsed.render(&Values::default()).is_err(), !picks.is_empty());
        }
    }
}
