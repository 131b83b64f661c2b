//! Where keys count: on which screen, in which dialog, and what of that is nearest.

use crate::console::model::{Layer, LogPane, Model, Pane, Prompt, Screen};

/// Where a key counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The known projects.
    Projects,
    /// The releases: their list, and the one that is selected.
    Releases,
    /// The tags of an image.
    Tags,
    /// The checks of the doctor.
    Doctor,
    /// What was done and said.
    Activity,
    /// The secrets of vault and project.
    Secrets,
    /// The history of one secret; before [`Scope::Secrets`].
    History,
    /// Whatever has rows, on all screens and in dialogs.
    Rows,
    /// The list of releases, when it has the focus; before [`Scope::Releases`].
    List,
    /// The log, when it has the focus; before [`Scope::Releases`].
    Log,
    /// The log, when it has the focus and lines are marked in it; before [`Scope::Log`].
    Marking,
    /// The log, when it has the focus and the steps of its build are listed; before [`Scope::Log`].
    Steps,
    /// The log, when it has the focus and something is looked for in it; before [`Scope::Log`].
    Matches,
    /// The log, when it has the focus and not all of its lines are shown; before [`Scope::Log`].
    Filtered,
    /// A dialog, which hides what is below it.
    Dialog,
    /// The help, and every dialog that is typed into: after its own keys.
    Pages,
    /// A line is typed: what is asked for, or the name of what is done for good.
    Typed,
    /// Another login of a secret is typed.
    Form,
    /// A rotation goes on, or stands.
    Wizard,
    /// A secret is typed; every other key is a character of it.
    Secret,
    /// What is looked for in the log is typed.
    Search,
    /// Words are typed that the rows have which are shown.
    Narrow,
    /// What the lines of the log have that are shown is typed.
    Filter,
    /// The help, in which letters are typed to find an action.
    Help,
    /// Below no dialog.
    Everywhere,
    /// In dialogs too.
    Always,
}

impl Scope {
    /// In the help and in the README.
    pub fn title(self) -> &'static str {
        match self {
            Self::Projects => "projects",
            Self::Releases => "releases",
            Self::Tags => "tags",
            Self::Secrets => "secrets",
            Self::History => "history of a secret",
            Self::Doctor => "doctor",
            Self::Activity => "activity",
            Self::Rows => "rows",
            Self::List => "list of releases",
            Self::Log => "log",
            Self::Marking => "log, marking",
            Self::Steps => "log, its steps",
            Self::Matches => "log, in a search",
            Self::Filtered => "log, filtered",
            Self::Dialog => "dialog",
            Self::Pages => "help, and dialogs that are typed into",
            Self::Typed => "dialog with a line to type",
            Self::Form => "form of a secret",
            Self::Wizard => "rotation",
            Self::Secret => "passphrase",
            Self::Search => "search",
            Self::Narrow => "rows, while words are typed",
            Self::Filter => "filter",
            Self::Help => "help",
            Self::Everywhere | Self::Always => "everywhere",
        }
    }

    /// In the palette: the screen or pane that is gone to for it; nothing where it counts on every one.
    pub fn place(self) -> &'static str {
        match self {
            Self::Releases | Self::List => "releases",
            Self::Log | Self::Marking | Self::Steps | Self::Matches | Self::Filtered => "log",
            Self::History => Self::Secrets.title(),
            Self::Everywhere | Self::Always => "",
            other => other.title(),
        }
    }

    /// Keys that are no action are typed here: such a key cannot be given to one.
    pub fn takes_text(self) -> bool {
        match self {
            Self::Pages
            | Self::Typed
            | Self::Form
            | Self::Secret
            | Self::Search
            | Self::Filter
            | Self::Narrow
            | Self::Help
            | Self::Always => true,
            Self::Projects
            | Self::Releases
            | Self::Tags
            | Self::Secrets
            | Self::History
            | Self::Doctor
            | Self::Activity
            | Self::Rows
            | Self::List
            | Self::Log
            | Self::Marking
            | Self::Steps
            | Self::Matches
            | Self::Filtered
            | Self::Dialog
            | Self::Wizard
            | Self::Everywhere => false,
        }
    }

    /// Lies over the screens, and is left by its own keys alone.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Dialog | Self::Wizard) || (self.takes_text() && self != Self::Always)
    }
}

/// Scopes that count at the same time: in none of these may a key mean two actions. What hides others on purpose stands
/// alone, as the matches of a search do.
pub const STACKS: &[&[Scope]] = &[
    &[Scope::List, Scope::Releases, Scope::Rows, Scope::Everywhere, Scope::Always],
    &[Scope::Log, Scope::Releases, Scope::Rows, Scope::Everywhere, Scope::Always],
    &[Scope::Tags, Scope::Rows, Scope::Everywhere, Scope::Always],
    &[Scope::Projects, Scope::Rows, Scope::Everywhere, Scope::Always],
    &[Scope::History, Scope::Secrets, Scope::Rows, Scope::Everywhere, Scope::Always],
    &[Scope::Doctor, Scope::Rows, Scope::Everywhere, Scope::Always],
    &[Scope::Activity, Scope::Rows, Scope::Everywhere, Scope::Always],
    &[Scope::Narrow, Scope::Always],
    &[Scope::Dialog, Scope::Rows, Scope::Always],
    &[Scope::Marking, Scope::Always],
    &[Scope::Steps, Scope::Always],
    &[Scope::Matches, Scope::Always],
    &[Scope::Filtered, Scope::Always],
    &[Scope::Typed, Scope::Pages, Scope::Always],
    &[Scope::Form, Scope::Pages, Scope::Always],
    &[Scope::Wizard, Scope::Rows, Scope::Always],
    &[Scope::Secret, Scope::Pages, Scope::Always],
    &[Scope::Search, Scope::Always],
    &[Scope::Filter, Scope::Always],
    &[Scope::Help, Scope::Pages, Scope::Always],
];

/// Where keys count now, the nearest first.
pub fn scopes(model: &Model) -> &'static [Scope] {
    match model.layers.last() {
        Some(Layer::Secret { .. }) => &[Scope::Secret, Scope::Pages, Scope::Always],
        Some(Layer::Form(_)) => &[Scope::Form, Scope::Pages, Scope::Always],
        Some(Layer::Wizard(_)) => &[Scope::Wizard, Scope::Rows, Scope::Always],
        Some(Layer::Prompt { prompt: Prompt::Search, .. }) => &[Scope::Search, Scope::Always],
        Some(Layer::Prompt { prompt: Prompt::Filter, .. }) => &[Scope::Filter, Scope::Always],
        Some(Layer::Narrow { .. }) => &[Scope::Narrow, Scope::Always],
        Some(Layer::Help { .. }) => &[Scope::Help, Scope::Pages, Scope::Always],
        Some(Layer::Confirm(confirm)) if confirm.typed.is_some() => &[Scope::Typed, Scope::Pages, Scope::Always],
        Some(Layer::Ask(_)) => &[Scope::Typed, Scope::Pages, Scope::Always],
        Some(_) => &[Scope::Dialog, Scope::Rows, Scope::Always],
        None => below(model),
    }
}

/// Where keys count while no dialog is open.
pub fn below(model: &Model) -> &'static [Scope] {
    use Scope::{
        Activity, Always, Doctor, Everywhere, Filtered, History, List, Log, Marking, Matches, Projects, Releases, Rows,
        Secrets, Steps, Tags,
    };
    match (model.screen, model.focus) {
        (Screen::Releases, Pane::List) => &[List, Releases, Rows, Everywhere, Always],
        (Screen::Releases, Pane::Log) => {
            let LogPane { marking, tree, search, filter, .. } = &model.log;
            match (marking.is_some(), tree.chosen.is_some(), search.is_some(), filter.is_some()) {
                (true, _, true, _) => &[Marking, Matches, Log, Releases, Rows, Everywhere, Always],
                (true, _, false, _) => &[Marking, Log, Releases, Rows, Everywhere, Always],
                (_, true, true, _) => &[Steps, Matches, Log, Releases, Rows, Everywhere, Always],
                (_, true, false, _) => &[Steps, Log, Releases, Rows, Everywhere, Always],
                (_, _, true, _) => &[Matches, Log, Releases, Rows, Everywhere, Always],
                (_, _, _, true) => &[Filtered, Log, Releases, Rows, Everywhere, Always],
                _ => &[Log, Releases, Rows, Everywhere, Always],
            }
        }
        (Screen::Tags, _) => &[Tags, Rows, Everywhere, Always],
        (Screen::Secrets, _) if model.secrets.history.is_some() => &[History, Secrets, Rows, Everywhere, Always],
        (Screen::Secrets, _) => &[Secrets, Rows, Everywhere, Always],
        (Screen::Doctor, _) => &[Doctor, Rows, Everywhere, Always],
        (Screen::Activity, _) => &[Activity, Rows, Everywhere, Always],
        (Screen::Projects, _) => &[Projects, Rows, Everywhere, Always],
    }
}
