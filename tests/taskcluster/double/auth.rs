//! The auth service.

use super::{
    asking::{Question, Signing},
    recorded::Recorded,
};
use crate::support::taskcluster::{Double, credentials::Credentials};

const MASTER: &str = "repo:github.com/mozilla/balrog:branch:master";
const DOCKERHUB: &str = "secrets:get:repo:github.com/mozilla/balrog:dockerhub";

/// As it was when the auth service was recorded.
fn world() -> (Double, Credentials) {
    let double = Double::start();
    Recorded::named("auth-role").set_clock(&double);
    let admin = double.client("project/example/admin", "admin-token", &["*"]);
    double.described_role(MASTER, "balrog master", &[DOCKERHUB]);
    let any = ["queue:create-task:highest:proj-x/ci", "queue:scheduler-id:taskcluster-github"];
    double.described_role("repo:github.com/mozilla/balrog:*", "any", &any);
    double.described_role("project-admin:*", "param", &["assume:project:<..>:*"]);
    (double, admin)
}

#[test]
fn roles_are_expanded_and_refused_as_recorded() {
    let (double, admin) = world();
    let admin = Some(&admin);
    Recorded::again("auth-createRole-conflict-409", &double, admin);
    Recorded::again("auth-role", &double, admin);
    Recorded::again("auth-role-404", &double, admin);
    Recorded::again("auth-listRoles2", &double, admin);
    Recorded::again("auth-expandScopes", &double, admin);
    Recorded::again("auth-expandScopes-param", &double, admin);
    Recorded::again("ok-post-hash", &double, admin);
    let balrog = double.client("project/example/balrog", "t", &[&format!("assume:{MASTER}")]);
    let expires = double.now() + crate::support::taskcluster::moment::days(1);
    let secret = serde_json::json!({
        "docker": {"username": "mozillabalrog", "password": "other", "email": "x@example.com"},
    });
    double.secret("repo:github.com/mozilla/balrog:dockerhub", secret, expires);
    Recorded::again("secrets-get-via-role", &double, Some(&balrog));
    double.change_client("project/example/balrog", |client| client.description = "assumes balrog master".to_owned());
    Recorded::again("auth-client", &double, admin);
}

#[test]
fn the_pages_of_roles_lead_to_all_of_them() {
    let (double, admin) = world();
    let ask = |path: &str| Question::get(path).signed(&double, &Signing::by(&admin)).ask(&double.root).unwrap();
    let first = ask("/api/auth/v1/roles2/?limit=2").json();
    let token = first["continuationToken"].as_str().unwrap();
    let second = ask(&format!("/api/auth/v1/roles2/?limit=2&continuationToken={token}")).json();
    assert_eq!(second["roles"][0]["roleId"], MASTER);
    assert!(second.get("continuationToken").is_none());
    let refused = ask("/api/auth/v1/roles2/?limit=2&continuationToken=abcdef");
    assert_eq!((refused.status, refused.message().as_str()), (400, "Invalid continuationToken"));
    assert_eq!(ask("/api/auth/v1/roles").json().as_array().unwrap().len(), 3);
}

#[test]
fn scopes_are_those_of_the_caller_and_of_everybody() {
    let (double, _) = world();
    let open = Double::open();
    open.described_role(MASTER, "balrog master", &[DOCKERHUB]);
    let any = ["queue:create-task:highest:proj-x/ci", "queue:scheduler-id:taskcluster-github"];
    open.described_role("repo:github.com/mozilla/balrog:*", "any", &any);
    let balrog = open.client("project/example/balrog", "t", &[&format!("assume:{MASTER}")]);
    let admin = open.client("project/example/admin", "t", &["*"]);
    let few = open.client("project/example/few", "t", &["secrets:get:project/example/allowed"]);
    Recorded::again("ok-currentScopes-balrog", &open, Some(&balrog));
    Recorded::again("ok-currentScopes-anon", &open, None);
    Recorded::narrowed("ok-currentScopes-authorizedScopes", &open, Some(&admin), Some(&["secrets:get:a"]));
    Recorded::narrowed("ok-currentScopes-authorizedScopes-empty", &open, Some(&admin), Some(&[]));
    Recorded::again("ok-nonce-replay", &open, Some(&few));
    double.described_role(MASTER, "balrog master v2", &[DOCKERHUB]);
    double.anonymous(&["auth:get-role:*"]);
    Recorded::again("ok-auth-role-anon-lookup", &double, None);
}

#[test]
fn clients_are_changed_deleted_and_their_history_told() {
    let (double, admin) = world();
    let few = double.client("project/example/few", "few-token", &["secrets:get:project/example/allowed"]);
    double.change_client("project/example/few", |client| client.description = "example client".to_owned());
    Recorded::again("auth-resetAccessToken", &double, Some(&admin));
    let refused = Question::get("/api/auth/v1/scopes/current").signed(&double, &Signing::by(&few));
    assert_eq!(refused.ask(&double.root).unwrap().message(), "Unauthorized: Bad mac", "the old token is over");
    double.client("project/example/expired", "t", &[]);
    Recorded::again("auth-deleteClient", &double, Some(&admin));

    let ask = |path: &str| Question::get(path).signed(&double, &Signing::by(&admin)).ask(&double.root).unwrap();
    let history = ask("/api/auth/v1/audit/client/project%2Fexample%2Ffew").json();
    let recorded = Recorded::named("auth-getEntityHistory").answered();
    let fields = |entry: &serde_json::Value| entry.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(fields(&history["auditHistory"][0]), fields(&recorded["auditHistory"][0]));
    assert_eq!(history["auditHistory"][0]["actionType"], "access token reset");
    let unknown = ask("/api/auth/v1/audit/nothing/x");
    assert_eq!(unknown.status, 400, "{}", unknown.text());
    assert_eq!(ask("/api/auth/v1/clients/nobody").message(), "Client not found");
}
