//! A project whose releases run on Taskcluster, before the double: its deployment, its groups of tasks, and the program
//! run by somebody who has no credentials there.

use serde_json::{Value, json};

use crate::support::{
    project::{Project, Ran, SECRET, ran},
    registry::Registry,
    taskcluster::{Double, github::Build, queue::task::Outcome},
};

pub const ARTIFACT: &str = "public/docker-image-shasum256.txt";
pub const LOG: &str = "public/logs/live_backing.log";
pub const LIVE: &str = "public/logs/live.log";

pub struct Site {
    pub double: Double,
    pub project: Project,
}

/// A group of two tasks.
pub struct Group {
    pub id: String,
    pub build: String,
    pub push: String,
}

impl Site {
    /// Anybody may read there, as at Firefox's deployment.
    pub fn new(registry: &Registry) -> Self {
        Self::with(registry, "")
    }

    /// [`Self::new`], with this said of its secret, and in sections behind.
    pub fn with(registry: &Registry, more: &str) -> Self {
        let (double, project) = (Double::open(), Project::new(registry));
        project.configure(&format!(
            "{more}\n[taskcluster]\nroot-url = \"{}\"\ngithub = \"team/app\"\ntasks = [\"docker-image\", \"push-image\"]\n",
            double.root
        ));
        project.commit("on Taskcluster");
        Self { double, project }
    }

    pub fn commit(&self) -> &'static str {
        self.project.git(&["rev-parse", "HEAD"]).leak()
    }

    /// A group that this event began for the commit that is checked out. Its tasks are pending.
    pub fn group(&self, event: &'static str, state: &'static str) -> Group {
        let get = format!("secrets:get:{SECRET}");
        let scopes: &[&str] = if event == "push" { &[&get] } else { &[] };
        let build = self.double.task(&json!({"metadata": metadata("docker-image")}));
        let push = self.double.task(&json!({
            "metadata": metadata("push-image"), "taskGroupId": build, "dependencies": [build], "scopes": scopes,
        }));
        self.double.build(&Build {
            owner: "team",
            repository: "app",
            sha: self.commit(),
            task_group: build.clone(),
            state,
            event,
            pull_request: event.starts_with("pull_request").then_some(7),
        });
        Group { id: build.clone(), build, push }
    }

    /// Runs a task to this end.
    pub fn run(&self, task: &str, outcome: Outcome) {
        self.double.claim(task);
        self.double.resolve(task, outcome);
    }

    /// The program with a home of its own, which knows nothing of what was released from here.
    pub fn elsewhere(&self, arguments: &[&str]) -> Ran {
        let mut program = self.project.program(arguments);
        ran(program.env("WINDLASS_HOME", self.project.folder().join("elsewhere")))
    }

    #[track_caller]
    pub fn show(&self, id: &str) -> Value {
        self.elsewhere(&["show", id, "--json"]).exits(0).json()
    }

    #[track_caller]
    pub fn row(&self, tag: &str) -> Value {
        let document = self.elsewhere(&["tags", "--fresh", "--json"]).exits(0).json();
        let rows = document["rows"].as_array().expect("a list");
        rows.iter().find(|row| row["tag"] == tag).unwrap_or_else(|| panic!("no {tag} in {document}")).clone()
    }
}

fn metadata(name: &str) -> Value {
    json!({"name": name, "owner": "bot@example.org", "source": "https://example.org/", "description": ""})
}
