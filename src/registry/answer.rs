//! What a registry says when it refuses: status, code and message, made harmless to print.

use std::fmt;

use reqwest::header::CONTENT_TYPE;
use serde_json::Value;

use super::transport::Incoming;
use crate::log::sanitise::plain;

/// A refusal in the registry's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Such as `NAME_UNKNOWN`. Source: OCI distribution specification, "Error codes".
    pub code: Option<String>,
    /// One sanitised line; empty when the registry gave no reason.
    pub message: String,
}

impl Answer {
    /// Reads a refusal. `conceal` takes out secrets, which a debugging proxy may echo.
    pub(super) fn of(incoming: &Incoming, conceal: impl Fn(&str) -> String) -> Self {
        let (code, message) = words(incoming);
        let clean = |text: &str| plain(&conceal(text));
        Self {
            status: incoming.status.as_u16(),
            code: code.map(|c| clean(&c)),
            message: message.map(|m| clean(&m)).unwrap_or_default(),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        if self.message.is_empty() { Ok(()) } else { write!(f, ": {}", self.message) }
    }
}

/// Code and message of the body: the specification's JSON, the shapes of well-known token services, or plain text.
fn words(incoming: &Incoming) -> (Option<String>, Option<String>) {
    let body = incoming.bytes();
    let text = |value: Option<&Value>| value.and_then(Value::as_str).filter(|s| !s.is_empty()).map(str::to_owned);
    if let Ok(json) = serde_json::from_slice::<Value>(body) {
        if let Some(first) = json.pointer("/errors/0") {
            return (text(first.get("code")), text(first.get("message")).or_else(|| text(first.get("detail"))));
        }
        let message = ["details", "message", "error_description", "detail", "error"];
        return (None, message.iter().find_map(|key| text(json.get(key))).or_else(|| text(Some(&json))));
    }
    let kind = incoming.headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let is_page = kind.starts_with("text/html") || body.trim_ascii_start().starts_with(b"<");
    match std::str::from_utf8(body) {
        Ok(text) if !is_page && !text.trim().is_empty() => (None, Some(text.to_owned())),
        _ => (None, None),
    }
}
