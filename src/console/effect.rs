//! What is to be done outside the model, as data: the runtime does it and answers with messages.

use std::{ops::RangeInclusive, time::Duration};

use super::{
    model::{Depth, Errand, Goal, Mouse, Sight, Which, masked::Masked},
    request::{Act, Request},
};
use crate::{
    domain::{
        artifact::Left,
        name::{ProjectName, ReleaseId},
        page::Page,
        reference::{Repository, Tag},
    },
    log::pattern::{Filter, Wanted},
};

/// A program that has the terminal for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guest {
    /// The pager, with the log of this release.
    Pager(ReleaseId),
    /// The editor, with the file of the project.
    Editor,
    /// A command of ours that asks questions.
    Ours(Ours),
}

/// What is asked at the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ours {
    /// `windlass init`.
    Init,
    /// `windlass init --taskcluster`, with these options.
    Define(&'static [&'static str]),
    /// `windlass signin`, with these.
    SignIn(&'static [&'static str]),
}

impl Ours {
    /// After `windlass`.
    pub fn words(&self) -> Vec<String> {
        let (words, options): (&[&str], &[&str]) = match self {
            Self::Init => (&["init"], &[]),
            Self::Define(options) => (&["init", "--taskcluster"], options),
            Self::SignIn(options) => (&["signin"], options),
        };
        words.iter().chain(options).map(ToString::to_string).collect()
    }

    /// Its exit code is an answer.
    pub fn tells(&self) -> bool {
        *self == Self::SignIn(&["--status"])
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    LoadProject,
    /// The known projects, with the last release of each.
    LoadKnown,
    /// Let go of everything, and begin anew in this known project.
    OpenProject(ProjectName),
    /// Take it out of the list of known projects.
    Forget(ProjectName),
    /// Find out what `windlass init` would write here.
    DraftProject,
    WriteProject {
        file: String,
        text: String,
    },
    /// The newest releases of these repositories; of all where none is named.
    LoadReleases(Vec<Repository>),
    /// Those of these repositories that came before this one.
    LoadOlder {
        repositories: Vec<Repository>,
        before: ReleaseId,
    },
    /// What the registry shows under this image's tags, beside what was recorded.
    LoadTags {
        image: String,
        depth: Depth,
    },
    /// News of a release until its end, from the event after this number on.
    Follow {
        release: ReleaseId,
        repository: Repository,
        after: u64,
    },
    ReadLog {
        release: ReleaseId,
        sight: Box<Sight>,
    },
    /// Search the next part of the log for these lines.
    SearchLog {
        release: ReleaseId,
        wanted: Wanted,
    },
    /// Give the text of these lines, of those that the filter leaves.
    TakeLines {
        release: ReleaseId,
        lines: RangeInclusive<u64>,
        filter: Filter,
    },
    /// Write the lines that the filter leaves to a file, without their colours; over one that is there only if `over`.
    SaveLog {
        release: ReleaseId,
        path: String,
        filter: Filter,
        over: bool,
    },
    /// Read on in the log for the steps of the build.
    ReadSteps {
        release: ReleaseId,
    },
    /// Find out which one this is of the lines that were found.
    FindInLog {
        release: ReleaseId,
        wanted: Wanted,
        which: Goal,
    },
    /// Find the first line of the log that says what went wrong.
    FindFault {
        release: ReleaseId,
    },
    /// The newest releases on Taskcluster, so much later.
    LookAtCluster {
        turn: u64,
        after: Duration,
    },
    /// The tasks of a release on Taskcluster, so much later.
    LookAtTasks {
        release: ReleaseId,
        turn: u64,
        after: Duration,
    },
    /// Have the log of this run of a task come in, to its end.
    FetchLog {
        run: ReleaseId,
    },
    /// Find out whether the engine answers and whether there is a vault. Nobody is asked for anything.
    LookAround,
    /// Find out who the deployment is asked as from here. Nobody is asked for anything.
    SeeAsker,
    /// Have the vault opened, which may ask for its passphrase.
    Unlock,
    /// Run checks of the doctor.
    Examine(Which),
    ReadTrail,
    /// Write what a task left to a file; over one that is there only if `over`.
    Download {
        left: Box<Left>,
        path: String,
        over: bool,
    },
    /// Find this out.
    Prepare(Request),
    /// Fetch and hash what these tags of an image show; every layer too, if it is to be `deep`.
    Verify {
        image: String,
        /// Whose tags they are.
        release: Option<ReleaseId>,
        tags: Vec<Tag>,
        deep: bool,
    },
    /// Start `windlass <words…>` as a process of its own.
    Start {
        words: Vec<String>,
    },
    /// The same for one on Taskcluster: it is given what was agreed to, and is begun though the console is left at once.
    Begin {
        words: Vec<String>,
        agreed: Option<String>,
    },
    /// What was asked for, or that nobody gives it.
    Answer(Option<Masked>),
    /// Fire the hook of an action, with this payload and no other.
    Act {
        act: Act,
        /// As it was shown.
        payload: String,
    },
    Cancel {
        release: ReleaseId,
        repository: Repository,
    },
    /// Put this, which is no secret, into the clipboard of whoever sits at the terminal.
    Copy(String),
    /// There is no program that can: ask the terminal.
    CopyByTerminal(String),
    /// Open a page in the browser.
    Browse(Page),
    /// Give the terminal to a program of the user's until that ends.
    Lend(Guest),
    /// Have the mouse, or leave it to the terminal.
    Capture(Mouse),
    /// About the secrets of vault and project.
    Secrets(Errand),
    Suspend,
    Quit,
}
