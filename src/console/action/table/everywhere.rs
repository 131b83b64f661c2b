//! From screen to screen, and out.

use super::GO;
use crate::console::{
    action::{Action, Id, Scope, action, keymap::Key},
    press::{activity, doctor, layers, leaving, log, outside, screens, secrets},
};

pub const ROWS: &[Action] = &[
    action(Id::Releases, Scope::Everywhere, &[Key::char('1')], "releases", screens::releases).same_as("releases"),
    action(Id::Tags, Scope::Everywhere, &[Key::char('2')], "tags: registry and record side by side", screens::tags)
        .same_as("tags --image IMAGE"),
    action(
        Id::Secrets,
        Scope::Everywhere,
        &[Key::char('3')],
        "secrets: what there is and what is missing",
        secrets::open,
    )
    .same_as("secret list"),
    action(Id::Doctor, Scope::Everywhere, &[Key::char('4')], "doctor: what a release stands on", doctor::open)
        .same_as("doctor"),
    action(Id::Activity, Scope::Everywhere, &[Key::char('5')], "activity, and the audit trail", activity::open)
        .same_as("audit"),
    action(Id::Page, Scope::Releases, &[Key::char('o')], "read the log in your pager", outside::page)
        .same_as("log RELEASE")
        .unless(log::no_log),
    action(
        Id::BrowseCommit,
        Scope::Releases,
        &[Key::char('b')],
        "show the commit in the browser",
        outside::browse_commit,
    )
    .unless(outside::no_commit_page),
    action(Id::Edit, Scope::Everywhere, &[Key::ctrl('e')], "edit windlass.toml in your editor", outside::edit),
    action(
        Id::Projects,
        Scope::Everywhere,
        &[GO.then(Key::char('p'))],
        "the projects that are known",
        screens::projects,
    ),
    action(
        Id::Mouse,
        Scope::Everywhere,
        &[Key::char('M')],
        "give the mouse to the terminal, to select text; or take it back",
        screens::mouse,
    ),
    action(Id::NextImage, Scope::Everywhere, &[Key::char('I')], "mean the project's next image", screens::next_image)
        .hinted("next image")
        .unless(screens::one_image),
    action(
        Id::Commands,
        Scope::Everywhere,
        &[Key::char(':')],
        "find an action of any screen, and do it",
        layers::commands,
    )
    .hinted("commands"),
    action(Id::Help, Scope::Everywhere, &[Key::char('?')], "find an action that counts here, and do it", layers::help)
        .hinted("help"),
    action(Id::Quit, Scope::Everywhere, &[Key::char('q')], "leave; what runs goes on", leaving::quit).hinted("quit"),
    action(
        Id::Interrupt,
        Scope::Always,
        &[Key::ctrl('c')],
        "close the dialog; twice: leave, what runs goes on",
        leaving::interrupt,
    ),
    action(Id::Suspend, Scope::Always, &[Key::ctrl('z')], "suspend the console; fg brings it back", leaving::suspend),
];
