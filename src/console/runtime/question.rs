//! The passphrase of the vault, asked for in the console: a worker waits while somebody types.

use std::sync::{
    Arc, Mutex, PoisonError,
    mpsc::{Sender, channel},
};

use super::Outbox;
use crate::{
    console::{message::Message, model::masked::Masked},
    secrets::{Passphrase, Unanswered},
};
use secrecy::SecretString;

/// Whoever waits for an answer. Nobody waits any more once this is gone.
#[derive(Default)]
pub struct Question {
    waiting: Arc<Mutex<Option<Sender<SecretString>>>>,
}

impl Question {
    /// A passphrase that is asked for by a message.
    pub fn asked_through(&self, to: Outbox) -> Passphrase {
        let waiting = Arc::clone(&self.waiting);
        Passphrase::asked(move |question| {
            let (answer, wait) = channel();
            *waiting.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
            tokio::task::block_in_place(|| {
                to.blocking_send(Message::Asked(question.to_owned())).map_err(|_| Unanswered::Cancelled)?;
                wait.recv().map_err(|_| Unanswered::Cancelled)
            })
        })
    }

    /// `None`: nobody gives it.
    pub fn answer(&self, typed: Option<&Masked>) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let (Some(waiting), Some(typed)) = (waiting, typed) {
            // Whoever waited may have gone.
            let _ = waiting.send(SecretString::from(typed.expose()));
        }
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        self.answer(None);
    }
}
