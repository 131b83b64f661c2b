//! The terminal's modes: taken when the console opens, given back however it ends.

use std::{
    io::{self, Write as _},
    panic,
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
        mpsc::channel,
    },
    thread,
    time::Duration,
};

use crossterm::{
    cursor::{Hide, Show},
    event::{DisableBracketedPaste, EnableBracketedPaste},
    execute, queue,
    terminal::{EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode},
};
use rustix::process::{Signal, kill_current_process_group};

use crate::domain::failure::Failure;

/// How long a terminal that takes nothing is waited for when it is given back.
const PATIENCE: Duration = Duration::from_secs(2);

/// Our modes are on. Changed, and frames written, under the lock of stdout alone.
static TAKEN: AtomicBool = AtomicBool::new(false);

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
        enter()?;
        Ok(Self(()))
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
    let entered = enable_raw_mode().and_then(|()| execute!(out, EnterAlternateScreen, EnableBracketedPaste, Hide));
    TAKEN.store(true, Ordering::SeqCst);
    entered.map_err(|error| failed(&error))
}

/// Ctrl-Z: the whole process group stops, and this returns when it goes on.
pub fn suspend() -> Result<(), Failure> {
    give_back();
    kill_current_process_group(Signal::TSTP).map_err(|error| failed(&error.into()))
}

/// Writes a frame, unless the terminal is not ours any more.
pub fn write(frame: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if !TAKEN.load(Ordering::SeqCst) {
        return Ok(());
    }
    out.write_all(frame)?;
    out.flush()
}

/// Ends with the modes as they were found. Of a terminal that takes nothing, or is gone, nothing more is expected.
fn give_back() {
    let (done, waiting) = channel();
    thread::spawn(move || {
        let mut out = io::stdout().lock();
        if TAKEN.swap(false, Ordering::SeqCst) {
            let _ = queue!(out, EndSynchronizedUpdate, DisableBracketedPaste, LeaveAlternateScreen, Show);
            let _ = out.flush();
            let _ = disable_raw_mode();
        }
        let _ = done.send(());
    });
    let _ = waiting.recv_timeout(PATIENCE);
}

/// What is said of a terminal that cannot be used.
pub fn failed(error: &io::Error) -> Failure {
    Failure::failed(
        "the terminal cannot be used",
        error.to_string(),
        "use the commands instead: windlass --help; releases go on whatever became of it",
    )
}
