//! Who a Taskcluster deployment is asked as from this machine, as far as that is known without asking it or anybody.

use jiff::{SignedDuration, Timestamp};

use super::{holdings::is_never, sign::Tone, written::time};

/// Credentials that end within this are counted down.
const SOON: SignedDuration = SignedDuration::from_hours(24);

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asker {
    /// `None`: nobody.
    pub client: Option<Client>,
    /// The end of a sign-in that is not used, since the vault that has it is locked.
    pub locked: Option<Timestamp>,
    /// When a sign-in ended that nothing has taken the place of.
    pub ended: Option<Timestamp>,
    /// Credentials that are there and of no use, in words.
    pub passed_over: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    pub id: String,
    /// Where its credentials are from.
    pub from: String,
    /// When they end; `None` where only the deployment knows.
    pub until: Option<Timestamp>,
}

impl Asker {
    /// In a word, where there is something to be done about it; with how much it stands out.
    #[must_use]
    pub fn brief(&self, now: Timestamp) -> Option<(Tone, String)> {
        match (&self.client, self.locked, self.ended) {
            (Some(client), ..) if client.until.is_some_and(|at| at <= now) => Some((Tone::Bad, "expired".to_owned())),
            (_, Some(_), _) => Some((Tone::Notice, "locked".to_owned())),
            (Some(client), ..) => Some((Tone::Notice, left(client.until?, now)?)),
            (None, None, Some(_)) => Some((Tone::Bad, "expired".to_owned())),
            (None, None, None) => Some((Tone::Plain, "anonymous".to_owned())),
        }
    }

    /// In full. `unlock`, `sign_in`: the keys that open the vault, and that have somebody sign in.
    #[must_use]
    pub fn told(&self, now: Timestamp, unlock: &str, sign_in: &str) -> Vec<(Tone, String)> {
        let locked = |at| (Tone::Notice, format!("signed in until {} UTC, vault locked: {unlock} unlocks", time(at)));
        let ended = |at| (Tone::Bad, format!("the sign-in ended {} UTC: {sign_in} signs in", time(at)));
        let mut told: Vec<(Tone, String)> = self.locked.map(locked).into_iter().collect();
        told.extend(self.ended.map(ended));
        told.push(match &self.client {
            Some(Client { id, from, until }) => {
                let tone = self.brief(now).map_or(Tone::Plain, |(tone, _)| tone);
                let until = match until {
                    Some(at) if is_never(*at) => "without an end".to_owned(),
                    Some(at) if *at <= now => format!("expired {} UTC", time(*at)),
                    Some(at) => {
                        let left = left(*at, now).map_or_else(String::new, |left| format!(", {left} left"));
                        format!("until {} UTC{left}", time(*at))
                    }
                    None => "without an end that is known here".to_owned(),
                };
                (tone, format!("{id}, of {from}, {until}"))
            }
            None => (Tone::Notice, "nobody: what anybody may see is seen".to_owned()),
        });
        told.extend(self.passed_over.iter().map(|why| (Tone::Notice, format!("passed over: {why}"))));
        told.push((Tone::Dim, format!("scopes and all, another sign-in: {sign_in}")));
        told
    }
}

/// `42m`, `5h`; `None` where it is more than a day.
fn left(until: Timestamp, now: Timestamp) -> Option<String> {
    let left = until.duration_since(now);
    match left.as_mins() {
        _ if left >= SOON => None,
        minutes @ 100.. => Some(format!("{}h", minutes / 60)),
        minutes => Some(format!("{}m", minutes.max(0))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("2026-11-{text}:00Z").parse().unwrap()
    }

    fn signed_in(until: Option<&str>) -> Asker {
        let (id, from) = ("ada/windlass".to_owned(), "windlass signin".to_owned());
        Asker { client: Some(Client { id, from, until: until.map(at) }), ..Asker::default() }
    }

    #[test]
    fn what_ends_within_a_day_is_counted_down() {
        let now = at("21T09:30");
        for (asker, expected) in [
            (signed_in(None), None),
            (signed_in(Some("22T09:30")), None),
            (signed_in(Some("22T09:29")), Some("23h")),
            (signed_in(Some("21T11:10")), Some("1h")),
            (signed_in(Some("21T10:12")), Some("42m")),
            (signed_in(Some("21T09:30")), Some("expired")),
            (Asker { ended: Some(at("21T09:00")), ..Asker::default() }, Some("expired")),
            (Asker { locked: Some(at("22T09:00")), ..Asker::default() }, Some("locked")),
            (Asker { locked: Some(at("22T09:00")), ..signed_in(None) }, Some("locked")),
            (Asker::default(), Some("anonymous")),
        ] {
            let told = asker.brief(now).map(|(_, words)| words);
            assert_eq!(told.as_deref(), expected, "{asker:?}");
        }
    }

    #[test]
    fn the_whole_of_it_says_what_to_do() {
        let now = at("21T09:30");
        let told = |asker: &Asker| {
            let told = asker.told(now, "u", "U").into_iter().map(|(_, words)| words);
            told.collect::<Vec<_>>().join("\n")
        };
        let until_soon = told(&signed_in(Some("21T10:12")));
        assert!(until_soon.starts_with("ada/windlass, of windlass signin, until 2026-11-21 10:12:00 UTC, 42m left\n"));
        let locked = told(&Asker { locked: Some(at("22T09:00")), ..Asker::default() });
        assert!(
            locked.starts_with("signed in until") && locked.contains("vault locked: u unlocks\nnobody"),
            "{locked}"
        );
        let ended = told(&Asker { ended: Some(at("20T09:00")), ..Asker::default() });
        assert!(ended.starts_with("the sign-in ended 2026-11-20 09:00:00 UTC: U signs in\n"), "{ended}");
        assert!(ended.ends_with("scopes and all, another sign-in: U"));
    }
}
