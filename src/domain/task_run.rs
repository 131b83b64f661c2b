//! One run of a task of Taskcluster: what a release that runs inside a task is made by.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::task::TaskId;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRun {
    pub task: TaskId,
    pub run: u32,
}

impl fmt::Display for TaskRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {}, run {}", self.task, self.run)
    }
}
