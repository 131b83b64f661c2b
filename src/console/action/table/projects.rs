//! The known projects.

use ratatui::crossterm::event::KeyCode;

use super::on;
use crate::console::{
    action::{Action, Id, Scope, action, keymap::Key},
    press::projects,
};

pub const ROWS: &[Action] = &[
    action(Id::OpenProject, Scope::Projects, &[on(KeyCode::Enter)], "open the project in this console", projects::open)
        .hinted("open")
        .same_as("--project NAME")
        .unless(projects::cannot_open),
    action(
        Id::InitProject,
        Scope::Projects,
        &[Key::char('i')],
        "make this folder a project: write its windlass.toml",
        projects::init,
    )
    .hinted("new project here")
    .same_as("init --yes")
    .asking()
    .unless(projects::cannot_init),
    action(Id::ForgetProject, Scope::Projects, &[Key::char('x')], "forget the project", projects::forget)
        .hinted("forget")
        .asking()
        .unless(projects::cannot_forget),
    action(Id::LookForProjects, Scope::Projects, &[Key::char('r')], "look at the known projects again", projects::look),
];
