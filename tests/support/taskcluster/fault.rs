//! What a network and a service in trouble do, instead of or with an answer.

use std::time::Duration;

use jiff::SignedDuration;

use super::{Double, reply::Reply};
use crate::support::http::{Answer, Request};

#[derive(Debug, Clone)]
pub enum Fault {
    /// This, and nothing is done.
    Status { code: u16, media: &'static str, body: &'static str },
    /// The page of a defect, and nothing is done.
    Html500,
    /// The connection is reset, and nothing is done.
    Reset,
    /// Nothing is done or said, until the double ends.
    Hang,
    /// 200, of the right type, and not JSON.
    NonsenseJson,
    /// It is done, but the connection is reset before the answer comes.
    Lost,
    /// It is done; the answer comes so much later.
    Slow(Duration),
    /// It is done; the answer ends in the middle.
    TruncatedBody,
    /// It is done; then a service's request sets the services' clock so far ahead of ours.
    Clock(SignedDuration),
    /// It is done; then somebody cancels the tasks that run.
    Cancel,
}

/// What is to go wrong, and how often.
#[derive(Default)]
pub struct Faults(Vec<Planned>);

struct Planned {
    method: &'static str,
    path: String,
    fault: Fault,
    left: usize,
}

impl Faults {
    /// The next one planned for a request like this, which is then used up by one.
    pub fn take(&mut self, request: &Request) -> Option<Fault> {
        let fits = |planned: &&mut Planned| {
            planned.left > 0 && planned.method == request.method && request.path.contains(&planned.path)
        };
        let planned = self.0.iter_mut().find(fits)?;
        planned.left -= 1;
        Some(planned.fault.clone())
    }
}

impl Fault {
    /// What is sent in the place of `answer`, which does the thing.
    pub fn applied(self, request: &Request, answer: impl FnOnce() -> Answer) -> Answer {
        match self {
            Self::Status { code, media, body } => Answer::status(code).header("Content-Type", media).body(body),
            Self::Html500 => Reply::html_error("TypeError: Cannot read properties of undefined").answer(request),
            Self::Reset => Answer::reset(),
            Self::Hang => Answer::silence(),
            Self::NonsenseJson => Answer::ok("application/json; charset=utf-8", "{\"secret\": {\"docker"),
            Self::Lost => {
                answer();
                Answer::reset()
            }
            Self::Slow(after) => answer().late(after),
            Self::TruncatedBody => answer().cut_short(),
            Self::Clock(_) | Self::Cancel => answer(),
        }
    }
}

impl Double {
    /// The next `times` requests with this method and this text in their path go wrong; faults for the same requests
    /// queue up.
    pub fn fault(&self, method: &'static str, path: &str, fault: Fault, times: usize) {
        self.world().faults.0.push(Planned { method, path: path.to_owned(), fault, left: times });
    }
}
