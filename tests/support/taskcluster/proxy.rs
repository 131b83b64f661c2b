//! The proxy that signs in the name of a task, as `taskcluster-proxy` does: with the task's credentials, narrowed to its
//! scopes and to making artifacts of its run. It passes answers on as they are, redirects too. Unlike the real one it
//! refuses who brings credentials of their own, and does not ask again where a service stumbles.

use std::sync::{Arc, Mutex};

use super::{
    Double,
    asking::{Question, Signing},
    credentials::Credentials,
};
use crate::support::http::{Answer, Request, Server};

pub struct Proxy {
    /// `TASKCLUSTER_PROXY_URL`.
    pub url: String,
    asked: Arc<Mutex<Vec<String>>>,
    _server: Server,
}

impl Proxy {
    /// Signs with these credentials, narrowed to these scopes.
    pub fn start(double: &Double, credentials: &Credentials, scopes: Vec<String>) -> Self {
        let (root, shared, credentials) = (double.root.clone(), Arc::clone(&double.shared), credentials.clone());
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let asking = Arc::clone(&asked);
        let server = Server::answering(move |_| {
            move |request: &Request| {
                asking.lock().unwrap().push(format!("{} {}", request.method, request.path));
                if request.header("authorization").is_some() {
                    return Answer::ok("text/plain", "somebody's credentials were sent to the proxy").with_status(400);
                }
                if !request.path.starts_with("/api/") {
                    return Answer::ok("text/plain", "Unkown taskcluster service").with_status(404);
                }
                let mut question = Question::new(&request.method, &request.path);
                question.body.clone_from(&request.body);
                for (name, value) in &request.headers {
                    if !matches!(name.as_str(), "host" | "content-length" | "connection" | "accept-encoding") {
                        question = question.with(name, value);
                    }
                }
                if request.header("content-type").is_none() && !request.body.is_empty() {
                    question = question.with("content-type", "application/json");
                }
                let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
                let signing = Signing { authorized: Some(&scopes), hashed: false, ..Signing::by(&credentials) };
                let now = shared.world().now();
                let signed = signing.signature_at(&root, now, &question).header();
                match question.with("authorization", &signed).ask(&root) {
                    Err(broken) => {
                        let why = format!("Failed during proxy request: {broken}");
                        Answer::ok("text/plain", why).with_status(500)
                    }
                    Ok(said) => {
                        let passed =
                            said.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("content-length"));
                        passed.fold(Answer::status(said.status).body(said.body.clone()), |answer, (name, value)| {
                            answer.header(name, value)
                        })
                    }
                }
            }
        });
        Self { url: format!("http://{}", server.host), asked, _server: server }
    }

    /// What it was asked, `METHOD path` each.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}
