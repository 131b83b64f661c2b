//! Actions that are looked for by what they do.

use std::cmp::Reverse;

use super::{Action, Id, actions, fuzzy::score, scope::below};
use crate::console::model::{Model, Reach};

/// The actions that match what was typed, the best first; those that match alike are in the order of the table. What fits
/// not half as well as the best one was hardly meant. A key that is typed finds its actions.
pub fn found(model: &Model, typed: &str, reach: Reach) -> Vec<&'static Action> {
    const OF_KEY: i32 = i32::MAX;
    let all: Vec<&Action> = match reach {
        Reach::Here => model.keymap.reachable(below(model)).collect(),
        Reach::Everywhere => actions().filter(|action| !action.scope.is_over()).collect(),
    };
    let fits = |action: &Action| {
        let key = model.keymap.keys(action.id).iter().any(|key| key.to_string() == typed);
        let hint = action.hint.unwrap_or_default();
        let words = format!("{} {} {} {hint}", action.title, action.scope.title(), action.id.name());
        if key { Some(OF_KEY) } else { score(typed, &words) }
    };
    let itself = |action: &&Action| matches!(action.id, Id::Help | Id::Commands);
    let mut found: Vec<(i32, &Action)> =
        all.into_iter().filter(|action| !itself(action)).filter_map(|action| Some((fits(action)?, action))).collect();
    let best = found.iter().map(|(score, _)| *score).filter(|score| *score != OF_KEY).max().unwrap_or(0);
    found.retain(|(score, _)| *score >= best.min(best / 2));
    found.sort_by_key(|(score, _)| Reverse(*score));
    found.into_iter().map(|(_, action)| action).collect()
}
