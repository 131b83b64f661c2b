//! What `docker save` writes: `manifest.json` with the names of a config and of layers, wherever those lie. Engines up to
//! 24 keep them in a folder for each layer, later ones under `blobs/`; both are names like others.

use serde::Deserialize;

use super::{
    error::ArchiveError,
    image::{CONFIG_CAP, Parts, Place},
    names::Names,
    open::{Layout, Wanted},
};
use crate::domain::{digest::Digest, reference::Repository};

/// Of thousands of images; real ones are a few hundred bytes.
const MANIFEST_CAP: u64 = 4 * 1024 * 1024;
/// So many names are told.
const SHOWN: usize = 5;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Saved {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    #[serde(default)]
    layers: Option<Vec<String>>,
}

pub(super) fn parts(names: &Names, wanted: Wanted<'_>) -> Result<Parts, ArchiveError> {
    let bytes = names.small("manifest.json", MANIFEST_CAP)?;
    let all: Vec<Saved> = serde_json::from_slice(&bytes)
        .map_err(|e| ArchiveError::broken(format!("its manifest.json cannot be read: {e}")))?;
    let saved = chosen(all, wanted.repository)?;
    let config = names.small(&saved.config, CONFIG_CAP)?;
    let id = Digest::of(&config);
    if let Some(expected) = named_digest(&saved.config).filter(|expected| *expected != id) {
        return Err(ArchiveError::Differs { what: "the image's config".to_owned(), expected, actual: id });
    }
    let layers = saved.layers.unwrap_or_default().into_iter().map(|name| {
        let span = names.file(&name)?;
        Ok(Place { name, span, stored: None })
    });
    Ok(Parts { layout: Layout::Docker, config, layers: layers.collect::<Result<_, ArchiveError>>()?, manifest: None })
}

/// The only image, or the only one that is called like the repository.
fn chosen(mut all: Vec<Saved>, repository: &Repository) -> Result<Saved, ArchiveError> {
    if all.len() > 1 {
        let names: Vec<String> = all.iter().flat_map(|saved| saved.repo_tags.iter().flatten().cloned()).collect();
        all.retain(|saved| saved.repo_tags.iter().flatten().any(|name| is_of(name, repository)));
        if all.len() != 1 {
            return Err(several(&names, repository, all.len()));
        }
    }
    all.pop().ok_or_else(|| ArchiveError::broken("its manifest.json names no image"))
}

/// Of several images not one is the one that is meant.
pub(super) fn several(names: &[String], repository: &Repository, fitting: usize) -> ArchiveError {
    let mut shown: Vec<String> = names.iter().take(SHOWN).map(|name| crate::log::sanitise::plain(name)).collect();
    if names.len() > SHOWN {
        shown.push(format!("and {} more", names.len() - SHOWN));
    }
    let shown = if shown.is_empty() { "none of them has a name".to_owned() } else { shown.join(", ") };
    let fitting = if fitting == 0 { "none of them is" } else { "more than one is" };
    ArchiveError::Several { why: format!("it holds several images, and {fitting} called {repository}: {shown}") }
}

/// `team/app:latest` is a name of this repository.
pub(super) fn is_of(name: &str, repository: &Repository) -> bool {
    let bare = match name.rsplit_once(':') {
        Some((bare, tag)) if !tag.contains('/') => bare,
        _ => name,
    };
    bare.parse::<Repository>().is_ok_and(|named| named == *repository)
}

/// The digest that a file is named by: `<hex>.json`, `blobs/sha256/<hex>`.
fn named_digest(name: &str) -> Option<Digest> {
    let last = name.rsplit('/').next().unwrap_or(name);
    format!("sha256:{}", last.strip_suffix(".json").unwrap_or(last)).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(tags: &[&str]) -> Saved {
        let repo_tags = Some(tags.iter().map(|&tag| tag.to_owned()).collect());
        Saved { config: tags.first().copied().unwrap_or_default().to_owned(), repo_tags, layers: None }
    }

    #[test]
    fn of_several_the_one_that_is_called_so_is_meant() {
        let repository: Repository = "docker.io/team/app".parse().unwrap();
        let told = |all: Vec<Saved>| chosen(all, &repository).map_or_else(|e| e.to_string(), |saved| saved.config);
        assert_eq!(told(vec![saved(&["other:1"])]), "other:1", "there is no other");
        assert_eq!(told(vec![saved(&["other:1"]), saved(&["team/app:2", "x"])]), "team/app:2");
        assert_eq!(
            told(vec![saved(&["other:1"]), saved(&["localhost:5000/team/app"])]),
            "it holds several images, and none of them is called docker.io/team/app: other:1, localhost:5000/team/app"
        );
        let both = told(vec![saved(&["team/app:1"]), saved(&["docker.io/team/app:2\u{1b}[2J"])]);
        assert!(both.contains("more than one is called") && !both.contains('\u{1b}'), "{both}");
        assert_eq!(told(Vec::new()), "its manifest.json names no image");
    }

    #[test]
    fn files_that_are_named_by_a_digest_are() {
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        for name in [format!("{hex}.json"), format!("blobs/sha256/{hex}"), hex.to_owned()] {
            assert_eq!(named_digest(&name), Some(Digest::of(b"")));
        }
        assert_eq!(named_digest("config.json"), None);
    }
}
