//! The dialogs about actions of decision tasks: which there are, what one is given, and what it would do.

use tui_input::Input;

use crate::{
    console::{
        effect::Effect,
        model::{Ask, Choice, Confirm, Line, Menu},
        request::{Act, Request},
    },
    domain::{
        action::{Offer, On},
        name::ReleaseId,
        sign::Tone,
        task::TaskId,
    },
    log::sanitise::plain,
};

/// A row for each action and each task that it is for; what cannot be done says why. The first that can be done to the
/// chosen task is selected.
pub fn list(title: String, release: &ReleaseId, offers: Vec<Offer>, chosen: Option<&TaskId>) -> Menu {
    let rows = offers.into_iter().flat_map(|offer| {
        let on: Vec<(Option<TaskId>, String)> = match &offer.on {
            On::Group => vec![(None, "the group".to_owned())],
            On::Tasks(tasks) if tasks.is_empty() => vec![(None, "none of its tasks".to_owned())],
            On::Tasks(tasks) => tasks.iter().map(|(id, name)| (Some(id.clone()), name.clone())).collect(),
        };
        on.into_iter().map(move |(task, of)| (task, of, offer.clone()))
    });
    let rows: Vec<(Option<TaskId>, String, Offer)> = rows.collect();
    let possible = |of: &dyn Fn(Option<&TaskId>) -> bool| {
        rows.iter().position(|(task, _, offer)| offer.refused.is_none() && of(task.as_ref()))
    };
    let at = possible(&|task| task.is_some() && task == chosen).or_else(|| possible(&|_| true)).unwrap_or(0);
    let choices = rows.into_iter().map(|(task, of, Offer { name, title, refused, .. })| {
        let act = Act { release: release.clone(), name: name.clone(), task, input: None };
        Choice {
            label: name,
            note: format!("{title}, of {of}"),
            refused,
            then: vec![Effect::Prepare(Request::Act(act))],
        }
    });
    Menu { title, choices: choices.collect(), at, stays: false }
}

/// Asks what it is given; what is usual is there already.
pub fn ask(act: Act, offer: Offer) -> Ask {
    let mut lines = vec![Line::plain(offer.description.clone())];
    lines.extend(offer.fields(plain).into_iter().map(|(field, said)| Line::new(field, said, Tone::Dim)));
    lines.push(Line::plain("JSON, as its schema says"));
    Ask {
        title: act.title(),
        lines,
        typed: Input::new(offer.usual()),
        wrong: None,
        take: Box::new(move |_, typed| {
            offer.takes(typed)?;
            Ok(vec![Effect::Prepare(Request::Act(Act { input: Some(typed.to_owned()), ..act.clone() }))])
        }),
    }
}

/// What its hook is fired with, and whether it shall.
pub fn confirm(act: Act, rows: Vec<(&'static str, String)>, payload: String) -> Confirm {
    Confirm {
        title: format!("{}?", act.title()),
        lines: Line::rows(rows),
        command: Some(act.words()),
        typed: None,
        other: None,
        said: format!("firing the hook of {}", act.name),
        then: vec![Effect::Act { act, payload }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        console::{
            dialogs::Answer,
            message::Message,
            model::Layer,
            sample::{cluster, finished_task, offers, press, remote, tell},
        },
        domain::failure::Failure,
    };

    #[test]
    fn an_action_is_chosen_given_something_shown_and_done() {
        let tasks = [finished_task("build"), finished_task("push")];
        let mut model = cluster((100, 30), vec![remote(&tasks)]);
        let release = model.selected().unwrap().plan.release.clone();
        let chosen = tasks[1].step.task().cloned();
        let ask = Request::Actions { release: release.clone(), chosen: chosen.clone() };
        assert_eq!(press(&mut model, "}O"), [Effect::Prepare(ask.clone())]);
        tell(&mut model, Message::Prepared(ask.clone(), Ok(Answer::Actions(offers()))));
        let Some(Layer::Menu(menu)) = model.layers.last() else { panic!("no menu") };
        let told: Vec<_> =
            menu.choices.iter().map(|choice| (choice.label.as_str(), choice.refused.is_some())).collect();
        assert_eq!(told, [("retrigger", false), ("retrigger", false), ("add-new-jobs", false), ("cancel-all", true)]);
        assert_eq!(menu.at, 1, "the one for the task whose log is shown");
        let act = Act { release: release.clone(), name: "retrigger".to_owned(), task: chosen, input: None };
        assert_eq!(press(&mut model, "<enter>"), [Effect::Prepare(Request::Act(act.clone()))]);
        let offer = Box::new(offers().remove(0));
        tell(&mut model, Message::Prepared(Request::Act(act.clone()), Ok(Answer::Input(offer))));
        assert_eq!(press(&mut model, "<backspace>}]<enter>"), []);
        assert!(
            matches!(&model.layers[..], [Layer::Ask(ask)] if ask.wrong.as_ref().unwrap().starts_with("it is no JSON"))
        );
        let act = Act { input: Some(r#"{"times":1}"#.to_owned()), ..act };
        assert_eq!(press(&mut model, "<backspace><enter>"), [Effect::Prepare(Request::Act(act.clone()))]);
        let rows = vec![("fires", "the hook project-x/in-tree at tc.example".to_owned())];
        let shown = Answer::Act { rows, payload: "{}".to_owned() };
        tell(&mut model, Message::Prepared(Request::Act(act.clone()), Ok(shown)));
        let Some(Layer::Confirm(confirm)) = model.layers.last() else { panic!("no question") };
        let task = act.task.clone().unwrap();
        let words = format!("action {release} retrigger --task {task} --input-stdin --yes");
        assert_eq!(confirm.command.as_ref().unwrap().join(" "), words);
        assert_eq!(press(&mut model, "y"), [Effect::Act { act, payload: "{}".to_owned() }]);
        let effects = tell(&mut model, Message::Acted(Ok((release, "retrigger: done".to_owned()))));
        assert!(effects.iter().any(|effect| matches!(effect, Effect::LookAtCluster { .. })), "{effects:?}");
        assert!(model.toasts.newest().unwrap().words.contains("retrigger: done"));
        let failed = Failure::failed("it is not known", "lost", "look");
        tell(&mut model, Message::Acted(Err(failed)));
        assert!(matches!(model.layers.last(), Some(Layer::Failure(_))));
    }
}
