//! The GitHub service: which builds there were, and what a `.taskcluster.yml` would make.

use serde_json::{Value, json};

use super::{
    Double,
    asking::{Question, Signing},
    call::Call,
    moment, random,
    refusal::Refusal,
    reply::{Content, Reply},
    route::Route,
    schema::{Kind, Shape},
    yml::Happening,
};

/// A build: what a push, a tag, a release or a pull request made.
#[derive(Debug, Clone)]
pub struct Build {
    pub owner: &'static str,
    pub repository: &'static str,
    pub sha: &'static str,
    pub task_group: String,
    /// `pending`, `success`, `error`, `failure`, `cancelled`.
    pub state: &'static str,
    /// `push`, `tag`, `release.published`, `pull_request.opened`, …
    pub event: &'static str,
    pub pull_request: Option<u64>,
}

/// Commits that came to a branch.
#[derive(Debug, Clone, Copy)]
pub struct Push<'a> {
    pub owner: &'static str,
    pub repository: &'static str,
    pub branch: &'a str,
    /// The last of them.
    pub sha: &'static str,
    pub clone_url: &'a str,
}

#[derive(Default)]
pub struct Github {
    /// In the order of their last change.
    builds: Vec<Value>,
    /// As services after 106 list them.
    newest_first: bool,
    installed: Vec<String>,
    /// Where the newest status of a branch is.
    latest: Vec<(String, String)>,
    /// The body of a file, and what it makes, or why it makes nothing.
    rendered: Vec<(String, Result<Value, String>)>,
}

const FAKE_EVENT: Shape = Shape {
    required: &["type"],
    fields: &[
        (
            "type",
            Kind::OneOf(&[
                "github-push",
                "github-pull-request",
                "github-pull-request-untrusted",
                "github-release",
                "github-issue-comment",
            ]),
        ),
        ("action", Kind::Text),
        ("overrides", Kind::Object),
    ],
    closed: true,
};

const RENDER: Shape = Shape {
    required: &["body", "fakeEvent"],
    fields: &[
        ("body", Kind::Text),
        ("fakeEvent", Kind::Of(&FAKE_EVENT)),
        ("organization", Kind::Text),
        ("repository", Kind::Text),
    ],
    closed: true,
};

pub const ROUTES: &[Route] = &[
    Route::get("builds", "builds", builds).scopes(&["github:list-builds"]).query(&[
        ("continuationToken", "."),
        ("limit", "^[0-9]+$"),
        ("organization", "^([a-zA-Z0-9-_%]*)$"),
        ("repository", "^([a-zA-Z0-9-_%]*)$"),
        ("sha", "."),
        ("pullRequest", "^([0-9]*)$"),
    ]),
    Route::get("repository/<owner>/<repo>", "repository", repository).scopes(&["github:get-repository:<owner>:<repo>"]),
    Route::get("repository/<owner>/<repo>/<branch>/latest", "latest", latest)
        .scopes(&["github:latest-status:<owner>:<repo>:<branch>"]),
    Route::post("taskcluster-yml", "renderTaskclusterYml", render)
        .input("github/v1/render-taskcluster-yml-input.json#", Kind::Of(&RENDER)),
];

fn builds(call: &mut Call) -> Result<Reply, Refusal> {
    let asked = |name: &str| call.query.get(name).filter(|value| !value.is_empty());
    for (name, needs) in [("repository", "organization"), ("sha", "repository"), ("pullRequest", "repository")] {
        if asked(name).is_some() && asked(needs).is_none() {
            return Err(Refusal::input(format!("Must provide `{needs}` if querying `{name}`")));
        }
    }
    let fits = |build: &&Value| {
        let number =
            asked("pullRequest").is_none_or(|number| build["pullRequestNumber"].as_u64() == number.parse().ok());
        number && ["organization", "repository", "sha"].iter().all(|f| asked(f).is_none_or(|value| build[f] == *value))
    };
    let mut found: Vec<&Value> = call.world.github.builds.iter().filter(fits).collect();
    if call.world.github.newest_first {
        found.reverse();
    }
    Ok(call.page(found, "github/v1/build-list.json#")?.json("builds", Value::clone).into())
}

fn repository(call: &mut Call) -> Result<Reply, Refusal> {
    let name = format!("{}/{}", call.parameter("owner"), call.parameter("repo"));
    Ok(json!({"installed": call.world.github.installed.contains(&name)}).into())
}

fn latest(call: &mut Call) -> Result<Reply, Refusal> {
    let name = ["owner", "repo", "branch"].map(|part| call.parameter(part)).join("/");
    let found = call.world.github.latest.iter().find(|(branch, _)| *branch == name);
    let (_, url) = found.ok_or_else(|| Refusal::not_found("Status not found"))?;
    let text = format!("Found. Redirecting to {url}");
    Ok(Reply::of(302, Content::Text("text/plain; charset=utf-8", text)).header("location", url))
}

fn render(call: &mut Call) -> Result<Reply, Refusal> {
    let body = call.text("body");
    match call.world.github.rendered.iter().find(|(known, _)| known == body) {
        Some((_, Ok(json))) => Ok(json.clone().into()),
        Some((_, Err(message))) => Err(Refusal::input(message)),
        None => {
            let name = format!("{}/{}", call.text("organization"), call.text("repository"));
            let happening = Happening {
                tasks_for: call.body["fakeEvent"]["type"].as_str().unwrap_or_default(),
                repository: &name,
                overrides: &call.body["fakeEvent"]["overrides"],
                root: &call.world.root,
                now: moment::text(call.now),
            };
            happening.render(body).map(Reply::from).map_err(Refusal::input)
        }
    }
}

impl Double {
    /// A build that exists; those that are added later are newer. One of a group that has one takes its place, and keeps
    /// the time at which it was made.
    pub fn build(&self, build: &Build) {
        let mut world = self.world();
        let now = moment::text(world.now());
        let mut json = json!({
            "organization": build.owner,
            "repository": build.repository,
            "sha": build.sha,
            "state": build.state,
            "taskGroupId": build.task_group,
            "eventType": build.event,
            "eventId": random::incident(),
            "created": now,
            "updated": now,
        });
        if let Some(number) = build.pull_request {
            json["pullRequestNumber"] = number.into();
        }
        let builds = &mut world.github.builds;
        if let Some(at) = builds.iter().position(|known| known["taskGroupId"] == json["taskGroupId"]) {
            json["created"] = builds.remove(at)["created"].clone();
        }
        builds.push(json);
    }

    /// Builds are listed the other way round from now on.
    pub fn newest_builds_first(&self) {
        self.world().github.newest_first = true;
    }

    /// What the statuses at GitHub have become of the build that began this group.
    pub fn build_state(&self, group: &str, state: &str) {
        let mut world = self.world();
        let builds = world.github.builds.iter_mut().filter(|build| build["taskGroupId"] == group);
        builds.for_each(|build| build["state"] = state.into());
    }

    /// The app is installed for `owner/repository`.
    pub fn installed(&self, name: &str) {
        self.world().github.installed.push(name.to_owned());
    }

    /// Where the newest status of `owner/repository/branch` is.
    pub fn latest(&self, branch: &str, url: &str) {
        self.world().github.latest.push((branch.to_owned(), url.to_owned()));
    }

    /// Somebody pushed to a branch of `owner/repository`, which is cloned from there: the tasks that this text of a
    /// `.taskcluster.yml` makes of it are created as the service creates them, with the scopes of the branch's role, and
    /// there is a build of them. Gives their ids, in the order of the file; the error is what a comment on the commit says.
    pub fn pushed(&self, push: &Push<'_>, text: &str) -> Result<Vec<String>, String> {
        let Push { owner, repository, branch, sha, clone_url } = *push;
        let name = format!("{owner}/{repository}");
        let event = json!({
            "ref": format!("refs/heads/{branch}"), "after": sha,
            "repository": {"full_name": name, "html_url": format!("https://github.com/{name}"), "clone_url": clone_url},
        });
        let happening = Happening {
            tasks_for: "github-push",
            repository: &name,
            overrides: &event,
            root: &self.root,
            now: moment::text(self.now()),
        };
        let made = happening.render(text)?;
        let service = self.client("static/taskcluster/github", &random::token(), &["*"]);
        let scopes: Vec<&str> = made["scopes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let signing = Signing { authorized: Some(&scopes), ..Signing::by(&service) };
        let mut ids = Vec::new();
        for made in made["tasks"].as_array().into_iter().flatten() {
            let id = made["taskId"].as_str().expect("an id");
            let question = Question::new("PUT", &format!("/api/queue/v1/task/{id}")).json(&made["task"]);
            let said = question.signed(self, &signing).ask(&self.root).expect("the double");
            if said.status != 200 {
                return Err(said.message());
            }
            ids.push(id.to_owned());
        }
        let task_group = ids.first().ok_or("it makes no task")?.clone();
        self.build(&Build { owner, repository, sha, task_group, state: "pending", event: "push", pull_request: None });
        Ok(ids)
    }

    /// What a `.taskcluster.yml` with exactly this text makes: `{tasks, scopes}`, or the message of a 400. Without this the
    /// text is rendered.
    pub fn renders(&self, body: &str, outcome: Result<Value, &str>) {
        self.world().github.rendered.push((body.to_owned(), outcome.map_err(str::to_owned)));
    }
}
