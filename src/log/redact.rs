//! Secrets taken out of log lines, in every form a build commonly prints them.
//!
//! This stops accidents, not a build that wants to leak: it can always write a secret in a way nobody
//! looks for.

use std::{borrow::Cow, fmt, ops::Range};

use base64::{Engine as _, alphabet, engine::general_purpose};
use memchr::{memchr, memchr2};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::{
    decoded::Decoded,
    finder::{Edges, Finder, Needle},
    sanitise,
};
use crate::domain::recipe::Login;

/// Stands where a secret was.
pub const REDACTED: &str = "[redacted]";

/// Characters of the shortest value that is redacted: shorter ones are parts of ordinary words.
pub const SHORTEST_SECRET: usize = 8;

/// Escapes inside escapes: JSON in JSON, a URL in JSON.
const DEPTH: u8 = 2;

/// Most bytes that one byte of a needle takes when written with the escapes that are undone: `%5Cu0041`.
const WIDEST_ESCAPE: usize = 8;

/// Knows the secrets of one release. Its memory is wiped, and `Debug` shows nothing of it.
pub struct Redactor {
    finder: Finder,
}

impl Redactor {
    /// Looks for these values and for the passwords of these logins. Each value is found as it is, in base64
    /// (both alphabets, wherever it stands in the encoded text), in hexadecimal, and any of that escaped as
    /// in URLs and JSON or parted by colour codes. Values under 8 characters are not looked for.
    pub fn new<'a>(
        secrets: impl IntoIterator<Item = &'a SecretString>,
        pairs: impl IntoIterator<Item = &'a Login>,
    ) -> Self {
        let mut needles = Needles::default();
        for secret in secrets {
            needles.add_value(secret.expose_secret());
        }
        for Login { username, password } in pairs {
            let password = password.expose_secret();
            needles.add_value(password);
            needles.add_value(&Zeroizing::new([username.as_str(), ":", password].concat()));
        }
        Self { finder: Finder::new(needles.0) }
    }

    /// The line (of sanitised text) with every secret replaced by `[redacted]`. Borrowed when there is none.
    #[must_use]
    pub fn redact<'a>(&self, line: &'a str) -> Cow<'a, str> {
        let found = self.find(line);
        if found.is_empty() {
            return Cow::Borrowed(line);
        }
        let mut out = String::with_capacity(line.len());
        let mut copied = 0;
        for range in found {
            out.push_str(&line[copied..range.start]);
            out.push_str(REDACTED);
            // Colours that change inside a secret still hold for what follows.
            push_colours(&line[range.clone()], &mut out);
            copied = range.end;
        }
        out.push_str(&line[copied..]);
        Cow::Owned(out)
    }

    /// Where the secrets of a line stand: in order, apart from each other, between whole characters.
    pub(super) fn find(&self, line: &str) -> Vec<Range<usize>> {
        let mut found = match Decoded::without_colours(line.as_bytes()) {
            None => self.search(line.as_bytes(), DEPTH),
            Some(bare) => self.search(&bare.bytes, DEPTH).into_iter().map(|range| bare.source(&range)).collect(),
        };
        if found.is_empty() {
            return found;
        }
        found.sort_unstable_by_key(|range| range.start);
        let mut apart: Vec<Range<usize>> = Vec::with_capacity(found.len());
        for range in found {
            let range = line.floor_char_boundary(range.start)..line.ceil_char_boundary(range.end);
            match apart.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => apart.push(range),
            }
        }
        apart
    }

    fn search(&self, text: &[u8], depth: u8) -> Vec<Range<usize>> {
        let mut found = self.finder.find(text);
        if depth > 0 && memchr2(b'%', b'\\', text).is_some() {
            for decoded in [Decoded::of_percent(text), Decoded::of_backslashes(text)].into_iter().flatten() {
                found.extend(self.search(&decoded.bytes, depth - 1).iter().map(|range| decoded.source(range)));
            }
        }
        found
    }

    /// Bytes of the longest form of a secret, colour codes not counted: whoever cuts a line holds back that
    /// much, since a secret may have begun there. 0 without secrets.
    #[must_use]
    pub fn longest(&self) -> usize {
        // The digit before base64 and two signs of padding after it belong to it.
        match self.finder.longest() {
            0 => 0,
            longest => (longest + 4) * WIDEST_ESCAPE,
        }
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor(…)")
    }
}

fn push_colours(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = memchr(b'\x1b', rest.as_bytes()) {
        let Some(end) = memchr(b'm', &rest.as_bytes()[at..]) else { return };
        out.push_str(&rest[at..=at + end]);
        rest = &rest[at + end + 1..];
    }
}

/// The forms to look for, each once.
#[derive(Default)]
struct Needles(Vec<Needle>);

impl Needles {
    fn add_value(&mut self, value: &str) {
        if value.chars().count() < SHORTEST_SECRET {
            return;
        }
        self.add(value.as_bytes(), Edges::Exact);
        self.add_base64(value.as_bytes());
        self.add_hexadecimal(value.as_bytes());
        // Forms encode a space as +; escapes within are undone before the search.
        if value.contains(' ') {
            self.add(Zeroizing::new(value.replace(' ', "+")).as_bytes(), Edges::Exact);
        }
        // A log shows a key of several lines line by line, and none with what sanitising takes out.
        for line in value.split(['\n', '\r']).filter(|line| line.chars().count() >= SHORTEST_SECRET) {
            self.add(Zeroizing::new(sanitise::sanitise(line.as_bytes())).as_bytes(), Edges::Exact);
        }
    }

    /// A byte stands at one of three places in a group of four digits, and a digit at the border holds bits
    /// of the value's neighbour too: the digits between are the same whatever the value stands in.
    fn add_base64(&mut self, value: &[u8]) {
        for alphabet in [&alphabet::STANDARD, &alphabet::URL_SAFE] {
            let engine = general_purpose::GeneralPurpose::new(alphabet, general_purpose::NO_PAD);
            for offset in 0..3 {
                let mut shifted = Zeroizing::new(Vec::with_capacity(offset + value.len()));
                shifted.resize(offset, 0);
                shifted.extend_from_slice(value);
                let encoded = Zeroizing::new(engine.encode(&*shifted));
                let (first, last) = ((offset * 8).div_ceil(6), shifted.len() * 8 / 6);
                let edges = Edges::Base64 { before: offset > 0, after: shifted.len() % 3 > 0 };
                self.add(&encoded.as_bytes()[first..last], edges);
            }
        }
    }

    fn add_hexadecimal(&mut self, value: &[u8]) {
        for digits in [b"0123456789abcdef", b"0123456789ABCDEF"] {
            let mut hex = Zeroizing::new(Vec::with_capacity(value.len() * 2));
            hex.extend(value.iter().flat_map(|b| [digits[usize::from(b >> 4)], digits[usize::from(b & 15)]]));
            self.add(&hex, Edges::Exact);
        }
    }

    fn add(&mut self, bytes: &[u8], edges: Edges) {
        if self.0.iter().all(|known| known.bytes.as_slice() != bytes) {
            self.0.push(Needle { bytes: Zeroizing::new(bytes.to_vec()), edges });
        }
    }
}

#[cfg(test)]
#[expect(clippy::format_collect, reason = "reads best, and is no hot path")]
mod tests {
    use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    fn redactor(values: &[&str]) -> Redactor {
        let values: Vec<SecretString> = values.iter().map(|value| SecretString::from(*value)).collect();
        Redactor::new(&values, [])
    }

    fn login(username: &str, password: &str) -> Login {
        Login { username: username.into(), password: password.into() }
    }

    #[test]
    fn forms_of_a_password() {
        let password = "p~?>/\"w<rd é+1";
        let redactor = Redactor::new([], &[login("bot", password)]);
        let json = serde_json::to_string(password).unwrap();
        for (form, what) in [
            (password.to_owned(), "raw"),
            (format!("bot:{password}"), "pair"),
            (json[1..json.len() - 1].to_owned(), "JSON"),
            ("p~?>\\/\\\"w\\u003crd \\u00e9+1".into(), "JSON with everything escaped"),
            (r#"p~?>/\\\"w<rd é+1"#.into(), "JSON in JSON"),
            ("p~%3F%3E%2F%22w%3Crd%20%C3%A9%2B1".into(), "URL"),
            ("p%7e%3f%3e%2f%22w%3crd+%c3%a9%2b1".into(), "form"),
            ("p~%253F%253E%252F%2522w%253Crd%2520%25C3%25A9%252B1".into(), "URL in a URL"),
            ("707e3f3e2f22773c726420c3a92b31".into(), "hexadecimal"),
            ("707E3F3E2F22773C726420C3A92B31".into(), "HEXADECIMAL"),
            (BASE64_STANDARD.encode(format!("bot:{password}")), "docker login"),
            (BASE64_URL_SAFE_NO_PAD.encode(password), "base64 for URLs"),
            (BASE64_STANDARD.encode(password).replace('/', "\\/").replace('=', "%3D"), "base64, escaped"),
            ("\x1b[1mp~\x1b[0m?>/\"w<rd é+1".into(), "colours inside"),
        ] {
            let line = format!("before [{form}] after");
            let redacted = redactor.redact(&line);
            let bare = redacted.replace("\x1b[1m", "").replace("\x1b[0m", "");
            assert_eq!(bare, format!("before [{REDACTED}] after"), "{what}: {redacted}");
        }
    }

    #[test]
    fn colours_inside_a_secret_hold_for_what_follows() {
        assert_eq!(
            redactor(&["hunter2hunter2"]).redact("\x1b[31mhunter2\x1b[1m\x1b[0mhunter2 after"),
            "\x1b[31m[redacted]\x1b[1m\x1b[0m after"
        );
    }

    #[test]
    fn overlapping_secrets_become_one() {
        let redactor = redactor(&["abcdefghij", "fghijklmno", "hijklmno"]);
        assert_eq!(redactor.redact("abcdefghijklmno!"), "[redacted]!");
        assert_eq!(redactor.redact("abcdefghij abcdefghij"), "[redacted] [redacted]");
    }

    #[test]
    fn short_values_are_left_alone_but_not_their_pairs() {
        let redactor = Redactor::new(&["build".into()], &[login("bot", "build")]);
        assert_eq!(redactor.redact("build it"), "build it");
        assert_eq!(redactor.redact("https://bot:build@host"), "https://[redacted]@host");
        assert_eq!(redactor.redact(&BASE64_STANDARD.encode("bot:build")), REDACTED);
    }

    #[test]
    fn a_key_of_several_lines_is_found_line_by_line_and_as_json() {
        let redactor = redactor(&["-----BEGIN-----\nc2VjcmV0a2V5\n-----END-----\n"]);
        assert_eq!(redactor.redact("> c2VjcmV0a2V5"), "> [redacted]");
        assert_eq!(redactor.redact(r#""-----BEGIN-----\nc2VjcmV0a2V5\n-----END-----\n""#), r#""[redacted]""#);
    }

    #[test]
    fn nothing_of_it_is_shown() {
        let redactor = Redactor::new(&["hunter2hunter2".into()], &[login("bot", "swordfish")]);
        assert_eq!(format!("{redactor:?}"), "Redactor(…)");
    }

    #[test]
    fn without_secrets_there_is_nothing_to_hold_back() {
        assert_eq!(redactor(&[]).longest(), 0);
        assert!(redactor(&["hunter2hunter2"]).longest() > 28);
    }

    fn percent(value: &str, choose: &[bool]) -> String {
        value
            .bytes()
            .zip(choose.iter().cycle())
            .map(|(b, upper)| match b {
                b if b.is_ascii_alphanumeric() && *upper => char::from(b).to_string(),
                b if *upper => format!("%{b:02X}"),
                b => format!("%{b:02x}"),
            })
            .collect()
    }

    fn json(value: &str, choose: &[bool]) -> String {
        let mut units = [0; 2];
        value
            .chars()
            .zip(choose.iter().cycle())
            .map(|(c, escape)| match c {
                '"' | '\\' | '/' => format!("\\{c}"),
                c if *escape => c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
                c => c.to_string(),
            })
            .collect()
    }

    /// Printable, and not so uniform that its surroundings could complete it.
    fn secret() -> impl Strategy<Value = String> {
        "[a-zA-Z0-9 ~!@#$%^&*()+/\\\\\"'<>?=._éß😀-]{8,40}"
            .prop_filter("needs variety", |s| s.chars().collect::<std::collections::BTreeSet<_>>().len() > 5)
    }

    proptest! {
        #[test]
        fn no_form_survives(
            value in secret(),
            before in "[a-z :=\"/+%\\\\é]{0,12}",
            after in "[a-z :=\"/+%\\\\é]{0,12}",
            choose in prop::collection::vec(any::<bool>(), 1..40),
        ) {
            let redactor = redactor(&[&value]);
            let coloured: String = value.chars().map(|c| format!("\x1b[1;3{}m{c}", choose.len() % 8)).collect();
            let hex: String = value.bytes().map(|b| format!("{b:02x}")).collect();
            for form in [
                value.clone(),
                hex.to_uppercase(),
                hex,
                percent(&value, &choose),
                percent(&value, &choose).replace("%20", "+"),
                json(&value, &choose),
                json(&json(&value, &choose), &[false]),
                percent(&json(&value, &choose), &choose),
                coloured,
            ] {
                // A backslash or half an escape in front would make the first character another one.
                let before = before.trim_end_matches(['\\', '%', 'a', 'b', 'c', 'd', 'e', 'f', 'u']);
                let line = format!("{before}{form}{after}");
                let redacted = redactor.redact(&line);
                prop_assert!(!redacted.contains(&form), "{form} in {redacted}");
                prop_assert!(redacted.contains(REDACTED), "{}", redacted);
                prop_assert!(redacted.len() < line.len() + REDACTED.len());
            }
        }

        #[test]
        fn no_base64_survives(
            value in secret(),
            before in prop::collection::vec(any::<u8>(), 0..12),
            after in prop::collection::vec(any::<u8>(), 0..12),
        ) {
            let redactor = redactor(&[&value]);
            let whole = [before.as_slice(), value.as_bytes(), after.as_slice()].concat();
            let digits = before.len() * 8 / 6..((before.len() + value.len()) * 8).div_ceil(6);
            for engine in [&BASE64_STANDARD, &BASE64_STANDARD_NO_PAD, &BASE64_URL_SAFE, &BASE64_URL_SAFE_NO_PAD] {
                let encoded = engine.encode(&whole);
                let redacted = redactor.redact(&encoded).into_owned();
                // Every digit that holds a bit of the value is gone, and none beyond.
                prop_assert!(redacted.starts_with(&format!("{}{REDACTED}", &encoded[..digits.start])), "{}", redacted);
                let rest = encoded[digits.end..].trim_start_matches('=');
                prop_assert!(redacted.ends_with(rest) , "{redacted} {rest}");
                prop_assert_eq!(redacted.len(), digits.start + REDACTED.len() + rest.len());
            }
        }

        #[test]
        fn other_text_is_borrowed_unchanged(value in "[a-z]{8,20}", line in "[A-Z0-9 %\\\\\"é-]{0,200}") {
            let redactor = redactor(&[&value]);
            prop_assert!(matches!(redactor.redact(&line), Cow::Borrowed(same) if same == line));
        }
    }
}
