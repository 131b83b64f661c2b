//! What lies over the screen: dialogs, lists to choose from, lines to type into. A stack of these; the last one has the
//! keys. A question and a choice are data: whoever asks says what is shown and what is to be done, and nothing else of
//! the console knows about it.

use std::fmt;

use tui_input::Input;

use crate::{
    console::{
        effect::Effect,
        model::{
            Model,
            masked::Masked,
            secret_form::SecretForm,
            typing::{NOT_HERE, not_taken, paste_into},
            wizard::Wizard,
        },
        request::Request,
    },
    domain::{failure::Failure, name::ReleaseId, release::Release, sign::Tone},
};

#[derive(Debug)]
pub enum Layer {
    /// Actions that match what was typed.
    Help { typed: Input, at: usize, reach: Reach },
    /// A line below the log; and, once what was typed was refused, why.
    Prompt { prompt: Prompt, typed: Input, wrong: Option<String> },
    /// Words that the rows have which are shown, while they are typed.
    Narrow { typed: Input },
    /// The passphrase of the vault.
    Secret { question: String, typed: Masked },
    /// Another login of a secret is typed.
    Form(Box<SecretForm>),
    /// The rotation of a secret goes on, or stands.
    Wizard(Box<Wizard>),
    /// A worker finds out what this would do.
    Waiting(Request),
    /// One of these is to be chosen.
    Menu(Menu),
    /// This will be done, once confirmed.
    Confirm(Box<Confirm>),
    /// A line is to be typed.
    Ask(Box<Ask>),
    /// Something that was asked for.
    Told { title: String, lines: Vec<Line> },
    /// Something was refused or failed.
    Failure(Failure),
}

/// Which actions are looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Those that count where the reader is.
    Here,
    /// Those of every screen.
    Everywhere,
}

/// What is typed below the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prompt {
    /// What is looked for.
    Search,
    /// What the lines have that are shown; they are shown while it is typed.
    Filter,
}

/// A line of a dialog: words, with a label before them where that is not empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub label: String,
    pub words: String,
    pub tone: Tone,
}

impl Line {
    pub fn new(label: impl Into<String>, words: impl Into<String>, tone: Tone) -> Self {
        Self { label: label.into(), words: words.into(), tone }
    }

    pub fn plain(words: impl Into<String>) -> Self {
        Self::new("", words, Tone::Plain)
    }

    /// What would be done on Taskcluster, as commands show it too; what is to be minded stands out.
    pub fn rows(rows: impl IntoIterator<Item = (&'static str, String)>) -> Vec<Self> {
        let tone = |label| if label == "mind" { Tone::Notice } else { Tone::Plain };
        rows.into_iter().map(|(label, words)| Self::new(label, words, tone(label))).collect()
    }
}

/// A question that is answered by yes or no.
#[derive(Debug, Clone)]
pub struct Confirm {
    pub title: String,
    /// Exactly what will happen.
    pub lines: Vec<Line>,
    /// The words after `windlass` that do the same.
    pub command: Option<Vec<String>>,
    /// What has to be typed first, of what cannot be undone; and what was typed so far.
    pub typed: Option<(String, Input)>,
    /// Another way to go about it.
    pub other: Option<Other>,
    pub then: Vec<Effect>,
    /// What is said once it was confirmed.
    pub said: String,
}

impl Confirm {
    /// Whether yes counts.
    pub fn can_be_done(&self) -> bool {
        self.typed.as_ref().is_none_or(|(wanted, typed)| typed.value() == wanted)
    }

    /// The end of a release that runs.
    pub fn cancel(release: &Release) -> Self {
        let (id, repository) = (&release.plan.release, &release.plan.repository);
        let words = match release.pushes.len() {
            0 => "its running step ends; nothing was pushed yet".to_owned(),
            1 => "its running step ends; the tag that was pushed stays pushed, and there will be no record of it"
                .to_owned(),
            n => format!("its running step ends; the {n} tags that were pushed stay pushed, without a record"),
        };
        Self {
            title: format!("Cancel release {id}?"),
            lines: vec![Line::plain(words)],
            command: Some(vec!["cancel".to_owned(), id.to_string()]),
            typed: None,
            other: None,
            then: vec![Effect::Cancel { release: id.clone(), repository: repository.clone() }],
            said: format!("release {id} is being told to cancel"),
        }
    }

    /// Whether this is about the end of that release.
    pub fn cancels(&self, id: &ReleaseId) -> bool {
        matches!(&self.then[..], [Effect::Cancel { release, .. }] if release == id)
    }
}

/// What is done instead of what a question asks about.
#[derive(Debug, Clone)]
pub struct Other {
    /// Beside its key.
    pub words: String,
    pub then: Effect,
}

/// What follows from what was typed, or why it is not taken.
pub type Take = Box<dyn Fn(&Model, &str) -> Result<Vec<Effect>, String>>;

/// A line that is to be typed.
pub struct Ask {
    pub title: String,
    /// What it is for.
    pub lines: Vec<Line>,
    pub typed: Input,
    /// Why what was typed is not taken.
    pub wrong: Option<String>,
    pub take: Take,
}

impl fmt::Debug for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ask").field("title", &self.title).field("typed", &self.typed).finish_non_exhaustive()
    }
}

/// A list from which one is chosen.
#[derive(Debug, Clone)]
pub struct Menu {
    pub title: String,
    pub choices: Vec<Choice>,
    pub at: usize,
    /// It is there again once what was chosen is done.
    pub stays: bool,
}

#[derive(Debug, Clone)]
pub struct Choice {
    pub label: String,
    /// What it means, dimmed beside it.
    pub note: String,
    /// Why it cannot be chosen; `None`: it can.
    pub refused: Option<String>,
    pub then: Vec<Effect>,
}

impl Layer {
    /// Has the screen: what is typed at the bottom of it leaves the rest in sight.
    pub fn is_over(&self) -> bool {
        !matches!(self, Self::Prompt { .. } | Self::Narrow { .. })
    }

    /// The line of text that is typed into it.
    pub fn input(&mut self) -> Option<&mut Input> {
        match self {
            Self::Help { typed, .. } | Self::Prompt { typed, .. } | Self::Narrow { typed } => Some(typed),
            Self::Confirm(confirm) => confirm.typed.as_mut().map(|(_, typed)| typed),
            Self::Ask(ask) => Some(&mut ask.typed),
            Self::Secret { .. }
            | Self::Form(_)
            | Self::Wizard(_)
            | Self::Waiting(_)
            | Self::Menu(_)
            | Self::Told { .. }
            | Self::Failure(_) => None,
        }
    }

    /// Takes what was pasted: all of it, or, for the reason that is given, nothing.
    ///
    /// # Errors
    /// When it is not for text, or has no room for as much.
    pub fn paste(&mut self, text: &str) -> Result<(), String> {
        match self {
            Self::Secret { typed, .. } => return typed.paste(text).map_err(|why| not_taken(why, text)),
            Self::Form(form) => return form.paste(text),
            _ => {}
        }
        let Some(input) = self.input() else { return Err(NOT_HERE.to_owned()) };
        paste_into(input, text)?;
        self.edited();
        Ok(())
    }

    /// After something was typed: what was said of the text before counts no more.
    pub fn edited(&mut self) {
        match self {
            Self::Help { at, .. } => *at = 0,
            Self::Prompt { wrong, .. } => *wrong = None,
            Self::Ask(ask) => ask.wrong = None,
            _ => {}
        }
    }
}
