//! What is ended, in which order, and what is in the way.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::domain::failure::FailureKind;

const GROUP: &str = "f18OCIBgRoSL6-8OrQg82Q";

fn id(name: &str) -> TaskId {
    format!("{name}-2345678901234567890123")[..22].parse().unwrap()
}

fn task(name: &str, state: &str, on: &[&str], deadline: &str) -> Task {
    let run = json!({"runId": 0, "state": state, "reasonResolved": (state == "completed").then_some(state)});
    serde_json::from_value(json!({
        "status": {
            "taskId": id(name), "taskGroupId": GROUP, "schedulerId": "s", "projectId": "p", "deadline": deadline,
            "state": state, "runs": if state == "unscheduled" { json!([]) } else { json!([run]) },
        },
        "task": {
            "taskGroupId": GROUP, "schedulerId": "s", "created": "2026-11-23T06:00:00Z", "deadline": deadline,
            "metadata": {"name": name}, "dependencies": on.iter().map(|name| id(name)).collect::<Vec<_>>(),
        },
    }))
    .unwrap()
}

fn facts(states: [&str; 3], deadline: &str) -> Facts {
    let [prepare, build, push] = states;
    Facts {
        now: "2026-11-23T07:00:00Z".parse().unwrap(),
        host: "tc.example".to_owned(),
        group: GROUP.parse().unwrap(),
        sealed: false,
        tasks: vec![
            task("push", push, &["build"], deadline),
            task("prepare", prepare, &[], deadline),
            task("build", build, &["prepare"], deadline),
        ],
        ours: ["build", "push"].map(id).to_vec(),
        signed: true,
        scopes: Some(["*"].into_iter().collect()),
        inputs: BTreeMap::new(),
        clean: str::to_owned,
    }
}

const LATER: &str = "2026-11-23T12:00:00Z";

fn names(ending: &Ending) -> Vec<&str> {
    ending.turns.iter().map(|turn| turn.name.as_str()).collect()
}

#[test]
fn what_waits_is_ended_before_what_it_waits_for_and_what_is_over_stays() {
    let open = facts(["running", "running", "unscheduled"], LATER);
    let all = ending(&open, None, false).unwrap();
    assert_eq!((names(&all), all.refused(), &all.seal), (vec!["push", "build"], None, &None));
    assert_eq!(names(&ending(&open, Some(&id("build")), false).unwrap()), ["build"]);
    let sealed = ending(&open, None, true).unwrap();
    assert_eq!(names(&sealed), ["push", "build", "prepare"], "whatever is in the group");
    assert!(sealed.rows().iter().any(|(_, words)| words.starts_with("is sealed")));

    let half = ending(&facts(["completed", "completed", "running"], LATER), None, false).unwrap();
    assert_eq!((names(&half), &half.over[..]), (vec!["push"], &[("build".into(), "completed".into())][..]));
    let over = facts(["completed"; 3], LATER);
    let failure = ending(&over, None, false).unwrap_err();
    assert_eq!(failure.why, "all of it has ended: build completed, push completed");
    assert_eq!(names(&ending(&over, None, true).unwrap()), Vec::<&str>::new(), "there is still a group to seal");
}

#[test]
fn what_the_queue_would_refuse_is_refused_before() {
    let late = ending(&facts(["running"; 3], "2026-11-23T07:00:00Z"), Some(&id("build")), false).unwrap();
    let failure = late.refused().unwrap();
    assert_eq!((failure.kind, failure.check), (FailureKind::Failed, Some(CheckId::Dates)));
    let mut open = facts(["running"; 3], LATER);
    open.scopes = Some(["queue:cancel-task:s/*", "queue:cancel-task-group:*"].into_iter().collect());
    assert_eq!(ending(&open, None, false).unwrap().refused(), None);
    let failure = ending(&open, None, true).unwrap().refused().unwrap();
    assert_eq!(failure.kind, FailureKind::NotAllowed);
    assert_eq!(failure.why, format!("the credentials lack queue:seal-task-group:s/{GROUP}"));
    let narrowed = ending(&open, Some(&id("push")), false).unwrap().turns.remove(0).narrowed;
    assert_eq!(narrowed, Some(vec![format!("queue:cancel-task:s/{GROUP}/{}", id("push"))]));
}
