//! The clipboard, the browser, and programs that get the terminal.

use std::{
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::{process::Command, time::timeout};

use super::{Jobs, Shared};
use crate::{
    console::{effect::Guest, message::Message, runtime::clipboard, runtime::guest::Visit},
    domain::{failure::Failure, page::Page},
};

/// What opens a page may itself be the browser, and stay.
const PATIENCE: Duration = Duration::from_secs(2);

impl Jobs {
    /// The program that this guest is, for the file that it is to have.
    pub fn visit(&self, guest: &Guest) -> Result<Visit, Failure> {
        let ground = &self.shared.ground;
        Ok(match guest {
            Guest::Pager(release) => {
                Visit::of_pager(&*ground.environment, &ground.paths.logs().join(format!("{release}.log")))
            }
            Guest::Editor => Visit::of_editor(&*ground.environment, &ground.place.file()?),
        })
    }
}

impl Shared {
    pub(super) async fn copy(&self, text: String) -> Message {
        let copied = clipboard::copy(&text, &*self.ground.environment).await;
        Message::Copied(text, copied)
    }

    pub(super) async fn browse(&self, page: &Page) -> Result<(), Failure> {
        let there = |name: &str| (self.ground.environment)(name).is_some_and(|value| !value.is_empty());
        let none = |why: &str| Failure::failed("the page was not opened", why, "open it where there is a browser");
        let program = match () {
            () if cfg!(target_os = "macos") => "open",
            () if there("DISPLAY") || there("WAYLAND_DISPLAY") => "xdg-open",
            () => return Err(none("no desktop")),
        };
        let mut command = Command::new(program);
        command.arg(page.as_str()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| none(&format!("{program}: {error}")))?;
        match timeout(PATIENCE, child.wait()).await {
            Ok(ended) if !ended.as_ref().is_ok_and(ExitStatus::success) => Err(none(&format!("{program} failed"))),
            // It is at it.
            Ok(_) | Err(_) => Ok(()),
        }
    }
}
