//! The checks of the doctor.

use ratatui::crossterm::event::KeyCode;

use super::on;
use crate::console::{
    action::{Action, Id, Scope, action, keymap::Key},
    press::doctor,
};

pub const ROWS: &[Action] = &[
    action(Id::Examine, Scope::Doctor, &[Key::char('r')], "run every check again", doctor::all)
        .hinted("run all")
        .same_as("doctor"),
    action(
        Id::ExamineOne,
        Scope::Doctor,
        &[on(KeyCode::Enter), Key::char('c')],
        "run the selected check alone",
        doctor::one,
    )
    .hinted("run this one")
    .same_as("doctor CHECK")
    .unless(doctor::no_check),
    action(
        Id::Define,
        Scope::Doctor,
        &[Key::char('w')],
        "write the definition of the tasks that make releases",
        doctor::define,
    )
    .same_as("init --taskcluster")
    .unless(doctor::cannot_define),
    action(
        Id::Found,
        Scope::Doctor,
        &[Key::char('z')],
        "give what was found the whole screen, or take it back",
        doctor::zoom,
    )
    .hinted("all that was found")
    .unless(doctor::no_check),
];
