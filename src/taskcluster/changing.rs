//! What changes the queue's tasks: more runs of them, new ones, their end. Each call is narrowed to the scopes that it is
//! given; where nobody knows what we have it is not, and the queue says what is missing.

use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use super::{
    error::TaskclusterError,
    service::Service,
    transport::{Call, Deployment, Manner},
};
use crate::domain::{
    permission::MayWrite,
    task::{Status, TaskId},
};

/// Some servers take no more than 8 KB of headers; beyond that a call is not narrowed rather than not taken.
const LONGEST: usize = 4096;

#[derive(Deserialize)]
struct StatusJson {
    status: Status,
}

fn call(path: String, scopes: Option<&[String]>, act: String) -> Call {
    let narrowed = scopes.filter(|scopes| scopes.iter().map(String::len).sum::<usize>() <= LONGEST);
    let call = Call::get(Service::Queue, path, "", act).method(Method::POST).manner(Manner::Repeatable);
    Call { scopes: narrowed.map(<[String]>::to_vec), ..call }
}

impl Deployment {
    /// Gives a task that is over one more run. Of one that is not, nothing changes.
    ///
    /// It is asked for once: after an answer that was lost only the task's runs tell whether there is a new one.
    ///
    /// # Errors
    /// When we may not, when its deadline is over, and when it has had too many runs.
    pub async fn rerun(&self, id: &TaskId, scopes: Option<&[String]>, _: MayWrite) -> Result<Status, TaskclusterError> {
        let call = call(format!("/task/{id}/rerun"), scopes, format!("run the task {id} again")).manner(Manner::Once);
        Ok(self.call(&call).await?.json::<StatusJson>()?.status)
    }

    /// Ends a task, or leaves it as it ended: the status says which.
    ///
    /// # Errors
    /// When we may not, and when its deadline is over.
    pub async fn cancel(
        &self,
        id: &TaskId,
        scopes: Option<&[String]>,
        _: MayWrite,
    ) -> Result<Status, TaskclusterError> {
        let call = call(format!("/task/{id}/cancel"), scopes, format!("cancel the task {id}"));
        Ok(self.call(&call).await?.json::<StatusJson>()?.status)
    }

    /// Makes a task of this id. To ask for the same again changes nothing, so that an answer that was lost is asked for.
    ///
    /// # Errors
    /// When we may not, when the queue does not take the definition, and when another task has that id.
    pub async fn create_task(
        &self,
        id: &TaskId,
        definition: &Value,
        scopes: Option<&[String]>,
        _: MayWrite,
    ) -> Result<Status, TaskclusterError> {
        let call = call(format!("/task/{id}"), scopes, format!("make the task {id}"));
        let call = call.method(Method::PUT).json(definition);
        Ok(self.call(&call).await?.json::<StatusJson>()?.status)
    }

    /// Closes a group for good: no task can be added to it any more.
    ///
    /// # Errors
    /// When we may not.
    pub async fn seal(&self, group: &TaskId, scopes: Option<&[String]>, _: MayWrite) -> Result<(), TaskclusterError> {
        self.call(&call(format!("/task-group/{group}/seal"), scopes, format!("seal the group {group}"))).await?;
        Ok(())
    }

    /// Ends all tasks of a group, which has to be sealed, that are not over.
    ///
    /// # Errors
    /// When we may not, and when it is not sealed.
    pub async fn cancel_group(
        &self,
        group: &TaskId,
        scopes: Option<&[String]>,
        _: MayWrite,
    ) -> Result<(), TaskclusterError> {
        self.call(&call(format!("/task-group/{group}/cancel"), scopes, format!("cancel the group {group}"))).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_room_in_a_header_does_not_narrow() {
        let narrowed = |scopes: &[String]| call("/x".to_owned(), Some(scopes), "do it".to_owned()).scopes;
        let few = vec!["queue:rerun-task-in-project:none".to_owned()];
        assert_eq!(narrowed(&few), Some(few));
        let many: Vec<String> = (0..200).map(|n| format!("queue:route:index.project.example.{n:03}")).collect();
        assert_eq!(narrowed(&many), None);
        assert_eq!(call("/x".to_owned(), None, "do it".to_owned()).scopes, None);
    }
}
