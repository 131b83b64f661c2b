//! The terminal's modes: taken when the console opens, given back however it ends.

use std::{
    io::{self, Write as _},
    panic,
    sync::{Mutex, MutexGuard, Once, PoisonError, mpsc::channel},
    thread,
    time::{Duration, Instant},
};

use crossterm::{
    cursor::{Hide, Show},
    event::{DisableBracketedPaste, EnableBracketedPaste},
    execute, queue,
    terminal::{EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode},
};
use rustix::{
    io::Errno,
    process::{Signal, getpgrp, getpid, getsid, kill_current_process_group, kill_process},
    stdio::{stdin, stdout},
    termios::tcgetwinsize,
};

use super::{
    decode::{Decoder, Input},
    keyboard::read_within,
    pace::QUESTION,
    taskbar,
};
use crate::{console::model::Mouse, domain::failure::Failure, release::Environment};

/// How long a terminal that takes nothing is waited for when it is given back.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long an answer is waited for then: else whoever reads next would take it for keys.
const ANSWER: Duration = Duration::from_secs(3);
/// A terminal that has not answered its first question within this does not answer.
const FIRST_ANSWER: Duration = Duration::from_secs(1);
/// Where nobody says how large the terminal is.
const USUAL_SIZE: (u16, u16) = (80, 24);

/// Clicks and the wheel come to us, in any column (xterm's modes 1000 and 1006); or they are the terminal's. Not where the
/// mouse is while nothing is pressed: that would wake us at its every move.
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1000l";

/// What is to be undone. Changed, and frames written, under the lock of stdout.
static STATE: Mutex<State> = Mutex::new(State { taken: false, owed: 0, answers: false, asked: None, busy: false });

struct State {
    /// Our modes are on.
    taken: bool,
    /// Questions without an answer.
    owed: usize,
    /// It has answered one.
    answers: bool,
    /// When it was asked the first one.
    asked: Option<Instant>,
    /// It shows how far a release is.
    busy: bool,
}

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The terminal is ours until this is dropped, or until a panic anywhere.
pub struct Held(());

impl Held {
    pub fn take() -> Result<Self, Failure> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let before = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                // Words would be lost on the alternate screen, and a console with a dead worker would stand still.
                give_back();
                before(info);
                std::process::exit(101);
            }));
        });
        // Before that fails half way.
        let held = Self(());
        enter()?;
        Ok(held)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        give_back();
    }
}

/// Our modes, once more after something else may have changed them.
pub fn enter() -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    state().taken = true;
    // Whoever stopped us without asking (SIGSTOP) left us no time to give it back, and a shell has set it since: as long
    // as it is taken for raw, nothing would be done.
    let _ = disable_raw_mode();
    let entered = enable_raw_mode().and_then(|()| execute!(out, EnterAlternateScreen, EnableBracketedPaste, Hide));
    entered.map_err(|error| failed(&error))
}

/// What gives the mouse to whose it is to be.
pub fn capture(mouse: Mouse) -> &'static [u8] {
    match mouse {
        Mouse::Ours => MOUSE_ON,
        Mouse::Terminals => MOUSE_OFF,
    }
}

/// Whether `COLORFGBG`, as `0;15`, says that the background is light. Terminals that do not set it are taken for dark
/// ones. Source: rxvt(1), and what vim makes of it.
pub fn is_light(colours: &str) -> bool {
    let background = colours.rsplit(';').next().and_then(|number| number.parse::<u8>().ok());
    matches!(background, Some(7 | 9..=15))
}

/// Columns and rows.
pub fn size() -> (u16, u16) {
    match tcgetwinsize(stdout()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => (size.ws_col, size.ws_row),
        _ => USUAL_SIZE,
    }
}

/// Ctrl-Z: the whole process group is to stop. We are told so as by anybody else, and then [`stop`].
pub fn suspend() -> Result<(), Failure> {
    // Before the first of the others stops: that may be whom the shell waits for.
    give_back();
    kill_current_process_group(Signal::TSTP).map_err(stays)
}

/// Stops, and returns when somebody has us go on. The signal that we are told by stops nobody who listens to it; the one
/// that does would stop us for ever where no shell is above us, as it is for the group of a session's leader.
pub fn stop() -> Result<(), Failure> {
    give_back();
    if getsid(None).map_err(stays)? == getpgrp() {
        return Ok(());
    }
    kill_process(getpid(), Signal::STOP).map_err(stays)
}

fn stays(error: Errno) -> Failure {
    failed(&error.into())
}

/// What is written at once.
pub struct Frame {
    pub bytes: Vec<u8>,
    /// The terminal is to say when it has it.
    pub asks: bool,
}

/// Writes a frame, unless the terminal is not ours any more.
pub fn write(frame: &Frame) -> io::Result<()> {
    let mut out = io::stdout().lock();
    {
        let mut state = state();
        if !state.taken {
            return Ok(());
        }
        if frame.asks {
            state.owed += 1;
            state.asked.get_or_insert_with(Instant::now);
        }
    }
    out.write_all(&frame.bytes)?;
    if frame.asks {
        out.write_all(QUESTION)?;
    }
    out.flush()
}

/// The terminal has answered a question.
pub fn answered() {
    let mut state = state();
    state.answers = true;
    state.owed = state.owed.saturating_sub(1);
}

/// Whether the terminal shows how far a release is: then that is ended too.
pub fn shows_progress(busy: bool) {
    state().busy = busy;
}

/// The terminal is that of another machine.
pub fn is_over_ssh(environment: &Environment) -> bool {
    ["SSH_CONNECTION", "SSH_TTY"].iter().any(|name| environment(name).is_some())
}

/// Ends with the modes as they were found. Of a terminal that takes nothing, or is gone, nothing more is expected.
pub fn give_back() {
    let (done, waiting) = channel();
    thread::spawn(move || {
        let mut out = io::stdout().lock();
        if std::mem::replace(&mut state().taken, false) {
            let _ = queue!(out, EndSynchronizedUpdate);
            if std::mem::replace(&mut state().busy, false) {
                let _ = out.write_all(taskbar::CLEAR);
            }
            let _ = out.write_all(MOUSE_OFF);
            let _ = queue!(out, DisableBracketedPaste, LeaveAlternateScreen, Show);
            let _ = out.flush();
            let _ = done.send(());
            await_answers();
            let _ = disable_raw_mode();
        }
    });
    if waiting.recv_timeout(PATIENCE).is_ok() {
        // It ends by itself.
        let _ = waiting.recv();
    } else if std::mem::replace(&mut state().taken, false) {
        // It takes no bytes: then at least its modes are everybody's again.
        let _ = disable_raw_mode();
    }
}

/// Reads what the terminal still has to say, and forgets it.
fn await_answers() {
    let until = {
        let state = state();
        let first = state.asked.map_or(Duration::ZERO, |asked| FIRST_ANSWER.saturating_sub(asked.elapsed()));
        Instant::now() + if state.answers { ANSWER } else { first }
    };
    let mut decoder = Decoder::default();
    let mut bytes = [0; 1024];
    while state().owed > 0 {
        let left = until.saturating_duration_since(Instant::now());
        match read_within(stdin(), &mut bytes, left) {
            Ok(count @ 1..) => {
                decoder.feed(&bytes[..count]);
                while let Some(input) = decoder.next() {
                    if matches!(input, Input::Answer) {
                        answered();
                    }
                }
            }
            // It is gone, or does not answer.
            Ok(0) | Err(_) => state().owed = 0,
        }
    }
}

/// What is said of a terminal that cannot be used.
pub fn failed(error: &io::Error) -> Failure {
    Failure::failed(
        "the terminal cannot be used",
        error.to_string(),
        "use the commands instead: windlass --help; releases go on whatever became of it",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_light_background_is_known_by_its_number() {
        for (told, light) in [("0;15", true), ("0;default;15", true), ("0;7", true), ("15;0", false), ("7;8", false)] {
            assert_eq!(is_light(told), light, "{told}");
        }
        assert!(!is_light("") && !is_light("0;default") && !is_light("15;"));
    }
}
