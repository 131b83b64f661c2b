//! Everything that a key can do: the one table from which keys, hints, help, the equivalent command and the
//! README's list of keys come.

use ratatui::crossterm::event::KeyCode;

use super::keymap::Key;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Id {
    New,
    Cancel,
    Open,
    Follow,
    Zoom,
    Search,
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
    NextMatch,
    PreviousMatch,
    EndSearch,
    Back,
    Reload,
    LookAgain,
    Identity,
    NextImage,
    Releases,
    Tags,
    Confirm,
    Close,
    DialogDown,
    DialogUp,
    Answer,
    NoAnswer,
    Wipe,
    SearchRun,
    SearchClose,
    HelpDown,
    HelpUp,
    HelpRun,
    HelpClose,
    Help,
    Quit,
    Interrupt,
    Suspend,
}

/// Where a key counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The releases: their list, and the one that is selected.
    Releases,
    /// The tags of an image.
    Tags,
    /// Whatever has rows, on both screens.
    Rows,
    /// The log, when it has the focus; before [`Scope::Releases`].
    Log,
    /// The log, when it has the focus and something is looked for in it; before [`Scope::Log`].
    Matches,
    /// A dialog, which hides what is below it.
    Dialog,
    /// A secret is typed; every other key is a character of it.
    Secret,
    /// What is looked for in the log is typed.
    Search,
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
            Self::Releases => "releases",
            Self::Tags => "tags",
            Self::Rows => "rows",
            Self::Log => "log",
            Self::Matches => "log, in a search",
            Self::Dialog => "dialog",
            Self::Secret => "passphrase",
            Self::Search => "search",
            Self::Help => "help",
            Self::Everywhere | Self::Always => "everywhere",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Danger {
    None,
    /// Changes something outside: a dialog says what, and asks.
    Asks,
}

pub struct Action {
    pub id: Id,
    /// The first is the one that hints name.
    pub keys: &'static [Key],
    pub scope: Scope,
    /// What it does, in a few words.
    pub title: &'static str,
    /// What the line at the bottom calls it; `None` keeps it out of there.
    pub hint: Option<&'static str>,
    pub danger: Danger,
    /// The words after `windlass` that do the same; `IMAGE` and `RELEASE` stand for what is selected.
    pub command: Option<&'static str>,
}

const fn action(id: Id, scope: Scope, keys: &'static [Key], title: &'static str) -> Action {
    Action { id, keys, scope, title, hint: None, danger: Danger::None, command: None }
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

    /// The row of this id.
    #[expect(clippy::missing_panics_doc, reason = "a test looks for every id in the table")]
    pub fn of(id: Id) -> &'static Self {
        ACTIONS.iter().find(|action| action.id == id).expect("every id has its row")
    }

    /// The keys as people write them.
    pub fn keys_text(&self) -> String {
        self.keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    /// The words of the equivalent command, for this image and this release.
    pub fn command_words(&self, image: &str, release: &str) -> Option<Vec<String>> {
        let word = |word: &str| match word {
            "IMAGE" => image.to_owned(),
            "RELEASE" => release.to_owned(),
            other => other.to_owned(),
        };
        Some(self.command?.split(' ').map(word).collect())
    }
}

const fn on(code: KeyCode) -> Key {
    Key::of(code)
}

/// In the order in which the help and the hints show them.
pub const ACTIONS: &[Action] = &[
    action(Id::New, Scope::Releases, &[Key::char('n')], "release an image")
        .hinted("release")
        .asking()
        .same_as("release --image IMAGE --yes"),
    action(Id::Cancel, Scope::Releases, &[Key::char('x')], "cancel the release that runs")
        .hinted("cancel")
        .asking()
        .same_as("cancel RELEASE"),
    action(Id::Open, Scope::Releases, &[on(KeyCode::Enter)], "read the log of the release")
        .hinted("log")
        .same_as("log RELEASE"),
    action(Id::Follow, Scope::Releases, &[Key::char('f')], "follow the log, or stop following")
        .hinted("follow")
        .same_as("log RELEASE --follow"),
    action(Id::Zoom, Scope::Releases, &[Key::char('z')], "give the pane the whole screen, or take it back")
        .hinted("zoom"),
    action(Id::Search, Scope::Releases, &[Key::char('/')], "search the log for a regular expression")
        .hinted("search")
        .same_as("log RELEASE --grep RE"),
    action(Id::NextPane, Scope::Releases, &[on(KeyCode::Tab)], "go to the next pane"),
    action(Id::PreviousPane, Scope::Releases, &[on(KeyCode::BackTab)], "go to the previous pane"),
    action(Id::Reload, Scope::Releases, &[Key::char('r')], "look at project and journal again").same_as("releases"),
    action(Id::LookAgain, Scope::Tags, &[Key::char('r')], "look again: fetch and hash everything now")
        .hinted("look again")
        .same_as("tags --image IMAGE --fresh"),
    action(Id::Identity, Scope::Tags, &[Key::char('i')], "switch between image ids and manifest digests")
        .hinted("image id or manifest digest"),
    action(Id::NextImage, Scope::Tags, &[on(KeyCode::Tab)], "the tags of the project's next image")
        .hinted("next image"),
    action(Id::Down, Scope::Rows, &[Key::char('j'), on(KeyCode::Down)], "next release or tag, or down a line"),
    action(Id::Up, Scope::Rows, &[Key::char('k'), on(KeyCode::Up)], "previous release or tag, or up a line"),
    action(Id::PageDown, Scope::Rows, &[on(KeyCode::PageDown), Key::char(' ')], "a page down"),
    action(Id::PageUp, Scope::Rows, &[on(KeyCode::PageUp)], "a page up"),
    action(Id::First, Scope::Rows, &[Key::char('g'), on(KeyCode::Home)], "to the beginning"),
    action(Id::Last, Scope::Rows, &[Key::char('G'), on(KeyCode::End)], "to the end, where the log follows again"),
    action(Id::Right, Scope::Log, &[Key::char('l'), on(KeyCode::Right)], "to the right in long lines"),
    action(Id::Left, Scope::Log, &[Key::char('h'), on(KeyCode::Left)], "to the left in long lines"),
    action(Id::LineStart, Scope::Log, &[Key::char('0')], "to the beginning of the lines"),
    action(Id::NextMatch, Scope::Matches, &[Key::char('n')], "to the next match").hinted("next"),
    action(Id::PreviousMatch, Scope::Matches, &[Key::char('N')], "to the previous match").hinted("previous"),
    action(Id::EndSearch, Scope::Matches, &[on(KeyCode::Esc)], "end the search").hinted("end search"),
    action(Id::Back, Scope::Log, &[on(KeyCode::Esc)], "back to the list").hinted("list"),
    action(Id::Confirm, Scope::Dialog, &[Key::char('y'), on(KeyCode::Enter)], "yes, do what the dialog says"),
    action(Id::Close, Scope::Dialog, &[on(KeyCode::Esc), Key::char('n'), Key::char('q')], "close it, change nothing"),
    action(Id::DialogDown, Scope::Dialog, &[Key::char('j'), on(KeyCode::Down)], "next choice"),
    action(Id::DialogUp, Scope::Dialog, &[Key::char('k'), on(KeyCode::Up)], "previous choice"),
    action(Id::Answer, Scope::Secret, &[on(KeyCode::Enter)], "give the passphrase"),
    action(Id::NoAnswer, Scope::Secret, &[on(KeyCode::Esc)], "give none, change nothing"),
    action(Id::Wipe, Scope::Secret, &[Key::ctrl('u')], "begin again"),
    action(Id::SearchRun, Scope::Search, &[on(KeyCode::Enter)], "search the whole log").hinted("search"),
    action(Id::SearchClose, Scope::Search, &[on(KeyCode::Esc)], "search nothing new").hinted("close"),
    action(Id::HelpDown, Scope::Help, &[on(KeyCode::Down)], "next action"),
    action(Id::HelpUp, Scope::Help, &[on(KeyCode::Up)], "previous action"),
    action(Id::HelpRun, Scope::Help, &[on(KeyCode::Enter)], "do it"),
    action(Id::HelpClose, Scope::Help, &[on(KeyCode::Esc)], "close the help"),
    action(Id::Releases, Scope::Everywhere, &[Key::char('1')], "releases").same_as("releases"),
    action(Id::Tags, Scope::Everywhere, &[Key::char('2')], "tags: registry and record side by side")
        .same_as("tags --image IMAGE"),
    action(Id::Help, Scope::Everywhere, &[Key::char('?')], "find an action, and do it").hinted("help"),
    action(Id::Quit, Scope::Everywhere, &[Key::char('q')], "leave; what runs goes on").hinted("quit"),
    action(Id::Interrupt, Scope::Always, &[Key::ctrl('c')], "close the dialog; twice: leave, what runs goes on"),
    action(Id::Suspend, Scope::Always, &[Key::ctrl('z')], "suspend the console; fg brings it back"),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_actions_share_a_key_where_both_count() {
        for scopes in [
            &[Scope::Log, Scope::Releases, Scope::Rows, Scope::Everywhere, Scope::Always][..],
            &[Scope::Tags, Scope::Rows, Scope::Everywhere, Scope::Always],
            &[Scope::Dialog, Scope::Always],
            &[Scope::Matches, Scope::Always],
            &[Scope::Secret, Scope::Always],
            &[Scope::Search, Scope::Always],
            &[Scope::Help, Scope::Always],
        ] {
            let mut seen = HashSet::new();
            for action in ACTIONS.iter().filter(|action| scopes.contains(&action.scope)) {
                for key in action.keys {
                    assert!(seen.insert(*key), "`{key}` means {:?} and something else in {scopes:?}", action.id);
                }
            }
        }
    }

    #[test]
    fn a_search_hides_two_keys_until_it_ends() {
        let matches = ACTIONS.iter().filter(|action| action.scope == Scope::Matches).flat_map(|action| action.keys);
        let below = [Scope::Log, Scope::Releases, Scope::Everywhere, Scope::Always];
        let hidden: Vec<Id> =
            matches.filter_map(|key| super::super::keymap::action(*key, &below)).map(|a| a.id).collect();
        assert_eq!(hidden, [Id::New, Id::Back]);
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
            let Some(words) = action.command_words("app", "abcdefghij") else { continue };
            let line = std::iter::once("windlass".to_owned()).chain(words);
            crate::commands::args::Cli::try_parse_from(line).unwrap_or_else(|e| panic!("{:?}: {e}", action.id));
        }
    }

    /// The README's table of keys, as Markdown.
    fn markdown() -> String {
        use std::fmt::Write as _;
        let mut text = String::from("| where | keys | what | as a command |\n|---|---|---|---|\n");
        for action in ACTIONS {
            let keys: Vec<String> = action.keys.iter().map(|key| format!("`{key}`")).collect();
            let command = action.command.map(|words| format!("`windlass {words}`")).unwrap_or_default();
            let _ = writeln!(text, "| {} | {} | {} | {command} |", action.scope.title(), keys.join(" "), action.title);
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
