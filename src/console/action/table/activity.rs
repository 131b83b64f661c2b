//! What was done and said.

use crate::console::{
    action::{Action, Id, Scope, action, keymap::Key},
    press::activity,
};

pub const ROWS: &[Action] = &[
    action(Id::CopyCommand, Scope::Activity, &[Key::char('y')], "copy the command that does the same", activity::copy)
        .hinted("copy command")
        .unless(activity::no_command),
    action(
        Id::Narrow,
        Scope::Activity,
        &[Key::char('/')],
        "show only what has the words that are typed",
        activity::narrow,
    )
    .hinted("filter"),
    action(Id::ReadTrail, Scope::Activity, &[Key::char('r')], "read the audit trail again", activity::read)
        .same_as("audit"),
];
