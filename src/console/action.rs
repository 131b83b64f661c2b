//! Everything that a key can do: the one [table](ACTIONS) from which keys, hints, help, the equivalent command and
//! the README's list of keys come, and which says what is done.

mod table;

pub use self::table::ACTIONS;

use super::{effect::Effect, keymap::Key, model::Model};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Id {
    New,
    NewOf,
    Rerun,
    Point,
    Verify,
    Cancel,
    Open,
    Follow,
    Zoom,
    Search,
    Filter,
    Errors,
    Steps,
    NextTask,
    PreviousTask,
    Artifacts,
    Actions,
    NextStep,
    PreviousStep,
    Wrap,
    Times,
    NextPane,
    PreviousPane,
    Down,
    Up,
    PageDown,
    PageUp,
    First,
    Last,
    Right,
    Left,
    LineStart,
    Mark,
    MarkRelease,
    UnmarkReleases,
    Save,
    MarkDown,
    MarkUp,
    MarkPageDown,
    MarkPageUp,
    Copy,
    Unmark,
    NextMatch,
    PreviousMatch,
    EndSearch,
    EndFilter,
    StepDown,
    StepUp,
    StepGo,
    StepsHide,
    Back,
    Reload,
    OnlyImage,
    LookAgain,
    PointTag,
    VerifyTag,
    History,
    Evidence,
    TagsBack,
    NextClass,
    TagName,
    CopyTag,
    BrowseTag,
    Identity,
    TagsOfNextImage,
    OpenProject,
    InitProject,
    ForgetProject,
    LookForProjects,
    SecretSet,
    SecretBind,
    SecretCheck,
    SecretRotate,
    SecretRemove,
    SecretHistory,
    SecretList,
    SecretsAgain,
    Unlock,
    Releases,
    Tags,
    Doctor,
    Activity,
    Examine,
    ExamineOne,
    Define,
    Found,
    Explain,
    ExplainCard,
    ReadTrail,
    Narrow,
    NarrowKeep,
    NarrowEnd,
    CopyCommand,
    Projects,
    Secrets,
    NextImage,
    Confirm,
    Other,
    Close,
    DialogPageDown,
    DialogPageUp,
    TypedConfirm,
    TypedClose,
    FormGoOn,
    FormDown,
    FormUp,
    FormDocker,
    FormReplace,
    FormWipe,
    FormClose,
    WizardResume,
    WizardRollBack,
    WizardCorrect,
    WizardClose,
    Answer,
    NoAnswer,
    Wipe,
    SearchRun,
    SearchClose,
    FilterKeep,
    FilterEnd,
    HelpDown,
    HelpUp,
    HelpRun,
    HelpClose,
    Page,
    BrowseCommit,
    Edit,
    Mouse,
    Help,
    Commands,
    Quit,
    Interrupt,
    Suspend,
}

impl Id {
    /// What the user's settings call it: `new`, `next-pane`.
    pub fn name(self) -> String {
        let mut name = String::new();
        for c in format!("{self:?}").chars() {
            if c.is_ascii_uppercase() && !name.is_empty() {
                name.push('-');
            }
            name.push(c.to_ascii_lowercase());
        }
        name
    }
}

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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Danger {
    None,
    /// Changes something outside: a dialog says what, and asks.
    Asks,
}

pub struct Action {
    pub id: Id,
    /// At least one, where the user's settings name no others: [`super::keymap::Keymap`] has those that count.
    pub keys: &'static [Key],
    pub scope: Scope,
    /// What it does, in a few words.
    pub title: &'static str,
    /// What the line at the bottom calls it; `None` keeps it out of there.
    pub hint: Option<&'static str>,
    pub danger: Danger,
    /// The words after `windlass` that do the same; `IMAGE`, `RELEASE`, `TAG`, `SECRET` and `CHECK` stand for what is
    /// selected.
    pub command: Option<&'static str>,
    /// Why it cannot be done now; `None`: it can.
    pub refused: fn(&Model) -> Option<String>,
    pub run: fn(&mut Model) -> Vec<Effect>,
}

const fn action(
    id: Id,
    scope: Scope,
    keys: &'static [Key],
    title: &'static str,
    run: fn(&mut Model) -> Vec<Effect>,
) -> Action {
    Action { id, keys, scope, title, hint: None, danger: Danger::None, command: None, refused: |_| None, run }
}

impl Action {
    const fn hinted(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }

    const fn asking(mut self) -> Self {
        self.danger = Danger::Asks;
        self
    }

    const fn same_as(mut self, words: &'static str) -> Self {
        self.command = Some(words);
        self
    }

    const fn unless(mut self, refused: fn(&Model) -> Option<String>) -> Self {
        self.refused = refused;
        self
    }

    /// The row of this id.
    #[expect(clippy::missing_panics_doc, reason = "a test looks for every id in the table")]
    pub fn of(id: Id) -> &'static Self {
        ACTIONS.iter().find(|action| action.id == id).expect("every id has its row")
    }

    /// The words of the equivalent command, where each stands for what it means now; those that mean nothing else stay.
    pub fn command_words(&self, meant: impl Fn(&str) -> Option<String>) -> Option<Vec<String>> {
        let word = |word: &str| meant(word).unwrap_or_else(|| word.to_owned());
        Some(self.command?.split(' ').map(word).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_scope_counts_somewhere_and_every_name_is_one_of_the_settings() {
        for action in ACTIONS {
            assert!(STACKS.iter().any(|stack| stack.contains(&action.scope)), "{:?}", action.scope);
        }
        assert_eq!([Id::New, Id::NextPane].map(Id::name), ["new", "next-pane"]);
        let names: HashSet<String> = ACTIONS.iter().map(|action| action.id.name()).collect();
        assert_eq!(names.len(), ACTIONS.len());
    }

    #[test]
    fn a_search_hides_some_keys_until_it_ends() {
        let matches = ACTIONS.iter().filter(|action| action.scope == Scope::Matches).flat_map(|action| action.keys);
        let below = [Scope::Log, Scope::Releases, Scope::Everywhere, Scope::Always];
        let keymap = crate::console::keymap::Keymap::default();
        let hidden: Vec<Id> = matches.filter_map(|key| keymap.action(*key, &below)).map(|a| a.id).collect();
        assert_eq!(hidden, [Id::New, Id::NewOf, Id::Back]);
    }

    #[test]
    fn every_id_is_in_the_table_once_and_has_a_key() {
        let ids: HashSet<Id> = ACTIONS.iter().map(|action| action.id).collect();
        assert_eq!(ids.len(), ACTIONS.len());
        // The last one declared: all before it are there when the count is right.
        assert_eq!(ACTIONS.len(), Id::Suspend as usize + 1);
        assert!(ACTIONS.iter().all(|action| !action.keys.is_empty() && !action.title.is_empty()));
    }

    #[test]
    fn every_equivalent_command_is_one() {
        use clap::Parser as _;
        for action in ACTIONS {
            let meant = |word: &str| match word {
                "CHECK" => Some("engine".to_owned()),
                "TAG" => Some("latest".to_owned()),
                _ => None,
            };
            let Some(words) = action.command_words(meant) else { continue };
            let line = std::iter::once("windlass".to_owned()).chain(words);
            crate::commands::args::Cli::try_parse_from(line).unwrap_or_else(|e| panic!("{:?}: {e}", action.id));
        }
    }

    /// The README's table of keys, as Markdown.
    fn markdown() -> String {
        use std::fmt::Write as _;
        let mut text = String::from("| where | keys | what | name | as a command |\n|---|---|---|---|---|\n");
        for action in ACTIONS {
            let keys: Vec<String> = action.keys.iter().map(|key| format!("`{key}`")).collect();
            let command = action.command.map(|words| format!("`windlass {words}`")).unwrap_or_default();
            let (scope, name) = (action.scope.title(), action.id.name());
            let _ = writeln!(text, "| {scope} | {} | {} | `{name}` | {command} |", keys.join(" "), action.title);
        }
        text
    }

    /// Between the markers `<!-- keys -->` and `<!-- /keys -->`, where the README has them.
    #[test]
    fn the_readme_lists_these_keys() {
        let readme = include_str!("../../README.md");
        let Some((_, rest)) = readme.split_once("<!-- keys -->") else { return };
        let (listed, _) = rest.split_once("<!-- /keys -->").expect("the second marker");
        assert_eq!(listed.trim(), markdown().trim(), "paste what `right` shows into the README");
    }
}
