//! The terminal that a command asks at: not stdin and stderr, which may lead elsewhere, but whoever sits there.

use std::{
    fs::File,
    io::{self, IsTerminal as _, Read as _, Write as _},
    os::fd::AsFd as _,
};

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use secrecy::{SecretString, zeroize::Zeroizing};

use crate::secrets::Unanswered;

/// The longest line that a terminal hands over (Linux, N_TTY).
const LONGEST_LINE: usize = 4096;
const CTRL_C: u8 = 3;

pub struct Terminal(File);

impl Terminal {
    /// # Errors
    /// When this process has none.
    pub fn open() -> Result<Self, Unanswered> {
        if let Ok(terminal) = File::options().read(true).write(true).open("/dev/tty") {
            return Ok(Self(terminal));
        }
        // In a session of its own a terminal on stdin need not be the one that controls it.
        let stdin = io::stdin();
        if !stdin.is_terminal() {
            return Err(Unanswered::NoTerminal);
        }
        Ok(Self(File::from(stdin.as_fd().try_clone_to_owned()?)))
    }

    pub fn tell(&self, text: &str) -> Result<(), Unanswered> {
        Ok((&self.0).write_all(text.as_bytes())?)
    }

    /// One line, as it was typed.
    pub fn ask(&self, question: &str) -> Result<String, Unanswered> {
        self.tell(question)?;
        let line = self.line()?;
        Ok(String::from_utf8_lossy(&line).trim().to_owned())
    }

    /// One line that is not shown. The terminal is put back however this ends: Ctrl-C, too, is but a key meanwhile.
    pub fn ask_hidden(&self, question: &str) -> Result<SecretString, Unanswered> {
        let before = tcgetattr(&self.0).map_err(io::Error::from)?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO | LocalModes::ISIG);
        hidden.local_modes.insert(LocalModes::ECHONL);
        hidden.special_codes[SpecialCodeIndex::VEOL] = CTRL_C;
        let _shown = Shown { terminal: &self.0, before };
        // Hidden before the question is seen: a quick answer must not show either.
        tcsetattr(&self.0, OptionalActions::Flush, &hidden).map_err(io::Error::from)?;
        self.tell(question)?;
        let line = self.line()?;
        if line.last() == Some(&CTRL_C) {
            self.tell("\n")?;
            return Err(Unanswered::Cancelled);
        }
        let text = std::str::from_utf8(&line).map_err(|_| io::Error::other("what was typed is no UTF-8"))?;
        Ok(SecretString::from(text.trim_end_matches(['\n', '\r'])))
    }

    /// Read byte by byte: what a buffer reads ahead would be lost to the next question, and not be wiped.
    fn line(&self) -> io::Result<Zeroizing<Vec<u8>>> {
        let mut line = Zeroizing::new(Vec::with_capacity(LONGEST_LINE));
        let mut byte = Zeroizing::new([0]);
        while !matches!(line.last(), Some(&(b'\n' | CTRL_C))) && (&self.0).read(&mut *byte)? > 0 {
            line.push(byte[0]);
        }
        Ok(line)
    }
}

struct Shown<'a> {
    terminal: &'a File,
    before: Termios,
}

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        // Nothing more can be done for a terminal that is gone.
        let _ = tcsetattr(self.terminal, OptionalActions::Flush, &self.before);
    }
}
