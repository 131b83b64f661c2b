//! How thoroughly tags are looked at.

use crate::console::{
    effect::Effect,
    model::{Choice, Menu},
};

/// The two ways to verify.
pub fn how_thoroughly(title: String, then: impl Fn(bool) -> Effect) -> Menu {
    let choice = |label: &str, note: &str, deep| Choice {
        label: label.to_owned(),
        note: note.to_owned(),
        refused: None,
        then: vec![then(deep)],
    };
    let choices = vec![
        choice("verify", "manifest and config are fetched and hashed now", false),
        choice("deep", "and every layer, packed and unpacked: all of the image is fetched", true),
    ];
    Menu { title, choices, at: 0, stays: false }
}
