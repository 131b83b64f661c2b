//! In which ways a release can be taken up again.

use crate::{
    console::{
        effect::Effect,
        model::{Choice, Menu},
        request::Request,
    },
    domain::{again::Way, event::Step, name::ReleaseId, release::Release},
};

/// Of one of this machine; where it stood is chosen.
pub fn steps(earlier: &Release, ways: Vec<(Option<Step>, Option<String>)>) -> Menu {
    let id = &earlier.plan.release;
    let possible: Vec<(Option<Step>, bool)> = ways.iter().map(|(first, refused)| (*first, refused.is_none())).collect();
    let choices = ways.into_iter().map(|(first, refused)| Choice {
        label: first.map_or("whole".to_owned(), |step| format!("from {}", step.name())),
        note: earlier.way(first),
        refused,
        then: vec![Effect::Prepare(Request::Rerun { release: id.clone(), first, move_tags: false })],
    });
    Menu {
        title: format!("Re-run release {id}"),
        choices: choices.collect(),
        at: earlier.best_way(&possible),
        stays: false,
    }
}

/// Of one on Taskcluster: its tasks run again, or are made anew.
pub fn tasks(request: &Request, ways: Vec<Way>) -> Menu {
    let at = ways.iter().position(|way| way.refused.is_none()).unwrap_or(0);
    let choice = |Way { which, manner, label, note, refused }: Way| {
        let again = |release: &ReleaseId| Request::Again { release: release.clone(), which, manner };
        let then = match request {
            Request::TaskWays(release) => vec![Effect::Prepare(again(release))],
            _ => Vec::new(),
        };
        Choice { label, note, refused, then }
    };
    Menu { title: request.title(), choices: ways.into_iter().map(choice).collect(), at, stays: false }
}
