//! Messages and keys in, model and effects out: what the files of this folder share, one an area of the console.

mod acts;
mod dialogs;
mod log;
mod releases;
mod tags;

use super::*;
use crate::{
    console::{
        action::{Action, Danger, Scope, actions, scopes},
        dialogs::Answer,
        message::{Listing, News, Verified},
        model::{Depth, Errand, Inquiry, LogState, Mode, Older, Pane, masked::Masked},
        request::Request,
        sample::{
            cluster, console, finished_task, id, news, now, plan, press, project, read, recorded, release, remote, row,
            running,
            secrets::{secrets, there},
            seen, stamped, tags, tell,
        },
        view::tests::{never_sees, sees},
    },
    domain::{
        digest::Digest,
        event::{Event, Step},
        failure::Failure,
        observation::Sighting,
        plan::TagKind,
        preview::{Change, Next, Preview, Shown},
        progress::Progress,
        release::{Release, ReleaseState, StepState},
        table::{Identity, Table},
        verdict::Verdict,
        wishes::Wishes,
    },
    log::pattern::{Filter, Pattern, Wanted},
};

const SIZE: (u16, u16) = (100, 30);

fn finished(number: u8, begun: &str) -> Release {
    release(number, begun, vec![Event::StepStarted { step: Step::Preflight }, Event::Finished])
}

/// Three releases, the newest of which runs.
fn three() -> Model {
    let old = ["2026-11-20T09:00:00Z", "2026-11-14T09:00:00Z"];
    console(SIZE, vec![running(1), finished(2, old[0]), finished(3, old[1])])
}

fn listing(releases: Vec<Release>) -> Message {
    Message::Releases(Ok(Listing { releases, damaged: 0 }))
}

fn asked() -> Request {
    Request::Release { image: "balrog".to_owned(), wishes: Wishes::default() }
}

/// What a release would do to `latest`.
fn preview(next: Next) -> Preview {
    let now = Some(Shown { digest: Digest::of(b"old"), release: Some(id(2)) });
    let change = Change { tag: "latest".parse().unwrap(), kind: TagKind::Moving, now, next };
    Preview { plan: plan(9), first: Step::Preflight, changes: vec![change] }
}

fn planned() -> Message {
    Message::Prepared(asked(), Ok(Answer::Preview(Box::new(preview(Next::Image)))))
}

fn again(number: u8, begun: &str) -> Release {
    let built = crate::console::sample::built("ours");
    let mut events: Vec<Event> = vec![Event::Built(built), Event::StepStarted { step: Step::Push }];
    let failure = Failure::not_allowed("bot may not push latest", "403", "give it the right");
    events.extend([Event::StepFailed { step: Step::Push, failure }, Event::Finished]);
    release(number, begun, events)
}
