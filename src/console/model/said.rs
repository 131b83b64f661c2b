//! What is said to the reader, and how a command is written that does the same.

use super::{Layer, Model};
use crate::domain::{failure::Failure, sign::Tone};

impl Model {
    /// Says something in a toast, which is kept among the activity.
    pub fn say(&mut self, tone: Tone, words: impl Into<String>) {
        self.note(tone, words.into(), None);
    }

    /// Says in a toast, until the next key, what is not worth keeping: why nothing is done, or what is seen anyway.
    pub fn hint(&mut self, tone: Tone, words: impl Into<String>) {
        self.toasts.pass(self.now, tone, words.into());
    }

    /// Says what is done, with the words after `windlass` that do the same.
    pub fn did(&mut self, words: impl Into<String>, command: Option<&[String]>) {
        let command = command.map(|command| self.command_line(command));
        self.note(Tone::Notice, words.into(), command);
    }

    /// Says what came of something, with the words after `windlass` that tell the same.
    pub fn came(&mut self, tone: Tone, words: impl Into<String>, command: &[String]) {
        let command = self.command_line(command);
        self.note(tone, words.into(), Some(command));
    }

    /// Keeps among the activity what was done, and whoever is looking has seen.
    pub fn seen(&mut self, tone: Tone, words: impl Into<String>, command: &[String]) {
        let command = self.command_line(command);
        self.activity.add(self.now, tone, words.into(), Some(command));
    }

    fn note(&mut self, tone: Tone, words: String, command: Option<String>) {
        self.activity.add(self.now, tone, words.clone(), command);
        self.toasts.add(self.now, tone, words);
    }

    /// Something was refused or failed: a card over everything, which stays until it is closed.
    pub fn fails(&mut self, failure: Failure) {
        self.activity.add(self.now, Tone::Bad, format!("{}: {}", failure.what, failure.why), None);
        self.toasts.clear();
        self.layers.push(Layer::Failure(failure));
    }

    /// What was typed into the dialog of this title is there to be corrected, below what there is to say of it.
    pub fn type_again(&mut self, title: &str) {
        let typed = self.carried_out.take_if(|ask| ask.title == title);
        self.layers.extend(typed.map(Layer::Ask));
    }

    /// `windlass`, its flags, and these words, as a shell takes them.
    pub fn command_line(&self, words: &[String]) -> String {
        let quoted = |word: &String| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@+,".contains(c);
            if word.chars().all(plain) { word.clone() } else { format!("'{}'", word.replace('\'', r"'\''")) }
        };
        // Words that name a project themselves need no flag that does.
        let named = words.first().is_some_and(|word| word == "--project");
        let words = self.flags.iter().filter(|_| !named).chain(words).map(quoted);
        std::iter::once("windlass".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
    }
}
