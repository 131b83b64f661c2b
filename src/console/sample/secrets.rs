//! Secrets that the tests of the console show.

use crate::{
    console::{
        message::Message,
        model::{Holdings, Model, SecretNews},
        sample::{console, press, tell},
    },
    domain::{
        audit::{Act, AuditRow, Outcome},
        failure::Failure,
        holdings::{Changed, Held, Key, Needed, Row, StoreKind},
        name::SecretName,
        recipe::Recipe,
        rotation::{Account, Stage, Standing},
    },
};

/// What is typed as a password, and must be seen nowhere.
pub const PASSWORD: &str = "zebra-quagga-okapi";

pub fn name() -> SecretName {
    "dockerhub".parse().unwrap()
}

fn needed(name: &str, image: &str) -> Needed {
    Needed {
        name: name.parse().unwrap(),
        store: StoreKind::Vault,
        recipe: Recipe::Pair { username: "/u".to_owned(), password: "/p".to_owned() },
        images: vec![image.to_owned()],
        repositories: [format!("docker.io/mozilla/{image}").parse().unwrap()].into(),
    }
}

/// The secret that is there: with a key that is no login's.
pub fn there() -> Row {
    let key = |at: &str, fingerprint: &str| Key { at: at.to_owned(), fingerprint: Some(fingerprint.to_owned()) };
    let held = Held {
        name: name(),
        store: StoreKind::Vault,
        keys: vec![key("/note", "aa0000000001"), key("/p", "0d9e8c7b6a5f"), key("/u", "3f2c1abb0e8d")],
        bindings: ["docker.io/mozilla/balrog".parse().unwrap()].into(),
        changed: Ok(Changed { at: "2026-11-11T09:30:00Z".parse().unwrap(), by: "ada@host".to_owned() }),
        expires: None,
    };
    let needed = Some(needed("dockerhub", "balrog"));
    Row { name: name(), held: Some(held), needed, username: Some("bot".to_owned()), rotation: None, untold: None }
}

/// The same at a deployment, where it has an end.
pub fn at_taskcluster() -> Row {
    let store = || StoreKind::Taskcluster("https://tc.example".parse().unwrap());
    let row = there();
    let ends = Some("2027-06-30T00:00:00Z".parse().unwrap());
    Row {
        held: row.held.map(|held| Held { store: store(), expires: ends, ..held }),
        needed: row.needed.map(|needed| Needed { store: store(), ..needed }),
        ..row
    }
}

/// One at a deployment that may be set and not read.
pub fn unreadable() -> Row {
    let denied = Failure::not_allowed(
        "dockerhub cannot be read at tc.example",
        "secrets:get:dockerhub is missing",
        "have it granted",
    );
    Row { held: None, username: None, untold: Some(denied), ..at_taskcluster() }
}

/// One that an image needs and nobody has set.
pub fn missing() -> Row {
    let needed = needed("ghcr", "agent");
    Row { name: needed.name.clone(), held: None, needed: Some(needed), username: None, rotation: None, untold: None }
}

pub fn open_at(stage: Stage) -> Account {
    Account {
        secret: name(),
        store: StoreKind::Vault,
        begun: "2026-11-21T08:00:00Z".parse().unwrap(),
        by: "ada@host".to_owned(),
        repositories: ["docker.io/mozilla/balrog".parse().unwrap()].into(),
        old: vec!["0d9e8c7b6a5f".to_owned()],
        new: vec!["777777777777".to_owned()],
        steps: Account::steps(&stage),
        stands: Standing::Open(stage),
    }
}

pub fn act(what: Act, outcome: Outcome) -> AuditRow {
    let at = "2026-11-11T09:30:00Z".parse().unwrap();
    AuditRow {
        outcome,
        fingerprint: Some("0d9e8c7b6a5f".to_owned()),
        ..AuditRow::begun(at, "ada@host", what, "dockerhub")
    }
}

pub fn holdings(rows: Vec<Row>) -> Holdings {
    Holdings { rows, key: Some("a plain file".to_owned()), vault: "/home/ada/vault.age".to_owned(), ssh_key: None }
}

pub fn found(model: &mut Model, holdings: Holdings) {
    tell(model, Message::Secrets(SecretNews::Holdings(Ok(Box::new(holdings)))));
}

/// A console on its secrets.
pub fn secrets(size: (u16, u16), rows: Vec<Row>) -> Model {
    let mut model = console(size, Vec::new());
    press(&mut model, "3");
    found(&mut model, holdings(rows));
    tell(&mut model, Message::Trail(Ok(vec![act(Act::SecretSet, Outcome::Done)])));
    model
}

/// On a machine that has no vault.
pub fn without_a_vault(size: (u16, u16)) -> Model {
    let mut model = console(size, Vec::new());
    press(&mut model, "3");
    let row = Row { held: None, username: None, ..there() };
    found(
        &mut model,
        Holdings { key: None, ssh_key: Some("/home/ada/.ssh/id_ed25519".to_owned()), ..holdings(vec![row]) },
    );
    model
}

pub fn refused() -> Failure {
    Failure::not_allowed("docker.io does not accept the login of bot", "401 unauthorized", "set the right one")
}

pub fn news(news: SecretNews) -> Message {
    Message::Secrets(news)
}
