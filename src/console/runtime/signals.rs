//! Signals that concern the console: those that end it, those that stop it and bring it back, and that of a new size.

use rustix::process::Signal as Number;
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

use crate::domain::failure::Failure;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    HangUp,
    Interrupt,
    Quit,
    Terminate,
    /// Somebody, or Ctrl-Z, wants it to stop: it does so once the terminal is given back.
    Stop,
    /// After a stop, whoever asked for it.
    Continued,
    /// The terminal has another size.
    Resized,
}

impl Signal {
    /// The exit code of a program that it ends, as shells count: 128 and its number.
    pub fn code(self) -> u8 {
        let number = match self {
            Self::HangUp => Number::HUP,
            Self::Interrupt => Number::INT,
            Self::Quit => Number::QUIT,
            Self::Terminate => Number::TERM,
            Self::Stop => Number::TSTP,
            Self::Continued => Number::CONT,
            Self::Resized => Number::WINCH,
        };
        128 + u8::try_from(number.as_raw()).unwrap_or(0)
    }
}

pub struct Signals {
    hangup: Stream,
    interrupt: Stream,
    quit: Stream,
    terminate: Stream,
    stop: Stream,
    goes_on: Stream,
    window: Stream,
}

impl Signals {
    pub fn listen() -> Result<Self, Failure> {
        let listen = |kind| {
            signal(kind).map_err(|e| Failure::failed("signals cannot be received", e.to_string(), "report this system"))
        };
        let [stop, goes_on] = [Number::TSTP, Number::CONT].map(|number| SignalKind::from_raw(number.as_raw()));
        Ok(Self {
            hangup: listen(SignalKind::hangup())?,
            interrupt: listen(SignalKind::interrupt())?,
            quit: listen(SignalKind::quit())?,
            terminate: listen(SignalKind::terminate())?,
            stop: listen(stop)?,
            goes_on: listen(goes_on)?,
            window: listen(SignalKind::window_change())?,
        })
    }

    /// The next one. Can be dropped at any time. A terminal that goes away hangs up and has us go on (CONT) at once:
    /// there is nothing to go on with, so what ends us is first.
    pub async fn next(&mut self) -> Signal {
        tokio::select! {
            biased;
            _ = self.hangup.recv() => Signal::HangUp,
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.quit.recv() => Signal::Quit,
            _ = self.terminate.recv() => Signal::Terminate,
            _ = self.stop.recv() => Signal::Stop,
            _ = self.goes_on.recv() => Signal::Continued,
            _ = self.window.recv() => Signal::Resized,
        }
    }
}

#[cfg(test)]
mod tests {
    use rustix::process::{getpid, kill_process};

    use super::*;

    #[tokio::test]
    async fn a_terminal_that_goes_away_ends_us_whatever_comes_with_it() {
        let [mut signals, mut witness] = [(); 2].map(|()| Signals::listen().unwrap());
        for _ in 0..20 {
            // Another thread may hear of the second one first.
            for number in [Number::CONT, Number::HUP] {
                kill_process(getpid(), number).unwrap();
            }
            let _ = (witness.hangup.recv().await, witness.goes_on.recv().await);
            assert_eq!((signals.next().await, signals.next().await), (Signal::HangUp, Signal::Continued));
        }
    }
}
