//! What a handler answers with, and how it travels: ETag, 304, gzip.

use std::io::Write as _;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use flate2::{Compression, write::GzEncoder};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::support::http::{Answer, Request};

#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    headers: Vec<(&'static str, String)>,
    pub content: Content,
}

#[derive(Debug, Clone)]
pub enum Content {
    Json(Value),
    /// Media type and text.
    Text(&'static str, String),
    Nothing,
    /// This, if nothing happens for as long as the services wait.
    Later(Value),
}

impl From<Value> for Reply {
    fn from(json: Value) -> Self {
        Self::of(200, Content::Json(json))
    }
}

impl Reply {
    pub fn of(status: u16, content: Content) -> Self {
        Self { status, headers: Vec::new(), content }
    }

    /// 204.
    pub fn nothing() -> Self {
        Self::of(204, Content::Nothing)
    }

    pub fn later(json: Value) -> Self {
        Self::of(200, Content::Later(json))
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The 500 of a defect that was not foreseen.
    pub fn html_error(error: &str) -> Self {
        let text = error
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;")
            .replace('\'', "&#39;");
        let page = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n</head>\n<body>\n\
             <pre>{text}</pre>\n</body>\n</html>\n"
        );
        Self::of(500, Content::Text("text/html; charset=utf-8", page))
    }

    /// As it is sent to who asked this.
    pub fn answer(self, request: &Request) -> Answer {
        let mut answer = Answer::status(self.status);
        for (name, value) in &self.headers {
            answer = answer.header(name, value);
        }
        let (media, body) = match self.content {
            Content::Nothing => return answer,
            Content::Json(json) | Content::Later(json) => ("application/json; charset=utf-8", json.to_string()),
            Content::Text(media, text) => (media, text),
        };
        let is_json = media.starts_with("application/json");
        if is_json {
            let hash = BASE64_STANDARD.encode(&Sha256::digest(&body)[..20]);
            let tag = format!("W/\"{:x}-{}\"", body.len(), hash.trim_end_matches('='));
            answer = answer.header("ETag", &tag);
            let is_read = matches!(request.method.as_str(), "GET" | "HEAD") && self.status == 200;
            if is_read && request.header("if-none-match") == Some(&tag) {
                return answer.with_status(304);
            }
        }
        answer = answer.header("Content-Type", media);
        let takes_gzip = request.header("accept-encoding").is_some_and(|codings| codings.contains("gzip"));
        if takes_gzip && body.len() > 1024 {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
            gzip.write_all(body.as_bytes()).unwrap();
            return answer
                .header("Content-Encoding", "gzip")
                .header("Vary", "Accept-Encoding")
                .body(gzip.finish().unwrap());
        }
        answer.body(body)
    }
}
