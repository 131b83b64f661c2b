//! What manifests, indexes and configs say. Pure reading of bytes whose digest is already known.
//!
//! Sources: OCI image specification 1.1; docker's image manifest version 2, schema 2; BuildKit, "Attestation
//! storage".

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use crate::{
    domain::{digest::Digest, reference::Platform},
    log::sanitise::plain,
};

const IMAGE_CONFIGS: [&str; 2] =
    ["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"];
/// An index with more would have us ask for ever; real ones have below fifty.
const MOST_CHILDREN: usize = 128;

/// What a manifest turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Document {
    Image {
        config: Blob,
        layers: Vec<Blob>,
    },
    /// Several manifests; attestations are not among them.
    Index(Vec<Child>),
    /// Something else that is kept in a registry: a chart, a signature, a bill of materials.
    Artifact,
}

/// What a manifest says of bytes that it refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    pub media_type: String,
    pub digest: Digest,
    /// In bytes.
    pub size: Option<u64>,
    /// Its bytes are somewhere else, where whoever wants them has to fetch them.
    pub foreign: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    pub media_type: String,
    pub digest: Digest,
    pub platform: Option<Platform>,
    /// Names and remarks, as whoever wrote the index gave them.
    pub annotations: BTreeMap<String, String>,
}

/// What a config claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    pub platform: Option<Platform>,
    pub diff_ids: Vec<Digest>,
    pub created: Option<Timestamp>,
    pub labels: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ManifestJson {
    media_type: Option<String>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
    manifests: Option<Vec<Descriptor>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    #[serde(default)]
    media_type: String,
    digest: Digest,
    size: Option<u64>,
    platform: Option<PlatformJson>,
    annotations: Option<BTreeMap<String, String>>,
    urls: Option<Vec<String>>,
}

impl From<Descriptor> for Blob {
    fn from(json: Descriptor) -> Self {
        let foreign = json.urls.is_some_and(|urls| !urls.is_empty()) || json.media_type.contains(".foreign.");
        Self { media_type: json.media_type, digest: json.digest, size: json.size, foreign }
    }
}

#[derive(Deserialize)]
struct PlatformJson {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    variant: Option<String>,
}

#[derive(Deserialize)]
struct ConfigJson {
    #[serde(flatten)]
    platform: PlatformJson,
    created: Option<String>,
    rootfs: Option<RootFs>,
    config: Option<Settings>,
}

#[derive(Deserialize)]
struct RootFs {
    #[serde(default)]
    diff_ids: Vec<Digest>,
}

#[derive(Deserialize)]
struct Settings {
    #[serde(rename = "Labels")]
    labels: Option<BTreeMap<String, String>>,
}

/// Reads a manifest or index that was served as `media_type`.
///
/// # Errors
/// Why it is neither. One that could be read both ways is refused, since readers would disagree about its content.
pub fn read_manifest(media_type: &str, bytes: &[u8]) -> Result<Document, String> {
    let json: ManifestJson = serde_json::from_slice(bytes).map_err(|e| plain(&e.to_string()))?;
    if let Some(own) = json.media_type.as_deref().filter(|own| !own.is_empty() && *own != media_type) {
        return Err(format!("it was served as {media_type} and calls itself {}", plain(own)));
    }
    let is_index = media_type.contains("index") || media_type.contains("manifest.list");
    match (is_index, json) {
        (_, ManifestJson { manifests: Some(_), config, layers, .. }) if config.is_some() || layers.is_some() => {
            Err("it is an index and an image at once".to_owned())
        }
        (true, ManifestJson { manifests: Some(children), .. }) => read_children(children).map(Document::Index),
        (false, ManifestJson { config: Some(config), layers, .. }) => {
            if !IMAGE_CONFIGS.contains(&config.media_type.as_str()) {
                return Ok(Document::Artifact);
            }
            let layers = layers.unwrap_or_default().into_iter().map(Blob::from).collect();
            Ok(Document::Image { config: config.into(), layers })
        }
        (true, _) => Err("it is an index without manifests".to_owned()),
        (false, _) => Err("it is a manifest without a config".to_owned()),
    }
}

fn read_children(children: Vec<Descriptor>) -> Result<Vec<Child>, String> {
    if children.len() > MOST_CHILDREN {
        return Err(format!("it lists {} manifests; more than {MOST_CHILDREN} are not followed", children.len()));
    }
    let images = children.into_iter().filter(|child| !is_attestation(child));
    Ok(images
        .map(|child| Child {
            platform: child.platform.and_then(platform),
            media_type: child.media_type,
            digest: child.digest,
            annotations: child.annotations.unwrap_or_default(),
        })
        .collect())
}

fn is_attestation(child: &Descriptor) -> bool {
    let annotated = child.annotations.as_ref().is_some_and(|a| a.contains_key("vnd.docker.reference.type"));
    annotated || child.platform.as_ref().is_some_and(|p| p.os == "unknown" && p.architecture == "unknown")
}

/// The media type of a manifest of one image, of either kind.
#[must_use]
pub fn is_image_manifest(media_type: &str) -> bool {
    matches!(
        media_type,
        "application/vnd.oci.image.manifest.v1+json" | "application/vnd.docker.distribution.manifest.v2+json"
    )
}

/// Reads an image's config.
///
/// # Errors
/// Why it is none.
pub fn read_config(bytes: &[u8]) -> Result<Config, String> {
    let json: ConfigJson = serde_json::from_slice(bytes).map_err(|e| plain(&e.to_string()))?;
    let labels = json.config.and_then(|settings| settings.labels).unwrap_or_default();
    Ok(Config {
        platform: platform(json.platform),
        diff_ids: json.rootfs.map(|rootfs| rootfs.diff_ids).unwrap_or_default(),
        created: json.created.and_then(|text| text.parse().ok()),
        labels: labels.into_iter().map(|(key, value)| (plain(&key), plain(&value))).collect(),
    })
}

fn platform(json: PlatformJson) -> Option<Platform> {
    let variant = json.variant.filter(|v| !v.is_empty()).map(|v| format!("/{v}")).unwrap_or_default();
    format!("{}/{}{variant}", json.os, json.architecture).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OCI: &str = "application/vnd.oci.image.manifest.v1+json";
    const INDEX: &str = "application/vnd.oci.image.index.v1+json";

    fn digest(text: &str) -> Digest {
        Digest::of(text.as_bytes())
    }

    fn descriptor(kind: &str, of: &str) -> String {
        format!(r#"{{"mediaType":"{kind}","digest":"{}","size":1}}"#, digest(of))
    }

    #[test]
    fn an_image_names_its_config_and_layers() {
        let json = format!(
            r#"{{"schemaVersion":2,"mediaType":"{OCI}","config":{},"layers":[{},{}]}}"#,
            descriptor(IMAGE_CONFIGS[0], "config"),
            descriptor("any", "one"),
            descriptor("any", "two")
        );
        let blob = |media_type: &str, of| Blob {
            media_type: media_type.to_owned(),
            digest: digest(of),
            size: Some(1),
            foreign: false,
        };
        let layers = vec![blob("any", "one"), blob("any", "two")];
        let expected = Document::Image { config: blob(IMAGE_CONFIGS[0], "config"), layers };
        assert_eq!(read_manifest(OCI, json.as_bytes()), Ok(expected));
    }

    #[test]
    fn attestations_are_no_platforms() {
        let json_of = |of, rest: &str| format!(r#"{{"mediaType":"{OCI}","digest":"{}","size":1{rest}}}"#, digest(of));
        let json = format!(
            r#"{{"schemaVersion":2,"manifests":[{},{},{},{}]}}"#,
            json_of("arm", r#","platform":{"os":"linux","architecture":"arm64","variant":"v8"}"#),
            json_of("unnamed", ""),
            json_of("unknown", r#","platform":{"os":"unknown","architecture":"unknown"}"#),
            json_of("proof", r#","annotations":{"vnd.docker.reference.type":"attestation-manifest"}"#),
        );
        let child = |of, platform| Child {
            media_type: OCI.to_owned(),
            digest: digest(of),
            platform,
            annotations: BTreeMap::new(),
        };
        let expected = vec![child("arm", Some("linux/arm64/v8".parse().unwrap())), child("unnamed", None)];
        assert_eq!(read_manifest(INDEX, json.as_bytes()), Ok(Document::Index(expected)));
    }

    #[test]
    fn what_readers_would_disagree_about_is_refused() {
        let config = descriptor(IMAGE_CONFIGS[1], "config");
        for (media_type, json) in [
            (OCI, format!(r#"{{"config":{config},"layers":[],"manifests":[]}}"#)),
            (INDEX, r#"{"layers":[],"manifests":[]}"#.to_owned()),
            (OCI, format!(r#"{{"mediaType":"{INDEX}","config":{config},"layers":[]}}"#)),
            (OCI, format!(r#"{{"config":{config},"config":{config},"layers":[]}}"#)),
            (OCI, r#"{"manifests":[]}"#.to_owned()),
            (INDEX, format!(r#"{{"config":{config}}}"#)),
            (OCI, config.replace("sha256:", "sha512:")),
            (OCI, "[]".to_owned()),
            (OCI, String::new()),
        ] {
            assert!(read_manifest(media_type, json.as_bytes()).is_err(), "{media_type}: {json}");
        }
    }

    #[test]
    fn a_chart_is_an_artifact() {
        let json =
            format!(r#"{{"config":{},"layers":[]}}"#, descriptor("application/vnd.cncf.helm.config.v1+json", "c"));
        assert_eq!(read_manifest(OCI, json.as_bytes()), Ok(Document::Artifact));
    }

    #[test]
    fn an_index_without_end_is_refused() {
        let one = descriptor(OCI, "child");
        let json = format!(r#"{{"manifests":[{}]}}"#, vec![one; MOST_CHILDREN + 1].join(","));
        assert!(read_manifest(INDEX, json.as_bytes()).unwrap_err().contains("129 manifests"));
    }

    #[test]
    fn a_config_is_read_and_its_text_made_harmless() {
        let json = format!(
            r#"{{"os":"linux","architecture":"amd64","created":"2026-11-21T09:30:00Z","rootfs":{{"type":"layers","diff_ids":["{}"]}},
               "config":{{"Labels":{{"rev":"abc\u001b[2J"}}}},"history":[]}}"#,
            digest("layer")
        );
        let config = read_config(json.as_bytes()).unwrap();
        assert_eq!(config.platform, Some("linux/amd64".parse().unwrap()));
        assert_eq!(config.diff_ids, [digest("layer")]);
        assert_eq!(config.created, Some("2026-11-21T09:30:00Z".parse().unwrap()));
        assert!(!config.labels["rev"].contains('\u{1b}'));
    }

    #[test]
    fn a_config_may_say_little() {
        let config = read_config(br#"{"config":{"Labels":null},"created":"yesterday"}"#).unwrap();
        assert_eq!((config.platform, config.created, config.diff_ids.len()), (None, None, 0));
        assert!(read_config(b"<html>").is_err());
    }
}
