//! Just enough JSON schema for the bodies that the services take, with the words of the validator they use.

use serde_json::Value;

use super::pattern;

/// An object with these fields and no others. The order of fields is that of the messages.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub required: &'static [&'static str],
    pub fields: &'static [(&'static str, Kind)],
    /// Other fields are refused.
    pub closed: bool,
}

/// What a value may be.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Object,
    Text,
    /// Not longer than this.
    ShortText(usize),
    Time,
    /// From and to.
    Integer(i64, i64),
    OneOf(&'static [&'static str]),
    /// A regular expression.
    Matching(&'static str),
    /// Each element is this.
    List(&'static Kind),
    Of(&'static Shape),
    /// Exactly one of these.
    Either(&'static [Shape]),
}

impl Shape {
    fn problems(&self, at: &str, value: &Value) -> Vec<String> {
        let Some(object) = value.as_object() else { return vec![format!("{at} must be object")] };
        let missing = self.required.iter().filter(|name| !object.contains_key(**name));
        let mut found: Vec<String> = missing.map(|name| format!("{at} must have required property '{name}'")).collect();
        let extra = object.keys().filter(|name| self.fields.iter().all(|(known, _)| known != name));
        found.extend(
            extra.filter(|_| self.closed).map(|name| format!("{at} must NOT have additional properties: \"{name}\"")),
        );
        for (name, kind) in self.fields {
            if let Some(value) = object.get(*name) {
                found.extend(kind.problems(&format!("{at}/{name}"), value));
            }
        }
        found
    }
}

impl Kind {
    pub fn problems(&self, at: &str, value: &Value) -> Vec<String> {
        let unless = |fine: bool, what: String| if fine { Vec::new() } else { vec![format!("{at} must {what}")] };
        let be = |fine: bool, what: &str| unless(fine, format!("be {what}"));
        match self {
            Self::Object => be(value.is_object(), "object"),
            Self::Text => be(value.is_string(), "string"),
            Self::ShortText(most) => match value.as_str() {
                None => be(false, "string"),
                Some(text) => unless(text.chars().count() <= *most, format!("NOT have more than {most} characters")),
            },
            Self::Time => match value.as_str() {
                None => be(false, "string"),
                Some(text) => unless(text.parse::<jiff::Timestamp>().is_ok(), "match format \"date-time\"".to_owned()),
            },
            Self::Integer(least, most) => match value.as_i64() {
                None => be(false, "integer"),
                Some(number) if number < *least => be(false, &format!(">= {least}")),
                Some(number) => be(number <= *most, &format!("<= {most}")),
            },
            Self::OneOf(words) => {
                be(value.as_str().is_some_and(|word| words.contains(&word)), "equal to one of the allowed values")
            }
            Self::Matching(pattern) => match value.as_str() {
                None => be(false, "string"),
                Some(text) => unless(pattern::pattern(pattern).is_match(text), format!("match pattern \"{pattern}\"")),
            },
            Self::List(kind) => match value.as_array() {
                None => be(false, "array"),
                Some(list) => {
                    list.iter().enumerate().flat_map(|(i, value)| kind.problems(&format!("{at}/{i}"), value)).collect()
                }
            },
            Self::Of(shape) => shape.problems(at, value),
            Self::Either(shapes) => {
                let each: Vec<Vec<String>> = shapes.iter().map(|shape| shape.problems(at, value)).collect();
                if each.iter().filter(|problems| problems.is_empty()).count() == 1 {
                    return Vec::new();
                }
                let all = each.into_iter().flatten();
                all.chain([format!("{at} must match exactly one schema in oneOf")]).collect()
            }
        }
    }
}
