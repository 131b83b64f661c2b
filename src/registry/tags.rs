//! The tag list. Source: OCI distribution specification, "Listing Tags".

use std::collections::HashSet;

use reqwest::{Method, StatusCode, Url, header::LINK};
use serde::Deserialize;

use super::{
    auth::Scope,
    client::{Ask, Client},
    error::RegistryError,
    transport::{Incoming, Want},
};
use crate::{domain::reference::Tag, http::same_origin};

/// Tags a page. Some registries send fewer, and distribution 2.8 ignores it and sends all.
const PAGE: usize = 1000;
const PAGE_CAP: usize = 8 * 1024 * 1024;
const MOST_PAGES: usize = 1000;
const MOST_TAGS: usize = 200_000;

#[derive(Deserialize)]
struct ListJson {
    /// `null` once the last manifest is deleted.
    tags: Option<Vec<String>>,
}

impl Client {
    /// All tags of the repository, in the registry's order, each once. Names that are no valid tags, which nothing
    /// could pull, are left out; tags of signatures and attestations ([`is_referrer_tag`]) are not.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`] when the registry knows no such repository, or hides it. A list that has no end
    /// or leads to another host is [`RegistryError::Unreadable`].
    pub async fn tags(&self) -> Result<Vec<Tag>, RegistryError> {
        let mut tags = Vec::new();
        let mut known = HashSet::new();
        let mut asked = HashSet::new();
        let mut next = Some(self.url(&format!("tags/list?n={PAGE}")));
        while let Some(url) = next {
            if asked.len() == MOST_PAGES || known.len() > MOST_TAGS {
                return Err(self.unreadable_list("it has no end"));
            }
            if !asked.insert(url.clone()) {
                return Err(self.unreadable_list("its pages lead round in a circle"));
            }
            let (names, following) = self.page(url).await?;
            let valid = names.into_iter().filter_map(|name| name.parse::<Tag>().ok());
            tags.extend(valid.filter(|tag| known.insert(tag.clone())));
            next = following;
        }
        Ok(tags)
    }

    /// Whether this credential can list the repository.
    pub(super) async fn may_list(&self) -> bool {
        self.has_listed() || self.page(self.url("tags/list?n=1")).await.is_ok()
    }

    pub(super) async fn page(&self, url: Url) -> Result<(Vec<String>, Option<Url>), RegistryError> {
        let ask = Ask {
            method: Method::GET,
            url,
            scope: Scope::Pull,
            accept: Some("application/json"),
            body: None,
            want: Want::Whole { cap: PAGE_CAP },
            act: format!("list the tags of {}", self.repository()),
        };
        let answer = self.ask(&ask).await?;
        if answer.status != StatusCode::OK {
            return Err(self.refusal(&answer, &ask.act, &format!("repository {}", self.repository())));
        }
        let list: ListJson = serde_json::from_slice(answer.bytes()).map_err(|_| {
            self.unreadable_list(match answer.media_type().as_deref() {
                Some("text/html") => "a web page was served in its place",
                _ => "it is not the JSON of a list",
            })
        })?;
        self.note_listed();
        Ok((list.tags.unwrap_or_default(), self.following(&ask.url, &answer)?))
    }

    fn following(&self, page: &Url, answer: &Incoming) -> Result<Option<Url>, RegistryError> {
        let links = answer.headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
        let Some(target) = links.flat_map(|value| value.split(',')).find_map(next_target) else { return Ok(None) };
        match page.join(target) {
            Ok(url) if same_origin(&url, page) && !answer.foreign => Ok(Some(url)),
            _ => Err(self.unreadable_list("its next page is on another host")),
        }
    }

    fn unreadable_list(&self, why: &str) -> RegistryError {
        RegistryError::Unreadable { what: format!("the tag list of {}", self.repository()), why: why.to_owned() }
    }
}

/// The target of `<target>; rel="next"`. Source: RFC 8288.
fn next_target(link: &str) -> Option<&str> {
    let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
    let is_next = parameters.split(';').filter_map(|p| p.split_once('=')).any(|(name, value)| {
        name.trim().eq_ignore_ascii_case("rel") && value.trim().trim_matches('"').eq_ignore_ascii_case("next")
    });
    is_next.then_some(target)
}

/// Whether a tag is how a registry without the referrers API keeps what refers to an image: a signature, an
/// attestation, a bill of materials. Source: OCI distribution specification, "Referrers Tag Schema"; cosign.
#[must_use]
pub fn is_referrer_tag(tag: &Tag) -> bool {
    let Some(rest) = tag.as_str().strip_prefix("sha256-") else { return false };
    let (hex, suffix) = rest.split_once('.').map_or((rest, None), |(hex, suffix)| (hex, Some(suffix)));
    hex.len() == 64
        && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        && matches!(suffix, None | Some("sig" | "att" | "sbom"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn referrer_tags() {
        let hex = "a".repeat(64);
        for (text, expected) in [
            (format!("sha256-{hex}"), true),
            (format!("sha256-{hex}.sig"), true),
            (format!("sha256-{hex}.att"), true),
            (format!("sha256-{hex}.sbom"), true),
            (format!("sha256-{hex}.other"), false),
            (format!("sha256-{hex}."), false),
            (format!("sha256-{}", &hex[1..]), false),
            (format!("sha256-{}", hex.to_uppercase()), false),
            ("latest".to_owned(), false),
        ] {
            assert_eq!(is_referrer_tag(&text.parse().unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn links_to_the_next_page() {
        for (link, expected) in [
            (r#"</v2/x/tags/list?last=t099&n=100>; rel="next""#, Some("/v2/x/tags/list?last=t099&n=100")),
            (" <https://h/p>;title=x; REL = next", Some("https://h/p")),
            (r#"</v2/x>; rel="prev""#, None),
            ("</v2/x>", None),
            ("nonsense", None),
        ] {
            assert_eq!(next_target(link), expected, "{link}");
        }
    }
}
