//! What a task begins with, and how long it may take: read of its payload, which is its worker's and not the queue's.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde_json::Value;

use super::task::{Definition, TaskId};

/// An artifact of a task.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Input {
    pub task: TaskId,
    pub name: String,
}

impl Definition {
    /// After this its worker ends it; zero where that is not said.
    #[must_use]
    pub fn max_run_time(&self) -> SignedDuration {
        self.payload.get("maxRunTime").and_then(Value::as_i64).map_or(SignedDuration::ZERO, SignedDuration::from_secs)
    }

    /// The artifacts of other tasks that this one begins with. Source: taskgraph, `MOZ_FETCHES` and docker-image tasks;
    /// docker-worker, `task-image`.
    #[must_use]
    pub fn inputs(&self) -> BTreeSet<Input> {
        let text = |at: &str| self.payload.pointer(at).and_then(Value::as_str);
        let input = |task: &str, name: &str| Some(Input { task: task.parse().ok()?, name: name.to_owned() });
        let mut found = BTreeSet::new();
        if let (Some("task-image"), Some(task), Some(name)) =
            (text("/image/type"), text("/image/taskId"), text("/image/path"))
        {
            found.extend(input(task, name));
        }
        if let (Some(task), Some(name)) = (text("/env/CONTEXT_TASK_ID"), text("/env/CONTEXT_PATH")) {
            found.extend(input(task, name));
        }
        let fetches = text("/env/MOZ_FETCHES").and_then(|text| serde_json::from_str::<Value>(text).ok());
        for fetch in fetches.as_ref().and_then(Value::as_array).into_iter().flatten() {
            if let (Some(task), Some(name)) =
                (fetch.get("task").and_then(Value::as_str), fetch.get("artifact").and_then(Value::as_str))
            {
                found.extend(input(task, name));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "f18OCIBgRoSL6-8OrQg82Q";
    const OTHER: &str = "LHIFqN2-Twa_NSAVguP9dw";

    #[test]
    fn what_a_task_begins_with_is_found_in_its_definition() {
        let task: Definition = serde_json::from_value(json!({
            "taskGroupId": ID, "created": "2026-11-23T06:00:00Z", "deadline": "2026-11-23T07:00:00Z", "metadata": {},
            "payload": {
                "maxRunTime": 3600,
                "image": {"type": "task-image", "taskId": OTHER, "path": "public/image.tar.zst"},
                "env": {
                    "CONTEXT_TASK_ID": OTHER, "CONTEXT_PATH": "public/docker-contexts/x.tar.gz",
                    "MOZ_FETCHES": format!(
                        r#"[{{"artifact":"public/a","task":"{ID}"}},{{"artifact":"b"}},{{"task":"no id","artifact":"c"}}]"#
                    ),
                },
            },
        }))
        .unwrap();
        let told: BTreeSet<String> =
            task.inputs().iter().map(|input| format!("{} {}", input.task, input.name)).collect();
        let others = ["public/docker-contexts/x.tar.gz", "public/image.tar.zst"].map(|name| format!("{OTHER} {name}"));
        assert_eq!(told, others.into_iter().chain([format!("{ID} public/a")]).collect());
        assert_eq!(task.max_run_time(), SignedDuration::from_hours(1));
    }
}
