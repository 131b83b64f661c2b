//! Everything that a key can do: the one [table](actions) from which keys, hints, help, the equivalent command and
//! the README's list of keys come, and which says what is done.

mod find;
mod fuzzy;
mod id;
mod key;
pub mod keymap;
mod scope;
mod table;

pub use self::{
    find::found,
    id::Id,
    scope::{STACKS, Scope, below, scopes},
    table::actions,
};

use self::keymap::Key;
use super::{effect::Effect, model::Model};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Danger {
    None,
    /// Changes something outside: a dialog says what, and asks.
    Asks,
}

pub struct Action {
    pub id: Id,
    /// At least one, where the user's settings name no others: [`keymap::Keymap`] has those that count.
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
        actions().find(|action| action.id == id).expect("every id has its row")
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
        for action in actions() {
            assert!(STACKS.iter().any(|stack| stack.contains(&action.scope)), "{:?}", action.scope);
        }
        assert_eq!([Id::New, Id::NextPane].map(Id::name), ["new", "next-pane"]);
        let names: HashSet<String> = actions().map(|action| action.id.name()).collect();
        assert_eq!(names.len(), actions().count());
    }

    #[test]
    fn a_search_hides_some_keys_until_it_ends() {
        let matches = actions().filter(|action| action.scope == Scope::Matches).flat_map(|action| action.keys);
        let below = [Scope::Log, Scope::Releases, Scope::Everywhere, Scope::Always];
        let keymap = crate::console::action::keymap::Keymap::default();
        let hidden: Vec<Id> = matches.filter_map(|key| keymap.action(*key, &below)).map(|a| a.id).collect();
        assert_eq!(hidden, [Id::New, Id::NewOf, Id::Back]);
    }

    #[test]
    fn every_id_is_in_the_table_once_and_has_a_key() {
        let ids: HashSet<Id> = actions().map(|action| action.id).collect();
        assert_eq!(ids.len(), actions().count());
        // The last one declared: all before it are there when the count is right.
        assert_eq!(actions().count(), Id::Suspend as usize + 1);
        assert!(actions().all(|action| !action.keys.is_empty() && !action.title.is_empty()));
    }

    #[test]
    fn every_equivalent_command_is_one() {
        use clap::Parser as _;
        for action in actions() {
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
        for action in actions() {
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
