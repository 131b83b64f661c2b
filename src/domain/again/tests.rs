//! Which tasks are run again, in which order, and what is in the way, as tables.

use serde_json::{Value, json};

use super::*;
use crate::domain::{finding::CheckId, scope::Scopes, task_inputs::Input};

const GROUP: &str = "f18OCIBgRoSL6-8OrQg82Q";
const NOW: &str = "2026-11-23T07:00:00Z";

fn id(name: &str) -> TaskId {
    format!("{name}-2345678901234567890123")[..22].parse().unwrap()
}

fn ids(names: &[&str]) -> BTreeSet<TaskId> {
    names.iter().map(|name| id(name)).collect()
}

/// A task of this name in this state (`failed`, or `exception/canceled`), which depends on these.
fn task(name: &str, state: &str, on: &[&str]) -> Value {
    let (state, reason) = state.split_once('/').unwrap_or((state, state));
    let over = matches!(state, "completed" | "failed" | "exception").then_some(reason);
    let run = json!({"runId": 0, "state": state, "reasonResolved": over});
    let deadline = "2026-11-23T12:00:00Z";
    json!({
        "status": {
            "taskId": id(name), "taskGroupId": GROUP, "schedulerId": "s", "projectId": "p", "deadline": deadline,
            "state": state, "runs": if state == "unscheduled" { json!([]) } else { json!([run]) },
        },
        "task": {
            "taskGroupId": GROUP, "schedulerId": "s", "projectId": "p", "taskQueueId": "proj/ci", "priority": "highest",
            "created": "2026-11-23T06:00:00Z", "deadline": deadline, "metadata": {"name": name},
            "dependencies": on.iter().map(|name| id(name)).collect::<Vec<_>>(),
            "payload": {"maxRunTime": 3600}, "scopes": ["secrets:get:x"],
        },
    })
}

fn facts(tasks: Vec<Value>) -> Facts {
    let tasks: Vec<Task> = tasks.into_iter().map(|task| serde_json::from_value(task).unwrap()).collect();
    Facts {
        now: NOW.parse().unwrap(),
        host: "tc.example".to_owned(),
        group: GROUP.parse().unwrap(),
        sealed: false,
        ours: tasks.iter().map(|task| task.id().clone()).collect(),
        tasks,
        signed: true,
        scopes: Some(["*"].into_iter().collect()),
        inputs: BTreeMap::new(),
        clean: str::to_owned,
    }
}

/// `build push`: what is asked for; `|` before what waits, `+` before what follows by itself.
fn told(again: &Again) -> String {
    let wave = |wave: &Vec<Turn>| wave.iter().map(|turn| turn.name.as_str()).collect::<Vec<_>>().join(" ");
    let waves = again.waves.iter().map(wave).collect::<Vec<_>>().join(" | ");
    again.follows.iter().fold(waves, |told, (_, name)| format!("{told} + {name}"))
}

#[test]
fn what_failed_is_run_again_and_what_waits_for_it_comes_after() {
    let (whole, push) = (Which::Whole, Which::Only(vec![id("push")]));
    let from = Which::From(id("build"));
    for (build, push_state, which, manner, expected) in [
        ("failed", "unscheduled", &whole, Manner::Rerun, "build + push"),
        ("failed", "unscheduled", &whole, Manner::Clone, "build push"),
        ("completed", "failed", &whole, Manner::Rerun, "push"),
        ("completed", "failed", &whole, Manner::Clone, "push"),
        ("exception/canceled", "exception/canceled", &whole, Manner::Rerun, "build | push"),
        ("completed", "completed", &whole, Manner::Rerun, "build | push"),
        ("completed", "completed", &whole, Manner::Clone, "build push"),
        ("completed", "completed", &push, Manner::Rerun, "push"),
        ("completed", "completed", &from, Manner::Rerun, "build | push"),
        ("failed", "unscheduled", &from, Manner::Rerun, "build + push"),
        ("completed", "failed", &from, Manner::Clone, "build push"),
    ] {
        // The group lists them in no order.
        let mut facts = facts(vec![task("push", push_state, &["build"]), task("build", build, &[])]);
        facts.tasks.push(serde_json::from_value(task("test", "failed", &["build"])).unwrap());
        let again = again(&facts, which, manner).unwrap();
        assert_eq!(told(&again), expected, "{build} {push_state} {which:?} {manner:?}");
        assert_eq!(again.refused(), None);
    }
}

#[test]
fn a_payload_that_no_worker_took_is_warned_of_in_either_manner() {
    let warnings = |state: &str, manner| {
        let facts = facts(vec![task("build", state, &[])]);
        again(&facts, &Which::Whole, manner).unwrap().warnings.join("\n")
    };
    for manner in [Manner::Rerun, Manner::Clone] {
        assert!(warnings("exception/malformed-payload", manner).contains("did not take the payload of build"));
        assert_eq!(warnings("exception/internal-error", manner), "");
    }
}

#[test]
fn a_chain_is_run_in_its_order_through_what_is_left_out() {
    let chain = vec![
        task("a", "completed", &[]),
        task("b", "completed", &["a"]),
        task("c", "completed", &["b"]),
        task("d", "failed", &["c"]),
    ];
    let facts = facts(chain);
    let of = |names: &[&str]| Which::Only(names.iter().map(|name| id(name)).collect());
    assert_eq!(told(&again(&facts, &of(&["d", "a"]), Manner::Rerun).unwrap()), "a | d");
    assert_eq!(told(&again(&facts, &Which::From(id("b")), Manner::Rerun).unwrap()), "b | c | d");
    assert!(facts.depends(facts.task(&id("d")).unwrap(), &ids(&["a"])));
    assert!(!facts.depends(facts.task(&id("a")).unwrap(), &ids(&["a", "d"])));
}

#[test]
fn a_release_that_runs_and_of_which_nothing_failed_is_left_alone() {
    for states in [["running", "unscheduled"], ["completed", "pending"]] {
        let facts = facts(vec![task("build", states[0], &[]), task("push", states[1], &["build"])]);
        for manner in [Manner::Rerun, Manner::Clone] {
            let failure = again(&facts, &Which::Whole, manner).unwrap_err();
            assert_eq!(failure.what, format!("release {GROUP} still runs"));
            assert!(failure.next.contains("windlass show"), "{failure:?}");
        }
    }
}

/// Why running `push` again is refused, with this of its task otherwise, and of the facts.
fn refused(manner: Manner, change: impl Fn(&mut Value), facts_too: impl Fn(&mut Facts)) -> Option<Failure> {
    let mut push = task("push", "failed", &["build"]);
    change(&mut push);
    let mut facts = facts(vec![task("build", "completed", &[]), push]);
    facts_too(&mut facts);
    again(&facts, &Which::Only(vec![id("push")]), manner).unwrap().refused()
}

#[test]
fn what_the_queue_would_refuse_is_refused_before_with_another_way() {
    let same = |_: &mut Facts| ();
    assert_eq!(refused(Manner::Rerun, |_| (), same), None);

    let past = |task: &mut Value| task["status"]["deadline"] = NOW.into();
    let failure = refused(Manner::Rerun, past, same).unwrap();
    assert_eq!((failure.kind, failure.check), (FailureKind::Failed, Some(CheckId::Dates)));
    assert!(failure.why.starts_with("its deadline was at 2026-11-23 07:00:00 UTC"), "{failure:?}");
    assert!(failure.next.ends_with(&format!("windlass rerun {GROUP} --task {} --clone", id("push"))), "{failure:?}");
    assert_eq!(refused(Manner::Clone, past, same), None, "a clone has a deadline of its own");

    let often = |task: &mut Value| {
        let run = task["status"]["runs"][0].clone();
        task["status"]["runs"] = vec![run; 50].into();
    };
    assert_eq!(refused(Manner::Rerun, often, same).unwrap().why, "it has had 50 runs, and gets no more");
    assert_eq!(refused(Manner::Clone, often, same), None);

    for state in ["pending", "running"] {
        let runs = |task: &mut Value| *task = self::task("push", state, &["build"]);
        for manner in [Manner::Rerun, Manner::Clone] {
            let failure = refused(manner, runs, same).unwrap();
            assert!(failure.what.contains("twice") && failure.next.contains("windlass cancel"), "{failure:?}");
        }
    }
    let waits = |task: &mut Value| *task = self::task("push", "unscheduled", &["build"]);
    assert!(refused(Manner::Rerun, waits, same).unwrap().why.contains("has not run yet"));
    assert_eq!(refused(Manner::Clone, waits, same), None);
}

#[test]
fn a_clone_that_would_wait_for_ever_is_refused() {
    let failed = |facts: &mut Facts| facts.tasks[0] = serde_json::from_value(task("build", "failed", &[])).unwrap();
    let failure = refused(Manner::Clone, |_| (), failed).unwrap();
    assert!(failure.next.ends_with(&format!("--from {} --clone", id("build"))), "{failure:?}");
    assert_eq!(refused(Manner::Clone, |task| task["task"]["requires"] = "all-resolved".into(), failed), None);
    assert_eq!(refused(Manner::Rerun, |_| (), failed), None, "the queue begins a rerun whatever it depends on");
}

#[test]
fn scopes_that_are_missing_are_named_with_the_way_to_get_them() {
    let (group, push) = (format!("s/{GROUP}"), id("push"));
    let given = |scopes: &'static [&'static str]| {
        move |facts: &mut Facts| {
            facts.scopes = Some(scopes.iter().copied().collect());
        }
    };
    let failure = refused(Manner::Rerun, |_| (), given(&["queue:rerun-task"])).unwrap();
    assert_eq!((failure.kind, failure.check), (FailureKind::NotAllowed, Some(CheckId::Client)));
    assert!(failure.why.contains(&format!("one of (queue:rerun-task:{group}/{push}, queue:rerun-task-in-project:p")));
    assert!(
        failure.next.ends_with(&format!("windlass signin --scope 'queue:rerun-task:{group}/{push}'")),
        "{failure:?}"
    );
    assert_eq!(refused(Manner::Rerun, |_| (), given(&["queue:rerun-task-in-project:p"])), None);
    // Whoever runs a task again need not be able to do what it does; whoever makes one does.
    let most = given(&["queue:*"]);
    let failure = refused(Manner::Clone, |_| (), most).unwrap();
    assert_eq!(failure.why, "the credentials lack secrets:get:x");
    assert_eq!(refused(Manner::Clone, |_| (), given(&["queue:*", "secrets:get:x"])), None);
    let nobody = |facts: &mut Facts| {
        facts.scopes = Some(Scopes::default());
        facts.signed = false;
    };
    assert!(refused(Manner::Rerun, |_| (), nobody).unwrap().why.ends_with("nobody is signed in"));
    assert_eq!(refused(Manner::Rerun, |_| (), |facts: &mut Facts| facts.scopes = None), None, "the queue will say");
}

#[test]
fn calls_are_narrowed_to_what_they_need() {
    let mut facts = facts(vec![task("push", "failed", &[])]);
    facts.scopes = Some(["queue:rerun-task-in-project:*", "x"].into_iter().collect());
    let plan = again(&facts, &Which::Whole, Manner::Rerun).unwrap();
    assert_eq!(plan.waves[0][0].narrowed, Some(vec!["queue:rerun-task-in-project:p".to_owned()]));
    facts.scopes = None;
    assert_eq!(again(&facts, &Which::Whole, Manner::Rerun).unwrap().waves[0][0].narrowed, None);
}

#[test]
fn clones_go_where_their_tasks_are_unless_that_is_closed_or_not_theirs() {
    let mut facts = facts(vec![task("push", "failed", &[])]);
    let place = |facts: &Facts| {
        let again = again(facts, &Which::Whole, Manner::Clone).unwrap();
        assert_eq!(again.warnings.is_empty(), again.place.new_group.is_none(), "that nothing counts of it is said");
        (again.place.scheduler.clone(), again.place.new_group.unwrap_or_default(), again.scopes.lacks.is_some())
    };
    assert_eq!(place(&facts), ("s".into(), String::new(), false));
    facts.sealed = true;
    assert_eq!(place(&facts), ("s".into(), "the group is sealed".into(), false));
    facts.sealed = false;
    let may = |scopes: &[&str]| Some(scopes.iter().copied().chain(["secrets:*", "queue:create-task:*"]).collect());
    facts.scopes = may(&["queue:scheduler-id:-"]);
    assert_eq!(place(&facts), ("-".into(), "the credentials are not for its scheduler, s".into(), false));
    facts.scopes = may(&[]);
    assert_eq!(place(&facts), ("s".into(), String::new(), true), "what is missing is told of the task's own");
}

#[test]
fn inputs_that_are_gone_are_in_the_way_unless_they_are_made_anew() {
    let fetch = |task: &mut Value| {
        task["task"]["payload"]["env"]["MOZ_FETCHES"] =
            format!(r#"[{{"task":"{}","artifact":"public/image"}}]"#, id("build")).into();
    };
    let kept = |kept: Kept| {
        move |facts: &mut Facts| {
            facts.inputs.insert(Input { task: id("build"), name: "public/image".into() }, kept.clone());
        }
    };
    let until = |text: &str| Kept::Until(text.parse().unwrap());
    for (kept_until, is_refused) in [(until("2026-11-23T07:00:01Z"), false), (until(NOW), true), (Kept::Gone, true)] {
        for manner in [Manner::Rerun, Manner::Clone] {
            let failure = refused(manner, fetch, kept(kept_until.clone()));
            assert_eq!(failure.is_some(), is_refused, "{kept_until:?}");
            if let Some(failure) = failure {
                assert_eq!(failure.why, "public/image of build, which it begins with, has expired");
                assert!(failure.next.ends_with(&format!("windlass rerun {GROUP} --from {}", id("build"))));
            }
        }
    }
    let mut push = task("push", "failed", &["build"]);
    fetch(&mut push);
    let mut facts = facts(vec![task("build", "completed", &[]), push]);
    facts.inputs.insert(Input { task: id("build"), name: "public/image".into() }, Kept::Gone);
    let from = again(&facts, &Which::From(id("build")), Manner::Rerun).unwrap();
    assert_eq!((from.refused(), from.warnings), (None, Vec::<String>::new()), "the build makes it anew");
}

#[test]
fn what_may_go_wrong_is_said_before() {
    let warnings = |push: Value, change: &dyn Fn(&mut Facts)| {
        let mut facts = facts(vec![task("build", "running", &[]), push]);
        change(&mut facts);
        let again = again(&facts, &Which::Only(vec![id("push")]), Manner::Rerun).unwrap();
        assert_eq!(again.refused(), None);
        again.warnings.join("\n")
    };
    assert_eq!(warnings(task("push", "failed", &[]), &|_| ()), "");
    let mut late = task("push", "failed", &[]);
    late["status"]["deadline"] = "2026-11-23T07:59:59Z".into();
    assert!(
        warnings(late, &|_| ()).starts_with("push may take 60 min, and its deadline is at 2026-11-23 07:59:59 UTC")
    );
    let told = warnings(task("push", "failed", &["build"]), &|_| ());
    assert_eq!(told, "push depends on build, which is not waited for: running");
    let other = "LHIFqN2-Twa_NSAVguP9dw";
    let mut fetches = task("push", "failed", &[]);
    fetches["task"]["payload"]["env"] = json!({"CONTEXT_TASK_ID": other, "CONTEXT_PATH": "public/x"});
    let input = Input { task: other.parse().unwrap(), name: "public/x".into() };
    for (kept, told) in [
        (Some(Kept::Until("2026-11-23T07:30:00Z".parse().unwrap())), "expires at 2026-11-23 07:30:00 UTC"),
        (Some(Kept::Untold("403".into())), "is not known: 403"),
        (None, "was not looked at"),
    ] {
        let set = |facts: &mut Facts| facts.inputs.extend(kept.clone().map(|kept| (input.clone(), kept)));
        let said = warnings(fetches.clone(), &set);
        assert!(said.ends_with(told) && said.contains("public/x"), "{said}");
    }
}

#[test]
fn several_reasons_are_one_failure_whose_kind_says_who_can_help() {
    let mut late = task("push", "failed", &[]);
    late["status"]["deadline"] = NOW.into();
    let mut facts = facts(vec![task("build", "running", &[]), late]);
    let both = Which::Only(vec![id("build"), id("push")]);
    let failure = again(&facts, &both, Manner::Rerun).unwrap().refused().unwrap();
    assert_eq!((failure.kind, failure.why.lines().count()), (FailureKind::Failed, 2), "{failure:?}");
    facts.scopes = Some(Scopes::default());
    assert_eq!(again(&facts, &both, Manner::Rerun).unwrap().refused().unwrap().kind, FailureKind::NotAllowed);
}

#[test]
fn tasks_are_named_by_id_or_by_name() {
    let mut facts = facts(vec![task("build", "failed", &[]), task("push", "failed", &[])]);
    let mut twin = task("other", "failed", &[]);
    twin["task"]["metadata"]["name"] = "push".into();
    facts.tasks.push(serde_json::from_value(twin).unwrap());
    assert_eq!(facts.named("push"), Ok(id("push")), "that of the release");
    assert_eq!(facts.named(id("other").as_str()), Ok(id("other")));
    assert_eq!(facts.named("biuld").unwrap_err().next, "did you mean build?");
    assert_eq!(facts.named("nothing").unwrap_err().next, "its tasks: build, push");
    facts.ours.push(id("other"));
    assert!(facts.named("push").unwrap_err().next.contains(id("other").as_str()));
}

#[test]
fn what_happens_is_told_in_rows() {
    let facts = facts(vec![task("build", "failed", &[]), task("push", "failed", &["build"])]);
    let rows = |manner| -> Vec<String> {
        let rows = again(&facts, &Which::Whole, manner).unwrap().rows();
        rows.into_iter().map(|(label, words)| format!("{label}: {words}")).collect()
    };
    assert_eq!(
        rows(Manner::Rerun)[..3],
        [
            format!("release: {GROUP} at tc.example"),
            "task: build (its command failed): run 1; until 2026-11-23 12:00:00 UTC".to_owned(),
            "then: push (its command failed): once those before have completed, run 1; until 2026-11-23 12:00:00 UTC"
                .to_owned(),
        ]
    );
    let labels = |rows: &[String]| rows.iter().map(|row| row.split(':').next().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(labels(&rows(Manner::Rerun)), ["release", "task", "then", "scopes"]);
    assert_eq!(labels(&rows(Manner::Clone)), ["release", "task", "task", "kept", "new", "group", "scopes"]);
}

#[test]
fn each_way_says_what_it_is_done_to_or_why_it_cannot_be_gone() {
    let mut late = task("push", "failed", &["build"]);
    late["status"]["deadline"] = NOW.into();
    let facts = facts(vec![task("build", "completed", &[]), late]);
    let told: Vec<String> = ways(&facts)
        .into_iter()
        .map(|way| format!("{}: {}{}", way.label, way.note, if way.refused.is_some() { " (no)" } else { "" }))
        .collect();
    let again = ["whole: push (no)", "from build: build, push (no)", "from push: push (no)"];
    let anew = ["new tasks: push", "new from build: build, push", "new from push: push"];
    assert_eq!(told, [again, anew].concat());
}
