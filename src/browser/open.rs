//! Opens a page in the browser.

use std::{
    ffi::OsString,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::{process::Command, time::timeout};

use crate::domain::{failure::Failure, page::Page};

/// Reads one variable of the environment.
type Environment<'a> = &'a (dyn Fn(&str) -> Option<OsString> + Send + Sync);

/// What opens a page may itself be the browser, and stay.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotOpened(String);

impl From<NotOpened> for Failure {
    fn from(NotOpened(why): NotOpened) -> Self {
        Self::failed("the page was not opened", why, "open it where there is a browser")
    }
}

/// The program that opens a page here; `None` without a desktop.
#[must_use]
pub fn opener(environment: Environment<'_>) -> Option<&'static str> {
    let there = |name: &str| environment(name).is_some_and(|value| !value.is_empty());
    match () {
        () if cfg!(target_os = "macos") => Some("open"),
        () if there("DISPLAY") || there("WAYLAND_DISPLAY") => Some("xdg-open"),
        () => None,
    }
}

/// # Errors
/// When there is no desktop, or the desktop has no browser.
pub async fn open(environment: Environment<'_>, page: &Page) -> Result<(), NotOpened> {
    let program = opener(environment).ok_or_else(|| NotOpened("no desktop".to_owned()))?;
    let mut command = Command::new(program);
    command.arg(page.as_str()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| NotOpened(format!("{program}: {error}")))?;
    match timeout(PATIENCE, child.wait()).await {
        Ok(ended) if !ended.as_ref().is_ok_and(ExitStatus::success) => Err(NotOpened(format!("{program} failed"))),
        // It is at it.
        Ok(_) | Err(_) => Ok(()),
    }
}
