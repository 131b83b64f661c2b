//! From keys to the actions they mean where the reader is: the keys of the table, or those that the user's settings give
//! an action instead.

pub use super::key::Key;

use crate::{
    console::action::{Action, Id, STACKS, Scope, actions},
    domain::nearest::nearest,
};

/// The keys of every action.
#[derive(Debug, Clone, Default)]
pub struct Keymap {
    /// Instead of the table's.
    custom: Vec<(Id, Vec<Key>)>,
}

/// A line of `[keys]` in the user's settings.
pub struct Wish<'a> {
    pub action: &'a str,
    /// At least one.
    pub keys: Vec<&'a str>,
}

/// What is wrong with a wish.
#[derive(Debug, PartialEq, Eq)]
pub struct Misfit {
    /// Which wish.
    pub wish: usize,
    /// Which of its keys; `None`: the action's name.
    pub key: Option<usize>,
    pub message: String,
    pub suggestion: Option<String>,
}

impl Keymap {
    /// The table's keys, but for these.
    ///
    /// # Errors
    /// All that is wrong with the wishes: names and keys that there are not, letters where text is typed, and keys that
    /// would mean two actions at once.
    pub fn with(wishes: &[Wish<'_>]) -> Result<Self, Vec<Misfit>> {
        let mut keymap = Self::default();
        let mut misfits = Vec::new();
        let mut given = Vec::new();
        for (wish, Wish { action, keys }) in wishes.iter().enumerate() {
            let named = actions().find(|row| row.id.name() == *action);
            if named.is_none() {
                misfits.push(no_action(wish, action));
            }
            let mut taken = Vec::new();
            for (at, text) in keys.iter().enumerate() {
                let mut wrong = |message: String, suggestion| {
                    misfits.push(Misfit { wish, key: Some(at), message, suggestion });
                };
                match (text.parse::<Key>(), named) {
                    (Err(error), _) => wrong(error.message, error.suggestion),
                    (Ok(key), Some(row)) if key.is_typing() && row.scope.takes_text() => {
                        let message = format!("`{key}` cannot be the key of `{action}`: it is typed there");
                        wrong(message, Some("take a key with ctrl-, or f1 to f12".to_owned()));
                    }
                    (Ok(key), Some(row)) => {
                        taken.push(key);
                        given.push(((row.id, key), wish, at));
                    }
                    (Ok(_), None) => {}
                }
            }
            keymap.custom.extend(named.map(|row| (row.id, taken)));
        }
        for clash in keymap.clashes() {
            // Of two that clash one at least was wished for: the table has no clash.
            let Some((mine, wish, at)) = given.iter().rfind(|(given, ..)| clash.contains(given)) else { continue };
            let [theirs] = clash.iter().filter(|other| *other != mine).collect::<Vec<_>>()[..] else { continue };
            let (key, name, other) = (mine.1, mine.0.name(), theirs.0.name());
            let message = if theirs.1 == key {
                format!("`{key}` would mean `{name}` and `{other}`")
            } else {
                format!("`{key}` for `{name}` and `{}` for `{other}`: one begins the other", theirs.1)
            };
            let suggestion = Some(format!("take a key that is free, or give `{other}` another too"));
            misfits.push(Misfit { wish: *wish, key: Some(*at), message, suggestion });
        }
        if misfits.is_empty() { Ok(keymap) } else { Err(misfits) }
    }

    /// At least one; the first is the one that hints name.
    pub fn keys(&self, id: Id) -> &[Key] {
        let custom = self.custom.iter().find(|(of, _)| *of == id);
        custom.map_or(Action::of(id).keys, |(_, keys)| keys)
    }

    /// The key that hints name.
    pub fn first(&self, id: Id) -> Key {
        self.keys(id)[0]
    }

    /// All keys, as people write them.
    pub fn text(&self, id: Id) -> String {
        self.keys(id).iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }

    /// What this key means in these scopes; the first that knows it decides.
    pub fn action(&self, key: Key, scopes: &[Scope]) -> Option<&'static Action> {
        let means = |row: &&Action, scope: &Scope| row.scope == *scope && self.keys(row.id).contains(&key);
        scopes.iter().find_map(|scope| actions().find(|row| means(row, scope)))
    }

    /// What can follow this key in these scopes, and the action that both mean.
    pub fn after(&self, prefix: Key, scopes: &[Scope]) -> Vec<(Key, &'static Action)> {
        let rows = actions().flat_map(|row| self.keys(row.id).iter().map(move |key| (*key, row)));
        rows.filter(|(key, row)| key.prefix() == Some(prefix) && scopes.contains(&row.scope))
            .map(|(key, row)| (key.last(), row))
            .collect()
    }

    /// The actions that have their key in these scopes, in the order of the table.
    pub fn reachable(&self, scopes: &'static [Scope]) -> impl Iterator<Item = &'static Action> {
        actions().filter(|row| self.action(self.first(row.id), scopes).is_some_and(|meant| meant.id == row.id))
    }

    /// Pairs of actions that count at the same time and share a key, or of which one's key begins the other's.
    fn clashes(&self) -> Vec<[(Id, Key); 2]> {
        let mut clashes = Vec::new();
        for stack in STACKS {
            let rows = actions().filter(|row| stack.contains(&row.scope));
            let all: Vec<(Id, Key)> =
                rows.flat_map(|row| self.keys(row.id).iter().map(move |key| (row.id, *key))).collect();
            for (i, one) in all.iter().enumerate() {
                for other in &all[i + 1..] {
                    let ((_, key), (_, theirs)) = (one, other);
                    let same = key == theirs || key.prefix() == Some(*theirs) || theirs.prefix() == Some(*key);
                    if same && !clashes.contains(&[*one, *other]) {
                        clashes.push([*one, *other]);
                    }
                }
            }
        }
        clashes
    }
}

fn no_action(wish: usize, action: &str) -> Misfit {
    let names: Vec<String> = actions().map(|row| row.id.name()).collect();
    let suggestion = nearest(action, names.iter().map(String::as_str))
        .map_or_else(|| "the README lists them".to_owned(), |near| format!("did you mean `{near}`?"));
    Misfit { wish, key: None, message: format!("there is no action `{action}`"), suggestion: Some(suggestion) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish<'a>(action: &'a str, keys: &[&'a str]) -> Wish<'a> {
        Wish { action, keys: keys.to_vec() }
    }

    /// `wish key message suggestion` of everything that is wrong.
    fn wrong(wishes: &[Wish<'_>]) -> Vec<String> {
        let told = |misfit: Misfit| {
            let key = misfit.key.map_or("-".to_owned(), |key| key.to_string());
            format!("{} {key} {}; {}", misfit.wish, misfit.message, misfit.suggestion.unwrap_or_default())
        };
        Keymap::with(wishes).unwrap_err().into_iter().map(told).collect()
    }

    #[test]
    fn no_two_actions_share_a_key_where_both_count_and_none_begins_anothers() {
        assert!(Keymap::default().clashes().is_empty(), "{:?}", Keymap::default().clashes());
    }

    #[test]
    fn a_dialog_hides_what_is_below_it() {
        let keymap = Keymap::default();
        let below = keymap.action(Key::char('x'), &[Scope::Log, Scope::Releases, Scope::Always]);
        assert_eq!(below.map(|a| a.id), Some(Id::Cancel));
        assert!(keymap.action(Key::char('x'), &[Scope::Dialog, Scope::Always]).is_none());
    }

    #[test]
    fn a_wished_key_stands_instead_of_the_tables() {
        let keymap = Keymap::with(&[wish("new", &["ctrl-n", "+"]), wish("quit", &["ctrl-q"])]).unwrap();
        let scopes = [Scope::Releases, Scope::Everywhere];
        let meant = |key: &str| keymap.action(key.parse().unwrap(), &scopes).map(|row| row.id);
        assert_eq!(
            ["ctrl-n", "+", "n", "ctrl-q", "q"].map(meant),
            [Some(Id::New), Some(Id::New), None, Some(Id::Quit), None]
        );
        assert_eq!((keymap.first(Id::New), keymap.text(Id::New).as_str()), (Key::ctrl('n'), "ctrl-n, +"));
        assert_eq!(keymap.first(Id::Cancel), Key::char('x'));
    }

    #[test]
    fn two_keys_can_change_places() {
        let keymap = Keymap::with(&[wish("new", &["x"]), wish("cancel", &["n"])]).unwrap();
        assert_eq!(keymap.action(Key::char('n'), &[Scope::Releases]).map(|row| row.id), Some(Id::Cancel));
    }

    #[test]
    fn a_wrong_wish_is_told_with_its_place_and_what_was_meant() {
        assert_eq!(
            wrong(&[wish("canel", &["c"]), wish("new", &["ctrl-n", "pagedown"])]),
            [
                "0 - there is no action `canel`; did you mean `cancel`?",
                "1 1 `pagedown` is no key; did you mean `page-down`?",
            ]
        );
        let typed = wrong(&[wish("answer", &["a"]), wish("interrupt", &["g g"])]);
        assert!(typed.len() == 2 && typed.iter().all(|told| told.contains("it is typed there")), "{typed:?}");
    }

    #[test]
    fn a_key_that_would_mean_two_actions_is_refused_with_both_names() {
        let told = wrong(&[wish("new", &["ctrl-n", "x"])]);
        assert!(told.len() == 1 && told[0].starts_with("0 1 `x` would mean `new` and `cancel`"), "{told:?}");
        let begins = wrong(&[wish("new", &["g"])]);
        assert!(begins[0].starts_with("0 0 `g` for `new` and `g g` for `first`: one begins"), "{begins:?}");
        let both = wrong(&[wish("new", &["+"]), wish("cancel", &["+"])]);
        assert!(both.len() == 1 && both[0].starts_with("1 0 `+` would mean `cancel` and `new`"), "{both:?}");
    }
}
