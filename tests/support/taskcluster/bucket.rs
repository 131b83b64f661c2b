//! The bucket behind artifacts, on a host of its own: it knows nothing of Taskcluster, answers XML, keeps packed bytes
//! packed, and refuses who brings an `Authorization` that was meant for somebody else.

use std::{collections::BTreeMap, fmt::Write as _, io::Write as _};

use flate2::{Compression, write::GzEncoder};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::{Double, Shared, hawk, moment, random::hex, requests::Asked};
use crate::support::http::{Answer, Request};

/// What is stored, as it is stored.
#[derive(Debug, Clone)]
pub struct Blob {
    media: String,
    encoding: Option<String>,
    pub bytes: Vec<u8>,
}

#[derive(Default)]
pub struct Bucket {
    /// `http://127.0.0.1:PORT`.
    pub root: String,
    blobs: BTreeMap<String, Blob>,
    asked: Vec<Asked>,
}

impl Blob {
    pub fn new(media: &str, bytes: &[u8], gzip: bool) -> Self {
        let media = media.to_owned();
        if !gzip {
            return Self { media, encoding: None, bytes: bytes.to_vec() };
        }
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(bytes).unwrap();
        Self { media, encoding: Some("gzip".to_owned()), bytes: packed.finish().unwrap() }
    }

    pub fn hash(bytes: &[u8]) -> String {
        hex(&Sha256::digest(bytes))
    }
}

/// A text as it stands in an address; `/` too, if it is not among what is kept.
fn encoded(text: &str, kept: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        let letter = char::from(byte);
        if letter.is_ascii_alphanumeric() || "-_.~".contains(letter) || kept.contains(letter) {
            encoded.push(letter);
        } else {
            write!(encoded, "%{byte:02X}").unwrap();
        }
        encoded
    })
}

impl Bucket {
    /// Where an artifact is: what is not public is in the other of the two.
    pub fn path(run: &(String, usize), name: &str) -> String {
        let which = if name.starts_with("public/") { "public" } else { "private" };
        format!("{which}-bucket/{}/{}/{name}", run.0, run.1)
    }

    pub fn keep(&mut self, path: String, blob: Blob) {
        self.blobs.insert(path, blob);
    }

    pub fn blob(&self, path: &str) -> Option<&Blob> {
        self.blobs.get(path)
    }

    /// Where an artifact is fetched: signed for half an hour if it is not public.
    pub fn address(&self, run: &(String, usize), name: &str, now: Timestamp) -> String {
        let path = Self::path(run, name);
        if path.starts_with("private") {
            return self.signed("GET", &path, now, 1800, "host");
        }
        format!("{}/{}", self.root, encoded(&path, "/"))
    }

    /// Where an object is fetched without further ado: its name is one segment there.
    pub fn simple_address(&self, object: &str) -> String {
        format!("{}/public-bucket/{}", self.root, encoded(object, ""))
    }

    /// An address that is good for so many seconds, for one method.
    pub fn signed(&self, method: &str, path: &str, now: Timestamp, seconds: u32, headers: &str) -> String {
        let date = now.strftime("%Y%m%dT%H%M%SZ").to_string();
        let verb = if method == "PUT" { "PutObject" } else { "GetObject" };
        format!(
            "{}/{}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD&X-Amz-Credential=KEYID%2F{}%2F\
             us-east-1%2Fs3%2Faws4_request&X-Amz-Date={date}&X-Amz-Expires={seconds}&X-Amz-Signature={}\
             &X-Amz-SignedHeaders={}&x-id={verb}",
            self.root,
            encoded(path, "/"),
            &date[..8],
            signature(method, path, &date, &seconds.to_string()),
            encoded(headers, ""),
        )
    }

    /// The refusal of an address that is not signed, or wrongly, or no longer.
    fn check(method: &str, path: &str, query: &BTreeMap<String, String>, now: Timestamp) -> Result<(), Answer> {
        let field = |name: &str| query.get(name).map_or("", String::as_str);
        let (date, seconds) = (field("X-Amz-Date"), field("X-Amz-Expires"));
        let method = if method == "HEAD" { "GET" } else { method };
        if field("X-Amz-Signature") != signature(method, path, date, seconds) {
            return Err(error(403, "AccessDenied", "Access Denied", path));
        }
        let made = jiff::fmt::strtime::parse("%Y%m%dT%H%M%SZ", date).and_then(|time| time.to_datetime());
        let made = made.and_then(|time| time.to_zoned(jiff::tz::TimeZone::UTC)).map(|time| time.timestamp());
        let until = made.map(|made| made + std::time::Duration::from_secs(seconds.parse().unwrap_or(0)));
        if until.is_ok_and(|until| now <= until) {
            Ok(())
        } else {
            Err(error(403, "AccessDenied", "Request has expired", path))
        }
    }

    fn answer(&mut self, request: &Request, now: Timestamp) -> Answer {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let Some(path) = super::route::decoded(path.trim_start_matches('/')) else {
            return error(400, "InvalidURI", "Couldn't parse the specified URI.", path);
        };
        if request.header("authorization").is_some() {
            return error(400, "InvalidArgument", "Unsupported Authorization Type", &path);
        }
        let query: BTreeMap<String, String> = serde_urlencoded::from_str(query).unwrap();
        let is_signed = query.contains_key("X-Amz-Signature");
        if (is_signed || path.starts_with("private") || request.method == "PUT")
            && let Err(refused) = Self::check(&request.method, &path, &query, now)
        {
            return refused;
        }
        match (request.method.as_str(), self.blobs.get(&path)) {
            ("PUT", _) => {
                let header = |name: &str| request.header(name).map(str::to_owned);
                let blob = Blob {
                    media: header("content-type").unwrap_or_else(|| "binary/octet-stream".to_owned()),
                    encoding: header("content-encoding").filter(|coding| coding != "identity"),
                    bytes: request.body.clone(),
                };
                let tag = format!("\"{}\"", Blob::hash(&blob.bytes));
                self.blobs.insert(path, blob);
                Answer::ok("text/html; charset=utf-8", "").header("ETag", &tag)
            }
            ("GET" | "HEAD", Some(blob)) => {
                let answer = Answer::ok(&blob.media, blob.bytes.clone());
                let answer = answer.header("ETag", &format!("\"{}\"", Blob::hash(&blob.bytes)));
                blob.encoding.iter().fold(answer, |answer, coding| answer.header("Content-Encoding", coding))
            }
            ("GET" | "HEAD", None) => error(404, "NoSuchKey", "The specified key does not exist.", &path),
            _ => error(405, "MethodNotAllowed", "The specified method is not allowed against this resource.", &path),
        }
    }
}

fn signature(method: &str, path: &str, date: &str, seconds: &str) -> String {
    hex(&Sha256::digest(hawk::hmac("the bucket's own key", &format!("{method} {path} {date} {seconds}"))))
}

fn error(status: u16, code: &str, message: &str, path: &str) -> Answer {
    let key = path.split_once('/').map_or(path, |(_, key)| key);
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message><Key>{key}</Key>\
         </Error>"
    );
    Answer::ok("application/xml", body).with_status(status)
}

/// The bucket's answer, with faults, and a note of what was asked.
pub fn answer(shared: &Shared, request: &Request) -> Answer {
    let fault = shared.world().faults.take(request);
    let honest = || {
        let mut world = shared.world();
        let now = world.now();
        world.bucket.answer(request, now).header("Date", &moment::http(now))
    };
    let answer = match fault {
        None => honest(),
        Some(fault) => fault.applied(request, honest),
    };
    shared.world().bucket.asked.push(Asked::new(request, answer.sent_status()));
    answer
}

impl Double {
    /// All requests to the bucket so far.
    pub fn bucket_requests(&self) -> Vec<Asked> {
        self.world().bucket.asked.clone()
    }

    /// What the bucket keeps, as it was stored: packed, if it came packed.
    pub fn uploaded(&self, task: &str, run: usize, name: &str) -> Option<Vec<u8>> {
        let path = Bucket::path(&(task.to_owned(), run), name);
        self.world().bucket.blob(&path).map(|blob| blob.bytes.clone())
    }
}
