//! Regular expressions by their text, each compiled once: every request meets several.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex},
};

use regex::Regex;

static COMPILED: LazyLock<Mutex<HashMap<&'static str, Regex>>> = LazyLock::new(Mutex::default);

pub fn pattern(text: &'static str) -> Regex {
    let mut compiled = COMPILED.lock().unwrap();
    compiled.entry(text).or_insert_with(|| Regex::new(text).unwrap()).clone()
}
