//! A sign-in at a Taskcluster deployment in the browser: what is asked for, on which page, and what comes back. The page
//! makes a client of whoever signs in, with those of the scopes that they have themselves.
//! Source: `taskcluster signin` and the page of the web UI that it opens, v106.

use std::{collections::BTreeSet, fmt, str::FromStr};

use jiff::{SignedDuration, Timestamp};
use percent_encoding::percent_decode_str;
use secrecy::{SecretString, zeroize::Zeroizing};
use url::form_urlencoded::Serializer;

use super::{name::SecretName, page::Page, root_url::RootUrl};

/// A port that browsers refuse to connect to, whatever listens there: what they were to bring stays in their address bar.
/// Source: the Fetch standard, "bad port".
pub const NOWHERE: u16 = 1;

/// What somebody is asked to grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub root: RootUrl,
    /// Of the client, behind the id of whoever signs in.
    pub name: String,
    pub scopes: Vec<String>,
    pub lifetime: Lifetime,
}

impl Request {
    /// The page that makes the client, and then leads to `callback`.
    pub fn page(&self, callback: &str) -> Page {
        let mut query = Serializer::new(String::new());
        for scope in &self.scopes {
            query.append_pair("scope", scope);
        }
        query.append_pair("name", &self.name);
        query.append_pair("expires", &self.lifetime.to_string());
        query.append_pair("callback_url", callback);
        query.append_pair("description", "windlass, the release console for container images");
        Page::of_new_client(&self.root, &query.finish())
    }
}

/// Where the browser is to come back. The page takes no host but this one, and puts its own query behind what it is
/// given: what cannot be guessed is the path.
#[must_use]
pub fn callback(port: u16, path: &str) -> String {
    format!("http://localhost:{port}/{path}")
}

/// The scopes that windlass itself needs with these secrets: to see who it is, to read and list, to read and set each,
/// and who changed it.
#[must_use]
pub fn needed<'a>(secrets: impl IntoIterator<Item = &'a SecretName>) -> Vec<String> {
    // A scope that ends in `*` is for everything that begins like it: no name in a project's file is to ask for that.
    let names: BTreeSet<&str> = secrets.into_iter().map(SecretName::as_str).filter(|n| !n.ends_with('*')).collect();
    let mut scopes = vec!["auth:current-scopes".to_owned(), "auth:expand-scopes".into(), "secrets:list-secrets".into()];
    if !names.is_empty() {
        scopes.push("auth:audit-history:secret".into());
    }
    scopes.extend(names.iter().flat_map(|name| ["get", "set"].map(|act| format!("secrets:{act}:{name}"))));
    scopes
}

/// A scope that somebody asks for.
///
/// # Errors
/// When no scope is written so.
pub fn scope(text: &str) -> Result<String, &'static str> {
    if text.is_empty() || text.ends_with("**") || !text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Err("a scope is printable ASCII, with at most one `*` at its end");
    }
    Ok(text.to_owned())
}

/// How long a client lasts: `30m`, `8h`, `1d`, `2w`. Written as the page reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    count: u16,
    unit: Unit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Minutes,
    Hours,
    Days,
    Weeks,
}

impl Lifetime {
    /// Its end, if it begins now.
    #[must_use]
    pub fn end(self, now: Timestamp) -> Timestamp {
        let count = i64::from(self.count);
        let lasts = match self.unit {
            Unit::Minutes => SignedDuration::from_mins(count),
            Unit::Hours => SignedDuration::from_hours(count),
            Unit::Days => SignedDuration::from_hours(24 * count),
            Unit::Weeks => SignedDuration::from_hours(7 * 24 * count),
        };
        now.checked_add(lasts).unwrap_or(Timestamp::MAX)
    }
}

impl FromStr for Lifetime {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "a number and m, h, d or w are expected, such as 8h or 1d";
        let unit = match text.chars().last() {
            Some('m') => Unit::Minutes,
            Some('h') => Unit::Hours,
            Some('d') => Unit::Days,
            Some('w') => Unit::Weeks,
            _ => return Err(wrong),
        };
        let digits = &text[..text.len() - 1];
        let count = digits.parse().ok().filter(|count| digits.bytes().all(|b| b.is_ascii_digit()) && *count > 0);
        Ok(Self { count: count.ok_or(wrong)?, unit })
    }
}

impl fmt::Display for Lifetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Minutes => 'm',
            Unit::Hours => 'h',
            Unit::Days => 'd',
            Unit::Weeks => 'w',
        };
        write!(f, "{}{unit}", self.count)
    }
}

/// What the browser brings back: the client that was made, and its token.
#[derive(Debug, Clone)]
pub struct Answer {
    pub client_id: String,
    pub access_token: SecretString,
}

/// Why a text is no [`Answer`]. Nothing of it is quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    #[error("there is no client id in it")]
    ClientId,
    #[error("there is no access token in it")]
    AccessToken,
}

impl Answer {
    fn new(client_id: &str, access_token: &str) -> Result<Self, NoAnswer> {
        if !is_client_id(client_id) {
            return Err(NoAnswer::ClientId);
        }
        if !is_access_token(access_token) {
            return Err(NoAnswer::AccessToken);
        }
        Ok(Self { client_id: client_id.to_owned(), access_token: access_token.into() })
    }

    /// Of the query with which the browser comes back: `clientId=…&accessToken=…`.
    ///
    /// # Errors
    /// When it has not one of each.
    pub fn of_query(query: &str) -> Result<Self, NoAnswer> {
        let client_id = only(query, "clientId").ok_or(NoAnswer::ClientId)?;
        let access_token = only(query, "accessToken").ok_or(NoAnswer::AccessToken)?;
        Self::new(&client_id, &access_token)
    }

    /// Of the address at which a browser elsewhere ended, or of a client id and a token.
    ///
    /// # Errors
    /// When it is neither.
    pub fn of_pasted(text: &str) -> Result<Self, NoAnswer> {
        if let Some((_, query)) = text.trim().split_once('?') {
            return Self::of_query(query.split('#').next().unwrap_or_default());
        }
        let mut words = text.split_whitespace();
        let client_id = words.next().ok_or(NoAnswer::ClientId)?;
        match (words.next(), words.next()) {
            (Some(access_token), None) => Self::new(client_id, access_token),
            _ => Err(NoAnswer::AccessToken),
        }
    }
}

/// The value of this name, which must be there once. The page encodes nothing: a `+` is a `+`.
fn only(query: &str, name: &str) -> Option<Zeroizing<String>> {
    let mut values = query.split('&').filter_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    let value = values.next().filter(|_| values.next().is_none())?;
    Some(Zeroizing::new(percent_decode_str(value).decode_utf8().ok()?.into_owned()))
}

/// Source: the auth service's schemas.
#[must_use]
pub fn is_client_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!@/:.+|_-".contains(&byte))
}

/// Source: the auth service's schemas.
fn is_access_token(text: &str) -> bool {
    (22..=66).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    const TOKEN: &str = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo";
    const ID: &str = "mozilla-auth0/ad|Mozilla-LDAP|ada+rel/windlass-k3v9";

    fn told(answer: Result<Answer, NoAnswer>) -> String {
        match answer {
            Ok(Answer { client_id, access_token }) => format!("{client_id} with {}", access_token.expose_secret()),
            Err(why) => why.to_string(),
        }
    }

    #[test]
    fn a_query_is_read_as_the_page_writes_it() {
        let good = format!("{ID} with {TOKEN}");
        let encoded = ID.replace('/', "%2F").replace('|', "%7C").replace('+', "%2B");
        for (query, expected) in [
            (format!("clientId={ID}&accessToken={TOKEN}"), good.as_str()),
            (format!("accessToken={TOKEN}&x=y&clientId={encoded}"), good.as_str()),
            (format!("clientId={ID}"), "there is no access token in it"),
            (format!("clientId={ID}&accessToken="), "there is no access token in it"),
            (format!("clientId={ID}&accessToken=short"), "there is no access token in it"),
            (format!("clientId={ID}&accessToken={TOKEN}&accessToken={TOKEN}"), "there is no access token in it"),
            (format!("accessToken={TOKEN}"), "there is no client id in it"),
            (format!("clientId=&accessToken={TOKEN}"), "there is no client id in it"),
            (format!("clientId=a%0Ab&accessToken={TOKEN}"), "there is no client id in it"),
            (format!("clientId=%FF&accessToken={TOKEN}"), "there is no client id in it"),
            (format!("clientId={ID}&clientId=other&accessToken={TOKEN}"), "there is no client id in it"),
            (format!("xclientId={ID}&accessToken={TOKEN}"), "there is no client id in it"),
            (String::new(), "there is no client id in it"),
        ] {
            assert_eq!(told(Answer::of_query(&query)), expected, "{query}");
        }
    }

    #[test]
    fn what_is_pasted_is_an_address_or_a_pair() {
        let good = format!("{ID} with {TOKEN}");
        for (text, expected) in [
            (format!("http://localhost:1/3f2c?clientId={ID}&accessToken={TOKEN}\n"), good.as_str()),
            (format!(" localhost:1/3f2c?clientId={ID}&accessToken={TOKEN}#x"), good.as_str()),
            (format!("{ID}\n{TOKEN}\n"), good.as_str()),
            (format!("{ID} {TOKEN}"), good.as_str()),
            // The other way round: nothing of it is sent anywhere.
            (format!("{TOKEN} {ID}"), "there is no access token in it"),
            (ID.to_owned(), "there is no access token in it"),
            (format!("{ID} {TOKEN} {TOKEN}"), "there is no access token in it"),
            ("http://localhost:1/3f2c?".to_owned(), "there is no client id in it"),
            (" \n".to_owned(), "there is no client id in it"),
        ] {
            assert_eq!(told(Answer::of_pasted(&text)), expected, "{text}");
        }
        let shown = format!("{:?}", Answer::of_pasted(&format!("{ID} {TOKEN}")).unwrap());
        assert!(!shown.contains(TOKEN), "{shown}");
    }

    #[test]
    fn no_more_is_asked_for_than_the_secrets_need() {
        let names: Vec<SecretName> = ["project/x/b", "project/x/a", "project/x/b"].map(|n| n.parse().unwrap()).into();
        assert_eq!(
            needed(&names),
            [
                "auth:current-scopes",
                "auth:expand-scopes",
                "secrets:list-secrets",
                "auth:audit-history:secret",
                "secrets:get:project/x/a",
                "secrets:set:project/x/a",
                "secrets:get:project/x/b",
                "secrets:set:project/x/b",
            ]
        );
        let all: Vec<SecretName> = vec!["*".parse().unwrap(), "project/*".parse().unwrap()];
        assert_eq!(needed(&all), needed(&[]), "a name does not ask for all that begins like it");
        for (text, good) in [("queue:rerun-task:a/*", true), ("a b", true), ("", false), ("a**", false), ("ä", false)]
        {
            assert_eq!(scope(text).is_ok(), good, "{text}");
        }
    }

    #[test]
    fn a_lifetime_is_a_number_and_a_unit() {
        let now: Timestamp = "2026-11-21T09:30:00Z".parse().unwrap();
        for (text, end) in [
            ("30m", "2026-11-21T10:00:00Z"),
            ("8h", "2026-11-21T17:30:00Z"),
            ("1d", "2026-11-22T09:30:00Z"),
            ("2w", "2026-12-05T09:30:00Z"),
        ] {
            let lifetime: Lifetime = text.parse().unwrap();
            assert_eq!((lifetime.to_string().as_str(), lifetime.end(now).to_string().as_str()), (text, end));
        }
        for text in ["", "d", "1", "0d", "-1d", "+1d", "1 d", "1y", "99999999w", "1é"] {
            assert!(text.parse::<Lifetime>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_page_is_asked_as_it_expects_it() {
        let request = Request {
            root: "https://tc.example/".parse().unwrap(),
            name: "windlass-k3v9".into(),
            scopes: vec!["secrets:get:a&b".into(), "queue:rerun-task:*".into()],
            lifetime: "8h".parse().unwrap(),
        };
        let page = request.page(&callback(34567, "3f2c"));
        let (address, query) = page.as_str().split_once('?').unwrap();
        assert_eq!(address, "https://tc.example/auth/clients/create");
        let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(
            pairs,
            [
                ("scope", "secrets:get:a&b"),
                ("scope", "queue:rerun-task:*"),
                ("name", "windlass-k3v9"),
                ("expires", "8h"),
                ("callback_url", "http://localhost:34567/3f2c"),
                ("description", "windlass, the release console for container images"),
            ]
        );
    }
}
