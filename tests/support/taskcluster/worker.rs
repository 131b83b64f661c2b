//! A small worker: it claims a task of the double, gives its command an environment and, where the task asks for it, a
//! proxy, runs it as a process of this machine with its output as the live log, uploads the artifacts that its payload
//! names and the backing log, and reports. A container's `/tmp` is the task's own folder here.
//! It refuses what today's workers refuse: a docker inside of docker.

use std::{
    io::Read as _,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use super::{
    Double,
    asking::{Question, Said, Signing},
    credentials::Credentials,
    live::Live,
    proxy::Proxy,
    random,
};

const GROUP: &str = "local";
const LIVE: &str = "public/logs/live.log";
const BACKING: &str = "public/logs/live_backing.log";

/// A task that a worker has.
pub struct Claimed<'d> {
    pub task: String,
    pub run: usize,
    double: &'d Double,
    definition: Value,
    group: String,
    credentials: Credentials,
}

/// What came of it.
pub struct Done {
    pub task: String,
    pub log: String,
    /// `completed`, `failed` or `exception`, as it was reported; 409 where the queue had ended it already.
    pub reported: (&'static str, u16),
    /// What the proxy was asked.
    pub asked: Vec<String>,
}

impl Double {
    /// A worker claims the next pending task of this queue.
    #[track_caller]
    pub fn work(&self, queue: &str) -> Claimed<'_> {
        let worker = random::slug();
        let scopes = [format!("queue:claim-work:{queue}"), format!("queue:worker-id:{GROUP}/{worker}")];
        let client = self.client("project/example/worker", &random::token(), &scopes.each_ref().map(String::as_str));
        let path = format!("/api/queue/v1/claim-work/{}", queue.replace('/', "%2F"));
        let question = json!({"workerGroup": GROUP, "workerId": worker, "tasks": 1});
        let question = Question::new("POST", &path).json(&question).signed(self, &Signing::by(&client));
        let claims = question.ask(&self.root).expect("the double").json();
        let claim = &claims["tasks"][0];
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("nothing to claim: {claims}")).to_owned();
        Claimed {
            task: text(&claim["status"]["taskId"]),
            run: usize::try_from(claim["runId"].as_u64().expect("a number")).expect("a small one"),
            double: self,
            definition: claim["task"].clone(),
            group: text(&claim["status"]["taskGroupId"]),
            credentials: Credentials::given(&claim["credentials"]),
        }
    }
}

impl Claimed<'_> {
    fn ask(&self, method: &str, path: &str, body: &Value) -> Said {
        let path = format!("/api/queue/v1/task/{}/runs/{}{path}", self.task, self.run);
        let question = Question::new(method, &path).json(body).signed(self.double, &Signing::by(&self.credentials));
        question.ask(&self.double.root).expect("the double")
    }

    fn create(&self, name: &str, mut body: Value) -> Said {
        body["expires"] = self.definition["expires"].clone();
        body["contentType"] = "text/plain; charset=utf-8".into();
        self.ask("POST", &format!("/artifacts/{}", name.replace('/', "%2F")), &body)
    }

    /// The proxy that this task asks for.
    pub fn proxy(&self) -> Option<Proxy> {
        let wanted = self.definition["payload"]["features"]["taskclusterProxy"] == true;
        let own = format!("queue:create-artifact:{}/{}", self.task, self.run);
        let scopes = self.definition["scopes"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let scopes = scopes.map(str::to_owned).chain([own]).collect();
        wanted.then(|| Proxy::start(self.double, &self.credentials, scopes))
    }

    /// Runs its command to its end, in this folder, which is its home too. `environment` is what the worker's image has.
    pub fn run(self, folder: &Path, environment: &[(&str, &str)]) -> Done {
        if self.definition["payload"]["features"]["dind"] == true {
            let log = "[taskcluster:error] payload: features: Additional property dind is not allowed\n".to_owned();
            return self.end(log, "exception", Vec::new());
        }
        let words: Vec<&str> = self.definition["payload"]["command"]
            .as_array()
            .expect("a command")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let proxy = self.proxy();
        let live = Live::start();
        self.create(LIVE, json!({"storageType": "reference", "url": live.url}));
        let (mut output, both) = std::io::pipe().expect("a pipe");
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).current_dir(folder).env_clear().env("HOME", folder).stdin(Stdio::null());
        command.envs(environment.iter().copied());
        command.env("TASK_ID", &self.task).env("RUN_ID", self.run.to_string()).env("TASK_GROUP_ID", &self.group);
        command.env("TASKCLUSTER_ROOT_URL", &self.double.root).env("TASKCLUSTER_WORKER_LOCATION", "{}");
        command.envs(proxy.iter().map(|proxy| ("TASKCLUSTER_PROXY_URL", &proxy.url)));
        let variables = self.definition["payload"]["env"].as_object().into_iter().flatten();
        command.envs(variables.filter_map(|(name, value)| Some((name, within(folder, value.as_str()?)))));
        command.stdout(both.try_clone().expect("a pipe")).stderr(both);
        let mut child = command.spawn().expect("the task's command");
        // What is left of it would keep the pipe open.
        drop(command);
        let mut log = String::from("=== Task Starting ===\n");
        live.push(&log);
        let mut bytes = [0; 4096];
        let mut rest = Vec::new();
        loop {
            let read = output.read(&mut bytes).expect("output");
            rest.extend_from_slice(&bytes[..read]);
            let whole =
                if read == 0 { rest.len() } else { rest.iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1) };
            let text = String::from_utf8_lossy(&rest[..whole]).into_owned();
            live.push(&text);
            log.push_str(&text);
            rest.drain(..whole);
            if read == 0 {
                break;
            }
        }
        let code = child.wait().expect("its end").code();
        self.upload(folder);
        let last = format!("=== Task Finished ===\nExit code: {}\n", code.unwrap_or(-1));
        live.push(&last);
        log.push_str(&last);
        live.close();
        let asked = proxy.as_ref().map(Proxy::asked).unwrap_or_default();
        let outcome = if code == Some(0) { "completed" } else { "failed" };
        self.end(log, outcome, asked)
    }

    /// The files that its payload names, in the docker format: by the name of the artifact.
    fn upload(&self, folder: &Path) {
        for (name, artifact) in self.definition["payload"]["artifacts"].as_object().into_iter().flatten() {
            let path = within(folder, artifact["path"].as_str().expect("a path"));
            let Ok(bytes) = std::fs::read(path) else {
                let reason =
                    json!({"storageType": "error", "reason": "file-missing-on-worker", "message": "it is not there"});
                self.create(name, reason);
                continue;
            };
            let url = self.create(name, json!({"storageType": "s3"})).json()["putUrl"].clone();
            self.put(url.as_str().expect("an address"), bytes);
        }
    }

    fn put(&self, url: &str, bytes: Vec<u8>) {
        let mut put = Question::new("PUT", url.strip_prefix(&self.double.bucket_root).expect("of the bucket"));
        put.body = bytes;
        let put = put.with("content-type", "text/plain; charset=utf-8");
        assert_eq!(put.ask(&self.double.bucket_root).expect("the bucket").status, 200);
    }

    fn end(self, log: String, outcome: &'static str, asked: Vec<String>) -> Done {
        let created = self.create(BACKING, json!({"storageType": "s3"}));
        // A run that is long over takes no log any more.
        if created.status == 200 {
            self.put(created.json()["putUrl"].as_str().expect("an address"), log.clone().into_bytes());
            self.create(LIVE, json!({"storageType": "link", "artifact": BACKING}));
        }
        let body = if outcome == "exception" { json!({"reason": "malformed-payload"}) } else { json!({}) };
        let status = self.ask("POST", &format!("/{outcome}"), &body).status;
        Done { task: self.task, log, reported: (outcome, status), asked }
    }
}

/// A path of the task's container, on this machine.
fn within(folder: &Path, text: &str) -> String {
    match text.strip_prefix("/tmp/") {
        Some(rest) => folder.join(rest).display().to_string(),
        None => text.to_owned(),
    }
}
