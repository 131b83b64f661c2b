//! The services of a deployment, and where they are: `<root URL>/api/<service>/v1/<path>`.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    Auth,
    Github,
    Hooks,
    Index,
    Object,
    Queue,
    Secrets,
    WorkerManager,
}

impl Service {
    pub fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Github => "github",
            Self::Hooks => "hooks",
            Self::Index => "index",
            Self::Object => "object",
            Self::Queue => "queue",
            Self::Secrets => "secrets",
            Self::WorkerManager => "worker-manager",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What may stand in a segment of a path as it is. Source: RFC 3986, section 2.3.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A name as one segment of a path, or as a value of a query: slashes and colons in it are encoded.
pub(super) fn segment(name: &str) -> String {
    utf8_percent_encode(name, SEGMENT).to_string()
}
