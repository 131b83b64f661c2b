//! The index: tasks by the paths that they, or others, were given.

use serde::Deserialize;

use super::{
    error::TaskclusterError,
    service::{Service, segment},
    transport::{Call, Deployment},
};
use crate::domain::task::TaskId;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IndexedJson {
    task_id: TaskId,
}

impl Deployment {
    /// The task at a path: `project.balrog.v1.branch.master.latest.docker`.
    ///
    /// # Errors
    /// When there is none, or it has expired.
    pub async fn indexed(&self, path: &str) -> Result<TaskId, TaskclusterError> {
        let (scope, act) = (format!("index:find-task:{path}"), format!("find the task at {path}"));
        let call = Call::get(Service::Index, format!("/task/{}", segment(path)), scope, act);
        Ok(self.call(&call).await?.json::<IndexedJson>()?.task_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_a_task() {
        let found = r#"{"namespace":"project.balrog.manual.latest.docker","taskId":"f18OCIBgRoSL6-8OrQg82Q","rank":0,
            "data":{"hello":1},"expires":"2026-11-24T06:15:40.007Z"}"#;
        let found: IndexedJson = serde_json::from_str(found).unwrap();
        assert_eq!(found.task_id.as_str(), "f18OCIBgRoSL6-8OrQg82Q");
    }
}
