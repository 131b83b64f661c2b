//! The registry client: against a real registry wherever that can answer, else against a scripted one.

mod allowed;
mod deep;
mod identities;
mod images;
mod listing;
mod looking;
mod refused;
mod uploads;
mod wire;

use jiff::Timestamp;
use windlass::{
    domain::{
        digest::Digest,
        observation::{Content, Hashed, Observation},
        permission::MayWrite,
        recipe::Login,
        reference::Tag,
    },
    registry::{Client, Options, Reference},
};

use crate::support::registry::{PASSWORD, USER};

/// A client with nothing in common with any other.
fn client(repository: &str, login: Option<Login>) -> Client {
    client_with(repository, login, &Options::default())
}

fn client_with(repository: &str, login: Option<Login>, options: &Options) -> Client {
    // Whoever came first has installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::new(&repository.parse().expect("a repository"), login, options).expect("a client")
}

fn login(username: &str, password: &str) -> Login {
    Login { username: username.to_owned(), password: password.into() }
}

/// The login that real test registries accept.
fn right_login() -> Login {
    login(USER, PASSWORD)
}

fn tag(name: &str) -> Tag {
    name.parse().expect("a tag")
}

fn digest(text: &str) -> Digest {
    text.parse().expect("a digest")
}

fn by_tag(name: &str) -> Reference {
    Reference::Tag(tag(name))
}

fn by_digest(text: &str) -> Reference {
    Reference::Digest(digest(text))
}

fn may_write() -> MayWrite {
    MayWrite::unless(false).expect("not read-only")
}

fn nothing_known(_: &Digest) -> Option<(Content, Timestamp)> {
    None
}

/// What was hashed in this run.
fn hashed_now(observation: Observation) -> Content {
    match observation {
        Observation::Seen { content, hashed: Hashed::Now } => content,
        other => panic!("nothing was hashed: {other:?}"),
    }
}
