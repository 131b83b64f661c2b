//! Asking the double as a client that signs by itself, byte by byte: so a test can also sign wrongly.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    Double,
    credentials::Credentials,
    hawk::{Signature, Target, payload_hash},
};

/// A request before it is sent.
#[derive(Clone)]
pub struct Question {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// What came back.
#[derive(Debug)]
pub struct Said {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Said {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// The message of an error, without the lines at its end.
    pub fn message(&self) -> String {
        let json = self.json();
        json["message"].as_str().unwrap().split("\n\n---\n").next().unwrap().to_owned()
    }
}

/// How a question is signed.
#[derive(Clone)]
pub struct Signing<'a> {
    pub credentials: &'a Credentials,
    pub authorized: Option<&'a [&'a str]>,
    /// With a hash of the body.
    pub hashed: bool,
    /// The certificate is sent, if there is one.
    pub certified: bool,
    /// Changed before the MAC is made.
    pub skew: i64,
}

impl<'a> Signing<'a> {
    pub fn by(credentials: &'a Credentials) -> Self {
        Self { credentials, authorized: None, hashed: true, certified: true, skew: 0 }
    }

    fn ext(&self) -> Option<String> {
        let certificate = self.credentials.certificate.as_ref().filter(|_| self.certified);
        if certificate.is_none() && self.authorized.is_none() {
            return None;
        }
        let mut ext = json!({});
        if let Some(certificate) = certificate {
            ext["certificate"] = serde_json::from_str(certificate).unwrap();
        }
        if let Some(scopes) = self.authorized {
            ext["authorizedScopes"] = json!(scopes);
        }
        Some(BASE64_STANDARD.encode(ext.to_string()))
    }

    /// The signature of this question to the double.
    pub fn signature(&self, double: &Double, question: &Question) -> Signature {
        self.signature_at(&double.root, double.now(), question)
    }

    /// The signature of this question to services at this root URL.
    pub fn signature_at(&self, root: &str, now: Timestamp, question: &Question) -> Signature {
        let mut signature = Signature {
            id: self.credentials.client_id.clone(),
            ts: (now.as_second() + self.skew).to_string(),
            nonce: "n0nce1".to_owned(),
            hash: self.hashed.then(|| payload_hash(question.header("content-type"), &question.body)),
            ext: self.ext(),
            mac: String::new(),
        };
        let host = root.strip_prefix("http://").unwrap();
        let (host, port) = host.split_once(':').unwrap();
        let target = Target { method: &question.method, resource: &question.path, host, port: port.parse().unwrap() };
        signature.mac = signature.expected("header", &self.credentials.access_token, &target);
        signature
    }

    /// A bewit for a path that is good for so many seconds.
    pub fn bewit(&self, double: &Double, path: &str, seconds: i64) -> String {
        let mut bewit = self.signature(double, &Question::get(path));
        bewit.ts = (double.now().as_second() + seconds).to_string();
        (bewit.nonce, bewit.hash) = (String::new(), None);
        let host = double.root.strip_prefix("http://").unwrap();
        let (host, port) = host.split_once(':').unwrap();
        let target = Target { method: "GET", resource: path, host, port: port.parse().unwrap() };
        bewit.mac = bewit.expected("bewit", &self.credentials.access_token, &target);
        bewit.bewit()
    }
}

impl Question {
    pub fn new(method: &str, path: &str) -> Self {
        Self { method: method.to_owned(), path: path.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    pub fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn json(mut self, body: &Value) -> Self {
        self.body = body.to_string().into_bytes();
        self.with("content-type", "application/json")
    }

    pub fn signed(self, double: &Double, signing: &Signing) -> Self {
        let header = signing.signature(double, &self).header();
        self.with("authorization", &header)
    }

    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }

    /// Asks, over a connection of its own.
    pub fn ask(&self, root: &str) -> std::io::Result<Said> {
        let host = root.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host)?;
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        if self.header("host").is_empty() {
            head.extend(["host: ", host, "\r\n"]);
        }
        for (name, value) in &self.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        if !self.body.is_empty() {
            head.extend(["content-length: ", &self.body.len().to_string(), "\r\n"]);
        }
        stream.write_all(head.as_bytes())?;
        stream.write_all(b"\r\n")?;
        stream.write_all(&self.body)?;
        self.read(BufReader::new(stream))
    }

    fn read(&self, mut input: BufReader<TcpStream>) -> std::io::Result<Said> {
        let mut line = String::new();
        input.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| std::io::Error::other("no answer"))?;
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            input.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.push((name.to_owned(), value.to_owned()));
        }
        let mut said = Said { status, headers, body: Vec::new() };
        if self.method != "HEAD" {
            let length = said.header("content-length").map_or(0, |length| length.parse().unwrap());
            said.body = vec![0; length];
            input.read_exact(&mut said.body)?;
        }
        Ok(said)
    }
}
