//! Whether what a hook is triggered with, or an action is given, is as its schema says, before it is sent. Of JSON Schema
//! what such schemas use is looked at; which words of one are not, is told: the service looks at those. Pure.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// What a schema says against a value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checked {
    /// JSON pointers (the whole is the empty one), and what is wrong there.
    pub problems: Vec<(String, String)>,
    /// Words of the schema that were not looked at.
    pub unchecked: BTreeSet<String>,
}

impl Checked {
    /// What is wrong, each with its place; `None`: nothing is.
    #[must_use]
    pub fn told(&self) -> Option<String> {
        let told = |(at, problem): &(String, String)| match at.as_str() {
            "" => format!("the whole of it: {problem}"),
            at => format!("{at}: {problem}"),
        };
        let all: Vec<String> = self.problems.iter().map(told).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}

/// What a schema says is usual: its default, or those of its fields.
#[must_use]
pub fn defaults(schema: &Value) -> Value {
    if let Some(usual) = schema.get("default") {
        return usual.clone();
    }
    let fields = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let usual = fields.filter_map(|(name, schema)| {
        let usual = defaults(schema);
        // Of a field that is left out nothing is usual.
        let said = schema.get("default").is_some() || usual.as_object().is_none_or(|fields| !fields.is_empty());
        said.then(|| (name.clone(), usual))
    });
    Value::Object(usual.collect())
}

/// All of a value, in rows: JSON pointers, and what is there.
#[must_use]
pub fn leaves(value: &Value) -> Vec<(String, String)> {
    fn add(value: &Value, at: &str, rows: &mut Vec<(String, String)>) {
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                fields.iter().for_each(|(name, value)| add(value, &below(at, name), rows));
            }
            Value::Array(values) if !values.is_empty() => {
                values.iter().enumerate().for_each(|(n, value)| add(value, &below(at, &n.to_string()), rows));
            }
            leaf => rows.push((at.to_owned(), leaf.to_string())),
        }
    }
    let mut rows = Vec::new();
    add(value, "", &mut rows);
    rows
}

/// Words that say nothing of a value.
const SILENT: [&str; 8] = ["$id", "$schema", "$comment", "title", "description", "default", "examples", "metadata"];

/// Holds a value against the schema of what triggers a hook; without one nothing but `{}` is taken.
#[must_use]
pub fn check(schema: &Value, payload: &Value) -> Checked {
    let mut checked = Checked::default();
    match schema {
        Value::Null => {
            if payload.as_object().is_none_or(|fields| !fields.is_empty()) {
                checked.problems.push((String::new(), "the hook takes {} alone".to_owned()));
            }
        }
        schema => look(schema, payload, "", &mut checked),
    }
    checked
}

/// What was typed, where it is one JSON document that the schema takes.
///
/// # Errors
/// What is wrong with it, and where.
pub fn typed(schema: &Value, text: &str) -> Result<Value, String> {
    let payload = serde_json::from_str(text).map_err(|error| format!("it is no JSON: {error}"))?;
    let problems = check(schema, &payload).told();
    problems.map_or(Ok(payload), Err)
}

/// The fields that it names, each with what is said of it.
#[must_use]
pub fn fields(schema: &Value) -> Vec<(String, String)> {
    let needed = schema["required"].as_array();
    let needs = |name: &str| needed.is_some_and(|needed| needed.iter().any(|needed| needed == name));
    let told = |(name, field): (&String, &Value)| {
        let kind = match &field["type"] {
            Value::String(kind) => kind.clone(),
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
            _ => String::new(),
        };
        let about = field["description"].as_str().or_else(|| field["title"].as_str()).unwrap_or_default();
        let words = [kind.as_str(), if needs(name) { "needed" } else { "" }, about];
        (name.clone(), words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(", "))
    };
    schema["properties"].as_object().into_iter().flatten().map(told).collect()
}

fn look(schema: &Value, value: &Value, at: &str, checked: &mut Checked) {
    let words = match schema {
        Value::Bool(true) => return,
        Value::Object(words) => words,
        _ => return checked.problems.push((at.to_owned(), "nothing may be here".to_owned())),
    };
    for (word, said) in words {
        if let Some(problem) = problem(word, said, value) {
            checked.problems.push((at.to_owned(), problem));
        }
        match (word.as_str(), said, value) {
            ("properties", Value::Object(known), Value::Object(fields)) => {
                for (name, schema) in known {
                    if let Some(value) = fields.get(name) {
                        look(schema, value, &below(at, name), checked);
                    }
                }
            }
            ("additionalProperties", schema, Value::Object(fields)) => {
                others(words, fields, schema, at, checked);
            }
            ("items", schema @ (Value::Object(_) | Value::Bool(_)), Value::Array(values)) => {
                for (n, value) in values.iter().enumerate() {
                    look(schema, value, &below(at, &n.to_string()), checked);
                }
            }
            ("allOf", Value::Array(schemas), value) => {
                for schema in schemas {
                    look(schema, value, at, checked);
                }
            }
            ("anyOf" | "oneOf", Value::Array(schemas), value) => some_of(word, schemas, value, at, checked),
            // Older drafts give each item a schema of its own.
            _ if is_known(word) && !(word == "items" && said.is_array()) => {}
            _ => {
                checked.unchecked.insert(word.clone());
            }
        }
    }
}

/// Fields that the schema does not name.
fn others(words: &Map<String, Value>, fields: &Map<String, Value>, schema: &Value, at: &str, checked: &mut Checked) {
    if words.contains_key("patternProperties") {
        // Which fields are others, those patterns say.
        checked.unchecked.insert("additionalProperties".to_owned());
        return;
    }
    let known = |name: &str| words.get("properties").and_then(|known| known.get(name)).is_some();
    for (name, value) in fields.iter().filter(|(name, _)| !known(name)) {
        if *schema == Value::Bool(false) {
            checked.problems.push((below(at, name), "no such field is taken".to_owned()));
        } else {
            look(schema, value, &below(at, name), checked);
        }
    }
}

fn some_of(word: &str, schemas: &[Value], value: &Value, at: &str, checked: &mut Checked) {
    let looked: Vec<Checked> = schemas
        .iter()
        .map(|schema| {
            let mut one = Checked::default();
            look(schema, value, at, &mut one);
            one
        })
        .collect();
    // What one of them says is only known where all of it was looked at.
    if looked.iter().any(|one| !one.unchecked.is_empty()) {
        checked.unchecked.insert(word.to_owned());
        return;
    }
    let fit = looked.iter().filter(|one| one.problems.is_empty()).count();
    if fit == 0 || (word == "oneOf" && fit > 1) {
        checked.problems.push((at.to_owned(), format!("it fits {fit} of the {} forms of {word}", schemas.len())));
    }
}

fn is_known(word: &str) -> bool {
    let looked_at = [
        "type",
        "enum",
        "const",
        "required",
        "properties",
        "additionalProperties",
        "items",
        "allOf",
        "anyOf",
        "oneOf",
        "minLength",
        "maxLength",
        "minimum",
        "maximum",
        "minItems",
        "maxItems",
    ];
    SILENT.contains(&word) || looked_at.contains(&word)
}

/// What one word says against the value itself.
fn problem(word: &str, said: &Value, value: &Value) -> Option<String> {
    let length = || value.as_str().map(|text| text.chars().count() as u64);
    let items = || value.as_array().map(|values| values.len() as u64);
    let least = |is: Option<u64>| Some((is?, said.as_u64()?)).filter(|(is, least)| is < least);
    let most = |is: Option<u64>| Some((is?, said.as_u64()?)).filter(|(is, most)| is > most);
    match word {
        "type" => {
            let kinds: Vec<&str> = match said {
                Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
                kind => kind.as_str().into_iter().collect(),
            };
            (!kinds.iter().any(|kind| is(value, kind))).then(|| format!("it must be {}", kinds.join(" or ")))
        }
        "enum" => {
            let all = said.as_array()?;
            let listed = || all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            (!all.contains(value)).then(|| format!("it must be one of {}", listed()))
        }
        "const" => (said != value).then(|| format!("it must be {said}")),
        "required" => {
            let fields = value.as_object()?;
            let names = said.as_array()?.iter().filter_map(Value::as_str);
            let lacks: Vec<&str> = names.filter(|name| !fields.contains_key(*name)).collect();
            (!lacks.is_empty()).then(|| format!("it lacks {}", lacks.join(", ")))
        }
        "minLength" => least(length()).map(|(is, least)| format!("it has {is} characters, and needs {least}")),
        "maxLength" => most(length()).map(|(is, most)| format!("it has {is} characters, and may have {most}")),
        "minItems" => least(items()).map(|(is, least)| format!("it has {is} items, and needs {least}")),
        "maxItems" => most(items()).map(|(is, most)| format!("it has {is} items, and may have {most}")),
        "minimum" => (value.as_f64()? < said.as_f64()?).then(|| format!("it must be at least {said}")),
        "maximum" => (value.as_f64()? > said.as_f64()?).then(|| format!("it must be at most {said}")),
        _ => None,
    }
}

fn is(value: &Value, kind: &str) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        // 1.0 is one, too.
        "integer" => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0),
        _ => true,
    }
}

/// RFC 6901.
fn below(at: &str, name: &str) -> String {
    format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn wrong(schema: &Value, payload: &Value) -> Vec<(String, String)> {
        check(schema, payload).problems
    }

    #[test]
    fn without_a_schema_nothing_but_an_empty_object_is_taken() {
        assert_eq!(wrong(&Value::Null, &json!({})), []);
        for payload in [json!({"a": 1}), json!([]), json!(null)] {
            assert_eq!(wrong(&Value::Null, &payload).len(), 1, "{payload}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let schema = json!({
            "type": "object", "required": ["ref"], "additionalProperties": false,
            "properties": {
                "ref": {"type": "string", "minLength": 2}, "dry/run": {"type": "boolean"},
                "level": {"enum": [1, 3]}, "n": {"type": "integer", "maximum": 5},
                "tags": {"type": "array", "maxItems": 2, "items": {"type": "string"}},
                "who": {"oneOf": [{"type": "string"}, {"type": "null"}]},
            },
        });
        let fits = json!({"ref": "v1", "dry/run": true, "level": 3, "n": 5.0, "tags": ["a", "b"], "who": null});
        assert_eq!(check(&schema, &fits), Checked::default());
        for (payload, at) in [
            (json!([]), ""),
            (json!({}), ""),
            (json!({"ref": 1}), "/ref"),
            (json!({"ref": "v"}), "/ref"),
            (json!({"ref": "v1", "dry/run": "yes"}), "/dry~1run"),
            (json!({"ref": "v1", "level": 2}), "/level"),
            (json!({"ref": "v1", "n": 6}), "/n"),
            (json!({"ref": "v1", "n": 1.5}), "/n"),
            (json!({"ref": "v1", "tags": ["a", 2]}), "/tags/1"),
            (json!({"ref": "v1", "tags": ["a", "b", "c"]}), "/tags"),
            (json!({"ref": "v1", "who": 7}), "/who"),
            (json!({"ref": "v1", "more": 1}), "/more"),
        ] {
            let problems = wrong(&schema, &payload);
            assert!(problems.len() == 1 && problems[0].0 == at, "{payload}: {problems:?}");
        }
    }

    #[test]
    fn a_value_is_told_leaf_by_leaf_with_all_that_is_in_it() {
        let value = json!({"a": {"b/c": [1, "x  y\u{1b}", {}]}, "d": null});
        let told = leaves(&value);
        let told: Vec<(&str, &str)> = told.iter().map(|(at, leaf)| (at.as_str(), leaf.as_str())).collect();
        assert_eq!(told, [("/a/b~1c/0", "1"), ("/a/b~1c/1", r#""x  y\u001b""#), ("/a/b~1c/2", "{}"), ("/d", "null")]);
        assert_eq!(leaves(&json!({})), [(String::new(), "{}".to_owned())]);
    }

    #[test]
    fn what_is_not_looked_at_is_told() {
        let schema = json!({"type": "object", "properties": {"ref": {"pattern": "^v"}}, "title": "x"});
        let checked = check(&schema, &json!({"ref": "1"}));
        assert_eq!((checked.problems, checked.unchecked), (Vec::new(), BTreeSet::from(["pattern".to_owned()])));
        let either = json!({"anyOf": [{"$ref": "#/a"}, {"type": "string"}]});
        assert_eq!(check(&either, &json!(1)).unchecked, BTreeSet::from(["anyOf".to_owned()]));
    }

    #[test]
    fn what_is_typed_is_json_that_the_schema_takes() {
        let schema = json!({
            "type": "object", "required": ["ref"], "additionalProperties": false,
            "properties": {
                "ref": {"type": "string", "description": "what is built"},
                "dry": {"type": ["boolean", "null"], "default": false},
                "level": {"enum": [1, 3], "title": "trust", "default": 1},
            },
        });
        assert_eq!(typed(&schema, r#" {"ref": "v1"} "#), Ok(json!({"ref": "v1"})));
        assert_eq!(typed(&schema, r#"{"ref": 1, "x": 2}"#).unwrap_err().matches(": ").count(), 2);
        assert_eq!(typed(&schema, "[]").unwrap_err(), "the whole of it: it must be object");
        assert!(typed(&schema, r#"{"ref": "#).unwrap_err().starts_with("it is no JSON: "));
        assert_eq!(defaults(&schema), json!({"dry": false, "level": 1}));
        assert_eq!(defaults(&json!({"default": {"ref": "main"}})), json!({"ref": "main"}));
        assert_eq!(defaults(&Value::Null), json!({}));
        let told = |name: &str, words: &str| (name.to_owned(), words.to_owned());
        assert_eq!(
            fields(&schema),
            [told("dry", "boolean or null"), told("level", "trust"), told("ref", "string, needed, what is built")]
        );
        assert_eq!(fields(&Value::Null), []);
    }
}
