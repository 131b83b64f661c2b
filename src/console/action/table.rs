//! The table of actions, in the order in which help and hints show them.

use ratatui::crossterm::event::KeyCode;

use super::{Action, Id, Scope, action};
use crate::console::{
    keymap::Key,
    press::{activity, again, doctor, layers, log, moving, outside, projects, releases, screens, secrets, tags},
    several,
};

const fn on(code: KeyCode) -> Key {
    Key::of(code)
}

/// Begins the keys that go somewhere.
const GO: Key = Key::char('g');

pub const ACTIONS: &[Action] = &[
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
    action(
        Id::LookAgain,
        Scope::Tags,
        &[Key::char('r')],
        "look again: fetch and hash everything now",
        tags::look_again,
    )
    .hinted("look again")
    .same_as("tags --image IMAGE --fresh"),
    action(Id::PointTag, Scope::Tags, &[Key::char('p')], "point the moving tag to another release", tags::point)
        .hinted("point")
        .asking()
        .same_as("point TAG RELEASE --yes")
        .unless(tags::cannot_point),
    action(Id::VerifyTag, Scope::Tags, &[Key::char('v')], "verify the tag: fetch and hash it now", tags::verify)
        .hinted("verify")
        .same_as("verify TAG --image IMAGE")
        .unless(tags::none_selected),
    action(Id::History, Scope::Tags, &[Key::char('h')], "what the tag showed, and when", tags::history)
        .hinted("history")
        .same_as("tags --image IMAGE --history TAG")
        .unless(tags::none_selected),
    action(
        Id::Evidence,
        Scope::Tags,
        &[on(KeyCode::Enter)],
        "all that is known of the tag, or the table again",
        tags::evidence,
    )
    .hinted("evidence")
    .unless(tags::none_selected),
    action(Id::TagsBack, Scope::Tags, &[on(KeyCode::Esc)], "back to the table, and to all tags", tags::back)
        .hinted("back")
        .unless(tags::nowhere_back),
    action(
        Id::NextClass,
        Scope::Tags,
        &[Key::char('f')],
        "only the bad ones, notices, unknown ones, good ones, or all",
        tags::next_class,
    )
    .hinted("filter")
    .unless(tags::no_tags),
    action(
        Id::TagName,
        Scope::Tags,
        &[Key::char('/')],
        "only tags with this in their name; of a digest, what it is",
        tags::type_name,
    )
    .hinted("find")
    .same_as("find DIGEST"),
    action(Id::CopyTag, Scope::Tags, &[Key::char('y')], "copy repository@sha256:… of what the tag shows", tags::copy)
        .unless(tags::shows_nothing),
    action(Id::BrowseTag, Scope::Tags, &[Key::char('b')], "open the registry's page of the tag", tags::browse)
        .unless(tags::no_page),
    action(
        Id::Identity,
        Scope::Tags,
        &[Key::char('i')],
        "switch between image ids and manifest digests",
        tags::identity,
    )
    .hinted("image id or manifest digest"),
    action(
        Id::TagsOfNextImage,
        Scope::Tags,
        &[on(KeyCode::Tab)],
        "the tags of the project's next image",
        screens::next_image,
    )
    .unless(screens::one_image),
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
    action(Id::Unlock, Scope::Everywhere, &[Key::char('u')], "open the vault for the sign-in in it", secrets::unlock)
        .hinted("unlock")
        .unless(secrets::not_locked),
    action(Id::SecretList, Scope::History, &[on(KeyCode::Esc)], "back to the list", secrets::list).hinted("list"),
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
    action(Id::Down, Scope::Rows, &[Key::char('j'), on(KeyCode::Down)], "next row, or down a line", moving::down),
    action(Id::Up, Scope::Rows, &[Key::char('k'), on(KeyCode::Up)], "previous row, or up a line", moving::up),
    action(Id::PageDown, Scope::Rows, &[on(KeyCode::PageDown), Key::char(' ')], "a page down", moving::page_down),
    action(Id::PageUp, Scope::Rows, &[on(KeyCode::PageUp)], "a page up", moving::page_up),
    action(Id::First, Scope::Rows, &[GO.then(GO), on(KeyCode::Home)], "to the beginning", moving::first),
    action(
        Id::Last,
        Scope::Rows,
        &[Key::char('G'), on(KeyCode::End)],
        "to the end, where the log follows again",
        moving::last,
    ),
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
        &[on(KeyCode::PageDown), Key::char(' ')],
        "a page more",
        log::mark_page_down,
    ),
    action(Id::MarkPageUp, Scope::Marking, &[on(KeyCode::PageUp)], "back by a page", log::mark_page_up),
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
    action(Id::FormGoOn, Scope::Form, &[on(KeyCode::Enter)], "on; at the end of the form, do it", secrets::go_on),
    action(Id::FormDown, Scope::Form, &[on(KeyCode::Tab), on(KeyCode::Down)], "next field", secrets::field_down),
    action(Id::FormUp, Scope::Form, &[on(KeyCode::BackTab), on(KeyCode::Up)], "previous field", secrets::field_up),
    action(Id::FormDocker, Scope::Form, &[Key::ctrl('o')], "take Docker's login, or type one", secrets::take_docker),
    action(
        Id::FormReplace,
        Scope::Form,
        &[Key::ctrl('r')],
        "replace the whole document of a secret at Taskcluster, or the login in it",
        secrets::replace_all,
    ),
    action(Id::FormWipe, Scope::Form, &[Key::ctrl('u')], "empty the field", secrets::wipe_field),
    action(
        Id::FormClose,
        Scope::Form,
        &[on(KeyCode::Esc)],
        "back, or close it; nothing is changed",
        secrets::close_form,
    ),
    action(Id::WizardResume, Scope::Wizard, &[Key::char('f')], "finish the rotation", secrets::resume)
        .unless(secrets::stands_still),
    action(Id::WizardRollBack, Scope::Wizard, &[Key::char('b')], "roll it back to the old one", secrets::roll_back)
        .unless(secrets::stands_still),
    action(Id::WizardCorrect, Scope::Wizard, &[on(KeyCode::Enter)], "back to what was typed", secrets::correct)
        .unless(secrets::nothing_typed),
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
    action(Id::Quit, Scope::Everywhere, &[Key::char('q')], "leave; what runs goes on", screens::quit).hinted("quit"),
    action(
        Id::Interrupt,
        Scope::Always,
        &[Key::ctrl('c')],
        "close the dialog; twice: leave, what runs goes on",
        screens::interrupt,
    ),
    action(Id::Suspend, Scope::Always, &[Key::ctrl('z')], "suspend the console; fg brings it back", screens::suspend),
];
