//! The known projects: what is shown of them, and what keys do.

use super::*;
use crate::{
    console::{
        message::{Drafted, Message},
        sample::{console, look, now, press, release, running, tell},
        update::begin,
        view::tests::{SIZES, never_sees, rows, sees},
    },
    domain::{
        event::{Event, Step},
        failure::Failure,
        release::Release,
    },
};

pub fn nowhere(size: (u16, u16)) -> Model {
    let mut model = Model::new(size, look(), now());
    let none = Failure::usage("this is no project of windlass", "there is no windlass.toml", "go to one");
    let effects = tell(&mut model, Message::NoProject(none));
    assert!(effects.contains(&Effect::LoadReleases(Vec::new())) && effects.contains(&Effect::LoadKnown), "{effects:?}");
    model
}

fn known(name: &str, folder: &str, past: Past) -> KnownProject {
    KnownProject { name: name.parse().unwrap(), folder: folder.to_owned(), open: false, past }
}

fn finished() -> Release {
    release(2, "2026-11-20T09:00:00Z", vec![Event::StepStarted { step: Step::Preflight }, Event::Finished])
}

/// One of each kind.
pub fn four() -> Vec<KnownProject> {
    let mistake = Failure::usage("windlass.toml has a mistake", "unknown key `imag`", "correct it");
    vec![
        known("balrog", "/home/me/balrog", Past::Last(Box::new(finished()))),
        known("docs", "/home/me/docs", Past::NoRelease),
        known("old", "/mnt/old", Past::Gone),
        known("wrong", "/home/me/wrong", Past::Wrong(mistake)),
    ]
}

#[test]
fn without_a_project_the_known_ones_are_shown_with_their_last_release() {
    for size in SIZES {
        let mut model = nowhere(size);
        sees(&model, &[" Projects  1 Releases", " 5 Activity\n", "reading the list of known projects"]);
        tell(&mut model, Message::Known(Ok(four())));
        sees(
            &model,
            &["balrog", "20 Nov", "master 3f2c1ab  succeeded", "docs", "no release yet", "its folder is gone"],
        );
        sees(&model, &["windlass.toml has a mistake", "/home/me/balrog", "enter opens it"]);
        press(&mut model, "jj");
        sees(&model, &["/mnt/old", "press x"]);
        press(&mut model, "G");
        sees(&model, &["unknown key `imag`"]);
    }
    for size in [(1, 1), (20, 5), (30, 8)] {
        let mut model = nowhere(size);
        rows(&model);
        tell(&mut model, Message::Known(Ok(four())));
        rows(&model);
    }
}

#[test]
fn a_project_is_opened_in_this_console_which_lets_go_of_the_former() {
    let mut model = console((100, 30), vec![running(1)]);
    press(&mut model, "<tab>");
    assert_eq!(press(&mut model, "gp"), [Effect::LoadKnown]);
    tell(&mut model, Message::Known(Ok(four())));
    assert_eq!(press(&mut model, "j<enter>"), [Effect::OpenProject("docs".parse().unwrap())]);
    model.say(Tone::Notice, "of the former");
    let flags = vec!["--project".to_owned(), "docs".to_owned()];
    assert_eq!(tell(&mut model, Message::Opened(Ok(flags))), begin(&mut console(SIZES[1], Vec::new())));
    assert!(model.list().is_empty() && model.followed.is_empty() && model.log.release.is_none());
    assert_eq!(model.screen, Screen::Releases);
    assert_eq!(model.command_line(&["releases".to_owned()]), "windlass --project docs releases");
    let named = ["--project".to_owned(), "other".to_owned()];
    assert_eq!(model.command_line(&named), "windlass --project other");
    assert_eq!(model.activity.rows("of the former").len(), 1);
}

#[test]
fn the_one_that_is_open_is_chosen_and_enter_goes_back_to_it() {
    let mut model = console((100, 30), vec![running(1)]);
    press(&mut model, "gp");
    let mut projects = four();
    projects[1].open = true;
    tell(&mut model, Message::Known(Ok(projects)));
    sees(&model, &["open in this console"]);
    assert!(!press(&mut model, "<enter>").contains(&Effect::LoadProject));
    assert_eq!((model.screen, model.list().len()), (Screen::Releases, 1));
}

#[test]
fn one_whose_folder_is_gone_is_not_opened_and_can_be_forgotten() {
    let mut model = nowhere((100, 30));
    tell(&mut model, Message::Known(Ok(four())));
    assert_eq!(press(&mut model, "jj<enter>"), []);
    sees(&model, &["old is not where it was"]);
    press(&mut model, "x");
    sees(&model, &["Forget project old?", "/mnt/old", "leaves the list of known projects"]);
    assert_eq!(press(&mut model, "<esc>"), []);
    assert_eq!(press(&mut model, "xy"), [Effect::Forget("old".parse().unwrap())]);
    let effects = tell(&mut model, Message::Forgotten("old".parse().unwrap(), Ok(())));
    assert_eq!(effects, [Effect::LoadKnown]);
    let mut left = four();
    left.remove(2);
    tell(&mut model, Message::Known(Ok(left)));
    never_sees(&model, "/mnt/old");
}

#[test]
fn where_none_is_known_a_project_is_made_once_what_is_written_was_shown() {
    for size in SIZES {
        let mut model = nowhere(size);
        tell(&mut model, Message::Known(Ok(Vec::new())));
        sees(&model, &["no project is known on this machine yet", "press i to make this folder one"]);
        assert_eq!(press(&mut model, "i"), [Effect::DraftProject]);
        let text =
            "# All of it.\n\n[[image]]\n# name = \"b\"\nrepository = \"docker.io/a/b\"\n\n[secret]\nname = \"s\"\n";
        let file = "/home/me/b/windlass.toml";
        let drafted = Drafted::File { file: file.to_owned(), text: text.to_owned() };
        tell(&mut model, Message::Drafted(Ok(drafted)));
        sees(&model, &["Make this folder a project?", file, "repository = \"docker.io/a/b\"", "windlass init --yes"]);
        never_sees(&model, "All of it");
        let written = Effect::WriteProject { file: file.to_owned(), text: text.to_owned() };
        assert_eq!(press(&mut model, "y"), [written]);
        assert_eq!(
            tell(&mut model, Message::Written(file.to_owned(), Ok(()))),
            begin(&mut console(SIZES[1], Vec::new()))
        );
        assert!(model.screen == Screen::Releases && !model.projects.nowhere);
        sees(&model, &["is written", "press 3, then"]);
    }
}

#[test]
fn what_a_folder_does_not_tell_is_asked_at_the_terminal() {
    let untold = || Drafted::Asks("Repository for Dockerfile: this cannot be told from what is here".to_owned());
    for size in SIZES {
        let mut model = nowhere(size);
        tell(&mut model, Message::Known(Ok(Vec::new())));
        press(&mut model, "i");
        tell(&mut model, Message::Drafted(Ok(untold())));
        sees(&model, &["Make this folder a project?", "Repository for Dockerfile", "windlass init asks", "y yes"]);
        let guest = Guest::Ours(Ours::Init);
        assert_eq!(press(&mut model, "y"), [Effect::Lend(guest.clone())]);
        let left = Failure::failed("windlass init did not do its work", "exit status: 2", "what it said is above");
        assert_eq!(tell(&mut model, Message::Returned(guest.clone(), Err(left))), []);
        sees(&model, &["windlass init did not do its work"]);
        press(&mut model, "<esc>");
        assert!(model.projects.nowhere);
        assert_eq!(
            tell(&mut model, Message::Returned(guest, Ok(()))),
            begin(&mut console(SIZES[1], Vec::new())),
            "the project that it made is read"
        );
        assert!(model.screen == Screen::Releases && !model.projects.nowhere);
    }
}

#[test]
fn read_only_forgets_and_makes_nothing() {
    let mut model = nowhere((100, 30));
    model.read_only = true;
    tell(&mut model, Message::Known(Ok(four())));
    assert_eq!(press(&mut model, "xi"), []);
    assert!(model.layers.is_empty());
    tell(&mut model, Message::Known(Ok(Vec::new())));
    never_sees(&model, "press i");
}

#[test]
fn a_mistake_in_the_list_is_shown_and_there_is_one_look_at_a_time() {
    let mut model = nowhere((100, 30));
    let mistake = Failure::usage("projects.toml has a mistake", "projects.toml:3:1", "correct it and try again");
    assert_eq!(press(&mut model, "r"), [], "one is on its way");
    assert_eq!(tell(&mut model, Message::Known(Err(mistake))), [Effect::LoadKnown]);
    sees(&model, &["projects.toml has a mistake", "projects.toml:3:1", "correct it", "then press r"]);
    assert_eq!(tell(&mut model, Message::Known(Ok(Vec::new()))), []);
    assert_eq!(press(&mut model, "r"), [Effect::LoadKnown]);
}

#[test]
fn nothing_that_a_folder_is_called_acts_on_the_terminal() {
    let mut model = nowhere((100, 30));
    let failure = Failure::usage("a\u{1b}[2Jb", "c\u{202e}d", "e");
    let odd = known("odd", "/tmp/x\u{1b}]52;c;AAAA\u{7}y\u{202e}z", Past::Wrong(failure));
    tell(&mut model, Message::Known(Ok(vec![odd])));
    let text = rows(&model).join("\n");
    assert!(text.contains("odd") && !text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
}

#[test]
fn a_release_elsewhere_is_looked_for_while_the_projects_are_shown() {
    let mut model = nowhere((100, 30));
    tell(&mut model, Message::Known(Ok(four())));
    assert!(tell(&mut model, Message::Changed).contains(&Effect::LoadKnown));
    press(&mut model, "1");
    tell(&mut model, Message::Known(Ok(four())));
    assert!(!tell(&mut model, Message::Changed).contains(&Effect::LoadKnown));
}
