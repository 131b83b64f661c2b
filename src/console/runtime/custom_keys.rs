//! The keys that the user's settings give to actions, or everything that is wrong with them, with its place in the file.

use crate::{
    commands::ground::Ground,
    config::ConfigError,
    console::action::keymap::{Keymap, Wish},
    domain::failure::Failure,
};

/// The keys that count in this console.
///
/// # Errors
/// When the settings name an action or a key that there is not, or a key that would mean two actions.
pub fn keymap(ground: &Ground) -> Result<Keymap, Failure> {
    let lines = &ground.settings.keys;
    let wishes: Vec<Wish<'_>> = lines
        .iter()
        .map(|line| Wish { action: &line.action.word, keys: line.keys.iter().map(|key| key.word.as_str()).collect() })
        .collect();
    Keymap::with(&wishes).map_err(|misfits| {
        let mut problems: Vec<_> = misfits
            .into_iter()
            .map(|misfit| {
                let line = &lines[misfit.wish];
                let word = misfit.key.map_or(&line.action, |key| &line.keys[key]);
                word.problem(&misfit.message, misfit.suggestion.as_deref())
            })
            .collect();
        problems.sort_by_key(|problem| (problem.line, problem.column));
        let wrong = ConfigError::Invalid { file: ground.paths.settings().display().to_string(), problems };
        // What a key means is known to the console alone: no check looks at it.
        Failure { check: None, ..wrong.into() }
    })
}
