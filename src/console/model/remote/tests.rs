//! What is looked at and when, and what of it is shown.

use super::*;
use crate::{
    console::{
        dialogs::Answer,
        message::{Listing, Message, News},
        model::Project,
        request::Request,
        sample::{
            cluster, console, finished_task, look, now, press, project, remote, running, running_task, signed_in, tell,
        },
        view::tests::{SIZES, never_sees, sees},
    },
    domain::{
        again::{Manner, Way, Which},
        asker::Asker,
    },
};

const SIZE: (u16, u16) = (100, 30);

fn with_cluster() -> Project {
    Project { cluster: Some("tc.example".to_owned()), ..project() }
}

/// The effects that look at Taskcluster.
fn looks(effects: &[Effect]) -> Vec<String> {
    let seconds = |after: &Duration| after.as_secs();
    let told = effects.iter().filter_map(|effect| match effect {
        Effect::LookAtCluster { after, .. } => Some(format!("list in {}", seconds(after))),
        Effect::LookAtTasks { release, after, .. } => Some(format!("{release} in {}", seconds(after))),
        Effect::FetchLog { run } => Some(format!("log of {run}")),
        _ => None,
    });
    told.collect()
}

#[test]
fn without_a_deployment_nothing_is_looked_at() {
    let mut model = console(SIZE, vec![running(1)]);
    assert_eq!(looks(&tell(&mut model, Message::Tick)), [""; 0]);
}

#[test]
fn the_list_is_looked_at_every_minute_while_it_is_on_the_screen() {
    let mut model = Model::new(SIZE, look(), now());
    let effects = tell(&mut model, Message::Project(Ok(with_cluster())));
    assert_eq!(looks(&effects), ["list in 0"]);
    assert_eq!(looks(&tell(&mut model, Message::Tick)), [""; 0], "it is on its way");
    tell(&mut model, Message::Releases(Ok(Listing { releases: vec![running(1)], damaged: 0 })));
    let effects = tell(&mut model, Message::Cluster(1, Ok(vec![remote(&[])])));
    assert_eq!(looks(&effects), ["list in 60"]);
    assert_eq!(model.list().len(), 2);
    press(&mut model, "2");
    assert_eq!(looks(&tell(&mut model, Message::Cluster(2, Ok(vec![remote(&[])])))), [""; 0], "nobody looks");
    assert_eq!(looks(&press(&mut model, "1")), ["list in 60"]);
    press(&mut model, "r");
    let effects = tell(&mut model, Message::Project(Ok(with_cluster())));
    assert_eq!(looks(&effects), ["list in 0"], "somebody wants it now");
    assert_eq!(looks(&tell(&mut model, Message::Cluster(3, Ok(Vec::new())))), [""; 0], "an earlier look");
    assert_eq!(model.list().len(), 2);
}

#[test]
fn a_release_that_runs_is_looked_at_until_it_ends_and_its_log_comes_in_once() {
    let mut model = cluster(SIZE, vec![remote(&[])]);
    let id = model.selected().unwrap().plan.release.clone();
    let runs = remote(&[finished_task("build"), running_task("push")]);
    let effects = tell(&mut model, Message::Tasks(id.clone(), 1, Ok(Box::new(runs))));
    let push = running_task("push").step.task().unwrap().clone();
    assert_eq!(looks(&effects), [format!("{id} in 3"), format!("log of {push}.0")]);
    let key = ReleaseId::of_run(&push, 0);
    assert_eq!(model.log.release.as_ref(), Some(&key));
    tell(&mut model, Message::Log(key.clone(), Ok(None)));
    let effects = tell(&mut model, Message::News(key.clone(), News::Log(3)));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::ReadLog { release, .. } if *release == key)));
    let ended = remote(&[finished_task("build"), finished_task("push")]);
    let effects = tell(&mut model, Message::Tasks(id.clone(), 2, Ok(Box::new(ended))));
    assert_eq!(looks(&effects), [""; 0]);
    assert!(model.toasts.iter().any(|toast| toast.words.contains("succeeded")), "its end is said");
    assert_eq!(looks(&press(&mut model, "{")), [format!("log of {}.0", finished_task("build").step.task().unwrap())]);
    assert_eq!(looks(&press(&mut model, "}{")), [""; 0], "they are here");
}

#[test]
fn what_fails_is_said_once_and_what_was_seen_stays() {
    let mut model = cluster(SIZE, vec![remote(&[])]);
    let away = || Failure::unreachable("tc.example cannot be reached", "no route", "look at the network");
    let turn = model.remote.list.turn;
    tell(&mut model, Message::Cluster(turn, Err(away())));
    tell(&mut model, Message::Cluster(turn + 1, Err(away())));
    let said = model.toasts.iter().filter(|toast| toast.words.contains("cannot be reached")).count();
    assert_eq!((said, model.list().len()), (1, 1));
}

#[test]
fn a_sign_in_in_a_locked_vault_is_told_and_used_once_the_vault_is_open() {
    let mut model = cluster(SIZE, vec![remote(&[])]);
    assert_eq!(press(&mut model, "u"), [], "nothing is locked");
    let locked = Asker { locked: Some("2026-11-22T09:00:00Z".parse().unwrap()), ..Asker::default() };
    tell(&mut model, Message::Asker(Ok(Some(locked))));
    model.toasts.clear();
    for size in SIZES {
        model.size = size;
        sees(&model, &["signed in, vault locked: u unlocks", "tc.example locked"]);
    }
    assert_eq!(press(&mut model, "u"), [Effect::Unlock]);
    assert_eq!(press(&mut model, "u"), [], "it is asked once");
    tell(&mut model, Message::Asked("Passphrase: ".to_owned()));
    assert_eq!(press(&mut model, "<esc>"), [Effect::Answer(None)]);
    tell(&mut model, Message::Unlocked(Err(Failure::cancelled("the vault stays locked", ""))));
    assert!(model.layers.is_empty());
    assert_eq!(press(&mut model, "u"), [Effect::Unlock]);
    assert_eq!(tell(&mut model, Message::Unlocked(Ok(()))), [Effect::SeeAsker]);
    let effects = tell(&mut model, Message::Asker(Ok(Some(signed_in("2026-11-22T09:00:00Z")))));
    assert_eq!(looks(&effects).len(), 2, "list and tasks are looked at as somebody: {effects:?}");
    never_sees(&model, "vault locked");
    // As the same client nothing is looked at again.
    assert_eq!(looks(&tell(&mut model, Message::Asker(Ok(Some(signed_in("2026-11-22T09:00:00Z")))))), [""; 0]);
}

#[test]
fn who_is_asked_as_is_seen_with_the_list_and_nothing_is_asked_for_it() {
    let mut model = cluster(SIZE, vec![remote(&[])]);
    let turn = model.remote.list.turn;
    let effects = tell(&mut model, Message::Cluster(turn, Ok(Vec::new())));
    assert_eq!(effects.iter().filter(|effect| **effect == Effect::SeeAsker).count(), 1);
    assert!(!tell(&mut model, Message::Examined).contains(&Effect::SeeAsker), "nothing is locked");
    let mut alone = console(SIZE, Vec::new());
    assert!(!tell(&mut alone, Message::Project(Ok(project()))).contains(&Effect::SeeAsker), "there is no deployment");
}

#[test]
fn what_runs_there_is_run_again_and_ended_by_the_dialogs_that_the_deployment_fills() {
    let mut model = cluster(SIZE, vec![remote(&[finished_task("build"), running_task("push")])]);
    let id = model.selected().unwrap().plan.release.clone();
    assert_eq!(press(&mut model, "e"), []);
    assert!(model.toasts.newest().unwrap().words.contains("none of its tasks has failed"));
    assert_eq!(press(&mut model, "p"), []);
    assert!(model.toasts.newest().unwrap().words.contains("runs on Taskcluster"));
    let end = Request::End { release: id.clone(), repository: model.selected().unwrap().plan.repository.clone() };
    assert_eq!(press(&mut model, "x"), [Effect::Prepare(end)]);
    press(&mut model, "<esc>");

    let mut model = cluster(SIZE, vec![remote(&[finished_task("build"), finished_task("push")])]);
    let ask = Request::TaskWays(id.clone());
    assert_eq!(press(&mut model, "e"), [Effect::Prepare(ask.clone())]);
    let way = |label: &str, which: Which, refused: Option<&str>| Way {
        which,
        manner: Manner::Clone,
        label: label.to_owned(),
        note: String::new(),
        refused: refused.map(str::to_owned),
    };
    let task = finished_task("push").step.task().unwrap().clone();
    let ways = vec![way("whole", Which::Whole, Some("too late")), way("from", Which::From(task.clone()), None)];
    tell(&mut model, Message::Prepared(ask, Ok(Answer::TaskWays(ways))));
    let again = Request::Again { release: id.clone(), which: Which::From(task.clone()), manner: Manner::Clone };
    assert_eq!(press(&mut model, "<enter>"), [Effect::Prepare(again)], "the first that can be gone is chosen");
    let request = Request::Again { release: id.clone(), which: Which::Only(vec![task.clone()]), manner: Manner::Rerun };
    assert_eq!(request.words().join(" "), format!("rerun {id} --task {task} --yes"));
}

#[test]
fn what_was_changed_from_here_is_looked_at_although_it_had_ended() {
    // Its log comes in, too.
    let looks = |effects: &[Effect]| -> Vec<String> {
        looks(effects).into_iter().filter(|look| !look.starts_with("log of")).collect()
    };
    let mut model = cluster(SIZE, vec![remote(&[])]);
    let id = model.selected().unwrap().plan.release.clone();
    let ended = remote(&[finished_task("build"), finished_task("push")]);
    assert_eq!(looks(&tell(&mut model, Message::Tasks(id.clone(), 1, Ok(Box::new(ended.clone()))))), [""; 0]);
    let effects = tell(&mut model, Message::Started(Ok(id.clone())));
    assert_eq!(looks(&effects), [format!("{id} in 0")]);
    assert_eq!(looks(&tell(&mut model, Message::Tasks(id.clone(), 2, Ok(Box::new(ended.clone()))))), [""; 0]);
    assert_eq!(looks(&tell(&mut model, Message::CancelTold(id.clone(), Ok(())))), [format!("{id} in 0")]);

    // A group that the list does not have is looked at, and is in it from then on.
    let new: ReleaseId = "LHIFqN2-Twa_NSAVguP9dw".parse().unwrap();
    let effects = tell(&mut model, Message::Started(Ok(new.clone())));
    assert_eq!(looks(&effects), [format!("{new} in 0")]);
    let mut clone = ended;
    clone.plan.release = new.clone();
    tell(&mut model, Message::Tasks(new.clone(), 1, Ok(Box::new(clone))));
    assert!(model.list().iter().any(|release| release.plan.release == new));
    assert_eq!(model.list().len(), 2);
}
