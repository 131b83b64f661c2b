//! The log, when it has the focus: marks, matches and steps in it.

use ratatui::crossterm::event::KeyCode;

use super::{GO, on};
use crate::console::{
    action::{Action, Id, Scope, action, keymap::Key},
    press::{log, releases},
};

pub const ROWS: &[Action] = &[
    action(Id::Right, Scope::Log, &[Key::char('l'), on(KeyCode::Right)], "to the right in long lines", log::right)
        .unless(log::wrapped),
    action(Id::Left, Scope::Log, &[Key::char('h'), on(KeyCode::Left)], "to the left in long lines", log::left)
        .unless(log::wrapped),
    action(Id::LineStart, Scope::Log, &[Key::char('0')], "to the beginning of the lines", log::line_start),
    action(Id::Mark, Scope::Log, &[Key::char('m')], "mark lines, from this one on", log::mark).unless(log::no_log),
    action(Id::Save, Scope::Log, &[Key::char('s')], "save the log to a file, without its colours", log::type_path)
        .unless(log::no_log),
    action(Id::MarkDown, Scope::Marking, &[Key::char('j'), on(KeyCode::Down)], "mark a line more", log::mark_down),
    action(Id::MarkUp, Scope::Marking, &[Key::char('k'), on(KeyCode::Up)], "back by a line", log::mark_up),
    action(
        Id::MarkPageDown,
        Scope::Marking,
        &[on(KeyCode::PageDown), Key::char(' '), Key::ctrl('f')],
        "a page more",
        log::mark_page_down,
    ),
    action(Id::MarkPageUp, Scope::Marking, &[on(KeyCode::PageUp), Key::ctrl('b')], "back by a page", log::mark_page_up),
    action(Id::MarkHalfDown, Scope::Marking, &[Key::ctrl('d')], "half a page more", log::mark_half_down),
    action(Id::MarkHalfUp, Scope::Marking, &[Key::ctrl('u')], "back by half a page", log::mark_half_up),
    action(
        Id::MarkFirst,
        Scope::Marking,
        &[GO.then(GO), on(KeyCode::Home)],
        "up to the beginning",
        log::mark_to_beginning,
    ),
    action(Id::MarkLast, Scope::Marking, &[Key::char('G'), on(KeyCode::End)], "down to the end", log::mark_to_end),
    action(Id::Copy, Scope::Marking, &[Key::char('y')], "copy the marked lines", log::copy).hinted("copy"),
    action(Id::Unmark, Scope::Marking, &[on(KeyCode::Esc)], "mark nothing", log::unmark).hinted("mark nothing"),
    action(Id::NextMatch, Scope::Matches, &[Key::char('n')], "to the next match", log::next_match)
        .hinted("next")
        .unless(log::no_match),
    action(Id::PreviousMatch, Scope::Matches, &[Key::char('N')], "to the previous match", log::previous_match)
        .hinted("previous")
        .unless(log::no_match),
    action(Id::EndSearch, Scope::Matches, &[on(KeyCode::Esc)], "end the search", log::end_search).hinted("end search"),
    action(Id::StepDown, Scope::Steps, &[Key::char('j'), on(KeyCode::Down)], "next step", log::step_down),
    action(Id::StepUp, Scope::Steps, &[Key::char('k'), on(KeyCode::Up)], "step before", log::step_up),
    action(Id::StepGo, Scope::Steps, &[on(KeyCode::Enter)], "read from this step on", log::go_to_step).hinted("read"),
    action(Id::StepsHide, Scope::Steps, &[on(KeyCode::Esc)], "hide the steps", log::hide_steps).hinted("hide"),
    action(Id::EndFilter, Scope::Filtered, &[on(KeyCode::Esc)], "show all lines again", log::end_filter)
        .hinted("all lines"),
    action(Id::Back, Scope::Log, &[on(KeyCode::Esc)], "back to the list", releases::back).hinted("list"),
];
