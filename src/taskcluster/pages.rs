//! Lists that come in pages. A page may be short or empty and still not be the last; a token that a service does not
//! know makes some of them begin anew, so that one that comes a second time ends the list.

use std::collections::HashSet;

use serde::de::DeserializeOwned;

use super::{
    error::TaskclusterError,
    transport::{Call, Deployment},
};

/// More pages than any list here has; each is at most a thousand entries.
const MOST: usize = 1000;

/// One page of a list.
pub(super) trait Page: DeserializeOwned {
    type Item;
    /// Its entries, and the token of the next page.
    fn parts(self) -> (Vec<Self::Item>, Option<String>);
}

impl Deployment {
    /// The entries of all pages; no page is asked for once there are `enough`.
    pub(super) async fn pages<P: Page>(&self, call: Call, enough: usize) -> Result<Vec<P::Item>, TaskclusterError> {
        let mut entries = Vec::new();
        let mut seen = HashSet::new();
        let mut next = call.clone();
        for _ in 0..MOST {
            let (found, token) = self.call(&next).await?.json::<P>()?.parts();
            entries.extend(found);
            let Some(token) = token.filter(|token| !token.is_empty() && entries.len() < enough) else {
                return Ok(entries);
            };
            next = call.clone().query("continuationToken", &token);
            if !seen.insert(token) {
                break;
            }
        }
        let what = format!("the list of {} for our request to {}", self.root().host(), call.act);
        Err(TaskclusterError::Unreadable { what, why: "its pages do not end".to_owned() })
    }
}
