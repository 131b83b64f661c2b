//! `WWW-Authenticate`: what a registry asks for. Source: RFC 9110, section 11.6.1.

use std::collections::BTreeMap;

use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};

/// One challenge. Scheme and parameter names are in lower case.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Challenge {
    pub(super) scheme: String,
    parameters: BTreeMap<String, String>,
}

impl Challenge {
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// The token or login is fine and its owner may not do this. Source: RFC 6750, section 3.1.
    pub(super) fn insufficient_scope(&self) -> bool {
        self.parameter("error") == Some("insufficient_scope")
    }
}

/// All challenges of an answer, in order, whether in one header or in several.
pub(super) fn challenges(headers: &HeaderMap) -> Vec<Challenge> {
    headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok()).flat_map(parse).collect()
}

fn parse(text: &str) -> Vec<Challenge> {
    let mut found: Vec<Challenge> = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([',', ' ', '\t']);
        let end = rest.find(|c| !is_token(c)).unwrap_or(rest.len());
        if end == 0 {
            // The end, or nothing that a challenge can begin with.
            return found;
        }
        let word = rest[..end].to_ascii_lowercase();
        rest = rest[end..].trim_start_matches([' ', '\t']);
        match (rest.strip_prefix('='), found.last_mut()) {
            (Some(after), Some(challenge)) => {
                let (value, after) = value(after.trim_start_matches([' ', '\t']));
                challenge.parameters.insert(word, value);
                rest = after;
            }
            (Some(_), None) => return found,
            (None, _) => found.push(Challenge { scheme: word, parameters: BTreeMap::new() }),
        }
    }
}

/// A token or quoted string, and what follows it.
fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        // The further `=` of a token68, which no registry sends, end up in the value.
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            _ => value.push(c),
        }
    }
    (value, "")
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Vec<(String, Vec<(String, String)>)> {
        parse(text).into_iter().map(|c| (c.scheme, c.parameters.into_iter().collect())).collect()
    }

    fn one(scheme: &str, parameters: &[(&str, &str)]) -> (String, Vec<(String, String)>) {
        (scheme.into(), parameters.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect())
    }

    #[test]
    fn what_registries_send() {
        for (text, expected) in [
            (r#"Basic realm="test""#, vec![one("basic", &[("realm", "test")])]),
            (
                r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:x:pull,push",error="insufficient_scope""#,
                vec![one(
                    "bearer",
                    &[
                        ("error", "insufficient_scope"),
                        ("realm", "https://auth.docker.io/token"),
                        ("scope", "repository:x:pull,push"),
                        ("service", "registry.docker.io"),
                    ],
                )],
            ),
            (
                r#"BEARER Realm = "https://a/\"x\\" , basic REALM=b"#,
                vec![one("bearer", &[("realm", r#"https://a/"x\"#)]), one("basic", &[("realm", "b")])],
            ),
            (
                r#"Negotiate, NTLM abc==, Basic realm="x""#,
                vec![one("negotiate", &[]), one("ntlm", &[("abc", "=")]), one("basic", &[("realm", "x")])],
            ),
            (r#"Basic realm="unclosed"#, vec![one("basic", &[("realm", "unclosed")])]),
            (r#"realm="of nothing""#, vec![]),
            ("", vec![]),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in r#"[ -~é"\\,=]{0,80}"#) {
            let _ = parse(&text);
        }

        #[test]
        fn quoted_values_come_back(realm in "[ -~]{0,40}") {
            let quoted = realm.replace('\\', "\\\\").replace('"', "\\\"");
            let found = parse(&format!("Basic, Bearer realm=\"{quoted}\", service=s"));
            prop_assert_eq!(found.len(), 2);
            prop_assert_eq!(found[1].parameter("realm"), Some(realm.as_str()));
            prop_assert_eq!(found[1].parameter("service"), Some("s"));
        }
    }
}
