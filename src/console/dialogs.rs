//! The dialogs that what was found out becomes. The files of this folder write them, one a subject; a dialog is data, and
//! knows nothing else of the console.

pub mod actions;
pub mod artifacts;
pub mod beginning;
mod history;
mod plan;
pub(super) mod several;
pub mod verify;
mod ways;

use jiff::Timestamp;

use super::{
    model::{Layer, Line},
    request::Request,
};
use crate::domain::{
    action::Offer,
    again::{Again, Way},
    artifact::Left,
    beginning::{Beginning, Takes},
    ending::Ending,
    event::Step,
    failure::Failure,
    name::ReleaseId,
    observation::Sighting,
    preview::Preview,
    release::Release,
    sign::Signs,
};

/// What was found out.
#[derive(Debug)]
pub enum Answer {
    Preview(Box<Preview>),
    Beginning(Box<Beginning>),
    Takes(Box<Takes>),
    /// Each way, and why it cannot be gone; `None`: it can.
    Ways(Box<Release>, Vec<(Option<Step>, Option<String>)>),
    TaskWays(Vec<Way>),
    Again(Box<Again>),
    End(Box<Ending>),
    /// Of each, in their order.
    Several(Vec<Result<Answer, Failure>>),
    /// Newest first, each with the release that recorded it.
    Past(Vec<(Sighting, Option<ReleaseId>)>),
    /// A sentence for each thing that it is.
    Found(Vec<String>),
    Left(Vec<Left>),
    Actions(Vec<Offer>),
    /// What this action is given is still to be asked for.
    Input(Box<Offer>),
    /// What the hook of an action would be fired with; as JSON, too.
    Act {
        rows: Vec<(&'static str, String)>,
        payload: String,
    },
    /// The folder in which the console was opened.
    Folder(String),
}

impl Answer {
    /// The release that is there already of what was to be begun.
    pub fn there(&self) -> Option<ReleaseId> {
        match self {
            Self::Beginning(beginning) => beginning.there.clone(),
            _ => None,
        }
    }

    /// The dialog that shows it, and what follows from there.
    pub fn layer(self, request: &Request, signs: Signs, now: Timestamp) -> Layer {
        match self {
            Self::Preview(preview) if preview.changes_nothing() => {
                Layer::Told { title: request.title(), lines: plan::told(&preview, signs) }
            }
            Self::Preview(preview) => Layer::Confirm(Box::new(plan::confirm(request, &preview, signs))),
            Self::Beginning(beginning) => beginning::shown(*beginning),
            Self::Takes(takes) => Layer::Ask(Box::new(beginning::payload(request.title(), *takes))),
            Self::Ways(earlier, possible) => Layer::Menu(ways::steps(&earlier, possible)),
            Self::TaskWays(possible) => Layer::Menu(ways::tasks(request, possible)),
            Self::Again(again) => match again.refused() {
                Some(refused) => Layer::Failure(refused),
                None => Layer::Confirm(Box::new(plan::done(request, again.rows()))),
            },
            Self::End(ending) => match ending.refused() {
                Some(refused) => Layer::Failure(refused),
                None => Layer::Confirm(Box::new(plan::done(request, ending.rows()))),
            },
            Self::Several(answers) => match request {
                Request::Several(several) => several::layer(several, answers, signs, now),
                _ => Layer::Told { title: request.title(), lines: Vec::new() },
            },
            Self::Past(past) => match request {
                Request::History { tag, moving, .. } if !past.is_empty() => {
                    Layer::Menu(history::past(tag, *moving, past))
                }
                _ => Layer::Told { title: request.title(), lines: vec![Line::plain("nobody has looked at it before")] },
            },
            Self::Found(sentences) => {
                let lines = sentences.into_iter().map(Line::plain).collect();
                Layer::Told { title: request.title(), lines }
            }
            Self::Left(left) => match request {
                Request::Artifacts { chosen, .. } if !left.is_empty() => {
                    Layer::Menu(artifacts::list(request.title(), left, chosen.as_ref(), signs, now))
                }
                _ => Layer::Told {
                    title: request.title(),
                    lines: vec![Line::plain("its tasks left nothing: none has run yet, or what they left has expired")],
                },
            },
            Self::Actions(offers) => match request {
                Request::Actions { release, chosen } if !offers.is_empty() => {
                    Layer::Menu(actions::list(request.title(), release, offers, chosen.as_ref()))
                }
                _ => Layer::Told { title: request.title(), lines: vec![Line::plain("its decision task offers none")] },
            },
            Self::Input(offer) => match request {
                Request::Act(act) => Layer::Ask(Box::new(actions::ask(act.clone(), *offer))),
                _ => Layer::Told { title: request.title(), lines: vec![Line::plain(offer.title)] },
            },
            Self::Act { rows, payload } => match request {
                Request::Act(act) => Layer::Confirm(Box::new(actions::confirm(act.clone(), rows, payload))),
                _ => Layer::Told { title: request.title(), lines: vec![Line::plain(payload)] },
            },
            Self::Folder(folder) => match request {
                Request::Download(left) => Layer::Ask(Box::new(artifacts::file(left, &folder, now))),
                _ => Layer::Told { title: request.title(), lines: vec![Line::plain(folder)] },
            },
        }
    }
}
