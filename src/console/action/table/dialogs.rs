//! What lies over the screens: dialogs, forms, and lines that are typed.

use ratatui::crossterm::event::KeyCode;

use super::on;
use crate::console::{
    action::{Action, Id, Scope, action, keymap::Key},
    press::{doctor, layers, log, moving, screens, secret_form, wizard},
};

pub const ROWS: &[Action] = &[
    action(
        Id::Confirm,
        Scope::Dialog,
        &[Key::char('y'), on(KeyCode::Enter)],
        "yes, do what the dialog says",
        layers::confirm,
    ),
    action(Id::Other, Scope::Dialog, &[Key::char('o')], "do it the other way that the dialog names", layers::other)
        .unless(layers::no_other),
    action(
        Id::Close,
        Scope::Dialog,
        &[on(KeyCode::Esc), Key::char('n'), Key::char('q')],
        "close it, change nothing",
        layers::close,
    ),
    action(
        Id::ExplainCard,
        Scope::Dialog,
        &[Key::char('D')],
        "run the doctor's check that explains the failure",
        doctor::explain_card,
    )
    .same_as("doctor CHECK")
    .unless(doctor::unexplained_card),
    action(Id::DialogPageDown, Scope::Pages, &[on(KeyCode::PageDown)], "a page down", moving::page_down),
    action(Id::DialogPageUp, Scope::Pages, &[on(KeyCode::PageUp)], "a page up", moving::page_up),
    action(Id::TypedConfirm, Scope::Typed, &[on(KeyCode::Enter)], "yes, once the line is typed", layers::confirm),
    action(Id::TypedClose, Scope::Typed, &[on(KeyCode::Esc)], "close it, change nothing", layers::close),
    action(Id::FormGoOn, Scope::Form, &[on(KeyCode::Enter)], "on; at the end of the form, do it", secret_form::go_on),
    action(Id::FormDown, Scope::Form, &[on(KeyCode::Tab), on(KeyCode::Down)], "next field", secret_form::field_down),
    action(Id::FormUp, Scope::Form, &[on(KeyCode::BackTab), on(KeyCode::Up)], "previous field", secret_form::field_up),
    action(
        Id::FormDocker,
        Scope::Form,
        &[Key::ctrl('o')],
        "take Docker's login, or type one",
        secret_form::take_docker,
    ),
    action(
        Id::FormReplace,
        Scope::Form,
        &[Key::ctrl('r')],
        "replace the whole document of a secret at Taskcluster, or the login in it",
        secret_form::replace_all,
    ),
    action(Id::FormWipe, Scope::Form, &[Key::ctrl('u')], "empty the field", secret_form::wipe_field),
    action(
        Id::FormClose,
        Scope::Form,
        &[on(KeyCode::Esc)],
        "back, or close it; nothing is changed",
        secret_form::close_form,
    ),
    action(Id::WizardResume, Scope::Wizard, &[Key::char('f')], "finish the rotation", wizard::resume)
        .unless(wizard::stands_still),
    action(Id::WizardRollBack, Scope::Wizard, &[Key::char('b')], "roll it back to the old one", wizard::roll_back)
        .unless(wizard::stands_still),
    action(Id::WizardCorrect, Scope::Wizard, &[on(KeyCode::Enter)], "back to what was typed", wizard::correct)
        .unless(wizard::nothing_typed),
    action(
        Id::WizardClose,
        Scope::Wizard,
        &[on(KeyCode::Esc), Key::char('q')],
        "close it; what runs goes on",
        layers::close,
    ),
    action(Id::Answer, Scope::Secret, &[on(KeyCode::Enter)], "give the passphrase", layers::answer),
    action(Id::NoAnswer, Scope::Secret, &[on(KeyCode::Esc)], "give none, change nothing", layers::close),
    action(Id::Wipe, Scope::Secret, &[Key::ctrl('u')], "begin again", layers::wipe),
    action(Id::SearchRun, Scope::Search, &[on(KeyCode::Enter)], "search the whole log", log::search).hinted("search"),
    action(Id::SearchClose, Scope::Search, &[on(KeyCode::Esc)], "search nothing new", layers::close).hinted("close"),
    action(
        Id::NarrowKeep,
        Scope::Narrow,
        &[on(KeyCode::Enter)],
        "keep to these; look a digest up",
        screens::keep_narrowed,
    )
    .hinted("keep"),
    action(Id::NarrowEnd, Scope::Narrow, &[on(KeyCode::Esc)], "show all again", screens::end_narrowed)
        .hinted("show all"),
    action(Id::FilterKeep, Scope::Filter, &[on(KeyCode::Enter)], "keep the filter", log::keep_filter).hinted("keep"),
    action(Id::FilterEnd, Scope::Filter, &[on(KeyCode::Esc)], "show all lines again", log::end_filter)
        .hinted("all lines"),
    action(Id::HelpDown, Scope::Help, &[on(KeyCode::Down)], "next action", moving::down),
    action(Id::HelpUp, Scope::Help, &[on(KeyCode::Up)], "previous action", moving::up),
    action(Id::HelpRun, Scope::Help, &[on(KeyCode::Enter)], "do it", layers::run_chosen),
    action(Id::HelpClose, Scope::Help, &[on(KeyCode::Esc)], "close the help", layers::close),
];
