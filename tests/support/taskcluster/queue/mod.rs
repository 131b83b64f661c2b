//! The queue: tasks, their runs, their artifacts.

pub mod artifacts;
mod changing;
pub mod creating;
mod groups;
mod reading;
pub mod task;
mod uploading;
mod worker;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use self::{
    artifacts::Artifacts,
    groups::Group,
    task::{Outcome, Task},
};
use super::{Double, moment, random, route::Route, world::World};

#[derive(Default)]
pub struct Queue {
    pub tasks: BTreeMap<String, Task>,
    pub groups: BTreeMap<String, Group>,
    pub artifacts: Artifacts,
}

pub const ROUTES: &[&[Route]] = &[
    reading::ROUTES,
    groups::ROUTES,
    creating::ROUTES,
    changing::ROUTES,
    worker::ROUTES,
    artifacts::ROUTES,
    uploading::ROUTES,
];

/// The client in whose name the queue gives credentials away.
pub const ITSELF: &str = "static/taskcluster/queue";

/// As the services' database sorts: without regard to case, `_` before other punctuation.
pub fn collation(text: &str) -> (String, String) {
    (text.to_lowercase().replace('_', "\u{1}"), text.to_owned())
}

impl World {
    /// What the queue does by itself as time passes: claims and deadlines end.
    pub fn queue_until(&mut self, now: Timestamp) {
        for id in self.queue.tasks.keys().cloned().collect::<Vec<_>>() {
            let task = self.queue.tasks.get_mut(&id).unwrap();
            if task.expire(now) {
                self.resolved(&id, now);
            }
        }
    }

    /// As `cancelTask` does it with each task that runs.
    pub fn cancel_what_runs(&mut self) {
        let now = self.now();
        let running = self.queue.tasks.values().filter(|task| task.state() == "running");
        for id in running.map(|task| task.id.clone()).collect::<Vec<_>>() {
            self.queue.tasks.get_mut(&id).unwrap().cancel(now);
            self.resolved(&id, now);
        }
    }

    /// What follows from the end of a task: tasks that waited for it, and its places in the index.
    pub fn resolved(&mut self, id: &str, now: Timestamp) {
        let waiting: Vec<String> =
            self.dependents(id).filter(|task| task.runs.is_empty()).map(|t| t.id.clone()).collect();
        for id in waiting {
            self.schedule_if_ready(&id, now);
        }
        let task = &self.queue.tasks[id];
        if task.state() != "completed" {
            return;
        }
        let routes: Vec<String> =
            task.strings("routes").filter_map(|route| route.strip_prefix("index.").map(str::to_owned)).collect();
        let expires = task.time("expires");
        for path in routes {
            self.index_task(&path, id, 0, json!({}), expires);
        }
    }

    fn dependents(&self, id: &str) -> impl Iterator<Item = &Task> {
        self.queue.tasks.values().filter(move |task| task.strings("dependencies").any(|dependency| dependency == id))
    }

    /// Schedules a task that waits for nothing any more.
    pub fn schedule_if_ready(&mut self, id: &str, now: Timestamp) {
        let task = &self.queue.tasks[id];
        let all_completed = task.definition["requires"] == "all-completed";
        let met = |dependency: &str| {
            let state = self.queue.tasks.get(dependency).map_or("unscheduled", Task::state);
            state == "completed" || (!all_completed && matches!(state, "failed" | "exception"))
        };
        if task.strings("dependencies").all(met) {
            self.queue.tasks.get_mut(id).unwrap().schedule("scheduled", now);
        }
    }
}

impl Double {
    /// A task, from whatever parts of a definition matter; the rest is filled in. `taskId` may be among them. It is
    /// pending, or unscheduled where it has dependencies that are not met. Gives its id.
    pub fn task(&self, parts: &Value) -> String {
        let mut world = self.world();
        let now = world.now();
        let mut definition = json!({
            "taskQueueId": "proj-example/ci",
            "created": moment::text(now),
            "deadline": moment::text(now + moment::days(1)),
            "payload": {},
            "metadata": {"name": "task", "owner": "nobody@example.com", "source": "https://example.com/", "description": ""},
        });
        for (name, value) in parts.as_object().unwrap() {
            definition[name] = value.clone();
        }
        let id = definition.as_object_mut().unwrap().remove("taskId");
        let id = id.map_or_else(random::slug, |id| id.as_str().unwrap().to_owned());
        creating::fill_in(&id, &mut definition);
        world.create_task(&id, definition, now).unwrap();
        self.shared.changed.notify_all();
        id
    }

    /// How a task stands, as answers show it.
    pub fn status(&self, task: &str) -> Value {
        serde_json::to_value(self.world().queue.tasks[task].status()).unwrap()
    }

    /// With everything that the queue filled in.
    pub fn definition(&self, task: &str) -> Value {
        self.world().queue.tasks[task].definition.clone()
    }

    /// A worker takes the task's last run, which is pending. Gives the run's number.
    pub fn claim(&self, task: &str) -> usize {
        let mut world = self.world();
        let now = world.now();
        world.queue.tasks.get_mut(task).unwrap().claim("local", "host-1", now).unwrap()
    }

    /// The task's last run, which is running, ends.
    pub fn resolve(&self, task: &str, outcome: Outcome) {
        let mut world = self.world();
        let now = world.now();
        let moved = world.queue.tasks.get_mut(task).unwrap();
        let run = moved.runs.len() - 1;
        moved.resolve(run, outcome, now).unwrap();
        world.resolved(task, now);
        self.shared.changed.notify_all();
    }

    /// As `rerunTask` does it.
    pub fn rerun(&self, task: &str) {
        let mut world = self.world();
        let now = world.now();
        world.queue.tasks.get_mut(task).unwrap().rerun(now).unwrap();
        self.shared.changed.notify_all();
    }

    /// As `cancelTask` does it.
    pub fn cancel(&self, task: &str) {
        let mut world = self.world();
        let now = world.now();
        world.queue.tasks.get_mut(task).unwrap().cancel(now);
        world.resolved(task, now);
    }

    /// As `sealTaskGroup` does it.
    pub fn seal(&self, group: &str) {
        let mut world = self.world();
        let now = world.now();
        world.queue.groups.get_mut(group).unwrap().sealed.get_or_insert(now);
    }
}
