//! Bytes that are sent to a registry: what it has is not sent, what breaks off is sent again, and a login never goes with
//! them to another host.

use std::{
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use futures_util::stream;
use windlass::{
    domain::{digest::Digest, permission::MayWrite},
    registry::{Kept, RegistryError},
};

use super::{client, login, right_login};
use crate::support::{
    fake_registry::{Answer, FakeRegistry, Request},
    registry::Registry,
};

fn permit() -> MayWrite {
    MayWrite::unless(false).expect("it may write")
}

/// The pieces of what is sent.
fn pieces(of: &'static [&'static str]) -> impl Fn() -> stream::Iter<std::vec::IntoIter<io::Result<Bytes>>> {
    move || stream::iter(of.iter().map(|piece| Ok(Bytes::from(*piece))).collect::<Vec<_>>())
}

/// Takes uploads as a registry does.
fn takes(request: &Request) -> Answer {
    let path = request.path.split('?').next().unwrap_or_default().to_owned();
    match request.method.as_str() {
        "POST" => Answer::status(202).header("Location", &format!("{path}1?_state=a")),
        "PATCH" => Answer::status(202).header("Location", &format!("{path}?_state=b")),
        "PUT" => Answer::status(201),
        _ => Answer::refusal(404, "BLOB_UNKNOWN", "blob unknown"),
    }
}

#[tokio::test]
async fn a_real_registry_keeps_what_is_sent_and_mounts_what_another_repository_has() {
    let registry = Registry::with_login();
    let (here, there) = (registry.repository("team/here"), registry.repository("team/there"));
    let client_here = client(&here, Some(right_login()));
    let whole = Digest::of(b"one two three");
    assert_eq!(client_here.blob(&whole).await, Ok(None));
    let kept = client_here.send_blob("a layer", None, pieces(&["one ", "two ", "three"]), permit()).await.unwrap();
    assert_eq!(kept, Kept { digest: whole.clone(), size: 13 });
    assert_eq!(client_here.blob(&whole).await, Ok(Some(13)));
    let config = client_here.send_bytes("the config", Bytes::from("{}"), permit()).await.unwrap();
    assert_eq!(client_here.blob(&config.digest).await, Ok(Some(2)));

    let at_the_other = client(&there, Some(right_login()));
    assert_eq!(at_the_other.blob(&whole).await, Ok(None));
    let from = here.parse().unwrap();
    assert_eq!(at_the_other.mount(&Digest::of(b"nowhere"), &from, permit()).await, Ok(false));
    assert_eq!(at_the_other.mount(&whole, &from, permit()).await, Ok(true));
    assert_eq!(at_the_other.blob(&whole).await, Ok(Some(13)));
    let elsewhere = "127.0.0.1:1/team/here".parse().unwrap();
    assert_eq!(at_the_other.mount(&config.digest, &elsewhere, permit()).await, Ok(false), "another registry");
    let wrong = client(&here, Some(login("bot", "wrong"))).send_bytes("x", Bytes::new(), permit()).await;
    assert!(matches!(wrong, Err(RegistryError::LoginRefused { .. })), "{wrong:?}");
}

#[tokio::test]
async fn what_breaks_off_is_sent_again_from_its_beginning() {
    let failures = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&failures);
    let registry =
        FakeRegistry::answering(move |request| match (request.method.as_str(), counted.load(Ordering::SeqCst)) {
            ("PATCH", 0) => {
                counted.fetch_add(1, Ordering::SeqCst);
                Answer::reset()
            }
            ("PUT", 1) => {
                counted.fetch_add(1, Ordering::SeqCst);
                Answer::refusal(503, "UNAVAILABLE", "later")
            }
            ("POST", 2) => {
                counted.fetch_add(1, Ordering::SeqCst);
                Answer::refusal(429, "TOOMANYREQUESTS", "slow down").header("Retry-After", "0")
            }
            _ => takes(request),
        });
    let client = client(&registry.repository("x"), None);
    let kept = client.send_blob("a layer", None, pieces(&["one ", "two"]), permit()).await.unwrap();
    assert_eq!(kept.digest, Digest::of(b"one two"));
    let sent: Vec<Vec<u8>> = registry
        .requests()
        .into_iter()
        .filter(|request| request.method == "PATCH")
        .map(|request| request.body)
        .collect();
    assert_eq!(sent.last().map(Vec::as_slice), Some(b"one two".as_slice()));
    let ends: Vec<String> = registry.requests().into_iter().filter(|r| r.method == "PUT").map(|r| r.path).collect();
    let digest = kept.digest.as_str().replace(':', "%3A");
    assert_eq!(ends.last(), Some(&format!("/v2/x/blobs/uploads/1?_state=b&digest={digest}")));
}

#[tokio::test]
async fn what_is_refused_or_is_not_what_was_expected_is_not_kept() {
    let registry = FakeRegistry::answering(takes);
    let client_of = |registry: &FakeRegistry| client(&registry.repository("x"), None);
    let expected = Digest::of(b"expected");
    let error =
        client_of(&registry).send_blob("a layer", Some(&expected), pieces(&["other"]), permit()).await.unwrap_err();
    assert!(matches!(&error, RegistryError::Unsent { why, .. } if why.contains("where sha256:")), "{error:?}");
    assert_eq!((registry.count("PUT", ""), registry.count("POST", "")), (0, 1), "and not tried again");

    let broken = || stream::iter([Ok(Bytes::from("one")), Err(io::Error::other("the archive has changed"))]);
    let error = client_of(&registry).send_blob("a layer", None, broken, permit()).await.unwrap_err();
    assert_eq!(error.to_string(), "a layer was not sent: the archive has changed");
    assert_eq!(registry.count("PUT", ""), 0);

    let denied = FakeRegistry::answering(|request| match request.method.as_str() {
        "POST" => Answer::refusal(403, "DENIED", "read only"),
        _ => takes(request),
    });
    let error = client_of(&denied).send_blob("a layer", None, pieces(&["x"]), permit()).await.unwrap_err();
    assert!(error.is_denied() && denied.count("POST", "") == 1, "{error:?}");
}

#[tokio::test]
async fn an_upload_may_go_to_another_host_and_the_login_does_not() {
    let store = Arc::new(FakeRegistry::answering(takes));
    let elsewhere = store.host.clone();
    let registry = FakeRegistry::answering(move |request| match request.method.as_str() {
        _ if !request.has_login("bot", "secret") => Answer::login_asked(),
        "POST" => Answer::status(202).header("Location", &format!("http://{elsewhere}/v2/x/blobs/uploads/7")),
        _ => takes(request),
    });
    let client = client(&registry.repository("x"), Some(login("bot", "secret")));
    client.send_blob("a layer", None, pieces(&["bytes"]), permit()).await.unwrap();
    let there = store.requests();
    assert_eq!(there.iter().map(|request| request.method.as_str()).collect::<Vec<_>>(), ["PATCH", "PUT"]);
    assert!(there.iter().all(|request| request.header("authorization").is_none()), "{there:?}");

    let plain = FakeRegistry::answering(|request| match request.method.as_str() {
        "POST" => Answer::status(202).header("Location", "http://store.example/upload"),
        _ => takes(request),
    });
    let error = super::client(&plain.repository("x"), None).send_bytes("x", Bytes::new(), permit()).await.unwrap_err();
    assert!(matches!(error, RegistryError::Distrusted { .. }), "{error:?}");
}

#[tokio::test]
async fn a_mount_asks_for_both_repositories_and_gives_way() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&asked);
    let registry = FakeRegistry::knowing_itself(move |host| {
        let host = host.to_owned();
        move |request: &Request| {
            if request.path.starts_with("/token") {
                heard.lock().unwrap().push(request.path.clone());
                return Answer::json(r#"{"token":"t"}"#);
            }
            match request.header("authorization") {
                None => Answer::token_asked(&host, None),
                Some(_) if request.method == "DELETE" => Answer::status(204),
                // It begins an upload, as for a client that would send the bytes at once.
                Some(_) => takes(request),
            }
        }
    });
    let client = client(&registry.repository("team/here"), None);
    let from = registry.repository("team/there").parse().unwrap();
    assert_eq!(client.mount(&Digest::of(b"x"), &from, permit()).await, Ok(false));
    let asked = asked.lock().unwrap().join(" ");
    for scope in ["repository%3Ateam%2Fhere%3Apull%2Cpush", "repository%3Ateam%2Fthere%3Apull"] {
        assert!(asked.contains(scope), "{asked}");
    }
    assert_eq!(registry.count("DELETE", "/blobs/uploads/"), 1, "the upload is called off");
}
