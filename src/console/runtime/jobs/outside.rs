//! The clipboard, the browser, and programs that get the terminal.

use std::ffi::OsString;

use super::{Jobs, Shared, flags};
use crate::{
    browser,
    console::{effect::Guest, message::Message, runtime::clipboard, runtime::guest::Visit},
    domain::{failure::Failure, page::Page},
};

impl Jobs {
    /// The program that this guest is, for the file that it is to have.
    pub fn visit(&self, guest: &Guest) -> Result<Visit, Failure> {
        let ground = &self.shared.ground;
        Ok(match guest {
            Guest::Pager(release) => {
                Visit::of_pager(&*ground.environment, &ground.paths.logs().join(format!("{release}.log")))
            }
            Guest::Ours(ours) => {
                let words = ours.words().into_iter().map(OsString::from);
                Visit::of_ours(&flags(ground).into_iter().chain(words).collect::<Vec<_>>())?
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
        Ok(browser::open(&*self.ground.environment, page).await?)
    }
}
