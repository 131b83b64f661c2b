//! Logins, tokens and the right to push.

use std::sync::atomic::{AtomicUsize, Ordering};

use windlass::{
    domain::failure::{Failure, FailureKind},
    registry::{AuthOutcome, PushRight, RegistryError},
};

use super::{by_tag, client, login, may_write, right_login, tag};
use crate::support::{
    fake_registry::{Answer, FakeRegistry, Shelf},
    registry::{PASSWORD, Registry, USER},
};

#[tokio::test]
async fn a_login_is_accepted_or_refused_by_its_own_client_alone() {
    let registry = Registry::with_login();
    let name = registry.repository("team/app");
    // In this order: nothing of the right one's success may help the wrong one, nor the other way round.
    for (password, accepted) in [(PASSWORD, true), ("another password", false), (PASSWORD, true)] {
        let outcome = client(&name, Some(login(USER, password))).authenticate().await.unwrap();
        assert_eq!(outcome == AuthOutcome::Accepted, accepted, "{outcome:?}");
        assert_eq!(matches!(outcome, AuthOutcome::Refused { .. }), !accepted, "{outcome:?}");
    }
    assert_eq!(client(&name, None).authenticate().await, Ok(AuthOutcome::LoginNeeded));
    let wrong = client(&name, Some(login(USER, "another password"))).tags().await.unwrap_err();
    assert!(matches!(&wrong, RegistryError::LoginRefused { username, .. } if username == USER), "{wrong:?}");
    let failure = Failure::from(wrong);
    assert_eq!(failure.kind, FailureKind::NotAllowed);
    assert!(!format!("{failure:?}").contains("another password"));
    let none = client(&name, None).tags().await.unwrap_err();
    assert!(matches!(none, RegistryError::LoginNeeded { .. }), "{none:?}");
}

#[tokio::test]
async fn an_open_registry_says_that_a_login_proves_nothing() {
    let registry = Registry::open();
    let outcome = client(&registry.repository("team/app"), Some(login("anybody", "anything"))).authenticate().await;
    assert_eq!(outcome, Ok(AuthOutcome::Open));
}

#[tokio::test]
async fn the_probe_tells_who_may_push_and_leaves_nothing_behind() {
    let registry = Registry::with_login();
    let name = registry.repository("team/app");
    assert_eq!(client(&name, Some(right_login())).probe_push(may_write()).await, Ok(PushRight::May));
    let uploads = registry.storage().join("repositories/team/app/_uploads");
    let started: Vec<_> = std::fs::read_dir(uploads).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [upload] = &started[..] else { panic!("one upload was to be started: {started:?}") };
    // The registry itself keeps the state of a hash, a hundred bytes; the upload is gone.
    assert!(!upload.join("data").exists() && !upload.join("startedat").exists(), "the upload was left behind");

    let wrong = client(&name, Some(login(USER, "another password"))).probe_push(may_write()).await;
    assert!(matches!(wrong, Err(RegistryError::LoginRefused { .. })), "{wrong:?}");
    let nobody = client(&name, None).probe_push(may_write()).await;
    assert!(matches!(nobody, Err(RegistryError::LoginNeeded { .. })), "{nobody:?}");

    let open = Registry::open();
    assert_eq!(client(&open.repository("x"), None).probe_push(may_write()).await, Ok(PushRight::May));
}

/// A registry with a token service that knows one login and lets it read alone.
fn read_only() -> FakeRegistry {
    let mut shelf = Shelf::default();
    let image = shelf.image("one");
    shelf.tag("latest", &image);
    FakeRegistry::knowing_itself(|host| {
        let host = host.to_owned();
        move |request| {
            if request.path.starts_with("/token") {
                return if request.has_login("bot", "right") {
                    Answer::json(r#"{"token":"reader","expires_in":300}"#)
                } else {
                    Answer::json(r#"{"details":"incorrect username or password"}"#).with_status(401)
                };
            }
            match (request.header("authorization"), request.method.as_str()) {
                (Some("Bearer reader"), "GET" | "HEAD") => shelf.answer(request),
                (Some("Bearer reader"), _) => Answer::token_asked(&host, Some("insufficient_scope")),
                _ => Answer::token_asked(&host, None),
            }
        }
    })
}

#[tokio::test]
async fn a_token_for_reading_is_no_right_to_push() {
    let registry = read_only();
    let client = client(&registry.repository("team/app"), Some(login("bot", "right")));
    assert_eq!(client.authenticate().await, Ok(AuthOutcome::Accepted));
    assert!(client.head(&by_tag("latest")).await.unwrap().is_some());
    let right = client.probe_push(may_write()).await.unwrap();
    assert!(matches!(&right, PushRight::MayNot { why } if why.contains("does not allow us to push")), "{right:?}");
}

#[tokio::test]
async fn a_token_service_that_refuses_the_login_is_believed() {
    let registry = read_only();
    let name = registry.repository("team/app");
    assert!(client(&name, Some(login("bot", "right"))).tags().await.is_ok());
    let error = client(&name, Some(login("bot", "wrong-password"))).tags().await.unwrap_err();
    match &error {
        RegistryError::LoginRefused { username, answer, .. } => {
            assert_eq!((username.as_str(), answer.status), ("bot", 401));
            assert_eq!(answer.message, "incorrect username or password");
        }
        other => panic!("{other:?}"),
    }
    let outcome = client(&name, Some(login("bot", "wrong-password"))).authenticate().await.unwrap();
    assert!(matches!(outcome, AuthOutcome::Refused { .. }), "{outcome:?}");
}

#[tokio::test]
async fn many_requests_share_one_refusal_and_one_token() {
    let registry = read_only();
    let client = client(&registry.repository("team/app"), Some(login("bot", "right")));
    let tags: Vec<_> = (0..50).map(|n| tag(&format!("t{n}"))).collect();
    client.observe_all(&tags, &super::nothing_known, false).await;
    let requests = registry.requests();
    let without = requests.iter().filter(|r| r.path.starts_with("/v2/") && r.header("authorization").is_none());
    assert_eq!(without.count(), 1, "only the first request has to learn what is asked for");
    assert_eq!(registry.count("GET", "/token"), 1);
    let asked = requests.iter().find(|r| r.path.starts_with("/token")).unwrap();
    assert!(asked.path.contains("scope=repository%3Ateam%2Fapp%3Apull&"), "{}", asked.path);
}

#[tokio::test]
async fn tokens_are_renewed_when_they_expire_or_are_withdrawn() {
    for (life, withdrawn_after) in [(0, usize::MAX), (300, 1)] {
        let issued = AtomicUsize::new(0);
        let shelf = Shelf::default();
        let registry = FakeRegistry::knowing_itself(|host| {
            let host = host.to_owned();
            let used = AtomicUsize::new(0);
            move |request| {
                if request.path.starts_with("/token") {
                    let number = issued.fetch_add(1, Ordering::SeqCst);
                    used.store(0, Ordering::SeqCst);
                    return Answer::json(&format!(r#"{{"access_token":"t{number}","expires_in":{life}}}"#));
                }
                let current = format!("Bearer t{}", issued.load(Ordering::SeqCst).saturating_sub(1));
                let valid = request.header("authorization") == Some(&current);
                if valid && used.fetch_add(1, Ordering::SeqCst) < withdrawn_after {
                    shelf.answer(request)
                } else {
                    Answer::token_asked(&host, Some("invalid_token"))
                }
            }
        });
        let client = client(&registry.repository("team/app"), Some(login("bot", "right")));
        for _ in 0..3 {
            assert_eq!(client.head(&by_tag("none")).await, Ok(None));
        }
        assert_eq!(registry.count("GET", "/token"), 3, "life {life} s");
    }
}

#[tokio::test]
async fn a_login_goes_to_no_token_service_that_cannot_be_trusted() {
    for realm in ["http://192.0.2.1/token", "ftp://127.0.0.1/token", "nonsense"] {
        let registry = FakeRegistry::answering(move |_| {
            Answer::status(401).header("WWW-Authenticate", &format!("Bearer realm=\"{realm}\""))
        });
        let error = client(&registry.repository("x"), Some(login("bot", "right"))).tags().await.unwrap_err();
        assert!(matches!(error, RegistryError::Distrusted { .. }), "{realm}: {error:?}");
        assert_eq!(Failure::from(error).kind, FailureKind::NotAllowed);
    }
}

#[tokio::test]
async fn a_token_service_is_not_followed_elsewhere() {
    let elsewhere = FakeRegistry::answering(|_| Answer::json(r#"{"token":"stolen"}"#));
    let target = format!("http://{}/token", elsewhere.host);
    let registry = FakeRegistry::knowing_itself(|host| {
        let host = host.to_owned();
        move |request| {
            if request.path.starts_with("/token") {
                Answer::redirect(&target)
            } else {
                Answer::token_asked(&host, None)
            }
        }
    });
    let error = client(&registry.repository("x"), Some(login("bot", "right"))).tags().await.unwrap_err();
    assert!(matches!(error, RegistryError::Unexpected { .. }), "{error:?}");
    assert_eq!(elsewhere.requests().len(), 0);
}

#[tokio::test]
async fn an_upload_elsewhere_is_not_called_off_with_our_login() {
    let elsewhere = FakeRegistry::answering(|_| Answer::status(204));
    let location = format!("http://{}/upload", elsewhere.host);
    let registry = FakeRegistry::answering(move |request| {
        if request.header("authorization").is_none() {
            return Answer::login_asked();
        }
        Answer::status(202).header("Location", &location)
    });
    let client = client(&registry.repository("x"), Some(login("bot", "right")));
    assert_eq!(client.probe_push(may_write()).await, Ok(PushRight::May));
    assert_eq!(elsewhere.requests().len(), 0);
    assert_eq!(registry.count("DELETE", ""), 0);
}

#[tokio::test]
async fn an_upload_is_called_off_where_it_was_started_whatever_the_answer() {
    let registry = FakeRegistry::answering(|request| match request.method.as_str() {
        "DELETE" => Answer::refusal(405, "UNSUPPORTED", "not here"),
        _ => Shelf::default().answer(request),
    });
    let client = client(&registry.repository("x"), None);
    assert_eq!(client.probe_push(may_write()).await, Ok(PushRight::May));
    assert_eq!(registry.count("DELETE", "/v2/x/blobs/uploads/one-upload?_state=x"), 1);
}

#[tokio::test]
async fn who_may_not_push_is_told_why() {
    for (status, code, said) in [
        (403, "DENIED", "requested access to the resource is denied"),
        (404, "NAME_UNKNOWN", "missing or not visible"),
        (405, "UNSUPPORTED", "405"),
    ] {
        let message = "requested access to the resource is denied";
        let registry = FakeRegistry::answering(move |_| Answer::refusal(status, code, message));
        let right = client(&registry.repository("x"), None).probe_push(may_write()).await.unwrap();
        assert!(matches!(&right, PushRight::MayNot { why } if why.contains(said)), "{right:?}");
    }
}

#[tokio::test]
async fn a_proxy_that_echoes_a_login_or_token_does_not_bring_it_into_an_error() {
    for challenge in [|_: &str| Answer::login_asked(), |host: &str| Answer::token_asked(host, None)] {
        let registry = FakeRegistry::knowing_itself(|host| {
            let host = host.to_owned();
            move |request| match request.header("authorization") {
                _ if request.path.starts_with("/token") => Answer::json(r#"{"token":"precious"}"#),
                None => challenge(&host),
                Some(sent) => {
                    Answer::ok("text/plain", format!("you sent {sent} as {PASSWORD}\u{1b}[2J")).with_status(403)
                }
            }
        });
        let error = client(&registry.repository("x"), Some(login("bot", PASSWORD))).tags().await.unwrap_err();
        let text = format!("{error} {error:?} {:?}", Failure::from(error.clone()));
        assert!(text.contains("you sent Basic … as …") || text.contains("you sent Bearer … as …"), "{text}");
        assert!(!text.contains(PASSWORD) && !text.contains("precious") && !text.contains('\u{1b}'), "{text}");
    }
}
