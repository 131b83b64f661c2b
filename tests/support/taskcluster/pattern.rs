//! Regular expressions by their text, each compiled once: every request meets several.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex},
};

use regex::Regex;

static COMPILED: LazyLock<Mutex<HashMap<&'static str, &'static Regex>>> = LazyLock::new(Mutex::default);

/// It stays for as long as the tests run: a copy would begin without what it has learnt of its texts.
pub fn pattern(text: &'static str) -> &'static Regex {
    let mut compiled = COMPILED.lock().unwrap();
    compiled.entry(text).or_insert_with(|| Box::leak(Box::new(Regex::new(text).unwrap())))
}
