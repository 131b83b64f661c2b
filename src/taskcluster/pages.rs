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

impl Deployment {
    /// The entries of all pages; no page is asked for once there are `enough`.
    pub(super) async fn pages<P: Page>(&self, call: Call, enough: usize) -> Result<Vec<P::Item>, TaskclusterError> {
        let first = self.call(&call).await?;
        Ok(self.pages_from::<P>(call, &first, enough).await?.entries)
    }

    /// The same, where the first page is there already.
    pub(super) async fn pages_from<P: Page>(
        &self,
        call: Call,
        first: &Answer,
        enough: usize,
    ) -> Result<Listed<P::Item>, TaskclusterError> {
        let call = Call { known: None, ..call };
        let mut seen = HashSet::new();
        let (mut entries, mut token) = first.json::<P>()?.parts();
        while let Some(next) = token.take().filter(|token| !token.is_empty() && entries.len() < enough) {
            let page = call.clone().query("continuationToken", &next);
            if !seen.insert(next) || seen.len() > MOST {
                let what = format!("the list of {} for our request to {}", self.root().host(), call.act);
                return Err(TaskclusterError::Unreadable { what, why: "its pages do not end".to_owned() });
            }
            let (found, following) = self.call(&page).await?.json::<P>()?.parts();
            entries.extend(found);
            token = following;
        }
        Ok(Listed { entries, in_one: seen.is_empty() })
    }
}
