//! Puts text into the clipboard of whoever sits at the terminal. Over SSH that is another machine, which only the
//! terminal reaches: it is asked by OSC 52 (xterm's ctlseqs). Here the desktop's own program is surer, where there is one.

use std::{process::Stdio, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::{io::AsyncWriteExt as _, process::Command, time::timeout};

use super::terminal;
use crate::{domain::failure::Failure, release::Environment};

/// Bytes of text that terminals take: xterm and others stop at 100 kB of base64.
const LONGEST: usize = 74_000;
/// How long a program may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Gives the text to a program, and says to which; none where the terminal must be asked.
///
/// # Errors
/// When it is longer than terminals take, and there is no program for it.
pub async fn copy(text: &str, environment: &Environment) -> Result<Option<&'static str>, Failure> {
    if !terminal::is_over_ssh(environment) {
        for words in programs(environment) {
            if let Some(name) = words.first()
                && give(words, text).await
            {
                return Ok(Some(name));
            }
        }
    }
    if text.len() > LONGEST {
        return Err(Failure::failed(
            "nothing was copied",
            format!("these are {} bytes, and terminals take {LONGEST}", text.len()),
            "copy less, or save it to a file",
        ));
    }
    Ok(None)
}

/// The programs that may know a clipboard in this session.
fn programs(environment: &Environment) -> impl Iterator<Item = &'static [&'static str]> {
    let there = |name: &str| environment(name).is_some_and(|value| !value.is_empty());
    let (wayland, x11) = (there("WAYLAND_DISPLAY"), there("DISPLAY"));
    let all: [(bool, &[&str]); 4] = [
        (wayland, &["wl-copy"]),
        (x11, &["xclip", "-selection", "clipboard"]),
        (x11, &["xsel", "--clipboard", "--input"]),
        (cfg!(target_os = "macos"), &["pbcopy"]),
    ];
    all.into_iter().filter(|(there, _)| *there).map(|(_, words)| words)
}

/// Whether the program took it.
async fn give(words: &[&str], text: &str) -> bool {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let work = async {
        let mut child = command.spawn().ok()?;
        let mut stdin = child.stdin.take()?;
        stdin.write_all(text.as_bytes()).await.ok()?;
        drop(stdin);
        child.wait().await.ok()
    };
    timeout(PATIENCE, work).await.ok().flatten().is_some_and(|status| status.success())
}

/// OSC 52, which no terminal answers; inside tmux once for tmux and once for the terminal around it.
pub fn question(text: &str, in_tmux: bool) -> Vec<u8> {
    let plain = format!("\x1b]52;c;{}\x07", STANDARD.encode(text));
    let through =
        if in_tmux { format!("\x1bPtmux;{}\x1b\\", plain.replace('\x1b', "\x1b\x1b")) } else { String::new() };
    (plain + &through).into_bytes()
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    fn environment(of: &'static [(&'static str, &'static str)]) -> impl Fn(&str) -> Option<OsString> {
        move |name| of.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value))
    }

    #[tokio::test]
    async fn over_ssh_the_terminal_is_asked() {
        let here = environment(&[("DISPLAY", ":0"), ("SSH_TTY", "/dev/pts/1")]);
        assert_eq!(copy("sha256:09be", &here).await.unwrap(), None);
        assert_eq!(question("sha256:09be", false), b"\x1b]52;c;c2hhMjU2OjA5YmU=\x07");
    }

    #[test]
    fn tmux_hands_it_on() {
        let expected = b"\x1b]52;c;YQ==\x07\x1bPtmux;\x1b\x1b]52;c;YQ==\x07\x1b\\";
        assert_eq!(question("a", true), expected);
    }

    #[tokio::test]
    async fn what_terminals_do_not_take_is_said() {
        let failure = copy(&"a".repeat(LONGEST + 1), &environment(&[])).await.unwrap_err();
        assert!(failure.why.contains("74001 bytes"), "{failure:?}");
    }
}
