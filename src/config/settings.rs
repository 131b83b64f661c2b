//! What the user decided for every project: `settings.toml`. A project cannot decide these.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{
    ConfigError, Diagnostic, Paths, read_if_any,
    section::{Reader, Section, Text},
};

/// The user's settings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// Registries that may be spoken to without TLS: `host` for every port, or `host:port`.
    pub plain_http: Vec<String>,
    /// Nothing outside is changed.
    pub read_only: bool,
    /// `[taskcluster]`: the groups of hooks that actions of decision tasks may fire.
    pub hook_groups: Vec<String>,
    /// `[keys]`, in the order of their names.
    pub keys: Vec<KeyWish>,
}

/// Keys that an action of the console is to have instead of its own. Which actions and keys there are is not known here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyWish {
    pub action: Placed,
    /// At least one.
    pub keys: Vec<Placed>,
}

/// A word of the settings, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    pub word: String,
    place: Diagnostic,
}

impl Placed {
    fn of(reader: &Reader<'_>, text: &Text<'_>) -> Self {
        Self { word: text.value.to_owned(), place: reader.place(text) }
    }

    /// What is wrong with this word.
    #[must_use]
    pub fn problem(&self, message: &str, suggestion: Option<&str>) -> Diagnostic {
        self.place.saying(message, suggestion)
    }
}

impl Settings {
    /// The settings in their file; without one, the defaults.
    ///
    /// # Errors
    /// When the file cannot be read or has mistakes.
    pub fn load(paths: &Paths) -> Result<Self, ConfigError> {
        let file = paths.settings();
        match read_if_any(&file)? {
            Some(text) => parse(&file.display().to_string(), &text),
            None => Ok(Self::default()),
        }
    }

    /// `host`, with or without a port, may be spoken to without TLS: loopback always, others by choice.
    #[must_use]
    pub fn allows_plain_http(&self, host: &str) -> bool {
        let name = without_port(host);
        loopback(name)
            || self.plain_http.iter().any(|allowed| {
                let whole = without_port(allowed).len() < allowed.len();
                allowed.eq_ignore_ascii_case(if whole { host } else { name })
            })
    }
}

/// The name of `host`, `host:port`, `[v6]` or `[v6]:port`.
fn without_port(host: &str) -> &str {
    if host.starts_with('[') {
        return host.split_inclusive(']').next().unwrap_or(host);
    }
    match host.split_once(':') {
        Some((name, port)) if !port.contains(':') => name,
        _ => host,
    }
}

fn loopback(name: &str) -> bool {
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost")
        || bare.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || bare.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback())
}

fn parse(shown: &str, text: &str) -> Result<Settings, ConfigError> {
    let mut reader = Reader::new(shown, text);
    let Some(document) = reader.document() else { return reader.finish(None) };
    let known = ["plain-http", "read-only", "keys", "taskcluster"];
    let top = Section::of("the settings", document.get_ref(), 0..0).only(&mut reader, &known);
    let hosts = top.strings(&mut reader, "plain-http").unwrap_or_default();
    let plain_http = hosts.iter().filter_map(|host| registry_host(&mut reader, host)).collect();
    let read_only = top.boolean(&mut reader, "read-only").unwrap_or_default();
    let keys =
        top.section(&mut reader, "keys", "[keys]").map(|section| keys(&mut reader, &section)).unwrap_or_default();
    let hook_groups =
        top.section(&mut reader, "taskcluster", "[taskcluster]").map(|section| hook_groups(&mut reader, section));
    let hook_groups = hook_groups.unwrap_or_default();
    reader.finish(Some(Settings { plain_http, read_only, hook_groups, keys }))
}

/// Each is named as it is: whoever may make a group in a family of names could join it.
fn hook_groups(reader: &mut Reader<'_>, section: Section<'_>) -> Vec<String> {
    let section = section.only(reader, &["hook-groups"]);
    let groups = section.strings(reader, "hook-groups").unwrap_or_default();
    let group = |text: &Text<'_>| {
        let is_name =
            !text.value.is_empty() && text.value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        if !is_name {
            let message = format!("`{}` is no group of hooks: letters, digits, `-` and `_`", text.value);
            reader.problem(text.span.clone(), &message, None);
        }
        is_name.then(|| text.value.to_owned())
    };
    groups.iter().filter_map(group).collect()
}

fn keys(reader: &mut Reader<'_>, section: &Section<'_>) -> Vec<KeyWish> {
    let mut wishes = Vec::new();
    for (action, _) in section.entries() {
        let keys = section.one_or_more(reader, action.value).unwrap_or_default();
        let keys = keys.iter().map(|key| Placed::of(reader, key)).collect();
        wishes.push(KeyWish { action: Placed::of(reader, &action), keys });
    }
    wishes
}

fn registry_host(reader: &mut Reader<'_>, text: &Text<'_>) -> Option<String> {
    let bare = text.value.trim_start_matches("http://").trim_start_matches("https://");
    let bare = bare.split('/').next().unwrap_or(bare);
    if bare == text.value && !bare.contains(|c: char| c.is_whitespace() || matches!(c, '@' | '*')) {
        return Some(bare.to_owned());
    }
    let message = format!("`{}` is not a host with an optional port", text.value);
    let suggestion = format!("did you mean `{bare}`?");
    let simpler = bare != text.value && !bare.is_empty();
    reader.problem(text.span.clone(), &message, simpler.then_some(suggestion.as_str()));
    None
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn loopback_needs_no_permission_and_nothing_looks_like_it() {
        let none = Settings::default();
        for host in ["127.0.0.1:5000", "127.9.9.9", "localhost:5000", "LOCALHOST", "[::1]:5000", "[::1]", "::1"] {
            assert!(none.allows_plain_http(host), "{host}");
        }
        for host in ["127.0.0.1.example.com", "localhost.example.com", "128.0.0.1", "[::2]:5000", "10.0.0.1:5000", ""] {
            assert!(!none.allows_plain_http(host), "{host}");
        }
    }

    #[test]
    fn a_port_that_is_named_is_meant() {
        let settings = parse("s", r#"plain-http = ["any.lan", "one.lan:5000"]"#).unwrap();
        for (host, allowed) in [
            ("any.lan", true),
            ("ANY.lan:80", true),
            ("one.lan:5000", true),
            ("one.lan:5001", false),
            ("one.lan", false),
        ] {
            assert_eq!(settings.allows_plain_http(host), allowed, "{host}");
        }
    }

    #[test]
    fn groups_of_hooks_are_named_one_by_one() {
        let settings = parse("s", "[taskcluster]\nhook-groups = [\"project-releng\", \"x_1\"]\n").unwrap();
        assert_eq!(settings.hook_groups, ["project-releng", "x_1"]);
        assert_eq!(parse("s", "").unwrap().hook_groups, [""; 0]);
        for text in ["hook-groups = [\"project-*\"]", "hook-groups = [\"a/b\", \"\"]", "hook-group = [\"a\"]"] {
            assert!(parse("s", &format!("[taskcluster]\n{text}\n")).is_err(), "{text}");
        }
    }

    #[test]
    fn keys_are_kept_with_their_places() {
        let settings = parse("s", "[keys]\nnew = \"ctrl-n\"\nquit = [\"q\", \"Q\"]\n").unwrap();
        let words = |wish: &KeyWish| wish.keys.iter().map(|key| key.word.clone()).collect::<Vec<_>>().join(" ");
        let told: Vec<_> = settings.keys.iter().map(|wish| format!("{}: {}", wish.action.word, words(wish))).collect();
        assert_eq!(told, ["new: ctrl-n", "quit: q Q"]);
        let problem = settings.keys[1].keys[1].problem("no\u{1b}", None);
        assert_eq!((problem.line, problem.column, problem.source.as_str()), (3, 14, "quit = [\"q\", \"Q\"]"));
        assert!(!problem.to_string().contains('\u{1b}'));
        let ConfigError::Invalid { problems, .. } = parse("s", "[keys]\na = []\nb = 5\nc = [\"\"]\n").unwrap_err()
        else {
            panic!("it is valid")
        };
        assert_eq!(problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [2, 3, 4]);
    }

    #[test]
    fn no_file_means_the_defaults_and_mistakes_are_shown() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().to_owned();
        let paths = Paths { state: home.clone(), data: home.clone(), config: home };
        assert_eq!(Settings::load(&paths).unwrap(), Settings::default());
        fs::write(paths.settings(), "read-only = true\n").unwrap();
        assert!(Settings::load(&paths).unwrap().read_only);
        fs::write(paths.settings(), "read_only = true\nplain-http = [\"http://a.lan/v2\", 5]\n").unwrap();
        let ConfigError::Invalid { problems, .. } = Settings::load(&paths).unwrap_err() else { panic!("it is valid") };
        let told: Vec<_> =
            problems.iter().map(|p| (p.line, p.column, p.suggestion.as_deref().unwrap_or("-"))).collect();
        assert_eq!(told, [(1, 1, "did you mean `read-only`?"), (2, 15, "did you mean `a.lan`?"), (2, 34, "-")]);
    }
}
