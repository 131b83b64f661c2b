//! Routes as the services declare them: a path with parameters, what may stand in them, the scopes that are asked for,
//! the query and the body that are taken, and who answers.

use serde_json::Value;

use super::{call::Call, pattern, refusal::Refusal, reply::Reply, schema::Kind};

pub type Handler = fn(&mut Call) -> Result<Reply, Refusal>;

/// Who checks scopes, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    /// Nobody: credentials are not even looked at.
    Nothing,
    /// Before everything else, all of these; the parameters of the path are filled in.
    Path(&'static [&'static str]),
    /// The handler, who knows more than the path.
    InHandler,
}

#[derive(Clone, Copy)]
pub struct Route {
    pub verb: &'static str,
    /// `<name>` is one segment; `<name*>` is as many as there are, with their slashes.
    path: &'static str,
    pub name: &'static str,
    pub asks: Asks,
    pub query: &'static [(&'static str, &'static str)],
    /// The schema's file and what it says.
    pub input: Option<(&'static str, Kind)>,
    /// What the schema adds to a body, whether it is otherwise right or not.
    pub defaults: Option<fn(&mut Value)>,
    /// A field of the body that errors do not repeat.
    pub hidden: Option<&'static str>,
    pub handler: Handler,
}

/// The query of every list.
pub const PAGED: &[(&str, &str)] = &[("continuationToken", "."), ("limit", "^[0-9]+$")];

pub const SLUG: &str = "^[A-Za-z0-9_-]{8}[Q-T][A-Za-z0-9_-][CGKOSWaeimquy26-][A-Za-z0-9_-]{10}[AQgw]$";

/// What may stand in the parameters of a path.
const PARAMETERS: &[(&str, &str)] = &[
    ("taskId", SLUG),
    ("taskGroupId", SLUG),
    ("runId", "^[1-9]*[0-9]+$"),
    ("clientId", "^[A-Za-z0-9!@/:.+|_-]+$"),
    ("roleId", "^[\\x20-\\x7e]+$"),
    ("entityType", "^(client|role|secret|hook|worker-pool)$"),
];

impl Route {
    const fn new(verb: &'static str, path: &'static str, name: &'static str, handler: Handler) -> Self {
        Self { verb, path, name, asks: Asks::Nothing, query: &[], input: None, defaults: None, hidden: None, handler }
    }

    pub const fn get(path: &'static str, name: &'static str, handler: Handler) -> Self {
        Self::new("GET", path, name, handler)
    }

    pub const fn put(path: &'static str, name: &'static str, handler: Handler) -> Self {
        Self::new("PUT", path, name, handler)
    }

    pub const fn post(path: &'static str, name: &'static str, handler: Handler) -> Self {
        Self::new("POST", path, name, handler)
    }

    pub const fn delete(path: &'static str, name: &'static str, handler: Handler) -> Self {
        Self::new("DELETE", path, name, handler)
    }

    pub const fn scopes(self, templates: &'static [&'static str]) -> Self {
        Self { asks: Asks::Path(templates), ..self }
    }

    pub const fn asks_later(self) -> Self {
        Self { asks: Asks::InHandler, ..self }
    }

    pub const fn query(self, query: &'static [(&'static str, &'static str)]) -> Self {
        Self { query, ..self }
    }

    pub const fn paged(self) -> Self {
        self.query(PAGED)
    }

    pub const fn input(self, schema: &'static str, kind: Kind) -> Self {
        Self { input: Some((schema, kind)), ..self }
    }

    pub const fn defaults(self, fill_in: fn(&mut Value)) -> Self {
        Self { defaults: Some(fill_in), ..self }
    }

    pub const fn hides(self, field: &'static str) -> Self {
        Self { hidden: Some(field), ..self }
    }

    /// The parameters, decoded, if this path is one of this route. One slash at the end does not matter.
    pub fn parameters(&self, path: &str) -> Option<Vec<(&'static str, String)>> {
        let mut found = Vec::new();
        let mut rest = Some(path.strip_suffix('/').unwrap_or(path));
        let mut pattern = Some(self.path);
        while let Some(piece) = pattern {
            let (piece, after) = cut(piece);
            if let Some(name) = piece.strip_prefix('<').and_then(|piece| piece.strip_suffix("*>")) {
                let text = match after {
                    None => rest?,
                    Some(after) => rest?.strip_suffix(after)?.strip_suffix('/')?,
                };
                found.push((name, decoded(text)?));
                rest = None;
                break;
            }
            let (segment, others) = cut(rest?);
            (rest, pattern) = (others, after);
            match piece.strip_prefix('<').and_then(|piece| piece.strip_suffix('>')) {
                Some(name) => found.push((name, decoded(segment)?)),
                None if piece == segment => {}
                None => return None,
            }
        }
        (rest.is_none() && found.iter().all(|(_, value)| !value.is_empty())).then_some(found)
    }

    /// What is wrong with the parameters.
    pub fn check_parameters(parameters: &[(&'static str, String)]) -> Result<(), Refusal> {
        let mut wrong = Vec::new();
        for (name, value) in parameters {
            let pattern = PARAMETERS.iter().find(|(known, _)| known == name).map(|(_, pattern)| pattern);
            if let Some(pattern) = pattern.filter(|pattern| !pattern::pattern(pattern).is_match(value)) {
                wrong.push(format!(
                    "URL parameter '{name}' given as '{value}' must match regular expression: '/{pattern}/'"
                ));
            }
        }
        let message = format!("Invalid URL patterns:\n{}", wrong.join("\n"));
        if wrong.is_empty() { Ok(()) } else { Err(Refusal::new("InvalidRequestArguments", message)) }
    }

    /// What is wrong with the query.
    pub fn check_query(&self, query: &[(String, String)]) -> Result<(), Refusal> {
        let mut wrong = Vec::new();
        for (i, (key, value)) in query.iter().enumerate() {
            match self.query.iter().find(|(known, _)| known == key) {
                None if key == "bewit" => {}
                None => wrong.push(format!("Query-string parameter: {key} is not supported!")),
                Some(_) if query[..i].iter().any(|(other, _)| other == key) => {
                    wrong.push(format!("Query-string parameter: {key} must be a string!"));
                }
                Some((_, pattern)) if !pattern::pattern(pattern).is_match(value) => wrong
                    .push(format!("Query-string parameter: {key}=\"{value}\" does not match expression: /{pattern}/")),
                Some(_) => {}
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(Refusal::new("InvalidRequestArguments", wrong.join("\n"))) }
    }
}

/// The first segment, and what follows its slash.
fn cut(path: &str) -> (&str, Option<&str>) {
    path.split_once('/').map_or((path, None), |(first, rest)| (first, Some(rest)))
}

/// A part of a path without its `%XX`.
pub fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, others)) = rest.split_first() {
        if first == b'%' {
            let hex = std::str::from_utf8(others.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(hex, 16).ok()?);
            rest = &others[2..];
        } else {
            bytes.push(first);
            rest = others;
        }
    }
    String::from_utf8(bytes).ok()
}
