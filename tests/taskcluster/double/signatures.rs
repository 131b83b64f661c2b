//! Hawk, certificates, narrowed credentials and bewits.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{
    asking::{Question, Said, Signing},
    recorded::Recorded,
};
use crate::support::taskcluster::{Double, credentials::Credentials, moment};

const CURRENT: &str = "/api/auth/v1/scopes/current";

struct World {
    double: Double,
    admin: Credentials,
    few: Credentials,
}

fn world() -> World {
    let double = Double::open();
    let admin = double.client("project/example/admin", "admin-token", &["*"]);
    let few = double.client("project/example/few", "few-token", &["secrets:get:project/example/allowed"]);
    World { double, admin, few }
}

impl World {
    /// Asks a recording's question with a signature that was tampered with.
    fn tampered(&self, name: &str, signing: &Signing, change: impl FnOnce(Question) -> Question) -> Said {
        let recorded = Recorded::named(name);
        let question = change(recorded.question().signed(&self.double, signing));
        let said = question.ask(&self.double.root).unwrap();
        recorded.check(&self.double, &said);
        said
    }

    fn skewed(&self, name: &str, minutes: i64) {
        let signing = Signing { skew: minutes * 60, ..Signing::by(&self.few) };
        self.tampered(name, &signing, |question| question);
    }
}

fn same(question: Question) -> Question {
    question
}

#[test]
fn signatures_that_do_not_fit_are_refused_as_recorded() {
    let world = world();
    let wrong = Credentials::new("project/example/few", "wrong");
    world.tampered("hawk-bad-mac", &Signing::by(&wrong), same);
    world.tampered("hawk-unknown-client", &Signing::by(&Credentials::new("project/none/none", "t")), same);
    world.tampered("hawk-malformed", &Signing::by(&world.few), |mut question| {
        question.headers.retain(|(name, _)| name != "authorization");
        question.with("authorization", "Hawk id=\"project/example/few\"")
    });
    world.tampered("hawk-host-header-mismatch-401", &Signing::by(&world.few), |question| {
        question.with("host", "wrong-host.example")
    });
    world.tampered("hawk-x-forwarded-port", &Signing::by(&world.few), same);
    let question =
        Question::get(CURRENT).with("x-forwarded-proto", "https").signed(&world.double, &Signing::by(&world.few));
    assert_eq!(question.ask(&world.double.root).unwrap().message(), "Unauthorized: Bad mac", "the port is another");
    // Signed for the path alone, as some clients do.
    let without = Signing::by(&world.few).signature(&world.double, &Question::get("/api/secrets/v1/secrets"));
    let recorded = Recorded::named("secrets-list-limit2-signed-without-query-401");
    let question = recorded.question().with("authorization", &without.header());
    recorded.check(&world.double, &question.ask(&world.double.root).unwrap());
    let other = Question::get(CURRENT).with("authorization", "Bearer x").ask(&world.double.root).unwrap();
    assert_eq!((other.status, other.message().as_str()), (401, "Unauthorized: Unauthorized"));
    let path = "/api/queue/v1/ping";
    assert_eq!(Question::get(path).with("authorization", "Bearer x").ask(&world.double.root).unwrap().status, 200);
}

#[test]
fn the_clock_may_be_a_quarter_of_an_hour_off() {
    let world = world();
    world.skewed("ok-hawk-skew-14min", 14);
    world.skewed("ok-hawk-skew-16min-401", 16);
    world.skewed("hawk-skew-minus-20min", -20);
    world.double.clock(SignedDuration::from_mins(61));
    let said = Question::get(CURRENT).ask(&world.double.root).unwrap();
    let date = jiff::fmt::rfc2822::parse(said.header("date").unwrap()).unwrap().timestamp();
    assert_eq!(date.duration_since(jiff::Timestamp::now()).as_mins().max(60), 60, "the Date is that of the services");
}

#[test]
fn bodies_are_checked_against_their_hash_and_type() {
    let world = world();
    let signing = Signing::by(&world.few);
    let question = Recorded::named("hawk-post-hash-mismatch-body").question();
    let other = Question { body: b"{\"scopes\":[\"c:d\"]}".to_vec(), ..question };
    let said = other.clone().signed(&world.double, &signing);
    let said = Question { body: br#"{"scopes": ["a:b"]}"#.to_vec(), ..said }.ask(&world.double.root).unwrap();
    Recorded::named("hawk-post-hash-mismatch-body").check(&world.double, &said);
    Recorded::again("post-no-ctype-nohash-400", &world.double, Some(&world.few));
    Recorded::again("post-text-ctype-nohash-400", &world.double, Some(&world.few));
}

#[test]
fn clients_that_are_over_are_refused_as_recorded() {
    let world = world();
    let none = world.double.client("project/example/none", "t", &[]);
    world.double.change_client("project/example/none", |client| client.disabled = true);
    world.tampered("hawk-disabled-client", &Signing::by(&none), same);
    let expired = world.double.client("project/example/expired", "t", &[]);
    let before = world.double.now() - moment::minutes(1);
    world.double.change_client("project/example/expired", |client| client.expires = before);
    world.tampered("hawk-expired-client", &Signing::by(&expired), same);
}

#[test]
fn credentials_are_narrowed_as_recorded() {
    let World { double, admin, few } = &world();
    Recorded::narrowed("secrets-get-403-authorizedScopes", double, Some(admin), Some(&["auth:current-scopes"]));
    double.anonymous(&[]);
    let a = ["secrets:get:a"];
    Recorded::narrowed("auth-currentScopes-authorizedScopes-unsatisfied", double, Some(few), Some(&a));
    let asked = double.requests();
    let last = asked.last().unwrap();
    assert_eq!(last.client_id.as_deref(), Some("project/example/few"));
    assert_eq!(last.authorized_scopes.as_deref(), Some(&["secrets:get:a".to_owned()][..]));
    assert_eq!((last.method.as_str(), last.path.as_str(), last.status), ("GET", CURRENT, Some(401)));
}

/// Temporary credentials that begin and end so many minutes from now.
fn temporary(
    double: &Double,
    issuer: &Credentials,
    name: Option<&str>,
    scopes: &[&str],
    from: i64,
    to: i64,
) -> Credentials {
    let at = |minutes: i64| double.now() + SignedDuration::from_mins(minutes);
    issuer.temporary(name, scopes, at(from), at(to))
}

/// With another certificate.
fn changed(credentials: &Credentials, change: impl FnOnce(&mut Value)) -> Credentials {
    let mut certificate = serde_json::from_str(credentials.certificate.as_ref().unwrap()).unwrap();
    change(&mut certificate);
    Credentials { certificate: Some(certificate.to_string()), ..credentials.clone() }
}

#[test]
fn certificates_are_checked_as_recorded() {
    let world = world();
    let World { double, admin, few } = &world;
    let allowed = ["secrets:get:project/example/allowed"];
    let unnamed = temporary(double, few, None, &allowed, -1, 10);
    let check = |name: &str, credentials: &Credentials| {
        world.tampered(name, &Signing::by(credentials), same);
    };
    check("auth-tempcred-tampered-scopes", &changed(&unnamed, |c| c["scopes"] = json!(["*"])));
    let forged = "A".repeat(43) + "=";
    check("auth-tempcred-bad-signature", &changed(&unnamed, |c| c["signature"] = json!(forged)));
    check("auth-tempcred-expired", &temporary(double, few, None, &allowed, -60, -6));
    let without = Signing { certified: false, ..Signing::by(&unnamed) };
    world.tampered("auth-tempcred-no-cert", &without, same);
    let named = temporary(double, admin, Some("project/example/named"), &["secrets:get:*"], -1, 10);
    check("ok-currentScopes-temp-named", &named);

    let message = |credentials: &Credentials| {
        let said = Question::get(CURRENT).signed(double, &Signing::by(credentials)).ask(&double.root).unwrap();
        (said.status != 200).then(|| said.message())
    };
    assert_eq!(message(&unnamed), None);
    assert_eq!(message(&temporary(double, few, None, &allowed, -60, -4)), None, "five minutes are tolerated");
    assert_eq!(message(&temporary(double, few, None, &allowed, 4, 60)), None);
    for (credentials, expected) in [
        (temporary(double, few, None, &allowed, 6, 60), "ext.certificate.start > now"),
        (temporary(double, few, None, &allowed, 0, 32 * 24 * 60), "ext.certificate cannot last longer than 31 days!"),
        (
            temporary(double, few, Some("project/example/x"), &allowed, 0, 9),
            "ext.certificate issuer `project/example/few` doesn't have `auth:create-client:project/example/x` for \
             supplied clientId.",
        ),
        (
            Credentials { client_id: "project/example/other".to_owned(), ..named.clone() },
            "ext.certificate.signature is not valid, or wrong clientId provided",
        ),
        (changed(&unnamed, |c| c["version"] = json!(2)), "ext.certificate.version must be 1"),
        (changed(&unnamed, |c| c["seed"] = json!("short")), "ext.certificate.seed must be 44 characters"),
        (changed(&unnamed, |c| c["scopes"] = json!("x")), "ext.certificate.scopes must be an array"),
        (
            changed(&named, |c| c["issuer"] = json!("project/example/named")),
            "ext.certificate.issuer must differ from the supplied clientId",
        ),
    ] {
        assert_eq!(message(&credentials).as_deref(), Some(expected));
    }
    let signature = Signing::by(few).signature(double, &Question::get(CURRENT));
    let broken = crate::support::taskcluster::hawk::Signature { ext: Some("e30x".to_owned()), ..signature };
    let said = Question::get(CURRENT).with("authorization", &broken.header()).ask(&double.root).unwrap();
    assert_eq!(said.message(), "Failed to parse ext");
}

#[test]
fn bewits_are_checked_as_recorded() {
    let world = world();
    let World { double, few, .. } = &world;
    let signing = Signing::by(few);
    let bewit = signing.bewit(double, CURRENT, 60);
    let ask = |recorded: &str, question: Question| {
        Recorded::named(recorded).check(double, &question.ask(&double.root).unwrap());
    };
    ask("ok-bewit", Question::get(&format!("{CURRENT}?bewit={bewit}")));
    ask("hawk-bewit", Question::get(&format!("{CURRENT}?bewit={bewit}==")));
    let both = Question::get(&format!("{CURRENT}?bewit={bewit}")).signed(double, &signing);
    ask("hawk-bewit-and-header", both);
    let over = signing.bewit(double, CURRENT, -1);
    ask("bewit-expired-401", Question::get(&format!("{CURRENT}?bewit={over}")));
    let elsewhere = signing.bewit(double, "/api/auth/v1/roles", 60);
    let said = Question::get(&format!("{CURRENT}?bewit={elsewhere}")).ask(&double.root).unwrap();
    assert_eq!(said.message(), "Unauthorized: Bad mac");
    let posted = Question::new("POST", &format!("/api/auth/v1/scopes/expand?bewit={bewit}"));
    assert_eq!(posted.ask(&double.root).unwrap().message(), "Unauthorized: Invalid method");
}
