//! A task made anew from the definition of another.
//!
//! Kept is all that the definition says, also what is not known here: scopes, routes, tags, priority, project, retries, and
//! dependencies on tasks that are not cloned with it. New are the id; `created`, `deadline`, `expires`, and `expires` of
//! what the payload leaves, all moved by as much; and each mention of a task that is cloned along, in the dependencies and in
//! the payload, which becomes one of its clone. `extra.windlass.clone-of` says of what it is one.
//!
//! Others differ: Taskcluster's web page also keeps routes and dependencies, and gives no retries; its command line drops
//! both and the project; taskgraph's action makes the task from its graph.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    again::Place,
    failure::Failure,
    task::{Definition, Task, TaskId},
};

/// A task that is not made yet. Its id is fixed, so that it can be asked for again without being made twice.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTask {
    pub id: TaskId,
    pub of: TaskId,
    pub group: TaskId,
    /// As the queue takes it.
    pub definition: Value,
}

/// Clones of these, in this order, made now. `ids` are theirs, in the same order.
///
/// # Errors
/// When a definition is none.
pub fn clones(
    originals: &[(TaskId, Value)],
    ids: &[TaskId],
    place: &Place,
    now: Timestamp,
) -> Result<Vec<NewTask>, Failure> {
    let renamed: BTreeMap<&str, &str> =
        originals.iter().zip(ids).map(|((of, _), id)| (of.as_str(), id.as_str())).collect();
    let pairs = originals.iter().zip(ids);
    pairs
        .map(|((of, original), id)| {
            let known: Definition = serde_json::from_value(original.clone()).map_err(|e| {
                // The parser's own message may quote what it read.
                let why =
                    format!("its definition is not one of a task, as of line {}, column {}", e.line(), e.column());
                Failure::failed(format!("the task {of} cannot be made again"), why, "look at it at the deployment")
            })?;
            let group = match (&place.new_group, ids) {
                (Some(_), [first, ..]) => first.clone(),
                _ => known.task_group_id.clone(),
            };
            let mut definition = original.clone();
            for part in ["dependencies", "payload"] {
                if let Some(part) = definition.get_mut(part) {
                    rename(part, &renamed);
                }
            }
            let by = now.duration_since(known.created);
            for time in ["created", "deadline", "expires"] {
                definition.get_mut(time).into_iter().for_each(|time| shift(time, by));
            }
            definition.get_mut("payload").into_iter().for_each(|payload| shift_expiries(payload, by));
            definition["taskGroupId"] = json!(group);
            definition["schedulerId"] = json!(place.scheduler);
            if !definition["extra"].is_object() {
                definition["extra"] = json!({});
            }
            definition["extra"]["windlass"] = json!({"clone-of": of});
            Ok(NewTask { id: id.clone(), of: of.clone(), group, definition })
        })
        .collect()
}

impl Task {
    /// The task that it was made from, where it is a clone.
    #[must_use]
    pub fn clone_of(&self) -> Option<TaskId> {
        self.definition.extra.pointer("/windlass/clone-of")?.as_str()?.parse().ok()
    }
}

/// In texts too: fetches are JSON in a variable.
fn rename(value: &mut Value, renamed: &BTreeMap<&str, &str>) {
    match value {
        Value::String(text) => {
            for (old, new) in renamed {
                if text.contains(old) {
                    *text = text.replace(old, new);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| rename(value, renamed)),
        Value::Object(entries) => entries.values_mut().for_each(|value| rename(value, renamed)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What is no time, or out of all bounds, stays: the queue says what it thinks of it.
fn shift(value: &mut Value, by: SignedDuration) {
    let shifted = value.as_str().and_then(|text| text.parse::<Timestamp>().ok()).and_then(|at| at.checked_add(by).ok());
    if let Some(at) = shifted {
        // To milliseconds, as the queue keeps them.
        *value = json!(at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string());
    }
}

fn shift_expiries(value: &mut Value, by: SignedDuration) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| shift_expiries(value, by)),
        Value::Object(entries) => {
            for (key, value) in entries {
                if key == "expires" { shift(value, by) } else { shift_expiries(value, by) }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: &str = "f18OCIBgRoSL6-8OrQg82Q";
    const BUILD: &str = "LHIFqN2-Twa_NSAVguP9dw";
    const PUSH: &str = "TF1RgJ31QB-tvvB3MCA40A";
    const OTHER: &str = "AD-pliaATO2dXhpMB0Z6vg";
    const NEW: [&str; 2] = ["N_QuQQ_jQ8aM2iTzGUy3JQ", "Sz2-qVLBTFyKz0B59CzhJg"];

    fn id(text: &str) -> TaskId {
        text.parse().unwrap()
    }

    fn definition(name: &str) -> Value {
        json!({
            "provisionerId": "proj", "workerType": "ci", "taskQueueId": "proj/ci", "schedulerId": "github",
            "projectId": "balrog", "taskGroupId": GROUP, "dependencies": [BUILD, OTHER], "requires": "all-completed",
            "routes": ["checks", format!("index.x.{BUILD}")], "priority": "low", "retries": 5, "scopes": ["a"],
            "created": "2026-11-23T06:14:14.898Z", "deadline": "2026-11-23T07:14:14.898Z",
            "expires": "2026-11-25T06:14:14.898Z",
            "payload": {
                "env": {"MOZ_FETCHES": format!(r#"[{{"task":"{BUILD}"}},{{"task":"{OTHER}"}}]"#), "AT": "2026-11-23T06:14:14Z"},
                "artifacts": {"public/x": {"expires": "2026-11-24T06:14:14.898Z", "path": "x"}},
                "logs": [{"expires": "2026-11-24T06:14:14.898Z"}],
            },
            "metadata": {"name": name}, "tags": {"kind": "push"}, "extra": {"treeherder": {"symbol": "D"}}, "newer": 1,
        })
    }

    fn cloned(place: &Place) -> Vec<NewTask> {
        let originals = vec![(id(BUILD), definition("build")), (id(PUSH), definition("push"))];
        clones(&originals, &NEW.map(id), place, "2026-11-26T06:14:14.898Z".parse().unwrap()).unwrap()
    }

    #[test]
    fn all_is_kept_but_ids_times_and_what_says_of_which_task_it_is() {
        let place = Place { scheduler: "github".to_owned(), new_group: None };
        let [build, push] = &cloned(&place)[..] else { panic!("two") };
        assert_eq!((&build.id, &build.of, &push.id), (&id(NEW[0]), &id(BUILD), &id(NEW[1])));
        let mut expected = definition("push");
        expected["dependencies"] = json!([NEW[0], OTHER]);
        for (field, day) in [("created", 26), ("expires", 28)] {
            expected[field] = json!(format!("2026-11-{day}T06:14:14.898Z"));
        }
        expected["deadline"] = json!("2026-11-26T07:14:14.898Z");
        expected["payload"]["env"]["MOZ_FETCHES"] = json!(format!(r#"[{{"task":"{}"}},{{"task":"{OTHER}"}}]"#, NEW[0]));
        expected["payload"]["artifacts"]["public/x"]["expires"] = json!("2026-11-27T06:14:14.898Z");
        expected["payload"]["logs"][0]["expires"] = json!("2026-11-27T06:14:14.898Z");
        expected["extra"]["windlass"] = json!({"clone-of": PUSH});
        assert_eq!(push.definition, expected);
        assert_eq!(build.group, id(GROUP));
    }

    #[test]
    fn in_a_group_of_their_own_the_first_names_it() {
        let place = Place { scheduler: "-".to_owned(), new_group: Some("the group is sealed".to_owned()) };
        for task in cloned(&place) {
            assert_eq!((task.definition["taskGroupId"].as_str(), task.group), (Some(NEW[0]), id(NEW[0])));
            assert_eq!(task.definition["schedulerId"], "-");
        }
    }

    #[test]
    fn a_clone_says_of_what_it_is_one() {
        let place = Place { scheduler: "-".to_owned(), new_group: None };
        let clone = cloned(&place).remove(0);
        let task: Task = serde_json::from_value(json!({
            "status": {"taskId": clone.id, "taskGroupId": GROUP, "deadline": "2026-11-23T07:14:15Z", "state": "pending"},
            "task": clone.definition,
        }))
        .unwrap();
        assert_eq!(task.clone_of(), Some(id(BUILD)));
        let no_task = clones(&[(id(PUSH), json!({}))], &[id(NEW[0])], &place, Timestamp::UNIX_EPOCH);
        assert!(no_task.unwrap_err().why.contains("not one of a task"));
    }
}
