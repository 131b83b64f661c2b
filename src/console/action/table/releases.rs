//! The releases: the list, the one that is selected, and its log.

use ratatui::crossterm::event::KeyCode;

use super::on;
use crate::console::{
    action::{Action, Id, Scope, action, keymap::Key},
    press::{again, doctor, log, releases, screens, several},
};

pub const ROWS: &[Action] = &[
    action(Id::New, Scope::Releases, &[Key::char('n')], "release an image", releases::new)
        .hinted("release")
        .asking()
        .same_as("release --image IMAGE --yes")
        .unless(releases::cannot_release),
    action(
        Id::NewOf,
        Scope::Releases,
        &[Key::char('N')],
        "release another commit, branch or tag, or for another platform",
        releases::new_of,
    )
    .asking()
    .same_as("release --image IMAGE --ref REF --yes")
    .unless(releases::cannot_release),
    action(
        Id::Rerun,
        Scope::Releases,
        &[Key::char('e')],
        "take the release up again, whole or from a step on",
        again::rerun,
    )
    .hinted("re-run")
    .asking()
    .same_as("rerun RELEASE --yes")
    .unless(again::cannot_rerun),
    action(Id::Point, Scope::Releases, &[Key::char('p')], "point a moving tag back to the release", again::point)
        .hinted("point")
        .asking()
        .same_as("point TAG RELEASE --yes")
        .unless(again::cannot_point),
    action(Id::Cancel, Scope::Releases, &[Key::char('x')], "cancel the release that runs", releases::cancel)
        .hinted("cancel")
        .asking()
        .same_as("cancel RELEASE")
        .unless(releases::cannot_cancel),
    action(Id::Open, Scope::List, &[on(KeyCode::Enter)], "read the log of the release", releases::open)
        .hinted("log")
        .same_as("log RELEASE")
        .unless(releases::none_selected),
    action(
        Id::MarkRelease,
        Scope::List,
        &[Key::char('m')],
        "mark the release, to run several again or cancel them",
        several::mark,
    )
    .unless(several::cannot_mark),
    action(Id::UnmarkReleases, Scope::List, &[on(KeyCode::Esc)], "take the marks away", several::unmark)
        .hinted("unmark")
        .unless(several::none_marked),
    action(Id::Follow, Scope::Releases, &[Key::char('f')], "follow the log, or stop following", log::follow)
        .hinted("follow")
        .same_as("log RELEASE --follow")
        .unless(log::no_log),
    action(
        Id::Zoom,
        Scope::Releases,
        &[Key::char('z')],
        "give the pane the whole screen, or take it back",
        releases::zoom,
    )
    .hinted("zoom"),
    action(Id::Search, Scope::Releases, &[Key::char('/')], "search the log for a regular expression", log::type_search)
        .hinted("search")
        .same_as("log RELEASE --grep RE")
        .unless(log::no_log),
    action(
        Id::Verify,
        Scope::Releases,
        &[Key::char('v')],
        "verify the release's tags: fetch and hash them now",
        again::verify,
    )
    .hinted("verify")
    .same_as("verify --image IMAGE")
    .unless(again::cannot_verify),
    action(
        Id::Filter,
        Scope::Releases,
        &[Key::char('&')],
        "show the lines of the log that match; ! in front: those that do not",
        log::type_filter,
    )
    .hinted("filter")
    .unless(log::no_log),
    action(Id::Errors, Scope::Releases, &[Key::char('E')], "to the next error in the log", log::errors)
        .unless(log::no_log),
    action(Id::Steps, Scope::Releases, &[Key::char('S')], "show the steps of the build, or hide them", log::steps)
        .hinted("steps")
        .unless(log::no_steps),
    action(Id::NextStep, Scope::Releases, &[Key::char(']')], "to the next step in the log", log::next_step)
        .unless(log::no_steps),
    action(Id::PreviousStep, Scope::Releases, &[Key::char('[')], "to the step before in the log", log::previous_step)
        .unless(log::no_steps),
    action(Id::NextTask, Scope::Releases, &[Key::char('}')], "to the log of the next task", releases::next_task)
        .unless(releases::no_tasks),
    action(
        Id::PreviousTask,
        Scope::Releases,
        &[Key::char('{')],
        "to the log of the task before",
        releases::previous_task,
    )
    .unless(releases::no_tasks),
    action(
        Id::Artifacts,
        Scope::Releases,
        &[Key::char('A')],
        "what its tasks left, to be downloaded",
        releases::artifacts,
    )
    .hinted("artifacts")
    .same_as("artifacts RELEASE")
    .unless(releases::no_artifacts),
    action(
        Id::Actions,
        Scope::Releases,
        &[Key::char('O')],
        "have an action done that its decision task offers",
        releases::actions,
    )
    .asking()
    .same_as("action RELEASE NAME --yes")
    .unless(releases::no_actions),
    action(Id::Wrap, Scope::Releases, &[Key::char('w')], "wrap long lines, or cut them", log::wrap)
        .hinted("wrap")
        .unless(log::no_log),
    action(Id::Times, Scope::Releases, &[Key::char('t')], "show when lines were said, in UTC", log::times)
        .unless(log::no_log),
    action(Id::NextPane, Scope::Releases, &[on(KeyCode::Tab)], "go to the next pane", releases::next_pane)
        .unless(releases::none_selected),
    action(Id::PreviousPane, Scope::Releases, &[on(KeyCode::BackTab)], "go to the previous pane", releases::next_pane)
        .unless(releases::none_selected),
    action(
        Id::Explain,
        Scope::Releases,
        &[Key::char('D')],
        "run the doctor's check that explains the failure",
        doctor::explain,
    )
    .hinted("what explains it")
    .same_as("doctor CHECK")
    .unless(doctor::unexplained),
    action(Id::Reload, Scope::Releases, &[Key::char('r')], "look at project and journal again", releases::reload)
        .same_as("releases"),
    action(
        Id::OnlyImage,
        Scope::Releases,
        &[Key::char('a')],
        "releases of all images, or of the one that is meant",
        releases::only_image,
    )
    .same_as("releases --image IMAGE")
    .unless(screens::one_image),
];
