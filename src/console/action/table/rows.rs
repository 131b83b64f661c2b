//! Whatever has rows, on all screens and in dialogs.

use ratatui::crossterm::event::KeyCode;

use super::{GO, on};
use crate::console::{
    action::{Action, Id, Scope, action, keymap::Key},
    press::moving,
};

pub const ROWS: &[Action] = &[
    action(Id::Down, Scope::Rows, &[Key::char('j'), on(KeyCode::Down)], "next row, or down a line", moving::down),
    action(Id::Up, Scope::Rows, &[Key::char('k'), on(KeyCode::Up)], "previous row, or up a line", moving::up),
    action(
        Id::PageDown,
        Scope::Rows,
        &[on(KeyCode::PageDown), Key::char(' '), Key::ctrl('f')],
        "a page down",
        moving::page_down,
    ),
    action(Id::PageUp, Scope::Rows, &[on(KeyCode::PageUp), Key::ctrl('b')], "a page up", moving::page_up),
    action(Id::HalfDown, Scope::Rows, &[Key::ctrl('d')], "half a page down", moving::half_down),
    action(Id::HalfUp, Scope::Rows, &[Key::ctrl('u')], "half a page up", moving::half_up),
    action(Id::First, Scope::Rows, &[GO.then(GO), on(KeyCode::Home)], "to the beginning", moving::first),
    action(
        Id::Last,
        Scope::Rows,
        &[Key::char('G'), on(KeyCode::End)],
        "to the end, where the log follows again",
        moving::last,
    ),
];
