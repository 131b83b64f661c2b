//! The task that this process runs in, as its worker's environment tells it: which run of which task, of which deployment,
//! and where the proxy is that signs requests in its name. Source: taskcluster, "Task environment variables",
//! "taskcluster-proxy"; the proxy's host is of the task's own network and speaks plain HTTP.

use std::ffi::OsString;

use crate::domain::{failure::Failure, finding::CheckId, root_url::RootUrl, task_run::TaskRun};

/// A run of a task, from within.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inside {
    pub run: TaskRun,
    /// Of the task's deployment, whatever a project's file says.
    pub root: RootUrl,
    /// `None` where the task did not ask for it.
    pub proxy: Option<RootUrl>,
}

/// An environment that says of itself that it is a task's, and is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {why}")]
pub struct NotATask {
    variable: &'static str,
    why: String,
}

impl From<NotATask> for Failure {
    fn from(error: NotATask) -> Self {
        Self::usage(
            "the environment is that of a task, and does not name it",
            error.to_string(),
            "give the process all variables of the task's worker; outside a task, unset TASK_ID and RUN_ID",
        )
        .explained_by(CheckId::Cluster)
    }
}

impl Inside {
    /// The task; `None` outside of one, where `TASK_ID` or `RUN_ID` is not set.
    ///
    /// # Errors
    /// When both are set, and they or what belongs to them are not what a worker sets.
    pub fn of(environment: &dyn Fn(&str) -> Option<OsString>) -> Result<Option<Self>, NotATask> {
        let text = |variable| environment(variable).filter(|text| !text.is_empty());
        let (Some(task), Some(run)) = (text("TASK_ID"), text("RUN_ID")) else { return Ok(None) };
        let read = |variable, text: OsString| {
            text.into_string().map_err(|_| NotATask { variable, why: "it is no text".to_owned() })
        };
        let wrong = |variable, why: String| NotATask { variable, why };
        let task = read("TASK_ID", task)?.parse();
        let task = task.map_err(|e: crate::domain::task::NotATaskId| wrong("TASK_ID", e.to_string()))?;
        let run = read("RUN_ID", run)?.parse().map_err(|_| wrong("RUN_ID", "it is no number".to_owned()))?;
        let url = |variable: &'static str| {
            let Some(found) = text(variable) else { return Ok(None) };
            read(variable, found)?.parse::<RootUrl>().map(Some).map_err(|e| wrong(variable, e.to_string()))
        };
        let root = url("TASKCLUSTER_ROOT_URL")?;
        let root = root.ok_or_else(|| wrong("TASKCLUSTER_ROOT_URL", "it is not set".to_owned()))?;
        Ok(Some(Self { run: TaskRun { task, run }, root, proxy: url("TASKCLUSTER_PROXY_URL")? }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TASK: (&str, &str) = ("TASK_ID", "f18OCIBgRoSL6-8OrQg82Q");
    const RUN: (&str, &str) = ("RUN_ID", "1");
    const ROOT: (&str, &str) = ("TASKCLUSTER_ROOT_URL", "https://tc.example/");

    fn told(variables: &[(&str, &str)]) -> String {
        let environment = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| value.into());
        match Inside::of(&environment) {
            Ok(None) => "outside".to_owned(),
            Ok(Some(Inside { run, root, proxy })) => {
                format!("{run} of {root} by {}", proxy.map_or_else(|| "nobody".to_owned(), |proxy| proxy.to_string()))
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_task_is_what_its_worker_says() {
        let proxy = ("TASKCLUSTER_PROXY_URL", "http://taskcluster");
        let task = "task f18OCIBgRoSL6-8OrQg82Q, run 1 of https://tc.example by ";
        assert_eq!(told(&[TASK, RUN, ROOT, proxy]), format!("{task}http://taskcluster"));
        assert_eq!(told(&[TASK, RUN, ROOT]), format!("{task}nobody"));
        for outside in [&[][..], &[TASK, ROOT, proxy], &[RUN, ROOT], &[("TASK_ID", ""), RUN]] {
            assert_eq!(told(outside), "outside", "{outside:?}");
        }
        assert_eq!(told(&[TASK, RUN]), "TASKCLUSTER_ROOT_URL: it is not set");
        assert_eq!(told(&[TASK, ("RUN_ID", "x"), ROOT]), "RUN_ID: it is no number");
        assert!(told(&[("TASK_ID", "../x"), RUN, ROOT]).starts_with("TASK_ID: `../x` is not a task id"));
        assert!(
            told(&[TASK, RUN, ROOT, ("TASKCLUSTER_PROXY_URL", "taskcluster")]).starts_with("TASKCLUSTER_PROXY_URL")
        );
    }
}
