//! Programs that have the terminal for a while: a pager, an editor. Meanwhile nothing is read from it and nothing drawn;
//! what the workers find out waits, and releases go on.

use std::{ffi::OsString, path::Path};

use tokio::process::Command;

use super::{
    signals::{Signal, Signals},
    terminal,
};
use crate::{domain::failure::Failure, release::Environment};

/// A program that is to be started with the terminal.
pub struct Visit {
    /// As the shell takes it: people put options there.
    words: OsString,
    /// What to do where it does not do its work.
    next: &'static str,
    command: Command,
}

/// How a visit ended.
pub enum Left {
    Ended,
    /// The console is to end, with this code.
    Console(u8),
}

/// The user's own; without them the colours of the log, as git does it. With `F` a log that one screen has room for would
/// be gone under the console before anybody has read it. `$` ends a prompt that somebody set.
fn options_of_less(set: Option<OsString>) -> OsString {
    let Some(mut options) = set else { return "R".into() };
    if options.as_encoded_bytes().iter().any(|byte| matches!(byte, b'F' | b'f')) {
        options.push("$-+F");
    }
    options
}

impl Visit {
    /// Of the pager, with this file.
    pub fn of_pager(environment: &Environment, file: &Path) -> Self {
        let mut visit = Self::new(&["PAGER"], "less -R", environment, file);
        visit.command.env("LESS", options_of_less(environment("LESS")));
        visit
    }

    /// Of the editor.
    pub fn of_editor(environment: &Environment, file: &Path) -> Self {
        Self::new(&["VISUAL", "EDITOR"], "vi", environment, file)
    }

    /// Of a command of ours. What it said last stays until somebody has read it.
    ///
    /// # Errors
    /// When it is not known where this program is.
    pub fn of_ours(words: &[OsString]) -> Result<Self, Failure> {
        let program = std::env::current_exe().map_err(|error| {
            Failure::failed("windlass cannot be started once more", error.to_string(), "start the console again")
        })?;
        let script = "\"$@\"; code=$?; printf '\\nenter: back to the console '; read -r _; exit $code";
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(script).arg("sh").arg(program).args(words);
        let mut shown = OsString::from("windlass");
        for word in words {
            shown.push(" ");
            shown.push(word);
        }
        Ok(Self { words: shown, next: "what it said is above, in the terminal: leave the console to read it", command })
    }

    /// The first of the variables that is set names the program.
    fn new(variables: &[&str], usual: &str, environment: &Environment, file: &Path) -> Self {
        let set = variables.iter().find_map(|name| environment(name).filter(|words| !words.is_empty()));
        let words = set.unwrap_or_else(|| usual.into());
        let mut script = words.clone();
        script.push(" \"$@\"");
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(script).arg("sh").arg(file);
        Self { words, next: "set PAGER and EDITOR (or VISUAL) to programs of this machine", command }
    }

    /// Gives it the terminal, which must have been given back, until it ends. Ctrl-C there is none of our business; what
    /// else ends the console ends it too.
    ///
    /// # Errors
    /// When it cannot be started, or says by its exit code that something went wrong.
    pub async fn until_it_ends(mut self, signals: &mut Signals) -> Result<Left, Failure> {
        let words = self.words.to_string_lossy().into_owned();
        let next = self.next;
        let failed = |why: String| Failure::failed(format!("{words} did not do its work"), why, next);
        let mut child = self.command.spawn().map_err(|error| failed(error.to_string()))?;
        loop {
            tokio::select! {
                biased;
                signal = signals.next() => match signal {
                    Signal::Interrupt | Signal::Quit | Signal::Continued | Signal::Resized => {}
                    // Its Ctrl-Z is the shell's to hear of, which waits for us.
                    Signal::Stop => terminal::stop()?,
                    Signal::HangUp | Signal::Terminate => {
                        // It may have ended by itself.
                        let _ = child.start_kill();
                        return Ok(Left::Console(signal.code()));
                    }
                },
                status = child.wait() => {
                    let status = status.map_err(|error| failed(error.to_string()))?;
                    return if status.success() { Ok(Left::Ended) } else { Err(failed(status.to_string())) };
                }
            }
        }
    }
}
