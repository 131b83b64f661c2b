//! The program in a pseudo-terminal, and what its screen shows at each moment: for what draws over itself. It answers
//! as a terminal does when it is asked whether it has everything so far.

use std::{
    io::{Read as _, Write},
    process::Command,
    sync::{Arc, Condvar, Mutex, mpsc::channel},
    thread,
    time::{Duration, Instant},
};

use portable_pty::{Child, MasterPty, PtySize};

use super::terminal::{modes, spawn};

/// How long something on the screen is waited for; only a fault takes as long.
const PATIENCE: Duration = Duration::from_mins(1);

/// Bytes that a slow terminal takes at once.
const SIP: usize = 1024;
const QUESTION: &[u8] = b"\x1b[5n";
const ANSWER: &[u8] = b"\x1b[0n";

pub struct Screen {
    child: Box<dyn Child + Send + Sync>,
    keys: Keys,
    shown: Arc<(Mutex<Shown>, Condvar)>,
    /// How the terminal was before the program had it.
    modes: String,
    /// The terminal is there as long as this is.
    master: Box<dyn MasterPty + Send>,
}

type Keys = Arc<Mutex<Box<dyn Write + Send>>>;

struct Shown {
    parser: vt100::Parser,
    /// Every byte that the program wrote.
    bytes: Vec<u8>,
}

/// How fast a terminal is.
#[derive(Debug, Clone, Copy)]
pub struct Speed {
    /// Bytes a second.
    pub bytes: u32,
    /// What a byte takes to get there.
    pub delay: Duration,
}

impl Screen {
    /// Starts the command with a terminal of so many columns and rows.
    pub fn start(command: &Command, columns: u16, rows: u16) -> Self {
        Self::start_at(command, columns, rows, None)
    }

    /// The same at the other end of a slow connection.
    pub fn start_slow(command: &Command, columns: u16, rows: u16, speed: Speed) -> Self {
        Self::start_at(command, columns, rows, Some(speed))
    }

    fn start_at(command: &Command, columns: u16, rows: u16, speed: Option<Speed>) -> Self {
        let (child, master, modes) = spawn(command, size(columns, rows));
        let parser = vt100::Parser::new(rows, columns, 0);
        let screen = Arc::new((Mutex::new(Shown { parser, bytes: Vec::new() }), Condvar::new()));
        let mut output = master.try_clone_reader().expect("the terminal's other end");
        let keys: Keys = Arc::new(Mutex::new(master.take_writer().expect("the terminal's keys")));
        let (shown, answers) = (Arc::clone(&screen), Arc::clone(&keys));
        let (taken, on_its_way) = channel();
        thread::spawn(move || {
            let mut bytes = [0; 8192];
            let most = if speed.is_some() { SIP } else { bytes.len() };
            // Ends with the program, by an error on Linux.
            while let Ok(count @ 1..) = output.read(&mut bytes[..most]) {
                if let Some(Speed { bytes, .. }) = speed {
                    // The pace of a wire, and no waiting for something to be so.
                    thread::park_timeout(Duration::from_secs(1) * u32::try_from(count).unwrap() / bytes);
                }
                if taken.send((Instant::now(), bytes[..count].to_vec())).is_err() {
                    return;
                }
            }
        });
        thread::spawn(move || {
            for (sent, bytes) in on_its_way {
                if let Some(Speed { delay, .. }) = speed {
                    thread::park_timeout(delay.saturating_sub(sent.elapsed()));
                }
                let asked = shown.0.lock().unwrap().take(&bytes);
                shown.1.notify_all();
                for _ in 0..asked {
                    // Nobody may read any more.
                    let _ = answers.lock().unwrap().write_all(ANSWER);
                }
            }
        });
        Self { child, keys, shown: screen, modes, master }
    }

    pub fn press(&mut self, keys: &str) {
        self.keys.lock().unwrap().write_all(keys.as_bytes()).expect("the terminal takes keys");
    }

    /// The terminal has another size.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.shown.0.lock().unwrap().parser.screen_mut().set_size(rows, columns);
        self.master.resize(size(columns, rows)).expect("it takes a size");
    }

    /// Every byte that the program wrote so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.shown.0.lock().unwrap().bytes.clone()
    }

    /// The same as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    /// Waits until the screen is so.
    #[track_caller]
    pub fn until(&self, what: &str, mut is_so: impl FnMut(&vt100::Screen) -> bool) {
        let start = Instant::now();
        let mut shown = self.shown.0.lock().unwrap();
        while !is_so(shown.parser.screen()) {
            let left = PATIENCE.saturating_sub(start.elapsed());
            assert!(!left.is_zero(), "the screen never showed {what}:\n{}", shown.parser.screen().contents());
            shown = self.shown.1.wait_timeout(shown, left).unwrap().0;
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

    /// This was in no frame.
    #[track_caller]
    pub fn never_showed(&self, secret: &str) {
        let text = self.text();
        assert!(!text.contains(secret), "{text}");
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
            !screen.alternate_screen()
                && !screen.hide_cursor()
                && !screen.bracketed_paste()
                && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
        });
        let start = Instant::now();
        while modes(&*self.master) != self.modes {
            assert!(start.elapsed() < PATIENCE, "{} became {}", self.modes, modes(&*self.master));
            thread::yield_now();
        }
    }

    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
    }
}

impl Shown {
    /// Gives how often the program asks whether all of it has come.
    fn take(&mut self, bytes: &[u8]) -> usize {
        let known = self.bytes.len().saturating_sub(QUESTION.len() - 1);
        self.parser.process(bytes);
        self.bytes.extend_from_slice(bytes);
        self.bytes[known..].windows(QUESTION.len()).filter(|part| *part == QUESTION).count()
    }
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
