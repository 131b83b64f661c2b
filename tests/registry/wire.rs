//! Retries, redirects and caps.

use std::{
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use windlass::{
    domain::failure::{Failure, FailureKind},
    registry::{Options, RegistryError},
};

use super::{by_digest, by_tag, client, client_with, images, login, may_write, tag};
use crate::support::fake_registry::{Answer, FakeRegistry, MANIFEST, Request, Shelf};

/// A shelf with one image under `latest`, and that image's digest.
fn one_image() -> (Shelf, String) {
    let mut shelf = Shelf::default();
    let image = shelf.image("one");
    shelf.tag("latest", &image);
    (shelf, image)
}

/// Gives these answers to the first requests, then what the shelf has.
fn at_first(answers: Vec<Answer>) -> (FakeRegistry, String) {
    let (shelf, image) = one_image();
    let asked = AtomicUsize::new(0);
    let registry = FakeRegistry::answering(move |request| {
        let at = asked.fetch_add(1, Ordering::SeqCst);
        answers.get(at).cloned().unwrap_or_else(|| shelf.answer(request))
    });
    (registry, image)
}

#[tokio::test]
async fn what_is_likely_to_pass_is_tried_again() {
    let (shelf, image) = one_image();
    let whole = Answer::ok(MANIFEST, shelf.manifests[&image].1.clone());
    for first in [
        vec![Answer::status(502), Answer::status(503)],
        vec![Answer::status(504)],
        vec![Answer::hang_up(), Answer::hang_up()],
        vec![whole.cut_short()],
        vec![Answer::status(429).header("Retry-After", "0")],
        vec![Answer::status(503).header("Retry-After", "0")],
        vec![Answer::status(429).header("Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT")],
    ] {
        let tries = first.len() + 1;
        let (registry, image) = at_first(first.clone());
        let manifest = client(&registry.repository("x"), None).manifest(&by_tag("latest")).await.unwrap().unwrap();
        assert_eq!(manifest.digest.as_str(), image);
        assert_eq!(registry.requests().len(), tries, "{first:?}");
    }
}

#[tokio::test]
async fn three_tries_are_enough() {
    for (answer, why) in [(Answer::status(503), "503"), (Answer::hang_up(), "")] {
        let registry = FakeRegistry::answering(move |_| answer.clone());
        let error = client(&registry.repository("x"), None).head(&by_tag("latest")).await.unwrap_err();
        assert!(matches!(&error, RegistryError::Unreachable { why: found, .. } if found.contains(why)), "{error:?}");
        assert_eq!(registry.requests().len(), 3);
        assert_eq!(Failure::from(error).kind, FailureKind::Unreachable);
    }
}

#[tokio::test]
async fn what_will_not_pass_is_not_tried_again() {
    for status in [400, 403, 500, 501] {
        let registry = FakeRegistry::answering(move |_| Answer::status(status));
        assert!(client(&registry.repository("x"), None).head(&by_tag("latest")).await.is_err());
        assert_eq!(registry.requests().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn nothing_that_changes_something_is_repeated_or_redirected() {
    for answer in [Answer::status(503), Answer::hang_up(), Answer::redirect("/elsewhere"), Answer::status(429)] {
        let registry = FakeRegistry::answering(move |_| answer.clone());
        let client = client(&registry.repository("x"), None);
        assert!(client.probe_push(may_write()).await.is_err());
        assert!(client.put_manifest(&tag("latest"), MANIFEST, "{}", may_write()).await.is_err());
        assert_eq!(registry.requests().len(), 2, "{:?}", registry.requests());
    }
}

#[tokio::test]
async fn a_long_wait_is_not_taken() {
    for (value, expected) in [("3600", Some(3600)), ("18446744073709551615", Some(u64::MAX))] {
        let registry = FakeRegistry::answering(move |_| {
            Answer::refusal(429, "TOOMANYREQUESTS", "pull rate limit").header("Retry-After", value)
        });
        let error = client(&registry.repository("x"), None).head(&by_tag("latest")).await.unwrap_err();
        match &error {
            RegistryError::RateLimited { retry_after_seconds, .. } => assert_eq!(*retry_after_seconds, expected),
            other => panic!("{other:?}"),
        }
        assert_eq!(registry.requests().len(), 1);
        let failure = Failure::from(error);
        assert_eq!(failure.kind, FailureKind::Unreachable);
        assert!(failure.why.contains("rate-limited"), "{failure:?}");
    }
}

#[tokio::test]
async fn a_port_without_a_registry_is_unreachable() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = client(&format!("{nobody}/x"), None).tags().await.unwrap_err();
    assert!(matches!(&error, RegistryError::Unreachable { why, .. } if why.contains("refused")), "{error:?}");
    assert_eq!(Failure::from(error).kind, FailureKind::Unreachable);
}

/// Asks for the login `bot`, then does what the rule says.
fn behind_login(rule: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> FakeRegistry {
    FakeRegistry::answering(
        move |request| if request.has_login("bot", "right") { rule(request) } else { Answer::login_asked() },
    )
}

#[tokio::test]
async fn a_login_does_not_follow_to_another_host() {
    let (shelf, image) = one_image();
    let elsewhere = FakeRegistry::answering({
        let shelf = shelf.clone();
        move |request| shelf.answer(request)
    });
    let target = format!("http://{}", elsewhere.host);
    let registry = behind_login(move |request| Answer::redirect(&format!("{target}{}", request.path)));
    let client = client(&registry.repository("x"), Some(login("bot", "right")));
    let manifest = client.manifest(&by_digest(&image)).await.unwrap().unwrap();
    assert_eq!(manifest.digest.as_str(), image);
    assert_eq!(elsewhere.requests().len(), 1);
    assert_eq!(elsewhere.requests()[0].header("authorization"), None);
}

#[tokio::test]
async fn a_login_is_not_taken_up_again_on_the_way_back() {
    let elsewhere = FakeRegistry::answering(|request| {
        Answer::redirect(&format!("http://{}/back", request.path.trim_start_matches("/v2/x/manifests/")))
    });
    let target = format!("http://{}", elsewhere.host);
    let registry = FakeRegistry::knowing_itself(|host| {
        let here = host.to_owned();
        move |request| match request.path.as_str() {
            "/back" => Answer::status(404),
            _ if request.has_login("bot", "right") => Answer::redirect(&format!("{target}/v2/x/manifests/{here}")),
            _ => Answer::login_asked(),
        }
    });
    let client = client(&registry.repository("x"), Some(login("bot", "right")));
    assert_eq!(client.head(&by_tag("latest")).await, Ok(None));
    let back = registry.requests().into_iter().find(|r| r.path == "/back").expect("it was redirected back");
    assert_eq!(back.header("authorization"), None);
}

#[tokio::test]
async fn a_redirect_on_the_same_host_keeps_the_login() {
    let (shelf, image) = one_image();
    let registry = behind_login(move |request| match request.path.strip_prefix("/moved") {
        Some(path) => shelf.answer(&Request { path: path.to_owned(), ..request.clone() }),
        None => Answer::redirect(&format!("/moved{}", request.path)),
    });
    let client = client(&registry.repository("x"), Some(login("bot", "right")));
    assert_eq!(client.head(&by_tag("latest")).await.unwrap().unwrap().as_str(), image);
}

#[tokio::test]
async fn another_hosts_challenge_is_not_answered() {
    let thief = FakeRegistry::knowing_itself(|host| {
        let host = host.to_owned();
        move |request| match request.path.as_str() {
            path if path.starts_with("/token") => Answer::json(r#"{"token":"stolen"}"#),
            _ => Answer::token_asked(&host, None),
        }
    });
    let target = format!("http://{}/v2/x/manifests/latest", thief.host);
    let registry = behind_login(move |_| Answer::redirect(&target));
    let client = client(&registry.repository("x"), Some(login("bot", "right")));
    let error = client.manifest(&by_tag("latest")).await.unwrap_err();
    assert!(matches!(&error, RegistryError::Denied { host, .. } if *host == thief.host), "{error:?}");
    assert!(thief.requests().iter().all(|r| r.header("authorization").is_none()));
    assert_eq!(thief.count("GET", "/token"), 0);
}

#[tokio::test]
async fn redirects_end() {
    let registry = FakeRegistry::answering(|request| Answer::redirect(&format!("{}x", request.path)));
    let error = client(&registry.repository("x"), None).head(&by_tag("latest")).await.unwrap_err();
    assert!(matches!(&error, RegistryError::Distrusted { why, .. } if why.contains("more than 5")), "{error:?}");
    assert_eq!(registry.requests().len(), 6);
    let away = FakeRegistry::answering(|_| Answer::redirect("http://192.0.2.1/x"));
    let error = client(&away.repository("x"), None).head(&by_tag("latest")).await.unwrap_err();
    assert!(matches!(&error, RegistryError::Distrusted { why, .. } if why.contains("plain HTTP")), "{error:?}");
}

#[tokio::test]
async fn bodies_without_end_are_cut() {
    let (shelf, image) = one_image();
    let config = shelf.blobs.iter().find(|(_, b)| b.starts_with(b"{")).map(|(digest, _)| digest.clone()).unwrap();
    let registry = FakeRegistry::answering(move |request| match request.path.as_str() {
        "/v2/x/manifests/endless" => Answer::endless(MANIFEST),
        "/v2/x/manifests/refused" => Answer::endless("text/plain").with_status(403),
        path if path.ends_with(&config) => Answer::endless("application/octet-stream"),
        _ => shelf.answer(request),
    });
    let client = client(&registry.repository("x"), None);
    let error = client.manifest(&by_tag("endless")).await.unwrap_err();
    assert!(matches!(&error, RegistryError::Unreadable { why, .. } if why.contains("4096 KiB")), "{error:?}");
    let error = client.manifest(&by_tag("refused")).await.unwrap_err();
    assert!(matches!(&error, RegistryError::Denied { answer, .. } if answer.status == 403), "{error:?}");
    assert!(client.manifest(&by_digest(&image)).await.is_ok());
    let seen = client.observe(&tag("latest"), &super::nothing_known, true).await;
    let unreadable = windlass::domain::observation::Observation::Unreadable {
        why: format!("the answer of {} is unreadable: it is larger than 8192 KiB", registry.host),
    };
    assert_eq!(seen, unreadable);
}

#[tokio::test]
async fn requests_say_who_asks_and_for_what() {
    let registry = FakeRegistry::answering(|_| Answer::status(404));
    assert_eq!(client(&registry.repository("x"), None).head(&by_tag("latest")).await, Ok(None));
    let request = &registry.requests()[0];
    assert_eq!(request.header("user-agent"), Some(concat!("windlass/", env!("CARGO_PKG_VERSION"))));
    assert_eq!(request.header("accept-encoding"), None);
    let accept = request.header("accept").unwrap();
    for kind in ["image.index.v1", "manifest.list.v2", "image.manifest.v1", "distribution.manifest.v2"] {
        assert!(accept.contains(kind), "{accept}");
    }
}

/// The host that a copy of this test asks, which runs with proxy variables in its environment.
const ASKED_BY_A_COPY: &str = "WINDLASS_TEST_REGISTRY";

#[tokio::test]
async fn proxies_are_used_and_never_for_this_machine() {
    if let Ok(host) = std::env::var(ASKED_BY_A_COPY) {
        let plain = Options { plain_http: Arc::new(|host| host == "registry.invalid"), ..Options::default() };
        for repository in [format!("{host}/x"), "registry.invalid/x".to_owned()] {
            assert_eq!(client_with(&repository, None, &plain).head(&by_tag("latest")).await, Ok(None));
        }
        return;
    }
    let proxy = FakeRegistry::answering(|_| Answer::status(404));
    let registry = FakeRegistry::answering(|_| Answer::status(404));
    let mut copy = Command::new(std::env::current_exe().unwrap());
    copy.args(["--exact", "registry::wire::proxies_are_used_and_never_for_this_machine"])
        .env(ASKED_BY_A_COPY, &registry.host)
        .env("HTTP_PROXY", format!("http://{}", proxy.host))
        .env_remove("NO_PROXY")
        .env_remove("no_proxy");
    images::run(&mut copy);
    assert_eq!(registry.count("HEAD", "/v2/x/manifests/latest"), 1);
    let asked: Vec<String> = proxy.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(asked, ["http://registry.invalid/v2/x/manifests/latest"]);
}
