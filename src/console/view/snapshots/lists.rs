//! Projects, doctor, activity, and the first line.

use super::{State, after, told};
use crate::{
    console::{
        message::Message,
        model::{Image, Loaded, Model, Mouse},
        press::projects::tests::{four, nowhere},
        sample::{cluster, console, look, now, project, remote, running, secrets::open_at, signed_in, tell},
        view::{
            activity::tests::busy,
            doctor::tests::{examined, report},
            indicators::tests::{around, well},
        },
    },
    domain::{
        asker::Asker,
        failure::Failure,
        finding::{CheckId, Finding},
        holdings::Unfinished,
        rotation::Stage,
    },
};

fn damaged() -> Failure {
    Failure::failed(
        "the journal cannot be read",
        "file is not a database",
        "restore it from a copy: windlass doctor journal",
    )
}

pub const PROJECTS: &[State] = &[
    ("loading", nowhere),
    ("none", |size| told(nowhere(size), Message::Known(Ok(Vec::new())))),
    ("some", |size| told(nowhere(size), Message::Known(Ok(four())))),
    ("gone", |size| after(told(nowhere(size), Message::Known(Ok(four()))), "jj")),
    ("failed", |size| told(nowhere(size), Message::Known(Err(damaged())))),
];

fn running_checks(size: (u16, u16)) -> Model {
    let model = after(console(size, Vec::new()), "4");
    let model = told(model, report(CheckId::Config, None, Finding::pass("one image, balrog")));
    told(model, report(CheckId::Git, None, Finding::pass("3f2c1ab of master, clean")))
}

pub const DOCTOR: &[State] = &[
    ("waiting", |size| after(Model::new(size, look(), now()), "4")),
    ("running", running_checks),
    ("results", |size| after(examined(size), "jj")),
    ("cannot-tell", |size| after(examined(size), "Gkk")),
    ("zoomed", |size| after(examined(size), "jjz")),
];

pub const ACTIVITY: &[State] = &[
    ("reading", |size| after(console(size, Vec::new()), "5")),
    ("empty", |size| told(after(console(size, Vec::new()), "5"), Message::Trail(Ok(Vec::new())))),
    ("trail", |size| after(busy(size), "jj")),
    ("narrowed", |size| after(busy(size), "/point ada")),
    ("failed", |size| told(after(console(size, Vec::new()), "5"), Message::Trail(Err(damaged())))),
];

/// Of two images; nothing is well, and more is said of that than there is room for.
fn ill(size: (u16, u16)) -> Model {
    let mut two = project();
    two.images.push(Image { name: "agent".into(), repository: "ghcr.io/mozilla/agent".parse().unwrap() });
    let mut model = told(console(size, vec![running(1)]), Message::Project(Ok(two)));
    tell(&mut model, around(Err(Failure::unreachable("the engine does not answer", "", ""))));
    let denied = Failure::not_allowed("the registry does not accept the login", "", "").explained_by(CheckId::Login);
    tell(&mut model, Message::Tags("agent".to_owned(), Err(denied)));
    model.toasts.clear();
    model.rotation = Unfinished::of(&open_at(Stage::Stored));
    model.read_only = true;
    model.mouse = Mouse::Terminals;
    model
}

/// On a deployment, asked as this one.
fn asked_as(size: (u16, u16), asker: Asker) -> Model {
    told(cluster(size, vec![remote(&[])]), Message::Asker(Ok(Some(asker))))
}

pub const HEADER: &[State] = &[
    ("well", well),
    ("ill", ill),
    ("ends-soon", |size| {
        let mut model = asked_as(size, signed_in("2026-11-21T10:13:00Z"));
        if let Loaded::Yes(project) = &mut model.project {
            project.cluster = Some("firefox-ci-tc.services.mozilla.com".to_owned());
        }
        model
    }),
    ("expired", |size| asked_as(size, signed_in("2026-11-21T09:30:00Z"))),
    ("anonymous", |size| asked_as(size, Asker::default())),
    ("locked", |size| {
        asked_as(size, Asker { locked: Some("2026-11-22T09:00:00Z".parse().unwrap()), ..Asker::default() })
    }),
];
