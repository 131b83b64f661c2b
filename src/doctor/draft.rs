//! A task as it would be made: what the checks read of a definition that no queue has looked at, and whose times a hook
//! may have as expressions.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::log::sanitise::plain;

#[derive(Clone, Copy)]
pub(super) struct Draft<'a>(pub &'a Value);

impl<'a> Draft<'a> {
    pub fn name(self) -> String {
        self.text("/metadata/name").map_or_else(|| "a task without a name".to_owned(), plain)
    }

    /// `provisioner/worker-type`.
    pub fn pool(self) -> Option<String> {
        match (self.text("/taskQueueId"), self.text("/provisionerId"), self.text("/workerType")) {
            (Some(pool), ..) => Some(plain(pool)),
            (None, Some(provisioner), Some(kind)) => Some(plain(&format!("{provisioner}/{kind}"))),
            _ => None,
        }
    }

    pub fn scopes(self) -> impl Iterator<Item = &'a str> {
        self.list("/scopes")
    }

    pub fn routes(self) -> impl Iterator<Item = &'a str> {
        self.list("/routes")
    }

    fn list(self, at: &str) -> impl Iterator<Item = &'a str> {
        self.0.pointer(at).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    pub fn text(self, at: &str) -> Option<&'a str> {
        self.0.pointer(at).and_then(Value::as_str)
    }

    pub fn time(self, at: &str) -> Option<Timestamp> {
        self.text(at).and_then(|text| text.parse().ok())
    }

    pub fn object(self, at: &str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let entries = self.0.pointer(at).and_then(Value::as_object).into_iter().flatten();
        entries.map(|(key, value)| (key.as_str(), value))
    }

    /// In the format of docker-worker, which generic-worker translates: it names an image.
    pub fn is_for_docker(self) -> bool {
        self.0.pointer("/payload/image").is_some_and(|image| !image.is_null())
    }

    pub fn has(self, feature: &str) -> bool {
        self.is_true(&format!("/payload/features/{feature}"))
    }

    pub fn is_privileged(self) -> bool {
        self.is_true("/payload/capabilities/privileged")
    }

    fn is_true(self, at: &str) -> bool {
        self.0.pointer(at).and_then(Value::as_bool).unwrap_or_default()
    }

    /// All words of its commands.
    pub fn command(self) -> String {
        fn walk(value: &Value, words: &mut Vec<String>) {
            match value {
                Value::String(word) => words.push(word.clone()),
                Value::Array(values) => values.iter().for_each(|value| walk(value, words)),
                _ => {}
            }
        }
        let mut words = Vec::new();
        self.0.pointer("/payload/command").into_iter().for_each(|command| walk(command, &mut words));
        words.join(" ")
    }

    pub fn max_run_time(self) -> Option<SignedDuration> {
        self.0.pointer("/payload/maxRunTime").and_then(Value::as_i64).map(SignedDuration::from_secs)
    }

    /// The artifacts that it says an end of: docker-worker names them by key, generic-worker in a list.
    pub fn artifacts(self) -> Vec<(String, Timestamp)> {
        let end = |artifact: &Value| artifact.get("expires").and_then(Value::as_str).and_then(|at| at.parse().ok());
        let by_key =
            self.object("/payload/artifacts").filter_map(|(name, artifact)| Some((plain(name), end(artifact)?)));
        let listed = self.0.pointer("/payload/artifacts").and_then(Value::as_array).into_iter().flatten();
        let listed = listed.filter_map(|artifact| {
            let name = artifact.get("name").or_else(|| artifact.get("path")).and_then(Value::as_str).unwrap_or("one");
            Some((plain(name), end(artifact)?))
        });
        by_key.chain(listed).collect()
    }
}
