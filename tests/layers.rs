//! The layers of the crate, checked path by path: imports point downwards only, and adapters do not know
//! each other. `src/lib.rs` draws the same picture.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use syn::visit::Visit;

/// Pure: no input or output, no clock, no environment.
const PURE: &[&str] = &["domain", "log"];
const ADAPTERS: &[&str] = &[
    "archive",
    "attest",
    "browser",
    "config",
    "engine",
    "git",
    "journal",
    "registry",
    "secrets",
    "spool",
    "taskcluster",
];
/// What adapters of HTTP services stand on.
const HTTP: &[&str] = &["http"];
/// What adapters that meet images stand on.
const IMAGE: &[&str] = &["image"];
const USE_CASES: &[&str] = &["doctor", "init", "keeping", "release", "rotation", "signin", "verify"];
/// Where tests stop the program: for use cases, and for what people touch.
const FAULT: &[&str] = &["fault"];
/// What people touch.
const TOP: &[&str] = &["commands", "console"];

/// What a module of the crate may name of the crate.
fn allowed(module: &str) -> Vec<&'static str> {
    let mut allowed = match module {
        "domain" => vec!["domain"],
        "log" => vec!["log", "domain"],
        "http" => vec!["http", "log"],
        "image" => vec!["image", "domain", "log"],
        "registry" => [PURE, HTTP, IMAGE].concat(),
        "taskcluster" => [PURE, HTTP].concat(),
        "archive" => [PURE, IMAGE].concat(),
        _ if ADAPTERS.contains(&module) => PURE.to_vec(),
        _ if USE_CASES.contains(&module) => [PURE, ADAPTERS, USE_CASES, FAULT].concat(),
        _ if TOP.contains(&module) => [PURE, ADAPTERS, USE_CASES, TOP, FAULT].concat(),
        other => panic!("`{other}` belongs to no layer: give it one here and in src/lib.rs"),
    };
    let own = [PURE, ADAPTERS, USE_CASES, TOP].concat().into_iter().find(|m| *m == module);
    allowed.extend(own);
    allowed
}

/// Paths of the standard library that a pure module must not name.
const IMPURE: &[&str] = &[
    "fs",
    "net::Tcp",
    "net::Udp",
    "net::ToSocketAddrs",
    "os",
    "process",
    "env",
    "thread",
    "time::Instant",
    "time::SystemTime",
];

/// What the pure part of the console may name: values and widgets, nothing that does something.
const CONSOLE: &[&str] = &["crate", "self", "super", "std", "jiff", "ratatui", "tui_input", "unicode_width", "zeroize"];

/// Which rooms of the console a room may name. Nothing goes up but the table of actions, which names what a key does.
const ROOMS: &[(&str, &[&str])] = &[
    ("request", &[]),
    ("effect", &["request", "model"]),
    ("model", &["request", "effect", "action"]),
    ("action", &["effect", "model", "press"]),
    ("dialogs", &["request", "effect", "model"]),
    ("message", &["request", "effect", "model", "dialogs"]),
    ("view", &["model", "action"]),
    ("press", &["request", "effect", "model", "action", "dialogs", "view"]),
    ("update", &["request", "effect", "model", "action", "dialogs", "message", "view", "press"]),
];
/// Of the console's tests.
const STAGE: &[&str] = &["flows", "sample", "snapshots"];

/// Collects every path that a file names, written out from its root: of `use` trees and of expressions.
#[derive(Default)]
struct Paths(BTreeSet<String>);

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(&item.tree, "");
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        self.0.insert(segments.join("::"));
        syn::visit::visit_path(self, path);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        // Tests may stand on anything.
        if !item.attrs.iter().any(|a| a.path().is_ident("cfg")) {
            syn::visit::visit_item_mod(self, item);
        }
    }
}

impl Paths {
    fn tree(&mut self, tree: &syn::UseTree, before: &str) {
        let join = |name: String| if before.is_empty() { name } else { format!("{before}::{name}") };
        match tree {
            syn::UseTree::Path(path) => self.tree(&path.tree, &join(path.ident.to_string())),
            syn::UseTree::Name(name) => drop(self.0.insert(join(name.ident.to_string()))),
            syn::UseTree::Rename(name) => drop(self.0.insert(join(name.ident.to_string()))),
            syn::UseTree::Glob(_) => drop(self.0.insert(before.to_owned())),
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.tree(item, before)),
        }
    }
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            // Tests may stand on anything.
            if path.file_name().is_some_and(|name| name != "tests") {
                sources(&path, found);
            }
        } else if path.extension().is_some_and(|e| e == "rs") && path.file_name().is_some_and(|n| n != "tests.rs") {
            found.push(path);
        }
    }
}

/// What is wrong with the paths that a file of this module names. `depth` is how far `super` reaches up to the crate.
fn violations(module: &str, depth: usize, text: &str) -> Vec<String> {
    let mut paths = Paths::default();
    paths.visit_file(&syn::parse_file(text).unwrap());
    let mut wrong = Vec::new();
    for path in &paths.0 {
        let segments: Vec<&str> = path.split("::").collect();
        let ups = segments.iter().take_while(|s| **s == "super").count();
        let named = match segments[0] {
            "crate" => segments.get(1),
            "super" if ups >= depth => segments.get(ups),
            _ => None,
        };
        if let Some(named) = named
            && !allowed(module).contains(named)
        {
            wrong.push(format!("names crate::{named}"));
        }
        let impure = path.strip_prefix("std::").filter(|rest| IMPURE.iter().any(|i| rest.starts_with(i)));
        if PURE.contains(&module) && (impure.is_some() || path == "Timestamp::now" || path.starts_with("tokio")) {
            wrong.push(format!("is pure and names {path}"));
        }
    }
    wrong
}

#[test]
fn imports_point_downwards_and_adapters_do_not_know_each_other() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    assert!(files.len() > 50, "{} files were found below src", files.len());
    let mut wrong = Vec::new();
    for file in files {
        let inside = file.strip_prefix(&src).unwrap();
        let parts: Vec<&str> = inside.iter().filter_map(|part| part.to_str()).collect();
        let [module, rest @ ..] = parts.as_slice() else { continue };
        if rest.is_empty() {
            continue; // lib.rs and main.rs know everything.
        }
        let depth = rest.len() + usize::from(rest.last() != Some(&"mod.rs"));
        let text = fs::read_to_string(&file).unwrap();
        wrong.extend(violations(module, depth, &text).into_iter().map(|w| format!("{} {w}", inside.display())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The files of the console's rooms but for its runtime, by where they are in it, and their texts.
fn console_outside_of_its_runtime() -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/console");
    let mut files = Vec::new();
    sources(&folder, &mut files);
    let inside = |file: PathBuf| (file.strip_prefix(&folder).unwrap().to_owned(), fs::read_to_string(&file).unwrap());
    let rooms = |(inside, _): &(PathBuf, String)| !inside.starts_with("runtime") && inside != Path::new("mod.rs");
    files.into_iter().map(inside).filter(rooms).collect()
}

/// What is wrong with the paths of a file of the console outside of its runtime. Expressions begin with names that
/// `use` brought in; so it is `use` that is looked at.
fn console_violations(text: &str) -> Vec<String> {
    let mut paths = Paths::default();
    let file = syn::parse_file(text).unwrap();
    file.items.iter().for_each(|item| {
        if let syn::Item::Use(item) = item {
            paths.visit_item_use(item);
        }
    });
    let mut uses = std::mem::take(&mut paths.0);
    paths.visit_file(&file);
    uses.extend(paths.0.into_iter().filter(|path| path.starts_with("crate::") || path.starts_with("std::")));
    let wrong = |path: &&String| {
        let mut segments = path.split("::").skip_while(|s| *s == "super").peekable();
        let first = segments.peek().copied().unwrap_or_default();
        let outside = path.split("::").next().is_some_and(|root| !CONSOLE.contains(&root));
        let above = first == "crate" && !matches!(segments.nth(1), Some("domain" | "log" | "console"));
        let impure = path.strip_prefix("std::").is_some_and(|rest| IMPURE.iter().any(|i| rest.starts_with(i)));
        outside || above || impure || path.contains("runtime") || path.ends_with("Timestamp::now")
    };
    uses.iter().filter(wrong).map(|path| format!("is the pure part of the console and names {path}")).collect()
}

#[test]
fn the_console_outside_of_its_runtime_is_pure() {
    let mut wrong = Vec::new();
    for (inside, text) in console_outside_of_its_runtime() {
        wrong.extend(console_violations(&text).into_iter().map(|w| format!("{} {w}", inside.display())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (forbidden, count) in [
        ("use crate::release::attach;", 1),
        ("use tokio::time::sleep;", 1),
        ("fn f() { crate::journal::Journal::open() }", 1),
        ("fn f() { std::fs::read(\"x\") }", 1),
        ("use super::runtime::jobs::Jobs;", 1),
        ("use ratatui::Frame; use crate::{console::model::Model, domain::sign::Tone}; use super::text::fit;", 0),
    ] {
        assert_eq!(console_violations(forbidden).len(), count, "{forbidden}");
    }
}

/// The rooms of the console that a file of this one names and must not. `depth` is how far `super` reaches up to the
/// console.
fn rooms_above(room: &str, depth: usize, text: &str) -> Vec<String> {
    let below = ROOMS.iter().find(|(name, _)| *name == room);
    let (_, below) = below.unwrap_or_else(|| panic!("`{room}` is no room of the console: give it a place here"));
    let mut paths = Paths::default();
    paths.visit_file(&syn::parse_file(text).unwrap());
    let named = |path: &String| {
        let segments: Vec<&str> = path.split("::").collect();
        let ups = segments.iter().take_while(|segment| **segment == "super").count();
        let named = match segments[..] {
            ["crate", "console", named, ..] => named,
            _ if ups == depth => *segments.get(ups)?,
            _ => return None,
        };
        let is_room = ROOMS.iter().any(|(name, _)| *name == named) || named == "runtime";
        (is_room && named != room && !below.contains(&named)).then(|| named.to_owned())
    };
    paths.0.iter().filter_map(named).collect()
}

#[test]
fn the_rooms_of_the_console_name_those_below_them() {
    let mut wrong = Vec::new();
    for (inside, text) in console_outside_of_its_runtime() {
        let parts: Vec<&str> = inside.iter().map(|part| part.to_str().unwrap().trim_end_matches(".rs")).collect();
        if parts.iter().any(|part| STAGE.contains(part)) {
            continue;
        }
        let depth = parts.len() - usize::from(parts.last() == Some(&"mod"));
        let above = rooms_above(parts[0], depth, &text);
        wrong.extend(above.into_iter().map(|room| format!("{} names {room}", inside.display())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let up = "use super::super::{model::Model, press::act}; fn f() { crate::console::update::update() }";
    assert_eq!(rooms_above("view", 2, up), ["update", "press"]);
    assert_eq!(rooms_above("model", 1, "use super::{effect::Effect, runtime::run};"), ["runtime"]);
}

#[test]
fn what_is_forbidden_is_found() {
    let adapter = "use crate::{domain::digest::Digest, registry::Client}; fn f() { crate::release::lock::holder() }";
    assert_eq!(
        violations("engine", 2, adapter),
        ["names crate::release", "names crate::registry"].map(String::from).into_iter().rev().collect::<Vec<_>>()
    );
    assert_eq!(violations("domain", 2, "fn f() { std::fs::read(\"x\"); }"), ["is pure and names std::fs::read"]);
    assert_eq!(violations("domain", 2, "use super::super::engine::Engine;"), ["names crate::engine"]);
    assert!(violations("release", 2, "use crate::engine::Engine; use super::lock;").is_empty());
}
