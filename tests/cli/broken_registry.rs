//! Registries that refuse, limit, babble, hang up or send elsewhere, under every command that asks them.

use std::net::TcpListener;

use serde_json::Value;

use super::failing::{Kept, fails, release_failed, says};
use crate::support::{
    fake_registry::{Answer, FakeRegistry, MANIFEST, Request, Shelf},
    processes::{runs, until},
    project::Project,
    registry::{PASSWORD, Registry, USER},
    running::Running,
};

/// A project whose releases go there, with its login stored.
fn project_at(host: &str) -> Project {
    let project = Project::at(host);
    project.set_secret();
    project
}

/// What a registry always answers, and what comes of it.
struct Case {
    answer: Answer,
    code: i32,
    kind: &'static str,
    /// Somewhere in what people are told.
    says: &'static str,
    /// The word for one tag.
    verdict: &'static str,
    verify: i32,
    /// The step in which a release fails; the exit code is the same.
    step: &'static str,
}

fn refused_by(case: &Case) {
    let registry = FakeRegistry::answering({
        let answer = case.answer.clone();
        move |_| answer.clone()
    });
    let project = project_at(&registry.host);
    let kept = Kept::of(&project);
    for command in [["tags"].as_slice(), &["tags", "--fresh"], &["verify"], &["secret", "check"]] {
        let error = fails(&project, command, case.code, case.kind);
        assert!(error.to_string().contains(case.says), "{command:?} says nothing of {}: {error}", case.says);
    }
    let named = project.windlass(&["verify", "latest", "--json"]).exits(case.verify).json();
    assert_eq!(named["rows"][0]["verdict"], case.verdict, "{named}");
    assert!(named["rows"][0]["registry"].is_null(), "{named}");
    let release = release_failed(&project, project.windlass(&["release", "--yes"]), case.code, case.step);
    assert!(release["failure"].to_string().contains(case.says), "no {}: {release}", case.says);
    assert!(release["image_id"].is_null(), "before anything is built: {release}");
    kept.is_whole(&project);
}

#[test]
fn a_registry_that_refuses_the_login() {
    refused_by(&Case {
        answer: Answer::login_asked(),
        code: 3,
        kind: "not-allowed",
        says: "does not accept the login of bot",
        verdict: "denied",
        verify: 3,
        step: "secret",
    });
}

#[test]
fn a_registry_that_forbids() {
    refused_by(&Case {
        answer: Answer::refusal(403, "DENIED", "not \u{1b}[2Jyours"),
        code: 3,
        kind: "not-allowed",
        says: "403 DENIED",
        verdict: "denied",
        verify: 3,
        step: "secret",
    });
}

#[test]
fn a_registry_that_asks_to_wait() {
    refused_by(&Case {
        answer: Answer::refusal(429, "TOOMANYREQUESTS", "pull rate limit").header("Retry-After", "3600"),
        code: 4,
        kind: "unreachable",
        says: "try again in 3600 s",
        verdict: "rate-limited",
        verify: 4,
        step: "preflight",
    });
}

#[test]
fn a_registry_that_is_broken() {
    for (status, says) in [(500, "it answers 500"), (503, "it answers 503")] {
        refused_by(&Case {
            answer: Answer::refusal(status, "UNKNOWN", "the disk is full"),
            code: 4,
            kind: "unreachable",
            says,
            verdict: "unreachable",
            verify: 4,
            step: "preflight",
        });
    }
}

#[test]
fn a_registry_that_hangs_up() {
    refused_by(&Case {
        answer: Answer::hang_up(),
        code: 4,
        kind: "unreachable",
        says: "cannot be reached",
        verdict: "unreachable",
        verify: 4,
        step: "preflight",
    });
}

#[test]
fn a_registry_that_is_down() {
    let nobody = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address").to_string();
    let project = project_at(&nobody);
    let kept = Kept::of(&project);
    for command in [["tags"].as_slice(), &["verify"], &["secret", "check"], &["release", "--dry-run"]] {
        says(&fails(&project, command, 4, "unreachable"), "why", "refused");
    }
    release_failed(&project, project.windlass(&["release", "--yes"]), 4, "preflight");
    kept.is_whole(&project);
}

/// Asks for the login `bot`, then does what the rule says.
fn behind_login(rule: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> FakeRegistry {
    FakeRegistry::answering(
        move |request| if request.has_login(USER, PASSWORD) { rule(request) } else { Answer::login_asked() },
    )
}

#[test]
fn a_repository_that_is_not_there_yet() {
    let registry = behind_login(|request| match request.path.as_str() {
        "/v2/" => Answer::json("{}"),
        _ => Answer::refusal(404, "NAME_UNKNOWN", "repository name not known"),
    });
    let project = project_at(&registry.host);
    for command in [["tags", "--json"], ["verify", "--json"]] {
        assert_eq!(project.windlass(&command).exits(0).json()["rows"], serde_json::json!([]));
    }
    let named = project.windlass(&["verify", "latest", "--json"]).exits(1).json();
    assert_eq!(named["rows"][0]["verdict"], "missing", "{named}");
    // No upload can be begun either: that is no registry to release to.
    let check = project.windlass(&["secret", "check"]).exits(3);
    assert!(check.stdout.contains("may not push") && check.stdout.contains("not visible"), "{}", check.stdout);
    release_failed(&project, project.windlass(&["release", "--yes"]), 3, "secret");
}

#[test]
fn what_answers_is_no_registry() {
    for (answer, why) in [
        (Answer::ok("text/html", "<html>\u{1b}[2JSign in</html>"), "a web page"),
        (Answer::json("{\"tags\": 7}"), ""),
        (Answer::json("not JSON"), ""),
        (Answer::endless("application/json"), "larger than"),
    ] {
        let registry = FakeRegistry::answering({
            let answer = answer.clone();
            move |_| answer.clone()
        });
        let project = project_at(&registry.host);
        let kept = Kept::of(&project);
        for command in [["tags"].as_slice(), &["verify"]] {
            let error = fails(&project, command, 1, "failed");
            says(&error, "what", "unreadable");
            says(&error, "why", why);
        }
        let named = project.windlass(&["verify", "latest", "--json"]).exits(1).json();
        assert_eq!(named["rows"][0]["verdict"], "corrupt", "{named}");
        let error = project.windlass(&["release", "--yes", "--json"]);
        assert_ne!(error.code, 0);
        assert!(project.releases()[0]["image_id"].is_null(), "before anything is built: {error:?}");
        kept.is_whole(&project);
    }
}

#[test]
fn a_manifest_of_another_kind_or_without_end_spoils_its_own_tag_alone() {
    let mut shelf = Shelf::default();
    let image = shelf.image("one");
    for tag in ["endless", "good", "html", "schema1"] {
        shelf.tag(tag, &image);
    }
    let registry = behind_login(move |request| match request.path.rsplit('/').next() {
        Some("endless") => Answer::endless(MANIFEST),
        Some("html") => Answer::ok("text/html", "<html></html>"),
        Some("schema1") => Answer::ok("application/vnd.docker.distribution.manifest.v1+prettyjws", "{}"),
        _ => shelf.answer(request),
    });
    let project = project_at(&registry.host);
    let table = project.windlass(&["verify", "--json"]).exits(1).json();
    let verdicts: Vec<_> =
        table["rows"].as_array().expect("rows").iter().map(|row| (&row["tag"], &row["verdict"])).collect();
    let expected = [("endless", "corrupt"), ("good", "not-recorded"), ("html", "corrupt"), ("schema1", "corrupt")];
    let expected = expected.map(|(tag, verdict)| (Value::from(tag), Value::from(verdict)));
    assert!(verdicts.into_iter().eq(expected.iter().map(|(tag, verdict)| (tag, verdict))), "{table}");
    project.windlass(&["tags", "--fresh"]).exits(0);
}

#[test]
fn the_login_does_not_follow_to_another_host() {
    let mut shelf = Shelf::default();
    let image = shelf.image("one");
    shelf.tag("latest", &image);
    let elsewhere = FakeRegistry::answering(move |request| shelf.answer(request));
    let target = format!("http://{}", elsewhere.host);
    let registry = behind_login(move |request| Answer::redirect(&format!("{target}{}", request.path)));
    let project = project_at(&registry.host);
    project.windlass(&["tags", "--fresh"]).exits(0);
    project.windlass(&["verify", "latest"]).exits(1);
    assert_ne!(project.windlass(&["secret", "check"]).code, 0, "an upload is not begun elsewhere");
    assert_ne!(project.windlass(&["release", "--yes"]).code, 0);
    assert!(project.releases()[0]["image_id"].is_null(), "before anything is built");
    let requests = elsewhere.requests();
    assert!(requests.len() > 3, "it was followed: {requests:?}");
    for request in requests {
        assert_eq!(request.header("authorization"), None, "{request:?}");
        assert!(["GET", "HEAD"].contains(&request.method.as_str()), "nothing is changed elsewhere: {request:?}");
    }
}

#[test]
fn a_registry_that_goes_down_while_the_image_is_built() {
    let registry = Registry::with_login();
    let project = project_at(&registry.host);
    project.release();
    let kept = Kept::of(&project);
    let seconds = project.own_seconds();
    project.builder("classic");
    project.dockerfile(&format!("RUN echo the tide turns && {{ /bin/busybox sleep {seconds} || true; }}\n"));
    project.commit("a step that takes as long as it is let");
    let mut running = Running::start(&mut project.program(&["release", "--yes"]));
    running.prints("the tide turns");
    until("the step sleeps", || runs(&format!("sleep\0{seconds}")));
    drop(registry);
    let steps = project.docker(&["ps", "--no-trunc", "--format", "{{.ID}} {{.Command}}"]);
    let step = steps.lines().find(|line| line.contains(&seconds)).expect("the classic builder's steps are containers");
    let container = step.split(' ').next().expect("split gives one part");
    // The first process of a container, its shell, is spared by the kernel.
    project.docker(&["exec", container, "/bin/busybox", "killall", "busybox"]);
    let release = release_failed(&project, running.end(), 4, "push");
    assert!(release["image_id"].is_string(), "what was built is known: {release}");
    assert_eq!(release["pushes"], serde_json::json!([]), "nothing was begun");
    kept.is_whole(&project);
}

/// Answers the program as a registry should, and the engine's uploads in its own way.
fn refusing_the_engine(answer: Answer) -> FakeRegistry {
    let shelf = Shelf::default();
    behind_login(move |request| {
        let ours = request.header("user-agent").is_some_and(|agent| agent.starts_with("windlass/"));
        if request.method == "POST" && !ours { answer.clone() } else { shelf.answer(request) }
    })
}

#[test]
fn uploads_that_only_the_engine_is_refused() {
    let registry = refusing_the_engine(Answer::refusal(403, "DENIED", "requested access is \u{1b}[2Jdenied"));
    let project = project_at(&registry.host);
    let kept = Kept::of(&project);
    let release = release_failed(&project, project.windlass(&["release", "--yes"]), 3, "push");
    let pushes: Vec<_> = release["pushes"].as_array().expect("pushes").iter().map(|push| &push["kind"]).collect();
    assert_eq!(pushes, ["frozen"], "the moving tag was left alone: {release}");
    assert!(release["image_id"].is_string() && release["record"].is_null(), "{release}");
    kept.is_whole(&project);
}
