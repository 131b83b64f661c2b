//! What happened: keys, and what the workers found. The only thing that changes the model.

use ratatui::crossterm::event::{KeyEvent, MouseEvent};
use zeroize::Zeroizing;

use super::{
    dialogs::Answer,
    effect::Guest,
    model::{Around, Goal, KnownProject, Match, Project, Scanned, SecretNews, Seen, StepsRead},
    request::Request,
};
use crate::{
    domain::{
        artifact::{Got, Left},
        asker::Asker,
        audit::AuditRow,
        event::Stamped,
        failure::Failure,
        finding::Report,
        name::{ProjectName, ReleaseId},
        page::Page,
        progress::Progress,
        release::Release,
        table::Table,
    },
    log::pattern::{Filter, Wanted},
};

pub enum Message {
    Key(KeyEvent),
    Mouse(MouseEvent),
    /// At once, and never taken for keys.
    Pasted(Zeroizing<String>),
    /// Columns and rows of the terminal.
    Resized(u16, u16),
    /// A second has passed in which a clock on the screen went on.
    Tick,
    Project(Result<Project, Failure>),
    /// There is none where the console was opened, and none was named.
    NoProject(Failure),
    Known(Result<Vec<KnownProject>, Failure>),
    /// The console begins anew, with these words after `windlass`.
    Opened(Result<Vec<String>, Failure>),
    Forgotten(ProjectName, Result<(), Failure>),
    /// What `windlass init` would do here.
    Drafted(Result<Drafted, Failure>),
    /// This `windlass.toml`.
    Written(String, Result<(), Failure>),
    /// The project is not among the known ones: there is a reason.
    NotRemembered(Failure),
    Releases(Result<Listing, Failure>),
    /// Those that came before the ones in the list.
    Older(Result<Listing, Failure>),
    /// Of this image.
    Tags(String, Result<Table, Failure>),
    Verified(Verified),
    /// The newest releases on Taskcluster, for the look of this turn.
    Cluster(u64, Result<Vec<Release>, Failure>),
    /// A release on Taskcluster with its tasks, for the look of this turn.
    Tasks(ReleaseId, u64, Result<Box<Release>, Failure>),
    /// All there is of the log of a run is here; what is missing of it, in words.
    Fetched(ReleaseId, Result<Option<String>, Failure>),
    /// Somebody wrote to the journal, or a release began or ended.
    Changed,
    /// Of a release that is followed.
    News(ReleaseId, News),
    /// The rows that were asked for.
    Log(ReleaseId, Result<Option<Seen>, Failure>),
    /// The log was searched on for these lines.
    Searched(ReleaseId, Wanted, Result<Scanned, Failure>),
    /// The text of the lines that were asked for.
    Taken(Result<Taken, Failure>),
    /// The log was written to this file, from these lines on.
    Saved(Save, Result<Saved, Failure>),
    /// What a task left was written to this file, or is not.
    Downloaded(Download, Result<Got, Failure>),
    /// The steps that the build has in the log, so far.
    Steps(ReleaseId, Result<Box<StepsRead>, Failure>),
    /// Which of these lines this is.
    Found(ReleaseId, Wanted, Goal, Result<Option<Match>, Failure>),
    /// The line of the log that says what went wrong, and its number from 0.
    Fault(ReleaseId, Result<Option<(u64, String)>, Failure>),
    /// What this found out.
    Prepared(Request, Result<Answer, Failure>),
    /// Something that was asked for.
    Failed(Failure),
    /// Others' changes are not seen: there is a reason.
    Unwatched(Failure),
    /// A worker needs the passphrase of the vault, and waits.
    Asked(String),
    /// A check of the doctor has ended.
    Checked(Report),
    /// All checks that were to be run have ended.
    Examined,
    /// The audit trail, newest first.
    Trail(Result<Vec<AuditRow>, Failure>),
    Around(Around),
    /// Who the project's deployment is asked as; `None` where it names none.
    Asker(Result<Option<Asker>, Failure>),
    /// The vault was to be opened.
    Unlocked(Result<(), Failure>),
    /// Which program has the text for the clipboard, or none.
    Copied(String, Result<Option<&'static str>, Failure>),
    /// A page was given to the browser, or there is none.
    Browsed(Page, Result<(), Failure>),
    /// What had the terminal has ended.
    Returned(Guest, Result<(), Failure>),
    /// About the secrets of vault and project.
    Secrets(SecretNews),
    Started(Result<ReleaseId, Failure>),
    /// An action was taken: the group of the task that its hook made, and what is said of it.
    Acted(Result<(ReleaseId, String), Failure>),
    CancelTold(ReleaseId, Result<(), Failure>),
}

/// So many releases are read at once.
pub const PAGE: usize = 100;

/// Lines without their colours.
#[derive(Debug, Default)]
pub struct Taken {
    pub text: String,
    pub lines: u64,
    /// There were more than can be taken.
    pub cut: bool,
}

/// What was to be saved, and where.
#[derive(Debug, Clone)]
pub struct Save {
    pub release: ReleaseId,
    pub path: String,
    pub filter: Filter,
}

/// What of a task was to be downloaded, and where.
#[derive(Debug, Clone)]
pub struct Download {
    pub left: Box<Left>,
    /// From the root on.
    pub path: String,
}

#[derive(Debug)]
pub enum Saved {
    /// So many lines.
    Lines(u64),
    /// There is such a file, and nothing was done.
    Exists,
}

/// What `windlass init` would do.
#[derive(Debug)]
pub enum Drafted {
    /// It writes this.
    File { file: String, text: String },
    /// It asks, since this cannot be told from what is here.
    Asks(String),
}

/// Releases, newest first, and how many could not be read.
#[derive(Debug)]
pub struct Listing {
    pub releases: Vec<Release>,
    pub damaged: usize,
}

impl Listing {
    /// There may be older ones.
    pub fn is_full(&self) -> bool {
        self.releases.len() + self.damaged >= PAGE
    }
}

/// What was found under tags that were fetched and hashed.
#[derive(Debug)]
pub struct Verified {
    pub image: String,
    /// Whose tags they are.
    pub release: Option<ReleaseId>,
    pub deep: bool,
    /// The tags with their verdicts, and what could not be looked at.
    pub found: Result<(Table, Vec<String>), Failure>,
}

/// What is new of a release that is followed.
#[derive(Debug)]
pub enum News {
    Event(Stamped),
    Progress(Progress),
    /// So many complete lines by now.
    Log(u64),
    Ended,
    Interrupted,
    /// It cannot be followed.
    Lost(Failure),
}
