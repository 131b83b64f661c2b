//! The recordings, and how they are compared.

use std::{fs, path::Path};

use jiff::{SignedDuration, Timestamp, fmt::strtime};
use serde_json::Value;

use super::asking::{Question, Said, Signing};
use crate::support::taskcluster::{Double, credentials::Credentials, pattern::pattern};

/// Where the recordings were made; scrubbed.
const ROOT: &str = "https://tc.example";

pub struct Recorded {
    name: String,
    json: Value,
}

impl Recorded {
    pub fn named(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/taskcluster/recorded");
        let text = fs::read_to_string(folder.join(format!("{name}.json"))).unwrap_or_else(|e| panic!("{name}: {e}"));
        Self { name: name.to_owned(), json: serde_json::from_str(&text).unwrap() }
    }

    /// When it was recorded.
    fn date(&self) -> Timestamp {
        let date = self.json["response"]["headers"]["date"].as_str().unwrap();
        let time = strtime::parse("%a, %d %b %Y %H:%M:%S GMT", date).unwrap();
        time.to_datetime().unwrap().to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp()
    }

    /// Sets the double's clock to the second of the recording, unless it is there already: time does not go back.
    pub fn set_clock(&self, double: &Double) {
        let past = double.now().as_second() - self.date().as_second();
        if !(0..30).contains(&past) {
            double.clock(SignedDuration::from_secs(self.date().as_second() - Timestamp::now().as_second()));
        }
    }

    /// The recorded body.
    pub fn answered(&self) -> Value {
        self.json["response"]["body"].clone()
    }

    /// What was asked, with its headers as far as the signature does not make them.
    pub fn question(&self) -> Question {
        let asked = &self.json["request"];
        let mut question = Question::new(asked["method"].as_str().unwrap(), asked["path"].as_str().unwrap());
        for (name, value) in asked["headers"].as_object().unwrap() {
            if !matches!(name.as_str(), "authorization" | "host" | "if-none-match") {
                question = question.with(name, value.as_str().unwrap());
            }
        }
        question.body = match (&asked["body"], &asked["body_text"]) {
            (Value::Null, Value::Null) => Vec::new(),
            (Value::Null, text) => text.as_str().unwrap().as_bytes().to_vec(),
            (body, _) => body.to_string().into_bytes(),
        };
        question
    }

    /// Signed with the fields that the recorded signature had.
    pub fn signing<'a>(&self, credentials: &'a Credentials, authorized: Option<&'a [&'a str]>) -> Signing<'a> {
        let header = self.json["request"]["headers"]["authorization"].as_str();
        let header = header.unwrap_or_else(|| panic!("{} was asked without credentials", self.name));
        Signing { authorized, hashed: header.contains("hash"), ..Signing::by(credentials) }
    }

    /// The answer is the recorded one.
    pub fn check(&self, double: &Double, said: &Said) {
        self.check_as(double, said, str::to_owned);
    }

    /// As [`Self::check`], after this was done to both bodies.
    pub fn check_as(&self, double: &Double, said: &Said, then: impl Fn(&str) -> String) {
        let recorded = &self.json["response"];
        let name = &self.name;
        let (ours, theirs) = ([double.root.as_str(), double.bucket_root.as_str()], [ROOT, ROOT]);
        assert_eq!(u64::from(said.status), recorded["status"].as_u64().unwrap(), "{name}: {said:?}");
        for (header, value) in recorded["headers"].as_object().unwrap() {
            if matches!(header.as_str(), "etag" | "date") {
                assert!(said.header(header).is_some(), "{name} has no {header}");
                continue;
            }
            let value = comparable_text(value.as_str().unwrap(), theirs);
            let found = said.header(header).map(|found| comparable_text(found, ours));
            assert_eq!(found, Some(value), "{name}: {header}");
        }
        match (&recorded["body"], &recorded["body_text"]) {
            (Value::Null, Value::Null) => assert_eq!(said.text(), "", "{name}"),
            (Value::Null, text) => {
                let expected = comparable_text(text.as_str().unwrap(), theirs);
                assert_eq!(comparable_text(&said.text(), ours), expected, "{name}");
            }
            (body, _) => {
                let (mut found, mut expected) = (said.json(), body.clone());
                comparable(&mut found, ours);
                comparable(&mut expected, theirs);
                let pretty = |json: &Value| serde_json::to_string_pretty(json).unwrap();
                assert_eq!(then(&pretty(&found)), then(&pretty(&expected)), "{name}");
            }
        }
    }

    /// Asks it again with these credentials, and compares.
    pub fn again(name: &str, double: &Double, credentials: Option<&Credentials>) -> Said {
        Self::narrowed(name, double, credentials, None)
    }

    /// As [`Self::again`], with credentials narrowed to these scopes.
    pub fn narrowed(
        name: &str,
        double: &Double,
        credentials: Option<&Credentials>,
        authorized: Option<&[&str]>,
    ) -> Said {
        Self::named(name).asked_with(double, credentials, authorized, |_| ())
    }

    /// As [`Self::again`], with something in the question that only we know, like the id of an upload.
    pub fn changed(
        name: &str,
        double: &Double,
        credentials: Option<&Credentials>,
        change: impl FnOnce(&mut Question),
    ) -> Said {
        Self::named(name).asked_with(double, credentials, None, change)
    }

    fn asked_with(
        &self,
        double: &Double,
        credentials: Option<&Credentials>,
        authorized: Option<&[&str]>,
        change: impl FnOnce(&mut Question),
    ) -> Said {
        self.set_clock(double);
        let mut question = self.question();
        change(&mut question);
        if let Some(credentials) = credentials {
            question = question.signed(double, &self.signing(credentials, authorized));
        }
        let said = question.ask(&double.root).unwrap();
        self.check(double, &said);
        said
    }
}

/// A text without what differs each time.
fn comparable_text(text: &str, roots: [&str; 2]) -> String {
    let text = roots.iter().fold(text.to_owned(), |text, root| text.replace(root, "ROOT"));
    let changing = [
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)", "TIME"),
        (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "INCIDENT"),
        (r"until/[0-9.]+", "until/TIME"),
        (r"X-Amz-(Credential|Date|Signature)=[^&]*", "X-Amz-$1"),
        (r"bewit=[A-Za-z0-9_-]+", "bewit"),
    ];
    changing.iter().fold(text, |text, (changes, word)| pattern(changes).replace_all(&text, *word).into_owned())
}

fn comparable(json: &mut Value, roots: [&str; 2]) {
    match json {
        Value::String(text) => *text = comparable_text(text, roots),
        Value::Array(list) => {
            for value in list.iter_mut() {
                comparable(value, roots);
            }
            // Claims come in no certain order.
            if list.iter().all(|value| value.get("credentials").is_some()) {
                list.sort_by_key(|claim| claim["status"]["taskId"].to_string());
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                match name.as_str() {
                    // Secret, or opaque.
                    "accessToken" | "continuationToken" | "uptime" | "uploadId" | "token" => *value = "CHANGES".into(),
                    "certificate" => {
                        let mut certificate: Value = serde_json::from_str(value.as_str().unwrap()).unwrap();
                        for changes in ["start", "expiry", "seed", "signature"] {
                            assert!(!certificate[changes].is_null());
                            certificate[changes] = "CHANGES".into();
                        }
                        *value = certificate;
                    }
                    _ => comparable(value, roots),
                }
            }
        }
        _ => {}
    }
}

/// Ids that are made anew each time.
pub fn without_ids(text: &str) -> String {
    pattern(r"[A-Za-z0-9_-]{8}[Q-T][A-Za-z0-9_-][CGKOSWaeimquy26-][A-Za-z0-9_-]{10}[AQgw]")
        .replace_all(text, "SLUG")
        .into_owned()
}
