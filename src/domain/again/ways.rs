//! The ways to have tasks of a release run again, for somebody to choose from.

use super::{Facts, Manner, Which, again};
use crate::domain::{failure::Failure, task::Task};

/// One way to have tasks of a release run again, or made anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    pub which: Which,
    pub manner: Manner,
    pub label: String,
    /// What it is done to.
    pub note: String,
    /// Why it cannot be gone.
    pub refused: Option<String>,
}

/// More of them nobody chooses from.
const MOST_WAYS: usize = 20;

/// Each way: the whole of it and from each task on, first as it is, then made anew.
#[must_use]
pub fn ways(facts: &Facts) -> Vec<Way> {
    let manners = [(Manner::Rerun, ""), (Manner::Clone, "new ")];
    let of = |(manner, word): (Manner, &str)| {
        let whole = [(Which::Whole, format!("{word}{}", if manner == Manner::Rerun { "whole" } else { "tasks" }))];
        let from = |task: &Task| (Which::From(task.id().clone()), format!("{word}from {}", (facts.clean)(task.name())));
        let several = facts.ours.len() > 1;
        let from: Vec<_> = facts.ours().filter(|_| several).take(MOST_WAYS).map(from).collect();
        let all: Vec<_> =
            whole.into_iter().chain(from).map(|(which, label)| way(facts, which, manner, label)).collect();
        all
    };
    manners.into_iter().flat_map(of).collect()
}

fn way(facts: &Facts, which: Which, manner: Manner, label: String) -> Way {
    let in_words = |failure: Failure| format!("{}: {}", failure.what, failure.why.replace('\n', "; "));
    let (note, refused) = match again(facts, &which, manner) {
        Ok(again) => {
            let names: Vec<&str> = again.turns().map(|turn| turn.name.as_str()).collect();
            let after: Vec<&str> = again.follows.iter().map(|(_, name)| name.as_str()).collect();
            let then = if after.is_empty() { String::new() } else { format!(", then {}", after.join(", ")) };
            (format!("{}{then}", names.join(", ")), again.refused().map(in_words))
        }
        Err(failure) => (String::new(), Some(in_words(failure))),
    };
    Way { which, manner, label, note, refused }
}
