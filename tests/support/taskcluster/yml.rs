//! What a `.taskcluster.yml` makes of an event of GitHub, by the language's own renderer. That has no functions of others:
//! `as_slugid("x")` is put in beforehand, as the variable that it would be.

use std::collections::BTreeMap;

use regex::{Captures, Regex};
use saphyr::{LoadableYamlNode as _, Scalar, Yaml};
use serde_json::{Map, Value, json};

use super::random;

/// Something happened to `owner/repository`.
pub struct Happening<'a> {
    pub tasks_for: &'a str,
    /// `owner/repository`
    pub repository: &'a str,
    /// What of the event is not to be as it is made up.
    pub overrides: &'a Value,
    pub root: &'a str,
    pub now: String,
}

impl Happening<'_> {
    /// The event as a webhook tells it: what files here read of it.
    fn event(&self) -> Value {
        let url = format!("https://github.com/{}", self.repository);
        let user = json!({"login": "ada", "id": 7});
        let repository = json!({"full_name": self.repository, "html_url": url, "clone_url": format!("{url}.git")});
        let mut event = match self.tasks_for {
            "github-push" => json!({
                "ref": "refs/heads/main", "before": "0".repeat(40), "after": "a".repeat(40),
                "pusher": {"name": "ada", "email": "ada@example.org"},
            }),
            "github-release" => json!({"action": "published", "release": {"tag_name": "v1.0"}}),
            _ => {
                json!({"action": "opened", "number": 1, "pull_request": {"head": {"sha": "b".repeat(40), "ref": "topic"}}})
            }
        };
        event["repository"] = repository;
        event["sender"] = user;
        for (key, value) in self.overrides.as_object().into_iter().flatten() {
            event[key] = value.clone();
        }
        event
    }

    /// The role that the service claims. Source: taskcluster-github, "roles".
    fn role(&self, event: &Value) -> String {
        let of = match self.tasks_for {
            "github-push" => {
                let whole = event["ref"].as_str().unwrap_or_default();
                match whole.strip_prefix("refs/tags/") {
                    Some(tag) => format!("tag:{tag}"),
                    None => format!("branch:{}", whole.strip_prefix("refs/heads/").unwrap_or(whole)),
                }
            }
            "github-release" => "release:published".to_owned(),
            "github-pull-request-untrusted" => "pull-request-untrusted".to_owned(),
            _ => "pull-request".to_owned(),
        };
        format!("assume:repo:github.com/{}:{of}", self.repository)
    }

    /// `{tasks: [{taskId, task}], scopes}`, or why there is none.
    pub fn render(&self, text: &str) -> Result<Value, String> {
        let documents = Yaml::load_from_str(text).map_err(|e| e.to_string())?;
        let document = json_of(documents.first().ok_or("it is empty")?)?;
        if document["version"] != 1 {
            return Err("only version 1 is rendered here".to_owned());
        }
        let mut slugs = BTreeMap::new();
        let template = with_slugs(document, &mut slugs);
        let event = self.event();
        let role = self.role(&event);
        let mut context = json!({
            "tasks_for": self.tasks_for, "event": event, "now": self.now, "taskcluster_root_url": self.root,
        });
        for (variable, slug) in slugs {
            context[variable] = slug.into();
        }
        let made = json_e::render(&template, &context).map_err(|e| e.to_string())?;
        let known = ["version", "policy", "reporting", "autoCancelPreviousChecks", "hooks", "tasks"];
        if let Some(other) = made.as_object().and_then(|all| all.keys().find(|key| !known.contains(&key.as_str()))) {
            return Err(format!("data must NOT have additional properties: {other}"));
        }
        let route = if made["reporting"] == "checks-v1" { "checks" } else { "statuses" };
        let mut tasks = Vec::new();
        let mut group = None;
        for mut task in made["tasks"].as_array().cloned().unwrap_or_default() {
            let fields = task.as_object_mut().ok_or("a task is no object")?;
            let id =
                fields.remove("taskId").and_then(|id| id.as_str().map(ToOwned::to_owned)).unwrap_or_else(random::slug);
            let group = group.get_or_insert_with(|| id.clone());
            fields.entry("schedulerId").or_insert_with(|| "taskcluster-github".into());
            fields.entry("taskGroupId").or_insert_with(|| group.clone().into());
            fields.entry("created").or_insert_with(|| self.now.clone().into());
            let routes = fields.entry("routes").or_insert_with(|| json!([]));
            routes.as_array_mut().ok_or("`routes` is no list")?.push(route.into());
            tasks.push(json!({"taskId": id, "task": task}));
        }
        let scopes = json!([role, format!("queue:route:{route}"), "queue:scheduler-id:taskcluster-github"]);
        Ok(json!({"tasks": tasks, "scopes": scopes}))
    }
}

/// Each `as_slugid("x")` as a variable with an id of its own.
fn with_slugs(value: Value, slugs: &mut BTreeMap<String, String>) -> Value {
    match value {
        Value::String(text) => {
            let call = Regex::new(r#"as_slugid\(\s*["']([^"']+)["']\s*\)"#).expect("it is one");
            let named = call.replace_all(&text, |found: &Captures<'_>| {
                let word: String = found[1].chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
                let variable = format!("slugid_{word}");
                slugs.entry(variable.clone()).or_insert_with(random::slug);
                variable
            });
            named.into_owned().into()
        }
        Value::Array(values) => values.into_iter().map(|value| with_slugs(value, slugs)).collect(),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(key, value)| (key, with_slugs(value, slugs))).collect())
        }
        other => other,
    }
}

fn json_of(yaml: &Yaml<'_>) -> Result<Value, String> {
    Ok(match yaml {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => (*value).into(),
        Yaml::Value(Scalar::Integer(value)) => (*value).into(),
        Yaml::Value(Scalar::FloatingPoint(value)) => (**value).into(),
        Yaml::Value(Scalar::String(value)) => value.as_ref().into(),
        Yaml::Sequence(values) => values.iter().map(json_of).collect::<Result<_, _>>()?,
        Yaml::Mapping(fields) => {
            let mut map = Map::new();
            for (key, value) in fields {
                let key = key.as_str().ok_or("a key is no text")?;
                map.insert(key.to_owned(), json_of(value)?);
            }
            Value::Object(map)
        }
        other => return Err(format!("{other:?} is not used here")),
    })
}
