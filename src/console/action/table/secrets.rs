//! The secrets of vault and project.

use ratatui::crossterm::event::KeyCode;

use super::on;
use crate::console::{
    action::{Action, Id, Scope, action, keymap::Key},
    press::{secrets, sign_in},
};

pub const ROWS: &[Action] = &[
    action(Id::SecretSet, Scope::Secrets, &[Key::char('s')], "set a secret, or its vault too", secrets::set)
        .hinted("set")
        .asking()
        .same_as("secret set SECRET")
        .unless(secrets::cannot_set),
    action(Id::SecretBind, Scope::Secrets, &[Key::char('b')], "let it be used for this project", secrets::bind)
        .hinted("bind")
        .asking()
        .same_as("secret bind SECRET")
        .unless(secrets::cannot_bind),
    action(Id::SecretCheck, Scope::Secrets, &[Key::char('c')], "prove that it may push", secrets::check)
        .hinted("check")
        .same_as("secret check SECRET")
        .unless(secrets::cannot_check),
    action(
        Id::SecretRotate,
        Scope::Secrets,
        &[Key::char('t')],
        "rotate it, or take up the rotation that is open",
        secrets::rotate,
    )
    .hinted("rotate")
    .asking()
    .same_as("secret rotate SECRET")
    .unless(secrets::cannot_rotate),
    action(Id::SecretRemove, Scope::Secrets, &[Key::char('d')], "remove it from its store", secrets::remove)
        .hinted("remove")
        .asking()
        .same_as("secret remove SECRET")
        .unless(secrets::cannot_remove),
    action(Id::SecretHistory, Scope::Secrets, &[Key::char('h')], "what was done to it, and by whom", secrets::history)
        .hinted("history")
        .same_as("audit")
        .unless(secrets::no_history),
    action(Id::SecretsAgain, Scope::Secrets, &[Key::char('r')], "look into stores and trail again", secrets::look)
        .same_as("secret list")
        .unless(secrets::looking),
    action(Id::Unlock, Scope::Everywhere, &[Key::char('u')], "open the vault for the sign-in in it", sign_in::unlock)
        .hinted("unlock")
        .unless(sign_in::not_locked),
    action(
        Id::SignIn,
        Scope::Everywhere,
        &[Key::char('U')],
        "sign in at the Taskcluster deployment, see who is asked as, or forget it",
        sign_in::ways,
    )
    .same_as("signin")
    .unless(sign_in::nowhere),
    action(Id::SecretList, Scope::History, &[on(KeyCode::Esc)], "back to the list", secrets::list).hinted("list"),
];
