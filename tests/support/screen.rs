//! The program in a pseudo-terminal, and what its screen shows at each moment: for what draws over itself.

use std::{
    io::{Read as _, Write},
    process::Command,
    sync::{Arc, Condvar, Mutex},
    thread,
    time::{Duration, Instant},
};

use portable_pty::{Child, MasterPty, PtySize};

use super::terminal::spawn;

/// How long something on the screen is waited for; only a fault takes as long.
const PATIENCE: Duration = Duration::from_mins(1);

pub struct Screen {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    shown: Arc<(Mutex<vt100::Parser>, Condvar)>,
    /// The terminal is there as long as this is.
    _master: Box<dyn MasterPty + Send>,
}

impl Screen {
    /// Starts the command with a terminal of so many columns and rows.
    pub fn start(command: &Command, columns: u16, rows: u16) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let (child, master) = spawn(command, size);
        let screen = Arc::new((Mutex::new(vt100::Parser::new(rows, columns, 0)), Condvar::new()));
        let mut output = master.try_clone_reader().expect("the terminal's other end");
        let shown = Arc::clone(&screen);
        thread::spawn(move || {
            let mut bytes = [0; 8192];
            // Ends with the program, by an error on Linux.
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                shown.0.lock().unwrap().process(&bytes[..count]);
                shown.1.notify_all();
            }
        });
        let keys = master.take_writer().expect("the terminal's keys");
        Self { child, keys, shown: screen, _master: master }
    }

    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("the terminal takes keys");
    }

    /// Waits until the screen is so.
    #[track_caller]
    pub fn until(&self, what: &str, mut is_so: impl FnMut(&vt100::Screen) -> bool) {
        let start = Instant::now();
        let mut parser = self.shown.0.lock().unwrap();
        while !is_so(parser.screen()) {
            let left = PATIENCE.saturating_sub(start.elapsed());
            assert!(!left.is_zero(), "the screen never showed {what}:\n{}", parser.screen().contents());
            parser = self.shown.1.wait_timeout(parser, left).unwrap().0;
        }
    }

    /// Waits until this is on the screen.
    #[track_caller]
    pub fn sees(&self, words: &str) {
        self.until(words, |screen| screen.contents().contains(words));
    }

    #[track_caller]
    pub fn no_longer_sees(&self, words: &str) {
        self.until(&format!("no `{words}`"), |screen| !screen.contents().contains(words));
    }

    pub fn process(&self) -> u32 {
        self.child.process_id().expect("it was started")
    }

    /// Waits for the end of the program. Gives its exit code.
    pub fn end(&mut self) -> u32 {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                return status.exit_code();
            }
            assert!(start.elapsed() < PATIENCE, "it does not end");
            thread::yield_now();
        }
    }

    /// The terminal is as a shell needs it.
    #[track_caller]
    pub fn is_given_back(&self) {
        self.until("the screen from before", |screen| {
            !screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste()
        });
    }

    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
