//! An action of a decision task, as somebody wants it done.

use crate::domain::{name::ReleaseId, task::TaskId};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    pub release: ReleaseId,
    pub name: String,
    /// `None`: to the group.
    pub task: Option<TaskId>,
    /// JSON as it was typed; `None`: what is usual, or it is still to be asked for.
    pub input: Option<String>,
}

impl Act {
    /// The words after `windlass` that do it; what it is given is piped in.
    pub fn words(&self) -> Vec<String> {
        let mut words = vec!["action".to_owned(), self.release.to_string(), self.name.clone()];
        words.extend(self.task.iter().flat_map(|task| ["--task".to_owned(), task.to_string()]));
        words.extend(self.input.is_some().then(|| "--input-stdin".to_owned()));
        words.push("--yes".to_owned());
        words
    }

    pub fn title(&self) -> String {
        format!("Have {} of release {} done", self.name, self.release)
    }
}
