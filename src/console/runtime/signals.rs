//! Signals that concern the console: those that end it, and the one that brings it back.

use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

use crate::domain::failure::Failure;

/// Exit code of a console whose terminal went away: 128 and the number of HUP, as shells count.
pub const HUNG_UP: u8 = 128 + 1;

pub enum Signal {
    End {
        code: u8,
    },
    /// After a stop, whoever asked for it.
    Continued,
}

pub struct Signals {
    hangup: Stream,
    interrupt: Stream,
    terminate: Stream,
    goes_on: Stream,
}

impl Signals {
    pub fn listen() -> Result<Self, Failure> {
        let listen = |kind| {
            signal(kind).map_err(|e| Failure::failed("signals cannot be received", e.to_string(), "report this system"))
        };
        let goes_on = rustix::process::Signal::CONT.as_raw();
        Ok(Self {
            hangup: listen(SignalKind::hangup())?,
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            goes_on: listen(SignalKind::from_raw(goes_on))?,
        })
    }

    /// The next one. Can be dropped at any time.
    pub async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.hangup.recv() => Signal::End { code: HUNG_UP },
            _ = self.interrupt.recv() => Signal::End { code: 128 + 2 },
            _ = self.terminate.recv() => Signal::End { code: 128 + 15 },
            _ = self.goes_on.recv() => Signal::Continued,
        }
    }
}
