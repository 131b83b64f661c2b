//! The one dialog that shows what is done with each of several releases.

use jiff::Timestamp;

use crate::{
    console::{
        dialogs::Answer,
        model::{Confirm, Layer, Line},
        request::Several,
    },
    domain::{
        failure::Failure,
        sign::{Signs, Tone},
    },
};

/// One question for all that can be done.
pub fn layer(several: &Several, answers: Vec<Result<Answer, Failure>>, signs: Signs, now: Timestamp) -> Layer {
    let (mut lines, mut then, mut done, mut failures) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for ((id, request), answer) in several.each.iter().zip(answers) {
        match answer.map(|answer| answer.layer(request, signs, now)) {
            Ok(Layer::Confirm(confirm)) => {
                lines.extend((!lines.is_empty()).then(|| Line::plain("")));
                lines.extend(confirm.lines);
                then.extend(confirm.then);
                done.push(id);
            }
            Ok(Layer::Failure(failure)) | Err(failure) => failures.push((id, failure)),
            Ok(_) => {}
        }
    }
    match failures.first() {
        Some((_, failure)) if done.is_empty() => return Layer::Failure(failure.clone()),
        _ => {}
    }
    let failed = failures.iter().map(|(id, failure)| (*id, format!("{}: {}", failure.what, failure.why)));
    let refused = several.refused.iter().map(|(id, reason)| (id, reason.clone()));
    let left = failed.chain(refused);
    lines.extend(left.map(|(id, reason)| Line::new("left", format!("{id}: {reason}"), Tone::Notice)));
    Layer::Confirm(Box::new(Confirm {
        title: format!("{}?", several.title()),
        lines,
        command: Some(several.words_of(done.into_iter())),
        typed: None,
        other: None,
        then,
        said: several.said(),
    }))
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::{
        console::{
            effect::Effect,
            message::Message,
            model::Model,
            request::Request,
            sample::{cluster, console, finished_task, press, remote, running, running_task, task_facts, tell},
            view::tests::{SIZES, never_sees, sees},
        },
        domain::{
            again::{Manner, Which, again},
            ending::ending,
            name::ReleaseId,
            release::{Release, StepView},
            task::TaskState,
        },
    };

    const OTHER: &str = "C4aOXckdTn2WQb3eqvZwRw";
    const THIRD: &str = "dSlITZ4yQgmvxxAi4A8fHQ";

    fn named(id: &str, tasks: &[StepView]) -> Release {
        let mut release = remote(tasks);
        release.plan.release = id.parse().unwrap();
        release
    }

    fn ended() -> [StepView; 2] {
        [finished_task("build"), finished_task("push")]
    }

    /// Two that have ended and are marked, and one that runs.
    fn two_marked(size: (u16, u16)) -> Model {
        let runs = named(THIRD, &[finished_task("build"), running_task("push")]);
        let mut model = cluster(size, vec![remote(&ended()), named(OTHER, &ended()), runs]);
        press(&mut model, "mm");
        model
    }

    /// What is asked of two marked ones, of which one may be run again.
    pub(in crate::console) fn asked(size: (u16, u16)) -> (Model, Request, Answer) {
        let mut model = two_marked(size);
        let [Effect::Prepare(request)] = &press(&mut model, "e")[..] else { panic!("nothing is found out") };
        let request = request.clone();
        let may = task_facts(&["queue:rerun-task-in-project:balrog"]);
        let again = |facts| Ok(Answer::Again(Box::new(again(facts, &Which::Whole, Manner::Rerun).unwrap())));
        let answers = vec![again(&may), again(&task_facts(&[]))];
        (model, request, Answer::Several(answers))
    }

    #[test]
    fn releases_of_taskcluster_are_marked_and_those_of_this_machine_are_not() {
        let mut model = two_marked(SIZES[1]);
        let ids: Vec<String> = model.marked().map(|release| release.plan.release.to_string()).collect();
        assert_eq!(ids, ["f18OCIBgRoSL6-8OrQg82Q", OTHER]);
        assert_eq!(model.selected().unwrap().plan.release.as_str(), THIRD, "the next one is reached");
        sees(&model, &["Releases · 2 marked", "◆"]);
        press(&mut model, "km");
        sees(&model, &["Releases · 1 marked"]);
        press(&mut model, "<esc>");
        never_sees(&model, "marked");
        let mut model = console(SIZES[1], vec![running(1)]);
        press(&mut model, "m");
        assert!(model.toasts.newest().unwrap().words.contains("is of this machine"));
        assert!(model.marked.is_empty());
    }

    #[test]
    fn what_can_be_done_is_one_question_and_what_cannot_says_why() {
        for size in SIZES {
            let (mut model, request, answer) = asked(size);
            assert_eq!(request.words().join(" "), format!("rerun f18OCIBgRoSL6-8OrQg82Q {OTHER} --yes"));
            tell(&mut model, Message::Prepared(request, Ok(answer)));
            sees(&model, &["Re-run tasks of marked releases?", "f18OCIBgRoSL6-8OrQg82Q at tc.example"]);
            press(&mut model, "GG");
            sees(&model, &[&format!("left    {OTHER}"), "windlass rerun f18OCIBgRoSL6-8OrQg82Q --yes"]);
            let words = ["rerun", "f18OCIBgRoSL6-8OrQg82Q", "--yes"].map(str::to_owned).to_vec();
            assert_eq!(press(&mut model, "y"), [Effect::Start { words }]);
            let id: ReleaseId = "f18OCIBgRoSL6-8OrQg82Q".parse().unwrap();
            assert_eq!(model.marked.len(), 2);
            tell(&mut model, Message::Started(Ok(id)));
            assert_eq!(model.marked.iter().map(ReleaseId::as_str).collect::<Vec<_>>(), [OTHER], "this one is done");
        }
    }

    #[test]
    fn of_marked_ones_those_that_run_are_cancelled() {
        let mut model = two_marked(SIZES[1]);
        assert_eq!(press(&mut model, "x"), []);
        assert!(model.toasts.newest().unwrap().words.contains("f18OCIBgRoSL6-8OrQg82Q has ended"));
        press(&mut model, "m");
        let effects = press(&mut model, "x");
        let [Effect::Prepare(request @ Request::Several(several))] = &effects[..] else { panic!("{effects:?}") };
        assert_eq!((several.each.len(), several.refused.len()), (1, 2));
        assert_eq!(request.words().join(" "), format!("cancel {THIRD} --yes"));
        let mut runs = task_facts(&["*"]);
        runs.tasks[0].status.state = TaskState::Running;
        let end = Answer::End(Box::new(ending(&runs, None, false).unwrap()));
        tell(&mut model, Message::Prepared(request.clone(), Ok(Answer::Several(vec![Ok(end)]))));
        sees(&model, &["Cancel marked releases?", "f18OCIBgRoSL6-8OrQg82Q has ended"]);
        let effects = press(&mut model, "y");
        assert!(matches!(&effects[..], [Effect::Cancel { release, .. }] if release.as_str() == THIRD), "{effects:?}");
    }

    #[test]
    fn where_nothing_can_be_done_the_first_reason_is_the_card() {
        let (mut model, request, _) = asked(SIZES[1]);
        let away = || Err(Failure::unreachable("tc.example cannot be reached", "no route", "look at the network"));
        tell(&mut model, Message::Prepared(request, Ok(Answer::Several(vec![away(), away()]))));
        assert!(matches!(model.layers.last(), Some(Layer::Failure(_))));
    }
}
