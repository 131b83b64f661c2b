//! The tag list.

use windlass::{
    domain::failure::{Failure, FailureKind},
    registry::{RegistryError, is_referrer_tag},
};

use super::{client, images, right_login};
use crate::support::{
    fake_registry::{Answer, FakeRegistry, Shelf},
    registry::Registry,
};

fn names(tags: &[windlass::domain::reference::Tag]) -> Vec<&str> {
    tags.iter().map(windlass::domain::reference::Tag::as_str).collect()
}

#[tokio::test]
async fn a_repository_is_unknown_then_full_then_empty() {
    let registry = Registry::with_login();
    let client = client(&registry.repository("team/app"), Some(right_login()));
    let unknown = client.tags().await.unwrap_err();
    assert!(matches!(unknown, RegistryError::NotFound { visible: false, .. }), "{unknown:?}");
    assert!(Failure::from(unknown).why.contains("not visible to this credential"));

    let mut shelf = Shelf::default();
    let image = shelf.image("one");
    let referrer = format!("sha256-{}", "a".repeat(64));
    for tag in ["v1", "latest", &referrer] {
        images::put(&shelf, &image, &registry, &format!("team/app:{tag}"));
    }
    let mut tags = client.tags().await.unwrap();
    // This registry lists them in no particular order.
    tags.sort();
    assert_eq!(names(&tags), ["latest", &referrer, "v1"]);
    assert_eq!(tags.iter().filter(|tag| is_referrer_tag(tag)).count(), 1);

    let deleted = reqwest::Client::new()
        .delete(format!("http://{}/v2/team/app/manifests/{image}", registry.host))
        .basic_auth(crate::support::registry::USER, Some(crate::support::registry::PASSWORD))
        .send()
        .await
        .unwrap();
    assert_eq!(deleted.status(), 202);
    assert_eq!(client.tags().await, Ok(Vec::new()), "the registry now answers null");
}

/// Pages of a list: what each address answers, and the `Link` it gives.
fn paged(pages: &'static [(&'static str, &'static str, &'static str)]) -> FakeRegistry {
    FakeRegistry::knowing_itself(|host| {
        let host = host.to_owned();
        move |request| {
            let page = pages.iter().find(|(path, ..)| request.path == *path);
            let Some((_, tags, link)) = page else { return Answer::status(404) };
            let answer = Answer::json(&format!("{{\"name\":\"x\",\"tags\":{tags}}}"));
            if link.is_empty() { answer } else { answer.header("Link", &link.replace("SELF", &host)) }
        }
    })
}

const FIRST: &str = "/v2/x/tags/list?n=1000";

#[tokio::test]
async fn pages_are_followed_to_the_end() {
    let registry = paged(&[
        (FIRST, r#"["a","b"]"#, r#"</v2/x/tags/list?last=b&n=2>; rel="next""#),
        ("/v2/x/tags/list?last=b&n=2", r#"["b","c"]"#, r#"<http://SELF/v2/x/tags/list?last=c>; rel="next""#),
        ("/v2/x/tags/list?last=c", r#"["d","not a tag","-nor-this"]"#, ""),
    ]);
    let tags = client(&registry.repository("x"), None).tags().await.unwrap();
    assert_eq!(names(&tags), ["a", "b", "c", "d"]);
    assert_eq!(registry.requests().len(), 3);
}

#[tokio::test]
async fn a_list_without_pages_or_tags() {
    for (body, expected) in [
        (r#"{"name":"x","tags":null}"#, &[][..]),
        (r#"{"name":"x"}"#, &[]),
        (r#"{"name":"x","tags":["only"]}"#, &["only"]),
    ] {
        let registry = FakeRegistry::answering(move |_| Answer::json(body));
        assert_eq!(names(&client(&registry.repository("x"), None).tags().await.unwrap()), expected);
    }
}

#[tokio::test]
async fn a_list_that_leads_astray_is_refused() {
    for (registry, why) in [
        (paged(&[(FIRST, r#"["a"]"#, r#"<http://127.0.0.1:1/v2/x/tags/list>; rel="next""#)]), "another host"),
        (paged(&[(FIRST, r#"["a"]"#, r#"</v2/x/tags/list?n=1000>; rel="next""#)]), "circle"),
        (paged(&[(FIRST, r#""a""#, "")]), "not the JSON of a list"),
        (FakeRegistry::answering(|_| Answer::endless("application/json")), "larger than 8192 KiB"),
        (FakeRegistry::answering(|_| Answer::ok("text/html", "<html>Sign in</html>")), "a web page"),
    ] {
        let error = client(&registry.repository("x"), None).tags().await.unwrap_err();
        assert!(matches!(&error, RegistryError::Unreadable { .. }), "{error:?}");
        let failure = Failure::from(error);
        assert_eq!(failure.kind, FailureKind::Failed);
        assert!(failure.why.contains(why), "{failure:?}");
    }
}

#[tokio::test]
async fn a_list_without_end_ends() {
    let registry = FakeRegistry::answering(|request| {
        let page: usize = request.path.rsplit('=').next().and_then(|n| n.parse().ok()).unwrap_or(0);
        Answer::json(&format!("{{\"tags\":[\"t{page}\"]}}"))
            .header("Link", &format!("</v2/x/tags/list?page={}>; rel=next", page + 1))
    });
    let error = client(&registry.repository("x"), None).tags().await.unwrap_err();
    assert!(matches!(&error, RegistryError::Unreadable { why, .. } if why == "it has no end"), "{error:?}");
    assert_eq!(registry.requests().len(), 1000);
}
