//! What the console knows, and what of it is on the screen. Changed by [`super::update`] alone. What it is made of is in
//! the files of this folder, with what each can be asked.

pub mod activity;
mod doctor;
mod doing;
mod errand;
pub mod fault;
pub mod layer;
mod loaded;
mod log;
mod marking;
pub mod masked;
mod project;
mod projects;
mod releases;
pub mod remote;
mod said;
pub mod search;
mod secret_form;
mod secrets;
mod standing;
mod step_tree;
mod tags;
mod terminal;
mod toasts;
pub mod typing;
mod wizard;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use self::activity::Activity;
pub use self::{
    doctor::{CheckRow, DoctorPane, Subject, Which},
    doing::Doing,
    errand::{Errand, NewKey, NewLogin, NotSet, SecretNews},
    fault::Fault,
    layer::{Ask, Choice, Confirm, Layer, Line, Menu, Prompt, Reach},
    loaded::{Loaded, Reload},
    log::{LogPane, LogState, Mode, Seen, Sight},
    marking::Marking,
    project::{Image, Project},
    projects::{KnownProject, Past, ProjectsPane},
    releases::{Older, runs},
    remote::{Fetch, Remote},
    search::{Goal, Match, Scan, Scanned, Search},
    secret_form::{Change, Field, KeyForm, Offer, SecretForm, There},
    secrets::{Checked, Holdings, SecretsPane},
    standing::{Around, Known, Standing},
    step_tree::{Row, StepTree, StepsRead},
    tags::{Depth, Inquiry, TagsPane},
    terminal::{Look, Mouse},
    toasts::{Toasts, ending},
    wizard::Wizard,
};
use super::action::keymap::{Key, Keymap};
use crate::domain::{holdings::Unfinished, name::ReleaseId, release::Release, verdict::Verdict};

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
    /// What was typed last, while a worker does it: it is there again where that fails.
    pub carried_out: Option<Box<Ask>>,
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
            carried_out: None,
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

    /// The log has a line below it: something is typed there, or is looked for.
    pub fn searches(&self) -> bool {
        self.log.search.is_some()
            || self.log.filter.is_some()
            || matches!(self.layers.first(), Some(Layer::Prompt { .. }))
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
}
