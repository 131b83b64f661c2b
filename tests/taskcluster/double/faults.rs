//! Faults, and what belongs to every answer.

use std::time::Duration;

use serde_json::json;

use super::{
    asking::{Question, Signing},
    recorded::Recorded,
};
use crate::support::taskcluster::{Double, fault::Fault, moment};

const PING: &str = "/api/auth/v1/ping";

#[test]
fn faults_come_in_their_order_and_are_used_up() {
    let double = Double::start();
    let ask = || Question::get(PING).ask(&double.root);
    double.fault("GET", "/ping", Fault::Status { code: 429, media: "text/plain", body: "slow down" }, 1);
    double.fault("GET", "/ping", Fault::Html500, 2);
    double.fault("GET", "/ping", Fault::NonsenseJson, 1);
    double.fault("GET", "/ping", Fault::TruncatedBody, 1);
    double.fault("GET", "/ping", Fault::Reset, 1);
    double.fault("GET", "/ping", Fault::Slow(Duration::from_millis(1)), 1);
    double.fault("PUT", "/ping", Fault::Html500, 1);
    double.fault("GET", "/elsewhere", Fault::Html500, 1);
    let first = ask().unwrap();
    assert_eq!((first.status, first.text().as_str()), (429, "slow down"));
    let second = ask().unwrap();
    assert_eq!((second.status, second.header("content-type")), (500, Some("text/html; charset=utf-8")));
    assert_eq!(ask().unwrap().status, 500);
    let nonsense = ask().unwrap();
    assert_eq!((nonsense.status, serde_json::from_slice::<serde_json::Value>(&nonsense.body).is_err()), (200, true));
    assert!(ask().is_err(), "the body is cut");
    assert!(ask().is_err(), "the connection is reset");
    assert_eq!(ask().unwrap().json()["alive"], true);
    assert_eq!(ask().unwrap().status, 200, "nothing is left");
    let statuses: Vec<Option<u16>> = double.requests().iter().map(|asked| asked.status).collect();
    assert_eq!(statuses, [429, 500, 500, 200, 200, 0, 200, 200].map(|status| Some(status).filter(|s| *s != 0)));
}

#[test]
fn a_lost_answer_is_of_something_that_was_done() {
    let double = Double::start();
    let admin = double.client("admin", "t", &["*"]);
    let body = json!({"secret": {"a": 1}, "expires": moment::text(double.now() + moment::days(1))});
    let set = || Question::new("PUT", "/api/secrets/v1/secret/x").json(&body).signed(&double, &Signing::by(&admin));
    double.fault("PUT", "/secret/x", Fault::Reset, 1);
    double.fault("PUT", "/secret/x", Fault::Lost, 1);
    assert!(set().ask(&double.root).is_err());
    assert_eq!(double.secret_now("x"), None);
    assert!(set().ask(&double.root).is_err());
    assert_eq!(double.secret_now("x").unwrap().value, json!({"a": 1}));
    assert_eq!(double.requests().last().unwrap().body, body.to_string().into_bytes());
}

#[test]
fn a_connection_that_hangs_ends_with_the_double() {
    let double = Double::start();
    double.fault("GET", "/ping", Fault::Hang, 1);
    let root = double.root.clone();
    let hanging = std::thread::spawn(move || Question::get(PING).ask(&root).is_err());
    while double.requests().is_empty() {
        std::thread::yield_now();
    }
    assert!(!hanging.is_finished());
    drop(double);
    assert!(hanging.join().unwrap());
}

#[test]
fn answers_have_etags_trace_ids_and_may_be_packed() {
    let double = Double::open();
    Recorded::again("x-taskcluster-trace-id", &double, None);
    let path = "/api/auth/v1/scopes/current";
    let said = Question::get(path).ask(&double.root).unwrap();
    let tag = said.header("etag").unwrap();
    assert!(said.header("x-for-request-id").is_some());
    let again = Question::get(path).with("if-none-match", tag).ask(&double.root).unwrap();
    assert_eq!((again.status, again.text().as_str(), again.header("etag")), (304, "", Some(tag)));
    double.anonymous(&["auth:current-scopes"]);
    let other = Question::get(path).with("if-none-match", tag).ask(&double.root).unwrap();
    assert_eq!(other.status, 200, "it has changed");

    double.role("x", &["a".repeat(2000).as_str()]);
    let path = "/api/auth/v1/roles";
    double.anonymous(&["auth:list-roles"]);
    let plain = Question::get(path).ask(&double.root).unwrap();
    let packed = Question::get(path).with("accept-encoding", "gzip").ask(&double.root).unwrap();
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&packed.body[..]), &mut text).unwrap();
    assert_eq!(text, plain.text());
}
