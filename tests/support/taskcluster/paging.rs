//! Pages of lists, with the tokens of the services: short opaque ones that stand for an offset, and base64 of JSON that
//! stands for the last row. A token that is malformed is refused; one that is merely wrong starts again at page 1.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::refusal::Refusal;

/// What the services may do that a client must live with, though they seldom do: pages with fewer rows than there are,
/// also none at all, that still carry a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pages {
    #[default]
    Full,
    /// An empty page comes before every other.
    EmptyFirst,
    /// Never more rows than this.
    Short(usize),
}

/// A page, and the token of the next.
pub struct Page<T> {
    pub rows: Vec<T>,
    pub token: Option<String>,
}

impl<T> Page<T> {
    /// The answer's fields.
    pub fn json(self, name: &str, row: impl FnMut(T) -> Value) -> Value {
        let mut json = json!({name: self.rows.into_iter().map(row).collect::<Vec<_>>()});
        if let Some(token) = self.token {
            json["continuationToken"] = token.into();
        }
        json
    }
}

/// How many rows were asked for, and how many there will be.
fn size(query: &BTreeMap<String, String>, pages: Pages, schema: &str) -> Result<usize, Refusal> {
    let asked = query.get("limit").map_or(1000, |limit| limit.parse().unwrap_or(1000)).min(1000);
    match pages {
        // The real services then make a page whose token they cannot write.
        _ if asked == 0 => Err(Refusal::internal(&format!(
            "Error: Output schema validation error: \nSchema Validation Failed!\nRejecting Schema: {schema}\nErrors:\n  * \
             data/continuationToken must be string"
        ))),
        Pages::Short(most) => Ok(asked.min(most)),
        Pages::Full | Pages::EmptyFirst => Ok(asked),
    }
}

/// A page whose token is an offset. `schema` is what an answer must fit, for the message of `limit=0`.
pub fn by_offset<T>(
    rows: Vec<T>,
    query: &BTreeMap<String, String>,
    pages: Pages,
    schema: &str,
) -> Result<Page<T>, Refusal> {
    let size = size(query, pages, schema)?;
    let (offset, was_empty) = match query.get("continuationToken") {
        Some(token) => read_offset(token).ok_or_else(|| Refusal::input("Invalid continuation token"))?,
        None => (0, false),
    };
    if pages == Pages::EmptyFirst && !was_empty && offset < rows.len() {
        return Ok(Page { rows: Vec::new(), token: Some(offset_token(offset, true)) });
    }
    let more = rows.len() > offset + size;
    let rows = rows.into_iter().skip(offset).take(size).collect();
    Ok(Page { rows, token: more.then(|| offset_token(offset + size, false)) })
}

/// A page whose token is the base64 of the last row's key; `key` gives what rows are sorted by.
pub fn by_key<T>(
    rows: Vec<T>,
    key: impl Fn(&T) -> Value,
    query: &BTreeMap<String, String>,
    pages: Pages,
    schema: &str,
) -> Result<Page<T>, Refusal> {
    let size = size(query, pages, schema)?;
    let token = query.get("continuationToken");
    let after: Option<Value> = token
        .and_then(|token| BASE64_STANDARD.decode(token).ok())
        .and_then(|bytes| serde_json::from_slice(&bytes).ok());
    if pages == Pages::EmptyFirst && token.is_none() && !rows.is_empty() {
        // The key of no row: after it comes the first one.
        return Ok(Page { rows: Vec::new(), token: Some(BASE64_STANDARD.encode(json!(["", 0, ""]).to_string())) });
    }
    let start = after.and_then(|after| rows.iter().position(|row| key(row) == after)).map_or(0, |last| last + 1);
    let more = rows.len() > start + size;
    let rows: Vec<T> = rows.into_iter().skip(start).take(size).collect();
    let token = rows.last().filter(|_| more).map(|last| BASE64_STANDARD.encode(key(last).to_string()));
    Ok(Page { rows, token })
}

/// Ten letters: two check the others.
fn offset_token(offset: usize, was_empty: bool) -> String {
    let digits: String = format!("{offset:07}").bytes().map(|digit| char::from(digit - b'0' + b'k')).collect();
    let mark = if was_empty { 'E' } else { 'R' };
    format!("{mark}{digits}{}", check(offset, was_empty))
}

/// Whether this was ever given out.
pub fn is_token(token: &str) -> bool {
    read_offset(token).is_some_and(|(offset, was_empty)| offset_token(offset, was_empty) == token)
}

fn check(offset: usize, was_empty: bool) -> String {
    let hash = Sha256::digest(format!("{offset} {was_empty}"));
    hash.iter().take(2).map(|byte| char::from(b'a' + byte % 26)).collect()
}

/// `None` for what cannot be a token; offset 0 for what was never one.
fn read_offset(token: &str) -> Option<(usize, bool)> {
    if !token.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let digits: String =
        token.bytes().skip(1).take(7).map(|byte| char::from(byte.wrapping_sub(b'k').wrapping_add(b'0'))).collect();
    let offset = digits.parse().unwrap_or(0);
    let found = [true, false].into_iter().find(|was_empty| offset_token(offset, *was_empty) == token);
    Some(found.map_or((0, false), |was_empty| (offset, was_empty)))
}
