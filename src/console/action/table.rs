//! The table of actions, in the order in which help and hints show them. Its rows are in the files of this folder.

mod activity;
mod dialogs;
mod doctor;
mod everywhere;
mod log;
mod projects;
mod releases;
mod rows;
mod secrets;
mod tags;

use ratatui::crossterm::event::KeyCode;

use super::{Action, keymap::Key};

const TABLE: &[&[Action]] = &[
    releases::ROWS,
    tags::ROWS,
    projects::ROWS,
    secrets::ROWS,
    doctor::ROWS,
    activity::ROWS,
    rows::ROWS,
    log::ROWS,
    dialogs::ROWS,
    everywhere::ROWS,
];

/// Every row, in its order.
pub fn actions() -> impl Iterator<Item = &'static Action> {
    TABLE.iter().copied().flatten()
}

const fn on(code: KeyCode) -> Key {
    Key::of(code)
}

/// Begins the keys that go somewhere.
const GO: Key = Key::char('g');
