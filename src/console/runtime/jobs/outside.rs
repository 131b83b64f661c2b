//! The clipboard, the browser, and programs that get the terminal.

use super::{Jobs, Shared};
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
