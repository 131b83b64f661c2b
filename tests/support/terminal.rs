//! A program in a pseudo-terminal of its own, talked to as by somebody who sits there.

use std::{
    io::{Read as _, Write},
    process::Command,
    sync::{Arc, Condvar, Mutex, mpsc},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

const SIZE: PtySize = PtySize { rows: 50, cols: 160, pixel_width: 0, pixel_height: 0 };
const PATIENCE: Duration = Duration::from_mins(1);

pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keyboard: Box<dyn Write + Send>,
    shown: Arc<Shown>,
    /// Up to here was it looked at.
    seen: usize,
    reader: JoinHandle<()>,
    // The terminal is there as long as its other end is open.
    _master: Box<dyn MasterPty + Send>,
}

/// Starts the program as this command would, with a terminal of this size as its stdin, stdout and stderr.
/// Gives the program, the terminal's other end, and the modes that the terminal had before.
pub fn spawn(command: &Command, size: PtySize) -> (Box<dyn Child + Send + Sync>, Box<dyn MasterPty + Send>, String) {
    let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
    let mut builder = CommandBuilder::new(command.get_program());
    builder.args(command.get_args());
    builder.env_clear();
    builder.env("TERM", "xterm-256color");
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            builder.env(name, value);
        }
    }
    if let Some(folder) = command.get_current_dir() {
        builder.cwd(folder);
    }
    let before = modes(&*pair.master);
    let child = pair.slave.spawn_command(builder).expect("the program starts");
    (child, pair.master, before)
}

/// The modes of a terminal, as text.
pub fn modes(terminal: &dyn MasterPty) -> String {
    format!("{:?}", terminal.get_termios())
}

/// Every byte that was written to the terminal.
#[derive(Default)]
struct Shown {
    bytes: Mutex<Vec<u8>>,
    more: Condvar,
}

/// A run that has ended.
#[derive(Debug)]
pub struct Session {
    pub code: u32,
    /// Everything that was ever written to the terminal.
    pub transcript: String,
    /// What is to be read there at the end.
    pub screen: String,
}

impl Terminal {
    /// Starts the program as this command would, with the terminal as its stdin, stdout and stderr.
    pub fn start(command: &Command) -> Self {
        let (child, master, _) = spawn(command, SIZE);
        let shown = Arc::new(Shown::default());
        let mut output = master.try_clone_reader().expect("the terminal can be read");
        let reader = std::thread::spawn({
            let shown = Arc::clone(&shown);
            move || {
                let mut chunk = [0; 4096];
                // It ends with an error once no program has the terminal open.
                while let Ok(count @ 1..) = output.read(&mut chunk) {
                    shown.bytes.lock().expect("no reader panics").extend_from_slice(&chunk[..count]);
                    shown.more.notify_all();
                }
            }
        });
        let keyboard = master.take_writer().expect("the terminal can be typed at");
        Self { child, keyboard, shown, seen: 0, reader, _master: master }
    }

    /// Waits until this is shown, after what was seen before.
    #[track_caller]
    pub fn sees(&mut self, text: &str) -> &mut Self {
        let start = Instant::now();
        let mut bytes = self.shown.bytes.lock().expect("no reader panics");
        loop {
            if let Some(at) = memchr::memmem::find(&bytes[self.seen..], text.as_bytes()) {
                self.seen += at + text.len();
                break;
            }
            let left = PATIENCE.checked_sub(start.elapsed());
            let left = left.unwrap_or_else(|| panic!("no `{text}`: {}", String::from_utf8_lossy(&bytes)));
            bytes = self.shown.more.wait_timeout(bytes, left).expect("no reader panics").0;
        }
        drop(bytes);
        self
    }

    /// Types this and nothing more.
    pub fn presses(&mut self, keys: &str) -> &mut Self {
        self.keyboard.write_all(keys.as_bytes()).and_then(|()| self.keyboard.flush()).expect("somebody reads");
        self
    }

    /// Types this and Enter.
    pub fn types(&mut self, line: &str) -> &mut Self {
        self.presses(&format!("{line}\r"))
    }

    pub fn process(&self) -> u32 {
        self.child.process_id().expect("it runs")
    }

    /// Waits for the end of the program.
    #[track_caller]
    pub fn ends(mut self) -> Session {
        let (sender, ended) = mpsc::channel();
        // Nobody hears of a program that ends after all.
        std::thread::spawn(move || drop(sender.send(self.child.wait().expect("it was started"))));
        let Ok(status) = ended.recv_timeout(PATIENCE) else {
            let bytes = self.shown.bytes.lock().expect("no reader panics");
            panic!("it does not end: {}", String::from_utf8_lossy(&bytes));
        };
        self.reader.join().expect("the reader does not panic");
        let bytes = self.shown.bytes.lock().expect("no reader panics");
        let mut screen = vt100::Parser::new(SIZE.rows, SIZE.cols, 0);
        screen.process(&bytes);
        Session {
            code: status.exit_code(),
            transcript: String::from_utf8_lossy(&bytes).into_owned(),
            screen: screen.screen().contents(),
        }
    }
}

impl Session {
    #[track_caller]
    pub fn exits(self, code: u32) -> Self {
        assert_eq!(self.code, code, "{}", self.transcript);
        self
    }
}
