//! What lies over a screen: help and palette, dialogs, toasts.

use super::{State, after, told};
use crate::{
    console::{
        dialogs::{Answer, several::tests::asked as several},
        message::Message,
        model::{Loaded, Model, Project},
        request::Request,
        sample::{
            beginning, project,
            secrets::{secrets, there},
            tags, takes,
        },
        view::{
            tests::{asked, busy, preview, ways},
            toasts::tests::said,
        },
    },
    domain::{
        beginning::{Beginning, By},
        failure::Failure,
        finding::CheckId,
        preview::Next,
        wishes::Wishes,
    },
};

pub const FIND: &[State] = &[
    ("help", |size| after(busy(size), "?")),
    ("refused", |size| after(busy(size), "?re-run")),
    ("palette", |size| after(busy(size), ":sec")),
    ("nothing", |size| after(busy(size), ":zzz")),
];

/// The answer to a release that is wanted.
fn answered(size: (u16, u16), answer: Result<Answer, Failure>) -> Model {
    told(after(busy(size), "n"), Message::Prepared(asked(), answer))
}

pub const DIALOGS: &[State] = &[
    ("waiting", |size| after(busy(size), "n")),
    ("release", |size| answered(size, Ok(Answer::Preview(Box::new(preview()))))),
    ("left-alone", |size| {
        let mut preview = preview();
        preview.changes[1].next =
            Next::LeftAlone("it shows a release that this commit does not descend from".to_owned());
        answered(size, Ok(Answer::Preview(Box::new(preview))))
    }),
    ("begin", |size| answered(size, Ok(Answer::Beginning(Box::new(beginning(&Wishes::default())))))),
    ("begin-refused", |size| {
        let refused = Failure::not_allowed(
            "git push origin 3f2c1ab:refs/heads/master would be refused",
            "master is further at origin (1f0e9d8), and has this commit already",
            "release what is there: git fetch origin, then --ref origin/master --branch master",
        );
        let refused = Some(refused.explained_by(CheckId::Git));
        answered(size, Ok(Answer::Beginning(Box::new(Beginning { refused, ..beginning(&Wishes::default()) }))))
    }),
    ("begin-by-hook", |size| {
        let mut model = busy(size);
        model.project = Loaded::Yes(Project { begun: Some(By::Hook), ..project() });
        let model = told(after(model, "N"), Message::Prepared(Request::Payload, Ok(Answer::Takes(Box::new(takes())))));
        after(model, "<enter>")
    }),
    ("cancel", |size| after(busy(size), "x")),
    ("several", |size| {
        let (model, request, answer) = several(size);
        told(model, Message::Prepared(request, Ok(answer)))
    }),
    ("typed", |size| after(secrets(size, vec![there()]), "ddocker")),
    ("menu", |size| after(ways(size), "jjjj")),
    ("ask", |size| after(busy(size), "Nv1 --fast<enter>")),
    ("save", |size| after(busy(size), "<enter>s")),
    ("failure", |size| {
        let failure = Failure::unreachable(
            "the container engine does not answer",
            "nothing listens at unix:///var/run/docker.sock",
            "start it: systemctl start docker",
        );
        answered(size, Err(failure.explained_by(CheckId::Engine)))
    }),
    ("passphrase", |size| {
        let question = "Passphrase of /home/ada/identity.txt: ".to_owned();
        after(told(after(busy(size), "n"), Message::Asked(question)), "zebra")
    }),
    ("told", |size| {
        let digest = "7eb2f01f0000".to_owned();
        let model = after(told(after(busy(size), "2"), tags(Vec::new())), &format!("/{digest}<enter>"));
        let found = vec![
            "the image id of release bbbbbbbbbb of balrog, of commit 3f2c1ab".to_owned(),
            "what docker.io/mozilla/balrog:latest shows".to_owned(),
        ];
        told(model, Message::Prepared(Request::Find { digest }, Ok(Answer::Found(found))))
    }),
];

pub const TOASTS: &[State] =
    &[("three", said), ("beside-a-dialog", |size| after(said(size), "x")), ("hint", |size| after(busy(size), "e"))];
