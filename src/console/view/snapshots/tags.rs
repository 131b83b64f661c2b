//! The tags of an image.

use super::{State, after, told};
use crate::{
    console::{
        dialogs::Answer,
        message::Message,
        model::Model,
        request::Request,
        sample::{console, id, now, row, tags},
        view::tags::tests::table,
    },
    domain::{
        digest::Digest,
        failure::Failure,
        observation::{Observation, Sighting},
        plan::TagKind,
        table::Row,
        verdict::{Judgement, Verdict},
    },
};

/// One tag for each verdict. Those that registries seldom give are only said.
fn every_verdict(size: (u16, u16)) -> Model {
    let rows = Verdict::ALL.map(|verdict| {
        let (shown, recorded) = match verdict {
            Verdict::NotRecorded => (Some("theirs"), None),
            Verdict::Missing | Verdict::Corrupt | Verdict::Denied | Verdict::RateLimited | Verdict::Unreachable => {
                (None, Some("ours"))
            }
            Verdict::Match | Verdict::MatchClaimed | Verdict::SameImageRepacked => (Some("ours"), Some("ours")),
            _ => (Some("theirs"), Some("ours")),
        };
        let mut row = row(&format!("of-{verdict}"), shown, recorded);
        let why = "no route to host".to_owned();
        match verdict {
            Verdict::Denied => row.observation = Observation::Denied { why },
            Verdict::Unreachable => row.observation = Observation::Unreachable { why },
            Verdict::RateLimited => row.observation = Observation::RateLimited { retry_after_seconds: Some(60) },
            Verdict::Corrupt => row.observation = Observation::Unreadable { why },
            Verdict::TagMoved => row.kind = Some(TagKind::Moving),
            _ => {}
        }
        let why =
            if verdict == row.judgement.verdict { row.judgement.why } else { format!("this is why it is {verdict}") };
        Row { judgement: Judgement { verdict, why }, ..row }
    });
    told(after(console(size, Vec::new()), "2"), tags(rows.into()))
}

fn history(size: (u16, u16)) -> Model {
    let latest = Row { kind: Some(TagKind::Moving), ..row("latest", Some("theirs"), Some("ours")) };
    let model = after(told(after(console(size, Vec::new()), "2"), tags(vec![latest])), "h");
    let request = Request::History { image: "balrog".to_owned(), tag: "latest".parse().unwrap(), moving: true };
    let sighting = |image: Option<&str>, days: i64| Sighting {
        digest: image.map(|image| Digest::of(image.as_bytes())),
        first_seen: now() - jiff::SignedDuration::from_hours(24 * days),
        last_seen: now() - jiff::SignedDuration::from_hours(24 * (days - 3)),
    };
    let past = vec![
        (sighting(Some("ours"), 3), Some(id(2))),
        (sighting(Some("theirs"), 6), None),
        (sighting(Some("older"), 9), Some(id(3))),
        (sighting(None, 12), None),
    ];
    after(told(model, Message::Prepared(request, Ok(Answer::Past(past)))), "jj")
}

pub const TAGS: &[State] = &[
    ("loading", |size| after(console(size, Vec::new()), "2")),
    ("none", |size| told(after(console(size, Vec::new()), "2"), tags(Vec::new()))),
    ("failed", |size| {
        let why = "no route to host registry-1.docker.io";
        let failure =
            Failure::unreachable("the registry does not answer", why, "look at the network: windlass doctor registry");
        told(after(console(size, Vec::new()), "2"), Message::Tags("balrog".to_owned(), Err(failure)))
    }),
    ("verdicts", every_verdict),
    ("manifests", |size| after(table(size), "ji")),
    ("evidence", |size| after(table(size), "j<enter>")),
    ("history", history),
    ("of-a-class", |size| after(table(size), "f")),
    ("named", |size| after(table(size), "/LATE")),
    ("again", |size| after(table(size), "r")),
];
