//! The secrets service.

use serde_json::json;

use super::recorded::Recorded;
use crate::support::taskcluster::{Double, credentials::Credentials, moment, paging::Pages};

const DOCKERHUB: &str = "repo:github.com/mozilla/balrog:dockerhub";

struct World {
    double: Double,
    admin: Credentials,
    few: Credentials,
}

/// As it was when the secrets were recorded: no `anonymous` role, an administrator, and a client that may read one.
fn world() -> World {
    let double = Double::start();
    let admin = double.client("project/example/admin", "admin-token", &["*"]);
    let few = double.client("project/example/few", "few-token", &["secrets:get:project/example/allowed"]);
    World { double, admin, few }
}

#[test]
fn values_are_written_read_and_refused_as_recorded() {
    let World { double, admin, few } = world();
    let [admin, few] = [Some(&admin), Some(&few)];
    Recorded::again("secrets-set", &double, admin);
    Recorded::again("secrets-get", &double, admin);
    Recorded::again("secrets-set-overwrite", &double, admin);
    Recorded::again("secrets-get-unencoded-colon", &double, admin);
    let expires = double.now() + moment::days(1);
    double.secret("project/example/allowed", json!({"k": "v", "n": 1, "nested": {"a": [1, 2]}}), expires);
    Recorded::again("secrets-get-limited-client-allowed", &double, few);
    Recorded::again("secrets-get-403-insufficient-scopes", &double, few);
    Recorded::again("secrets-get-403-anonymous", &double, None);
    Recorded::again("secrets-get-404-missing", &double, admin);
    Recorded::again("secrets-get-unencoded-slashes", &double, few);
    Recorded::again("secrets-head", &double, few);
    Recorded::again("secrets-remove-403", &double, few);
    Recorded::again(
        "secrets-get-missing-without-scope-403",
        &double,
        Some(&double.client("project/example/none", "t", &[])),
    );
    assert_eq!(double.secret_now(DOCKERHUB).unwrap().value["docker"]["email"], "x@example.com");
}

#[test]
fn bodies_that_are_none_are_refused_as_recorded() {
    let World { double, admin, .. } = world();
    let admin = Some(&admin);
    Recorded::again("secrets-set-400-schema-missing-expires", &double, admin);
    Recorded::again("secrets-set-400-schema-many-errors", &double, admin);
    Recorded::again("secrets-set-malformed-json-500", &double, admin);
    Recorded::again("secrets-set-no-content-type-401", &double, admin);
    Recorded::again("secrets-set-text-plain-401", &double, admin);
    Recorded::again("secrets-set-empty-body", &double, admin);
    assert_eq!(double.secret_now("project/example/x"), None, "nothing of that was kept");
    Recorded::again("secrets-set-json-charset", &double, admin);
    assert_eq!(double.secret_now("project/example/x").unwrap().value, json!({"unicode": "é✓"}));

    let recorded = Recorded::named("secrets-set-too-large-500");
    let mut question = recorded.question();
    question.body = vec![b' '; 11 * 1024 * 1024];
    recorded.check(&double, &question.ask(&double.root).unwrap());
}

#[test]
fn the_list_is_paged_and_sorted_as_recorded() {
    let World { double, admin, few } = world();
    let [admin, few] = [Some(&admin), Some(&few)];
    Recorded::named("secrets-list-all").set_clock(&double);
    let names = ["x", "many-4", "allowed", "many-0", "many-2", "many-1", "many-3"];
    for name in names {
        double.secret(&format!("project/example/{name}"), json!({}), double.now() + moment::days(1));
    }
    double.secret(DOCKERHUB, json!({"a": 1}), double.now() + moment::days(1));
    Recorded::again("secrets-list-all", &double, admin);
    Recorded::again("secrets-list-limit2", &double, admin);
    Recorded::again("secrets-list-400-bad-token", &double, admin);
    Recorded::again("secrets-list-bad-token2", &double, admin);
    Recorded::again("secrets-list-400-bad-limit", &double, admin);
    Recorded::again("secrets-list-limit0", &double, admin);
    Recorded::again("secrets-list-unknown-query", &double, admin);
    Recorded::again("secrets-list-few-client", &double, few);

    // The tokens of the recordings are another hash's; ours lead through the same pages.
    for (pages, count) in [(Pages::Full, 4), (Pages::EmptyFirst, 8), (Pages::Short(1), 8)] {
        double.pages(pages);
        let all = pages_of(&double, admin.unwrap());
        assert_eq!(all.len(), count, "{pages:?}");
        assert_eq!(all.concat().len(), 8);
        assert!(all.concat().is_sorted());
    }
}

/// All pages of two names each.
fn pages_of(double: &Double, credentials: &Credentials) -> Vec<Vec<String>> {
    use super::asking::{Question, Signing};
    let mut pages = Vec::new();
    let mut path = "/api/secrets/v1/secrets?limit=2".to_owned();
    loop {
        let said = Question::get(&path).signed(double, &Signing::by(credentials)).ask(&double.root).unwrap().json();
        pages.push(serde_json::from_value(said["secrets"].clone()).unwrap());
        let Some(token) = said.get("continuationToken") else { return pages };
        path = format!("/api/secrets/v1/secrets?limit=2&continuationToken={}", token.as_str().unwrap());
    }
}

#[test]
fn what_is_over_is_not_there() {
    let World { double, admin, .. } = world();
    let admin = Some(&admin);
    Recorded::again("secrets-set-already-expired", &double, admin);
    assert!(double.secret_now("project/example/expired").is_some(), "it was accepted");
    let name = "project/example/soon";
    Recorded::named("secrets-get-expired").set_clock(&double);
    double.secret(name, json!({"a": 1}), double.now() - moment::minutes(1));
    Recorded::again("secrets-get-expired", &double, admin);
    for name in ["allowed", "many-0", "many-1", "many-2", "many-3", "many-4", "x"] {
        double.secret(&format!("project/example/{name}"), json!({}), double.now() + moment::days(1));
    }
    double.secret(DOCKERHUB, json!({"a": 1}), double.now() + moment::days(1));
    Recorded::again("secrets-list-after-expiry", &double, admin);
    Recorded::again("secrets-remove", &double, admin);
    assert_eq!(double.secret_now("project/example/many-0"), None);
    Recorded::again("secrets-remove-missing", &double, admin);
    double.anonymous(&["secrets:list-secrets"]);
    Recorded::again("secrets-list-anonymous", &double, None);
}

#[test]
fn other_paths_and_verbs_are_no_routes() {
    let World { double, admin, .. } = world();
    Recorded::again("unknown-route-404", &double, Some(&admin));
    Recorded::again("secrets-post-method-404", &double, Some(&admin));
    Recorded::again("secrets-heartbeat", &double, None);
    Recorded::again("double-slash", &double, None);
}
