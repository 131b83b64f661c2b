//! What the queue asks of whoever changes tasks. Source: the queue's reference, v106; what it says where something of it is
//! missing.

use super::{
    scope::Expression,
    task::{Definition, Status, TaskId},
};

/// From the one that comes first to the one that comes last.
const PRIORITIES: [&str; 7] = ["highest", "very-high", "high", "medium", "low", "very-low", "lowest"];

/// For one more run of a task.
#[must_use]
pub fn to_rerun(status: &Status) -> Expression {
    to("rerun-task", status)
}

/// For its end.
#[must_use]
pub fn to_cancel(status: &Status) -> Expression {
    to("cancel-task", status)
}

fn to(act: &str, status: &Status) -> Expression {
    let Status { task_id, task_group_id, scheduler_id, project_id, .. } = status;
    let mut any = vec![format!("queue:{act}:{scheduler_id}/{task_group_id}/{task_id}").into()];
    if !project_id.is_empty() {
        any.push(format!("queue:{act}-in-project:{project_id}").into());
    }
    let old = [format!("queue:{act}"), format!("assume:scheduler-id:{scheduler_id}/{task_group_id}")];
    any.push(Expression::all(old.map(Expression::from)));
    Expression::Any { any }
}

/// So that nothing can be added to a group any more, and to end all of its tasks.
#[must_use]
pub fn to_end_group(scheduler: &str, group: &TaskId) -> Expression {
    Expression::all(["seal", "cancel"].map(|act| format!("queue:{act}-task-group:{scheduler}/{group}").into()))
}

/// For a new task: all that it may do itself, among others.
#[must_use]
pub fn to_create(task: &Definition) -> Expression {
    let scopes = task.scopes.iter().cloned();
    let routes = task.routes.iter().map(|route| format!("queue:route:{route}"));
    let place =
        [format!("queue:create-task:project:{}", task.project_id), format!("queue:scheduler-id:{}", task.scheduler_id)];
    // Whoever may have tasks of a higher priority may have those of a lower one.
    let own = PRIORITIES.iter().position(|priority| *priority == task.priority).unwrap_or(PRIORITIES.len() - 1);
    let any = PRIORITIES[..=own].iter().rev();
    let any = any.map(|priority| format!("queue:create-task:{priority}:{}", task.task_queue_id).into()).collect();
    let all = scopes.chain(routes).chain(place).map(Expression::from);
    Expression::all(all.chain([Expression::Any { any }]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_those_that_the_queue_names_where_they_are_missing() {
        let status: Status = serde_json::from_str(
            r#"{"taskId":"TF1RgJ31QB-tvvB3MCA40A","taskGroupId":"f18OCIBgRoSL6-8OrQg82Q","schedulerId":"taskcluster-github",
            "projectId":"none","deadline":"2026-11-23T07:14:15.898Z","state":"failed"}"#,
        )
        .unwrap();
        let (group, task) = ("taskcluster-github/f18OCIBgRoSL6-8OrQg82Q", "TF1RgJ31QB-tvvB3MCA40A");
        for (needed, act) in [(to_rerun(&status), "rerun"), (to_cancel(&status), "cancel")] {
            let said = format!(
                r#"{{"AnyOf":["queue:{act}-task:{group}/{task}","queue:{act}-task-in-project:none",
                {{"AllOf":["queue:{act}-task","assume:scheduler-id:{group}"]}}]}}"#
            );
            assert_eq!(needed, serde_json::from_str(&said).unwrap());
        }
        let end = to_end_group("s", &status.task_group_id).to_string();
        assert_eq!(
            end,
            "queue:seal-task-group:s/f18OCIBgRoSL6-8OrQg82Q and queue:cancel-task-group:s/f18OCIBgRoSL6-8OrQg82Q"
        );
    }

    #[test]
    fn a_new_task_needs_what_it_may_itself_its_routes_and_its_place() {
        let task = |priority: &str| -> Definition {
            serde_json::from_value(serde_json::json!({
                "taskQueueId": "proj/ci", "schedulerId": "s", "projectId": "p", "priority": priority,
                "taskGroupId": "f18OCIBgRoSL6-8OrQg82Q", "routes": ["checks"], "scopes": ["secrets:get:x"],
                "created": "2026-11-23T06:14:15Z", "deadline": "2026-11-23T07:14:15Z", "metadata": {},
            }))
            .unwrap()
        };
        let both = "secrets:get:x, queue:route:checks, queue:create-task:project:p, queue:scheduler-id:s and ";
        assert_eq!(to_create(&task("highest")).to_string(), format!("{both}queue:create-task:highest:proj/ci"));
        let some = "one of (queue:create-task:high:proj/ci, queue:create-task:very-high:proj/ci, \
                    queue:create-task:highest:proj/ci)";
        assert_eq!(to_create(&task("high")).to_string(), format!("{both}{some}"));
        let Expression::All { all } = to_create(&task("lowest")) else { panic!("it is all of several") };
        let Some(Expression::Any { any }) = all.last() else { panic!("it is one of several") };
        assert_eq!(any.len(), 7);
    }
}
