//! Lists that come in pages. A page may be short or empty and still not be the last; a token that a service does not
//! know makes some of them begin anew, so that one that comes a second time ends the list.

use std::collections::HashSet;

use serde::de::DeserializeOwned;

use super::{
    error::TaskclusterError,
    transport::{Answer, Call, Deployment},
};

/// More pages than any list here has; each is at most a thousand entries.
const MOST: usize = 1000;

/// One page of a list.
pub(super) trait Page: DeserializeOwned {
    type Item;
    /// Its entries, and the token of the next page.
    fn parts(self) -> (Vec<Self::Item>, Option<String>);
}

/// The entries of a list.
pub(super) struct Listed<T> {
    pub entries: Vec<T>,
    /// They came in one page, so that its `ETag` is that of the list.
    pub in_one: bool,
}

/// The pages of a list, one after the other.
pub(super) struct Pages<'a, P> {
    deployment: &'a Deployment,
    call: Call,
    seen: HashSet<String>,
    next: Next<P>,
}

enum Next<P> {
    /// It is here already.
    Here(P),
    First,
    At(String),
    None,
}

impl Deployment {
    /// The entries of all pages.
    pub(super) async fn pages<P: Page>(&self, call: Call, enough: usize) -> Result<Vec<P::Item>, TaskclusterError> {
        Ok(self.turn::<P>(call, None).all(enough).await?.entries)
    }

    /// The same, where the first page is there already.
    pub(super) async fn pages_from<P: Page>(
        &self,
        call: Call,
        first: &Answer,
        enough: usize,
    ) -> Result<Listed<P::Item>, TaskclusterError> {
        let pages = Pages { next: Next::Here(first.json::<P>()?), ..self.turn(call, None) };
        pages.all(enough).await
    }

    /// The pages from the one with this token on, or from the first.
    pub(super) fn turn<P: Page>(&self, call: Call, token: Option<String>) -> Pages<'_, P> {
        let next = token.map_or(Next::First, Next::At);
        Pages { deployment: self, call: Call { known: None, ..call }, seen: HashSet::new(), next }
    }
}

impl<P: Page> Pages<'_, P> {
    /// The entries of the next page; `None` after the last.
    pub async fn next(&mut self) -> Result<Option<Vec<P::Item>>, TaskclusterError> {
        let page = match std::mem::replace(&mut self.next, Next::None) {
            Next::Here(page) => page,
            Next::First => self.deployment.call(&self.call).await?.json()?,
            Next::At(token) => {
                let call = self.call.clone().query("continuationToken", &token);
                if !self.seen.insert(token) || self.seen.len() > MOST {
                    let host = self.deployment.root().host();
                    let what = format!("the list of {host} for our request to {}", self.call.act);
                    return Err(TaskclusterError::Unreadable { what, why: "its pages do not end".to_owned() });
                }
                self.deployment.call(&call).await?.json()?
            }
            Next::None => return Ok(None),
        };
        let (entries, token) = P::parts(page);
        if let Some(token) = token.filter(|token| !token.is_empty()) {
            self.next = Next::At(token);
        }
        Ok(Some(entries))
    }

    /// The token of the next page.
    pub fn following(&self) -> Option<&str> {
        match &self.next {
            Next::At(token) => Some(token),
            Next::Here(_) | Next::First | Next::None => None,
        }
    }

    /// The entries of all of them; no page is asked for once there are `enough`.
    async fn all(mut self, enough: usize) -> Result<Listed<P::Item>, TaskclusterError> {
        let mut entries = self.next().await?.unwrap_or_default();
        while entries.len() < enough {
            let Some(more) = self.next().await? else { break };
            entries.extend(more);
        }
        Ok(Listed { entries, in_one: self.seen.is_empty() })
    }
}
