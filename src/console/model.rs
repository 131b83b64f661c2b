//! What the console knows, and what of it is on the screen. Changed by [`super::update`] alone.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

pub use super::actions::Act;
pub use super::doctor_pane::{CheckRow, DoctorPane, Subject, Which};
pub use super::fault::Fault;
use super::keymap::{Key, Keymap};
pub use super::layer::{Ask, Choice, Confirm, Layer, Line, Menu, Prompt, Reach};
pub use super::log_pane::{LogPane, LogState, Mode, Seen, Sight};
pub use super::marking::Marking;
pub use super::projects_pane::{KnownProject, Past, ProjectsPane};
pub use super::remote::{Fetch, Remote};
pub use super::request::{Answer, Request};
pub use super::search::{Goal, Match, Scan, Scanned, Search};
pub use super::secret_form::{Change, Field, KeyForm, NewKey, NewLogin, Offer, SecretForm, There};
pub use super::secrets_pane::{Checked, Errand, Holdings, NotSet, SecretNews, SecretsPane};
pub use super::standing::{Known, Standing};
pub use super::step_tree::{Row, StepTree, StepsRead};
pub use super::tags_pane::{Depth, Inquiry, TagsPane};
pub use super::toasts::{Toasts, ending};
pub use super::wizard::Wizard;
use super::{action::Id, activity::Activity};
use crate::domain::{
    beginning::By,
    failure::Failure,
    finding::CheckId,
    holdings::Unfinished,
    name::ReleaseId,
    progress::Progress,
    reference::Repository,
    release::{Release, ReleaseState},
    sign::{Signs, Tone},
    verdict::Verdict,
};

/// How the terminal is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    pub signs: Signs,
    pub colour: bool,
    /// The terminal's background is known to be light.
    pub light: bool,
}

#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Model {
    /// Of the last message; the view has no clock.
    pub now: Timestamp,
    /// Of the first frame.
    pub opened: Timestamp,
    /// Columns and rows.
    pub size: (u16, u16),
    pub look: Look,
    pub read_only: bool,
    pub mouse: Mouse,
    /// What stands between `windlass` and the command in commands that are shown: `--config FILE`.
    pub flags: Vec<String>,
    pub project: Loaded<Project>,
    pub projects: ProjectsPane,
    /// Newest first.
    pub releases: Loaded<Vec<Release>>,
    /// Releases in the journal that could not be read.
    pub damaged: usize,
    /// Whether there are more than in the list.
    pub older: Older,
    /// The list has the releases of the image that is meant, and no others.
    pub only_image: bool,
    pub reload: Reload,
    /// The worst verdict of releases whose tags were verified since the console was opened.
    pub verified: BTreeMap<ReleaseId, Verdict>,
    /// What the logs of failed builds say, of those that were looked at.
    pub faults: BTreeMap<ReleaseId, Fault>,
    pub selected: Option<ReleaseId>,
    /// Releases on Taskcluster with which the same will be done.
    pub marked: BTreeSet<ReleaseId>,
    /// Releases that are followed, with what they do right now.
    pub followed: BTreeMap<ReleaseId, Option<Doing>>,
    /// What was seen of the releases on Taskcluster.
    pub remote: Remote,
    /// Which of the project's images is meant.
    pub image: usize,
    pub log: LogPane,
    pub tags: TagsPane,
    pub secrets: SecretsPane,
    /// A rotation that has not ended, on whatever screen.
    pub rotation: Option<Unfinished>,
    pub doctor: DoctorPane,
    pub standing: Standing,
    pub screen: Screen,
    pub focus: Pane,
    /// The pane that has the focus has the screen.
    pub zoom: bool,
    /// Dialogs; the last one is on top and has the keys.
    pub layers: Vec<Layer>,
    /// Lines of the dialog on top that are above those that are seen of it.
    pub scrolled: usize,
    /// What was said last; goes by itself.
    pub toasts: Toasts,
    /// All that was done and said since the console was opened.
    pub activity: Activity,
    /// The last key asked whether to leave: another that does leaves.
    pub leaving: bool,
    /// Which keys mean what.
    pub keymap: Keymap,
    /// The first key of two.
    pub pending: Option<Key>,
}

/// Whose clicks and the wheel are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mouse {
    Ours,
    /// It selects text with them.
    Terminals,
}

/// Something that a worker looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loaded<T> {
    Not,
    Yes(T),
    Failed(Failure),
}

/// At most one look at the journal at a time, and one more if it changed meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reload {
    Idle,
    Asked,
    AskedAndChanged,
}

/// Releases that came before those in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Older {
    None,
    There,
    Asked,
}

/// What the space between header and footer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    Projects,
    Releases,
    Tags,
    Secrets,
    Doctor,
    Activity,
}

/// Of [`Screen::Releases`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pane {
    List,
    Log,
}

/// The images that this folder's project releases; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    pub images: Vec<Image>,
    /// Host and port of the Taskcluster deployment that it names.
    pub cluster: Option<String>,
    /// What begins its releases on Taskcluster; `None`: they run on this machine.
    pub begun: Option<By>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    pub name: String,
    pub repository: Repository,
}

/// What a running release does now, and what is needed to say how fast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doing {
    pub progress: Progress,
    /// When this tag's or context's first progress came, and how many bytes it said.
    pub since: (Timestamp, u64),
}

impl Doing {
    /// What came after `before`, at this time. A clock that was set back begins anew: else there would be no rate until it
    /// is where it was.
    pub fn next(before: Option<&Self>, progress: Progress, now: Timestamp) -> Self {
        let same = before.filter(|before| subject(&before.progress) == subject(&progress) && before.since.0 <= now);
        let since = same.map_or((now, sent(&progress).unwrap_or(0)), |before| before.since);
        Self { progress, since }
    }

    /// Bytes a second, once a second has passed.
    pub fn rate(&self, now: Timestamp) -> Option<u64> {
        let millis = u64::try_from(now.duration_since(self.since.0).as_millis()).ok()?;
        let sent = sent(&self.progress)?.checked_sub(self.since.1)?;
        (millis >= 1000).then(|| sent.saturating_mul(1000) / millis)
    }
}

fn sent(progress: &Progress) -> Option<u64> {
    match progress {
        Progress::Context { bytes, .. } | Progress::Archive { bytes } => Some(*bytes),
        Progress::Layers { sent, .. } => Some(*sent),
        Progress::Retrying { .. } | Progress::Remark { .. } => None,
    }
}

fn subject(progress: &Progress) -> Option<&str> {
    match progress {
        Progress::Context { .. } | Progress::Archive { .. } => None,
        Progress::Layers { tag, .. } | Progress::Retrying { tag, .. } | Progress::Remark { tag, .. } => {
            Some(tag.as_str())
        }
    }
}

impl Model {
    pub fn new(size: (u16, u16), look: Look, now: Timestamp) -> Self {
        Self {
            now,
            opened: now,
            size,
            look,
            read_only: false,
            mouse: Mouse::Ours,
            flags: Vec::new(),
            project: Loaded::Not,
            projects: ProjectsPane::default(),
            releases: Loaded::Not,
            damaged: 0,
            older: Older::None,
            only_image: false,
            reload: Reload::Idle,
            verified: BTreeMap::new(),
            faults: BTreeMap::new(),
            selected: None,
            marked: BTreeSet::new(),
            followed: BTreeMap::new(),
            remote: Remote::default(),
            image: 0,
            log: LogPane::default(),
            tags: TagsPane::default(),
            secrets: SecretsPane::default(),
            rotation: None,
            doctor: DoctorPane::default(),
            standing: Standing::default(),
            screen: Screen::Releases,
            focus: Pane::List,
            zoom: false,
            layers: Vec::new(),
            scrolled: 0,
            toasts: Toasts::default(),
            activity: Activity::default(),
            leaving: false,
            keymap: Keymap::default(),
            pending: None,
        }
    }

    /// Lets go of everything that belongs to the project, for another one that these words name. What is the console's
    /// own stays.
    pub fn begin_anew(&mut self, flags: Vec<String>) {
        let fresh = Self::new(self.size, self.look, self.now);
        let former = std::mem::replace(self, fresh);
        self.flags = flags;
        self.read_only = former.read_only;
        self.activity = former.activity;
        self.keymap = former.keymap;
        self.mouse = former.mouse;
    }

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

    /// All releases that are known, newest first.
    pub fn list(&self) -> &[Release] {
        match &self.releases {
            Loaded::Yes(releases) => releases,
            Loaded::Not | Loaded::Failed(_) => &[],
        }
    }

    pub fn selected(&self) -> Option<&Release> {
        self.list().get(self.position()?)
    }

    /// Where the selected release is in the list.
    pub fn position(&self) -> Option<usize> {
        let selected = self.selected.as_ref()?;
        self.list().iter().position(|release| &release.plan.release == selected)
    }

    pub fn images(&self) -> &[Image] {
        match &self.project {
            Loaded::Yes(project) => &project.images,
            Loaded::Not | Loaded::Failed(_) => &[],
        }
    }

    /// Host and port of the Taskcluster deployment that the project names.
    pub fn cluster(&self) -> Option<&str> {
        match &self.project {
            Loaded::Yes(project) => project.cluster.as_deref(),
            Loaded::Not | Loaded::Failed(_) => None,
        }
    }

    /// What begins releases of the project on Taskcluster, where they run there.
    pub fn begun(&self) -> Option<By> {
        match &self.project {
            Loaded::Yes(project) => project.begun,
            Loaded::Not | Loaded::Failed(_) => None,
        }
    }

    /// The image that is meant, once it is known which there are.
    pub fn image(&self) -> Option<&Image> {
        self.images().get(self.image).or_else(|| self.images().first())
    }

    /// What comes before everything else where nobody has set the secret of the image that is meant.
    pub fn first_its_secret(&self) -> Option<String> {
        let lacks = !self.read_only && self.standing.lacks_secret(&self.image()?.name);
        let [secrets, set] = [Id::Secrets, Id::SecretSet].map(|id| self.keymap.first(id));
        lacks.then(|| format!("no secret yet: press {secrets}, then {set}"))
    }

    /// What to do after this failure: of a login that was never set, in the words of the console.
    pub fn next_after(&self, failure: &Failure) -> String {
        let of_login = matches!(failure.check, Some(CheckId::Login | CheckId::Secret));
        self.first_its_secret().filter(|_| of_login).unwrap_or_else(|| failure.next.clone())
    }

    /// Those whose releases are in the list; all, where there is none.
    pub fn repositories(&self) -> Vec<Repository> {
        match self.image().filter(|_| self.only_image) {
            Some(image) => vec![image.repository.clone()],
            None => self.images().iter().map(|image| image.repository.clone()).collect(),
        }
    }

    /// The log has a line below it: something is typed there, or is looked for.
    pub fn searches(&self) -> bool {
        self.log.search.is_some()
            || self.log.filter.is_some()
            || matches!(self.layers.first(), Some(Layer::Prompt { .. }))
    }

    /// What the release does right now, as far as it said so.
    pub fn doing(&self, release: &ReleaseId) -> Option<&Doing> {
        self.followed.get(release)?.as_ref()
    }

    /// A clock on the screen goes on, since a release that runs is in the list; or something is said for a while only.
    pub fn ticks(&self) -> bool {
        !self.toasts.is_empty() || self.screen == Screen::Releases && self.list().iter().any(runs)
    }

    /// The words that the rows of the activity have which are shown.
    pub fn narrowed(&self) -> &str {
        match self.layers.last() {
            Some(Layer::Narrow { typed }) => typed.value(),
            _ => &self.activity.narrowed,
        }
    }

    /// What a word of an action's equivalent command stands for here.
    pub fn means(&self, word: &str) -> Option<String> {
        match word {
            "IMAGE" => Some(self.image()?.name.clone()),
            "TAG" if self.screen == Screen::Tags => Some(self.tags.selected()?.tag.to_string()),
            "TAG" => Some(self.selected()?.plan.tags.last()?.tag.to_string()),
            "SECRET" => Some(self.secrets.selected()?.name.to_string()),
            "RELEASE" => Some(self.selected.as_ref()?.to_string()),
            "NAME" if self.screen == Screen::Projects => Some(self.projects.selected()?.name.to_string()),
            "CHECK" => match (self.layers.last(), self.screen) {
                (Some(Layer::Failure(failure)), _) => Some(failure.check?.to_string()),
                (_, Screen::Doctor) => Some(self.doctor.selected()?.subject.check.to_string()),
                _ => Some(self.selected()?.failure.as_ref()?.check?.to_string()),
            },
            _ => None,
        }
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

/// Whether a release has yet to end.
pub fn runs(release: &Release) -> bool {
    matches!(release.state, ReleaseState::Pending | ReleaseState::Running)
}
